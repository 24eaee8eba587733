#!/usr/bin/python3 -B
"""The client of chapter 2 with real servers: nginx, Python's http.server, Python's ssl; and with a
peer that sends every framing and every mistake in single bytes. Once as built, once sanitized.

Options are names of tests, to try those alone: common/tests/http_client.t nginx
"""
import contextlib
import http.server
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

from tap import Tap

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
AUTHORITY = BUILD / "authority"
LIMIT = 60  # seconds: how long a machine may be slow before a test gives up
MODULE = ["client", "message", "headers", "chunked", "status", "stream"]
TEXT = b"".join(b"line %d of a file\n" % i for i in range(50000))


class Programs:
    """The two clients: built by make, or sanitized."""

    def __init__(self, folder, sanitized):
        self.folder = folder
        self.names = {"http": BUILD / "02_http/06_client",
                      "https": BUILD / "02_http/07_https_client"}
        if sanitized:
            self.names = {k: self.sanitize(v) for k, v in self.names.items()}

    def sanitize(self, program):
        source = ROOT / program.relative_to(BUILD).with_suffix(".c")
        made = Path(self.folder, program.name)
        files = [source] + [ROOT / "02_http/http" / (m + ".c") for m in MODULE]
        subprocess.run(["gcc", "-std=c11", "-D_GNU_SOURCE", "-O1", "-g",
                        "-fsanitize=address,undefined", "-fno-sanitize-recover=all",
                        "-I" + str(ROOT / "common"), "-I" + str(ROOT / "02_http"), *files,
                        *sorted(ROOT.glob("common/core/*.c")), "-o", made, "-lssl", "-lcrypto"],
                       check=True)
        return made

    def ask(self, port, requests, *fields, options=(), host="127.0.0.1"):
        """What 06_client prints for requests, given as lines; and its exit status."""
        done = subprocess.run([self.names["http"], *options, host, str(port), *fields],
                              input="".join(line + "\n" for line in requests).encode(),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT,
                              check=False)
        return done.stdout, done.returncode

    def fetch(self, authorities, host, port, *target, options=()):
        """The same for 07_https_client."""
        done = subprocess.run([self.names["https"], *options, str(authorities), host, str(port),
                               *target], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=LIMIT, check=False)
        return done.stdout, done.returncode


def listener():
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(LIMIT)
    return server


@contextlib.contextmanager
def serving(play, *arguments):
    """Runs play(listener, …) beside; the port. What it raised is raised here."""
    server = listener()
    raised = []

    def body():
        try:
            play(server, *arguments)
        except Exception as error:  # pylint: disable=broad-except
            raised.append(error)
        finally:
            server.close()

    thread = threading.Thread(target=body)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        thread.join()
    if raised:
        raise raised[0]


