#!/usr/bin/env -S python3 -B
"""Requests that must be refused: a clear 4xx in the contract's form, nothing stored, the server unharmed."""
from harness import *

PATH = "/api/video/generate"


def counts():
    return {table: server().rows(f"SELECT COUNT(*) AS n FROM {table}")[0]["n"]
            for table in ("video_jobs", "jobs", "media_assets", "universes")}


def unharmed(function):
    """Wraps a test: afterwards nothing is stored and the server is as it was."""
    def checked():
        server().admin_token = server().admin_token or server().token()
        before, files = counts(), server().stored()
        function()
        equal(counts(), before, "the rows")
        equal(server().stored(), files, "the media folder")
        equal(server().get("/health", token=None).json["status"], "healthy")
    checked.__name__ = function.__name__
    return test(checked)


def refused(status=422, **fields):
    return server().post(PATH, {"prompt": "x", **fields}, status=status)


def place(reply):
    fault = reply.detail[0]
    holds(fault["msg"] and fault["type"], f"the fault says nothing: {fault}")
    return fault["loc"]


@unharmed
def every_field_out_of_its_range():
    cases = {
        "prompt": ["", " \n\t ", "x" * 4001, "y" * 900000, None, 5, True, [], {}],
        "mood": [-1, 101, 1000, -2 ** 62, 50.5, "fifty", [], {}, ""],
        "duration": [0, -1, 61, 10 ** 9, 2.5, None, "long", "", []],
        "aspect_ratio": ["16:10", "0:0", "16:9 ", "x", "", 1, []],
        "platform": ["vimeo", "TIKTOK", "", 1],
        "provider": ["runway", "ltx", "Mock", "../mock", "", 0],
        "generation_type": ["video_to_video", "", None, 1],
        "camera_movement": ["teleport", ""], "lighting": ["dark", ""], "color_grade": ["sepia", ""],
        "size": ["8k", "mock", "", None], "fps": [0, 23, 26, 61, 120, -24, 24.5, None, "x"],
        "seed": [-1, 2 ** 31, 2 ** 40, 1.5, "x"],
        "negative_prompt": ["x" * 4001, 5], "universe_id": ["x" * 65, 5, {}], "reference_image_url": ["x" * 2001, 5],
        "audio_sync_enabled": ["perhaps", 7, []], "ltx_fps": [0, 241, "x"], "ltx_model": ["x" * 51],
    }
    for field, values in cases.items():
        for value in values:
            equal(place(refused(**{field: value})), ["body", field], f"the place of {field}={value!r:.60}")


@unharmed
def all_faults_are_told_at_once_in_the_order_of_the_fields():
    reply = server().post(PATH, {"mood": 101, "duration": 0, "aspect_ratio": "x", "fps": 1}, status=422)
    equal([fault["loc"] for fault in reply.detail],
          [["body", name] for name in ("prompt", "mood", "aspect_ratio", "duration", "fps")], "the places")
    equal([fault["type"] for fault in reply.detail][:2], ["missing", "less_than_equal"], "the types")
    equal(reply.detail[1]["ctx"], {"le": 100}, "the limit")
    equal(reply.detail[0]["input"], {"mood": 101, "duration": 0, "aspect_ratio": "x", "fps": 1}, "the input of a missing field")


@unharmed
def malformed_json():
    for text in ("{", "", "{'prompt': 'x'}", '{"prompt": }', '{"prompt": "x"', '{"prompt": "x",}', "\x00", '{"prompt": "\\ud800"}',
                 '{"prompt": "x"} trailing', '{"prompt": NaN}', '{"prompt": "x", "mood": NaN}', '{"prompt": "x", "mood": Infinity}',
                 '{"a":' * 5000 + "1" + "}" * 5000, "[" * 100000, '{"prompt": "\t"}', '{"prompt": "x", "prompt": "y"}'):
        reply = server().post(PATH, body=text, headers={"Content-Type": "application/json"}, status=422)
        holds(place(reply)[0] == "body", f"the place is {place(reply)}")
        if text.startswith('{"prompt": }'):
            fault = reply.detail[0]
            equal([fault["type"], fault["msg"], fault["input"]], ["json_invalid", "JSON decode error", {}])
            holds(fault["ctx"]["error"], "the parser says nothing")
    for data in (b'{"prompt": "\xff\xfe"}', b"\xef\xbb\xbf{", b'{"prompt": "\xc0\x80"}', b'{"pro\x00mpt": "x"}', b'{"prompt": "a\\u0000b"}'):
        place(server().post(PATH, body=data, headers={"Content-Type": "application/json"}, status=422))


@unharmed
def bodies_that_are_no_object():
    for text in ("[]", '"x"', "5", "null", "true", '[{"prompt":"x"}]'):
        fault = server().post(PATH, body=text, headers={"Content-Type": "application/json"}, status=422).detail[0]
        equal(fault["loc"], ["body"], f"the place of {text}")


@unharmed
def other_content_types():
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml",
                 "application/jsonp", "text/json", "x"):
        fault = server().post(PATH, body='{"prompt": "x"}', headers={"Content-Type": kind}, status=422).detail[0]
        equal([fault["type"], fault["loc"]], ["model_attributes_type", ["body"]], f"the fault for {kind}")


@test
def json_content_types():
    for kind in ("application/json", "application/json; charset=utf-8", "Application/JSON", "application/problem+json"):
        server().post("/api/video/strategy", body='{"prompt": "x"}', headers={"Content-Type": kind})
    server().post("/api/video/strategy", body=b'{"prompt": "x", "unknown": {"a": [1]}}')


