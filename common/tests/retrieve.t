#!/usr/bin/python3 -B
"""url_retrieve(), by the program of lesson 3.08: with servers that cut off, change, lie and stall.
Once as built, once sanitized.

Options are names of tests, to try those alone: common/tests/retrieve.t resume
"""
import contextlib
import fcntl
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from tap import Tap

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build/03_urllib/08_download"
LIMIT = 60  # seconds: how long a machine may be slow before a test gives up
DATA = bytes(i * 7 % 251 for i in range(200000))
HALF = 100000
NEWER = bytes(i * 11 % 241 for i in range(200000))
DATES = b"Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 08:49:%d GMT\r\n"
OLD = DATES % 38  # a second older than the response: strong
TAG = b'ETag: "one"\r\n'


def sanitize(folder):
    made = Path(folder, "08_download")
    files = [ROOT / "03_urllib/08_download.c", *sorted(ROOT.glob("03_urllib/urllib/*.c")),
             *sorted(ROOT.glob("02_http/http/*.c")), *sorted(ROOT.glob("common/core/*.c"))]
    subprocess.run(["gcc", "-std=c11", "-D_GNU_SOURCE", "-O1", "-g",
                    "-fsanitize=address,undefined", "-fno-sanitize-recover=all",
                    *["-I" + str(ROOT / d) for d in ("common", "02_http", "03_urllib")], *files,
                    "-o", made, "-lssl", "-lcrypto", "-lpsl", "-ljansson", "-pthread"], check=True)
    return made


# ---- servers -------------------------------------------------------------------------------------

def answer(fields, body, status=b"200 OK", length=None):
    """A response; length is what it says of its body, which may not be true. False: nothing."""
    length = len(body) if length is None else length
    said = b"" if length is False else b"Content-Length: %d\r\n" % length
    return b"HTTP/1.1 %s\r\n%s%sConnection: close\r\n\r\n%s" % (status, fields, said, body)


def part(fields, first, data, content_range=None):
    """A 206 with data from first on; content_range is what it says instead."""
    said = content_range or b"bytes %d-%d/%d" % (first, len(data) - 1, len(data))
    return answer(fields + b"Content-Range: %s\r\n" % said, data[first:], b"206 Partial Content")


def nothing_left(fields, total):
    return answer(fields + b"Content-Range: bytes */%d\r\n" % total, b"no\n",
                  b"416 Range Not Satisfiable")


def read_head(peer):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = peer.recv(1)
        if not byte:
            return b""
        head += byte
    return head


class Server:
    """Gives the answers in turn, one a connection, and notes what it was asked. An answer in a list
    is sent, and then nothing more until the client has gone."""

    def __init__(self, *answers):
        self.answers = answers
        self.asked = []
        self.raised = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(LIMIT)
        self.url = "http://127.0.0.1:%d/big" % self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve)

    def serve(self):
        try:
            for this in self.answers:
                peer, _ = self.socket.accept()
                peer.settimeout(LIMIT)
                with peer:
                    self.asked.append(read_head(peer).decode("latin-1"))
                    with contextlib.suppress(OSError):  # the client may leave when it likes
                        held = isinstance(this, list)
                        peer.sendall(this[0] if held else this)
                        if not held:
                            peer.shutdown(socket.SHUT_WR)
                        while peer.recv(4096):
                            pass
        except OSError as error:
            self.raised.append(error)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.thread.join()
        self.socket.close()
        if self.raised:
            raise self.raised[0]

    def ranges(self):
        """What each request said of ranges: "bytes=5- if "one"", or "" for nothing."""
        said = []
        for head in self.asked:
            fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
            said.append(" if ".join(fields[n] for n in ("Range", "If-Range") if n in fields))
        return said


class Place:
    """A folder, and the file in it that is to be made."""

    def __init__(self, program, folder):
        self.program = program
        self.folder = Path(tempfile.mkdtemp(dir=folder))
        self.file = self.folder / "big"

    def fetch(self, url, *options, path=None, **how):
        done = subprocess.run([self.program, *options, url, path or self.file],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT,
                              check=False, **how)
        return done.stdout.decode(errors="replace"), done.returncode

    def holds(self):
        """The names in the folder, and the bytes of all but .from."""
        return {p.name: None if p.name.endswith(".from") else p.read_bytes()
                for p in self.folder.iterdir()}


KEPT = {"big.part": DATA[:HALF], "big.part.from": None}


