#!/usr/bin/python3 -B
"""The testbed's OAuth servers and the programs of lessons 4.08 and 4.09, sanitized, beside Python's
requests_oauthlib: its flows against our servers, our programs' signatures beside oauthlib's, and
what either server has to refuse.

Options are names of tests, to try those alone: common/tests/oauth.t replay
"""
import base64
import concurrent.futures
import hashlib
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.parse
from pathlib import Path

from tap import Tap, run

try:
    import requests
    from oauthlib.common import generate_token
    from oauthlib.oauth1.rfc5849 import signature
    from oauthlib.oauth2 import BackendApplicationClient
    from requests_oauthlib import OAuth1, OAuth1Session, OAuth2Session
except ImportError:
    if os.environ.get("CI") == "true":
        raise
    print("1..0 # SKIP python3-requests-oauthlib is missing: sh common/setup.sh --test")
    sys.exit(0)

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
AUTHORITY = BUILD / "authority/authority.pem"
LIMIT = 60  # seconds: how long a machine may be slow before a test gives up
CALLBACK = "http://127.0.0.1:8910/back"
# The examples of RFC 5849: client, token for ever.
CLIENT = ("dpf43f3p2l4k3l03", "kd94hf93k423kf44")
FOR_EVER = ("nnch734d00sl2jdk", "pfkkdhi9sl3r4s00")
OTHER = ("9djdj82h48djs9d2", "j49sk3j29djd")
OTHER_TOKEN = ("kkk9d7dh3k39sjv7", "dh893hdasih9")
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
os.environ["OAUTHLIB_RELAX_TOKEN_SCOPE"] = "1"
for _name in [n for n in os.environ if n.lower().endswith("_proxy") or n.startswith("OAUTH_")]:
    os.environ.pop(_name)


class Site:
    """The testbed, http and https, and the two programs; all of them sanitized."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.made = self.build()
        self.process = None

    def build(self):
        flags = ["-std=c11", "-O1", "-g", "-fsanitize=address,undefined",
                 "-fno-sanitize-recover=all", "-Icommon", "-I02_http", "-I03_urllib",
                 "-I04_requests"]
        service = sorted((ROOT / "common/testbed/service").glob("*.c"))
        own = [ROOT / "04_requests/requests/easy.c", ROOT / "04_requests/requests/error.c"]
        programs = [ROOT / "04_requests/08_oauth1.c", ROOT / "04_requests/09_oauth2.c"]

        def compile_one(source):
            mode = "-D_POSIX_C_SOURCE=200809L" if source in programs else "-D_GNU_SOURCE"
            return run("gcc", *flags, mode, "-c", source, "-o",
                       self.folder / (source.stem + ".o"), cwd=ROOT)

        def link(name, sources, *libraries):
            return run("gcc", "-fsanitize=address,undefined",
                       *(self.folder / (source.stem + ".o") for source in sources),
                       *(BUILD / library for library in libraries), "-lssl", "-lcrypto", "-lpsl",
                       "-ljansson", "-lcurl", "-lz", "-lbrotlienc", "-pthread", "-o",
                       self.folder / name)

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            said = list(pool.map(compile_one, service + own + programs))
        said.append(link("testbed", service, "libhttp.a", "libcore.a"))
        for program in programs:
            said.append(link(program.stem, [program, *own], "liburllib.a", "libhttp.a",
                             "libcore.a"))
        return "\n".join(one[2] for one in said if one[0] != 0)

    def start(self):
        own = BUILD / "authority/localhost.pem", BUILD / "authority/localhost.key"
        self.process = subprocess.Popen(
            [self.folder / "testbed", "0", "--tls", *own, "0"], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        ports = [self.process.stdout.readline().rsplit(":", 1)[1].strip() for _ in range(2)]
        self.base, self.secret_base = ("http://localhost:" + ports[0],
                                       "https://localhost:" + ports[1])
        self.one, self.two = self.base + "/oauth1/", self.base + "/oauth2/"

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        _, said = self.process.communicate(timeout=LIMIT)
        return self.process.returncode, said

    def ask(self, program, *words, given="", **environment):
        """Status, both outputs of a program; a sanitizer's report is a failure."""
        done = subprocess.run([self.folder / program, *words], input=given, capture_output=True,
                              text=True, timeout=LIMIT, check=False,
                              env={**os.environ, **environment})
        if "Sanitizer" in done.stderr or "runtime error" in done.stderr:
            raise AssertionError(done.stderr)
        return done.returncode, done.stdout, done.stderr

    def sign(self, *words, client=CLIENT, token=FOR_EVER, **more):
        given = {"OAUTH_KEY": client[0], "OAUTH_SECRET": client[1]}
        if token:
            given.update(OAUTH_TOKEN=token[0], OAUTH_TOKEN_SECRET=token[1])
        return self.ask("08_oauth1", *words, **given, **more)

    def secret(self, url):
        return url.replace(self.base, self.secret_base)


