#!/usr/bin/python3 -B
"""The layer of chapter 4, sanitized, and beside it Python's requests, which makes the same calls:
what a server that records every byte sees of both, and what each gives its caller. Then errors by
family, tries again, and real servers: the testbed, httpbin, nginx.

Options are names of tests, to try those alone: common/tests/requests.t retries
"""
import contextlib
import email.utils
import gzip
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth, HTTPDigestAuth

from tap import Tap
from testbed_httpbin import HTTPBIN

ROOT = Path(__file__).resolve().parents[2]
AUTHORITY = ROOT / "build/authority"
LIMIT = 60  # seconds: how long a machine may be slow before a test gives up
CI = os.environ.get("CI") == "true"
for _name in [name for name in os.environ if name.lower().endswith("_proxy")] \
        + ["REQUEST_METHOD", "NETRC", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]:
    os.environ.pop(_name, None)
os.environ["HOME"] = "/nonexistent"  # no ~/.netrc of this machine's


# ---- the two sides -------------------------------------------------------------------------------

class Driver:
    """requests_driver.c with the layer's own files sanitized."""

    def __init__(self, folder):
        self.program = Path(folder, "driver")
        sources = [ROOT / "common/tests/requests_driver.c",
                   *sorted((ROOT / "04_requests/requests").glob("*.c"))]
        flags = ["-std=c11", "-D_GNU_SOURCE", "-O1", "-g", "-fsanitize=address,undefined",
                 "-fno-sanitize-recover=all",
                 *("-I%s" % (ROOT / d) for d in ("common", "02_http", "03_urllib", "04_requests"))]
        done = subprocess.run(
            ["gcc", *flags, *map(str, sources), "-o", str(self.program),
             *(str(ROOT / "build" / lib) for lib in ("liburllib.a", "libhttp.a", "libcore.a")),
             "-lcurl", "-lssl", "-lcrypto", "-lpsl", "-ljansson", "-pthread"], check=False)
        if done.returncode != 0:
            raise SystemExit("the driver does not compile")

    def ask(self, *calls, session=None, mount=None, **environment):
        """What came of each call; a sanitizer's report is a failure."""
        script = {"calls": list(calls), "session": session or {}}
        if mount:
            script["mount"] = mount
        done = subprocess.run([str(self.program)], input=json.dumps(script).encode(),
                              capture_output=True, timeout=LIMIT, check=False,
                              env=dict(os.environ, **environment))
        if done.returncode != 0:
            raise AssertionError("exit %d: %s" % (done.returncode, done.stderr.decode()))
        return json.loads(done.stdout)


def bearer(token):
    def authorize(request):
        request.headers["Authorization"] = "Bearer " + token
        return request
    return authorize


AUTHS = {"basic": HTTPBasicAuth, "digest": HTTPDigestAuth, "bearer": lambda token, _: bearer(token)}


def keywords(call):
    """The same call as requests has it."""
    given = {}
    for key in ("params", "form"):
        if key in call:
            given["data" if key == "form" else key] = [tuple(pair) for pair in call[key]]
    for key in ("headers", "cookies"):
        if key in call:
            given[key] = dict(call[key])
    for key in ("json", "timeout", "allow_redirects", "verify", "proxies"):
        if key in call:
            given[key] = call[key]
    if "data" in call:
        given["data"] = call["data"].encode()
    if call.get("insecure"):
        given["verify"] = False
    if "cert" in call:
        given["cert"] = (call["cert"], call["key"])
    if "files" in call:
        given["files"] = [(f["name"], (f.get("filename") or Path(f["path"]).name,
                                       f["data"] if "data" in f else Path(f["path"]).read_bytes(),
                                       *([f["type"]] if "type" in f else [])))
                          for f in call["files"]]
    if "auth" in call:
        kind, user, secret = (call["auth"] + [None])[:3]
        given["auth"] = AUTHS[kind](user, secret)
    if call.get("upload"):
        given["data"] = iter([b"piece"] * 3)
    return given


def python(*calls):
    """What requests makes of the calls: like Driver.ask()."""
    out = []
    with requests.Session() as session:
        for call in calls:
            if "max_redirects" in call:
                session.max_redirects = call["max_redirects"]
            call.setdefault("timeout", 10)
            if call["method"] == "HEAD":
                call.setdefault("allow_redirects", False)
            try:
                r = session.request(call["method"], call["url"], **keywords(call))
                out.append({"status": r.status_code, "reason": r.reason, "url": r.url,
                            "history": [one.status_code for one in r.history], "text": r.text,
                            "encoding": r.encoding, "cookies": dict(r.cookies)})
            except Exception as error:  # pylint: disable=broad-except
                out.append({"failed": type(error).__name__, "words": str(error)})
    return out


# ---- a server that records -----------------------------------------------------------------------

