#!/usr/bin/python3 -B
"""Lesson 2.15's server reads what curl, Python's email module and a browser make of a form."""
import http.client
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from email.mime.nonmultipart import MIMENonMultipart
from pathlib import Path

from browser import PROGRAM, Browser
from tap import Tap, run

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "build/02_http/15_forms"
# All bytes, line ends at both ends, and what looks like boundaries of curl and of browsers.
BYTES = b"\r\n--" + bytes(range(256)) * 300 + b"\r\n------WebKitFormBoundary\r\n----\r\r\n"


def post(port, kind, body, **fields):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("POST", "/", body, {"Content-Type": kind, **fields})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


class Uploads:
    """What the server wrote: a file at a time."""

    def __init__(self, folder):
        self.folder = folder

    def take(self, said):
        """The bytes of the file that the answer names."""
        path = self.folder / re.search(r"in (upload-\d+)", said)[1]
        data = path.read_bytes()
        path.unlink()
        return data

    def left(self):
        return os.listdir(self.folder)


def see_curl(tap, port, uploads, top):
    if not shutil.which("curl"):
        tap.ok(os.environ.get("CI") != "true", "curl # SKIP curl is missing: "
               "sh common/setup.sh --test")
        return
    url, path = "http://127.0.0.1:%d/" % port, top / "b\u00e4d \"name\".bin"
    path.write_bytes(BYTES)
    said = run("curl", "-sS", "--data-urlencode", "a=x & y=\u00e9+%", "-d", "b=", url)
    tap.ok(said[1] == "a: x & y=\u00e9+% (10 bytes)\nb:  (0 bytes)\n", "curl, urlencoded", said)
    said = run("curl", "-sS", "-F", "note=hi", "-F", "f=@%s;type=text/x" % str(path).replace(
        '"', '\\"').join('""'), url)
    tap.ok(said[1].startswith("note: hi (2 bytes)\nf: %d bytes in" % len(BYTES)) and
           uploads.take(said[1]) == BYTES, "curl, a file with a bad name", said)
    said = run("curl", "-sS", "-H", "Transfer-Encoding: chunked", "-F", "f=@" + str(SERVER), url)
    tap.ok("bytes in upload" in said[1] and uploads.take(said[1]) == SERVER.read_bytes(),
           "curl, a file in chunks", said)


def see_email(tap, port, uploads):
    body = b""
    for name, value, more in (("a", b"x", {}), ("f", BYTES, {"filename": '../"x"; y=\\z'})):
        part = MIMENonMultipart("application", "octet-stream")
        part.add_header("Content-Disposition", "form-data", name=name, **more)
        fields = "".join("%s: %s\r\n" % field for field in part.items())
        body += b"--=_=x y=_=\r\n" + fields.encode() + b"\r\n" + value + b"\r\n"
    status, said = post(port, 'multipart/form-data; boundary="=_=x y=_="',
                        b"no part\r\n" + body + b"--=_=x y=_=--\r\nnone either")
    tap.ok(status == 200 and 'sent as "../"x"; y=\\z"' in said and uploads.take(said) == BYTES,
           "a boundary with blanks, fields as Python's email module writes them", said)


def see_browser(tap, port, uploads):
    if not PROGRAM:
        tap.ok(os.environ.get("CI") != "true", "a browser # SKIP chromium is not here; "
               "sh common/setup.sh --test")
        return
    with Browser() as browser:
        browser.look()

        def visit():
            browser.events = []
            browser.call("Page.navigate", url="http://127.0.0.1:%d/" % port)
            browser.wait("Page.loadEventFired")

        def send(form, script):
            visit()
            browser.run(script)
            browser.follow("form:nth-of-type(%d) button" % form)
            return browser.run("document.body.innerText")

        said = send(1, "document.querySelector('[name=who]').value = 'A & B = \u00e9'")
        tap.ok(said.strip() == "who: A & B = \u00e9 (10 bytes)\nwhat:  (0 bytes)",
               "Chromium sends the first form", said)
        said = send(2, """(() => {
            const bytes = new Uint8Array(%s), files = new DataTransfer();
            files.items.add(new File([bytes], 'a"b\\r\\n\u00e9.bin'));
            files.items.add(new File(['second'], '..\\\\x'));
            document.querySelector('[type=file]').files = files.files;
            document.querySelector('[name=note]').value = 'two files';
        })()""" % list(BYTES))
        lines = said.strip().splitlines()
        good = len(lines) == 3 and lines[0] == "note: two files (9 bytes)"
        tap.ok(good and uploads.take(lines[1]) == BYTES and uploads.take(lines[2]) == b"second",
               "and the second, with two files", said)
        tap.ok('sent as "a%22b%0D%0A\u00e9.bin"' in lines[1], "their names are as they were sent",
               said)


def see_broken(tap, port, uploads):
    part = b'--b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n' + 70000 * b"x"
    status, said = post(port, "multipart/form-data; boundary=b", part)
    tap.ok(status == 400 and not uploads.left(), "without its last boundary: 400, and no file",
           (status, said, uploads.left()))
    status, said = post(port, "multipart/form-data; boundary=b",
                        part + b"\r\n--b\r\nX: y\r\n\r\n\r\n--b--")
    left = uploads.left()
    tap.ok(status == 400 and len(left) == 1, "what was whole before an error is kept", (said, left))
    uploads.take("in " + left[0])
    with socket.create_connection(("127.0.0.1", port), 20) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999\r\n"
                           b"Content-Type: multipart/form-data; boundary=b\r\n\r\n" + part)
    # It was closed in mid-file. The next is served, and the half is gone.
    status, said = post(port, "application/x-www-form-urlencoded", "a=1")
    tap.ok(status == 200, "a client that leaves in mid-file stops nobody", said)
    status, said = post(port, "multipart/form-data; boundary=b", b"",
                        **{"Content-Length": str((1 << 30) + 1)})
    tap.ok(status == 413, "more than 1 GiB is refused before it is sent", (status, said))


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as name:
        top, folder = Path(name), Path(name) / "uploads"
        folder.mkdir()
        uploads = Uploads(folder)
        with subprocess.Popen([SERVER, "0", folder], stdout=subprocess.PIPE, text=True) as server:
            port = int(server.stdout.readline().rsplit(":", 1)[1])
            try:
                see_curl(tap, port, uploads, top)
                see_email(tap, port, uploads)
                see_browser(tap, port, uploads)
                see_broken(tap, port, uploads)
            finally:
                server.terminate()
        tap.ok(server.returncode == 0, "SIGTERM ends it with 0", server.returncode)
        tap.ok(not uploads.left(), "and no half of a file is left", uploads.left())
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