def same(tap, got, due, name):
    tap.ok(got == due, name, "got %r\ndue %r" % (got, due))


# ---- OAuth 1: signatures ----------------------------------------------------------------------

BASE_STRING = (
    "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%253D"
    "%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26"
    "oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3D"
    "kkk9d7dh3k39sjv7").replace("%253D%253D", "%253D%25253D")


def rfc_examples(tap, site):
    """RFC 5849 section 1.2; and 3.1, with the signature of erratum 2550."""
    host = "photos.example.net"
    for what, due, words, more in (
            ("temporary credentials", "74KNZJeDHnMBp0EMJ9ZHt/XKycU=",
             ["-t", "137131200", "-n", "wIjqoS", "POST", "https://%s/initiate" % host],
             {"token": None, "OAUTH_CALLBACK": "http://printer.example.com/ready"}),
            ("token credentials", "gKgrFCywp7rO0OXSjdot/IHF7IU=",
             ["-t", "137131201", "-n", "walatlh", "POST", "https://%s/token" % host],
             {"token": ("hh5s93j4hdidpola", "hdhd0244k9j7ao03"),
              "OAUTH_VERIFIER": "hfdp7dh39dks9884"}),
            ("a photo", "MdpQcU8iPSUjWoN/UDMsK2sui9I=",
             ["-t", "137131202", "-n", "chapoH", "GET",
              "http://%s/photos?file=vacation.jpg&size=original" % host], {}),
            ("everything at once", "r6/TJjbCOr97/+UU0NsvSne7s5g=",
             ["-t", "137131201", "-n", "7d8f3e4a", "-d", "c2&a3=2+q", "POST",
              "http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b"],
             {"client": OTHER, "token": OTHER_TOKEN})):
        status, said, error = site.sign("-s", *words, **more)
        same(tap, (status, said.split("\n")[1:], error), (0, [due, ""], ""),
             "RFC 5849's example: %s" % what)
    same(tap, said.split("\n")[0], BASE_STRING, "and its base string, section 3.4.1.1")


def random_text(chance, most):
    return "".join(chance.choice("ab~-._ +%&=;'()*!/?:@,\"\\ä€😀09Z")
                   for _ in range(chance.randrange(most)))


def random_form(chance):
    pairs = [(random_text(chance, 6), random_text(chance, 9)) for _ in range(chance.randrange(6))]
    return urllib.parse.urlencode(pairs, quote_via=chance.choice(
        [urllib.parse.quote, urllib.parse.quote_plus]))


def random_signatures(tap, site):
    """Base string and signature beside oauthlib's."""
    seed = random.randrange(1 << 32)
    chance, found = random.Random(seed), []
    for _ in range(150):
        client, token = [(generate_token(8), random_text(chance, 9) or "x") for _ in range(2)]
        token = token if chance.random() < .8 else None
        host = chance.choice(["example.com", "EXAMPLE.com:80", "e.test:8080", "[::1]:443"])
        path = urllib.parse.quote(random_text(chance, 9))
        url = "%s://%s/%s" % (chance.choice(["http", "https"]), host, path)
        query, form = random_form(chance), random_form(chance)
        method = chance.choice(["GET", "POST"])
        if query:
            url += "?" + query
        own = [("oauth_consumer_key", client[0]), ("oauth_signature_method", "HMAC-SHA1"),
               ("oauth_timestamp", "137131201"), ("oauth_nonce", "n~ n")]
        own += [("oauth_token", token[0])] if token else []
        fields = urllib.parse.parse_qsl(query, keep_blank_values=True) + own
        if method == "POST":
            fields += urllib.parse.parse_qsl(form, keep_blank_values=True)
        due = signature.signature_base_string(method, signature.base_string_uri(url),
                                              signature.normalize_parameters(fields))
        due += "\n%s\n" % signature.sign_hmac_sha1(due, client[1], token[1] if token else "")
        words = ["-s", "-t", "137131201", "-n", "n~ n"]
        words += ["-d", form] if method == "POST" else []
        got = site.sign(*words, method, url, client=client, token=token)
        if got != (0, due, ""):
            found.append("%s %s %s\n%s\n%s" % (method, url, form, due, got))
    tap.ok(not found, "150 signatures as oauthlib's, seed %d" % seed, "\n".join(found[:2]))


