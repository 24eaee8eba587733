#!/usr/bin/python3 -B
"""Bodies both ways: the programs of lessons 4.10, 4.11 and 4.15, sanitized, beside Python's
requests and curl. A server that records says what came of an upload, the testbed has files, cuts
and bombs, and Python's email and codecs say what is right."""
import codecs
import concurrent.futures
import email
import gzip
import hashlib
import http.server
import itertools
import os
import re
import subprocess
import sys
import tempfile
import threading
import zlib
from pathlib import Path

from tap import Tap

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 60  # seconds: how long a machine may be slow before a test gives up
LARGE = 128 << 20
MOST_MEMORY = 40 << 20  # of a program that sends or gets LARGE
PROGRAMS = ("10_upload", "11_download", "15_encodings")
for _name in [name for name in os.environ if name.lower().endswith("_proxy")]:
    os.environ.pop(_name)
import requests  # noqa: E402, pylint: disable=wrong-import-position


def build(folder):
    """The programs, and what they have of libcurl, sanitized."""
    flags = ["-std=c11", "-D_POSIX_C_SOURCE=200809L", "-O1", "-g", "-fsanitize=address,undefined",
             "-fno-sanitize-recover=all",
             *("-I%s" % (ROOT / d) for d in ("common", "02_http", "03_urllib", "04_requests"))]

    def one(name):
        return subprocess.run(
            ["gcc", *flags, ROOT / "04_requests" / (name + ".c"),
             ROOT / "04_requests/requests/easy.c", ROOT / "04_requests/requests/error.c", "-o",
             folder / name, *(ROOT / "build" / lib for lib in ("libhttp.a", "libcore.a")),
             "-lcurl", "-lcrypto"], check=False).returncode
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        if any(pool.map(one, PROGRAMS)):
            raise SystemExit("what is to be tried does not compile")


def call(program, *words, stdin=None, cwd=None):
    """Exit status, standard output, standard error; bytes, bytes, text."""
    if not isinstance(program, Path):
        program = FOLDER / program
    done = subprocess.run([program, *map(str, words)], input=stdin, capture_output=True, cwd=cwd,
                          timeout=LIMIT, check=False)
    return done.returncode, done.stdout, done.stderr.decode(errors="replace")


class Server(http.server.ThreadingHTTPServer):
    """Records uploads in seen, and answers GET by what pages has: a list of answers for a path,
    each a status, headers, bytes, and the size of the chunks or None."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen, self.pages, self.measure = [], {}, None
        self.url = "http://127.0.0.1:%d" % self.server_port
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass  # a client that leaves


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        if self.path == "/large":
            left = int(self.headers["Content-Length"])
            while left > 0:
                left -= len(self.rfile.read(min(left, 1 << 20)))
            self.server.measure()
            body = b""
        else:
            body = self.read_body()
        self.server.seen.append((self.path, self.headers, body))
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n")

    def read_body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while True:
            size = int(self.rfile.readline(), 16)
            body += self.rfile.read(size)
            self.rfile.readline()
            if size == 0:
                return body

    def do_GET(self):
        self.server.seen.append((self.path, self.headers, b""))
        if self.path == "/large":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LARGE)
            for _ in range(LARGE >> 20):
                self.wfile.write(bytes(1 << 20))
                if _ == (LARGE >> 20) - 2:
                    self.server.measure()
            return
        answers = self.server.pages[self.path]
        status, headers, body, size = answers.pop(0) if len(answers) > 1 else answers[0]
        head = "HTTP/1.1 %d Status\r\n" % status
        if size:
            headers = {**headers, "Transfer-Encoding": "chunked"}
            body = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + size]), body[i:i + size])
                            for i in range(0, len(body), size)) + b"0\r\n\r\n"
        elif "Content-Length" not in headers:
            headers = {**headers, "Content-Length": str(len(body))}
        else:
            self.close_connection = True  # a length of its own: it is cut
        for pair in headers.items():
            head += "%s: %s\r\n" % pair
        self.wfile.write(head.encode() + b"\r\n" + body)


# ---- uploads -------------------------------------------------------------------------------------

def parts(seen):
    """Name, filename, type and content of each part, as Python's email package reads them."""
    _, headers, body = seen
    whole = email.message_from_string("Content-Type: %s\n\n" % headers["Content-Type"]
                                      + body.decode("latin-1"))
    out = []
    for part in whole.get_payload():
        words = [part.get_param(key, header="content-disposition") for key in ("name", "filename")]
        out.append([*(w and w.encode("latin-1").decode() for w in words),
                    part.get("Content-Type"),
                    part.get_payload(decode=False).encode("latin-1")])
    return out