class Recorded:
    """A request, as it came: every byte of it."""

    def __init__(self, head, body, connection, when):
        lines = head.decode("latin-1").split("\r\n")
        self.line = lines[0]
        self.method, self.target = lines[0].split(" ")[:2]
        self.fields = [tuple(line.split(": ", 1)) if ": " in line else (line.rstrip(":"), "")
                       for line in lines[1:]]
        self.body, self.connection, self.when = body, connection, when

    def get(self, name):
        return next((v for n, v in self.fields if n.lower() == name.lower()), None)


def answer(status="200 OK", body=b"fine\n", *fields, length=True):
    head = ["HTTP/1.1 " + status, *fields] + (["Content-Length: %d" % len(body)] if length else [])
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


class Server:
    """Answers by script: a path's answers one after another, the last again and again. An answer
    is bytes, or (bytes, "close"), or "reset", or "stall" until the client goes."""

    def __init__(self, script=None, tls=None, host="127.0.0.1"):
        self.script, self.tls = dict(script or {}), tls
        self.requests, self.connections = [], 0
        self.socket = socket.create_server((host, 0))
        self.port = self.socket.getsockname()[1]
        self.base = "http%s://localhost:%d" % ("s" if tls else "", self.port)
        self.lock = threading.Lock()
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def accept(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(peer, self.connections), daemon=True).start()

    def serve(self, peer, number):
        with contextlib.suppress(OSError), peer:
            if self.tls:
                peer = self.tls.wrap_socket(peer, server_side=True)
            stream = peer.makefile("rb")
            while self.one(peer, stream, number):
                pass

    def one(self, peer, stream, number):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = stream.readline()
            if not line:
                return False
            head += line
        request = Recorded(head[:-4], b"", number, time.monotonic())
        if (request.get("Transfer-Encoding") or "").lower() == "chunked":
            while True:
                size = int(stream.readline(), 16)
                request.body += stream.read(size)
                stream.readline()
                if size == 0:
                    break
        else:
            request.body = stream.read(int(request.get("Content-Length") or 0))
        with self.lock:
            self.requests.append(request)
            path = re.sub(r"^http://[^/]*", "", request.target).split("?")[0]
            answers = self.script.get(path, [answer()])
            said = answers.pop(0) if len(answers) > 1 else answers[0]
        if callable(said):
            said = said(request)
        if said == "stall":
            return stream.read(1) != b""
        if said == "reset":
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            stream.close()
            return False
        data, close = said if isinstance(said, tuple) else (said, "")
        if request.method == "HEAD":
            data = data[:data.index(b"\r\n\r\n") + 4]
        peer.sendall(data)
        return not close


# ---- header by header ----------------------------------------------------------------------------

class Rule:
    """A difference on purpose; each has to occur."""

    def __init__(self, field, theirs, ours, why):
        self.patterns, self.why, self.used = (field, theirs, ours), why, False

    def covers(self, *said):
        fits = all(re.fullmatch(p, "<none>" if s is None else s, re.S)
                   for p, s in zip(self.patterns, said))
        self.used = self.used or fits
        return fits


RULES = [
    Rule("User-Agent", r"python-requests/[\d.]+", r"workbook-requests/[\d.]+", "each its own name"),
    Rule("Connection", "keep-alive", "<none>",
         "HTTP/1.1 keeps connections by itself: RFC 9112 section 9.3"),
    Rule("Accept-Encoding", "identity", "<none>",
         "a field that is taken out is not sent; http.client puts another in its place"),
    Rule("Content-Type", "multipart/form-data; boundary=.*",
         "multipart/form-data; boundary=-+.*", "the boundary is random"),
    Rule("Content-Length", r"\d+", r"\d+ multipart", "boundaries have other lengths"),
    Rule("part", r"Content-Disposition: [^\r]*filename=[^\r]*",
         r"Content-Disposition: [^\r]*filename=[^\r]*\r\nContent-Type: [^\r]*",
         "libcurl tells the type of every file"),
    Rule("Content-Length", "0", "4", "the same as the next"),
    Rule("body", "", "body", "a PUT that stays one after a 301 keeps its body: RFC 9110 section "
         "15.4.2; requests sends none"),
    Rule("body", r".*\\u00e9.*", r".*\\u00E9.*", "jansson writes large hexadecimal digits"),
    Rule("Authorization", r"Digest .*response=.*", r"Digest .*response=.*",
         "the client's nonce is random, the order of the parts free: RFC 7616 section 3.4"),
]


def parts_of(request):
    """A multipart body as its parts, without the boundary."""
    boundary = re.search(r"boundary=(\S+)", request.get("Content-Type"))[1].encode()
    return [p.strip(b"\r\n").decode("latin-1") for p in request.body.split(b"--" + boundary)[1:-1]]


