#!/usr/bin/env -S python3 -B
"""Health, the shapes of errors, CORS, the API description and the settings file."""
from harness import *


@test
def the_root_says_hello():
    reply = server().get("/", token=None)
    has(reply.json["message"], "Unified Media Asset Manager")
    equal(reply.json["docs"], "/docs")


@test
def health_tells_of_every_part():
    health = server().get("/health").json
    equal(health["status"], "healthy")
    equal(health["environment"], "development")
    holds(health["timestamp"].endswith("Z"), "the time stamp has no Z")
    checks = health["checks"]
    equal(checks["database"], {"status": "healthy", "type": "sqlite"})
    equal(checks["media"]["status"], "healthy")
    equal(checks["worker"]["status"], "healthy")
    # the server answers while the worker still loads its libraries; until then nothing is known of the layers
    layers = lambda: server().get("/health").json["checks"]["worker"]["sandbox"]
    sandbox = eventually(lambda: (found := layers())["rlimits"] and found, "word of the worker's layers")
    equal([sandbox["seccomp"], sandbox["rlimits"], sandbox["no_new_privs"]], [True, True, True], "the sandbox")
    holds(checks["jobs"]["slots"] >= 1, "there is no slot for jobs")
    equal(checks["jobs"]["running"], 0)
    equal(checks["providers"]["configured"], ["local", "mock"])
    holds(health["system"]["platform"] == "Linux", "the platform is not named")


@test
def health_tells_strangers_no_more_than_the_contract():
    s = server()
    for token in (None, "", "nonsense", "a.b.c", "umam_" + "x" * 43, s.token("reader", "viewer"), s.token("ed", "editor")):
        health = s.get("/health", token=token).json
        equal(sorted(health), ["checks", "environment", "status", "system", "timestamp", "version"], f"the fields for {token}")
        equal(sorted(health["checks"]), ["database", "providers"], f"the checks for {token}")
    both = {"Authorization": f"Bearer {s.token()}", "X-API-Key": "umam_" + "x" * 43}
    equal(sorted(s.get("/health", token=None, headers=both).json["checks"]), ["database", "providers"], "the checks for two at once")
    equal(s.description.document["paths"]["/health"]["get"]["security"], [{}, {"bearer": []}, {"key": []}])
    login = {"username": "admin", "password": s.ready["admin_password"]}
    session = s.post("/auth/login", login, token=None).json["access_token"]
    for scope, told in (("read", False), ("admin", True)):
        key = s.post("/auth/keys", {"name": "x", "scopes": [scope]}, token=session, status=201).json["key"]
        checks = s.get("/health", token=None, headers={"X-API-Key": key}).json["checks"]
        equal("worker" in checks, told, f"what a key for {scope} is told of the worker")


@test
def live_and_ready():
    equal(server().get("/health/live", token=None).json, {"status": "alive"})
    equal(server().get("/health/ready", token=None).json, {"status": "ready"})


@test
def a_dead_worker_is_told_and_comes_back():
    s = Server()
    pid = zygote(s)
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not alive(pid), "the end of the worker")
    health = s.get("/health").json
    equal(health["status"], "healthy", "the server's health without its worker")
    equal(health["checks"]["worker"]["status"], "unhealthy", "the worker's health")
    s.make("a lighthouse")
    equal(s.get("/health").json["checks"]["worker"]["status"], "healthy", "the worker's health afterwards")


@test
def unknown_paths_are_404():
    for path in ("/nothing", "/api/nothing", "/api/video/jobs/x/y/z", "/%zz", "//", "/api//video/jobs", "/../etc/passwd",
                 "/media/../secret.key", "/media/%2e%2e/secret.key", "/media/..%2fsecret.key", "/%00", "/media/%00"):
        reply = server().call("GET", path, token=None, status=404)
        equal(reply.detail, "Not Found", f"the detail for {path}")


@test
def wrong_methods_are_405_with_allow():
    reply = server().call("DELETE", "/health", token=None, status=405)
    equal(reply.json["detail"], "Method Not Allowed")
    equal(reply.headers["allow"], "GET, HEAD")
    reply = server().call("PUT", "/api/video/generate", {}, status=405)
    equal(reply.headers["allow"], "POST")
    reply = server().call("PATCH", "/universes/x", {}, status=405)
    equal(reply.headers["allow"], "GET, HEAD, PUT, DELETE")
    equal(server().send("BREW", "/").status, 405, "the status for a method that does not exist")


@test
def a_trailing_slash_is_redirected():
    reply = server().call("GET", "/health/?a=b%20c", token=None, status=307)
    equal(reply.headers["location"], "/health?a=b%20c")
    equal(reply.body, b"", "the body")
    server().call("POST", "/api/video/generate/", {"prompt": "x"}, status=307)


@test
def every_reply_has_an_id_and_is_not_sniffed():
    reply = server().get("/health", token=None, headers={"X-Request-Id": "abc-1.2_3"})
    equal(reply.headers["x-request-id"], "abc-1.2_3")
    equal(reply.headers["x-content-type-options"], "nosniff")
    reply = server().get("/health", token=None, headers={"X-Request-Id": "no spaces <here>"})
    holds(re.fullmatch(r"[\w.-]{8,64}", reply.headers["x-request-id"]), "a strange request id was taken over")