NAMES = {"plain.txt": b"one\ntwo\n", "with \"quotes\".txt": b"x",
         "gr\u00fc\u00dfe \u6f22.txt": b"y",
         "semi; colon=1 & %22.txt": b"z", "empty": b"", "no newline": b"a\r\nb\r\n--c",
         "bytes": bytes(range(256)) * 300}


def forms(t, server):
    for name, content in NAMES.items():
        path = FOLDER / name
        path.write_bytes(content)
        ours = call("10_upload", "--field", "who=Gr\u00fc\u00df dich", server.url + "/form", path)
        got = parts(server.seen[-1])
        requests.post(server.url + "/form", data={"who": "Gr\u00fc\u00df dich"},
                      files=[("file", (name, content, "application/octet-stream"))], timeout=LIMIT)
        due = parts(server.seen[-1])
        t.ok(ours[0] == 0 and ours[2] == "" and len(got) == 2 and got == due,
             "form: %r as requests sends it" % name, "%s\n%s\n%s" % (ours, got, due))
        if name == "plain.txt":
            subprocess.run(["curl", "-sS", "-F", "who=Gr\u00fc\u00df dich", "-F",
                            "file=@%s;type=application/octet-stream" % path, server.url],
                           capture_output=True, timeout=LIMIT, check=True)
            t.ok(parts(server.seen[-1]) == got, "and as curl does", server.seen[-1])
    names = ["plain.txt", "empty", "bytes"]
    call("10_upload", server.url + "/form", *(FOLDER / n for n in names))
    got = [part[1:4:2] for part in parts(server.seen[-1])]
    t.ok(got == [[n, NAMES[n]] for n in names], "three files keep their order", got)
    before = len(server.seen)
    status, _, said = call("10_upload", server.url + "/form", FOLDER / "plain.txt", FOLDER / "none")
    t.ok(status == 1 and "ENOENT" in said and len(server.seen) == before,
         "a file that is not there: nothing is sent", said)


def bodies(t, server, testbed):
    content = NAMES["bytes"]
    for name in ("bytes", "empty"):
        call("10_upload", "--body", server.url + "/body", FOLDER / name)
        _, headers, body = server.seen[-1]
        with open(FOLDER / name, "rb") as file:
            requests.post(server.url + "/body", data=file, timeout=LIMIT)
        t.ok(body == server.seen[-1][2] == NAMES[name]
             and headers["Content-Length"] == str(len(body)) and
             "Transfer-Encoding" not in headers, "body: %s, as requests sends it" % name, headers)
    status, _, _ = call("10_upload", "--body", server.url + "/body", "-", stdin=content)
    _, headers, body = server.seen[-1]
    requests.post(server.url + "/body", data=iter([content[:1000], content[1000:]]), timeout=LIMIT)
    t.ok(status == 0 and body == content == server.seen[-1][2]
         and headers["Transfer-Encoding"] == server.seen[-1][1]["Transfer-Encoding"] == "chunked"
         and "Content-Length" not in headers, "body: from a pipe, in chunks", headers)
    call("10_upload", "--body", server.url + "/body", "-", stdin=b"")
    t.ok(server.seen[-1][1]["Transfer-Encoding"] == "chunked" and server.seen[-1][2] == b"",
         "body: from a pipe, and empty", server.seen[-1])
    sum_ = hashlib.sha256(content).hexdigest()
    for words, stdin in ((["--body", testbed + "/upload", "-"], content),
                         ([testbed + "/upload", FOLDER / "bytes"], None)):
        status, out, _ = call("10_upload", *words, stdin=stdin)
        t.ok(status == 0 and sum_ in out.decode(), "the testbed sees the same SHA-256", out)


def refused(t, testbed):
    path = FOLDER / "some"
    path.write_bytes(bytes(4 << 20))
    url = testbed + "/upload?most=100000"
    for words in ([], ["--now"], ["--body"], ["--body", "--now"]):
        status, out, said = call("10_upload", *words, url, path)
        t.ok(status == 1 and "HTTPError: 413" in said and out.startswith(b"413, "),
             "413 in the middle %s" % " ".join(words), (status, out, said))
    sent = int(re.match(rb"413, (\d+)", call("10_upload", "--body", url, path)[1])[1])
    t.ok(sent == 0, "asked first, nothing was sent", sent)
    done = subprocess.run(["curl", "-sS", "-T", path, "-X", "POST", "-o", "/dev/null", "-w",
                           "%{http_code}", url], capture_output=True, timeout=LIMIT, check=False)
    t.ok(done.stdout == b"413", "and curl gets it, too", done)
    status, out, said = call("10_upload", "--now", testbed + "/upload?cut=100000", path)
    t.ok(status == 1 and out == b"" and re.search(": (ConnectionError|ChunkedEncodingError): ",
                                                  said), "the connection is cut", (out, said))


