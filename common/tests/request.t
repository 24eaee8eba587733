#!/usr/bin/python3 -B
"""Openers and handlers of chapter 3, sanitized, with scripted servers, tinyproxy and TLS; and
beside them Python's urllib.request, which does the same with the same servers: what it gives its
caller, and what the servers see of it.

Options are names of tests, to try those alone: common/tests/request.t redirects
"""
import base64
import contextlib
import hashlib
import http.cookiejar
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
import urllib.error
import urllib.request
from collections import namedtuple
from pathlib import Path

from tap import Tap

ROOT = Path(__file__).resolve().parents[2]
AUTHORITY = ROOT / "build/authority"
LIMIT = 60  # seconds: how long a machine may be slow before a test gives up
CI = os.environ.get("CI") == "true"
# Nothing of this machine's own settings, for us and for Python.
for _name in [name for name in os.environ if name.lower().endswith("_proxy")] + ["REQUEST_METHOD"]:
    os.environ.pop(_name, None)
# enum url_failure, by name and by number
FAILURES = re.findall(r"^    (URL_\w+)", re.search(
    r"enum url_failure \{(.*?)\n\};", (ROOT / "03_urllib/urllib/error.h").read_text(), re.S)[1],
    re.M)

Request = namedtuple("Request", "method target fields body")


def field(request, name):
    """The value of a field; None when it is not there."""
    return next((v for n, v in request.fields if n.lower() == name.lower()), None)


# ---- the two sides -------------------------------------------------------------------------------

class Driver:
    """The program that opens URLs, with all modules, sanitized."""

    def __init__(self, folder):
        self.program = Path(folder, "driver")
        sources = [ROOT / "common/tests/request_driver.c"]
        for part in ("03_urllib/urllib", "02_http/http", "common/core"):
            sources += sorted((ROOT / part).glob("*.c"))
        flags = ["-std=c11", "-D_GNU_SOURCE", "-O1", "-g", "-fsanitize=address,undefined",
                 "-fno-sanitize-recover=all", *("-I%s" % (ROOT / d)
                                                for d in ("common", "02_http", "03_urllib"))]
        objects = [str(Path(folder, "%d.o" % i)) for i in range(len(sources))]
        with contextlib.ExitStack() as stack:
            pending = list(zip(sources, objects))
            running = []
            while pending or running:
                while pending and len(running) < (os.cpu_count() or 1):
                    source, made = pending.pop()
                    running.append(stack.enter_context(
                        subprocess.Popen(["gcc", *flags, "-c", str(source), "-o", made])))
                if running.pop(0).wait() != 0:
                    raise SystemExit("the driver does not compile")
        subprocess.run(["gcc", *flags, *objects, "-o", str(self.program), "-lssl", "-lcrypto",
                        "-lpsl", "-ljansson", "-pthread"], check=True)

    def ask(self, *arguments, **environment):
        """What it says of each URL; a sanitizer's report is a failure."""
        done = subprocess.run([str(self.program), *(str(a) for a in arguments)],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT,
                              env=dict(os.environ, **environment), check=False)
        if done.returncode != 0:
            raise AssertionError("exit %d: %s" % (done.returncode, done.stderr.decode()))
        said = [json.loads(line) for line in done.stdout.decode().splitlines()]
        for one in (one for one in said if isinstance(one, dict) and "failure" in one):
            one["failure"] = FAILURES[one["failure"]]
            one["reading"] = FAILURES[one["reading"]]
            one["body"] = bytes.fromhex(one.get("body", ""))
        return said

    def one(self, *arguments, **environment):
        return self.ask(*arguments, **environment)[0]


def python(url, *handlers, data=None, method=None, fields=(), timeout=LIMIT):
    """What urllib.request makes of it: (exception, status, final URL, body)."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), *handlers)
    request = urllib.request.Request(url, data=data, method=method, headers=dict(fields))
    try:
        with opener.open(request, timeout=timeout) as response:
            return "none", response.status or 200, response.url, response.read()
    except urllib.error.HTTPError as error:
        return "HTTPError", error.code, error.url, error.read()
    except Exception as error:  # pylint: disable=broad-except
        return type(error).__name__, 0, "", b""


def ours(said):
    """The same of what the driver said."""
    if said["failure"] in ("URL_OK", "URL_HTTP", "URL_REDIRECT"):
        return said["name"], said["status"], said["url"], said["body"]
    return said["name"], 0, "", b""


def read_request(peer):
    """A request with its body; None when the peer has closed."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = peer.recv(1)
        if not byte:
            return None
        head += byte
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    fields = [tuple(line.split(": ", 1)) for line in lines]
    length = int(next((v for n, v in fields if n.lower() == "content-length"), 0))
    body = b""
    while len(body) < length:
        body += peer.recv(length - len(body))
    method, target, _ = first.split(" ")
    return Request(method, target, fields, body)


class Origin:
    """A server that answers each request with answer(request): bytes, or what is to be called with
    the connection. What it was asked stands in seen."""

    def __init__(self, answer, tls=None, host="127.0.0.1"):
        self.answer, self.tls, self.seen, self.raised = answer, tls, [], []
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listener = socket.create_server((host, 0), family=family)
        self.port = self.listener.getsockname()[1]
        self.base = "%s://%s:%d" % ("https" if tls else "http",
                                    "[%s]" % host if ":" in host else host, self.port)
        self.thread = threading.Thread(target=self.serve)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(LIMIT)
        self.listener.close()
        if self.raised:
            raise self.raised[0]

    def serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            try:
                with contextlib.suppress(OSError), peer:
                    peer.settimeout(LIMIT)
                    if self.tls:
                        with self.tls.wrap_socket(peer, server_side=True) as secure:
                            self.play(secure)
                    else:
                        self.play(peer)
            except Exception as error:  # pylint: disable=broad-except
                self.raised.append(error)

    def play(self, peer):
        request = read_request(peer)
        if request is None:
            return
        self.seen.append(request)
        reply = self.answer(request)
        if callable(reply):
            reply(peer)
        else:
            peer.sendall(reply)

    def forget(self):
        """What was seen so far; and begins anew."""
        seen, self.seen = self.seen, []
        return seen


def reply(status, *fields, body=b"body\n"):
    lines = ["HTTP/1.1 %s" % status, *fields, "Content-Length: %d" % len(body)]
    return "\r\n".join(lines + ["", ""]).encode("latin-1") + body


def essence(request, *more):
    """What two clients must send alike."""
    names = ("Authorization", "Proxy-Authorization", "Cookie", "Content-Type", "Content-Length",
             "Host", "Accept-Encoding", "Connection") + more
    return (request.method, request.target, request.body, *(field(request, n) for n in names))


def alike(tap, driver, name, server, url, *, handlers=(), arguments=(), data=None, method=None,
          fields=()):
    """Asks twice, and compares what comes of it and what the server saw. What the driver said."""
    theirs = python(url, *handlers, data=data, method=method, fields=fields)
    wanted = [essence(request) for request in server.forget()]
    options = list(arguments)
    for n, v in fields:
        options += ["-H", "%s: %s" % (n, v)]
    if data is not None:
        options += ["-d", data.decode()]
    if method is not None:
        options += ["-m", method]
    said = driver.one(*options, url)
    mine = ours(said)
    seen = [essence(request) for request in server.seen]
    tap.ok(mine == theirs and seen == wanted, name,
           "Python: %r\nours:   %r\nPython sent: %r\nours:        %r"
           % (theirs, mine, wanted, seen))
    return said


# ---- http ----------------------------------------------------------------------------------------

def by_path(answers, usual=reply("404 Not Found", body=b"nothing here")):
    """A server's answers, by the target."""
    return lambda request: answers.get(request.target, usual)


