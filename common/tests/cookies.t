#!/usr/bin/python3 -B
"""Cookies beside their real peers: what lessons 2.13 and 2.14 write is read by Python's
http.cookies and http.cookiejar and by curl, and the other way round. The programs are sanitized
here."""
import http.cookiejar
import http.server
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
import urllib.request
from http.cookies import SimpleCookie
from pathlib import Path

from tap import Tap, run

ROOT = Path(__file__).resolve().parents[2]
MODULE = ["02_http/http/%s.c" % name
          for name in ("cookies", "cookiejar", "cookiefile", "date", "headers")]
NEEDS = ["build/libcore.a", "-lpsl"]
HOSTS = ("example.com", "www.example.com", "other.org")
VALUES = ["plain", "", "a:b", "two words", "a;b", "a,b", 'say "hi"', "back\\slash", "a=b", " ends ",
          "line\r\nSet-Cookie: admin=1", "\x01\x7f", "()[]{}<>@/?", '"', '""', "\\073", "caf=\\"]


class Program:
    """One of the two programs, started anew for each call; the jar always with the same file."""

    def __init__(self, path, *first):
        self.command = [path, *first]

    def __call__(self, *arguments, **more):
        return run(*self.command, *arguments, **more)


def random_values(count):
    number = random.Random(6265)
    return ["".join(chr(number.randrange(1, 127)) for _ in range(number.randrange(12)))
            for _ in range(count)]


def test_quotes(tap, cookies):
    """SimpleCookie quotes as http_cookie_quote() does, and each reads the other's."""
    differ, unread, misread = [], [], []
    for value in VALUES + random_values(30):
        python = SimpleCookie()
        python["name"] = value
        status, out, err = cookies("quote", "name", value)
        if out != python.output() + "\n":
            differ.append((value, out, err, status))
            continue
        back = SimpleCookie()
        back.load(out[len("Set-Cookie: "):-1])
        if back["name"].value != value:
            unread.append((value, back))
        field = out[len("Set-Cookie: "):-1]
        status, out, err = cookies("read", "x=1; " + field + "; y=2")
        if out != "x is 1, sent as 1\nname is %s, sent as %s\ny is 2, sent as 2\n" % (
                value.replace("\r\n", "\n").replace("\r", "\n"), field[5:]):  # as Python reads
            misread.append((value, out, err))
    tap.ok(not differ, "values are quoted as SimpleCookie quotes them", differ[:3])
    tap.ok(not unread, "SimpleCookie reads them", unread[:3])
    tap.ok(not misread, "and they are read back", misread[:3])


def test_attributes(tap, cookies):
    python = SimpleCookie()
    python["id"] = "7"
    for name, value in (("domain", "example.com"), ("path", "/app"), ("max-age", 3600),
                        ("secure", True), ("httponly", True), ("samesite", "Lax"),
                        ("expires", "Sun, 06 Nov 1994 08:49:37 GMT")):
        python["id"][name] = value
    _, out, _ = cookies("write", "id", "7", "Secure", "SameSite=Lax", "Path=/app", "Max-Age=3600",
                        "HttpOnly", "Expires=784111777", "Domain=example.com")
    tap.ok(out == python.output().replace("expires=", "Expires=") + "\n",
           "every attribute is written as Morsel writes it", out + python.output())
    back = SimpleCookie()
    back.load(out[len("Set-Cookie: "):-1])
    tap.ok(dict(back["id"]) == dict(python["id"], **{"max-age": "3600"}),
           "and SimpleCookie reads all of them", dict(back["id"]))
    for value in ("1\r\nSet-Cookie: admin=1", "1; Path=/", "a\x01", "a b", "a\x7f"):
        status, out, err = cookies("write", "id", value)
        tap.ok((status, out) == (1, "") and "refused: the value" in err,
               "no field is made of %r" % value, out + err)
    status, out, err = cookies("write", "id", "1", "Path=/\r\nX: y")
    tap.ok((status, out) == (1, "") and "refused: the path" in err, "nor of such a path", err)


