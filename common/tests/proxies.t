#!/usr/bin/python3 -B
"""Proxies: build/proxy and the program of lesson 4.13, both sanitized, beside Debian's tinyproxy,
microsocks, curl and Python's requests: each client through each proxy, by HTTP, CONNECT and SOCKS.
Then what rude peers do to build/proxy, and what it lets through."""
import contextlib
import http.server
import os
import re
import resource
import select
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

from tap import Tap

ROOT = Path(__file__).resolve().parents[2]
AUTHORITY = ROOT / "build/authority/authority.pem"
LIMIT = 60  # seconds: how long a machine may be slow before a test gives up
for _name in [name for name in os.environ if name.lower().endswith("_proxy")]:
    os.environ.pop(_name)
warnings.filterwarnings("ignore")  # requests' own, of the versions that it was made with
import requests  # noqa: E402, pylint: disable=wrong-import-position


# ---- what is tried -------------------------------------------------------------------------------

def build(folder):
    """build/proxy and the lesson's program, sanitized."""
    flags = ["-std=c11", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all",
             *("-I%s" % (ROOT / d) for d in ("common", "02_http", "03_urllib", "04_requests"))]
    libraries = ["-lcurl", "-lssl", "-lcrypto", "-lpsl", "-ljansson", "-pthread"]
    common = [str(f) for part in ("common/core", "02_http/http", "03_urllib/urllib")
              for f in sorted((ROOT / part).glob("*.c"))]
    proxy = [str(f) for f in sorted((ROOT / "common/testbed/proxy").glob("*.c"))]
    easy = [str(ROOT / "04_requests/requests" / f) for f in ("easy.c", "error.c")]
    lesson = str(ROOT / "04_requests/13_proxies.c")
    objects = Path(folder, "objects")
    objects.mkdir()
    pending, running, made = common + proxy + easy, [], {}
    while pending or running:
        while pending and len(running) < (os.cpu_count() or 1):
            source = pending.pop()
            made[source] = str(objects / (source.replace("/", "_") + ".o"))
            running.append(subprocess.Popen(["gcc", "-D_GNU_SOURCE", *flags, "-c", source, "-o",
                                             made[source]]))
        if running.pop(0).wait() != 0:
            raise SystemExit("what is to be tried does not compile")
    for name, sources in (("proxy", common + proxy), ("13_proxies", common + easy)):
        more = [lesson, "-D_POSIX_C_SOURCE=200809L"] if name == "13_proxies" else []
        subprocess.run(["gcc", *flags, *more, *(made[s] for s in sources), "-o",
                        str(Path(folder, name)), *libraries], check=True)


class Server(http.server.ThreadingHTTPServer):
    """What is asked for in the end; what came stands in seen."""
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, tls=False):
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen = []
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(ROOT / "build/authority/localhost.pem",
                                    ROOT / "build/authority/localhost.key")
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.url = "%s://localhost:%d" % ("https" if tls else "http", self.server_port)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass  # a client that leaves


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        while "chunked" in self.headers.get("Transfer-Encoding", ""):
            size = int(self.rfile.readline(), 16)
            body += self.rfile.read(size)
            self.rfile.readline()
            if size == 0:
                break
        self.server.seen.append((self.command, self.path, dict(self.headers.items()), body))
        self.answer(body)

    do_POST = do_HEAD = do_OPTIONS = do_GET

    def answer(self, body):
        if self.path == "/cut":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
            self.close_connection = True
        elif self.path == "/chunks":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                             b"Connection: X-Hop\r\nX-Hop: no\r\nKeep-Alive: timeout=5\r\n\r\n"
                             b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")
        elif self.path == "/close":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\nuntil the end")
            self.close_connection = True
        elif self.path == "/garbage":
            self.wfile.write(b"this is no HTTP\r\n\r\n")
            self.close_connection = True
        elif self.path == "/nothing":
            self.close_connection = True
        elif self.path == "/never":
            select.select([self.connection], [], [], LIMIT)
        elif self.path == "/large":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 33554432\r\n\r\n")
            for _ in range(512):
                self.wfile.write(bytes(65536))
        else:
            text = body or b"answer\n"
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(text)