def plain(tap, driver):
    answers = {
        "/": reply("200 OK", "Content-Type: text/plain"),
        "/a?b=c&d": reply("201 Made"),
        "/empty": reply("200 OK", body=b""),
        "/204": b"HTTP/1.1 204 No Content\r\n\r\n",
        "/chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "/close": b"HTTP/1.0 200 OK\r\n\r\nto the end",
        "/500": reply("500 Broken", body=b"sorry"),
        "/304": b"HTTP/1.1 304 Not Modified\r\n\r\n",
        "/300": reply("300 Choose", body=b"which?"),
    }
    with Origin(by_path(answers)) as server:
        for what, url in (("a page", "/"), ("no path", ""), ("a query", "/a?b=c&d"),
                          ("a query and no path", "?q"), ("a fragment", "/#part"),
                          ("an empty body", "/empty"), ("204", "/204"), ("chunks", "/chunked"),
                          ("a body up to the close", "/close"), ("404 and its body", "/none"),
                          ("500 and its body", "/500"), ("304", "/304"), ("300", "/300"),
                          ("dots stay", "/a/../b"), ("codes stay", "/%7e%2f"),
                          ("punctuation stays", "/{}|\\^`\"<>;=,'()*!$&+:@[]")):
            alike(tap, driver, "as Python: " + what, server, server.base + url)
            server.forget()
        alike(tap, driver, "as Python: POST", server, server.base + "/", data=b"a=1&b=2")
        server.forget()
        alike(tap, driver, "as Python: POST of nothing", server, server.base + "/", data=b"")
        server.forget()
        alike(tap, driver, "as Python: PUT with a type of its own", server, server.base + "/",
              data=b"{}", method="PUT", fields=[("Content-Type", "application/json")])
        server.forget()
        alike(tap, driver, "as Python: HEAD", server, server.base + "/", method="HEAD")
        server.forget()
        alike(tap, driver, "as Python: DELETE", server, server.base + "/", method="DELETE")
        server.forget()
        alike(tap, driver, "as Python: fields of the caller's", server, server.base + "/",
              fields=[("Authorization", "mine"), ("Cookie", "a=b"), ("Host", "other.test")])
        server.forget()

        said = driver.one(server.base + "/none")
        tap.ok((said["failure"], said["error_status"], said["text"], said["body"]) ==
               ("URL_HTTP", 404, "404 Not Found", b"nothing here"),
               "an error of HTTP has its status, and the response can be read", said)
        said = driver.one("-E", server.base + "/none")
        tap.ok((said["failure"], said["status"]) == ("URL_OK", 404),
               "without the handler of errors every status is a response", said)
        server.forget()
        driver.one(server.base + "/")
        driver.one("-H", "User-Agent: me", server.base + "/")
        agents = [field(request, "User-Agent") for request in server.seen]
        tap.ok(agents == ["workbook-urllib/1.0", "me"], "User-Agent is ours, or the caller's",
               agents)
        said = driver.one(server.base + "/chunked")
        tap.ok(said["length"] == -1 and driver.one(server.base + "/")["length"] == 5,
               "a length is known, or not", said)
    with Origin(by_path({"/": reply("200 OK")}), host="::1") as server:
        driver.one(server.base + "/")
        tap.ok(field(server.seen[0], "Host") == "[::1]:%d" % server.port,
               "Host has brackets around IPv6, and the port", server.seen)


def bad_urls(tap, driver):
    with Origin(by_path({"/": reply("200 OK")})) as server:
        for url, text in (("no-scheme", "scheme"), ("/path", "scheme"), ("http://", "host"),
                          ("http:///path", "host"), ("http://host:x/", "port"),
                          ("http://host:65536/", "port"), ("http://host:0/", "port"),
                          (server.base + "/a b", "blank"), (server.base + "/\u00e9", "ASCII"),
                          (server.base + "/a\x01", "control"),
                          (server.base + "/a\x7f", "control"), (server.base + "/a\r\nb: c", ""),
                          ("http://exa mple/", ""), ("http://[::1/", ""), ("http://a\u00e9/", ""),
                          (server.base.replace("//", "//user:secret@") + "/", "password"),
                          (server.base.replace("//", "//user@") + "/", "password")):
            said = driver.one(url)
            tap.ok((said["failure"], said["name"]) == ("URL_BAD_URL", "ValueError") and
                   text in said["text"] and "secret" not in said["text"],
                   "refused before anything is sent: %r" % url, said)
        for options in (("-m", "GE T"), ("-m", "GET /x HTTP/1.1\r\nA: b")):
            said = driver.one(*options, server.base + "/")
            tap.ok(said["failure"] == "URL_BAD_URL", "a method that is none: %r" % options[1], said)
        tap.ok(not server.seen, "and nothing was", server.seen)
    for url in ("ftp://host/", "gopher://x", "mailto:a@b"):
        said = driver.one(url)
        tap.ok(said["failure"] == "URL_UNKNOWN_SCHEME" and url.split(":")[0] in said["text"],
               "nobody opens %s" % url, said)
    tap.ok(driver.one("HTTP://127.0.0.1:1/")["failure"] == "URL_REFUSED",
           "a scheme in capitals is the same")


def cut(data):
    """Sends data and closes."""
    return lambda peer: peer.sendall(data)


def reset(data):
    """Sends data and resets."""
    def play(peer):
        peer.sendall(data)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    return play