# ---- downloads -----------------------------------------------------------------------------------

def load(url, *words):
    """What the program said, and the file; none may be left half made."""
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        status, out, said = call("11_download", *words, url, "copy", cwd=folder)
        path = Path(folder, "copy")
        content = path.read_bytes() if path.exists() else None
        rest = [name for name in os.listdir(folder) if name != "copy"]
    return {"status": status, "out": out.decode(), "said": said, "content": content, "rest": rest}


def failed(got, words):
    return got["status"] == 1 and words in got["said"] and got["content"] is None \
        and not got["rest"]


def testbeds_files(t, testbed):
    url = testbed + "/file/300000"
    due = requests.get(url, timeout=LIMIT).content
    sum_ = hashlib.sha256(due).hexdigest()
    got = load(url)
    t.ok(got["content"] == due and "SHA-256 %s\n" % sum_ in got["out"] and not got["rest"],
         "a file as requests gets it", got["said"])
    got = load(url + "?cut=100000", "--sha256", sum_.upper())
    t.ok(got["content"] == due and got["said"].count("going on") == 2, "cut twice, resumed",
         got["said"])
    t.ok(failed(load(url + "?cut=100000", "--tries", "2"), "ChunkedEncodingError"),
         "tries are counted")
    t.ok(failed(load(url + "?cut=100000&tag=0", "--tries", "3"), "ChunkedEncodingError"),
         "cut, without a tag: never whole")
    t.ok(failed(load(url, "--sha256", "0" * 64), "ContentDecodingError: another SHA-256"),
         "checksum wrong: no file")
    t.ok(failed(load(testbed + "/nothing"), "HTTPError: 404"), "404: no file")
    t.ok(load(testbed + "/file/0")["content"] == b"", "an empty file is one")
    packed = load(testbed + "/bomb/1000000")["content"]
    raw = requests.get(testbed + "/bomb/1000000", stream=True, timeout=LIMIT).raw.read()
    t.ok(packed == raw and gzip.decompress(packed) == bytes(1000000),
         "what is packed is saved as it is", len(packed or b""))
    lines = requests.get(testbed + "/file/5000", stream=True, timeout=LIMIT).iter_lines()
    t.ok(call("11_download", "--lines", testbed + "/file/5000")[1]
         == b"".join(b"%d: %s\n" % (n + 1, line) for n, line in enumerate(lines)),
         "lines as iter_lines() has them")
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        Path(folder, "copy").write_text("old")
        call("11_download", testbed + "/nothing", "copy", cwd=folder)
        t.ok(Path(folder, "copy").read_text() == "old", "a failure leaves the old file alone")
        Path(folder, "copy.part").write_text("another's")
        status, _, said = call("11_download", url, "copy", cwd=folder)
        t.ok(status == 1 and "EEXIST" in said and Path(folder, "copy.part").read_text()
             == "another's", "a .part that is another's stays", said)


def changed(t, server):
    """A file is cut after 500 bytes; then the server has another one, or a strange answer."""
    old, new = b"o" * 1000, b"n" * 800
    cut = (200, {"ETag": '"a"', "Content-Length": "1000"}, old[:500], None)

    def second(*answers, first=cut):
        path = "/change%d" % len(server.pages)
        server.pages[path] = [first, *answers]
        return load(server.url + path, "--tries", "3"), server.seen[-1][1]

    part = {"ETag": '"a"', "Content-Range": "bytes 500-999/1000"}
    got, asked = second((206, part, old[500:], None))
    t.ok(got["content"] == old and asked["Range"] == "bytes=500-" and asked["If-Range"] == '"a"',
         "the rest is asked for, if it is still the same", asked)
    got, _ = second((200, {"ETag": '"b"'}, new, None))
    t.ok(got["content"] == new, "another ETag: all of the new one", got)
    got, _ = second((200, {"ETag": '"b"', "Content-Length": "800"}, new[:300], None),
                    (206, {"ETag": '"b"', "Content-Range": "bytes 300-799/800"}, new[300:], None))
    t.ok(got["content"] == new, "and when that is cut, the rest of that", got)
    got, _ = second((206, {**part, "ETag": '"b"'}, new[500:], None))
    t.ok(failed(got, "a part of something else"), "a part with another ETag", got)
    got, _ = second((206, {**part, "Content-Range": "bytes 400-899/1000"}, old[500:], None))
    t.ok(failed(got, "a part of something else"), "a part from elsewhere", got)
    got, _ = second((206, {**part, "Content-Range": "bytes 500-699/1000"}, old[500:700], None))
    t.ok(failed(got, "a part of something else"), "a part that stops before the end", got)
    got, _ = second((206, {**part, "Content-Range": "bytes 500-999/*"}, old[500:], None))
    t.ok(got["content"] == old, "a part of a whole whose size is not said", got)
    got, asked = second((200, {"ETag": 'W/"a"'}, old, None),
                        first=(200, {"ETag": 'W/"a"', "Content-Length": "1000"}, old[:500], None))
    t.ok(got["content"] == old and "Range" not in asked, "a weak ETag is none for a range", asked)