def cut(place, fields=TAG, data=DATA):
    """A first attempt that is cut off half-way."""
    with Server(answer(fields, data[:HALF], length=len(data))) as server:
        return place.fetch(server.url), server


def again(place, *answers, options=(), fields=TAG, **how):
    """A first attempt on the same URL that is cut off, then another with these answers. The output
    and status of the second, and the server."""
    with Server(answer(fields, DATA[:HALF], length=len(DATA)), *answers) as server:
        place.fetch(server.url)
        before = place.holds()
        out = place.fetch(server.url, *options, **how)
    return out, server, before


# ---- tests ---------------------------------------------------------------------------------------

def whole(tap, make):
    for name, sent in (("by length", answer(TAG, DATA)), ("up to the close", answer(b"", DATA,
                       length=False)), ("203", answer(b"", DATA, b"203 Other"))):
        place = make()
        with Server(sent) as server:
            out, status = place.fetch(server.url)
        tap.ok(status == 0 and place.holds() == {"big": DATA}, "whole: " + name, (out, status))
        tap.ok(server.ranges() == [""], "no range is asked for at first", server.asked)
    place = make()
    place.file.write_bytes(b"an older one")
    with Server(answer(b"", b"")) as server:
        out, status = place.fetch(server.url)
    tap.ok(status == 0 and place.holds() == {"big": b""}, "an empty one, over an old one", out)
    place = make()
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in (DATA[:10], DATA[10:]))
    with Server(answer(b"Transfer-Encoding: chunked\r\n", chunks + b"0\r\n\r\n",
                       length=False)) as server:
        out, status = place.fetch(server.url)
    tap.ok(status == 0 and place.holds() == {"big": DATA}, "in chunks", out)
    tap.ok(out == "nobody says how many there are\nsaved as %s\n" % place.file, "its lines", out)


def resume(tap, make):
    for name, fields, validator in (("ETag", TAG, '"one"'), ("ETag and date", TAG + OLD, '"one"'),
                                    ("date", OLD, "Sun, 06 Nov 1994 08:49:37 GMT")):
        place = make()
        out, server, before = again(place, part(fields, HALF, DATA), fields=fields)
        tap.ok(before == KEPT, "%s: the half is kept, and has no name" % name, before.keys())
        tap.ok(out[1] == 0 and place.holds() == {"big": DATA}, name + ": the rest makes it whole",
               out)
        tap.ok(server.ranges() == ["", "bytes=100000- if " + validator], name + ": what was asked",
               server.asked)
        lines = "100000 bytes are here already\n100000 bytes to come\n" + "".join(
            "%d0 %%\n" % n for n in range(6, 11)) + "saved as %s\n" % place.file
        tap.ok(out[0] == lines, name + ": its lines", out[0])
    for name, fields in (("a weak tag", b'ETag: W/"one"\r\n' + OLD), ("no validator", b""),
                         ("a date of the same second", DATES % 37),
                         ("a date, and none to compare", OLD.split(b"\r\n")[0] + b"\r\n")):
        place = make()
        out, server, before = again(place, answer(fields, DATA), fields=fields)
        tap.ok(before == {"big.part": DATA[:HALF]}, name + ": none is kept", before.keys())
        tap.ok(out[1] == 0 and place.holds() == {"big": DATA} and server.ranges() == ["", ""],
               name + ": anew", (out, server.ranges()))
    place = make()
    with Server(answer(TAG, DATA[:50000], length=len(DATA)),
                answer(TAG + b"Content-Range: bytes 50000-199999/200000\r\n", DATA[50000:HALF],
                       b"206 Partial Content", 150000),
                part(TAG, HALF, DATA)) as server:
        outs = [place.fetch(server.url) for _ in range(3)]
    tap.ok([o[1] for o in outs] == [1, 1, 0] and place.holds() == {"big": DATA},
           "cut off twice", outs)
    place = make()
    out, _, _ = again(place, answer(TAG + b"Content-Range: bytes 100000-149999/200000\r\n",
                                    DATA[HALF:150000], b"206 Partial Content"))
    tap.ok(out[1] == 1 and "ended after 150000 of 200000 bytes" in out[0] and
           place.holds() == {**KEPT, "big.part": DATA[:150000]}, "a part of the part", out)