def read_head(peer):
    """A request up to its empty line; b"" if there is none."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = peer.recv(1)
        if not byte:
            return b""
        head += byte
    return head


# ---- scripted bytes ------------------------------------------------------------------------------

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
LONG = b"Content-Length: 5\r\n\r\n"
WHOLE = "connection 1: 200 OK, "

# what is sent, and what the client prints of it
FRAMINGS = (
    ("a length", OK + LONG + b"hello", WHOLE + "by length\nhello\n"),
    ("a length of 0", OK + b"Content-Length: 0\r\n\r\n", WHOLE + "by length\n"),
    ("chunks", CHUNKED + b"3\r\nhel\r\n2;a=\"b\"\r\nlo\r\n0\r\n\r\n", WHOLE + "in chunks\nhello\n"),
    ("trailers", CHUNKED + b"5\r\nhello\r\n0\r\nA: b\r\n\r\n", WHOLE + "in chunks\nhello\n"),
    ("up to the close", OK + b"\r\nhello", WHOLE + "up to the close\nhello\n"),
    ("HTTP/1.0", b"HTTP/1.0 200 OK\r\n\r\nhello", WHOLE + "up to the close\nhello\n"),
    ("204", b"HTTP/1.1 204 No Content\r\n\r\n", "connection 1: 204 No Content, no body\n"),
    ("304 with a length", b"HTTP/1.1 304 Not Modified\r\n" + LONG,
     "connection 1: 304 Not Modified, no body\n"),
    ("100 and 103 before it", b"HTTP/1.1 100 Continue\r\n\r\n"
     b"HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n" + OK + LONG + b"hello",
     WHOLE + "by length\nhello\n"),
    ("no phrase", b"HTTP/1.1 200\r\n" + LONG + b"hello", "connection 1: 200 , by length\nhello\n"),
    ("NULs and line ends", OK + LONG + b"\0\r\n\0\n", WHOLE + "by length\n\0\r\n\0\n"),
)

CUT = "the server closed in the middle of the head\n"
FAILURES = (
    ("nothing at all", b"", "RemoteDisconnected: the server closed without an answer\n"),
    ("half a status line", b"HTTP/1.1 2", "BadStatusLine: " + CUT),
    ("half a head", OK + b"A: b\r\n", "IncompleteRead: " + CUT),
    ("only 100", b"HTTP/1.1 100 Continue\r\n\r\n",
     "RemoteDisconnected: the server closed without an answer\n"),
    ("half a length", OK + LONG + b"hel",
     WHOLE + "by length\nhel\nIncompleteRead: the body ended after 3 of 5 bytes\n"),
    ("half a chunk", CHUNKED + b"5\r\nhel",
     WHOLE + "in chunks\nhel\nIncompleteRead: the body was cut off after 3 bytes\n"),
    ("no last chunk", CHUNKED + b"5\r\nhello\r\n",
     WHOLE + "in chunks\nhello\nIncompleteRead: the body was cut off after 5 bytes\n"),
    ("no line behind the last chunk", CHUNKED + b"5\r\nhello\r\n0\r\n",
     WHOLE + "in chunks\nhello\nIncompleteRead: the body was cut off after 5 bytes\n"),
    ("no HTTP", b"220 mail.example ESMTP\r\n",
     "BadStatusLine: the answer has a malformed status line\n"),
    ("HTTP/2", b"HTTP/2.0 200 OK\r\n\r\n",
     "BadStatusLine: the answer has a version other than HTTP/1\n"),
    ("a blank before the colon", OK + b"A : b\r\n\r\n", "HTTPException: the answer has "),
    ("both framings", OK + b"Transfer-Encoding: chunked\r\n" + LONG,
     "HTTPException: the answer has both Content-Length and Transfer-Encoding\n"),
    ("two lengths", OK + b"Content-Length: 6\r\n" + LONG,
     "HTTPException: the answer has Content-Length twice, and not the same\n"),
    ("a chunk size with 0x", CHUNKED + b"0x5\r\nhello\r\n0\r\n\r\n",
     WHOLE + "in chunks\nHTTPException: the body has a chunk size that is no hexadecimal number\n"),
    ("a head without end", OK + b"A: " + b"x" * 70000,
     "LineTooLong: the answer has fields that are too long\n"),
)


def play_bytes(server, data):
    """Answers the first request, each byte by itself; then ends."""
    peer, _ = server.accept()
    peer.settimeout(LIMIT)
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    read_head(peer)
    with contextlib.suppress(OSError):  # the client may have seen enough
        for i in range(len(data)) if len(data) < 1000 else ():
            peer.sendall(data[i:i + 1])
        if len(data) >= 1000:
            peer.sendall(data)
        peer.shutdown(socket.SHUT_WR)
        peer.recv(1)
    peer.close()


def framings(tap, programs):
    for name, data, wanted in FRAMINGS:
        with serving(play_bytes, data) as port:
            out, status = programs.ask(port, ["GET /"])
        tap.ok(out == wanted.encode() and status == 0, "body by bytes: " + name, (out, status))
    with serving(play_bytes, OK + LONG) as port:
        out, status = programs.ask(port, ["HEAD /"])
    tap.ok(out == b"connection 1: 200 OK, no body\n" and status == 0, "HEAD: no body", out)


def failures(tap, programs):
    for name, data, wanted in FAILURES:
        with serving(play_bytes, data) as port:
            out, status = programs.ask(port, ["GET /"])
        tap.ok(out.startswith(wanted.encode()) and status == 1, "refused: " + name, (out, status))


def play_silence(server, data):
    peer, _ = server.accept()
    peer.settimeout(LIMIT)
    read_head(peer)
    peer.sendall(data)
    while peer.recv(4096):
        pass
    peer.close()


def silence(tap, programs):
    for name, data in (("from the start", b""), ("in the head", OK), ("in the body", OK + LONG)):
        with serving(play_silence, data) as port:
            out, status = programs.ask(port, ["GET /"], options=["--wait", "100"])
        tap.ok(out.endswith(b"TimeoutError: nothing happened within the time limit\n") and
               status == 1, "silence " + name + " ends", out)


def addresses(tap, programs):
    """Nobody answers at the first address of a name: the second has its share of the time."""
    def answer(server):
        play_bytes(server, OK + LONG + b"hello")

    with serving(answer) as port, socket.create_server(("127.0.0.2", port), backlog=0), \
            socket.create_connection(("127.0.0.2", port)):
        hosts = Path(programs.folder, "hosts")
        hosts.write_text("127.0.0.2 two.test\n127.0.0.1 two.test\n", encoding="ascii")
        done = subprocess.run([BUILD / "wire", "--hosts", hosts, "--no-times",
                               programs.names["http"], "--wait", "1000", "two.test", str(port)],
                              input=b"GET /\n", capture_output=True, timeout=LIMIT, check=False)
    tap.ok(done.stdout == b"connection 1: 200 OK, by length\nhello\n", "two addresses, one silent",
           done.stdout + done.stderr)
    tap.ok(done.stderr.count(b"- connect -") == 2, "both were tried", done.stderr)


def play_closing(server, seen, closes):
    """Answers each request; after an answer, or before it, it closes as closes says."""
    peer = None
    for close in closes:
        while True:
            if peer is None:
                peer, _ = server.accept()
                peer.settimeout(LIMIT)
            head = read_head(peer)
            if head:
                break
            peer = None
        seen.append(head.split(b" ")[0].decode())
        if close == "before":
            peer.close()
            peer = None
            continue
        peer.sendall(OK + LONG + b"hello")
        if close == "after":
            peer.shutdown(socket.SHUT_RDWR)
            peer.close()
            peer = None


def closing(tap, programs):
    for requests, closes, wanted, connections in (
            ("GET GET GET", "no no no", "GET GET GET", "1 1 1"),
            ("GET GET PUT", "after after no", "GET GET PUT", "1 2 3"),
            ("GET GET", "no before no", "GET GET GET", "1 2"),
            ("GET DELETE", "no before no", "GET DELETE DELETE", "1 2"),
            ("GET POST GET", "no before no", "GET POST GET", "1 lost 2"),
            ("GET", "before", "GET", "lost"),
            ("GET GET GET", "no before before no", "GET GET GET GET", "1 lost 3")):
        seen = []
        with serving(play_closing, seen, closes.split()) as port:
            out, _ = programs.ask(port, [m + " /" for m in requests.split()])
        found = ["lost" if line.startswith("RemoteDisconnected") else line.split()[1][:-1]
                 for line in out.decode().splitlines() if line != "hello"]
        tap.ok(seen == wanted.split() and found == connections.split(),
               "%s, and the server closes: %s" % (requests, closes), (seen, out))


# ---- Python's http.server ------------------------------------------------------------------------

class Echo(http.server.BaseHTTPRequestHandler):
    """Sends a request's method and body back."""

    def do_any(self):
        if self.headers["Transfer-Encoding"] == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        answer = b"%s %d bytes\n%s\n" % (self.command.encode(), len(body), body[:100])
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_any

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