class Process:
    """A proxy at work: ports[0], ports[1]."""

    def __init__(self, *words, ports=None, count=1, limit=None):
        def lower():
            if limit:
                resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen([str(w) for w in words], stdout=subprocess.PIPE,
                                        stderr=self.errors, text=True, preexec_fn=lower)
        if ports is None:
            self.ports = [int(self.process.stdout.readline().rsplit(":", 1)[1])
                          for _ in range(count)]
        else:
            self.ports = ports
            end = time.monotonic() + LIMIT
            while time.monotonic() < end:  # what says nothing is asked until it answers
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", ports[0])).close()
                    return
                select.select([], [], [], 0.02)
            raise SystemExit("%s does not answer" % words[0])

    def stop(self):
        """Its exit status, and what it printed to standard error."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(LIMIT)
        self.errors.seek(0)
        return status, self.errors.read().decode(errors="replace")

    def alive(self):
        return self.process.poll() is None


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def nobody():
    """A port where nobody listens, held so that nobody will."""
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    return s


# ---- three clients -------------------------------------------------------------------------------

def ours(proxy, url):
    """Status and tunnel's status, or the failure's name."""
    done = subprocess.run([str(FOLDER / "13_proxies"), "--trust", str(AUTHORITY), "--proxy", proxy,
                           url], capture_output=True, text=True, timeout=LIMIT, check=False)
    if done.returncode == 0:
        return int(done.stdout.split(",")[0])
    found = re.match(r"13_proxies: (\w+): (.*)", done.stderr)
    return found[1] if found else "report: " + done.stderr


def pythons(proxy, url):
    with requests.Session() as s:
        s.trust_env = False
        try:
            return s.get(url, proxies={"http": proxy, "https": proxy}, timeout=LIMIT,
                         verify=str(AUTHORITY)).status_code
        except requests.RequestException as error:
            return type(error).__name__


def curls(proxy, url):
    done = subprocess.run(["curl", "-sS", "--cacert", str(AUTHORITY), "-x", proxy, url, "-o",
                           "/dev/null", "-w", "%{http_code}", "--max-time", str(LIMIT)],
                          capture_output=True, text=True, timeout=2 * LIMIT, check=False)
    return int(done.stdout) if done.returncode == 0 else "curl %d" % done.returncode


CLIENTS = {"ours": ours, "requests": pythons, "curl": curls}
# What each says of a failure: an https URL by way of CONNECT, and a URL by way of SOCKS.
NO_TUNNEL = {"ours": "ProxyError", "requests": "ProxyError", "curl": "curl 56"}
NO_SOCKS = {"ours": "ProxyError", "requests": "ConnectionError", "curl": "curl 97"}


def through(t, name, http, socks, plain, secure, gone, password="s%40cret"):
    """Each client through an HTTP and a SOCKS proxy, good and bad; user and password are set."""
    for who, ask in CLIENTS.items():
        def same(got, due, what):
            t.ok(got == due, "%s through %s: %s" % (who, name, what),
                 "got %r, due %r" % (got, due))  # noqa: B023
        if http:
            good, bad = ("http://ann:%s@127.0.0.1:%d" % (p, http) for p in (password, "wrong"))
            same(ask(good, plain.url + "/get?a=1"), 200, "http")
            same(plain.seen[-1][:2], ("GET", "/get?a=1"), "the server got it in origin form")
            same("Proxy-Authorization" in plain.seen[-1][2], False, "and not the password")
            same("Via" in plain.seen[-1][2], True, "and a Via")
            same(ask(good, secure.url + "/get"), 200, "https")
            same(secure.seen[-1][:2], ("GET", "/get"), "the tunnel's request")
            before = len(plain.seen), len(secure.seen)
            # RFC 9110 knows 407 alone; tinyproxy tells a wrong password from none, by a 401.
            same(ask(bad, plain.url), 401 if name == "tinyproxy" else 407, "http, wrong password")
            same(ask(bad, secure.url), NO_TUNNEL[who], "https, wrong password")
            same((len(plain.seen), len(secure.seen)), before, "and nobody was asked")
            same(ask(good, "https://127.0.0.1:%d/" % gone), NO_TUNNEL[who], "https, nobody there")
        if socks:
            for kind in ("socks5", "socks5h"):
                good, bad = ("%s://ann:%s@127.0.0.1:%d" % (kind, p, socks)
                             for p in (password, "wrong"))
                same(ask(good, plain.url + "/get"), 200, kind)
                same(ask(good, secure.url + "/get"), 200, kind + " and https")
                before = len(plain.seen)
                same(ask(bad, plain.url), NO_SOCKS[who], kind + ", wrong password")
                same(len(plain.seen), before, "and nobody was asked")
                same(ask(good, "http://127.0.0.1:%d/" % gone), NO_SOCKS[who],
                     kind + ", nobody there")


# ---- by hand -------------------------------------------------------------------------------------

def read_all(s):
    data = b""
    s.settimeout(LIMIT)
    with contextlib.suppress(OSError):
        while True:
            piece = s.recv(65536)
            if not piece:
                break
            data += piece
    return data


def exchange(port, data, end=True):
    """Sends bytes, finishes, and returns all that comes."""
    with socket.create_connection(("127.0.0.1", port), LIMIT) as s:
        s.sendall(data)
        if end:
            s.shutdown(socket.SHUT_WR)
        return read_all(s)


def get(port, url, *fields, method="GET", version="1.1", body=b""):
    lines = ["%s %s HTTP/%s" % (method, url, version), "Host: wrong.test", *fields,
             "Connection: close" if not any("Connection" in f for f in fields) else "X: y"]
    return exchange(port, "\r\n".join([*lines, "", ""]).encode("latin-1") + body, end=False)


def status(reply):
    found = re.match(rb"HTTP/1.1 (\d{3}) ", reply)
    return int(found[1]) if found else reply[:60]


def reset(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def messages(t, proxy, plain, gone):
    """What HTTP asks of a proxy."""
    port = proxy.ports[0]

    reply = get(port, plain.url + "/chunks", "Connection: close, X-Mine", "X-Mine: 1", "TE: gzip",
                "Proxy-Connection: keep-alive", "Keep-Alive: 300", "Upgrade: h2c", "X-Far: 2",
                "Via: 1.0 before")
    seen = {k.lower(): v for k, v in plain.seen[-1][2].items()}
    t.ok(not {"x-mine", "te", "proxy-connection", "keep-alive", "upgrade"} & set(seen)
         and seen["x-far"] == "2" and seen["host"] == plain.url[7:],
         "what is for the next hop goes no further; Host is the URL's", seen)
    t.ok(b"X-Hop" not in reply and b"Keep-Alive" not in reply and b"Via: 1.1 workbook" in reply
         and reply.endswith(b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"), "back, too; chunks pass",
         reply)
    reply = get(port, plain.url + "/chunks", version="1.0")
    t.ok(reply.endswith(b"\r\n\r\nhello world") and b"chunked" not in reply,
         "HTTP/1.0 gets no chunks", reply)
    reply = get(port, plain.url + "/post", "Transfer-Encoding: chunked", method="POST",
                body=b"3\r\nabc\r\n0\r\n\r\n")
    t.ok(reply.endswith(b"abc") and plain.seen[-1][3] == b"abc", "a request in chunks", reply)
    reply = get(port, plain.url + "/post", "Content-Length: 300000", method="POST",
                body=b"x" * 300000)
    t.ok(reply.endswith(b"x" * 300000), "a body of 300,000 bytes, there and back")
    reply = get(port, plain.url + "/get", "Content-Length: 3", "Connection: close, Content-Length",
                method="POST", body=b"abc")
    t.ok(plain.seen[-1][3] == b"abc", "no length is taken off by Connection", reply)
    t.ok(get(port, plain.url + "/close").endswith(b"until the end"), "a body without a length")
    reply = get(port, plain.url + "/cut")
    t.ok(b"Content-Length: 1000" in reply and reply.endswith(b"half"), "a body that is cut", reply)
    t.ok(get(port, plain.url + "/get", method="HEAD").endswith(b"\r\n\r\n"), "HEAD")
    two = ("GET %s/a HTTP/1.1\r\nHost: x\r\n\r\n" % plain.url).encode() * 3
    t.ok(exchange(port, two).count(b"answer\n") == 3, "three requests on a connection, at once")
    t.ok(get(port, plain.url, method="OPTIONS").startswith(b"HTTP/1.1 200")
         and plain.seen[-1][1] == "*", "OPTIONS of the whole server")
    before = len(plain.seen)
    t.ok(status(get(port, plain.url, "Max-Forwards: 0", method="OPTIONS")) == 200
         and len(plain.seen) == before, "Max-Forwards: 0 is answered here")
    for url, due in ((plain.url + "/garbage", 502), (plain.url + "/nothing", 502),
                     (plain.url + "/never", 504), ("http://127.0.0.1:%d/" % gone, 502),
                     ("http://nowhere.invalid/", 502), ("http://10.0.0.1/", 403),
                     ("http://0.0.0.0:%d/" % plain.server_port, 403), ("http://[::]/", 403),
                     ("http://[::ffff:10.0.0.1]/", 403), ("/get", 400), ("https://a/", 400),
                     ("http://u:p@localhost/", 400), ("http://localhost:0/", 400),
                     ("http://localhost:99999/", 400), ("http:///x", 400),
                     ("http://localhost/" + "x" * 9000, 414)):
        got = status(get(port, url))
        t.ok(got == due, "%d for %s" % (due, url[:40]), got)
    for method, target, due in (("CONNECT", "localhost", 400), ("CONNECT", "10.0.0.1:80", 403),
                                ("CONNECT", "localhost:%d" % gone, 502), ("TRACE", plain.url, 405)):
        got = status(get(port, target, method=method))
        t.ok(got == due, "%d for %s %s" % (due, method, target), got)
    t.ok(status(get(port, plain.url, "Transfer-Encoding: chunked", method="POST",
                    body=b"zz\r\n")) == 400, "400 for chunks that are none")
    t.ok(status(exchange(port, b"GET http://a HTTP/1.1\r\n", end=False)) == 408,
         "408 for half a head")
    t.ok(status(get(port, plain.url, *("X-%d: y" % i for i in range(200)))) == 431,
         "431 for too many fields")


def socks(t, proxy, plain, gone):
    """SOCKS 5, byte for byte."""
    port, to = proxy.ports[1], struct.pack(">H", plain.server_port)
    hello = b"\5\1\0"
    ask = b"GET /socks HTTP/1.0\r\n\r\n"
    for data, due, what in (
            (hello + b"\5\1\0\1\x7f\0\0\1" + to + ask, b"\5\0\5\0\0\1\x7f\0\0\1", "an address"),
            (hello + b"\5\1\0\3\x09localhost" + to + ask, b"\5\0\5\0\0\1\x7f\0\0\1", "a name"),
            (hello + b"\5\1\0\4" + bytes(10) + b"\xff\xff\x7f\0\0\1" + to + ask, b"\5\0\5\0\0",
             "IPv4 as IPv6"),
            (hello + b"\5\1\0\1\x0a\0\0\1\0\x50", b"\5\0\5\2\0", "another machine"),
            (hello + b"\5\1\0\1\0\0\0\0" + to, b"\5\0\5\2\0", "0.0.0.0"),
            (hello + b"\5\1\0\1\x7f\0\0\1" + struct.pack(">H", gone), b"\5\0\5\5\0",
             "nobody there"),
            (hello + b"\5\1\0\3\x0fnowhere.invalid\0\x50", b"\5\0\5\4\0", "an unknown name"),
            (hello + b"\5\2\0\1\x7f\0\0\1" + to, b"\5\0\5\7\0", "BIND"),
            (hello + b"\5\1\0\2\x7f\0\0\1" + to, b"\5\0\5\x08\0", "an unknown type"),
            (hello + b"\5\1\0\3\0" + to, b"\5\0\5\1\0", "an empty name"),
            (b"\5\1\2", b"\5\xff", "no common method"), (b"\4\1\0\x50", b"", "version 4"),
            (b"GET / HTTP/1.1\r\n\r\n", b"", "HTTP"), (b"\5", b"", "half a greeting")):
        got = exchange(port, data)
        good = got.startswith(due) if due else got == b""
        if data.endswith(ask):
            good = good and got.endswith(b"answer\n")
        t.ok(good, "SOCKS: " + what, got[:80])


# ---- rude peers ----------------------------------------------------------------------------------

def works(proxy, plain):
    return status(get(proxy.ports[0], plain.url + "/get")) == 200


def rude(t, proxy, plain):
    """Nothing that one peer does ends it, or holds others."""
    port, other = proxy.ports
    seed = 7
    for i in range(200):
        seed = (seed * 1103515245 + 12345) & 0x7fffffff
        data = bytes((seed >> (j % 23)) * (j + i) & 0xff for j in range(seed % 300))
        with socket.create_connection(("127.0.0.1", (port, other)[i % 2]), LIMIT) as s:
            with contextlib.suppress(OSError):
                s.sendall(data)
            if i % 3:
                reset(s)
    t.ok(proxy.alive() and works(proxy, plain), "garbage, and resets")
    for when in (b"", b"GET ", ("CONNECT localhost:%d HTTP/1.1\r\nHost: x\r\n\r\n"
                                % plain.server_port).encode(),
                 ("GET %s/large HTTP/1.1\r\nHost: x\r\n\r\n" % plain.url).encode()):
        for _ in range(30):
            s = socket.create_connection(("127.0.0.1", port), LIMIT)
            s.sendall(when)
            reset(s)
    t.ok(proxy.alive() and works(proxy, plain), "resets in every state")
    slow = []
    for i in range(20):  # they never read what they asked for, or send no more than a byte
        s = socket.create_connection(("127.0.0.1", port), LIMIT)
        s.sendall(("GET %s/large HTTP/1.1\r\nHost: x\r\n\r\n" % plain.url).encode()
                  if i % 2 else b"G")
        slow.append(s)
    began = time.monotonic()
    t.ok(works(proxy, plain), "who never reads, or never sends, holds nobody")
    took = time.monotonic() - began
    t.ok(took < 10, "nor makes them wait", "%.1f s" % took)
    for s in slow:
        s.close()
    crowd = [socket.create_connection(("127.0.0.1", port), LIMIT) for _ in range(1100)]
    t.ok(works(proxy, plain), "with 1,100 connections open")
    for s in crowd[::2]:
        s.sendall(("GET %s/get HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                   % plain.url).encode())
    good = sum(read_all(s).endswith(b"answer\n") for s in crowd[::2])
    t.ok(good == 550, "and half of them are served", good)
    for s in crowd:
        s.close()


def half_close(t, proxy, plain):
    """A tunnel passes the end of one side on, and the other goes on."""
    listener = socket.create_server(("127.0.0.1", 0))
    with socket.create_connection(("127.0.0.1", proxy.ports[0]), LIMIT) as s:
        s.sendall(b"CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: x\r\n\r\nearly"
                  % listener.getsockname()[1])
        peer, _ = listener.accept()
        s.shutdown(socket.SHUT_WR)
        came = read_all(peer)
        t.ok(came == b"early", "a tunnel: what came with CONNECT, and the end", came)
        peer.sendall(b"z" * 1000000)
        peer.close()
        got = read_all(s)
        t.ok(got.endswith(b"z" * 1000000), "and the way back stays open", len(got))
    with socket.create_connection(("127.0.0.1", proxy.ports[0]), LIMIT) as s:
        s.sendall(b"CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: x\r\n\r\n" % listener.getsockname()[1])
        peer, _ = listener.accept()
        s.recv(1000)
        reset(peer)
        try:
            got = s.recv(10)
        except ConnectionResetError:
            got = "reset"
        t.ok(got == "reset", "a reset is passed on as one", got)
    listener.close()


def short_of(t, plain):
    """With few descriptors those who idle give way."""
    proxy = Process(FOLDER / "proxy", 0, "--socks", 0, count=2, limit=64)
    idle = []
    for _ in range(100):
        idle.append(socket.create_connection(("127.0.0.1", proxy.ports[0]), LIMIT))
    t.ok(works(proxy, plain), "EMFILE: who idles gives way to who asks")
    used = os.sysconf("SC_CLK_TCK")
    fields = Path("/proc/%d/stat" % proxy.process.pid).read_text().rsplit(")", 1)[1].split()
    busy = (int(fields[11]) + int(fields[12])) / used
    t.ok(busy < 5, "and nobody looks again and again", "%.1f s of processor time" % busy)
    for s in idle:
        s.close()
    code, errors = proxy.stop()
    t.ok((code, errors) == (0, ""), "and it ends with 0", "%s %s" % (code, errors))


def stop_under_load(t, plain):
    """SIGTERM while tunnels are open, and bytes under way."""
    proxy = Process(FOLDER / "proxy", 0, "--socks", 0, count=2)
    open_ones = []
    for i in range(60):
        s = socket.create_connection(("127.0.0.1", proxy.ports[0]), LIMIT)
        s.sendall(("GET %s/%s HTTP/1.1\r\nHost: x\r\n\r\n"
                   % (plain.url, ("large", "never")[i % 2])).encode())
        open_ones.append(s)
    open_ones[0].recv(1)  # one is under way
    began = time.monotonic()
    code, errors = proxy.stop()
    t.ok((code, errors) == (0, ""), "SIGTERM under load: 0, and nothing left", "%s %s"
         % (code, errors))
    t.ok(time.monotonic() - began < 20, "and soon")
    for s in open_ones:
        s.close()


def usage(t):
    for words in ((), ("x",), ("1", "2"), ("--user", "ann", "0"), ("--name", "a", "0"),
                  ("--wait", "0", "0"), ("0", "--socks"), ("0", "--socks", "70000")):
        done = subprocess.run([str(FOLDER / "proxy"), *words], capture_output=True, text=True,
                              timeout=LIMIT, check=False)
        t.ok(done.returncode == 2 and done.stderr.startswith("usage: "), "usage: %r" % (words,),
             done)


def strangers(t, proxy, plain):
    """Who comes from another address than loopback is not served."""
    address = None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s, contextlib.suppress(OSError):
        s.connect(("192.0.2.1", 9))  # sends nothing: it only says which address would be used
        address = s.getsockname()[0]
    if address is None or address.startswith("127."):
        print("# this machine has no other address than loopback")
        t.ok(True, "strangers # SKIP no other address")
        return
    with socket.create_connection((address, proxy.ports[0]), LIMIT) as s:
        with contextlib.suppress(OSError):
            s.sendall(("GET %s/get HTTP/1.0\r\n\r\n" % plain.url).encode())
        got = read_all(s)
    t.ok(got == b"", "who comes by another address is no client", got)


def log(t, plain):
    proxy = Process(FOLDER / "proxy", "--log", "--name", "inside.test=127.0.0.1", 0, "--socks", 0,
                    count=2)
    url = plain.url.replace("localhost", "inside.test")
    t.ok(status(get(proxy.ports[0], url + "/a")) == 200, "a name that the proxy alone knows")
    t.ok(curls("socks5h://127.0.0.1:%d" % proxy.ports[1], url) == 200, "by SOCKS, too")
    lines = [proxy.process.stdout.readline() for _ in range(2)]
    t.ok(lines == ["GET %s/a: 200\n" % url,
                   "SOCKS5 name inside.test port %d: 0\n" % plain.server_port],
         "the log", lines)
    t.ok(proxy.stop() == (0, ""), "it ends with 0")


def main():
    t = Tap()
    build(FOLDER)
    plain, secure, held = Server(), Server(tls=True), nobody()
    gone = held.getsockname()[1]
    started = []
    try:
        proxy = Process(FOLDER / "proxy", "--user", "ann:s@cret", 0, "--socks", 0, count=2)
        started.append(proxy)
        through(t, "build/proxy", *proxy.ports, plain, secure, gone)
        conf, port = FOLDER / "tinyproxy.conf", free_port()
        conf.write_text("Port %d\nListen 127.0.0.1\nTimeout 20\nAllow 127.0.0.1\n"
                        "LogFile \"%s\"\nBasicAuth ann secret\n" % (port, FOLDER / "tiny.log"))
        started.append(Process(shutil.which("tinyproxy"), "-d", "-c", conf, ports=[port]))
        through(t, "tinyproxy", port, None, plain, secure, gone, "secret")
        port = free_port()
        started.append(Process(shutil.which("microsocks"), "-i", "127.0.0.1", "-p", port, "-u",
                               "ann", "-P", "s@cret", ports=[port]))
        through(t, "microsocks", None, port, plain, secure, gone)
        t.ok(proxy.stop() == (0, ""), "build/proxy ends with 0, and no report")
        free = Process(FOLDER / "proxy", "--wait", "1500", 0, "--socks", 0, count=2)
        started.append(free)
        messages(t, free, plain, gone)
        socks(t, free, plain, gone)
        half_close(t, free, plain)
        strangers(t, free, plain)
        t.ok(free.stop() == (0, ""), "it ends with 0, and no report")
        patient = Process(FOLDER / "proxy", 0, "--socks", 0, count=2)
        started.append(patient)
        rude(t, patient, plain)
        t.ok(patient.stop() == (0, ""), "it ends with 0, and no report")
        short_of(t, plain)
        stop_under_load(t, plain)
        log(t, plain)
        usage(t)
    finally:
        for one in started:
            if one.alive():
                one.stop()
    return t.done()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE,
                       (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with tempfile.TemporaryDirectory() as _folder:
        FOLDER = Path(_folder)
        sys.exit(main())