def memory(t, server):
    """As built for learners: a sanitizer needs memory of its own."""
    path = FOLDER / "large"
    with open(path, "wb") as file:
        file.truncate(LARGE)
    for name, words in (("10_upload", ["--body", server.url + "/large", path]),
                        ("10_upload", [server.url + "/large", path]),
                        ("11_download", [server.url + "/large", FOLDER / "large copy"])):
        peaks, started = [], threading.Event()

        def measure():
            started.wait(LIMIT)
            found = re.search(r"VmHWM:\s*(\d+)",
                              Path("/proc/%d/status" % process.pid).read_text())  # noqa: B023
            peaks.append(int(found[1]) << 10)  # noqa: B023
        server.measure = measure
        process = subprocess.Popen([ROOT / "build/04_requests" / name, *words],
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        started.set()
        said = process.communicate(timeout=LIMIT)[0]
        t.ok(process.returncode == 0 and peaks and peaks[0] < MOST_MEMORY,
             "%s: 128 MiB in less than 40 MiB of memory" % name, (peaks, said))


# ---- charsets ------------------------------------------------------------------------------------

EUROPE = "Stra\u00dfe, caf\u00e9, \u20ac 5 \u2013 na\u00efve\n" * 3
JAPAN = "\u65e5\u672c\u8a9e and \u30ab\u30bf\u30ab\u30ca, \u6f22\u5b57\n" * 3
ALL = EUROPE + JAPAN + "\u0416 \U0001f642\n"
CHARSETS = {"utf-8": ALL, "windows-1252": EUROPE, "iso-8859-15": EUROPE.replace("\u2013", "-"),
            "koi8-r": "\u0416\u0438\u0437\u043d\u044c\n" * 5, "utf-16": ALL, "utf-16-le": ALL,
            "utf-16-be": ALL, "utf-32": ALL, "shift_jis": JAPAN, "euc-jp": JAPAN,
            "iso-2022-jp": JAPAN, "gb18030": ALL, "big5": "\u6f22\u5b57 \u4e2d\u6587\n" * 5}
NUMBERS = itertools.count()


def texts(server, jobs):
    """What the program makes of each: headers, bytes, size of chunks, more arguments."""
    def one(job):
        headers, body, size, *words = job
        path = "/text%d" % next(NUMBERS)
        server.pages[path] = [(200, headers, body, size)]
        status, out, said = call("15_encodings", "--text", *words, server.url + path)
        return out.decode(errors="backslashreplace") if status == 0 else said
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(one, jobs))


def said_charsets(t, server):
    for charset, text in CHARSETS.items():
        body = text.encode(charset)
        sizes = [*range(1, 6), len(body)]
        name = re.sub("-([lb]e)$", r"\1", charset)  # UTF-16LE: Python alone has a hyphen more
        got = texts(server, [({"Content-Type": "text/plain; charset=\"%s\"" % name}, body, size)
                             for size in sizes])
        wrong = {size: one for size, one in zip(sizes, got) if one != text}
        t.ok(not wrong, "%s in pieces of any size" % charset, wrong)
    utf8 = {"Content-Type": "text/plain; charset=utf-8"}
    broken = [b"caf\xe9!", b"\xff\xfe\xfd", b"a\xc3", b"\xe2\x82", b"\xf0\x9f\x99", b"\xc0\xc1",
              b"a\xe9\xe9\xe9b", b"\x80"]
    got = texts(server, [(utf8, body, size) for body in broken for size in (1, 100)])
    due = [body.decode("utf-8", "replace") for body in broken for _ in range(2)]
    t.ok(got == due, "what is no UTF-8, or cut at its end, is replaced as Python does",
         "%r\n%r" % (got, due))
    server.pages["/same"] = [(200, utf8, ALL.encode() + b"\xff", 3)]
    t.ok(texts(server, [server.pages["/same"][0][1:]])[0]
         == requests.get(server.url + "/same", timeout=LIMIT).text, "and as r.text has it")