@contextlib.contextmanager
def http_server(handler, **attributes):
    kind = type("Handler", (handler,), attributes)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def python_server(tap, programs):
    body = Path(programs.folder, "body")
    body.write_bytes(TEXT)
    for version, connections in (("HTTP/1.0", "12345"), ("HTTP/1.1", "11111")):
        with http_server(Echo, protocol_version=version) as port:
            requests = ["GET /", "POST / some text", "HEAD /", "PUT / @%s" % body, "DELETE /"]
            out, status = programs.ask(port, requests)
        wanted = ("connection %s: 200 OK, by length\nGET 0 bytes\n\n"
                  "connection %s: 200 OK, by length\nPOST 9 bytes\nsome text\n"
                  "connection %s: 200 OK, no body\n"
                  "connection %s: 200 OK, by length\nPUT %d bytes\n%s\n"
                  "connection %s: 200 OK, by length\nDELETE 0 bytes\n\n") % (
                      *connections[:4], len(TEXT), TEXT[:100].decode(), connections[4])
        tap.ok(out.decode() == wanted and status == 0, "http.server with %s" % version, out)
        with http_server(Echo, protocol_version=version) as port:
            out, _ = programs.ask(port, ["POST / abc"], "Expect: 100-continue")
        tap.ok(out == b"connection 1: 200 OK, by length\nPOST 3 bytes\nabc\n",
               "http.server with %s and 100-continue" % version, out)
    Path(programs.folder, "page").write_bytes(TEXT)
    folder = programs.folder
    with http_server(http.server.SimpleHTTPRequestHandler,
                     __init__=lambda self, *a: http.server.SimpleHTTPRequestHandler.__init__(
                         self, *a, directory=folder), log_message=lambda *_: None) as port:
        out, status = programs.ask(port, ["GET /page", "GET /nothing"])
    tap.ok(out.startswith(WHOLE.encode() + b"by length\n" + TEXT + b"connection 2: 404 ") and
           status == 0, "python -m http.server", out[-300:])