# ---- OAuth 1: the flow ------------------------------------------------------------------------

def flow_of_python(tap, site):
    session = OAuth1Session(*CLIENT, callback_uri=CALLBACK)
    session.fetch_request_token(site.one + "request")
    page = session.authorization_url(site.one + "authorize")
    shown = requests.get(page, timeout=LIMIT)
    same(tap, (shown.status_code, CLIENT[0] in shown.text), (200, True), "the user is asked")
    back = requests.post(page, {"decision": "approve"}, allow_redirects=False, timeout=LIMIT)
    tap.ok(back.headers.get("Location", "").startswith(CALLBACK + "?oauth_token="),
           "and sent back", back.headers)
    session.parse_authorization_response(back.headers["Location"])
    session.fetch_access_token(site.one + "token")
    seen = session.get(site.one + "resource?b=2&a=%20+&a=é", timeout=LIMIT).json()
    same(tap, (seen["user"], seen["args"]), ("ada", {"a": ["  ", "é"], "b": "2"}),
         "requests_oauthlib's flow ends at the resource")
    for method in ("HMAC-SHA1", "HMAC-SHA256"):
        for verb in ("GET", "POST", "PUT", "DELETE"):
            auth = OAuth1(*CLIENT, *FOR_EVER, signature_method=method)
            got = requests.request(verb, site.one + "resource", auth=auth, timeout=LIMIT,
                                   data={"ü": "&="} if verb in ("POST", "PUT") else None)
            same(tap, got.status_code, 200, "%s, %s" % (verb, method))


def credentials(said):
    fields = dict(urllib.parse.parse_qsl(said.split("\n")[1]))
    return fields["oauth_token"], fields["oauth_token_secret"]


def flow_of_ours(tap, site):
    status, said, _ = site.sign("POST", site.one + "request", token=None, OAUTH_CALLBACK="oob")
    temporary = credentials(said)
    same(tap, status, 0, "our program gets temporary credentials")
    page = site.one + "authorize?oauth_token=" + temporary[0]
    early = site.sign("POST", site.one + "token", token=temporary, OAUTH_VERIFIER="x")
    same(tap, (early[0], early[1][:3]), (1, "401"), "before the user's word: 401")
    word = requests.post(page, {"decision": "approve"}, timeout=LIMIT).text.split()[-1]
    got = site.sign("GET", site.one + "resource", token=temporary)
    same(tap, got[1][:3], "401", "temporary credentials are no token")
    wrong = site.sign("POST", site.one + "token", token=temporary, OAUTH_VERIFIER="0" * 40)
    same(tap, (wrong[0], wrong[1][:3]), (1, "401"), "a wrong verifier: 401")
    good = site.sign("POST", site.one + "token", token=temporary, OAUTH_VERIFIER=word)
    same(tap, good[0], 0, "token credentials")
    token = credentials(good[1])
    again = site.sign("POST", site.one + "token", token=temporary, OAUTH_VERIFIER=word)
    same(tap, (again[0], again[1][:3]), (1, "401"), "no second time")
    chance = random.Random(8)
    found = [got for got in (site.sign("-d", random_form(chance), "POST", "%sresource/x%s?%s" % (
        site.one, urllib.parse.quote(random_text(chance, 9)), random_form(chance)), token=token)
        for _ in range(25)) if got[0] != 0 or '"user": "ada"' not in got[1]]
    tap.ok(not found, "25 requests that it signs are let in", "\n".join(map(str, found[:2])))
    same(tap, site.sign("-c", str(AUTHORITY), "GET", site.secret(site.one) + "resource",
                        token=token)[0], 0, "over TLS too")
    got = site.sign("GET", "http://localhost:1/")
    same(tap, (got[0], "ConnectionError" in got[2]), (1, True), "nobody there: a message and 1")


# ---- OAuth 1: what is refused -----------------------------------------------------------------

