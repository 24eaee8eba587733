#!/usr/bin/python3 -B
"""The server of chapter 2 under proper, odd and rude clients: with one worker, with several, and
under TLS, each sanitized; and the lessons' programs under curl, http.client and urllib.

Options are names of tests, to try those alone: common/tests/http_server.t smuggling
"""
import http.client
import os
import re
import resource
import select
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tap import Tap, run

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
AUTHORITY = BUILD / "authority"
OWN = 8  # descriptors of odd_server itself: 0 to 2, a file, and four of the server's
LIMIT = 20  # seconds: how long a machine may be slow before a test gives up
BIG = bytes(ord("a") + ((i * 2654435761 & 0xffffffffffffffff) >> 8) % 26 for i in range(8 << 20))
MODULE = ["server*", "message", "headers", "chunked", "status", "date", "stream"]
TRUST = ssl.create_default_context(cafile=AUTHORITY / "authority.pem")


class Peer:
    """A client that sees bytes."""

    def __init__(self, port, tls, room=None):
        self.socket = socket.socket()
        if room:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        self.socket.settimeout(LIMIT)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.tls = tls
        if tls:
            self.socket = TRUST.wrap_socket(self.socket, server_hostname="localhost")
        self.rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def finish(self):
        """Sends its end; under TLS there is no way to do that alone, so it is left out."""
        if not self.tls:
            self.socket.shutdown(socket.SHUT_WR)

    def more(self):
        got = self.socket.recv(65536)
        self.rest += got
        return got

    def until(self, mark):
        while mark not in self.rest:
            if not self.more():
                raise EOFError("the end instead of an answer; so far %r" % self.rest[-200:])
        text, self.rest = self.rest.split(mark, 1)
        return text

    def exactly(self, size):
        while len(self.rest) < size:
            if not self.more():
                raise EOFError("the end after %d of %d bytes" % (len(self.rest), size))
        data, self.rest = self.rest[:size], self.rest[size:]
        return data

    def to_end(self):
        while self.more():
            pass
        data, self.rest = self.rest, b""
        return data

    def answer(self, method="GET"):
        """The next response: its status, its fields by lower-case name, and its body."""
        first, *lines = self.until(b"\r\n\r\n").split(b"\r\n")
        status = int(re.fullmatch(rb"HTTP/1\.1 ([1-5]\d\d) [ -~]*", first).group(1))
        fields = {}
        for line in lines:
            name, value = re.fullmatch(rb"([!-9;-~]+): ([ -~]*)", line).groups()
            fields.setdefault(name.decode().lower(), []).append(value.decode())
        assert status < 200 or re.fullmatch(
            r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", fields["date"][0]), fields
        if method == "HEAD" or status < 200 or status in (204, 304):
            return status, fields, b""
        if "content-length" in fields:
            assert len(fields["content-length"]) == 1 and "transfer-encoding" not in fields
            return status, fields, self.exactly(int(fields["content-length"][0]))
        if "transfer-encoding" not in fields:
            return status, fields, self.to_end()
        body = b""
        while True:
            size = int(re.fullmatch(rb"[0-9a-f]+", self.until(b"\r\n")).group(), 16)
            body += self.exactly(size)
            if self.exactly(2) != b"\r\n":
                raise EOFError("no end of a chunk")
            if size == 0:
                return status, fields, body

    def ended(self):
        """What is wrong if the connection does not end here, in order."""
        data = self.to_end()
        return "%r before the end" % data[:200] if data else None


class Server:
    """odd_server, or a lesson's program, on a port of the system's choice."""

    def __init__(self, command, tls=False):
        self.tls, self.over = tls, False
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([str(part) for part in command], stderr=self.log,
                                        stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline().decode().rsplit(":", 1)[1])
        self.proc = Path("/proc/%d" % self.process.pid)

    def connect(self, room=None):
        return Peer(self.port, self.tls, room)

    def held(self):
        """How many connections it holds."""
        return len(os.listdir(self.proc / "fd")) - OWN

    def settled(self, most=0):
        """What is wrong if it goes on to hold more than so many connections."""
        until = time.monotonic() + LIMIT
        while self.held() > most and time.monotonic() < until:
            time.sleep(0.005)  # the state of another process: nothing tells of its change
        return None if self.held() <= most else "%d connections left" % self.held()

    def busy(self, seconds=0.3):
        """What is wrong if it never rests, although there is nothing to do, or None."""
        def wanted():  # running, and waiting to run: others may be at work here too
            tasks = self.proc / "task"
            each = [(tasks / task / "schedstat").read_text().split() for task in os.listdir(tasks)]
            return sum(int(fields[0]) + int(fields[1]) for fields in each) / 1e9
        until = time.monotonic() + LIMIT / 4
        while True:
            before, began = wanted(), time.monotonic()
            time.sleep(seconds)  # long enough to be measured
            share = (wanted() - before) / (time.monotonic() - began)
            if share < 0.5:
                return None
            if time.monotonic() > until:  # else it may still be at what it was sent before
                return "it kept a processor busy for %.0f %%" % (share * 100)

    def logged(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def stop(self):
        """What is wrong with how it ends on SIGTERM, or None."""
        self.over = True
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            status = "still running after %d s" % LIMIT
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        said = self.logged()
        self.log.close()
        if status == 0 and "Sanitizer" not in said:
            return None
        return "ended with %s\n%s" % (status, said[-3000:])


def request(path, method="GET", fields="", body=b""):
    head = "%s %s HTTP/1.1\r\nHost: a\r\n%s\r\n" % (method, path, fields)
    return head.encode("latin-1") + body


HELLO = request("/hello")
TESTS = []


def test(options=(), only=None):
    """A test gets a server with these options; only: one of the three kinds."""
    def keep(function):
        TESTS.append((function, options, only))
        return function
    return keep


def same(got, wanted, what=""):
    assert got == wanted, "%s%.300r instead of %.300r" % (what and what + ": ", got, wanted)


# ---- requests ---------------------------------------------------------------------------------

LONG = "/" + "a" * 8000
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"
POST = "POST /echo HTTP/1.1\r\nHost: a\r\n"
# What is sent, and the statuses of all answers on this connection, which then ends.
REFUSED = (
    ("no HTTP at all", "hello\r\n\r\n", 400),
    ("TLS on a plain port", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    ("HTTP/0.9", "GET /hello\r\n\r\n", 400),
    ("HTTP/2.0", "GET /hello HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    ("no Host", "GET /hello HTTP/1.1\r\n\r\n", 400),
    ("two Hosts", "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    ("a method in two words", "GET GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ("a target of 8,001 bytes", "GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % LONG, 414),
    ("101 fields", "GET / HTTP/1.1\r\nHost: a\r\n" + "A: b\r\n" * 100 + "\r\n", 431),
    ("64 KiB of fields", "GET / HTTP/1.1\r\nHost: a\r\nA: %s\r\n\r\n" % ("b" * 65536), 431),
    ("an endless field", "GET / HTTP/1.1\r\nHost: " + "b" * 200000, 431),
    ("obs-fold", "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", 400),
    ("a blank before the colon", POST + "Content-Length : 5\r\n\r\nhello", 400),
    ("a blank first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400),
    ("NUL in a value", "GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", 400),
    ("a bare CR in a value", "GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 400),
    ("length and chunks", POST + "Content-Length: 4\r\n" + CHUNKED + "\r\n0\r\n\r\n", 400),
    ("chunks and length", POST + CHUNKED + "Content-Length: 4\r\n\r\n0\r\n\r\n", 400),
    ("two lengths", POST + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400),
    ("two lengths in one field", POST + "Content-Length: 5, 6\r\n\r\nhello", 400),
    ("a signed length", POST + "Content-Length: +5\r\n\r\nhello", 400),
    ("a negative length", POST + "Content-Length: -5\r\n\r\nhello", 400),
    ("a length in hexadecimal", POST + "Content-Length: 0x5\r\n\r\nhello", 400),
    ("a length of 2^64", POST + "Content-Length: 18446744073709551616\r\n\r\nhello", 400),
    ("chunked not last", POST + "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 400),
    ("chunked twice", POST + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400),
    ("an unknown last coding", POST + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400),
    ("an unknown coding", POST + "Transfer-Encoding: x, chunked\r\n\r\n0\r\n\r\n", 501),
    ("chunks in HTTP/1.0", "POST /echo HTTP/1.0\r\n" + CHUNKED + "\r\n0\r\n\r\n", 400),
    ("a chunk size with 0x", POST + CHUNKED + "\r\n0x5\r\nhello\r\n0\r\n\r\n", 400),
    ("a chunk size with +", POST + CHUNKED + "\r\n+5\r\nhello\r\n0\r\n\r\n", 400),
    ("a chunk size of 2^64", POST + CHUNKED + "\r\n10000000000000000\r\nhello", 400),
    ("a chunk without its CR LF", POST + CHUNKED + "\r\n5\r\nhelloX0\r\n\r\n", 400),
)


@test()
def smuggling(server):
    """What another server could read in another way is refused, and nothing behind it is read."""
    for name, sent, status in REFUSED:
        with server.connect() as peer:
            try:
                peer.send(HELLO + sent.encode("latin-1") + SMUGGLED)
            except OSError:
                pass  # it may have read enough
            same(peer.answer()[0], 200, name)
            got, fields, _ = peer.answer()
            same((got, fields.get("connection")), (status, ["close"]), name)
            same(peer.ended(), None, name)
    assert "/smuggled" not in server.logged()


@test()
def accepted(server):
    """What is unusual, and right."""
    for sent in (b"\r\n\r\n" + HELLO, b"GET http://a/hello HTTP/1.1\r\nHost: a\r\n\r\n",
                 b"GET /hello HTTP/1.1\r\nhOST:a\r\n\r\n",
                 b"GET /hello HTTP/1.1\r\nHost: \t a \t\r\nX:\r\n\r\n"):
        with server.connect() as peer:
            peer.send(sent + HELLO)
            first = peer.answer()
            same((first[0], first[2]), (200, b"hello\n"), repr(sent))
            same(peer.answer()[2], b"hello\n")


@test()
def whole_urls(server):
    """A target may be a whole URL: then its host counts, and Host does not. RFC 9112 3.2.2."""
    for url, host in (("http://b:81/headers", "b:81"), ("HTTPS://[::1]/headers", "[::1]")):
        with server.connect() as peer:
            peer.send(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % url.encode() + HELLO)
            same(peer.answer()[2].decode(), "GET /headers 11 127.0.0.1\nHost: %s\n" % host, url)
            same(peer.answer()[2], b"hello\n", "behind " + url)
        assert '"GET %s HTTP/1.1" 200' % url in server.logged()
    for url, whole in (("http://b", "http://b/"), ("http://b?q", "http://b/?q")):
        with server.connect() as peer:
            peer.send(b"GET %s HTTP/1.0\r\n\r\n" % url.encode())
            same(peer.answer()[0], 404, url)
        assert '"GET %s HTTP/1.0" 404' % whole in server.logged()


@test()
def slices(server):
    """Any slicing of the same bytes gives the same answers."""
    text = (HELLO + request("/echo", "POST", "Content-Length: 11\r\n", b"eleven byte") +
            request("/echo", "POST", CHUNKED, b"5;x=y\r\nhello\r\n6\r\n, list\r\n0\r\nA: b\r\n"
                    b"\r\n") +
            request("/headers"))
    for size in (1, 2, 7, 100):
        with server.connect() as peer:
            for i in range(0, len(text), size):
                peer.send(text[i:i + size])
            same([peer.answer()[2] for _ in range(4)],
                 [b"hello\n", b"eleven byte", b"hello, list",
                  b"GET /headers 11 127.0.0.1\nHost: a\n"], "in pieces of %d" % size)


@test()
def pipelining(server):
    """Requests that come together are answered in order."""
    paths = ["/hello", "/headers", "/pieces", "/nowhere", "/empty"] * 100
    bodies = {"/hello": b"hello\n", "/headers": b"GET /headers 11 127.0.0.1\nHost: a\n",
              "/pieces": b"piece 0\npiece 1\npiece 2\n" + BIG[:40000], "/empty": b""}
    with server.connect() as peer:
        sender = threading.Thread(target=peer.send, args=(b"".join(map(request, paths)),))
        sender.start()
        for path in paths:
            status, _, body = peer.answer()
            same(status, 200 if path in bodies else 404, path)
            same(body, bodies.get(path, body), path)
        sender.join()
    with server.connect() as peer:  # many behind a chunked body that fills what is read at once
        body = b"4000\r\n" + b"x" * 0x4000 + b"\r\n0\r\n\r\n"
        peer.send((request("/echo", "POST", CHUNKED, body) + HELLO * 300) * 3)
        for _ in range(3):
            same(peer.answer()[2], b"x" * 0x4000)
            for _ in range(300):
                same(peer.answer()[2], b"hello\n")


@test()
def to_the_brim(server):
    """A head that ends where the memory does that a body was read into, and a body behind it."""
    first = request("/echo", "POST", CHUNKED)
    tail, padding = b"1\r\nx\r\n0\r\n\r\n", "X: %s\r\n"
    length = 16384 - len(first + tail + request("/echo", "POST", CHUNKED + padding % ""))
    with server.connect() as peer:
        peer.send(first)
        time.sleep(0.05)  # so that it has most likely been read; else nothing is tried
        peer.send(tail + request("/echo", "POST", CHUNKED + padding % ("a" * length)) +
                  b"5\r\nhello\r\n0\r\n\r\n" + HELLO)
        same([peer.answer()[2] for _ in range(3)], [b"x", b"hello", b"hello\n"])


@test()
def versions(server):
    """How long a connection lives is the client's wish, by the rules of its version."""
    keep = "Connection: keep-alive\r\n"
    for version, fields, field in (("1.1", "", None), ("1.1", "Connection: close\r\n", "close"),
                                   ("1.0", "", "close"), ("1.0", keep, "keep-alive"),
                                   ("1.1", "Connection: x , CLOSE\r\n", "close")):
        sent = ("GET /hello HTTP/%s\r\nHost: a\r\n%s\r\n" % (version, fields)).encode()
        with server.connect() as peer:
            for _ in range(2):
                peer.send(sent)
                status, got, body = peer.answer()
                same((status, body, got.get("connection", [None])[0]), (200, b"hello\n", field))
                if field == "close":
                    same(peer.ended(), None)
                    break
    with server.connect() as peer:  # HTTP/1.0 knows no chunks
        peer.send(b"GET /pieces HTTP/1.0\r\n" + keep.encode() + b"\r\n")
        _, fields, body = peer.answer()
        same("transfer-encoding" in fields, False)
        same(body, b"piece 0\npiece 1\npiece 2\n" + BIG[:40000])


@test()
def half_closed(server):
    """A client that has sent its end still gets its answers; half a request gets 400."""
    with server.connect() as peer:
        peer.send(request("/big") + HELLO)
        peer.finish()
        same(peer.answer()[2], BIG)
        same(peer.answer()[2], b"hello\n")
        if not server.tls:
            same(peer.ended(), None)
    if not server.tls:
        for sent in (b"GET /hel", request("/echo", "POST", "Content-Length: 10\r\n", b"12345"),
                     request("/echo", "POST", CHUNKED, b"5\r\nhello\r\n")):
            with server.connect() as peer:
                peer.send(sent)
                peer.finish()
                same(peer.answer()[0], 400)
                same(peer.ended(), None)


# ---- responses --------------------------------------------------------------------------------

@test()
def responses(server):
    """What handlers say, and what becomes of it."""
    with server.connect() as peer:
        def ask(path, method="GET"):
            peer.send(request(path, method))
            return peer.answer(method)
        same(ask("/hello")[1]["server"], ["workbook"])
        same(ask("/empty")[1]["content-length"], ["0"])
        status, fields, _ = ask("/no-content")
        same((status, "content-length" in fields, "transfer-encoding" in fields),
             (204, False, False))
        same(ask("/long")[2], b"12345")
        status, fields, body = ask("/error-instead")
        same((status, fields["content-type"]), (404, ["text/html; charset=utf-8"]))
        assert b"<h1>404 no &lt;such&gt; &amp; &quot;thing&quot;</h1>" in body, body
        same(ask("/early")[0], 103)
        same(peer.answer()[2], b"hello\n")
        status, fields, _ = ask("/extra")
        same((status, fields["set-cookie"]), (405, ["a=1", "b=2"]))
        same("set-cookie" in ask("/hello")[1], False)
        same(ask("/log")[0], 200)
        assert "127.0.0.1 - - [" in server.logged()
        assert "] a\\x0aline \\x1b[31m of 2 parts\n" in server.logged(), server.logged()
        assert "\"GET /hello HTTP/1.1\" 200 6\n" in server.logged()


@test()
def heads(server):
    """HEAD is GET without the body: the same fields, and nothing behind them."""
    for path in ("/hello", "/big", "/nowhere", "/file", "/pieces", "/extra"):
        with server.connect() as peer:
            peer.send(request(path))
            status, fields, _ = peer.answer()
            peer.send(request(path, "HEAD") + HELLO)
            got, got_fields, _ = peer.answer("HEAD")
            for each in fields, got_fields:
                each.pop("date")
                each.pop("transfer-encoding", None)
            same((got, got_fields), (status, fields), path)
            same(peer.answer()[2], b"hello\n", path)


@test()
def broken_handlers(server):
    """A handler that does what it should not is no way to split a response or to feign a whole."""
    for path in ("/split", "/two-lengths", "/own-coding", "/nothing"):
        with server.connect() as peer:
            peer.send(request(path) + HELLO)
            status, fields, body = peer.answer()
            same((status, fields["connection"]), (500, ["close"]), path)
            same("set-cookie" in fields or b"not to be seen" in body, False, path)
            same(peer.ended(), None, path)
    for path in ("/short", "/late-error", "/shrunk-file"):
        with server.connect() as peer:
            peer.send(request(path) + HELLO)
            try:
                same(peer.answer(), "an end before its time", path)
            except (EOFError, ssl.SSLError, ConnectionResetError):
                pass


@test()
def closes(server):
    """A handler may end the connection, and the client is told."""
    for path in ("/close", "/close-field"):
        with server.connect() as peer:
            peer.send(request(path))
            status, fields, _ = peer.answer()
            same((status, fields["connection"]), (200, ["close"]))
            same(peer.ended(), None)


@test()
def long_answers(server):
    """8 MiB from memory, 1 MiB of a file, with its length and in chunks."""
    part = BIG[10:1 << 20]
    with server.connect() as peer:
        for path, wanted in (("/big", BIG), ("/file", part), ("/file-chunked", part)):
            peer.send(request(path))
            same(peer.answer()[2] == wanted, True, path)


@test()
def methods(server):
    """A method without a handler: 501, and the connection lives on."""
    with server.connect() as peer:
        for method in ("DELETE", "OPTIONS", "BREW", "get", "*"):
            peer.send(request("/hello", method) + HELLO)
            same(peer.answer()[0], 501, method)
            same(peer.answer()[0], 200, method)


# ---- bodies -----------------------------------------------------------------------------------

def chunks(data, size):
    return b"".join(b"%x\r\n%s\r\n" % (len(data[i:i + size]), data[i:i + size])
                    for i in range(0, len(data), size)) + b"0\r\n\r\n"


@test()
def bodies(server):
    """With a length and in chunks, whole and as a stream, and a request behind each."""
    body = BIG[:1 << 20]
    for path in ("/echo", "/stream"):
        for fields, sent in (("Content-Length: %d\r\n" % len(body), body),
                             (CHUNKED, chunks(body, 1 << 20)), (CHUNKED, chunks(body, 999)),
                             ("Content-Length: 0\r\n", b""), (CHUNKED, b"0\r\n\r\n"), ("", b"")):
            with server.connect() as peer:
                sender = threading.Thread(target=peer.send,
                                          args=(request(path, "POST", fields, sent) + HELLO,))
                sender.start()
                wanted = body if len(sent) > 10 else b""
                same(peer.answer()[2] == wanted, True, path + " " + fields)
                same(peer.answer()[2], b"hello\n", path + " " + fields)
                sender.join()


@test()
def continues(server):
    """100 Continue when the handler reads, and only then."""
    expects = "Expect: 100-continue\r\nContent-Length: 5\r\n"
    with server.connect() as peer:
        peer.send(request("/echo", "POST", expects))
        same(peer.answer()[0], 100)
        peer.send(b"hello" + HELLO)
        same(peer.answer()[2], b"hello")
        same(peer.answer()[2], b"hello\n")
        peer.send(request("/echo", "POST", expects, b"hello"))  # it has not waited
        same(peer.answer()[0::2], (200, b"hello"))
        peer.send(request("/echo", "POST", "Expect: 100-continue\r\nContent-Length: 0\r\n"))
        same(peer.answer()[0], 200)
        peer.send(request("/echo", "POST", "Expect: 100-continue\r\nContent-Length: 2000000\r\n"))
        status, fields, _ = peer.answer()
        same((status, fields["connection"]), (413, ["close"]))
        same(peer.ended(), None)
    with server.connect() as peer:  # nobody reads it: the answer, and the end, for who knows
        peer.send(request("/hello", "POST", expects))
        status, fields, _ = peer.answer()
        same((status, fields["connection"]), (200, ["close"]))
    with server.connect() as peer:
        peer.send(b"POST /echo HTTP/1.0\r\n" + expects.encode() + b"\r\nhello")
        same(peer.answer()[0::2], (200, b"hello"))


@test()
def too_large(server):
    """A body above the limit: 413, which the client can read though it goes on sending."""
    size = 32 << 20
    for fields, body in (("Content-Length: %d\r\n" % size, b"x" * size),
                         (CHUNKED, chunks(b"x" * size, 1 << 16))):
        with server.connect() as peer:
            peer.send(request("/echo", "POST", fields))
            def push():
                try:
                    peer.send(body)
                except OSError:
                    pass  # it has heard enough
            sender = threading.Thread(target=push)
            sender.start()
            status, got, _ = peer.answer()
            same((status, got["connection"]), (413, ["close"]))
            try:
                socket.socket.shutdown(peer.socket, socket.SHUT_RDWR)
            except OSError:
                pass  # the server was faster
            sender.join()


@test()
def answered_before_its_end(server):
    """The end comes in order, and no reset, although much of the body was never read."""
    with server.connect() as peer:
        peer.send(request("/echo", "POST", "Content-Length: 9000000\r\n", b"x" * 1000000))
        same(peer.answer()[0], 413)
        same(peer.ended(), None)
        peer.send(b"x" * 100000)


@test()
def unread_bodies(server):
    """A body that no handler reads: what is short is passed over, what is long ends it."""
    with server.connect() as peer:
        for fields, body in (("Content-Length: 100000\r\n", b"x" * 100000),
                             (CHUNKED, chunks(b"x" * 100000, 1000))):
            peer.send(request("/hello", "POST", fields, body[:50]))
            peer.send(body[50:] + HELLO)
            status, got, _ = peer.answer()
            same(status, 200)
            if "connection" in got:  # not all of it was there yet
                return
            same(peer.answer()[2], b"hello\n")


# ---- time -------------------------------------------------------------------------------------

def trickle(peer, begin, data):
    """Sends byte by byte until there is an answer, and no longer than six seconds."""
    peer.send(HELLO)
    same(peer.answer()[2], b"hello\n")  # behind the tickets of TLS, which nobody waits for
    peer.send(begin)
    began, heard = time.monotonic(), select.poll()  # select() would refuse the higher ones
    heard.register(peer.socket, select.POLLIN)
    for byte in data:
        peer.send(bytes([byte]))
        if heard.poll(20) or time.monotonic() - began > 6:  # this is the slowness
            break
    return time.monotonic() - began


@test(["head=300"])
def slow_heads(server):
    """The head has one limit of time, however often something comes; so has nothing at all."""
    with server.connect() as silent, server.connect() as slow:
        took = trickle(slow, b"", request("/hello", "GET", "A: " + "b" * 5000 + "\r\n"))
        same(slow.answer()[0], 408)
        same(slow.ended(), None)
        same(silent.ended(), None)
        assert 0.25 < took < 5, took


@test(["idle=300"])
def idle(server):
    """A connection that was served and is silent then is closed without a word."""
    with server.connect() as peer:
        peer.send(HELLO)
        same(peer.answer()[0], 200)
        began = time.monotonic()
        same(peer.ended(), None)
        assert 0.25 < time.monotonic() - began < LIMIT / 2, time.monotonic() - began


@test(["body=300"])
def slow_bodies(server):
    """So is a body that trickles: 408."""
    for sent in (request("/echo", "POST", "Content-Length: 5000\r\n"),
                 request("/echo", "POST", CHUNKED)):
        with server.connect() as peer:
            took = trickle(peer, sent, b"1\r\na\r\n" * 80)
            assert 0.25 < took < 5, took
            status, fields, _ = peer.answer()
            same((status, fields["connection"]), (408, ["close"]))


@test(["write=300", "linger=300"])
def never_reads(server):
    """A client that never reads holds a worker for its time, and is gone then."""
    with server.connect(room=2048) as peer:
        peer.send(request("/big") * 3)
        with server.connect() as other:
            other.send(HELLO)
            same(other.answer()[2], b"hello\n")
            same(server.settled(1), None)
        try:
            got = peer.to_end()
        except OSError:
            got = b""
        assert len(got) < len(BIG)


@test(["write=700"], only="one worker")
def reads_steadily(server):
    """A client that takes 2 MB a second gets all 8 MiB, though a full buffer would last longer."""
    with server.connect(room=65536) as peer:
        peer.send(request("/big"))
        peer.until(b"\r\n\r\n")
        got = bytearray(peer.rest)
        while len(got) < len(BIG):
            more = peer.socket.recv(100000)
            assert more, "broken off after %d bytes" % len(got)
            got += more
            time.sleep(0.05 * len(more) / 100000)  # this is the slowness
        same(bytes(got) == BIG, True)


@test(["linger=300"])
def lingers(server):
    """Who does not close after the end is waited for a while, and no longer."""
    with server.connect() as peer:
        peer.send(request("/close"))
        same(peer.answer()[0], 200)
        same(peer.ended(), None)
        same(server.settled(), None)


# ---- many, and rude ones ----------------------------------------------------------------------

@test(["head=60000", "idle=60000"])
def slow_loris(server):
    """200 clients with half a head, 200 silent ones: they hold memory, and nobody else up."""
    loris = [server.connect() for _ in range(400)]
    for peer in loris[:200]:
        peer.send(HELLO[:-2])
    with server.connect() as peer:
        for _ in range(20):
            peer.send(HELLO)
            same(peer.answer()[2], b"hello\n")
    same(server.busy(), None)
    for peer in loris[:200]:
        peer.send(b"\r\n")
        same(peer.answer()[2], b"hello\n")
    for peer in loris:
        peer.socket.close()
    same(server.settled(), None)


@test(["head=60000", "idle=60000"])
def crowd(server):
    """1,100 at once, and none left over."""
    with ThreadPoolExecutor(8) as pool:
        peers = list(pool.map(lambda _: server.connect(), range(1100)))
    for _ in range(2):
        for peer in peers:
            peer.send(HELLO)
        for peer in peers:
            same(peer.answer()[2], b"hello\n")
    for i, peer in enumerate(peers):
        if i % 2:
            peer.reset()
        peer.socket.close()
    same(server.settled(), None)


@test(["write=2000"])
def resets(server):
    """Clients that reset: before a byte, in a head, in a body, in the answer."""
    for i in range(40):
        peer = server.connect(room=2048)
        peer.send((b"", HELLO[:9], request("/echo", "POST", "Content-Length: 9\r\n", b"1"),
                   request("/big") * 2)[i % 4])
        if i % 4 == 3:
            peer.more()
        peer.reset()
    with server.connect() as peer:
        peer.send(HELLO)
        same(peer.answer()[2], b"hello\n")
    same(server.settled(), None)


@test()
def garbage(server):
    """Bytes of all kinds, before and under TLS."""
    for i in range(40):
        tls = server.tls and i % 2 == 0
        with Peer(server.port, tls) as peer:
            try:
                peer.send(os.urandom(20000))
                peer.finish()
                peer.to_end()
            except OSError:
                pass
    with server.connect() as peer:
        peer.send(HELLO)
        same(peer.answer()[2], b"hello\n")


@test(["connections=4", "idle=60000", "head=60000"])
def full(server):
    """With all places taken the one that idles longest gives way; who is at work does not."""
    peers = [server.connect() for _ in range(3)]
    for peer in peers:
        peer.send(HELLO)
        same(peer.answer()[0], 200)
    with server.connect() as busy:
        busy.send(HELLO[:-2])
        with server.connect() as new:
            new.send(HELLO)
            same(new.answer()[0], 200)
            ended = select.poll()  # select() would refuse the higher ones
            for peer in peers:
                ended.register(peer.socket, select.POLLIN)
            same(len(ended.poll(LIMIT * 1000)), 1)
        for _ in range(3):
            with server.connect() as new:
                new.send(HELLO)
                same(new.answer()[0], 200)
        busy.send(b"\r\n")
        same(busy.answer()[2], b"hello\n")
    for peer in peers:
        peer.socket.close()


@test(["connections=2", "idle=60000", "head=60000"])
def full_of_busy(server):
    """When none idles the next client waits, without a busy loop, until there is a place."""
    one, two = server.connect(), server.connect()
    one.send(HELLO[:-2])
    two.send(HELLO[:-2])
    third = socket.create_connection(("127.0.0.1", server.port), LIMIT)
    same(server.busy(), None)
    one.socket.close()
    if server.tls:
        third = TRUST.wrap_socket(third, server_hostname="localhost")
    third.sendall(HELLO)
    assert third.recv(100).startswith(b"HTTP/1.1 200 ")
    third.close()
    two.socket.close()


@test(["idle=60000"])
def no_descriptors(server):
    """EMFILE: it goes on with those whom it has, without a busy loop, and takes more later."""
    hard = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)[1]
    with server.connect() as peer, server.connect() as busy:
        peer.send(HELLO)
        same(peer.answer()[0], 200)
        busy.send(HELLO[:-2])
        peer.send(HELLO[:-2])
        if not server.tls:
            peer.send(b"X: ")
        held = server.held() + OWN
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (held, hard))
        waiting = socket.create_connection(("127.0.0.1", server.port), LIMIT)
        same(server.busy(), None)
        busy.send(b"\r\n")
        same(busy.answer()[2], b"hello\n")  # then it idles, and gives way
        if server.tls:
            waiting = TRUST.wrap_socket(waiting, server_hostname="localhost")
        waiting.sendall(HELLO)
        assert waiting.recv(100).startswith(b"HTTP/1.1 200 ")
        waiting.close()
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (hard, hard))


@test(["workers=2"], only="pool")
def side_by_side(server):
    """Two handlers at the same time; a third request waits."""
    with server.connect() as one, server.connect() as two, server.connect() as three:
        one.send(request("/meet"))
        two.send(request("/meet"))
        same((one.answer()[0], two.answer()[0]), (200, 200))
        three.send(HELLO)
        same(three.answer()[2], b"hello\n")


@test(["workers=2"], only="pool")
def more_behind(server):
    """While a handler waits, what comes behind its request wakes nobody."""
    with server.connect() as one, server.connect() as two:
        one.send(request("/meet"))
        time.sleep(0.1)  # so that the handler has most likely begun; else nothing is tried
        one.send(HELLO)
        same(server.busy(0.3), None)
        two.send(request("/meet"))
        same((one.answer()[0], two.answer()[0], one.answer()[2]), (200, 200, b"hello\n"))


@test(only="pool")
def many_at_once(server):
    """16 clients with 100 requests each, whatever the order."""
    def client(_):
        with server.connect() as peer:
            for i in range(100):
                body = b"%d" % i * 100
                peer.send(request("/echo", "POST", "Content-Length: %d\r\n" % len(body), body))
                same(peer.answer()[2], body)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(client, range(16)))


# ---- the stop ---------------------------------------------------------------------------------

@test(["idle=60000", "head=60000"])
def stops(server):
    """Requests in flight come to their end, those who idle are closed at once."""
    half = request("/echo", "POST", "Content-Length: 10\r\n", b"12345")
    with server.connect() as idler, server.connect() as silent, server.connect() as uploading, \
            server.connect() as head:
        idler.send(HELLO)
        same(idler.answer()[0], 200)
        head.send(HELLO[:-2])
        uploading.send(half)
        server.process.send_signal(signal.SIGTERM)
        if server.pool:
            same(idler.ended(), None)
            same(silent.ended(), None)
        uploading.send(b"67890")
        status, fields, body = uploading.answer()
        same((status, body), (200, b"1234567890"))
        if server.pool:  # a single worker learns of the signal when it is done
            same(fields["connection"], ["close"])
        same(uploading.ended(), None)
        head.send(b"\r\n")
        status, fields, _ = head.answer()
        same((status, fields["connection"]), (200, ["close"]))
        same(head.ended(), None)
        same(idler.ended(), None)
        same(silent.ended(), None)
    try:
        socket.create_connection(("127.0.0.1", server.port), LIMIT).close()
        same("accepted", "refused")
    except ConnectionRefusedError:
        pass


@test(["stop=300", "write=3000", "head=60000"])
def stops_in_time(server):
    """What does not come to its end is not waited for beyond the limit."""
    with server.connect(room=65536) as reader, server.connect() as head:
        head.send(HELLO[:-2])
        reader.send(request("/big"))
        reader.more()

        def read_slowly():
            try:
                while reader.socket.recv(10000):
                    time.sleep(0.05)  # this is the slowness
            except OSError:
                pass  # broken off
        thread = threading.Thread(target=read_slowly, daemon=True)
        thread.start()
        began = time.monotonic()
        same(server.stop(), None)
        took = time.monotonic() - began
        assert took < LIMIT / 2, took


@test()
def stops_with_a_queue(server):
    """Who was connected by the kernel when the signal had come, but before the end, is served."""
    if server.tls:
        return  # a handshake is no request yet
    server.process.send_signal(signal.SIGSTOP)
    server.process.send_signal(signal.SIGTERM)
    with server.connect() as peer:
        peer.send(HELLO)
        server.process.send_signal(signal.SIGCONT)
        same(peer.answer()[2], b"hello\n")
        same(peer.ended(), None)


@test()
def nothing_lost(server):
    """Under load: each request that was answered in part is answered whole."""
    lost, served, over = [], [0], threading.Event()

    def client(_):
        while not over.is_set():
            try:
                peer = server.connect()
            except OSError:
                return
            with peer:
                try:
                    while True:
                        peer.send(HELLO)
                        try:
                            if not peer.more():
                                break  # closed while it idled: RFC 9112 section 9.6
                        except ConnectionResetError:
                            break
                        status, fields, _ = peer.answer()
                        served[0] += status == 200
                        if "connection" in fields:
                            break
                except (OSError, ssl.SSLError):
                    pass
                except EOFError as why:
                    lost.append(why)
    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(client, i) for i in range(8)]
        while served[0] < 200:
            time.sleep(0.005)  # the state of other threads
        wrong = server.stop()
        over.set()
        for each in done:
            each.result()
    same((wrong, lost), (None, []))


# ---- real peers -------------------------------------------------------------------------------

def url(server, path):
    return "%s://localhost:%d%s" % ("https" if server.tls else "http", server.port, path)


@test()
def curl(server):
    """curl: keep-alive, an upload, a continue, a range of methods, and its certificate's check."""
    trust = ["--cacert", str(AUTHORITY / "authority.pem")] if server.tls else []
    base = ["curl", "-sS", "--max-time", str(LIMIT)] + trust
    status, out, err = run(*base, "-w", "%{num_connects} ", url(server, "/hello"),
                           url(server, "/pieces"), "-o", "/dev/null", "-o", "/dev/null")
    same((status, out), (0, "1 0 "), err)
    with tempfile.NamedTemporaryFile() as upload:
        upload.write(BIG[:1 << 20])
        upload.flush()
        for more in (["-T", upload.name], ["-H", "Transfer-Encoding: chunked", "-T", upload.name],
                     ["--data-binary", "@" + upload.name]):
            done = subprocess.run(base + more + [url(server, "/echo")], capture_output=True,
                                  check=False)
            same((done.returncode, done.stdout == BIG[:1 << 20]), (0, True), done.stderr)
    status, out, err = run(*base, "-I", url(server, "/big"))
    same((status, "Content-Length: %d" % len(BIG) in out), (0, True), err)
    same(run(*base, "--http1.0", url(server, "/hello"))[:2], (0, "hello\n"))
    if server.tls:
        same(run(*base[:-2], url(server, "/hello"))[0], 60)  # nobody vouches for it


@test()
def python_clients(server):
    """http.client and urllib."""
    if server.tls:
        connection = http.client.HTTPSConnection("localhost", server.port, timeout=LIMIT,
                                                 context=TRUST)
    else:
        connection = http.client.HTTPConnection("localhost", server.port, timeout=LIMIT)
    for method, path, body, chunked in (("GET", "/hello", None, False),
                                        ("POST", "/echo", b"abc", False),
                                        ("PUT", "/echo", iter([b"ab", b"c"]), True),
                                        ("HEAD", "/big", None, False), ("GET", "/big", None, False),
                                        ("GET", "/pieces", None, False)):
        connection.request(method, path, body, encode_chunked=chunked)
        answer = connection.getresponse()
        got = answer.read()
        same(answer.status, 200)
        same({"/echo": b"abc", "/hello": b"hello\n"}.get(path, got), got)
    connection.close()
    trust = TRUST if server.tls else None
    with urllib.request.urlopen(url(server, "/hello"), b"a=b", LIMIT, context=trust) as answer:
        same((answer.status, answer.read()), (200, b"hello\n"))
    try:
        urllib.request.urlopen(url(server, "/nowhere"), timeout=LIMIT, context=trust)
        same("an answer", "404")
    except urllib.error.HTTPError as why:
        same(why.code, 404)
        why.close()


@test(only="TLS")
def tls_rude(server):
    """Plain HTTP on the port, silence in mid-handshake, a client that speaks another protocol."""
    with socket.create_connection(("127.0.0.1", server.port), LIMIT) as plain:
        plain.sendall(HELLO)
        try:
            assert not plain.recv(100).startswith(b"HTTP/")
        except ConnectionResetError:
            pass
    stalled = socket.create_connection(("127.0.0.1", server.port), LIMIT)
    stalled.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
    other = ssl.create_default_context(cafile=AUTHORITY / "authority.pem")
    other.set_alpn_protocols(["h2"])
    try:
        with socket.create_connection(("127.0.0.1", server.port), LIMIT) as client:
            other.wrap_socket(client, server_hostname="localhost").close()
        same("h2 accepted", "refused")
    except ssl.SSLError:
        pass
    with server.connect() as peer:
        peer.send(HELLO)
        same(peer.answer()[2], b"hello\n")
    stalled.close()


# ---- all of it --------------------------------------------------------------------------------

KINDS = {"one worker": ([], False), "pool": (["workers=4"], False),
         "TLS": (["workers=2", "cert=%s" % (AUTHORITY / "localhost.pem"),
                  "key=%s" % (AUTHORITY / "localhost.key")], True)}


def build(folder, name, sanitizers):
    sources = [str(path) for part in MODULE for path in (ROOT / "02_http/http").glob(part + ".c")]
    command = ["gcc", "-std=gnu11", "-D_GNU_SOURCE", "-O1", "-g", "-fsanitize=" + sanitizers,
               "-fno-sanitize-recover=all", "-Icommon", "-I02_http",
               "common/tests/http_programs/odd_server.c", *sources,
               *[str(path) for path in (ROOT / "common/core").glob("*.c")],
               "-lssl", "-lcrypto", "-pthread", "-o", folder / name]
    status, out, err = run(*command, cwd=ROOT)
    return out + err if status != 0 else None


def attempt(function, kind, program, options):
    """Runs one test; what was wrong, or None."""
    more, tls = KINDS[kind]
    server = Server([program, *more, *options, "0"], tls)
    server.pool = kind != "one worker"
    wrong = None
    try:
        function(server)
    except Exception as why:  # whatever a test stumbles over, the others go on
        wrong = "%s: %s" % (type(why).__name__, why)
    if server.over:
        return wrong
    return "\n".join(filter(None, (wrong, server.stop()))) or None


def main():
    tap = Tap()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(4) as pool:
        folder = Path(temporary)
        made = pool.map(lambda each: build(folder, *each), (
            ("asan", "address,undefined"), ("tsan", "thread")))
        for name, wrong in zip(("asan", "tsan"), made):
            tap.ok(wrong is None, "it builds for %s" % name, wrong)
        tries = [(function, kind, folder / program, options)
                 for function, options, only in TESTS for kind in KINDS
                 for program in (("asan", "tsan") if kind == "pool" else ("asan",))
                 if only in (None, kind) and (not sys.argv[1:] or function.__name__ in sys.argv)]
        results = pool.map(lambda each: attempt(*each), tries)
        for (function, kind, program, _), wrong in zip(tries, results):
            tap.ok(wrong is None, "%s, %s (%s)" % (function.__name__.replace("_", " "), kind,
                                                   program.name), wrong)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