# ---- nginx ---------------------------------------------------------------------------------------

NGINX = """
daemon off; master_process off; pid %(folder)s/nginx.pid; error_log %(folder)s/error.log;
events { worker_connections 64; }
http {
    access_log off;
    default_type text/plain;
    client_body_temp_path %(folder)s/body_temp; proxy_temp_path %(folder)s/proxy_temp;
    fastcgi_temp_path %(folder)s/fastcgi_temp; uwsgi_temp_path %(folder)s/uwsgi_temp;
    scgi_temp_path %(folder)s/scgi_temp;
    client_max_body_size 2m; if_modified_since before; ssl_protocols TLSv1.2 TLSv1.3;
    server {
        listen 127.0.0.1:%(port)d;
        listen 127.0.0.1:%(tls_port)d ssl;
        ssl_certificate %(authority)s/localhost.pem;
        ssl_certificate_key %(authority)s/localhost.key;
        root %(folder)s/root;
        location /two/ { keepalive_requests 2; alias %(folder)s/root/; }
        location /no/ { keepalive_timeout 0; alias %(folder)s/root/; }
        location /gzip/ { gzip on; gzip_types text/plain; gzip_http_version 1.0;
                          alias %(folder)s/root/; }
        location /dav/ { dav_methods PUT DELETE; alias %(folder)s/root/; }
        location /back/ { proxy_pass http://127.0.0.1:%(backend)d/; proxy_http_version 1.1; }
        location /moved { return 301 /page; }
        location /empty { return 204; }
    }
}
"""


def free_ports(count):
    """Ports that were free a moment ago."""
    with contextlib.ExitStack() as stack:
        return [stack.enter_context(listener()).getsockname()[1] for _ in range(count)]