def errors(tap, driver):
    """What each failure is, and what Python raises."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    said = driver.one("http://127.0.0.1:%d/" % port)
    tap.ok((said["failure"], said["number"]) == ("URL_REFUSED", "ECONNREFUSED"),
           "nobody listens", said)
    said = driver.one("http://no-such-name.invalid/")
    tap.ok(said["failure"] == "URL_NO_NAME", "a name that nobody has", said)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
    for what, answer, failure in (
            ("closed without a byte", cut(b""), "URL_BROKEN"),
            ("closed in the middle of the head", cut(b"HTTP/1.1 200 OK\r\nA: "), "URL_BROKEN"),
            ("what is no HTTP", cut(b"220 ftp ready\r\n"), "URL_BAD_ANSWER"),
            ("fields that are none", cut(b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n"), "URL_BAD_ANSWER"),
            ("a head without end", cut(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 40000),
             "URL_BAD_ANSWER")):
        with Origin(lambda request, answer=answer: answer) as server:
            said = driver.one(server.base + "/")
        tap.ok(said["failure"] == failure, what, said)
    with Origin(lambda request: cut(head + b"only4"[:4])) as server:
        said = driver.one("-2", server.base + "/")
        tap.ok((said["failure"], said["reading"], said["received"], said["expected"], said["body"])
               == ("URL_OK", "URL_TOO_SHORT", 4, 10, b"only"), "a body that is cut off", said)
        tap.ok(said["again"] == -1, "which is no end, however often it is read", said)
    chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with Origin(lambda request: cut(chunks + b"5\r\nabc")) as server:
        said = driver.one(server.base + "/")
        tap.ok((said["reading"], said["received"], said["expected"]) == ("URL_TOO_SHORT", 3, 0),
               "chunks that are cut off", said)
    with Origin(lambda request: cut(chunks + b"xyz\r\n")) as server:
        said = driver.one(server.base + "/")
        tap.ok(said["reading"] == "URL_BAD_ANSWER", "chunks that are none", said)
    with Origin(lambda request: reset(head + b"abc")) as server:
        said = driver.one(server.base + "/")
        tap.ok(said["reading"] in ("URL_BROKEN", "URL_TOO_SHORT") or
               said["failure"] == "URL_BROKEN", "reset in the body", said)
    with Origin(lambda request: reply("200 OK", body=b"0123456789")) as server:
        said = driver.one("-l", "9", server.base + "/")
        tap.ok((said["reading"], said["body"]) == ("URL_TOO_LONG", b"012345678"),
               "more than the caller's limit", said)
        said = driver.one("-l", "10", server.base + "/")
        tap.ok((said["reading"], len(said["body"])) == ("URL_OK", 10), "the limit itself", said)


def timeouts(tap, driver):
    with socket.socket() as full, contextlib.ExitStack() as stack:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        begin = time.monotonic()
        said = driver.one("-t", "200", "http://127.0.0.1:%d/" % port)
        waited = time.monotonic() - begin
        tap.ok(said["failure"] == "URL_TIMEOUT_CONNECT" and 0.2 <= waited < 8,
               "connecting takes too long", (waited, said))
    done = threading.Event()
    with Origin(lambda request: lambda peer: done.wait(LIMIT)) as server:
        begin = time.monotonic()
        said = driver.one("-t", "200", server.base + "/")
        waited = time.monotonic() - begin
        done.set()
        tap.ok((said["failure"], said["number"]) == ("URL_TIMEOUT_READ", "ETIMEDOUT") and
               0.2 <= waited < 20, "the head takes too long", (waited, said))
    done = threading.Event()

    def half(peer):
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        done.wait(LIMIT)

    with Origin(lambda request: half) as server:
        said = driver.one("-t", "1500", server.base + "/")
        done.set()
        tap.ok((said["failure"], said["reading"], said["body"]) ==
               ("URL_OK", "URL_TIMEOUT_READ", b"abc"), "the body takes too long", said)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        said = driver.one("-t", "200", "https://127.0.0.1:%d/" % port)
        tap.ok(said["failure"] == "URL_TIMEOUT_CONNECT", "TLS takes too long", said)


# ---- redirects -----------------------------------------------------------------------------------

def to(status, location, *fields):
    return reply("%d Elsewhere" % status, "Location: " + location, *fields, body=b"over there")


def redirects(tap, driver):
    def answer(request):
        found = re.match(r"/(30\d)(?:/(.*))?$", request.target)
        if found:
            return to(int(found[1]), found[2] or "/end")
        return reply("200 OK", body=request.method.encode() + b" " + request.target.encode())

    with Origin(answer) as server:
        for status in (301, 302, 303, 307, 308):
            url = server.base + "/%d" % status
            alike(tap, driver, "as Python: %d of a GET" % status, server, url,
                  fields=[("X-Mine", "kept"), ("Authorization", "mine")])
            server.forget()
        for status in (301, 302, 303):
            alike(tap, driver, "as Python: %d of a POST" % status, server,
                  server.base + "/%d" % status, data=b"a=1",
                  fields=[("Content-Type", "text/plain")])
            server.forget()
        for status in (307, 308):
            said = driver.one("-d", "a=1", "-H", "Content-Type: text/x",
                              server.base + "/%d" % status)
            seen = [(r.method, r.body, field(r, "Content-Type")) for r in server.forget()]
            tap.ok(said["status"] == 200 and seen == [("POST", b"a=1", "text/x")] * 2,
                   "%d keeps the method and the body" % status, seen)
        for method, status, then in (("HEAD", 301, "HEAD"), ("HEAD", 303, "HEAD"),
                                     ("PUT", 302, "PUT"), ("PUT", 303, "GET"),
                                     ("DELETE", 301, "DELETE")):
            driver.one("-m", method, server.base + "/%d" % status)
            seen = [r.method for r in server.forget()]
            tap.ok(seen == [method, then], "%s after %d is %s" % (method, status, then), seen)
    for location in ("x", "../x", "?q=1", "", "//127.0.0.1:PORT/y", "http://127.0.0.1:PORT",
                     "http://127.0.0.1:PORT?a=b", "HTTP://127.0.0.1:PORT/#f", "/a b", "/\u00e9",
                     "/z?a=b", "/x;y", "/%41%2f", "./", "a/./b/../c"):
        def relative(request, location=location):
            return to(302, location.replace("PORT", str(server.port))) \
                if request.target == "/from/here?x" and location else \
                reply("200 OK", body=request.target.encode())
        with Origin(relative) as server:
            alike(tap, driver, "as Python: to %r" % location, server, server.base + "/from/here?x")


def refused_redirects(tap, driver):
    def looping(request):
        return to(302, "/loop")

    def endless(request):
        number = int(re.sub(r"\D", "", request.target) or 0)
        return to(302, "/%d" % (number + 1)) if number < 20 else reply("200 OK")

    with Origin(looping) as server:
        alike(tap, driver, "as Python: a loop", server, server.base + "/loop")
        asked = len(server.seen)
        said = driver.one(server.base + "/loop")
        tap.ok(asked == 5 and said["failure"] == "URL_REDIRECT" and said["error_status"] == 302 and
               "circle" in said["text"] and said["body"] == b"over there",
               "which ends after four rounds, and the last answer can be read", said)
    with Origin(endless) as server:
        alike(tap, driver, "as Python: eleven in a row", server, server.base + "/0")
        asked = len(server.forget())
        said = driver.one(server.base + "/0")
        tap.ok(asked == 11 and said["failure"] == "URL_REDIRECT" and len(said["seen"]) == 10 and
               "too many" in said["text"], "ten are followed", (asked, said))
        server.forget()
        said = driver.one("-r", "3", server.base + "/0")
        tap.ok(len(server.forget()) == 4 and said["failure"] == "URL_REDIRECT",
               "or as many as the caller allows", said)
        said = driver.one("-r", "30", server.base + "/0")
        tap.ok(len(server.forget()) == 21 and said["redirects"] == 20 and
               said["seen"][0] == [302, server.base + "/1"], "and they are told", said)
    with Origin(lambda request: to(302, request.target + "x")) as server:
        said = driver.one("-r", "100000", server.base + "/")
        tap.ok(len(server.seen) == 101 and said["failure"] == "URL_REDIRECT",
               "but no more than 100", len(server.seen))
    with Origin(lambda request: reply("302 Found", body=b"where?")) as server:
        said = alike(tap, driver, "as Python: no Location", server, server.base + "/")
        tap.ok(said["failure"] == "URL_HTTP", "is an answer like others", said)
    for location in ("file:///etc/passwd", "data:,x", "FILE:///etc/passwd", "javascript:x",
                     "ftp://127.0.0.1/", "mailto:a@b"):
        with Origin(lambda request, location=location: to(302, location)) as server:
            said = driver.one(server.base + "/")
        tap.ok((said["failure"], said["error_status"], said["body"]) ==
               ("URL_REDIRECT", 302, b"over there") and "http" in said["text"] and
               location in said["text"], "never to " + location, said)
    for location in ("http://[::1/", "http://user:pw@127.0.0.1/", "http://127.0.0.1:x/"):
        with Origin(lambda request, location=location: to(302, location)) as server:
            said = driver.one(server.base + "/")
            tap.ok(said["failure"] in ("URL_REDIRECT", "URL_BAD_URL") and len(server.seen) == 1,
                   "nor to %s" % location, said)
    with Origin(by_path({"/a": to(302, "/b"), "/c": to(302, "/b#own"), "/b": reply("200 OK")})) \
            as server:
        said = driver.one(server.base + "/a#part")
        tap.ok(said["url"] == server.base + "/b#part", "a fragment is kept: RFC 9110 10.2.2", said)
        said = driver.one(server.base + "/c#part")
        tap.ok(said["url"] == server.base + "/b#own", "unless there is another", said)


def secrets(tap, driver):
    """What the caller gave to one server does not go to another."""
    mine = ("-H", "Authorization: secret", "-H", "Cookie: secret=1", "-H",
            "Proxy-Authorization: secret", "-H", "Host: alias.test", "-H", "X-Harmless: kept")
    names = ("Authorization", "Cookie", "Proxy-Authorization")
    for status in (301, 302, 303, 307, 308):
        with Origin(lambda request: reply("200 OK")) as other:
            with Origin(lambda request, s=status: to(s, other.base + "/")) as first:
                driver.one(*mine, first.base + "/")
                leaked = [n for n in names if field(other.seen[0], n) is not None]
                tap.ok(len(other.seen) == 1 and not leaked and
                       field(other.seen[0], "X-Harmless") == "kept" and
                       field(first.seen[0], "Authorization") == "secret" and
                       field(other.seen[0], "Host") == "127.0.0.1:%d" % other.port,
                       "a %d to another port takes no secrets along" % status, leaked)
    with Origin(lambda request: reply("200 OK") if request.target == "/there" else
                to(302, "http://localhost:%s/there" % field(request, "X-Port"))) as server:
        port = ("-H", "X-Port: %d" % server.port)
        driver.one(*port, "-H", "Authorization: secret", server.base + "/")
        tap.ok([field(r, "Authorization") for r in server.seen] == ["secret", None],
               "nor does one to another name of the same host", server.seen)
    tls = server_tls()
    with Origin(lambda request: reply("200 OK"), tls=tls) as secure:
        with Origin(lambda request: to(302, secure.base + "/")) as first:
            driver.one("-C", AUTHORITY / "authority.pem", "-H", "Authorization: secret",
                       first.base + "/")
            tap.ok(field(secure.seen[0], "Authorization") is None,
                   "nor does one to another scheme", secure.seen)
    with Origin(lambda request: reply("200 OK") if request.target == "/there" else
                to(302, "HTTP://127.0.0.1:%s/there" % field(request, "X-Port"))) as server:
        driver.one("-H", "X-Port: %d" % server.port, "-H", "Authorization: secret",
                   server.base + "/")
        tap.ok([field(r, "Authorization") for r in server.seen] == ["secret", "secret"],
               "the same server gets them again", server.seen)
    # Passwords are asked for anew, by the manager of each.
    def guarded(request):
        if field(request, "Authorization") is None:
            return reply("401 No", 'WWW-Authenticate: Basic realm="r"')
        return reply("200 OK")
    with Origin(guarded) as other:
        with Origin(lambda request: to(302, other.base + "/") if field(request, "Authorization")
                    else guarded(request)) as first:
            said = driver.one("-u", "r|%s|u|p" % first.base, "-a", "basic", first.base + "/")
            tap.ok(said["error_status"] == 401 and
                   [field(r, "Authorization") for r in other.seen] == [None],
                   "a password is for its own server", said)


# ---- passwords -----------------------------------------------------------------------------------

def basic_of(user, password):
    return "Basic " + base64.b64encode((user + ":" + password).encode()).decode()


def basic(tap, driver):
    def manager(*entries):
        made = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        for entry in entries:
            made.add_password(*entry)
        return urllib.request.HTTPBasicAuthHandler(made)

    def guard(realm, user, password, scheme="Basic"):
        def answer(request):
            if field(request, "Authorization") == basic_of(user, password):
                return reply("200 OK", body=b"come in")
            return reply("401 No", 'WWW-Authenticate: %s realm="%s"' % (scheme, realm))
        return answer

    for what, realm, entry, path in (
            ("the right password", "r", ("r", "{}/", "u", "p:q"), "/a"),
            ("a wrong password, once", "r", ("r", "{}/", "u", "wrong"), "/a"),
            ("another realm", "r", ("other", "{}/", "u", "p:q"), "/a"),
            ("any realm", "r", (None, "{}/", "u", "p:q"), "/a"),
            ("a folder", "r", (None, "{}/a/b", "u", "p:q"), "/a/b/c"),
            ("the URL itself", "r", (None, "{}/a", "u", "p:q"), "/a"),
            ("another folder", "r", (None, "{}/a", "u", "p:q"), "/ab"),
            ("UTF-8", "\u00e9", (None, "{}/", "u", "p:q"), "/a")):
        with Origin(guard(realm, "u", "p:q")) as server:
            place = entry[1].format(server.base)
            alike(tap, driver, "as Python: " + what, server, server.base + path,
                  handlers=[manager((entry[0], place, *entry[2:]))],
                  arguments=["-u", "%s|%s|%s|%s" % (entry[0] or "", place, *entry[2:]),
                             "-a", "basic"])
    with Origin(guard("r", "u", "p")) as server:
        said = driver.one("-u", "|%s|u|p" % server.base, "-a", "basic", server.base + "/")
        tap.ok([field(r, "Authorization") for r in server.seen] == [None, basic_of("u", "p")] and
               said["body"] == b"come in", "nothing is sent before it is asked for", server.seen)
        server.forget()
        said = driver.one("-u", "|%s|u|wrong" % server.base, "-a", "basic", server.base + "/")
        tap.ok(len(server.seen) == 2 and said["error_status"] == 401,
               "a wrong password is sent once", server.seen)
        server.forget()
        said = driver.one("-u", "|%s|u|p" % server.base, "-a", "basic", "-H",
                          "Authorization: mine", server.base + "/")
        tap.ok([field(r, "Authorization") for r in server.seen] == ["mine"],
               "the caller's own field is left alone", server.seen)
        server.forget()
        said = driver.one("-u", "|%s|u:v|p" % server.base, "-a", "basic", server.base + "/")
        tap.ok(len(server.seen) == 1, "a user with a colon is nobody to Basic", server.seen)
        server.forget()
        driver.one("-d", "a=1", "-u", "|%s|u|p" % server.base, "-a", "basic", server.base + "/")
        tap.ok([(r.method, r.body) for r in server.seen] == [("POST", b"a=1")] * 2,
               "a body is sent again", server.seen)
    count = [0]

    def fickle(request):
        count[0] += 1
        return reply("401 No", 'WWW-Authenticate: Basic realm="r%d"' % count[0])

    with Origin(fickle) as server:
        said = driver.one("-u", "|%s|u|p" % server.base, "-a", "basic", server.base + "/")
        tap.ok(len(server.seen) == 6 and said["error_status"] == 401,
               "a new realm each time ends, too", len(server.seen))
    two = 'WWW-Authenticate: Bearer realm="x", error="invalid_token", BASIC realm="r, \\"s\\""'
    with Origin(lambda request: reply("200 OK") if field(request, "Authorization")
                else reply("401 No", two)) as server:
        said = driver.one("-u", 'r, "s"|%s|u|p' % server.base, "-a", "basic", server.base + "/")
        tap.ok(said["failure"] == "URL_OK", "a challenge behind another, its realm with quotes",
               said)
    steps = {"/a": to(302, "/b"), "/b": reply("200 OK", body=b"b")}

    def guarded_steps(request):
        if field(request, "Authorization") is None:
            return reply("401 No", 'WWW-Authenticate: Basic realm="r"')
        return steps[request.target]

    with Origin(guarded_steps) as server:
        alike(tap, driver, "as Python: a redirect behind a password", server, server.base + "/a",
              handlers=[manager(("r", server.base, "u", "p"))],
              arguments=["-u", "r|%s|u|p" % server.base, "-a", "basic"])


HASH = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


class Digest:
    """A server that keeps to RFC 7616, for the user u with the password p."""

    def __init__(self, algorithm="MD5", qop='"auth"', realm="r", before=(), stale_after=0,
                 lies=False, opaque='o\\"p'):
        self.opaque, self.algorithm, self.qop = opaque, algorithm, qop
        self.realm, self.before = realm, before
        self.stale_after, self.lies = stale_after, lies
        self.nonces, self.problems = {}, []

    def challenge(self, stale=False):
        nonce = "n%d" % len(self.nonces)
        self.nonces[nonce] = 0
        text = 'Digest realm="%s", nonce="%s", opaque="%s"' % (self.realm, nonce, self.opaque)
        text += ", qop=" + self.qop if self.qop else ""
        text += ", algorithm=" + self.algorithm if self.algorithm else ""
        text += ", stale=TRUE" if stale else ""
        return reply("401 No", *("WWW-Authenticate: " + b for b in self.before),
                     "WWW-Authenticate: " + text)

    def __call__(self, request):
        given = field(request, "Authorization")
        if given is None or not given.startswith("Digest "):
            return self.challenge()
        items = urllib.request.parse_http_list(given[7:])
        said = urllib.request.parse_keqv_list(items)
        if self.lies:
            return self.challenge(stale=True)
        if said["nonce"] not in self.nonces:
            self.problems.append("a nonce of its own")
            return self.challenge()
        self.nonces[said["nonce"]] += 1
        if self.stale_after and len(self.nonces) <= self.stale_after:
            return self.challenge(stale=True)
        if self.response(request, said) != said["response"]:
            return self.challenge()
        return reply("200 OK", body=b"come in")

    def response(self, request, said):
        algorithm = (self.algorithm or "MD5").removesuffix("-sess")

        def h(*parts):
            return HASH[algorithm](":".join(parts).encode()).hexdigest()

        who = h("u", self.realm, "p")
        if (self.algorithm or "").endswith("-sess"):
            who = h(who, said["nonce"], said["cnonce"])
        what = h(request.method, request.target)
        expected = {"opaque": self.opaque.replace("\\", ""), "uri": request.target,
                    "realm": self.realm, "username": "u"}
        if self.qop:
            expected.update(qop="auth", nc="%08x" % self.nonces[said["nonce"]])
        self.problems += ["%s is %r" % (k, said.get(k)) for k, v in expected.items()
                          if said.get(k) != v]
        if self.algorithm and said.get("algorithm") != self.algorithm:
            self.problems.append("algorithm")
        if self.qop:
            if len(said["cnonce"]) < 16:
                self.problems.append("a short cnonce")
            return h(who, said["nonce"], said["nc"], said["cnonce"], "auth", what)
        return h(who, said["nonce"], what)


def digest(tap, driver):
    def ask(server, *more, password="p"):
        return driver.one("-u", "|%s|u|%s" % (server.base, password), "-a", "basic", "-a", "digest",
                          *more, server.base + "/x?y=z")

    for guard in (Digest(), Digest(None), Digest("MD5", qop=None), Digest(None, qop=None),
                  Digest("SHA-256"), Digest("SHA-256", qop=None), Digest("MD5-sess"),
                  Digest("SHA-256-sess"), Digest(qop='"auth-int, auth"'), Digest(qop="auth")):
        name = "%s, qop %s" % (guard.algorithm, guard.qop)
        with Origin(guard) as server:
            said = ask(server)
            tap.ok(said["body"] == b"come in" and len(server.seen) == 2 and not guard.problems and
                   field(server.seen[0], "Authorization") is None, name,
                   (said, guard.problems, server.seen))
    guard = Digest()
    with Origin(guard) as server:
        said = ask(server, "-d", "a=1")
        tap.ok(said["body"] == b"come in" and [r.method for r in server.seen] == ["POST"] * 2,
               "of a POST", said)
    for guard in (Digest(stale_after=1), Digest(stale_after=3)):
        with Origin(guard) as server:
            said = ask(server)
            tap.ok(said["body"] == b"come in" and len(server.seen) == guard.stale_after + 2 and
                   not guard.problems, "%d stale nonces" % guard.stale_after, server.seen)
    guard = Digest(lies=True)
    with Origin(guard) as server:
        said = ask(server)
        tap.ok(said["error_status"] == 401 and len(server.seen) == 6,
               "nonces that are always stale end, too", len(server.seen))
    guard = Digest()
    with Origin(guard) as server:
        said = ask(server, password="wrong")
        tap.ok(said["error_status"] == 401 and len(server.seen) == 2,
               "a wrong password is tried once", server.seen)
    guard = Digest(before=('Basic realm="r"',))
    with Origin(guard) as server:
        said = ask(server)
        sent = [field(r, "Authorization") for r in server.seen]
        tap.ok(said["body"] == b"come in" and not any(s and s.startswith("Basic") for s in sent),
               "goes before Basic", sent)
        server.forget()
        ask(server, password="wrong")
        sent = [field(r, "Authorization") for r in server.seen]
        tap.ok(len(sent) == 2 and sent[1].startswith("Digest"),
               "and Basic does not give away what Digest was refused", sent)
    for guard, what in ((Digest("SHA-3"), "an unknown algorithm"),
                        (Digest(qop='"auth-int"'), "auth-int alone"),
                        (Digest("MD5-sess", qop=None), "a session without qop")):
        with Origin(guard) as server:
            said = ask(server)
            tap.ok(said["error_status"] == 401 and len(server.seen) == 1, "not answered: " + what,
                   server.seen)
    same = Digest(None)

    def one_nonce(request):
        if not same.nonces:
            return same.challenge()
        if field(request, "Authorization") is None:
            return reply("401 No", 'WWW-Authenticate: Digest realm="r", nonce="n0", '
                         'opaque="o\\"p", qop="auth"')
        return same(request)

    with Origin(one_nonce) as server:
        said = driver.ask("-u", "|%s|u|p" % server.base, "-a", "digest", server.base + "/a",
                          server.base + "/b", server.base + "/c")
        counts = [re.search(r"nc=(\w+)", field(r, "Authorization") or "nc=none")[1]
                  for r in server.seen]
        tap.ok([s["body"] for s in said] == [b"come in"] * 3 and not same.problems and counts ==
               ["none", "00000001", "none", "00000002", "none", "00000003"],
               "uses of a nonce are counted", (counts, same.problems))
    guard = Digest(opaque="op")
    with Origin(guard) as server:
        handler = urllib.request.HTTPDigestAuthHandler(
            urllib.request.HTTPPasswordMgrWithDefaultRealm())
        handler.add_password(None, server.base, "u", "p")
        theirs = python(server.base + "/x?y=z", handler)
        asked = [(r.method, r.target) for r in server.forget()]
        said = ask(server)
        tap.ok(ours(said) == theirs and asked == [(r.method, r.target) for r in server.seen],
               "as Python", (theirs, ours(said)))


# ---- cookies -------------------------------------------------------------------------------------

def cookies(tap, driver):
    answers = {
        "/login": to(302, "/home", "Set-Cookie: s=1; Path=/", "Set-Cookie: t=2"),
        "/home": reply("200 OK", "Set-Cookie: s=3; Path=/", "Set-Cookie: z=5; Path=/; Secure"),
        "/deep/x": reply("404 No", "Set-Cookie: d=4"),
        "/flat": reply("200 OK", "Set-Cookie: f=6"),
    }
    with Origin(by_path(answers)) as server:
        urls = [server.base + path for path in ("/login", "/home", "/deep/x", "/deep/x", "/home",
                                             "/flat#a/b", "/flat?c/d", "/flat")]
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar(
                http.cookiejar.DefaultCookiePolicy())))
        for url in urls:
            with contextlib.suppress(urllib.error.HTTPError):
                opener.open(url, timeout=LIMIT).read()

        def crumbs():
            return [(r.target, sorted((field(r, "Cookie") or "").split("; ")))
                    for r in server.forget()]
        wanted = crumbs()
        driver.ask("-c", *urls)
        seen = crumbs()
        tap.ok(seen == wanted and ("/home", ["s=1", "t=2"]) in seen,
               "as Python: set on a redirect, in an error, and sent again",
               "%r\n%r" % (wanted, seen))
        driver.ask("-c", "-H", "Cookie: mine=1", *urls[:1])
        seen = [field(r, "Cookie") for r in server.forget()]
        tap.ok(seen == ["mine=1", "mine=1"], "the caller's own field is left alone", seen)
        driver.ask(*urls[:2])
        seen = [field(r, "Cookie") for r in server.forget()]
        tap.ok(seen == [None] * 3, "without the handler there are none", seen)
    with Origin(lambda request: reply("200 OK")) as other:
        away = to(302, other.base.replace("127.0.0.1", "localhost") + "/")
        with Origin(lambda request: reply("200 OK", "Set-Cookie: s=1; Path=/")
                    if request.target == "/set" else away) as first:
            driver.ask("-c", first.base + "/set", first.base + "/go")
            tap.ok(field(first.seen[1], "Cookie") == "s=1" and
                   field(other.seen[0], "Cookie") is None, "another host gets none",
                   (first.seen, other.seen))
    count = [0]

    def guarded(request):
        if field(request, "Authorization") is None:
            count[0] += 1
            return reply("401 No", 'WWW-Authenticate: Basic realm="r"',
                         "Set-Cookie: v=%d; Path=/" % count[0])
        return reply("200 OK")
    with Origin(guarded) as server:
        driver.ask("-c", "-u", "|%s|u|p" % server.base, "-a", "basic", server.base + "/",
                   server.base + "/")
        seen = [[v for n, v in r.fields if n == "Cookie"] for r in server.seen]
        tap.ok(seen == [[], ["v=1"], ["v=1"], ["v=2"]],
               "what a 401 sets goes with the answer to it", seen)
    with Origin(lambda request: reply("200 OK", "Set-Cookie: z=5; Path=/; Secure"),
                tls=server_tls()) as secure, Origin(lambda request: reply("200 OK")) as open_one:
        driver.ask("-C", AUTHORITY / "authority.pem", "-c", secure.base + "/", open_one.base + "/",
                   secure.base + "/")
        seen = [field(r, "Cookie") for r in secure.seen + open_one.seen]
        tap.ok(seen == [None, "z=5", None], "what is Secure goes by https alone", seen)


# ---- https ---------------------------------------------------------------------------------------

def server_tls(certificate=None, key=None):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate or AUTHORITY / "localhost.pem",
                         key or AUTHORITY / "localhost.key")
    return made


@contextlib.contextmanager
def lesson_server():
    subprocess.run(["make", "-s", "build/02_http/12_https_server"], cwd=ROOT, check=True)
    with subprocess.Popen([ROOT / "build/02_http/12_https_server", AUTHORITY / "localhost.pem",
                           AUTHORITY / "localhost.key", "0"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as process:
        try:
            yield int(process.stdout.readline().rsplit(b":", 1)[1])
        finally:
            process.terminate()


def https(tap, driver, folder):
    trust = ("-C", AUTHORITY / "authority.pem")
    with Origin(by_path({"/": reply("200 OK"), "/r": to(302, "/")}), tls=server_tls()) as server:
        for host in ("127.0.0.1", "localhost"):
            said = driver.one(*trust, server.base.replace("127.0.0.1", host) + "/r")
            tap.ok(said["body"] == b"body\n" and said["redirects"] == 1, "https to " + host, said)
        said = driver.one(server.base + "/")
        tap.ok(said["failure"] == "URL_TLS" and said["name"] == "URLError" and
               "certificate" in said["text"],
               "the system does not know the workbook's authority", said)
        said = driver.one(*trust, server.base.replace("https", "http") + "/")
        tap.ok(said["failure"] in ("URL_BROKEN", "URL_BAD_ANSWER"), "http to a server of https",
               said)
    class Rude(Origin):
        def play(self, peer):
            peer.sendall(reply("400 What"))

    with Rude(None) as server:
        said = driver.one(*trust, server.base.replace("http", "https") + "/")
        tap.ok(said["failure"] == "URL_TLS", "https to a server of http", said)
    with Origin(lambda request: reply("200 OK")) as plain_server, \
            Origin(lambda request: to(302, plain_server.base + "/"), tls=server_tls()) as server:
        said = driver.one(*trust, "-H", "Authorization: secret", server.base + "/")
        tap.ok(said["failure"] == "URL_OK" and
               field(plain_server.seen[0], "Authorization") is None,
               "from https down to http, without secrets", said)
    with lesson_server() as port:
        said = driver.one(*trust, "https://localhost:%d/hello" % port)
        tap.ok(said["status"] == 200 and said["body"], "https to the server of lesson 2.12", said)
        said = driver.one(*trust, "https://127.0.0.2:%d/hello" % port)
        tap.ok(said["failure"] == "URL_TLS", "which has no certificate for another address", said)
        said = driver.one("https://localhost:%d/hello" % port)
        tap.ok(said["failure"] == "URL_TLS", "nor one that the system trusts", said)
    other = Path(folder, "other")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-keyout", "%s.key" % other, "-out",
                    "%s.pem" % other, "-days", "2", "-subj", "/CN=other.test", "-addext",
                    "subjectAltName=DNS:other.test"], check=True, capture_output=True)
    with Origin(by_path({}), tls=server_tls("%s.pem" % other, "%s.key" % other)) as server:
        said = driver.one(*trust, server.base + "/")
        tap.ok(said["failure"] == "URL_TLS", "a certificate of nobody that is trusted", said)
        said = driver.one("-C", "%s.pem" % other, server.base + "/")
        tap.ok(said["failure"] == "URL_TLS" and not server.seen,
               "a certificate of another name", said)


# ---- proxies -------------------------------------------------------------------------------------

class Tunnel(Origin):
    """A proxy that only tells what it was asked; tunnels lead to target, or are refused."""

    def __init__(self, target=None, refusal=None):
        self.target, self.refusal = target, refusal
        super().__init__(self.proxy)

    def proxy(self, request):
        if self.refusal:
            return self.refusal
        if request.method != "CONNECT":
            return reply("200 OK", body=b"from the proxy")
        return self.tunnel

    def tunnel(self, peer):
        with socket.create_connection(("127.0.0.1", self.target), timeout=LIMIT) as server:
            peer.sendall(b"HTTP/1.1 200 Go\r\n\r\n")

            def pump(source, sink):
                with contextlib.suppress(OSError):
                    while data := source.recv(65536):
                        sink.sendall(data)
                with contextlib.suppress(OSError):
                    sink.shutdown(socket.SHUT_WR)

            back = threading.Thread(target=pump, args=(server, peer))
            back.start()
            pump(peer, server)
            back.join(LIMIT)


def proxies(tap, driver):
    trust = ("-C", AUTHORITY / "authority.pem")
    with Tunnel() as proxy:
        way = "http://127.0.0.1:%d" % proxy.port
        handler = urllib.request.ProxyHandler({"http": way})
        for url in ("http://some.host/a?b#c", "http://some.host:81", "http://some.host?q"):
            said = driver.one("-p", way, url)
            seen = proxy.forget()
            python(url, handler)
            wanted = proxy.forget()
            # RFC 9112 section 3.2: neither an empty path nor a fragment.
            wanted[0] = wanted[0]._replace(target=re.sub(
                r"^(http://[^/?]*)(\?|$)", r"\1/\2", wanted[0].target.split("#")[0]))
            tap.ok(said["body"] == b"from the proxy" and
                   [essence(r) for r in seen] == [essence(r) for r in wanted],
                   "as Python, but for slash and fragment: %s" % url, "%r\n%r" % (wanted, seen))
        driver.one("-p", "127.0.0.1:%d" % proxy.port, "http://some.host/")
        tap.ok(proxy.forget()[0].target == "http://some.host/", "a proxy without a scheme")
        driver.one("-p", way.replace("//", "//us%3Aer:p%40ss@"), "http://some.host/")
        seen = proxy.forget()[0]
        tap.ok(field(seen, "Proxy-Authorization") == basic_of("us:er", "p@ss") and
               field(seen, "Host") == "some.host", "the user and password of its URL", seen)
        for no_proxy in ("some.host", "HOST", ".host", "x, some.host:80", "*"):
            said = driver.one("-p", way, "-n", no_proxy, "http://some.host/")
            tap.ok(said["failure"] == "URL_NO_NAME" and not proxy.seen, "not for " + no_proxy, said)
        for no_proxy in ("me.host", "some.host:81", "some", "x"):
            driver.one("-p", way, "-n", no_proxy, "http://some.host/")
            tap.ok(len(proxy.forget()) == 1, "still for " + no_proxy)
        driver.one("http://some.host/", http_proxy=way)
        tap.ok(len(proxy.forget()) == 1, "http_proxy")
        driver.one("http://some.host/", HTTP_PROXY=way)
        tap.ok(len(proxy.forget()) == 1, "HTTP_PROXY")
        driver.one("http://some.host/", HTTP_PROXY=way, REQUEST_METHOD="GET")
        tap.ok(not proxy.forget(), "HTTP_PROXY counts for nothing under CGI")
        driver.one("http://some.host/", http_proxy=way, REQUEST_METHOD="GET")
        tap.ok(len(proxy.forget()) == 1, "http_proxy does")
        driver.one("http://some.host/", http_proxy="", HTTP_PROXY=way)
        tap.ok(not proxy.forget(), "an empty http_proxy is none")
        driver.one("http://some.host/", http_proxy=way, no_proxy="some.host")
        tap.ok(not proxy.forget(), "no_proxy")
        driver.one("http://some.host/", https_proxy=way)
        tap.ok(not proxy.forget(), "https_proxy is not for http")
        driver.one("-p", way.replace("//", "//u:p@"), "-H", "Proxy-Authorization: mine",
                   "http://some.host/")
        sent = [v for n, v in proxy.forget()[0].fields if n == "Proxy-Authorization"]
        tap.ok(sent == [basic_of("u", "p")], "of two passwords one is sent, the URL's", sent)
        said = driver.one("-p", way, "http://some.host:x/")
        tap.ok(said["failure"] == "URL_BAD_URL" and not proxy.seen,
               "a bad port is not handed on", said)
        said = driver.one("-p", "socks5://127.0.0.1:%d" % proxy.port, "http://some.host/")
        tap.ok(said["failure"] == "URL_BAD_URL" and "socks5" in said["text"],
               "a proxy of another kind is refused", said)
        said = driver.one("-p", way, "file:///etc/hostname")
        tap.ok(not proxy.forget(), "files need none")

    def to_proxy_only(request):
        return to(302, "http://direct.host:%d/" % server.port)
    with Origin(lambda request: reply("200 OK", body=b"direct")) as server:
        with Tunnel(refusal=to(302, server.base + "/")) as proxy:
            said = driver.one("-p", "http://u:p@127.0.0.1:%d" % proxy.port, "-n", "127.0.0.1",
                              "http://some.host/")
            tap.ok(said["body"] == b"direct" and len(proxy.seen) == 1 and
                   server.seen[0].target == "/" and
                   field(server.seen[0], "Proxy-Authorization") is None,
                   "a redirect finds its own way", server.seen)
    with Origin(by_path({"/x": reply("200 OK")}), tls=server_tls()) as server:
        with Tunnel(server.port) as proxy:
            way = "http://u:p@127.0.0.1:%d" % proxy.port
            url = server.base + "/x"
            said = driver.one(*trust, "-P", way, url)
            asked, told = proxy.forget(), server.forget()
            context = ssl.create_default_context(cafile=AUTHORITY / "authority.pem")
            python(url, urllib.request.ProxyHandler({"https": way}),
                   urllib.request.HTTPSHandler(context=context))
            wanted = (proxy.forget()[0].target, essence(server.forget()[0]))
            tap.ok(said["body"] == b"body\n" and
                   (asked[0].target, essence(told[0])) == wanted and asked[0].method == "CONNECT",
                   "as Python: https by CONNECT", "%r\n%r\n%r" % (wanted, asked, told))
            tap.ok(field(asked[0], "Proxy-Authorization") == basic_of("u", "p") and
                   field(told[0], "Proxy-Authorization") is None and
                   field(told[0], "Host") == "127.0.0.1:%d" % server.port,
                   "the proxy's password is for the proxy", (asked, told))
    with Tunnel(refusal=reply("403 Not there")) as proxy:
        said = driver.one(*trust, "-P", "http://127.0.0.1:%d" % proxy.port, "https://some.host/")
        tap.ok(said["failure"] == "URL_NO_CONNECTION" and "403 Not there" in said["text"] and
               proxy.seen[0].target == "some.host:443", "a proxy that says no", said)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    said = driver.one("-p", "http://127.0.0.1:%d" % port, "http://some.host/")
    tap.ok(said["failure"] == "URL_REFUSED", "a proxy that is not there", said)

    def asking(request):
        if field(request, "Proxy-Authorization") == basic_of("u", "p"):
            return reply("200 OK", body=b"let through")
        return reply("407 Who?", 'Proxy-Authenticate: Basic realm="proxy"')
    with Origin(asking) as proxy:
        address = "127.0.0.1:%d" % proxy.port
        for place in (address, "http://" + address):
            said = driver.one("-p", "http://" + address, "-u", "|%s|u|p" % place, "-a",
                              "proxy-basic", "http://some.host/")
            sent = [field(r, "Proxy-Authorization") for r in proxy.forget()]
            tap.ok(said["body"] == b"let through" and sent == [None, basic_of("u", "p")],
                   "a 407 is answered, for " + place.split("1")[0], sent)
        said = driver.one("-p", "http://" + address, "-u", "|%s|u|no" % address, "-a",
                          "proxy-basic", "http://some.host/")
        tap.ok(said["error_status"] == 407 and len(proxy.forget()) == 2, "once", said)
        said = driver.one("-p", "http://u:p@" + address, "http://some.host/")
        tap.ok(said["body"] == b"let through" and len(proxy.forget()) == 1,
               "and not at all when the password stands in its URL", said)
        said = driver.one("-p", "http://u:old@" + address, "-u", "|%s|u|p" % address, "-a",
                          "proxy-basic", "http://some.host/")
        sent = [field(r, "Proxy-Authorization") for r in proxy.forget()]
        tap.ok(said["body"] == b"let through" and
               sent == [basic_of("u", "old"), basic_of("u", "p")],
               "unless that is refused", sent)
        said = driver.one("-u", "|%s|u|p" % address, "-a", "proxy-basic", "http://%s/" % address)
        tap.ok(said["error_status"] == 407 and len(proxy.forget()) == 1,
               "a server that plays a proxy gets nothing", said)
    guard = Digest()

    def as_proxy(request):
        swapped = [("Authorization" if n.lower() == "proxy-authorization" else n, v)
                   for n, v in request.fields]
        answer = guard(request._replace(fields=swapped))
        return answer.replace(b"401 No", b"407 No").replace(b"WWW-Auth", b"Proxy-Auth")
    with Origin(as_proxy) as proxy:
        address = "127.0.0.1:%d" % proxy.port
        said = driver.one("-p", address, "-u", "|%s|u|p" % address, "-a", "proxy-digest",
                          "http://some.host/x?y")
        tap.ok(said["body"] == b"come in" and not guard.problems, "a 407 is answered by Digest",
               (said, guard.problems))


def environment(tap, driver):
    """no_proxy and the variables, as Python reads them."""
    lists = ["", "*", "*,x", "some.host", ".some.host", "..some.host", "host", "HOST", "e.host",
             "x, some.host ,y", "some.host:80", "some.host:81", "host:80", "127.0.0.1", "0.0.1",
             "127.0.0.0/8", "[::1]", "[::1]:80", "[::1]:81", " , ,", "*.host", "localhost",
             "some.host.", "some.host/x", "some", "\tsome.host"]
    hosts = ["some.host", "SOME.HOST", "host", "other", "awesome.host", "127.0.0.1", "::1",
             "localhost", "some.host."]
    asked = [(names, host, port) for names in lists for host in hosts for port in (80, 81)]
    options = []
    for row in asked:
        options += ["-B", "%s|%s|%d" % row]
    wrong = []
    for (names, host, port), ours_says in zip(asked, driver.ask(*options)):
        spelled = "%s:%d" % ("[%s]" % host if ":" in host else host, port)
        theirs = urllib.request.proxy_bypass_environment(spelled, {"no": names} if names else {})
        if theirs != ours_says:
            wrong.append((names, spelled, "Python: %s" % theirs))
    tap.ok(len(asked) > 400 and not wrong, "no_proxy is read as by Python", wrong)
    for variables in ({}, {"http_proxy": "a"}, {"HTTP_PROXY": "A"},
                      {"http_proxy": "a", "HTTP_PROXY": "A"}, {"http_proxy": "", "HTTP_PROXY": "A"},
                      {"HTTP_PROXY": "A", "REQUEST_METHOD": "GET"},
                      {"http_proxy": "a", "REQUEST_METHOD": "GET"},
                      {"HTTPS_PROXY": "S", "REQUEST_METHOD": "GET"},
                      {"https_proxy": "s", "no_proxy": "n", "ALL_PROXY": "L"}, {"NO_PROXY": "N"},
                      {"http_proxy": ""}, {"NO_PROXY": "N", "no_proxy": ""}):
        os.environ.update(variables)
        theirs = urllib.request.getproxies_environment()
        for name in variables:
            del os.environ[name]
        mine = driver.one("-G", **variables)
        tap.ok(mine == theirs, "the environment %r" % variables, "%r\n%r" % (theirs, mine))


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@contextlib.contextmanager
def tinyproxy(folder, *lines):
    port = free_port()
    settings = Path(folder, "tinyproxy.conf")
    settings.write_text("\n".join(["Port %d" % port, "Listen 127.0.0.1", "Timeout 60",
                                   "MaxClients 20", "LogLevel Critical",
                                   'LogFile "%s/tinyproxy.log"' % folder, *lines, ""]))
    with subprocess.Popen(["tinyproxy", "-d", "-c", str(settings)], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + LIMIT
            while time.monotonic() < deadline:
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                time.sleep(0.02)  # it does not say when it listens
            yield port
        finally:
            process.terminate()


def real_proxy(tap, driver, folder):
    if shutil.which("tinyproxy") is None:
        tap.ok(not CI, "a real proxy # SKIP tinyproxy is not installed: apt-get install tinyproxy")
        return
    with Origin(by_path({"/x": reply("200 OK"), "/r": to(302, "/x")})) as server, \
            Origin(by_path({"/x": reply("200 OK", body=b"secure")}), tls=server_tls()) as secure:
        trust = ("-C", AUTHORITY / "authority.pem")
        with tinyproxy(folder) as port:
            way = "http://127.0.0.1:%d" % port
            said = driver.one("-p", way, server.base + "/r")
            tap.ok(said["body"] == b"body\n" and field(server.seen[0], "Via") is not None,
                   "http through tinyproxy", (said, server.seen))
            said = driver.one(*trust, "-P", way, secure.base + "/x")
            tap.ok(said["body"] == b"secure", "https through tinyproxy", said)
            server.forget()
            driver.one("-p", way, "-n", "127.0.0.1", server.base + "/x")
            tap.ok(field(server.seen[0], "Via") is None, "past tinyproxy", server.seen)
        with tinyproxy(folder, "BasicAuth user secret") as port:
            way = "http://127.0.0.1:%d" % port
            known = way.replace("//", "//user:secret@")
            tap.ok(driver.one("-p", known, server.base + "/x")["body"] == b"body\n" and
                   driver.one(*trust, "-P", known, secure.base + "/x")["body"] == b"secure",
                   "tinyproxy's password in its URL")
            said = driver.one("-p", way, "-u", "|127.0.0.1:%d|user|secret" % port, "-a",
                              "proxy-basic", server.base + "/x")
            tap.ok(said["body"] == b"body\n", "tinyproxy's password asked for", said)
            said = driver.one("-p", way, server.base + "/x")
            tap.ok((said["failure"], said["error_status"]) == ("URL_HTTP", 407),
                   "tinyproxy refuses", said)
            said = driver.one(*trust, "-P", way, secure.base + "/x")
            tap.ok(said["failure"] == "URL_NO_CONNECTION" and "407" in said["text"],
                   "and so for https", said)


# ---- file and data -------------------------------------------------------------------------------

def fields_of(opened):
    return {n.lower(): v for n, v in opened.headers.items()}


def files(tap, driver, folder):
    place = Path(folder, "files")
    place.mkdir()
    names = ["a.txt", "page.html", "b c", "\u00e9.json", "x.unknown", "t.tar", "p.png", "e",
             "o.bin", "s.so", "%41", "q?", "empty.css"]
    for name in names:
        (place / name).write_bytes(b"" if name == "empty.css" else b"text of " + name.encode())
        os.utime(place / name, (1700000000, 1700000000))
    opener = urllib.request.build_opener()
    for name in names:
        quoted = urllib.request.pathname2url(str(place / name))
        for url in ("file://" + quoted, "file://localhost" + quoted, "file:" + quoted):
            with opener.open(url) as opened:
                wanted = (opened.url, opened.read(), fields_of(opened))
            said = driver.one(url)
            mine = (said["url"], said["body"], {n.lower(): v for n, v in said["headers"]})
            tap.ok(mine == wanted and said["status"] == 200 and said["length"] == len(wanted[1]),
                   "as Python: %s" % url.replace(str(place), ""), "%r\n%r" % (wanted, mine))
    for url, failure, number in (
            ("file://%s/none" % place, "URL_NO_FILE", "ENOENT"),
            ("file://%s" % place, "URL_NO_FILE", "EISDIR"),
            ("file://%s/a.txt/" % place, "URL_NO_FILE", "ENOTDIR"),
            ("file:///dev/zero", "URL_NO_FILE", "EINVAL"),
            ("file://other.host%s/a.txt" % place, "URL_NO_FILE", ""),
            ("file://%s/a.txt%%00b" % place, "URL_BAD_URL", ""),
            ("file:a.txt", "URL_BAD_URL", ""), ("file:", "URL_BAD_URL", "")):
        said = driver.one(url)
        tap.ok((said["failure"], said["number"]) == (failure, number),
               "not opened: %s" % url.replace(str(place), ""), said)
    os.mkfifo(place / "fifo")
    said = driver.one("file://%s/fifo" % place)
    tap.ok(said["failure"] == "URL_NO_FILE", "nor is a FIFO waited for", said)
    said = driver.one("file://%s/a.txt?x#y" % place)
    tap.ok(said["body"] == b"text of a.txt", "a query and a fragment are no part of the name", said)


def data_urls(tap, driver):
    for url in ("data:,", "data:,hello", "data:,a%20b%00c", "data:text/html,<b>x</b>",
                "data:text/plain;charset=utf-8,%C3%A9", "data:;base64,aGVsbG8=",
                "data:image/png;base64,iVBORw0KGgo=", "data:text/plain;base64,aGVs%62G8%3D",
                "data:text/plain;base64,YQ==", "data:text/plain;base64,", "data:x/y,a,b,c",
                "data:text/plain;base64,YWI=", "DATA:,x", "data:,a%zz%", "data:text/plain,\u00e9"):
        with urllib.request.urlopen(url) as opened:
            wanted = (opened.url, opened.read(), fields_of(opened))
        said = driver.one(url)
        mine = (said["url"], said["body"], {n.lower(): v for n, v in said["headers"]})
        tap.ok(mine == wanted, "as Python: %s" % url, "%r\n%r" % (wanted, mine))
    for url in ("data:hello", "data:", "data:;base64,a", "data:;base64,aGVsbG8",
                "data:;base64,aGVsbG8==", "data:;base64,aGVs*G8=", "data:;base64,YQ==YQ==",
                "data:;base64,Y=Q="):
        said = driver.one(url)
        tap.ok(said["failure"] == "URL_BAD_URL", "refused: " + url, said)
    for url, kind in (("data:;charset=utf-8,x", "text/plain;charset=utf-8"),
                      ("data:text/plain;BASE64,eA==", "text/plain"), ("data:text/plain,x#y",
                                                                      "text/plain")):
        said = driver.one(url)
        tap.ok((said["body"], said["headers"][0]) == (b"x", ["Content-Type", kind]),
               "otherwise than Python, by RFC 2397 and 3986: " + url, said)
    # Python decodes leniently where nothing tells the author of his mistake.
    said = driver.one("data:;base64,a%0AGVs%20bG8=")
    tap.ok(said["body"] == b"hello", "blanks in base64 count for nothing", said)


def main():
    tap = Tap()
    chosen = sys.argv[1:]
    subprocess.run(["make", "-s", "build/authority/localhost.pem"], cwd=ROOT, check=True)
    with tempfile.TemporaryDirectory() as folder:
        driver = Driver(folder)
        tests = {"plain": plain, "bad_urls": bad_urls, "errors": errors, "timeouts": timeouts,
                 "redirects": redirects, "refused_redirects": refused_redirects,
                 "secrets": secrets, "basic": basic, "digest": digest, "cookies": cookies,
                 "https": lambda t, d: https(t, d, folder), "proxies": proxies,
                 "environment": environment,
                 "real_proxy": lambda t, d: real_proxy(t, d, folder),
                 "files": lambda t, d: files(t, d, folder), "data_urls": data_urls}
        for name, test in tests.items():
            if not chosen or name in chosen:
                begin = time.monotonic()
                test(tap, driver)
                print("# %s: %.1f s" % (name, time.monotonic() - begin))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