def changed(tap, make):
    other = b'ETag: "two"\r\n'
    place = make()
    out, server, _ = again(place, answer(other, NEWER))
    tap.ok(out[1] == 0 and place.holds() == {"big": NEWER}, "changed: the new one alone", out)
    place = make()
    with Server(answer(TAG, DATA[:HALF], length=len(DATA)),
                answer(other, NEWER[:HALF], length=len(NEWER)), part(other, HALF, NEWER)) as server:
        for _ in range(3):
            out = place.fetch(server.url)
    tap.ok(place.holds() == {"big": NEWER} and server.ranges()[2] == 'bytes=100000- if "two"',
           "changed, cut, and then gone on with the new one", (out, server.ranges()))
    for name, fields in (("another tag", other), ("no tag", b""), ("a weak one", b'ETag: W/"one"')):
        place = make()
        fields += b"" if fields.endswith(b"\n") or not fields else b"\r\n"
        out, server, _ = again(place, part(fields, HALF, NEWER), answer(other, NEWER))
        tap.ok(out[1] == 0 and place.holds() == {"big": NEWER} and server.ranges()[2:] == [""],
               "a server that does not know If-Range, %s: begun anew" % name, (out, server.asked))
    place = make()
    out, server, _ = again(place, part(OLD.replace(b":37", b":36"), HALF, NEWER),
                           answer(b"", NEWER), fields=OLD)
    tap.ok(out[1] == 0 and place.holds() == {"big": NEWER}, "the same with a date", out)
    place = make()
    cut(place)
    with Server(answer(TAG, NEWER)) as server:  # another port, so another URL
        out = place.fetch(server.url)
    tap.ok(server.ranges() == [""] and place.holds() == {"big": NEWER},
           "another URL with the same tag: anew", (out, server.asked))


def not_satisfiable(tap, make):
    def all_here(*answers, fields=TAG):
        place = make()
        with Server(answer(fields, DATA[:HALF], length=len(DATA)), *answers) as server:
            place.fetch(server.url)
            with open(place.folder / "big.part", "ab") as file:
                file.write(DATA[HALF:])  # killed before the rename
            out = place.fetch(server.url)
        return place, out, server

    place, out, server = all_here(nothing_left(TAG, len(DATA)))
    tap.ok(out[1] == 0 and place.holds() == {"big": DATA} and len(server.asked) == 2,
           "416, and all is here", out)
    for name, said in (("with another tag", nothing_left(b'ETag: "two"\r\n', len(DATA))),
                       ("without a tag", nothing_left(b"", len(DATA))),
                       ("with another size", nothing_left(TAG, len(DATA) + 1)),
                       ("without a size", answer(TAG, b"no\n", b"416 No"))):
        place, out, server = all_here(said, answer(TAG, NEWER))
        tap.ok(out[1] == 0 and place.holds() == {"big": NEWER} and server.ranges()[2:] == [""],
               "416 %s: anew" % name, (out, server.asked))
    for name, said, wanted in (("the date", OLD, DATA), ("no date", b"", NEWER)):
        answers = [nothing_left(said, len(DATA))] + [answer(OLD, NEWER)] * (wanted == NEWER)
        place, out, server = all_here(*answers, fields=OLD)
        tap.ok(out[1] == 0 and place.holds() == {"big": wanted}, "416 with %s" % name,
               (out, server.asked))


def lies(tap, make):
    for name, said in (("of another place", b"bytes 99999-199999/200000"),
                       ("from the start", b"bytes 0-199999/200000"),
                       ("no total", b"bytes 100000-199999/*"),
                       ("beyond the end", b"bytes 100000-200000/200000"),
                       ("backwards", b"bytes 100000-99999/200000"),
                       ("another unit", b"lines 100000-199999/200000"),
                       ("a tail", b"bytes 100000-199999/200000x"), ("nothing", b"bytes"),
                       ("a sign", b"bytes +100000-199999/200000"),
                       ("too long", b"bytes 100000-199999/" + b"9" * 30)):
        place = make()
        out, _, _ = again(place, part(TAG, HALF, DATA, said))
        tap.ok(out[1] == 1 and "the server sent another part: " in out[0] and
               place.holds() == {"big.part": DATA[:HALF]}, "Content-Range %s: refused" % name,
               (out, place.holds().keys()))
    place = make()
    with Server(answer(TAG, DATA[:HALF], length=len(DATA)), part(TAG, HALF, DATA, b"bytes 1-2/3"),
                answer(TAG, NEWER)) as server:
        for _ in range(3):
            out = place.fetch(server.url)
    tap.ok(out[1] == 0 and place.holds() == {"big": NEWER} and server.ranges()[2] == "",
           "and the attempt after that begins anew", (out, server.ranges()))
    place = make()
    out, _, _ = again(place, answer(TAG, DATA[HALF:], b"206 Partial Content"))
    tap.ok(out[1] == 1 and "does not say which" in out[0], "206 without a Content-Range", out)
    place = make()
    with Server(part(TAG, 0, DATA)) as server:
        out, status = place.fetch(server.url)
    tap.ok(status == 1 and place.holds() == {}, "206 that nobody asked for", out)
    place = make()
    out, _, _ = again(place, answer(TAG + b"Content-Range: bytes 100000-149999/150000\r\n",
                                    DATA[HALF:], b"206 Partial Content"))
    tap.ok(out[1] == 1 and "more came" in out[0] and "big" not in place.holds() and
           "big.part.from" not in place.holds(), "more than the range's total", out)