@contextlib.contextmanager
def nginx(backend):
    """nginx with our configuration, as this user; its ports for HTTP and HTTPS."""
    ports = free_ports(2)
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(folder + "/root")
        Path(folder, "root/page").write_bytes(TEXT)
        Path(folder, "root/small").write_bytes(b"a small page\n")
        Path(folder, "nginx.conf").write_text(NGINX % {
            "folder": folder, "port": ports[0], "tls_port": ports[1], "authority": AUTHORITY,
            "backend": backend}, encoding="ascii")
        process = subprocess.Popen(["/usr/sbin/nginx", "-p", folder, "-e", folder + "/error.log",
                                    "-c", folder + "/nginx.conf"], stdin=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        try:
            end = time.monotonic() + LIMIT
            while process.poll() is None and time.monotonic() < end:
                with contextlib.suppress(ConnectionRefusedError):
                    socket.create_connection(("127.0.0.1", ports[1])).close()
                    break
                time.sleep(0.01)  # it has no way to say that it listens
            yield ports
        finally:
            process.terminate()
            said = process.communicate(timeout=LIMIT)[1].decode()
        if process.returncode != 0:
            raise OSError("nginx: " + said)


def with_nginx(tap, programs):
    if not Path("/usr/sbin/nginx").exists():
        tap.ok(True, "nginx # SKIP there is none here")
        return
    big = Path(programs.folder, "big")
    small = Path(programs.folder, "small")
    small.write_bytes(TEXT)
    with open(big, "wb") as file:
        file.truncate(64 << 20)
    with http_server(Echo, protocol_version="HTTP/1.1") as backend, \
            nginx(backend) as (port, tls_port):
        def ask(name, wanted, requests, *fields):
            out, _ = programs.ask(port, requests, *fields)
            heads = [line[11:] for line in out.decode(errors="replace").splitlines()
                     if line.startswith("connection ")]
            tap.ok(heads == wanted, "nginx: " + name, (heads, out[-300:]))
            return out

        out = ask("a file, twice, HEAD, one that is not there",
                  ["1: 200 OK, by length", "1: 200 OK, by length", "1: 200 OK, no body",
                   "1: 404 Not Found, by length"],
                  ["GET /page", "GET /small", "HEAD /page", "GET /none"])
        tap.ok(TEXT in out and b"a small page\n" in out, "nginx: their bytes", out[-300:])
        ask("two requests a connection", ["1: 200 OK, by length", "1: 200 OK, by length",
                                          "2: 200 OK, by length"], ["GET /two/small"] * 3)
        ask("one request a connection", ["1: 200 OK, by length", "2: 200 OK, by length"],
            ["GET /no/small"] * 2)
        out = ask("gzip is chunked", ["1: 200 OK, in chunks", "1: 204 No Content, no body"],
                  ["GET /gzip/page", "GET /empty"], "Accept-Encoding: gzip")
        ask("a condition", ["1: 304 Not Modified, no body", "1: 304 Not Modified, no body"],
            ["GET /page"] * 2, "If-Modified-Since: Fri, 31 Dec 2100 23:59:59 GMT")
        out = ask("a file is stored and removed",
                  ["1: 201 Created, by length", "1: 200 OK, by length",
                   "1: 204 No Content, no body", "1: 404 Not Found, by length"],
                  ["PUT /dav/new some bytes", "GET /new", "DELETE /dav/new", "GET /new"])
        tap.ok(b"some bytes\n" in out, "nginx: what was stored comes back", out)
        ask("a method that it does not have", ["1: 405 Not Allowed, by length"], ["POST /page x"])
        ask("moved", ["1: 301 Moved Permanently, by length"], ["GET /moved"])
        ask("100-continue", ["1: 200 OK, by length"], ["POST /back/ body"], "Expect: 100-continue")
        ask("chunks up", ["1: 200 OK, by length"], ["POST /back/ @%s" % small])
        ask("a body that is too large is refused while it is sent",
            ["1: 413 Request Entity Too Large, by length"], ["POST /back/ @%s" % big])
        out, status = programs.fetch(AUTHORITY / "authority.pem", "localhost", tls_port, "/page")
        tap.ok(out == b"TLSv1.3\n200 OK\n" + TEXT and status == 0, "nginx: HTTPS", out[:200])
        out, _ = programs.fetch(AUTHORITY / "authority.pem", "localhost", port, "/page")
        tap.ok(out == b"07_https_client: SSLError: TLS: the peer does not speak it\n",
               "nginx: HTTPS to the port of HTTP", out)


# ---- TLS -----------------------------------------------------------------------------------------

CA = """
[ca]
default_ca = own
[own]
dir = .
database = ./index
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
"""


class Certificates:
    """An authority of the test's own, and certificates of which each is wrong in its own way."""

    def __init__(self, folder):
        self.folder = Path(folder)
        (self.folder / "index").write_text("", encoding="ascii")
        (self.folder / "ca.conf").write_text(CA, encoding="ascii")
        self.openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 "
                     "-keyout ca.key -out ca.pem -subj /CN=test-authority")
        self.make("good", "DNS:localhost,IP:127.0.0.1", "20200101000000Z", "21200101000000Z")
        self.make("other", "DNS:other.test,IP:127.0.0.9", "20200101000000Z", "21200101000000Z")
        self.make("common-name", "email:me@localhost", "20200101000000Z", "21200101000000Z")
        self.make("expired", "DNS:localhost", "20200101000000Z", "20200102000000Z")
        self.make("future", "DNS:localhost", "21100101000000Z", "21200101000000Z")
        self.make("wildcard", "DNS:*.test", "20200101000000Z", "21200101000000Z")
        self.openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 "
                     "-keyout self.key -out self.pem -subj /CN=localhost "
                     "-addext subjectAltName=DNS:localhost")

    def openssl(self, words):
        subprocess.run(["openssl", *words.split()], cwd=self.folder, check=True,
                       stdin=subprocess.DEVNULL, capture_output=True)

    def make(self, name, names, begin, end):
        (self.folder / (name + ".ext")).write_text("subjectAltName=%s\n" % names, encoding="ascii")
        self.openssl("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout %s.key "
                     "-out %s.csr -subj /CN=localhost" % (name, name))
        self.openssl("ca -batch -config ca.conf -cert ca.pem -keyfile ca.key -in %s.csr "
                     "-out %s.pem -extfile %s.ext -startdate %s -enddate %s -notext"
                     % (name, name, name, begin, end))

    def context(self, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / (name + ".pem"), self.folder / (name + ".key"))
        return context