class Echo(http.server.BaseHTTPRequestHandler):
    """Says which cookies came, and sets those that the test has put down for the path."""

    protocol_version = "HTTP/1.1"
    sets = {}

    def do_GET(self):
        body = (self.headers["Cookie"] or "").encode("latin-1")
        self.send_response(200)
        for value in self.sets.get(self.path, []):
            self.send_header("Set-Cookie", value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        pass


def curl(port, url, *options):
    """Asks the echo, under a name from HOSTS; what it answered."""
    resolve = [word for host in HOSTS
               for word in ("--resolve", "%s:%d:127.0.0.1" % (host, port))]
    host, path = url.split("/", 1)
    done = run("curl", "--disable", "--silent", "--show-error", "--noproxy", "*", *resolve,
               *options, "http://%s:%d/%s" % (host, port, path))
    return done[1] if done[0] == 0 else "curl failed: " + done[2]


def sent(jar, url):
    """What our jar sends, as the value of the field alone."""
    status, out, err = jar("http://" + url)
    if status != 0:
        return err
    return "" if out == "(no Cookie field)\n" else out[len("Cookie: "):-1]


def filled(jar):
    """A jar's file with cookies of every kind."""
    for url, fields in (
            ("http://www.example.com/docs/x",
             ["host=1; Max-Age=900", "all=2; Domain=example.com; Max-Age=900; Path=/",
              "deep=3; Path=/docs/x; Max-Age=900", "script=4; HttpOnly; Max-Age=900; Path=/",
              'quoted="a b\\073"; Max-Age=900; Path=/', "empty=; Max-Age=900; Path=/"]),
            ("https://www.example.com/", ["safe=5; Secure; Max-Age=900"]),
            ("http://other.org/", ["else=6; Max-Age=900", "session=7"])):
        status, out, err = jar(url, *fields)
        if status != 0 or out.split("\n") != ["stored"] * len(fields) + [""]:
            raise SystemExit("the jar took nothing: %s%s" % (out, err))


PLACES = ("www.example.com/", "www.example.com/docs", "www.example.com/docs/x/y", "example.com/",
          "example.com/docs/x", "other.org/")


def python_sends(python, url):
    request = urllib.request.Request("http://" + url)
    python.add_cookie_header(request)
    return request.get_header("Cookie", "")


def pieces(field):
    return sorted(piece for piece in field.split("; ") if piece)


def test_python_reads(tap, jar, file):
    filled(jar)
    python = http.cookiejar.MozillaCookieJar(file)
    python.load()
    ours = {(c.domain, c.path, c.name): c for c in python}
    tap.ok(sorted(ours) == [
        (".example.com", "/", "all"), ("other.org", "/", "else"),
        ("www.example.com", "/", "empty"), ("www.example.com", "/", "quoted"),
        ("www.example.com", "/", "safe"), ("www.example.com", "/", "script"),
        ("www.example.com", "/docs", "host"), ("www.example.com", "/docs/x", "deep")],
           "MozillaCookieJar reads the jar's file", sorted(ours))
    names = {key[2]: cookie for key, cookie in ours.items()}
    tap.ok(names["safe"].secure and not names["all"].secure and names["empty"].value == ""
           and names["quoted"].value == '"a b\\073"'
           and names["script"].has_nonstandard_attr("HTTPOnly")
           and not names["all"].has_nonstandard_attr("HTTPOnly")
           and abs(names["all"].expires - time.time() - 900) < 300, "with all that it says", names)
    differ = [(url, python_sends(python, url), sent(jar, url)) for url in PLACES
              if pieces(python_sends(python, url)) !=
              [p for p in pieces(sent(jar, url)) if p != "session=7"]]
    tap.ok(not differ, "and sends the same cookies to the same places", differ)


def test_python_writes(tap, jar, file):
    python = http.cookiejar.MozillaCookieJar(file)
    later = int(time.time()) + 900
    for name, value, domain, path, secure, expires, rest in (
            ("a", "1", ".example.com", "/", False, later, {}),
            ("b", "2", "www.example.com", "/docs", False, later, {"HTTPOnly": None}),
            ("c", "3", "www.example.com", "/", True, later, {}),
            ("d", "", "www.example.com", "/", False, later, {}),
            ("e", "5", "www.example.com", "/", False, None, {}),
            ("f", "6", "www.example.com", "/", False, 1000, {})):
        python.set_cookie(http.cookiejar.Cookie(
            0, name, value, None, False, domain, domain[0] == ".", domain[0] == ".", path, True,
            secure, expires, expires is None, None, None, rest))
    python.save(ignore_discard=True, ignore_expires=True)
    tap.ok(sent(jar, "www.example.com/docs/x") == "b=2; a=1; d=; e=5",
           "the jar reads what MozillaCookieJar saved", sent(jar, "www.example.com/docs/x"))
    tap.ok(sent(jar, "example.com/docs/x") == "a=1", "a domain's cookie goes to the domain")
    _, out, _ = jar("https://www.example.com/")
    tap.ok(out == "Cookie: a=1; c=3; d=; e=5\n", "a Secure one over https", out)
    _, out, _ = jar("https://www.example.com/", "g=7; Max-Age=900")
    tap.ok("#HttpOnly_www.example.com\tFALSE\t/docs\tFALSE\t%d\tb\t2\n" % later
           in Path(file).read_text(), "HttpOnly stays", out)


def test_curl_reads(tap, jar, file, port):
    filled(jar)
    differ = []
    for url in PLACES:
        theirs = curl(port, url, "--cookie", file)
        if pieces(theirs) != pieces(sent(jar, url)):
            differ.append((url, theirs, sent(jar, url)))
    tap.ok(not differ, "curl reads the jar's file and sends the same", differ)
    tap.ok(sent(jar, PLACES[2]).startswith("deep=3; host=1"), "which is something")


def test_curl_writes(tap, jar, file, port):
    Echo.sets["/docs/x"] = ["host=1", "all=2; Domain=example.com; Max-Age=900; Path=/",
                            "hidden=3; HttpOnly; Max-Age=900", "gone=4; Max-Age=0",
                            "foreign=5; Domain=other.org", "empty=; Max-Age=900"]
    curl(port, "www.example.com/docs/x", "--cookie-jar", file)
    differ = []
    for url in PLACES:
        if url == "www.example.com/docs":
            continue  # curl writes the folder as /docs/, which by RFC 6265 does not cover /docs
        theirs = curl(port, url, "--cookie", file)
        if pieces(theirs) != pieces(sent(jar, url)):
            differ.append((url, theirs, sent(jar, url)))
    tap.ok(not differ, "the jar reads curl's file and sends the same", differ)
    tap.ok(pieces(sent(jar, "www.example.com/docs/x")) == ["all=2", "empty=", "hidden=3", "host=1"],
           "which is something", sent(jar, "www.example.com/docs/x"))
    Echo.sets.clear()


def test_same_decisions(tap, jar, file, port):
    """What curl and the jar make of the same fields: stored by both, or by neither."""
    for url, field in (
            ("www.example.com/a/b", "n=1"), ("www.example.com/a/b", "n=1; Domain=example.com"),
            ("www.example.com/a/b", "n=1; Domain=.EXAMPLE.com; Path=/"),
            ("www.example.com/a/b", "n=1; Domain=com"), ("www.example.com/a/b", "n=1; Domain=com."),
            ("example.com/a", "n=1; Domain=www.example.com"),
            ("www.example.com/a/b", "n=1; Domain=other.org"),
            ("www.example.com/a/b", "n=1; Secure"),
            ("www.example.com/a/b", "n=1; Path=/elsewhere"),
            ("www.example.com/a/b", "n=1; Expires=Thu, 01 Jan 1970 00:00:01 GMT"),
            ("www.example.com/a/b", "n=1; Expires=Wed, 06-Nov-2041 08:49:37 GMT"),
            ("www.example.com/a/b", "n=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:01 GMT"),
            ("www.example.com/a/b", "__Secure-n=1"), ("www.example.com/a/b", "__Host-n=1; Path=/"),
            ("www.example.com/a/b", " n = 1 ; PATH=/ ; httponly")):
        for name in (file, file + ".curl"):
            Path(name).unlink(missing_ok=True)
        path = "/" + url.split("/", 1)[1]
        places = (url, "www.example.com/", "example.com/")
        Echo.sets[path] = [field]
        curl(port, url, "--cookie-jar", file + ".curl")
        Echo.sets.clear()
        jar("http://" + url, field)
        theirs = [curl(port, u, "--cookie", file + ".curl") for u in places]
        ours = [sent(jar, u) for u in places]
        tap.ok(theirs == ours, "curl and the jar agree on %s, set by %s" % (field, url),
               "%s\n%s" % (theirs, ours))


def test_atomic(tap, jar, file):
    """A reader sees the old file or the new one, and a writer that fails leaves the old one."""
    filled(jar)
    whole, torn, stop = [0], [], threading.Event()

    def read():
        while not stop.is_set():
            text = Path(file).read_text()
            if "\tquoted\t" in text and text.endswith("\n"):
                whole[0] += 1
            else:
                torn.append(text)

    reader = threading.Thread(target=read)
    reader.start()
    results = [jar("http://example.com/", "n%d=%s; Max-Age=900" % (i, "x" * 3000))[1]
               for i in range(25)]
    stop.set()
    reader.join()
    tap.ok(results == ["stored\n"] * 25 and not torn and whole[0] > 25,
           "whoever reads while the jar is saved sees a whole file", "%s %s" % (whole, torn[:1]))
    before = Path(file).read_text()

    def small_files():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    status, _, err = jar("http://example.com/", "late=1; Max-Age=900", preexec_fn=small_files)
    tap.ok(status == 1 and "File too large" in err, "a full disk is told", err)
    tap.ok(Path(file).read_text() == before and os.listdir(Path(file).parent) == ["cookies.txt"],
           "the old file is as it was, and nothing lies beside it", os.listdir(Path(file).parent))
    tap.ok(os.stat(file).st_mode & 0o777 == 0o600, "nobody else may read it")


def test_rude(tap, jar, file, cookies):
    """Whatever is asked, no sanitizer speaks."""
    bad = []
    number = random.Random(14)
    for _ in range(30):
        text = "".join(chr(number.choice((59, 61, 32, 34, 92, 46, 9, 37, number.randrange(1, 255))))
                       for _ in range(number.randrange(80)))
        for status, _, err in (cookies("read", text), cookies("write", "n", text),
                               jar("http://www.example.com/", text),
                               jar("http://" + text[:40].replace("\n", "")),
                               jar("https://www.example.com/", "n=1; Domain=" + text)):
            if status not in (0, 1) or "Sanitizer" in err or "runtime error" in err:
                bad.append((text, status, err))
    tap.ok(not bad, "150 rude calls and no complaint", bad[:1])
    Path(file).write_text("no cookies at all\n")
    status, _, err = jar("http://example.com/")
    tap.ok(status == 1 and file + ":1: " in err, "a file of something else is refused", err)
    tap.ok(cookies()[0] == 2 and run(jar.command[0])[0] == 2,
           "without arguments they say their usage")


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="cookies.") as folder:
        programs = []
        for name in ("13_cookies", "14_cookiejar"):
            built = run("gcc", "-std=gnu11", "-g", "-fsanitize=address,undefined",
                        "-fno-sanitize-recover=all", "-Icommon", "-I02_http", "-o",
                        folder + "/" + name, "02_http/%s.c" % name, *MODULE, *NEEDS, cwd=ROOT)
            if not tap.ok(built[0] == 0, name + " builds", built[2]):
                return tap.done()
            programs.append(folder + "/" + name)
        cookies = Program(programs[0])
        test_quotes(tap, cookies)
        test_attributes(tap, cookies)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        tests = [(test_python_reads,), (test_python_writes,), (test_atomic,), (test_rude, cookies)]
        if shutil.which("curl"):
            tests += [(test_curl_reads, server.server_port), (test_curl_writes, server.server_port),
                      (test_same_decisions, server.server_port)]
        else:
            tap.ok(True, "cookies beside curl # SKIP curl is not installed")
        for test, *more in tests:
            with tempfile.TemporaryDirectory(prefix="jar.") as place:
                file = place + "/cookies.txt"
                test(tap, Program(programs[1], file), file, *more)
        server.shutdown()
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
