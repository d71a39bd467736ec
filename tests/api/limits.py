#!/usr/bin/env -S python3 -B
"""Those who ask too often, guess passwords, or take too much: they wait, everybody else is served."""
from harness import *

ENV = {"RATE_LIMIT_ENABLED": "true", "TRUSTED_PROXIES": "127.0.0.1, 10.0.0.9"}
PASSWORD = "a long password"


def limited(reply, detail):
    equal(reply.status, 429, "the status")
    equal(reply.json["code"], "too_many_requests")
    has(reply.detail, detail)
    wait = reply.headers["retry-after"]
    holds(re.fullmatch(r"[1-9]\d*", wait), f"Retry-After is {wait!r}")
    return int(wait)


def since(address):
    return {"X-Forwarded-For": address}


def login(s, name, password, address):
    return s.call("POST", "/auth/login", {"username": name, "password": password}, token=None, headers=since(address))


@test
def a_caller_who_asks_too_often_waits_and_others_do_not():
    s = server(**ENV, UMAM_RATE_DEFAULT="5/2")
    ann, bob = s.token("ann", "viewer"), s.token("bob", "viewer")
    statuses = [s.call("GET", "/api/video/jobs", token=ann).status for _ in range(5)]
    equal(statuses, [200] * 5, "the first five")
    reply = s.call("GET", "/api/video/jobs", token=ann)
    wait = limited(reply, "too many requests")
    equal([reply.headers["ratelimit-limit"], reply.headers["ratelimit-remaining"], reply.headers["ratelimit-reset"]],
          ["5", "0", str(wait)], "the figures")
    limited(s.call("GET", "/universes", token=ann), "5 in 2 s")
    s.get("/api/video/jobs", token=bob)
    for _ in range(20):
        s.get("/api/video/jobs")  # an administrator
        s.get("/health/live", token=ann)
        s.get("/openapi.json", token=ann)
    time.sleep(wait)
    s.get("/api/video/jobs", token=ann)


@test
def strangers_are_counted_by_address():
    s = server()
    for network in ("2001:db8:1:1:%x::1", "198.51.100.1", "::ffff:198.51.100.2"):
        addresses = [network % i if "%" in network else network for i in range(7)]
        statuses = [s.call("GET", "/universes", token=None, headers=since(address)).status for address in addresses]
        equal(statuses, [401] * 5 + [429] * 2, f"seven from {network}")
    equal(s.call("GET", "/universes", token=None, headers=since("198.51.100.2")).status, 429, "the mapped address")
    equal(s.call("GET", "/universes", token=None, headers=since("2001:db8:1:2::1")).status, 401, "another network")
    for _ in range(7):  # a made-up hop before the proxy's word changes nothing
        last = s.call("GET", "/universes", token=None, headers=since(f"203.0.113.{_}, 198.51.100.7, 10.0.0.9"))
    equal(last.status, 429, "the hop that a trusted proxy names")


@test
def nobody_but_a_trusted_proxy_names_an_address():
    s = Server({**ENV, "UMAM_RATE_DEFAULT": "3/60", "TRUSTED_PROXIES": "10.0.0.9"})
    statuses = [s.call("GET", "/universes", token=None, headers=since(f"198.51.100.{i}")).status for i in range(5)]
    equal(statuses, [401] * 3 + [429] * 2, "five from one machine")


@test
def the_default_limits_of_each_class():
    s = Server({**ENV})
    token = s.token("cleo", "creator")
    job = {"prompt": "x", "provider": "mock", "duration": 1, "size": "draft", "fps": 24}
    generated = [s.call("POST", "/api/video/generate", job, token=token) for _ in range(6)]
    equal([reply.status for reply in generated], [200] * 5 + [429], "generations")
    holds(50 <= limited(generated[-1], "5 in 300 s") <= 60, "the wait for the next generation")
    strategies = [s.call("POST", "/api/video/strategy", {"prompt": "x"}, token=token).status for _ in range(11)]
    equal(strategies, [200] * 10 + [429], "strategies")
    equal([s.call("GET", "/universes", token=token).status for _ in range(61)], [200] * 60 + [429], "others")
    logins = [login(s, "nobody", "wrong", "192.0.2.1").status for _ in range(6)]
    equal(logins, [401] * 5 + [429], "logins")
    equal(login(s, "nobody", "wrong", "192.0.2.2").status, 401, "a login from elsewhere")


@test
def settings_that_make_no_sense():
    for value in ("x", "5", "5/0", "-1/5", "5/x"):
        done = run("serve", "--port", "0", "--data", new_folder() / "d", env={"UMAM_RATE_AUTH": value}, code=2)
        has(done.stderr, "UMAM_RATE_AUTH")


# ---- guessing passwords, with rate limits off ----

def guessed():
    return Server({"TRUSTED_PROXIES": "127.0.0.1"})


@test
def guessing_gets_slower_and_the_owner_still_gets_in():
    s = guessed()
    s.register("owner", PASSWORD)
    equal(login(s, "owner", PASSWORD, "192.0.2.1").status, 200, "the owner at home")
    statuses, waits = [], []
    for _ in range(10):  # each guess from somewhere else
        reply = login(s, "owner", "wrong password", f"198.51.100.{_}")
        statuses.append(reply.status)
        if reply.status == 429:
            waits.append(limited(reply, "too many failed logins"))
    equal(statuses, [401] * 9 + [429], "guesses")
    equal(waits, [1], "the first pause")
    limited(login(s, "owner", PASSWORD, "198.51.100.99"), "too many failed logins")  # right, but nobody looks
    equal(login(s, "owner", PASSWORD, "192.0.2.1").status, 200, "the owner at home, all the while")
    time.sleep(1)
    equal(login(s, "owner", "wrong password", "198.51.100.50").status, 401, "one more guess")
    equal(limited(login(s, "owner", "wrong password", "198.51.100.50"), "too many failed logins"), 2, "the second pause")
    time.sleep(2)
    equal(login(s, "owner", PASSWORD, "198.51.100.99").status, 200, "the owner elsewhere, after the pause")
    equal(login(s, "owner", "wrong password", "198.51.100.77").status, 401, "success has reset the account")


@test
def one_network_guessing_many_names():
    s = guessed()
    s.register("somebody", PASSWORD)
    statuses = [login(s, f"name{i}", "wrong password", f"2001:db8:9:9::{i}").status for i in range(34)]
    equal(statuses, [401] * 33 + [429], "guesses")
    equal(login(s, "somebody", PASSWORD, "192.0.2.7").status, 200, "somebody elsewhere")


@test
def many_guesses_at_once_are_many_guesses():
    s = guessed()
    s.register("target", PASSWORD)
    answers, began = [], time.monotonic()
    threads = [threading.Thread(target=lambda: answers.append(login(s, "target", "wrong password", "192.0.2.3")))
               for _ in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = collections.Counter(reply.status for reply in answers)
    holds(set(statuses) == {401, 429} and statuses[401] <= 10, f"the statuses are {statuses}")
    holds(time.monotonic() - began < 10, "they waited for each other")


main()