def failures(tap, make):
    place = make()
    (out, status), _ = cut(place)
    tap.ok(status == 1 and "ended after 100000 of 200000 bytes" in out and
           "ContentTooShortError" in out, "too short: its error", out)
    place = make()
    with Server([answer(TAG, DATA[:HALF], length=len(DATA))], part(TAG, HALF, DATA)) as server:
        out, status = place.fetch(server.url, "--wait", "200")
        tap.ok(status == 1 and "TimeoutError" in out and place.holds() == KEPT,
               "a time-out keeps what came", out)
        out, status = place.fetch(server.url)
    tap.ok(status == 0 and place.holds() == {"big": DATA}, "and is gone on with", out)
    for name, sent in (("404", answer(b"", b"no\n", b"404 Not Found")), ("no HTTP", b"hello\r\n")):
        place = make()
        with Server(sent) as server:
            out, status = place.fetch(server.url)
        tap.ok(status == 1 and place.holds() == {}, name + ": nothing is left", place.holds())
        place = make()
        out, _, _ = again(place, sent)
        tap.ok(out[1] == 1 and place.holds() == KEPT, name + " the next time: the half stays",
               out)
    place = make()
    place.file.write_bytes(b"an older one")
    cut(place)
    tap.ok(place.holds() == {**KEPT, "big": b"an older one"}, "the old file stays meanwhile", "")


def stop(tap, make):
    place = make()
    out, server, _ = again(place, part(TAG, HALF, DATA), options=["--most", "199999"])
    tap.ok(out[1] == 1 and "stopped after 100000 bytes" in out[0] and place.holds() == KEPT,
           "stopped at the beginning", out)
    place = make()
    with Server(answer(b"", DATA, length=False)) as server:
        out, status = place.fetch(server.url, "--most", "70000")
    tap.ok(status == 1 and "stopped after" in out and
           70000 < len(place.holds().get("big.part", b"")) <= 70000 + 65536,
           "stopped on the way, when nobody said how much there is", out)
    place = make()
    with Server(answer(TAG, DATA)) as server:
        out, status = place.fetch(server.url, "--most", "0")
    tap.ok(status == 1 and place.holds() == {}, "stopped before a byte: nothing is left", out)


def disk(tap, make):
    def small(most=50000):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    place = make()
    with Server(answer(TAG, DATA), part(TAG, 50000, DATA)) as server:
        out, status = place.fetch(server.url, preexec_fn=small)
        tap.ok(status == 1 and "big.part: File too large" in out and
               place.holds() == {**KEPT, "big.part": DATA[:50000]}, "no room: its error", out)
        out, status = place.fetch(server.url)
    tap.ok(status == 0 and place.holds() == {"big": DATA}, "and gone on with when there is", out)
    place = make()
    with Server(answer(TAG, b"x" * 9000)) as server:
        out, status = place.fetch(server.url, preexec_fn=lambda: small(4096))
    tap.ok(status == 1 and len(place.holds().get("big.part", b"")) == 4096,
           "half a piece is kept, too", (out, place.holds().keys()))
    place = make()
    script = 'mount -t tmpfs -o size=100k none "$1" && "$0" "$2" "$1/big"; s=$?; ls "$1"; exit $s'
    probe = subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "none", place.folder],
                           capture_output=True, check=False)
    if probe.returncode != 0:
        tap.ok(True, "a full disk # SKIP no mount here", probe.stderr)
    else:
        with Server(answer(TAG, DATA)) as server:
            done = subprocess.run(["unshare", "-rm", "sh", "-c", script, place.program,
                                   place.folder, server.url], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=LIMIT, check=False)
        tap.ok(done.returncode == 1 and b"No space left on device" in done.stdout and
               done.stdout.split()[-2:] == [b"big.part", b"big.part.from"], "a full disk",
               done.stdout)


