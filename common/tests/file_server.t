#!/usr/bin/python3 -B
"""Lesson 2.09's file server beside Python's own: status, type, length, time and body of everything
in a tree; what no path may reach; ranges and conditions, by hand and by curl; in a browser."""
import email
import http.client
import mimetypes
import os
import shutil
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import urllib.parse
import zlib
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from browser import PROGRAM, Browser
from tap import Tap, run

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "build/02_http/09_file_server"
SECRET = b"what nobody may read"
CHANGED = 784111777  # Sun, 06 Nov 1994 08:49:37 GMT
COMMON = ("html htm css js mjs json txt png jpg jpeg gif svg ico avif bmp pdf zip tar gz xml csv "
          "mp3 mp4 mpeg webm wav wasm c h py sh").split()


def png(width, height):
    """A picture of one colour."""
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data +
                struct.pack(">I", zlib.crc32(kind + data)))
    rows = (b"\0" + b"\x20\x60\xa0" * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def make_tree(top):
    """What is served, in top/root, and what is not, beside it."""
    root = top / "root"
    content = {
        "a.txt": b"hello, world\n", "empty": b"", "UPPER.HTML": b"<p>upper", "no suffix": b"?",
        "big.bin": bytes(i * 7 % 251 for i in range(1 << 20)), "archive.tar.gz": b"\x1f\x8b",
        "with/index.html": b"<title>index</title>", "old/index.htm": b"<title>old</title>",
        "names/sp ace.txt": b"1", "names/caf\u00e9.txt": b"2", "names/<&\"'>.txt": b"3",
        "names/100%.txt": b"4", "names/a?b#c.txt": b"5", "names/javascript:alert(1)": b"6",
        "names/b\\c.txt": b"7", "names/Zed": b"8", "names/abc": b"9", "names/sub/deep.css": b"p {}",
        "dir.html/x.txt": b"x", ".hidden": b"dot", ".git/config": b"dot",
        "page.html": "<!DOCTYPE html><title>a page</title><img src='img/dot.png'>\u00e9".encode(),
        "img/dot.png": png(31, 17),
    }
    for suffix in mimetypes.MimeTypes(()).types_map[True]:
        content["types/x" + suffix] = b"x"
    for name, data in content.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (CHANGED, CHANGED))
    (top / "secret.txt").write_bytes(SECRET)
    (top / "outside").mkdir()
    (top / "outside/secret.txt").write_bytes(SECRET)
    for name, to in (("link.txt", "a.txt"), ("linked", "names")):
        (root / name).symlink_to(to)
    return root


def make_traps(root):
    """What is in the tree and leads out of it, or is no file."""
    trap = root / "trap"
    trap.mkdir()
    for name, to in (("up", "../../secret.txt"), ("dir", "../../outside"), ("chain", "up"),
                     ("absolute", root.parent / "secret.txt"), ("round", "../../root/a.txt"),
                     ("magic", "/proc/self/root"), ("cwd", "/proc/self/cwd"), ("loop", "loop"),
                     ("dev", "/dev/zero"), ("index", "../../outside")):
        (trap / name).symlink_to(to)
    os.mkfifo(trap / "fifo")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(trap / "socket"))
    if os.geteuid() == 0:
        try:
            os.mknod(trap / "zero", 0o644 | stat.S_IFCHR, os.makedev(1, 5))
        except PermissionError:
            pass  # a container that allows none
    (trap / "page").mkdir()
    (trap / "page/index.html").symlink_to("../../../secret.txt")