def play_tls(server, context, answer, heard, notify=True):
    peer, _ = server.accept()
    peer.settimeout(LIMIT)
    try:
        with context.wrap_socket(peer, server_side=True) as tls:
            heard.append(read_head(tls))
            tls.sendall(answer)
            if notify:
                tls.unwrap().close()
    except (ssl.SSLError, ConnectionError):
        pass  # the client refused, as it should: heard says whether it said anything before
    finally:
        peer.close()


def tls(tap, programs):
    with tempfile.TemporaryDirectory() as folder:
        certificates = Certificates(folder)
        trust = Path(folder, "ca.pem")

        def fetch(name, context, wanted, host="localhost", authorities=trust, answer=OK + LONG +
                  b"hello", notify=True, asked=False):
            heard = []
            with serving(play_tls, context, answer, heard, notify) as port:
                out, status = programs.fetch(authorities, host, port, "/secret")
            tap.ok(wanted in out.decode() and (status == 0) == wanted.startswith("TLS"), name,
                   (out, status))
            tap.ok((b"/secret" in b"".join(heard)) == asked,
                   name + (": it is asked" if asked else ": nothing is asked of it"), heard)

        refused = "SSLError: certificate refused: "
        fetch("TLS 1.3", certificates.context("good"), "TLSv1.3\n200 OK\nhello", asked=True)
        fetch("an address", certificates.context("good"), "TLSv1.3\n200 OK\nhello",
              host="127.0.0.1", asked=True)
        old = certificates.context("good")
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        fetch("TLS 1.2", old, "TLSv1.2\n200 OK\nhello", asked=True)
        older = certificates.context("good")
        older.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # which is what this is about
            older.minimum_version = ssl.TLSVersion.TLSv1
            older.maximum_version = ssl.TLSVersion.TLSv1_1
        fetch("TLS 1.1", older, "SSLError: TLS: there is no version that both ends allow")
        for name, host, why in (("other", "localhost", "it is for another name"),
                                ("other", "127.0.0.1", "it is for another address"),
                                ("common-name", "localhost", "it is for another name"),
                                ("wildcard", "localhost", "it is for another name"),
                                ("expired", "localhost", "it has expired"),
                                ("future", "localhost", "it is not valid yet"),
                                ("self", "localhost", "it is signed by itself")):
            fetch("a certificate, %s, for %s" % (name, host), certificates.context(name),
                  refused + why, host=host)
        fetch("an authority that is not ours", certificates.context("good"),
              refused + "nobody who is trusted signed it", authorities=AUTHORITY /
              "authority.pem")
        fetch("the system's authorities", certificates.context("good"),
              refused + "nobody who is trusted signed it", authorities="-")
        fetch("up to the close, in order", certificates.context("good"),
              "TLSv1.3\n200 OK\nhello", answer=OK + b"\r\nhello", asked=True)
        fetch("up to the close, cut off", certificates.context("good"),
              "IncompleteRead: the body was cut off after 5 bytes", answer=OK + b"\r\nhello",
              notify=False, asked=True)
        tunnel(tap, programs, certificates)


def play_proxy(server, answer, target, heard):
    """Answers CONNECT; then, if it said 200, passes bytes in both directions."""
    peer, _ = server.accept()
    peer.settimeout(LIMIT)
    heard.append(read_head(peer))
    peer.sendall(answer)
    if b" 200 " in answer:
        with socket.create_connection(("127.0.0.1", target), timeout=LIMIT) as far:
            def up():
                with contextlib.suppress(OSError):
                    while data := peer.recv(65536):
                        far.sendall(data)
                    far.shutdown(socket.SHUT_WR)
            thread = threading.Thread(target=up)
            thread.start()
            with contextlib.suppress(OSError):
                while data := far.recv(65536):
                    peer.sendall(data)
                peer.shutdown(socket.SHUT_WR)
            thread.join()
    peer.close()