def places(tap, make):
    place = make()
    with Server() as server:
        out, status = place.fetch(server.url, path=place.folder / "none/big")
        tap.ok(status == 1 and "none/big.part: No such file" in out, "no such folder", out)
        out, status = place.fetch(server.url, path=place.folder)
        tap.ok(status == 1 and "is no regular file" in out, "a folder", out)
        out, status = place.fetch(server.url, path="/dev/null")
        tap.ok(status == 1 and "is no regular file" in out and Path("/dev/null").is_char_device(),
               "a device stays one", out)
        os.symlink(place.folder / "elsewhere", place.folder / "big.part")
        out, status = place.fetch(server.url)
        tap.ok(status == 1 and not (place.folder / "elsewhere").exists(),
               "a PATH.part that leads elsewhere is not followed", out)
        os.unlink(place.folder / "big.part")
        os.mkfifo(place.folder / "big.part")
        out, status = place.fetch(server.url)
        tap.ok(status == 1, "a PATH.part that is a pipe", out)
    place = make()
    with Server(answer(TAG, NEWER)) as server:
        (place.folder / "big.part").write_bytes(DATA[:HALF])
        os.mkfifo(place.folder / "big.part.from")
        out, status = place.fetch(server.url)
    tap.ok(status == 0 and place.holds() == {"big": NEWER} and server.ranges() == [""],
           "a PATH.part.from that is a pipe is not waited for: anew", (out, status))
    place = make()
    with Server(answer(TAG, DATA)) as server:
        process = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", place.program, server.url,
                                  place.file], stderr=subprocess.DEVNULL, timeout=LIMIT,
                                 check=False)
    tap.ok(process.returncode in (0, 1) and place.holds() == {"big": DATA},
           "with standard output closed, no word of the program's gets into the file",
           process.returncode)
    place = make()
    os.chmod(place.folder, 0o555)
    who = {"user": 65534} if os.geteuid() == 0 else {}
    os.chmod(place.folder.parent, 0o755)
    with Server() as server:
        out, status = place.fetch(server.url, **who)
    tap.ok(status == 1 and "Permission denied" in out, "a folder that may not be written", out)
    place = make()
    with open(place.folder / "big.part", "wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with Server() as server:
            out, status = place.fetch(server.url)
    tap.ok(status == 1 and "another process" in out and place.holds() == {"big.part": b""},
           "one at a time", out)
    place = make()
    cut(place)
    mode = (place.folder / "big.part.from").stat().st_mode & 0o777
    tap.ok(mode == 0o600, "the URL, with a password perhaps, is for the owner alone", oct(mode))


def killed(tap, make):
    place = make()
    with Server([answer(TAG, DATA[:HALF], length=len(DATA))], part(TAG, HALF, DATA)) as server:
        with subprocess.Popen([place.program, server.url, place.file],
                              stdout=subprocess.PIPE) as process:
            for line in process.stdout:
                if line == b"50 %\n":
                    break
            process.kill()
        tap.ok(place.holds() == KEPT, "kill -9 in the middle: the half is there", place.holds())
        out, status = place.fetch(server.url)
    tap.ok(status == 0 and place.holds() == {"big": DATA} and
           server.ranges()[1] == 'bytes=100000- if "one"', "and is gone on with", out)
    for name, left in (("half a line", b"%s\n\"on"), ("nothing", b""), ("no validator", b"%s\n"),
                       ("a longer URL", b"%s/\"one\"\n"),
                       ("three lines", b"%s\n\"one\"\n\"two\"\n"),
                       ("NULs", b"%s\n\"o\0e\"\n")):
        place = make()
        with Server(answer(TAG, NEWER)) as server:
            (place.folder / "big.part").write_bytes(DATA[:HALF])
            url = server.url.encode()
            (place.folder / "big.part.from").write_bytes(left % url if b"%" in left else left)
            out, status = place.fetch(server.url)
        tap.ok(status == 0 and place.holds() == {"big": NEWER} and server.ranges() == [""],
               "%s in PATH.part.from: anew" % name, (out, server.asked))


TESTS = {"whole": whole, "resume": resume, "changed": changed, "416": not_satisfiable, "lies": lies,
         "failures": failures, "stop": stop, "disk": disk, "places": places, "killed": killed}


def main():
    tap = Tap()
    wanted = sys.argv[1:] or TESTS
    for sanitized in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            program = sanitize(folder) if sanitized else PROGRAM
            for name in wanted:
                before = tap.count
                TESTS[name](tap, lambda: Place(program, folder))
                assert tap.count > before, name
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