@test
def head_is_get_without_a_body():
    whole = server().get("/health/live", token=None)
    head = server().call("HEAD", "/health/live", token=None, status=200)
    equal(head.body, b"")
    equal(head.headers["content-length"], whole.headers["content-length"], "content-length")
    equal(head.headers["content-type"], whole.headers["content-type"], "content-type")


@test
def preflight_of_an_allowed_origin():
    asked = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST",
             "Access-Control-Request-Headers": "authorization,content-type"}
    reply = server().call("OPTIONS", "/api/video/generate", token=None, headers=asked, status=200)
    equal(reply.body, b"OK")
    equal(reply.headers["access-control-allow-origin"], "http://localhost:3000")
    equal(reply.headers["access-control-allow-credentials"], "true")
    equal(reply.headers["access-control-allow-methods"], "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT")
    equal(reply.headers["access-control-allow-headers"], "authorization,content-type")
    equal(reply.headers["access-control-max-age"], "600")
    equal(reply.headers["vary"], "Origin")


@test
def preflight_of_another_origin():
    asked = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    reply = server().call("OPTIONS", "/api/video/generate", token=None, headers=asked, status=400)
    equal(reply.body, b"Disallowed CORS origin")
    holds("access-control-allow-origin" not in reply.headers, "another origin is allowed")


@test
def simple_requests_across_origins():
    reply = server().get("/health", token=None, headers={"Origin": "http://127.0.0.1:3000"})
    equal(reply.headers["access-control-allow-origin"], "http://127.0.0.1:3000")
    equal(reply.headers["access-control-allow-credentials"], "true")
    equal(reply.headers["vary"], "Origin")
    reply = server().call("GET", "/universes", token=None, headers={"Origin": "http://localhost:3000"}, status=401)
    equal(reply.headers["access-control-allow-origin"], "http://localhost:3000", "the header on an error")
    reply = server().get("/health", token=None, headers={"Origin": "http://evil.example"})
    holds("access-control-allow-origin" not in reply.headers, "another origin may read")


@test
def the_origins_are_a_setting():
    s = Server({"CORS_ORIGINS": "https://one.example, https://two.example"})
    reply = s.get("/health", token=None, headers={"Origin": "https://two.example"})
    equal(reply.headers["access-control-allow-origin"], "https://two.example")
    reply = s.get("/health", token=None, headers={"Origin": "http://localhost:3000"})
    holds("access-control-allow-origin" not in reply.headers, "the default origin is still allowed")


@test
def the_api_description_is_the_golden_one():
    golden = SOURCE / "tests/golden/openapi.json"
    def once(pairs):
        names = [name for name, _ in pairs]
        equal(len(names), len(set(names)), f"the number of different members among {names}")
        return dict(pairs)
    printed = json.loads(run("openapi").stdout, object_pairs_hook=once)
    if printed != json.loads(golden.read_text()):
        kept = json.loads(golden.read_text())
        places = [path for path in sorted({*printed["paths"], *kept["paths"]})
                  if printed["paths"].get(path) != kept["paths"].get(path)]
        places += [name for name in sorted({*printed["components"]["schemas"], *kept["components"]["schemas"]})
                   if printed["components"]["schemas"].get(name) != kept["components"]["schemas"].get(name)]
        raise Failure(f"the API changed at {', '.join(places) or 'its head'}; if that is wanted: "
                      "build/umam openapi | python3 -m json.tool --no-ensure-ascii >tests/golden/openapi.json")
    equal(server().get("/openapi.json", token=None).json, printed, "what the server gives and what the command prints")


@test
def the_api_description_is_openapi_3_1():
    document = server().description.document
    equal(document["openapi"], "3.1.0")
    ids = []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            ids.append(operation["operationId"])
            holds(operation.get("summary"), f"{method} {path} says nothing about itself")
            named = set(re.findall(r"{(\w+)}", path))
            given = {parameter["name"] for parameter in operation.get("parameters", ()) if parameter["in"] == "path"}
            equal(given, named, f"the path parameters of {path}")
            holds(operation["responses"], f"{method} {path} has no responses")
    equal(len(ids), len(set(ids)), "the number of different operation ids")
    for name, schema in document["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        holds(set(schema.get("required", ())) <= set(schema["properties"]), f"{name} requires what it does not have")
    for reference in re.findall(r'"\$ref": "#/components/schemas/(\w+)"', json.dumps(document)):
        holds(reference in document["components"]["schemas"], f"there is no schema {reference}")


@test
def the_docs_page_needs_nobody_else():
    page = server().call("GET", "/docs", token=None, status=200)
    holds(page.headers["content-type"].startswith("text/html"), "the page is not HTML")
    text = page.body.decode()
    for address in re.findall(r"""(?:src|href)=["']([^"']+)""", text):
        holds(not address.startswith(("http:", "https:", "//")), f"the page loads {address}")
        if not address.startswith(("#", "data:")):
            equal(server().call("GET", urllib.parse.urljoin("/docs", address), token=None).status, 200, f"the status of {address}")


@test
def the_settings_example_is_up_to_date():
    kept = (SOURCE / ".env.example").read_text()
    if run("settings", "--example").stdout != kept:
        raise Failure("the settings changed; if that is wanted: build/umam settings --example >.env.example")


@test
def the_readiness_of_many_at_once():
    """A thread per connection: 50 callers are served side by side."""
    replies = []
    threads = [threading.Thread(target=lambda: replies.append(server().send("GET", "/health/ready").status)) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    equal(replies, [200] * 50, "the statuses")


main()
