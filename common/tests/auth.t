#!/usr/bin/python3 -B
"""Lesson 4.07's program beside Python: the digest of RFC 7616's examples and of random inputs, and
what it sends to the testbed beside what requests sends.
"""
import hashlib
import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import requests
from requests.auth import HTTPBasicAuth, HTTPDigestAuth

from tap import Tap, run

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = str(ROOT / "build/04_requests/07_basic_and_digest_auth")
NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
EXAMPLES = {"MD5": "8ca523f5e9506fed4657c9700eebdbec",
            "SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"}
# Nothing of this machine's own settings.
for _name in [name for name in os.environ if name.lower().endswith("_proxy")] + ["NETRC"]:
    os.environ.pop(_name, None)


def response(algorithm, user, realm, password, method, uri, nonce, count, cnonce):
    """RFC 7616 section 3.4.1, by hashlib."""
    def digest(*texts):
        return hashlib.new(algorithm.replace("-", "").lower(), ":".join(texts).encode()).hexdigest()
    return digest(digest(user, realm, password), nonce, count, cnonce, "auth", digest(method, uri))


def examples(tap):
    for algorithm, due in EXAMPLES.items():
        said = run(PROGRAM, "hand", algorithm, "Mufasa", "http-auth@example.org", "Circle of Life",
                   "GET", "/dir/index.html", NONCE, "00000001", CNONCE)
        tap.ok(said[:2] == (0, due + "\n"), "RFC 7616 section 3.9.1, " + algorithm, said)


def generated(tap, count=200):
    seed = int(os.environ.get("SEED", random.randrange(1 << 31)))
    dice = random.Random(seed)
    letters = "abcXYZ019 :\"\\,=%&/+é漢"
    wrong = []
    for _ in range(count):
        words = [dice.choice(["MD5", "SHA-256"])]
        words += ["".join(dice.choices(letters, k=dice.randrange(40))) for _ in range(6)]
        words += ["%08x" % dice.randrange(1 << 32), "".join(dice.choices(letters, k=20))]
        said = run(PROGRAM, "hand", *words)
        if said[:2] != (0, response(*words) + "\n"):
            wrong.append((words, said))
    tap.ok(not wrong, "%d random digests as hashlib makes them, seed %d" % (count, seed), wrong[:3])


def sent(text):
    """The Authorization lines that the program shows, put together again."""
    return [re.sub(r",\n +", ", ", line) for line in
            re.findall(r"^-> Authorization: (.*(?:\n     .*)*)$", text, re.M)]


def shape(field):
    """The names and the values of a digest that do not change from run to run."""
    chance = ("nonce", "cnonce", "response", "opaque")
    pairs = dict(re.findall(r'(\w+)="?([^",]*)"?', field.split(" ", 1)[1]))
    return {name: "" if name in chance else value for name, value in pairs.items()}


def beside_requests(tap, base, folder):
    for mode, auth in (("basic", HTTPBasicAuth), ("digest", HTTPDigestAuth)):
        for path in ("/basic-auth/ada/pass",) if mode == "basic" else (
                "/digest-auth/auth/ada/pass", "/digest-auth/auth/ada/pass/SHA-256"):
            for password, status in (("pass", 200), ("wrong", 401)):
                answer = requests.get(base + path, auth=auth("ada", password), timeout=30)
                theirs = answer.request.headers["Authorization"]
                said = run(PROGRAM, mode, "ada:" + password, base + path)
                ours = sent(said[1])
                same = len(ours) == 1 and (ours[0] == theirs if mode == "basic" else
                                           shape(ours[0]) == shape(theirs))
                tap.ok(answer.status_code == status and said[0] == (status != 200) and same,
                       "%s %s as requests, %s" % (mode, path, password), (theirs, said))
                if mode == "digest":
                    tap.ok(said[1].endswith("by hand: the same response\n") and
                           said[1].count("-> GET") == 2, "worked out by hand, asked twice", said)
    netrc = Path(folder, "netrc")
    netrc.write_text("machine localhost login ada password pass\n")
    os.environ["NETRC"] = str(netrc)
    answer = requests.get(base + "/basic-auth/ada/pass", timeout=30)
    said = run(PROGRAM, "netrc", str(netrc), base + "/basic-auth/ada/pass")
    tap.ok(answer.ok and said[0] == 0 and
           sent(said[1]) == [answer.request.headers["Authorization"]],
           "netrc as requests", said)
    os.environ.pop("NETRC")
    other = base.replace("localhost", "127.0.0.1")
    for mode, secret in (("basic", "ada:pass"), ("token", "t0k"), ("netrc", str(netrc))):
        said = run(PROGRAM, mode, secret, "%s/redirect-to?url=%s/headers" % (base, other))
        tap.ok(said[0] == 0 and said[1].count("-> GET") == 2 and len(sent(said[1])) == 1,
               "%s: nothing for the host of a redirect" % mode, said)


def main():
    tap = Tap()
    examples(tap)
    generated(tap)
    with tempfile.TemporaryDirectory() as folder, \
            subprocess.Popen([str(ROOT / "build/testbed"), "0"], stdout=subprocess.PIPE,
                             text=True) as server:
        try:
            port = server.stdout.readline().rsplit(":", 1)[1].strip()
            beside_requests(tap, "http://localhost:" + port, folder)
        finally:
            server.terminate()
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