@unharmed
def bodies_too_large():
    reply = server().post(PATH, body=b'{"prompt": "' + b"x" * (2 << 20) + b'"}', headers={"Content-Type": "application/json"}, status=413)
    equal(reply.json["code"], "too_large")
    has(reply.detail, "larger than")


@unharmed
def universes_that_are_not_there_or_not_ours():
    for strange in (str(uuid.uuid4()), "../../etc", "..", "x", "default", "%2e%2e", "' OR 1=1 --", "..\\..", "\0"):
        reply = refused(status=(404, 422), universe_id=strange)
        if reply.status == 404:
            equal(reply.detail, "Universe not found", f"the detail for {strange!r}")


@test
def somebody_elses_universe():
    s = server()
    owner, other = s.register("owner"), s.register("other")
    theirs = s.post("/universes", {"name": "w"}, token=owner, status=201).json["id"]
    reply = s.post(PATH, {"prompt": "x", "universe_id": theirs}, token=other, status=403)
    equal(reply.detail, "Forbidden: requires owner or admin role")
    equal(s.get("/api/video/jobs", token=other).json["total"], 0, "the other's jobs")


@unharmed
def strange_job_ids():
    for strange in (str(uuid.uuid4()), "..", "../../umam.db", "..%2f..%2fumam.db", "%2e%2e%2f", "x", "0", "-1", "' OR 1=1 --", "a" * 3000,
                    "%00", "%ff", "{job_id}", "日本"):
        path = "/api/video/jobs/" + urllib.parse.quote(strange, safe="%/")
        for method, what in (("GET", ""), ("GET", "/download"), ("GET", "/info"), ("GET", "/events"), ("POST", "/retry"),
                             ("POST", "/cancel"), ("DELETE", "")):
            server().call(method, path + what, status=(404, 405))


@unharmed
def tokens_that_do_not_count():
    s = server()
    for token in (None, "garbage", mint("wrong secret, but long", {"sub": "admin", "roles": ["admin"]}),
                  mint("x", {"sub": "admin", "roles": ["admin"]}, "none")):
        s.post(PATH, {"prompt": "x"}, token=token, status=401)
        s.get("/api/video/jobs", token=token, status=401)


@unharmed
def requests_that_are_hardly_http():
    def say(data):
        with socket.create_connection(("127.0.0.1", server().port), timeout=PATIENCE) as link:
            heard = b""
            try:  # the server may hang up at any point
                link.sendall(data)
                link.shutdown(socket.SHUT_WR)
                while more := link.recv(65536):
                    heard += more
            except OSError:
                pass
        match = re.match(rb"HTTP/1\.[01] (\d+)", heard)
        return int(match[1]) if match else None
    for data in (b"nonsense\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\0" * 5000, b"\x16\x03\x01\x02\x00\x01\x00\x01", b"",
                 b"GET /" + b"x" * 200000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 100000 + b"\r\n",
                 b"POST " + PATH.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
                 b"POST " + PATH.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
                 b"POST " + PATH.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
                 b"POST " + PATH.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{",
                 b"POST " + PATH.encode() + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                 b"GET ../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n"):
        status = say(data)
        holds(status is None or 400 <= status < 500 or status == 505, f"{data[:60]!r} answered {status}")


@unharmed
def heads_a_proxy_could_read_in_another_way():
    head = b"POST " + PATH.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    for line in (b"Content-Length : 14", b"Content-Length\t: 14", b"Transfer-Encoding : chunked\r\nContent-Length: 14",
                 b"X: a\rContent-Length: 14", b"Transfer-Encoding: chunked\0", b"Transfer-Encoding: xchunked",
                 b"Transfer-Encoding: identity", b"Transfer-Encoding: gzip, chunked", b"Host: y\r\nContent-Length: 14",
                 b"Authorization: a\r\nAuthorization: b\r\nContent-Length: 14"):
        with socket.create_connection(("127.0.0.1", server().port), timeout=PATIENCE) as link:
            link.sendall(head + line + b"\r\n\r\n" + b'{"prompt":"x"}')
            heard = b""
            try:
                while more := link.recv(65536):
                    heard += more
            except ConnectionError:
                pass
        holds(heard.startswith(b"HTTP/1.1 400 ") and heard.count(b"HTTP/1.1") == 1, f"{line} answered {heard[:200]}")


@unharmed
def hosts_and_headers_of_attackers():
    reply = server().send("GET", "/health/", headers={"Host": "evil.example\r\n".strip()})
    equal(reply.status, 307)
    for value in ("x" * 7000, "a b", "<script>"):
        server().send("GET", "/health", headers={"X-Request-Id": value, "Origin": value})


@unharmed
def queries_that_cannot_be_read():
    with socket.create_connection(("127.0.0.1", server().port), timeout=PATIENCE) as link:
        link.sendall(b"GET /health?" + b"&" * 5000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        link.recv(65536)  # more than the HTTP library holds: an error or silence, and nothing kept
    for query in ("limit=%ff", "a=%zz", "limit=%", "&" * 50, "=" * 100, "limit=5&limit=x", "x=1&" * 200):
        reply = server().call("GET", "/api/video/jobs?" + query, status=(200, 400, 422))
        holds(reply.status != 500, f"{query[:20]} broke it")


@unharmed
def errors_show_nothing_of_the_inside():
    s = server()
    texts = [refused(mood=101).body, refused(status=404, universe_id=str(uuid.uuid4())).body,
             s.get("/api/video/jobs/x", status=404).body, s.call("GET", "/nothing").body,
             s.post(PATH, body="{", headers={"Content-Type": "application/json"}, status=422).body]
    for text in texts:
        for inside in (str(s.data).encode(), b"SELECT", b"sqlite", b".c:", b"0x", b"/home", b"/root"):
            holds(inside not in text, f"{inside} stands in {text[:200]}")


main()