class Ours:
    """The server of lesson 2.09."""

    def __init__(self, *arguments, before=()):
        self.program = subprocess.Popen([*before, str(SERVER), *map(str, arguments)],
                                        stdout=subprocess.PIPE, text=True)
        self.port = int(self.program.stdout.readline().rsplit(":", 1)[1])
        # A log that nobody reads would hold the server up.
        threading.Thread(target=self.program.stdout.read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.program.poll() is None:
            self.program.terminate()
        self.program.wait(20)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def ask(port, target, method="GET", **fields):
    """Status, fields, body. The target goes out as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in fields.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def raw(port, data):
    """All that comes back for these bytes."""
    got = b""
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(data)
        try:
            while piece := connection.recv(65536):
                got += piece
        except (ConnectionResetError, TimeoutError) as error:
            got += b"\n" + repr(error).encode()
    return got


def raw_get(port, target):
    head = "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % target
    return raw(port, head.encode())


class Links(HTMLParser):
    """What a page links to, and under which names."""

    def __init__(self, page):
        super().__init__()
        self.found, self.open = [], False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag == "a":
            self.found.append([dict(attrs)["href"], ""])
            self.open = True

    def handle_endtag(self, tag):
        self.open = self.open and tag != "a"

    def handle_data(self, data):
        if self.open:
            self.found[-1][1] += data


def summary(answer, head):
    """What two servers must agree on."""
    status, fields, body = answer
    told = [status]
    if status < 400:
        told += [fields["Content-Type"], fields["Last-Modified"], fields["Location"]]
    if status == 200 and "charset" in (fields["Content-Type"] or ""):
        # A listing: the names count, the page around them is each server's own.
        told.append(sorted(map(tuple, Links(body.decode()).found)))
    elif status < 400:
        told += [int(fields["Content-Length"] or -1), body]
    if head and body:
        told.append("a body!")
    return told


def targets(root):
    """Everything in the tree, and more."""
    found = ["/", "/?query", "/nothing", "/a.txt/", "/a.txt?x=/", "/names", "/names?x=1",
             "/with/", "/with", "/old/", "/dir.html/", "/dir.html", "//a.txt", "/./a.txt",
             "/names//sub/../abc",
             "/%61.txt", "/link.txt", "/linked/", "/linked/sub/deep.css", "/linked"]
    for path in sorted(root.rglob("*")):
        name = "/" + urllib.parse.quote(str(path.relative_to(root)))
        if "trap" not in name and path.suffix not in (".svgz", ".tgz"):
            found.append(name + ("/" if path.is_dir() and not path.is_symlink() else ""))
    return found


def see_same(tap, root, ours, theirs):
    for method in ("GET", "HEAD"):
        wrong = []
        for target in targets(root):
            mine = summary(ask(ours, target, method), method == "HEAD")
            its = summary(ask(theirs, target, method), method == "HEAD")
            if target.startswith("/types/") and mine[1] == "application/octet-stream":
                if target.rsplit(".", 1)[1] in COMMON:
                    wrong.append("%s has no type" % target)
                continue  # one of the suffixes that the table leaves out
            if mine != its:
                wrong.append("%s: %.300s\n    Python's: %.300s" % (target, mine, its))
        tap.ok(not wrong, "%s answers as Python's http.server does, everywhere in a tree" % method,
               "\n".join(wrong))
    wrong = []
    for when in ("Sun, 06 Nov 1994 08:49:36 GMT", "Sun, 06 Nov 1994 08:49:37 GMT",
                 "Sunday, 06-Nov-94 08:49:38 GMT", "Sun Nov  6 08:49:38 1994", "yesterday", ""):
        mine, its = (ask(p, "/a.txt", If_Modified_Since=when)[0] for p in (ours, theirs))
        if mine != its:
            wrong.append("%s: %d, Python's: %d" % (when, mine, its))
    tap.ok(not wrong, "If-Modified-Since as there", "\n".join(wrong))


def see_head(tap, root, port):
    wrong = []
    for target in targets(root) + ["/trap/up", "/../x", "/%00", "/a%2fb"]:
        whole, head = ask(port, target), ask(port, target, "HEAD")
        fields = [{k: v for k, v in a[1].items() if k != "Date"} for a in (whole, head)]
        if whole[0] != head[0] or fields[0] != fields[1] or head[2]:
            wrong.append("%s: %s\n    %s" % (target, whole[:2], head))
    tap.ok(not wrong, "HEAD says what GET says, and sends no body", "\n".join(wrong))


TRAVERSAL = [
    "/../secret.txt", "/..", "/../", "/./../secret.txt", "/a/../../secret.txt",
    "/names/../../secret.txt",
    "/%2e%2e/secret.txt", "/%2E%2e/secret.txt", "/.%2e/secret.txt", "/%2e./secret.txt",
    "/..%2fsecret.txt", "/..%2Fsecret.txt", "/%2e%2e%2fsecret.txt", "/names/..%2f..%2fsecret.txt",
    "/%252e%252e/secret.txt", "/%252e%252e%252fsecret.txt", "/..%252fsecret.txt",
    "/..\\secret.txt", "/..%5csecret.txt", "/%5c..%5csecret.txt", "\\..\\secret.txt",
    "/%c0%ae%c0%ae/secret.txt", "/..%c0%afsecret.txt", "/%e0%80%ae%e0%80%ae/secret.txt",
    "/..%u2215secret.txt", "/%uff0e%uff0e/secret.txt", "/.../secret.txt", "/....//secret.txt",
    "/..;/secret.txt", "/..;x=y/secret.txt", "/..?/secret.txt", "/..#/secret.txt",
    "//../secret.txt",
    "//host/../../secret.txt", "/a.txt%00/../../secret.txt", "/%00", "/a.txt%00", "/a.txt%00.html",
    "@TOP/secret.txt", "/@TOP/secret.txt", "/%2f@TOP/secret.txt", "/etc/passwd", "//etc/passwd",
    "/file:///etc/passwd", "http://host/../secret.txt", "http://host/%2e%2e/secret.txt",
    "http://host/..%2fsecret.txt", "file:///etc/passwd", "../secret.txt", "secret.txt", "*", "/%",
    "/%2", "/%zz", "/a.txt/../../secret.txt", "/proc/self/root/etc/passwd",
    "/trap/up", "/trap/chain", "/trap/absolute", "/trap/round", "/trap/dir/secret.txt",
    "/trap/dir/", "/trap/dir", "/trap/magic/etc/passwd", "/trap/cwd/", "/trap/loop", "/trap/loop/x",
    "/trap/index/",
    "/trap/fifo", "/trap/socket", "/trap/zero", "/trap/dev", "/trap/fifo/",
    "/trap/" + 300 * "x", "/trap/" + 1500 * "x/",
]


def see_traversal(tap, root, port, dots):
    wrong = []
    for target in TRAVERSAL + ([] if dots else ["/.hidden", "/%2ehidden", "/.git/config", "/.git/",
                                                "/names/../.hidden", "/.git/../.hidden"]):
        target = target.replace("@TOP", str(root.parent))
        got = raw_get(port, target)
        status = got[9:12]
        if SECRET in got or b"root:" in got or status not in (b"400", b"404"):
            wrong.append("%s: %.200r" % (target, got))
    tap.ok(not wrong, "no path leads out, and none to what is no file%s" %
           ("" if dots else "; nor to names with a dot in front"), "\n".join(wrong))
    page = ask(port, "/trap/")[2].decode()
    tap.ok([href for href, _ in Links(page).found] == ["page/"],
           "a listing leaves out what is refused", page)
    status, _, body = ask(port, "/trap/page/")
    tap.ok(status == 200 and SECRET not in body and not Links(body.decode()).found,
           "an index.html that leads out is none", body)
    for byte in (b"\r", b"\n", b"\0", b"\x01", b"\x7f", b"\t", b" "):
        got = raw(port, b"GET /a" + byte + b".txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        tap.ok(got[9:12] == b"400", "a bare %r in a target is refused" % byte, got)


def see_redirect(tap, port):
    for target, where in (("//names", "/names/"), ("///names?a=b", "/names/?a=b"),
                          ("/x/../names", "/names/"), ("/dir%2Ehtml", "/dir.html/")):
        got = raw_get(port, target)
        tap.ok(b"301" in got[:13] and b"\r\nLocation: %s\r\n" % where.encode() in got,
               "%s is told to ask for %s, on this server" % (target, where), got)


def see_race(tap, root, port):
    """A name that is a file at one moment and a link to the outside at the next."""
    flip, ready, stop = root / "flip", threading.Event(), threading.Event()
    flip.write_bytes(b"harmless")

    def swap():
        spare = root / "spare"
        while not stop.is_set():
            spare.symlink_to("../secret.txt")
            os.replace(spare, flip)
            spare.write_bytes(b"harmless")
            os.replace(spare, flip)
            ready.set()

    thread = threading.Thread(target=swap)
    thread.start()
    ready.wait()
    seen = {200: 0, 404: 0}
    bodies = set()
    for _ in range(3000):
        status, _, body = ask(port, "/flip")
        seen[status] = seen.get(status, 0) + 1
        if status == 200:
            bodies.add(body)
        if min(seen[200], seen[404]) >= 100:
            break
    stop.set()
    thread.join()
    flip.unlink()
    tap.ok(bodies == {b"harmless"} and set(seen) == {200, 404},
           "a file that becomes a link between two looks never leads out", (seen, bodies))


def parts(fields, body):
    """The ranges in a multipart/byteranges body: what they say, and their bytes."""
    head = b"Content-Type: " + fields["Content-Type"].encode() + b"\r\n\r\n"
    return [(p["Content-Range"], p["Content-Type"], p.get_payload(decode=True))
            for p in email.message_from_bytes(head + body).get_payload()]


def see_ranges(tap, root, port):
    whole = (root / "big.bin").read_bytes()
    n = len(whole)
    for value, first, last in (("bytes=0-0", 0, 0), ("bytes=0-99", 0, 99),
                               ("bytes=1000-", 1000, n - 1), ("bytes=-1", n - 1, n - 1),
                               ("bytes=-99999999", 0, n - 1),
                               ("bytes=5-99999999999999999999999", 5, n - 1),
                               ("bytes=%d-" % (n - 1), n - 1, n - 1)):
        status, fields, body = ask(port, "/big.bin", Range=value)
        good = (status == 206 and fields["Content-Range"] == "bytes %d-%d/%d" % (first, last, n) and
                body == whole[first:last + 1] and fields["Content-Length"] == str(len(body)))
        tap.ok(good, value + ": these bytes", (status, fields.as_string(), len(body)))
    # Text has no CR LF to lose in Python's mail parser.
    text = (root / "a.txt").read_bytes()
    status, fields, body = ask(port, "/a.txt", Range="bytes=0-1,4-5,-1")
    got = parts(fields, body) if status == 206 else None
    tap.ok(got == [("bytes 0-1/13", "text/plain", text[:2]),
                   ("bytes 4-5/13", "text/plain", text[4:6]),
                   ("bytes 12-12/13", "text/plain", text[12:])], "three ranges in one body",
           (status, fields.as_string(), body))
    tap.ok(fields["Content-Length"] == str(len(body)), "and as long as promised",
           fields.as_string())
    for value in ("bytes=%d-" % n, "bytes=-0", "bytes=%d-,-0" % n):
        status, fields, _ = ask(port, "/big.bin", Range=value)
        tap.ok(status == 416 and fields["Content-Range"] == "bytes */%d" % n, value + ": 416",
               (status, fields.as_string()))
    for value in ("bytes=9-5", "bytes=a-b", "bytes=", "lines=1-2", "bytes=0-,0-,0-,0-,0-,0-",
                  "bytes=" + ",".join("%d-%d" % (i, i) for i in range(17))):
        status, fields, body = ask(port, "/big.bin", Range=value)
        tap.ok(status == 200 and body == whole, "%.30s: all of it" % value, (status, len(body)))
    status, _, body = ask(port, "/empty", Range="bytes=0-")
    tap.ok((status, body) == (200, b""), "an empty file has no ranges", (status, body))
    status, fields, body = ask(port, "/big.bin", "HEAD", Range="bytes=0-9")
    tap.ok(status == 200 and fields["Content-Length"] == str(n), "HEAD knows no ranges",
           (status, fields.as_string()))


def see_conditions(tap, port):
    _, fields, _ = ask(port, "/a.txt")
    tag, date = fields["ETag"], fields["Last-Modified"]
    tap.ok(tag.startswith('"') and date == "Sun, 06 Nov 1994 08:49:37 GMT", "a tag and a date",
           fields)
    for fields, wanted in (
            ({"If_None_Match": tag}, 304), ({"If_None_Match": "W/" + tag}, 304),
            ({"If_None_Match": '"x", ' + tag}, 304), ({"If_None_Match": "*"}, 304),
            ({"If_None_Match": '"x"', "If_Modified_Since": date}, 200),
            ({"If_Match": tag}, 200), ({"If_Match": '"x"'}, 412),
            ({"If_Unmodified_Since": "Sun, 06 Nov 1994 08:49:36 GMT"}, 412),
            ({"Range": "bytes=0-1", "If_Range": tag}, 206),
            ({"Range": "bytes=0-1", "If_Range": date}, 206),
            ({"Range": "bytes=0-1", "If_Range": '"x"'}, 200),
            ({"Range": "bytes=0-1", "If_Range": "W/" + tag}, 200),
            ({"Range": "bytes=0-1", "If_Range": "Sun, 06 Nov 1994 08:49:38 GMT"}, 200),
            ({"Range": "bytes=0-1", "If_None_Match": tag}, 304),
            ({"Range": "bytes=99-", "If_Range": '"x"'}, 200)):
        for method in ("GET", "HEAD"):
            status, told, body = ask(port, "/a.txt", method, **fields)
            due = 200 if method == "HEAD" and wanted == 206 else wanted
            good = status == due and (status != 304 or told["ETag"] == tag and not body)
            tap.ok(good, "%s with %s: %d" % (method, fields, due), (status, told.as_string(), body))


def see_curl(tap, root, port, folder):
    if not shutil.which("curl"):
        tap.ok(os.environ.get("CI") != "true", "curl # SKIP curl is missing: "
               "sh common/setup.sh --test")
        return
    url, whole, out = "http://127.0.0.1:%d/" % port, (root / "big.bin").read_bytes(), folder / "out"

    def curl(*arguments):
        status, code, err = run("curl", "-sS", "-m", "20", "-w", "%{http_code}", "-o", str(out),
                                *arguments)
        return (status, code, out.read_bytes() if out.exists() else b"", err)

    for option, wanted in (("100-199", whole[100:200]), ("-7", whole[-7:]),
                           ("1048570-", whole[1048570:])):
        got = curl("-r", option, url + "big.bin")
        tap.ok(got[:3] == (0, "206", wanted), "curl -r " + option, got[:2])
    out.write_bytes(whole[:500000])
    got = curl("-C", "-", url + "big.bin")
    tap.ok(got[:3] == (0, "206", whole), "curl -C - goes on where it was", got[:2])
    out.unlink()
    tags = str(folder / "tags")
    got = curl("--etag-save", tags, url + "a.txt")
    again = curl("--etag-compare", tags, url + "a.txt")
    tap.ok(got[1] == "200" and again[1] == "304", "curl --etag-compare", (got, again))
    got = curl("-z", "Sun, 06 Nov 1994 08:49:37 GMT", url + "a.txt")
    tap.ok(got[1] == "304", "curl -z", got)
    got = curl("--path-as-is", url + "../secret.txt")
    tap.ok(got[1] == "404", "curl --path-as-is", got)
    got = curl("-r", "0-1,5-6", url + "a.txt")
    tap.ok(got[0] == 0 and got[1] == "206" and b"bytes 5-6/13" in got[2], "curl, two ranges", got)


def see_other_methods(tap, port):
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"):
        status, fields, _ = ask(port, "/a.txt", method, Content_Length="0")
        tap.ok(status == 405 and fields["Allow"] == "GET, HEAD",
               "%s: 405 and what is allowed" % method, (status, fields.as_string()))


def see_sendfile(tap, root, folder):
    if not shutil.which("strace"):
        tap.ok(os.environ.get("CI") != "true", "sendfile # SKIP strace is missing")
        return
    trace = folder / "trace"
    with Ours("0", root, before=("strace", "-f", "-qq", "-e", "trace=sendfile,open,openat,openat2",
                                 "-o", str(trace))) as ours:
        status, _, body = ask(ours.port, "/big.bin")
        # strace passes no signal on: its child is the server.
        children = Path("/proc/%d/task/%d/children" % (2 * (ours.program.pid,))).read_text()
        os.kill(int(children.split()[0]), 15)
        ours.program.wait(20)
    calls = trace.read_text()
    sent = sum(int(line.rsplit("= ", 1)[1].split()[0]) for line in calls.splitlines()
               if "sendfile" in line and "= " in line and "= -1" not in line)
    tap.ok(status == 200 and len(body) == sent == 1 << 20, "a body goes by sendfile()",
           calls[-2000:])
    if "ENOSYS" not in calls:
        opened = [line for line in calls.splitlines() if '"big.bin"' in line]
        beneath = all("openat2(" in line and "RESOLVE_BENEATH" in line for line in opened)
        tap.ok(opened and beneath and "O_PATH" in opened[0],
               "by openat2() beneath the root, and looked at first", opened)


def see_browser(tap, port):
    if not PROGRAM:
        tap.ok(os.environ.get("CI") != "true", "a browser # SKIP chromium is not here; "
               "sh common/setup.sh --test")
        return
    url = "http://127.0.0.1:%d/" % port
    with Browser() as browser:
        def visit(path):
            browser.look()
            browser.said, browser.asked, browser.events = [], [], []
            browser.call("Page.navigate", url=url + path)
            browser.wait("Page.loadEventFired")

        visit("page.html")
        size = browser.run("[document.images[0].naturalWidth, document.images[0].naturalHeight]")
        tap.ok(browser.run("document.title") == "a page" and size == [31, 17],
               "Chromium shows a page and the picture in it", (size, browser.said))
        tap.ok(browser.asked[:2] == [url + "page.html", url + "img/dot.png"], "asked for both",
               browser.asked)
        visit("names")
        tap.ok(browser.run("location.pathname") == "/names/", "follows to the folder's slash")
        names = browser.run("[...document.links].map(a => a.textContent)")
        wanted = ["<&\"'>.txt", "100%.txt", "a?b#c.txt", "abc", "b\\c.txt", "caf\u00e9.txt",
                  "javascript:alert(1)", "sp ace.txt", "sub/", "Zed"]
        tap.ok(sorted(names) == sorted(wanted), "reads each name in a listing", names)
        bodies = browser.run(
            "Promise.all([...document.links].filter(a => !a.textContent.endsWith('/')).map("
            "async a => [a.textContent, await (await fetch(a.href)).text()]))")
        tap.ok(sorted(b for _, b in bodies) == list("123456789"), "and each link leads to its file",
               bodies)


def main():
    os.chdir(ROOT)
    tap = Tap()
    mimetypes.knownfiles.clear()  # the types that Python brings, not the system's
    mimetypes.init()
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        root = make_tree(top)
        theirs = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(root)))
        threading.Thread(target=theirs.serve_forever, daemon=True).start()
        with Ours("--all", "0", root) as ours:
            see_same(tap, root, ours.port, theirs.server_port)
            make_traps(root)
            see_head(tap, root, ours.port)
            see_traversal(tap, root, ours.port, True)
        tap.ok(ours.program.returncode == 0, "SIGTERM ends it with 0", ours.program.returncode)
        theirs.shutdown()
        theirs.server_close()
        with Ours("0", root) as ours:
            see_traversal(tap, root, ours.port, False)
            see_redirect(tap, ours.port)
            see_race(tap, root, ours.port)
            see_ranges(tap, root, ours.port)
            see_conditions(tap, ours.port)
            see_curl(tap, root, ours.port, top)
            see_other_methods(tap, ours.port)
            see_browser(tap, ours.port)
            held = sorted(os.readlink("/proc/%d/fd/%s" % (ours.program.pid, fd))
                          for fd in os.listdir("/proc/%d/fd" % ours.program.pid))
            tap.ok(sum(str(root) in path for path in held) == 1, "nothing but the root stays open",
                   held)
        tap.ok(ours.program.returncode == 0, "SIGTERM ends it with 0", ours.program.returncode)
        see_sendfile(tap, root, top)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