def differences(theirs, ours):
    """(field, Python's, ours) of all that is not the same in two requests."""
    names = {n.lower(): n for n, _ in theirs.fields + ours.fields}
    multipart = (ours.get("Content-Type") or "").startswith("multipart/")
    for key, name in names.items():
        a = [v for n, v in theirs.fields if n.lower() == key]
        b = [v for n, v in ours.fields if n.lower() == key]
        if key == "content-length" and multipart:
            b = [b[0] + " multipart"]
        if a != b:
            yield name, ", ".join(a) if a else None, ", ".join(b) if b else None
    if theirs.line != ours.line:
        yield "line", theirs.line, ours.line
    if multipart:
        for a, b in zip(parts_of(theirs), parts_of(ours), strict=True):
            if a != b:
                yield ("part", *((a.split("\r\n\r\n", 1)[0], b.split("\r\n\r\n", 1)[0])
                                 if a.split("\r\n\r\n", 1)[1] == b.split("\r\n\r\n", 1)[1]
                                 else (a, b)))
    elif theirs.body != ours.body:
        yield "body", theirs.body.decode("latin-1"), ours.body.decode("latin-1")


def digest(request):
    if request.get("Authorization"):
        return answer()
    return answer("401 Unauthorized", b"", 'WWW-Authenticate: Digest realm="r", nonce="n", '
                  'qop="auth", algorithm=SHA-256, opaque="o"')


def to(status, target, *fields):
    return answer(status, b"", "Location: " + target, *fields)