def guessed_charsets(t, server):
    plain = {"Content-Type": "text/plain"}
    for name, charset in (("UTF-8", "utf-8"), ("Windows-1252", "windows-1252")):
        long = ["x" * pad + EUROPE * 60 for pad in range(99)]
        # The program looks at 4,096 bytes: of UTF-8 they end within a character.
        long = [text for text in long if text.encode()[4096] & 0xC0 == 0x80][:4]
        got = texts(server, [(plain, text.encode(charset), size) for text in long
                             for size in (7, 100000)])
        t.ok(len(got) == 8 and got == [text for text in long for _ in range(2)],
             "no charset: %s" % name, [one[:80] for one in got])
    marks = [codecs.BOM_UTF8 + ALL.encode(), codecs.BOM_UTF16_LE + ALL.encode("utf-16-le"),
             codecs.BOM_UTF16_BE + ALL.encode("utf-16-be"),
             codecs.BOM_UTF32_LE + ALL.encode("utf-32-le")]
    got = texts(server, [(plain, body, size) for body in marks for size in (1, 5, 100000)])
    t.ok(got == [ALL] * 12, "no charset, but a byte order mark", got)
    latin = "caf\u00e9"
    names = ["none-such", "//IGNORE", "utf-8//IGNORE", "", "../x", "y" * 5000]
    got = texts(server, [({"Content-Type": "text/plain; charset=\"%s\"" % name},
                          latin.encode("latin-1"), None) for name in names])
    t.ok(got == [latin] * len(names), "a charset that is none: from its looks", got)
    got = texts(server, [(plain, b"\x00\x01\x02" * 5000, None), (plain, b"", None),
                         ({}, latin.encode(), None), (plain, latin.encode(), 2, "--charset",
                                                      "latin1")])
    t.ok(got == ["", "", latin, "caf\u00c3\u00a9"], "no text; nothing; no type; as you wish", got)


def packed(t, server, testbed):
    body = (ALL * 300).encode()
    squeeze = zlib.compressobj(wbits=-15)
    forms_ = [("gzip", gzip.compress(body)), ("deflate", zlib.compress(body)),
              ("deflate", squeeze.compress(body) + squeeze.flush()),
              ("gzip, gzip", gzip.compress(gzip.compress(body)))]
    got = texts(server, [({"Content-Type": "text/plain; charset=utf-8", "Content-Encoding": name},
                          data, size) for name, data in forms_ for size in (99, 999)])
    t.ok(got == [ALL * 300] * 8, "gzip, deflate, raw deflate, and two at once",
         [one[:80] for one in got])
    for name, key in (("gzip", "gzipped"), ("deflate", "deflated"), ("brotli", "brotli")):
        status, out, _ = call("15_encodings", "--text", testbed + "/" + name)
        mine = requests.get(testbed + "/" + name, timeout=LIMIT).json()
        t.ok(status == 0 and mine[key] and b'"%s": true' % key.encode() in out,
             "the testbed's %s" % name, out)
    status, out, said = call("15_encodings", "--text", "--limit", 100000, testbed + "/bomb/100001")
    t.ok(status == 1 and "TooLarge: more than 100000" in said and len(out) <= 100000,
         "a bomb ends at the limit", said)
    t.ok(call("15_encodings", "--text", "--limit", 100000, testbed + "/bomb/100000")
         == (0, bytes(100000), ""), "and what is as long as that is whole")
    bad = bytearray(gzip.compress(body))
    bad[-8] ^= 1
    got = texts(server, [({"Content-Encoding": "gzip"}, bytes(bad), None),
                         ({"Content-Encoding": "gzip"}, b"hello", None)])
    t.ok(all("ContentDecodingError" in one for one in got), "a wrong checksum, and no gzip", got)


def main():
    t = Tap()
    build(FOLDER)
    server = Server()
    testbed = subprocess.Popen([ROOT / "build/testbed", "0"], stdout=subprocess.PIPE, text=True)
    try:
        url = "http://127.0.0.1:%s" % testbed.stdout.readline().strip().rsplit(":", 1)[1]
        forms(t, server)
        bodies(t, server, url)
        refused(t, url)
        testbeds_files(t, url)
        changed(t, server)
        memory(t, server)
        said_charsets(t, server)
        guessed_charsets(t, server)
        packed(t, server, url)
    finally:
        testbed.terminate()
        testbed.communicate(timeout=LIMIT)
    return t.done()


if __name__ == "__main__":
    _memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # no disk to wait for
    with tempfile.TemporaryDirectory(dir=_memory) as _folder:
        FOLDER = Path(_folder)
        sys.exit(main())
