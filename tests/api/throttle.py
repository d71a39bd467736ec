#!/usr/bin/env -S python3 -B
"""Guessing passwords gets slower with every miss, with rate limits off; whoever knows his password gets in."""
from harness import *

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
def a_restart_does_not_forget_where_the_owner_comes_from():
    s = guessed()
    s.register("traveller", PASSWORD)
    for address in ("192.0.2.1", "2001:db8:9:9::1"):
        equal(login(s, "traveller", PASSWORD, address).status, 200, f"the owner at {address}")
    networks = lambda: {row["network"] for row in s.rows("SELECT network FROM login_networks")}
    equal(networks(), {"127.0.0.1", "192.0.2.1", "2001:db8:9:9::/64"}, "what is kept")
    equal(login(s, "traveller", "wrong password", "203.0.113.5").status, 401)
    equal(len(networks()), 3, "networks after a wrong password")
    s.stop()
    s.start()
    equal([login(s, "traveller", "wrong password", f"198.51.100.{i}").status for i in range(9)], [401] * 9, "guesses")
    limited(login(s, "traveller", PASSWORD, "198.51.100.99"), "too many failed logins")
    for address in ("192.0.2.1", "2001:db8:9:9::ffff"):
        equal(login(s, "traveller", PASSWORD, address).status, 200, f"the owner at {address} after the restart")
    s.delete("/users/traveller")
    equal(networks(), set(), "what is kept of an account that was deleted")
    s.stop()


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