def signed(site, changes=None, drop=(), method="GET", url=None, secret=CLIENT[1] + "&" +
           FOR_EVER[1], path="resource"):
    """What is to be sent: the URL with everything in its query, signed."""
    url = url or site.one + path
    fields = {"oauth_consumer_key": CLIENT[0], "oauth_token": FOR_EVER[0],
              "oauth_signature_method": "HMAC-SHA1", "oauth_timestamp": str(int(time.time())),
              "oauth_nonce": generate_token(), **(changes or {})}
    fields = [(n, v) for n, v in fields.items() if n not in drop]
    due = signature.signature_base_string(method, signature.base_string_uri(url),
                                          signature.normalize_parameters(fields))
    one, two = secret.split("&")
    fields.append(("oauth_signature", signature.sign_hmac_sha1(due, one, two)))
    return url + "?" + urllib.parse.urlencode(fields)


def status_of(url, **more):
    return requests.get(url, timeout=LIMIT, verify=str(AUTHORITY), **more).status_code


def replay(tap, site):
    url = signed(site)
    same(tap, [status_of(url), status_of(url)], [200, 401], "a request that comes again")
    nonce, now = generate_token(), int(time.time())
    for change, due in ((0, 200), (-1, 200), (-3600, 401), (3600, 401), (0, 401)):
        same(tap, status_of(signed(site, {"oauth_nonce": nonce,
                                          "oauth_timestamp": str(now + change)})), due,
             "one nonce, %+d s: %d" % (change, due))


def refused(tap, site):
    for what, due, url in (
            ("a wrong secret", 401, signed(site, secret="x&y")),
            ("no nonce", 400, signed(site, drop=["oauth_nonce"])),
            ("no timestamp", 400, signed(site, drop=["oauth_timestamp"])),
            ("a timestamp that is none", 400, signed(site, {"oauth_timestamp": "-5"})),
            ("no token", 400, signed(site, drop=["oauth_token"])),
            ("no client", 400, signed(site, drop=["oauth_consumer_key"])),
            ("no method", 400, signed(site, drop=["oauth_signature_method"])),
            ("another version", 400, signed(site, {"oauth_version": "2.0"})),
            ("a client that is none", 401, signed(site, {"oauth_consumer_key": "x"})),
            ("a token that is none", 401, signed(site, {"oauth_token": "x"})),
            ("another client's token", 401,
             signed(site, {"oauth_token": OTHER_TOKEN[0]},
                    secret=CLIENT[1] + "&" + OTHER_TOKEN[1])),
            ("a method that is none", 400, signed(site, {"oauth_signature_method": "ROT13"})),
            ("no signature", 400, signed(site).split("&oauth_signature=")[0]),
            ("a field that was added", 401, signed(site) + "&a=b"),
            ("a field that came twice", 400, signed(site) + "&oauth_nonce=x"),
            ("another path", 401, signed(site).replace("resource", "resource/x")),
            ("300 fields", 400, signed(site) + "&a=b" * 300)):
        same(tap, status_of(url), due, "refused: %s" % what)
    same(tap, requests.post(signed(site), timeout=LIMIT).status_code, 401,
         "refused: another method")
    got = requests.get(site.one + "resource", timeout=LIMIT,
                       headers={"Authorization": 'OAuth oauth_nonce="x'})
    same(tap, got.status_code, 400, "refused: a header that breaks off")
    plain = OAuth1(*CLIENT, *FOR_EVER, signature_method="PLAINTEXT")
    same(tap, [status_of(site.one + "resource", auth=plain),
               status_of(site.secret(site.one) + "resource", auth=plain)], [400, 200],
         "PLAINTEXT is for TLS alone")
    for callback in ("http://evil.example/", "http://127.0.0.1.evil.example/", "javascript:1",
                     "http://127.0.0.1:1@evil.example/", "http://localhost/#x"):
        got = requests.post(site.one + "request", timeout=LIMIT,
                            auth=OAuth1(*CLIENT, callback_uri=callback))
        same(tap, got.status_code, 400, "no way back to %s" % callback)


def bounded(tap, site):
    """Of more than 256 the oldest goes."""
    first = OAuth1Session(*CLIENT, callback_uri="oob").fetch_request_token(site.one + "request")
    page = site.one + "authorize?oauth_token=" + first["oauth_token"]
    known = status_of(page)
    for _ in range(256):
        OAuth1Session(*CLIENT, callback_uri="oob").fetch_request_token(site.one + "request")
    same(tap, [known, status_of(page)], [200, 400], "the oldest credentials of many are forgotten")