def tunnel(tap, programs, certificates):
    trust = certificates.folder / "ca.pem"
    for host, wanted in (("localhost", b"TLSv1.3\n200 OK\nhello"),
                         ("far.test", b"refused: it is for another name")):
        heard, asked = [], []
        with serving(play_tls, certificates.context("good"), OK + LONG + b"hello", asked) as far, \
                serving(play_proxy, b"HTTP/1.1 200 Connected\r\n\r\n", far, heard) as proxy:
            out, _ = programs.fetch(trust, host, 443, "/", options=["--proxy", "127.0.0.1",
                                                                    str(proxy)])
        tap.ok(wanted in out, "HTTPS to %s through a proxy" % host, (out, heard))
        tap.ok(heard == [b"CONNECT %s:443 HTTP/1.1\r\nHost: %s:443\r\n\r\n" %
                         (host.encode(), host.encode())], "what the proxy was asked", heard)
    heard = []
    with serving(play_proxy, b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n", 0,
                 heard) as proxy:
        out, status = programs.fetch(trust, "localhost", 443, "/",
                                     options=["--proxy", "127.0.0.1", str(proxy)])
    tap.ok(out == b"07_https_client: OSError: the proxy refused: 407 Who are you\n" and status == 1,
           "a proxy that refuses", out)


# ---- lesson 2.16 ---------------------------------------------------------------------------------

def play_upload(server, seen):
    """Answers one request, once all of its body has come."""
    peer, _ = server.accept()
    peer.settimeout(LIMIT)
    head = read_head(peer)
    length = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
    body = b""
    while len(body) < length:
        body += peer.recv(length - len(body)) or b"(the end)" * length
    seen.append(body)
    peer.sendall(OK + b"Content-Length: 0\r\n\r\n")
    peer.recv(1)
    peer.close()


def strangers(tap, programs):
    """What a server writes does not steer the terminal; what is no jar is not written over."""
    jar = Path(programs.folder, "jar")

    def call(port, line=b"GET /\n"):
        done = subprocess.run([BUILD / "02_http/16_programmatic_requests", "127.0.0.1", str(port),
                               "ada", jar], input=line, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=LIMIT, check=False,
                              env={**os.environ, "PASSWORD": "p"})
        return done.stdout, done.returncode

    body = b'{"detail": "a\\u001b[2J\\u009b2J\\u007fb\\n \\u00e9"}'
    for status, wanted in ((b"400 No", b"GET /: 400\n  a?[2J?2J?b? \xc3\xa9\n"),
                           (b"200 OK", b'GET /: 200\n  {"detail":"a\\u001B[2J?2J?b\\n '
                            b'\xc3\xa9"}\n')):
        answer = b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)
        with serving(play_bytes, answer) as port:
            out, _ = call(port)
        tap.ok(out == wanted, "2.16: no control characters from %s" % status.decode(), out)
    seen = []
    with serving(play_upload, seen) as port:
        out, status = call(port, b'POST / "%s"\n' % (b"x" * 5000))
    tap.ok(seen == [b'"%s"' % (b"x" * 5000)] and out == b"POST /: 200\n" and status == 0,
           "2.16: a long line is one call", (len(seen[0]), out[-99:]))
    jar.write_bytes(b"a diary\n")
    out, status = call(9)
    tap.ok(b"jar:1: " in out and status == 1 and jar.read_bytes() == b"a diary\n",
           "2.16: what is no jar is left as it is", out)


TESTS = {"framings": framings, "failures": failures, "silence": silence, "addresses": addresses,
         "closing": closing, "http.server": python_server, "nginx": with_nginx, "tls": tls,
         "strangers": strangers}


def main():
    tap = Tap()
    wanted = sys.argv[1:] or TESTS
    for sanitized in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            programs = Programs(folder, sanitized)
            for name in wanted:
                before = tap.count
                TESTS[name](tap, programs)
                assert tap.count > before, name
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