def the_calls(base, other):
    """By name: calls in one session."""
    photo = AUTHORITY / "authority.pem"
    return {
        "plain": [{"method": "GET", "url": base + "/"}],
        "no path": [{"method": "GET", "url": base + "?a"}],
        "methods": [{"method": m, "url": base + "/m"}
                    for m in ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")],
        "params": [{"method": "GET", "url": base + "/a?x=1&x=2#f",
                    "params": [["q", "two words"], ["q", "ü&="], ["empty", ""], ["plus", "1+1"]]}],
        "quoting": [{"method": "GET", "url": base + u} for u in
                    ("/ä b", "/%41%7e%2f", "/100%", "/a[b]c|d", "/q?a=ü b&c='d'\"")],
        "headers": [{"method": "GET", "url": base + "/",
                     "headers": [["X-One", "1"], ["accept", "text/html"], ["X-Empty", ""]]},
                    {"method": "GET", "url": base + "/", "headers": [["Accept", None],
                                                                     ["Accept-Encoding", None]]}],
        "data": [{"method": "POST", "url": base + "/", "data": "raw bytes"},
                 {"method": "GET", "url": base + "/", "data": "a body with GET"}],
        "form": [{"method": "POST", "url": base + "/",
                  "form": [["a", "b c"], ["ü", "1&2"], ["a", ""]]}],
        "json": [{"method": "PUT", "url": base + "/", "json": {"name": "café", "list": [1, None]}},
                 {"method": "POST", "url": base + "/", "json": [],
                  "headers": [["Content-Type", "application/vnd.x+json"]]}],
        "files": [{"method": "POST", "url": base + "/", "form": [["title", "one"]], "files": [
            {"name": "photo", "path": str(photo), "filename": "a.pem"},
            {"name": "note", "data": "text", "filename": "n.txt", "type": "text/plain"}]}],
        "upload": [{"method": "POST", "url": base + "/", "upload": True}],
        "basic": [{"method": "GET", "url": base + "/", "auth": ["basic", "user", "pä:ss"][:2]
                   + ["pass"]},
                  {"method": "GET", "url": base.replace("//", "//u%40x:p%3A@") + "/"}],
        "bearer": [{"method": "GET", "url": base + "/", "auth": ["bearer", "token"]}],
        "digest": [{"method": "GET", "url": base + "/digest", "auth": ["digest", "u", "p"]}],
        "cookies": [{"method": "GET", "url": base + "/set"}, {"method": "GET", "url": base + "/"},
                    {"method": "GET", "url": base + "/", "cookies": [["own", "1"]]},
                    {"method": "GET", "url": base + "/gone"}, {"method": "GET", "url": base + "/"}],
        "redirects": [{"method": m, "url": base + "/r%d" % s, "data": "body"}
                      for m in ("POST", "PUT") for s in (301, 302, 303, 307, 308)]
        + [{"method": "HEAD", "url": base + "/r302"}, {"method": "GET", "url": base + "/r302",
                                                       "allow_redirects": False},
           {"method": "HEAD", "url": base + "/r303", "allow_redirects": True}],
        "another host": [{"method": "GET", "url": base + "/away", "auth": ["basic", "u", "p"]},
                         {"method": "GET", "url": base + "/here", "auth": ["basic", "u", "p"]}],
        "another port": [{"method": "GET", "url": base + "/port", "auth": ["basic", "u", "p"]}],
        "on the way": [{"method": "GET", "url": base + "/way"},
                       {"method": "GET", "url": base + "/fragment#f"}],
        "other": [{"method": "GET", "url": other + "/"}],
        "proxy": [{"method": "GET", "url": "http://no.such.invalid/x?y",
                   "proxies": {"http": other}}],
        "proxy with a password": [{"method": "POST", "url": "http://no.such.invalid:8/x",
                                   "data": "b", "proxies": {"http": other.replace(
                                       "//", "//u:p@")}}],
    }


def wire(tap, driver):
    script = {"/r%d" % s: [to("%d X" % s, "/end")] for s in (301, 302, 303, 307, 308)}
    script.update({"/digest": [digest], "/set": [answer("200 OK", b"", "Set-Cookie: n=v; Path=/")],
                   "/gone": [answer("200 OK", b"", "Set-Cookie: n=; Max-Age=0; Path=/")],
                   "/here": [to("302 Found", "/end?a=ü b".encode().decode("latin-1"))],
                   "/fragment": [to("302 Found", "/end")],
                   "/way": [to("302 Found", "//localhost:%d/end" % 0, "Set-Cookie: w=1")]})
    with Server() as other, Server(script) as server:
        there = "http://127.0.0.1:%d" % other.port
        script["/port"] = [to("302 Found", "http://localhost:%d/end" % other.port)]
        script["/away"] = [to("302 Found", there + "/end")]
        script["/way"] = [to("302 Found", "//localhost:%d/end" % server.port,
                             "Set-Cookie: w=1; Path=/")]
        server.script = script
        for name, calls in the_calls(server.base, there).items():
            seen = []
            for ask in (python, driver.ask):
                server.requests.clear()
                other.requests.clear()
                said = ask(*calls)
                seen.append((said, list(server.requests + other.requests)))
            (theirs, a), (ours, b) = seen
            left = [d for x, y in zip(a, b) for d in differences(x, y)
                    if not any([rule.covers(*d) for rule in RULES])]
            tap.ok(len(a) == len(b) and a and not left, "on the wire as requests: " + name,
                   (len(a), len(b), left, ours))
            keys = ("status", "history", "url", "cookies", "failed")
            said = [({k: x.get(k) for k in keys}, {k: y.get(k) for k in keys})
                    for x, y in zip(theirs, ours) if any(x.get(k) != y.get(k) for k in keys)]
            if name == "digest":  # libcurl answers the 401 itself, and it is no part of a history
                said = [x for x in said if dict(x[0], history=[]) != x[1]
                        or x[0]["history"] != [401]]
            if name == "basic":  # a password in a URL stays out of what is shown
                said = [x for x in said if "u%40x" not in x[0]["url"] or "p%3A" in x[1]["url"]]
            tap.ok(not said, "given as by requests: " + name, said)
    for rule in RULES:
        tap.ok(rule.used, "this difference occurs: %s: %s" % (rule.patterns[0], rule.why))


# ---- what comes back -----------------------------------------------------------------------------

def page(body, kind=None, *fields):
    return [answer("200 OK", body, *(["Content-Type: " + kind] if kind else []), *fields)]


def responses(tap, driver):
    script = {
        "/utf8": page("grün €".encode(), "text/html; charset=utf-8"),
        "/latin": page(b"gr\xfcn", "text/plain"),
        "/quoted": page(b"gr\xfcn", 'text/plain; charset="iso-8859-1"'),
        "/1252": page(b"\x80 5", "text/plain; charset=windows-1252"),
        "/utf16": page("grün".encode("utf-16"), "text/plain; charset=utf-16"),
        "/json": page('{"ü": [1.5]}'.encode(), "application/json"),
        "/gzip": page(gzip.compress(b"packed"), "text/plain", "Content-Encoding: gzip"),
        "/bad": page(b"a\xffb", "text/plain; charset=utf-8"),
        "/empty": page(b"", "text/plain"),
        "/nothing": [answer("204 No Content", b"", length=False)],
        "/reason": [answer("404 Nicht da", b"x")],
        "/no-reason": [answer("200 ", b"x", "Content-Type: text/plain; charset=utf-8")],
        "/early": [b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n" + answer()],
        "/link": [answer("200 OK", b"", 'Link: </items?page=2>; rel="next"; title="a, b; c"',
                         "Link: <http://other/last>; rel=last")],
        "/unknown": page("grün".encode(), "text/plain; charset=x-no-such"),
        "/none": page("grün".encode()),
    }
    with Server(script) as server:
        calls = [{"method": "GET", "url": server.base + path} for path in script]
        theirs, ours = python(*[dict(c) for c in calls]), driver.ask(*calls)
        for path, a, b in zip(script, theirs, ours):
            keys = ("status", "reason", "text", "encoding", "url")
            if path == "/none":  # Python 3's requests guesses by chardet; here UTF-8 is recognized
                keys = ("status", "encoding")
            if path == "/early":
                keys = ("status", "url")  # http.client knows of 100 alone, and takes 103 for all
                a = dict(a, status=200)
            tap.ok(all(a[k] == b[k] for k in keys), "as requests: " + path,
                   {k: (a[k], b[k]) for k in keys if a[k] != b[k]})
        by = dict(zip(script, ours))
        tap.ok(by["/json"]["json"] == {"ü": [1.5]}, "JSON is read", by["/json"])
        tap.ok(by["/utf16"]["apparent"] == "utf-16" and by["/none"]["apparent"] == "utf-8"
               and by["/latin"]["apparent"] == "ISO-8859-1" and by["/gzip"]["apparent"] == "ascii",
               "what bytes look like")
        links = requests.get(server.base + "/link", timeout=10).links
        tap.ok(by["/link"]["next"] == server.base + "/items?page=2"
               and [(x["url"], x["rel"]) for x in by["/link"]["links"]]
               == [(x["url"], x["rel"]) for x in links.values()],
               "links as requests has them, and joined", (by["/link"]["links"], links))
        tap.ok(by["/link"]["links"][0]["title"] == "a, b; c",
               "a title with ; and , in quotes stays whole, where requests loses it")
        tap.ok(by["/reason"]["raised"] == "404 Client Error: Nicht da for url: %s/reason"
               % server.base, "raise_for_status() says what requests says", by["/reason"])
        kept = driver.ask(*[{"method": "GET", "url": server.base + "/none"}] * 5)
        tap.ok([x["connections"] for x in kept] == [1, 0, 0, 0, 0], "one connection for a session")
        said = driver.ask({"method": "GET", "url": server.base + "/gzip", "stream": True})[0]
        tap.ok(said["streamed"] == "packed" and said["length"] == 0, "a stream is decoded", said)


def hooks(tap, driver):
    script = {"/r": [to("302 Found", "/end")], "/tea": [answer("418 Teapot", b"")]}
    with Server(script) as server:
        driver.ask({"method": "GET", "url": server.base + "/r", "sign": "abc"})
        tap.ok([r.get("X-Signature") for r in server.requests] == ["abc", "abc"],
               "a request hook sees the redirect, too")
        said = driver.ask({"method": "GET", "url": server.base + "/tea", "refuse": True},
                          {"method": "GET", "url": server.base + "/r", "refuse": True},
                          {"method": "GET", "url": server.base + "/", "sign": "a\r\nb"},
                          {"method": "GET", "url": server.base + "/", "auth": ["custom", "mine"]})
        tap.ok(said[0]["failed"] == "Stopped" and said[0]["words"] == "a teapot"
               and said[1]["status"] == 200, "a response hook may end it", said)
        tap.ok(said[2]["failed"] == "InvalidHeader", "a hook's error is the caller's", said[2])
        tap.ok(server.requests[-1].get("X-Signature") == "mine", "an auth function of one's own")


# ---- errors by family ----------------------------------------------------------------------------

def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


@contextlib.contextmanager
def full_port():
    """Connections to it are never made: its queue is full."""
    with socket.socket() as one, contextlib.ExitStack() as stack:
        one.bind(("127.0.0.1", 0))
        one.listen(0)
        for _ in range(3):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(one.getsockname())
        yield one.getsockname()[1]


def tls_context(name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(AUTHORITY / (name + ".pem"), AUTHORITY / (name + ".key"))
    return context


def errors(tap, driver):
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    script = {"/slow": ["stall"], "/loop": [to("302 Found", "/loop")], "/reset": ["reset"],
              "/cut": [(chunked + b"5\r\nhe", "close")], "/zz": [(chunked + b"zz\r\n", "close")],
              "/short": [(answer("200 OK", b"abc").replace(b": 3", b": 9"), "close")],
              "/gzip": page(b"no gzip at all", "text/plain", "Content-Encoding: gzip"),
              "/nothing": [(b"", "close")], "/noise": [(b"SSH-2.0-x\r\n\r\n", "close")],
              "/ftp": [to("302 Found", "ftp://localhost/x")],
              "/404": [answer("404 Not Found")]}
    good = str(AUTHORITY / "authority.pem")
    with Server(script) as server, Server(tls=tls_context("localhost")) as tls, \
            Server(tls=tls_context("localhost"), host="127.0.0.2") as named, full_port() as full:
        base = server.base
        cases = [  # name, call, Python's exception and our family where it is another
            ("refused", {"url": "http://localhost:%d/" % closed_port()}, None),
            ("no such name", {"url": "http://no.such.invalid/"}, None),
            ("connect time-out", {"url": "http://127.0.0.1:%d/" % full, "timeout": 0.3}, None),
            ("read time-out", {"url": base + "/slow", "timeout": 0.3}, None),
            ("reset", {"url": base + "/reset"}, None),
            ("closed without an answer", {"url": base + "/nothing"}, None),
            ("no HTTP", {"url": base + "/noise"}, None),
            ("unknown authority", {"url": tls.base + "/"}, None),
            ("wrong host", {"url": "https://127.0.0.2:%d/" % named.port,
                            "verify": good}, None),
            # For libcurl TLS is a part of connecting.
            ("no TLS there", {"url": base.replace("http", "https") + "/", "timeout": 0.5},
             ("ReadTimeout", "ConnectTimeout")),
            ("too many redirects", {"url": base + "/loop", "max_redirects": 5}, None),
            ("chunks cut", {"url": base + "/cut"}, None),
            ("chunks malformed", {"url": base + "/zz"}, None),
            ("body cut", {"url": base + "/short"}, ("none", "ChunkedEncodingError")),
            ("bad gzip", {"url": base + "/gzip"}, None),
            ("no scheme", {"url": "localhost/x"}, ("MissingSchema", "InvalidURL")),
            ("another scheme", {"url": "ftp://localhost/"}, ("InvalidSchema", "InvalidURL")),
            ("to another scheme", {"url": base + "/ftp"}, ("InvalidSchema", "InvalidURL")),
            ("no host", {"url": "http:///x"}, None),
            ("bad port", {"url": "http://localhost:99999/"}, None),
            ("host with a star", {"url": "http://*.x/"}, None),
            ("CR LF in a header", {"url": base, "headers": [["X", "a\r\nB: c"]]}, None),
            ("CR LF in a cookie", {"url": base, "cookies": [["X", "a\r\nB: c"]]},
             ("ValueError", "InvalidHeader")),
            ("no proxy there", {"url": base, "proxies": {
                "http": "http://localhost:%d" % closed_port()}}, None),
        ]
        for name, call, differ in cases:
            call["method"] = "GET"
            theirs, ours = python(dict(call))[0], driver.ask(call)[0]
            pair = theirs.get("failed", "none"), ours.get("failed", "none")
            wanted = differ or (pair[0], pair[0])
            tap.ok(pair == wanted and ours.get("words"), "error: %s: %s" % (name, pair[1]),
                   (pair, wanted, theirs, ours))
        lower = driver.ask({"method": "GET", "url": base + "/404", "limit": 2},
                           {"method": "GET", "url": base + "/404"},
                           {"method": "POST", "url": base, "data": "a", "form": [["b", "c"]]},
                           {"method": "GET", "url": base + "/slow", "total_timeout": 0.2},
                           {"method": "G T", "url": base})
        tap.ok([x.get("failed") for x in lower] ==
               ["TooLarge", None, "RequestException", "ReadTimeout", "RequestException"],
               "the limit, a status, two bodies, a whole time, a method", lower)
        verified = driver.ask({"method": "GET", "url": tls.base, "verify": good},
                              {"method": "GET", "url": tls.base, "insecure": True})
        tap.ok([x.get("status") for x in verified] == [200, 200], "TLS when trusted", verified)
        bundle = driver.ask({"method": "GET", "url": tls.base}, REQUESTS_CA_BUNDLE=good)
        blind = driver.ask({"method": "GET", "url": tls.base, "trust_env": False},
                           REQUESTS_CA_BUNDLE=good)
        tap.ok(bundle[0].get("status") == 200 and blind[0].get("failed") == "SSLError",
               "REQUESTS_CA_BUNDLE counts, but not without trust_env", (bundle, blind))


# ---- trying again --------------------------------------------------------------------------------

def gaps(server):
    return [b.when - a.when for a, b in zip(server.requests, server.requests[1:])]


def tried(driver, server, path, retry, method="GET", **more):
    server.requests.clear()
    return driver.ask(dict(more, method=method, url=server.base + path, retry=retry))[0]


def retries(tap, driver):
    busy = answer("503 Busy", b"")
    with Server() as server:
        said = tried(driver, server, "/", {"total": 3})
        tap.ok(said["tries"] == 1 and len(server.requests) == 1, "what is fine is asked once")
        server.script["/a"] = [busy, busy, answer()]
        said = tried(driver, server, "/a", {"total": 3, "backoff": 0.01})
        tap.ok(said["tries"] == 3 and said["status"] == 200, "503 twice, then 200", said)
        server.script["/b"] = [busy]
        said = tried(driver, server, "/b", {"total": 2, "backoff": 0.01})
        tap.ok(said["failed"] == "RetryError" and said["status"] == 503
               and len(server.requests) == 3, "in the end a RetryError", said)
        said = tried(driver, server, "/b", {"total": 1, "backoff": 0.01, "return_last": True})
        tap.ok(said.get("status") == 503 and said["tries"] == 2, "or the response", said)
        for method, wanted in (("POST", 1), ("PATCH", 1), ("PUT", 3), ("DELETE", 3), ("HEAD", 3)):
            tried(driver, server, "/b", {"total": 2, "backoff": 0.01}, method)
            tap.ok(len(server.requests) == wanted, "%s goes %d times" % (method, wanted))
        tried(driver, server, "/b", {"total": 2, "backoff": 0.01, "any_method": True}, "POST")
        tap.ok(len(server.requests) == 3, "POST again where the caller says so")
        tried(driver, server, "/b", {"total": 2, "backoff": 0.01, "statuses": [500]})
        tap.ok(len(server.requests) == 1, "a status that is not in the list")
        for name, first in (("reset", "reset"), ("closed", (b"", "close")),
                            ("body cut", (answer().replace(b": 5", b": 9"), "close"))):
            server.script["/c"] = [first, answer()]
            said = tried(driver, server, "/c", {"total": 1, "backoff": 0.01})
            tap.ok(said.get("status") == 200 and len(server.requests) == 2, "again after: " + name,
                   said)
            server.script["/c"] = [first, answer()]
            said = tried(driver, server, "/c", {"total": 1, "backoff": 0.01}, "POST")
            tap.ok("failed" in said and len(server.requests) == 1, "but not a POST: " + name, said)
        server.script["/d"] = ["stall", answer()]
        said = tried(driver, server, "/d", {"total": 1, "backoff": 0.01}, timeout=0.3)
        tap.ok(said.get("status") == 200, "again after a read time-out", said)
        said = tried(driver, server, "/b", {"total": 1, "backoff": 0.01}, "PUT", upload=True)
        tap.ok(said["status"] == 503 and server.requests[0].body == b"piece" * 3
               and len(server.requests) == 1, "an upload cannot be read twice", said)
        mounted = driver.ask(
            {"method": "GET", "url": server.base + "/b"},
            {"method": "GET", "url": server.base.replace("localhost", "127.0.0.1") + "/b"},
            mount={"prefix": server.base.upper(), "retry": {"total": 1, "backoff": 0.01}})
        tap.ok(mounted[0].get("failed") == "RetryError" and mounted[1].get("status") == 503,
               "mount(): for the URLs that begin so", mounted)
        streamed = tried(driver, server, "/b", {"total": 1, "backoff": 0.01, "return_last": True},
                         stream=True)
        tap.ok(streamed["tries"] == 2 and streamed["streamed"] == "", "a stream and tries")
        port = closed_port()
        said = driver.ask({"method": "POST", "url": "http://127.0.0.1:%d/" % port,
                           "retry": {"total": 2, "backoff": 0.01}})[0]
        tap.ok("3 tries" in said["words"], "what never left goes again, a POST too", said)


def waits(tap, driver):
    busy = answer("503 Busy", b"")
    with Server() as server:
        server.script["/s"] = [answer("503 Busy", b"", "Retry-After: 1"), answer()]
        tried(driver, server, "/s", {"total": 1, "backoff": -1})
        tap.ok(1 <= gaps(server)[0], "Retry-After in seconds", gaps(server))
        when = email.utils.formatdate(time.time() + 2, usegmt=True)
        server.script["/t"] = [answer("429 Slow", b"", "Retry-After: " + when), answer()]
        tried(driver, server, "/t", {"total": 1, "backoff": -1})
        tap.ok(0.9 <= gaps(server)[0], "Retry-After as a date", gaps(server))
        server.script["/u"] = [answer("503 Busy", b"", "Retry-After: 30"), answer()]
        before = time.monotonic()
        said = tried(driver, server, "/u", {"total": 1, "budget": 1})
        tap.ok(said["failed"] == "RetryError" and "budget" in said["words"]
               and time.monotonic() - before < 25, "a wait beyond the budget is not begun", said)
        server.script["/u"] = [answer("503 Busy", b"", "Retry-After: 30"), answer()]
        said = tried(driver, server, "/u", {"total": 1, "backoff": -1, "no_retry_after": True})
        tap.ok(said.get("status") == 200, "no_retry_after", said)
        server.script["/v"] = [busy]
        begun = time.monotonic()
        tried(driver, server, "/v", {"total": 1000, "backoff": 0.01, "most": 0.02, "budget": 0.5})
        tap.ok(2 < len(server.requests) and server.requests[-1].when - begun < LIMIT / 2,
               "tries end with the budget", len(server.requests))
        starts = []
        for _ in range(3):
            tried(driver, server, "/v", {"total": 4, "backoff": 0.1})
            starts.append(gaps(server))
        tap.ok(len({tuple(round(gap, 3) for gap in x) for x in starts}) > 1,
               "waits differ from run to run: jitter", starts)


# ---- real servers --------------------------------------------------------------------------------

@contextlib.contextmanager
def started(*command):
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True) as process:
        try:
            line = process.stdout.readline()
            yield int(re.search(r":(\d+)\s*$", line)[1])
        finally:
            process.terminate()


def real(tap, driver, name, base):
    """What httpbin has, and the testbed too."""
    auth = ["digest", "u", "p"]
    calls = [{"method": "GET", "url": base + "/get", "params": [["a", "ü b"]]},
             {"method": "POST", "url": base + "/post", "form": [["a", "b c"]],
              "files": [{"name": "f", "data": "text", "filename": "ü.txt", "type": "text/plain"}]},
             {"method": "PUT", "url": base + "/put", "json": {"a": [1, "u"]}},
             {"method": "GET", "url": base + "/redirect/3"},
             {"method": "GET", "url": base + "/cookies/set?n=v"},
             {"method": "GET", "url": base + "/digest-auth/auth/u/p", "auth": auth},
             {"method": "GET", "url": base + "/basic-auth/u/p", "auth": ["basic", "u", "p"]},
             {"method": "GET", "url": base + "/gzip"}, {"method": "GET", "url": base + "/deflate"},
             {"method": "GET", "url": base + "/encoding/utf8"},
             {"method": "GET", "url": base + "/status/418"},
             {"method": "DELETE", "url": base + "/delete"},
             {"method": "GET", "url": base + "/stream/3"}]
    theirs, ours = python(*[dict(c) for c in calls]), driver.ask(*calls)
    for call, a, b in zip(calls, theirs, ours):
        keys = ["status", "url", "cookies", "encoding"]
        keys += ["history"] * ("digest" not in call["url"])
        same = all(a.get(k) == b.get(k) for k in keys)
        try:
            x, y = json.loads(a["text"]), json.loads(b["text"])
            for one in (x, y):
                one.pop("headers", None)
            same = same and x == y
        except ValueError:
            same = same and (a.get("text") == b.get("text") or "/stream" in call["url"])
        tap.ok(same, "%s: %s %s" % (name, call["method"], call["url"][len(base):]), (a, b))


def testbed(tap, driver):
    with started(str(ROOT / "build/testbed"), "0") as port:
        real(tap, driver, "testbed", "http://localhost:%d" % port)


def httpbin(tap, driver):
    with started("/usr/bin/python3", "-c", HTTPBIN) as port:
        real(tap, driver, "httpbin", "http://127.0.0.1:%d" % port)


NGINX = """
daemon off; master_process off; pid %(folder)s/nginx.pid; error_log %(folder)s/error.log;
events {}
http {
    access_log off; root %(folder)s; gzip on; gzip_types *; gzip_min_length 1; %(temp)s
    server { listen 127.0.0.1:%(port)d; listen 127.0.0.1:%(tls)d ssl;
        ssl_certificate %(authority)s/localhost.pem;
        ssl_certificate_key %(authority)s/localhost.key;
        location /old { return 301 /page.txt; }
        location /limit { client_max_body_size 1k; dav_methods PUT; } }
}
"""


def nginx(tap, driver):
    if not Path("/usr/sbin/nginx").exists():
        tap.ok(not CI, "nginx # SKIP there is none here")
        return
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        port, tls = closed_port(), closed_port()
        Path(folder, "page.txt").write_text("a page\n" * 1000)
        temp = " ".join("%s_temp_path %s/%s;" % (k, folder, k) for k in
                        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        Path(folder, "nginx.conf").write_text(NGINX % {
            "folder": folder, "port": port, "tls": tls, "authority": AUTHORITY, "temp": temp})
        with subprocess.Popen(["/usr/sbin/nginx", "-p", folder, "-e", folder + "/error.log",
                               "-c", folder + "/nginx.conf"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            end = time.monotonic() + LIMIT
            while time.monotonic() < end and process.poll() is None:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
            base, secure = "http://localhost:%d" % port, "https://localhost:%d" % tls
            good = str(AUTHORITY / "authority.pem")
            calls = [{"method": "GET", "url": base + "/page.txt"},
                     {"method": "GET", "url": base + "/old"},
                     {"method": "HEAD", "url": base + "/page.txt"},
                     {"method": "GET", "url": base + "/none"},
                     {"method": "GET", "url": secure + "/page.txt", "verify": good},
                     {"method": "PUT", "url": base + "/limit", "data": "x" * 4096}]
            theirs, ours = python(*[dict(c) for c in calls]), driver.ask(*calls)
            process.terminate()
        for call, a, b in zip(calls, theirs, ours):
            keys = ("status", "reason", "history", "text", "encoding")
            tap.ok("failed" not in a and all(a.get(k) == b.get(k) for k in keys),
                   "nginx: %s %s" % (call["method"], call["url"].split("/", 3)[3]), (a, b))


TESTS = {"wire": wire, "responses": responses, "hooks": hooks, "errors": errors,
         "retries": retries, "waits": waits, "testbed": testbed, "httpbin": httpbin,
         "nginx": nginx}


def main():
    names = sys.argv[1:] or list(TESTS)
    tap = Tap()
    folder = tempfile.mkdtemp()
    try:
        driver = Driver(folder)
        for name in names:
            TESTS[name](tap, driver)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