# ---- OAuth 2 ----------------------------------------------------------------------------------

NOTES = ("notes", "open sesame")


def post(site, form, query="", auth=NOTES, **more):
    got = requests.post(site.two + "token" + query, form, auth=auth, timeout=LIMIT, **more)
    return got, got.json()


def error_of(site, form, **more):
    got, said = post(site, form, **more)
    if got.headers.get("Cache-Control") != "no-store":
        return "may be stored"
    return got.status_code, said.get("error")


def use(site, token, query=""):
    return requests.get(site.two + "resource" + query, timeout=LIMIT,
                        headers={"Authorization": "Bearer " + token})


VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest())[:43].decode()


def page_of(site, **changes):
    fields = {"response_type": "code", "client_id": "notes", "redirect_uri": CALLBACK,
              "state": "s t&", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
              **changes}
    return site.two + "authorize?" + urllib.parse.urlencode(
        {n: v for n, v in fields.items() if v is not None})


def consent(site, decision="approve", **changes):
    """Where the user is sent back to, with which fields; or a status."""
    got = requests.post(page_of(site, **changes), {"decision": decision}, allow_redirects=False,
                        timeout=LIMIT)
    if got.status_code != 302:
        return got.status_code
    where, _, query = got.headers["Location"].partition("?")
    return where, dict(urllib.parse.parse_qsl(query))


def exchange(code, **changes):
    return {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER, **changes}


def flow2_of_python(tap, site):
    session = OAuth2Session(client=BackendApplicationClient("notes", scope=["read", "write"]))
    token = session.fetch_token(site.two + "token?uses=2", client_secret=NOTES[1])
    same(tap, (token["scope"], token["expires_in"], "refresh_token" in token),
         (["read", "write"], 3600, False), "client credentials")
    same(tap, [session.get(site.two + "resource").status_code for _ in range(3)],
         [200, 200, 401], "a token that ends after two uses")
    session = OAuth2Session("reader", redirect_uri=CALLBACK, scope=["read"])
    page, _ = session.authorization_url(site.two + "authorize", code_challenge=CHALLENGE,
                                        code_challenge_method="S256")
    back = requests.post(page, {"decision": "approve"}, allow_redirects=False, timeout=LIMIT)
    session.fetch_token(site.two + "token", include_client_id=True, code_verifier=VERIFIER,
                        authorization_response=back.headers["Location"])
    same(tap, session.get(site.two + "resource").json()["user"], "ada", "a code, with PKCE")
    first = session.token["refresh_token"]
    session.refresh_token(site.two + "token", client_id="reader")
    same(tap, (session.get(site.two + "resource").status_code,
               session.token["refresh_token"] != first), (200, True),
         "a refresh token, which turns")


def challenges(tap, site):
    """RFC 6750 section 3."""
    token = post(site, {"grant_type": "client_credentials"}, "?expires_in=0")[1]["access_token"]
    good = post(site, {"grant_type": "client_credentials"})[1]["access_token"]
    for what, got, status, words in (
            ("nothing shown", requests.get(site.two + "resource", timeout=LIMIT), 401, None),
            ("no such token", use(site, "x"), 401, "invalid_token"),
            ("expired", use(site, token), 401, "invalid_token"),
            ("not for that", use(site, good, "?scope=write"), 403, "insufficient_scope")):
        field = got.headers.get("WWW-Authenticate", "")
        due = 'Bearer realm="workbook"' + (', error="%s"' % words if words else "")
        same(tap, (got.status_code, field[:len(due)], words is None or field != due),
             (status, due, True), "challenge: %s" % what)
        same(tap, field == due, words is None, "no error is named where none was made: %s" % what)


