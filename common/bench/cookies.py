"""Cookies, ours beside Python's: a Cookie field of ten is read, and a jar of 1,000 cookies is asked
what goes with a request. The bars: 20 times faster, and 90 times.

By hand, in the repository's root: make build/bench/cookies && python3 -B common/bench/cookies.py
"""
import subprocess
import time
import urllib.request
from http.cookiejar import Cookie, CookieJar
from http.cookies import SimpleCookie

COOKIES = 10
DOMAINS = 100
ROUNDS = 5
BARS = {"parse": 20, "look_up": 90}


def best(work, turns):
    """The time of one turn in microseconds, in the round that was disturbed least."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(turns):
            work()
        times.append((time.perf_counter() - start) / turns)
    return 1e6 * min(times)


def jar_of_many():
    jar = CookieJar()
    later = int(time.time()) + 9999
    for domain in range(DOMAINS):
        for name in range(COOKIES):
            jar.set_cookie(Cookie(0, "name%d" % name, "value", None, False,
                                  ".d%d.example.com" % domain, True, True, "/", True, False,
                                  later, False, None, None, {}))
    return jar


def python():
    field = "; ".join("name%d=value%dabcdefghij" % (i, i) for i in range(COOKIES))
    jar = jar_of_many()

    def look_up():
        request = urllib.request.Request("http://www.d50.example.com/a/b")
        jar.add_cookie_header(request)
        assert request.get_header("Cookie").count("=") == COOKIES

    assert len(SimpleCookie(field)) == COOKIES and len(jar) == COOKIES * DOMAINS
    return {"parse": best(lambda: SimpleCookie(field), 1000), "look_up": best(look_up, 50)}


def ours():
    said = subprocess.run(["build/bench/cookies"], capture_output=True, text=True, check=True)
    times = dict(line.split() for line in said.stdout.splitlines())
    return {what: float(times[what + "_us"]) for what in BARS}


def compare():
    """Microseconds for each, and how many times faster ours is."""
    found = {"python": python(), "ours": ours()}
    found["times"] = {what: found["python"][what] / found["ours"][what] for what in BARS}
    return found


def show(found):
    print("Cookies, beside Python's http.cookies and http.cookiejar")
    for what, text in (("parse", "a Cookie field of ten, read"),
                       ("look_up", "a jar of 1,000, asked for one request")):
        print("  %-44s %8.2f us  Python %.0f us; %.0f times faster, at least %d" % (
            text, found["ours"][what], found["python"][what], found["times"][what], BARS[what]))


if __name__ == "__main__":
    show(compare())