def token_errors(tap, site):
    """RFC 6749 section 5.2."""
    job = {"grant_type": "client_credentials"}
    for what, due, form, more in (
            ("no grant", (400, "invalid_request"), {}, {}),
            ("a grant that is none", (400, "unsupported_grant_type"),
             {"grant_type": "password"}, {}),
            ("a wrong secret", (401, "invalid_client"), job, {"auth": ("notes", "x")}),
            ("no such client", (401, "invalid_client"), job, {"auth": ("x", "x")}),
            ("nobody", (401, "invalid_client"), job, {"auth": None}),
            ("no secret", (401, "invalid_client"), {**job, "client_id": "notes"}, {"auth": None}),
            ("two proofs", (400, "invalid_request"), {**job, "client_secret": NOTES[1]}, {}),
            ("a client without a secret", (400, "unauthorized_client"),
             {**job, "client_id": "reader"}, {"auth": None}),
            ("a scope that is none", (400, "invalid_scope"), {**job, "scope": "fly"}, {}),
            ("a parameter twice", (400, "invalid_request"),
             [("grant_type", "client_credentials")] * 2, {}),
            ("a secret with a NUL", (400, "invalid_request"),
             {**job, "client_id": "notes", "client_secret": NOTES[1] + "\0x"}, {"auth": None}),
            ("no code", (400, "invalid_request"), {"grant_type": "authorization_code"}, {}),
            ("a code that is none", (400, "invalid_grant"), exchange("x"), {}),
            ("a refresh token that is none", (400, "invalid_grant"),
             {"grant_type": "refresh_token", "refresh_token": "x"}, {})):
        same(tap, error_of(site, form, **more), due, "token server: %s" % what)
    got = requests.post(site.two + "token", json=job, auth=NOTES, timeout=LIMIT)
    same(tap, (got.status_code, got.json()["error"]), (400, "invalid_request"),
         "token server: no form")
    got = requests.post(site.two + "token", job, auth=("notes", "x"), timeout=LIMIT)
    tap.ok(got.headers.get("WWW-Authenticate", "").startswith("Basic "), "and says how to prove it")
    same(tap, requests.get(site.two + "token", timeout=LIMIT).status_code, 405, "GET is refused")
    form = {**job, "client_id": "notes", "client_secret": NOTES[1]}
    same(tap, post(site, form, auth=None)[0].status_code, 200, "the secret may stand in the form")
    coded = base64.b64encode(b"notes:open+%73esame").decode()
    got = post(site, job, auth=None, headers={"Authorization": "Basic " + coded})[0]
    same(tap, got.status_code, 200, "and is coded as in a form")


def codes(tap, site):
    for what, due, changes in (
            ("another type", "unsupported_response_type", {"response_type": "token"}),
            ("no type", "invalid_request", {"response_type": None}),
            ("no PKCE", "invalid_request", {"code_challenge": None,
                                            "code_challenge_method": None}),
            ("plain PKCE", "invalid_request", {"code_challenge_method": "plain"}),
            ("a scope that is none", "invalid_scope", {"scope": "fly"})):
        where, fields = consent(site, **changes)
        same(tap, (where, fields["error"], fields["state"]), (CALLBACK, due, "s t&"),
             "authorize: %s" % what)
    where, fields = consent(site, "deny")
    same(tap, fields["error"], "access_denied", "the user says no")
    same(tap, [consent(site, client_id="x"), consent(site, redirect_uri="http://evil.example/"),
               consent(site, redirect_uri="http://127.0.0.1:1@evil.example/"),
               consent(site, "perhaps")], [400] * 4, "nobody is sent to where a stranger wants it")
    for what, form, more in (
            ("a wrong verifier", {"code_verifier": "w" * 43}, {}),
            ("the challenge as verifier", {"code_verifier": CHALLENGE}, {}),
            ("another way back", {"redirect_uri": CALLBACK + "/x"}, {}),
            ("another client", {"client_id": "reader"}, {"auth": None})):
        code = consent(site)[1]["code"]
        same(tap, error_of(site, exchange(code, **form), **more), (400, "invalid_grant"),
             "a code with %s" % what)
        if what != "another client":
            same(tap, error_of(site, exchange(code)), (400, "invalid_grant"), "is used up by that")
    code = consent(site, life=0)[1]["code"]
    same(tap, error_of(site, exchange(code)), (400, "invalid_grant"), "a code that has expired")
    code = consent(site)[1]["code"]
    token = post(site, exchange(code))[1]
    before = use(site, token["access_token"]).status_code
    again = error_of(site, exchange(code))
    same(tap, (before, again, use(site, token["access_token"]).status_code,
               error_of(site, {"grant_type": "refresh_token",
                               "refresh_token": token["refresh_token"]})),
         (200, (400, "invalid_grant"), 401, (400, "invalid_grant")),
         "a code that comes again ends all that came of it")


def rotation(tap, site):
    first = post(site, exchange(consent(site, scope="read write")[1]["code"]))[1]

    def again(token, **more):
        return {"grant_type": "refresh_token", "refresh_token": token["refresh_token"], **more}
    second = post(site, again(first, scope="read"))[1]
    same(tap, (second["scope"], second["refresh_token"] != first["refresh_token"]),
         ("read", True), "less may be asked for")
    same(tap, error_of(site, again(second, scope="read write")), (400, "invalid_scope"),
         "and then no more")
    same(tap, error_of(site, {**again(second), "client_id": "reader"}, auth=None),
         (400, "invalid_grant"), "another client may not have it")
    third = post(site, again(second))[1]
    same(tap, use(site, third["access_token"]).status_code, 200, "it turns on")
    same(tap, (error_of(site, again(second)), use(site, third["access_token"]).status_code,
               error_of(site, again(third))),
         ((400, "invalid_grant"), 401, (400, "invalid_grant")),
         "a refresh token that comes again ends them all")


# ---- our program ------------------------------------------------------------------------------

def flow2_of_ours(tap, site):
    token, thing, page = (site.secret(site.two) + word for word in ("token", "resource",
                                                                    "authorize"))
    notes = {"OAUTH_CLIENT": NOTES[0], "OAUTH_SECRET": NOTES[1]}
    reader = {"OAUTH_CLIENT": "reader"}
    trust = ["-c", str(AUTHORITY)]
    word = r"a token, ([0-9a-f]{4})\.\.\., for 3600 s\n"
    twice = word + r"(200, \d+ bytes\n){2}401\n" + word + r"200, \d+ bytes\n"
    said = []
    for what, words, given, more, due in (
            ("client credentials", ["-n", "3", token + "?uses=2", thing], "", notes,
             (0, twice, "")),
            ("a code", ["-y", "-n", "3", token + "?uses=2", thing, page], "", notes,
             (0, twice, "")),
            ("a code, no secret", ["-y", "-n", "3", token + "?uses=2", thing, page], "", reader,
             (0, twice, "")),
            ("it renews once", [token + "?uses=0", thing], "", notes,
             (1, word + r"401\n" + word + r"401, \d+ bytes\n", "")),
            ("a wrong secret", [token, thing], "", {**notes, "OAUTH_SECRET": "guess"},
             (1, "", "invalid_client")),
            ("a state of somebody else", [token, thing, page], CALLBACK + "?code=x&state=y\n",
             notes, (1, "", "the state is not ours")),
            ("no state", [token, thing, page], CALLBACK + "?code=x\n", notes,
             (1, "", "the state is not ours")),
            ("a way back of somebody else", [token, thing, page], "http://evil.example/?code=x\n",
             notes, (1, "", "does not lead back to us")),
            ("no answer", [token, thing, page], "", notes, (1, "", "nothing came")),
            ("http", [site.two + "token", thing], "", notes, (1, "", 'Protocol "http"')),
            ("an answer that is none", [site.secret(site.base) + "/post", thing], "", notes,
             (1, "", "no token"))):
        status, out, err = site.ask("09_oauth2", *trust, *words, given=given, **more)
        said.append(out + err.replace("code_challenge=", "") if "open http" not in err else out)
        tap.ok(status == due[0] and re.fullmatch(due[1], out) and (due[2] in err) and
               bool(err) == bool(due[2]), "09_oauth2: %s" % what, "%r" % ((status, out, err),))
    found = re.findall(r"[0-9a-f]{8,}", "".join(said))
    tap.ok(not found, "and no token is ever printed", found)


TESTS = (rfc_examples, random_signatures, flow_of_python, flow_of_ours, replay, refused, bounded,
         flow2_of_python, challenges, token_errors, codes, rotation, flow2_of_ours)


def main():
    tap, names = Tap(), sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        site = Site(folder)
        if tap.ok(not site.made, "testbed and programs build for ASan and UBSan", site.made):
            site.start()
            try:
                for test in TESTS:
                    if names and test.__name__ not in names:
                        continue
                    try:
                        test(tap, site)
                    except Exception:  # pylint: disable=broad-except
                        tap.ok(False, test.__name__, traceback.format_exc())
            finally:
                said = site.stop()
            tap.ok(said == (0, ""), "the testbed ends with 0, and nothing leaked", said[1][-3000:])
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
