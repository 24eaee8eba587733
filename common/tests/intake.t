#!/usr/bin/python3 -B
"""The classroom's intake: what it takes, what it refuses, with which word, and what that costs.

build/tests/intake_dump prints what the intake makes of a folder or an archive. Everything is read
within 256 MiB of memory and 3 s of processor time.
"""
import bz2
import gzip
import hashlib
import io
import json
import lzma
import os
import resource
import shutil
import socket
import struct
import subprocess
import sys
import tarfile
import tempfile
import warnings
import zipfile
from pathlib import Path

from scratch import README
from tap import Tap

ROOT = Path(__file__).resolve().parents[2]
DUMP = ROOT / "build/tests/intake_dump"
ALPHA = "01_socket/01_alpha/alpha.c"
FETCH = "01_socket/02_fetch_first/fetch_first.c"
SOURCE = "int main(void)\n{\n    return 0;\n}\n"
MEMORY, SECONDS = 256 << 20, 3
PATIENCE = 60  # seconds: how long a machine may be slow before something hangs
NOBODY = 65534
KIB, MIB = 1 << 10, 1 << 20


class Place:
    """A workbook with two exercises, and a folder for what is handed in."""

    def __init__(self, folder):
        self.book, self.hand_in = folder / "book", folder / "hand-in"
        for number, name in ((1, "alpha"), (2, "fetch_first")):
            readme = self.book / ("exercises/01_socket/0%d_%s/README.md" % (number, name))
            readme.parent.mkdir(parents=True)
            readme.write_text(README % ("1.%d" % number, name, name))
        (self.book / "01_socket").mkdir()
        (self.book / "01_socket/README.md").write_text("# 1 Sockets\n")
        self.dump = folder / "intake_dump"  # where nobody may run it, too
        shutil.copy(DUMP, self.dump)
        for path in (folder, self.book, self.dump):
            path.chmod(0o755)
        self.fresh()

    def fresh(self):
        shutil.rmtree(self.hand_in, ignore_errors=True)
        self.hand_in.mkdir()
        return self.hand_in

    def ask(self, *words, user=None, locale="C.UTF-8"):
        """What intake_dump prints, as Python has it; "died" is there if it did not end well."""
        def bound():
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))

        try:
            done = subprocess.run([str(self.dump), *map(str, words)], cwd=self.book, user=user,
                                  stdin=subprocess.DEVNULL, capture_output=True, check=False,
                                  preexec_fn=bound, env={"LC_ALL": locale}, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            return {"died": "it hangs"}
        if done.returncode != 0:
            return {"died": (done.returncode, done.stderr.decode(errors="replace"))}
        return json.loads(done.stdout)

    def folder(self, files):
        """A submission that is a folder, of {path: text or bytes}."""
        root = self.fresh() / "alice"
        root.mkdir()
        for path, content in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content if isinstance(content, bytes) else content.encode())
        return root

    def archive(self, content, name="alice.zip"):
        """A submission that is an archive, of bytes."""
        path = self.fresh() / name
        path.write_bytes(content)
        return path

    def unpack(self, content, name="alice.zip"):
        return self.ask("read", self.archive(content, name))


def zipped(*entries, method=zipfile.ZIP_DEFLATED):
    """A zip of (name, content); a name may be a ZipInfo."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name, content in entries:
            file.writestr(name, content)
    return out.getvalue()


def member(name, content=b"", kind=tarfile.REGTYPE, **more):
    info = tarfile.TarInfo(name)
    info.type, info.size, info.mtime = kind, len(content), 1700000000
    for key, value in more.items():
        setattr(info, key, value)
    return info, content


def tarred(*members, format=tarfile.PAX_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as file:
        for info, content in members:
            file.addfile(info, io.BytesIO(content))
    return out.getvalue()


def files_of(said):
    return {f["exercise"]: f["path"] for f in said.get("files", [])}


def refusals_of(said):
    return [(r["path"], r["reason"], r["exercise"]) for r in said.get("refusals", [])]


def taken(tap, name, said, files, others=0, refusals=()):
    """files: {exercise: path}."""
    return tap.ok(files_of(said) == files and said.get("others") == others and
                  said.get("reason") == "" and refusals_of(said) == list(refusals), name,
                  json.dumps(said, indent=1))


def refused(tap, name, said, path, reason, exercise="", sentence=""):
    """One refusal, which names its path, and nothing taken."""
    good = (refusals_of(said) == [(path, reason, exercise)] and said["files"] == [] and
            said["reason"] == "" and path in said["refusals"][0]["sentence"] and
            sentence in said["refusals"][0]["sentence"])
    return tap.ok(good, name, json.dumps(said, indent=1))


def all_refused(tap, name, said, reason, *sentences):
    good = (said.get("reason") == reason and said["files"] == [] and said["refusals"] == [] and
            all(s in said["why"] for s in sentences))
    return tap.ok(good, name, json.dumps(said, indent=1))


# ---- the plan ----


def plan(tap, place):
    root = place.fresh()
    for name in ("bo-b", "zed", "Zoe", "alice-x", ".hidden", "dir.tar"):
        (root / name).mkdir()
    for name in ("alice@2.zip", "al@2.TAR.GZ", "bo.zip", "carol.tar", "dora.tgz", "eve.tar.xz",
                 "fay.tar.bz2", "ann.b.zip", ".secret.zip", "grading.json", "roster.csv"):
        (root / name).touch()
    said = place.ask("plan", root)
    found = [(s["name"], s["student"], s["archive"]) for s in said["submissions"]]
    tap.ok(found == [("Zoe", "Zoe", 0), ("al@2", "al", 1), ("alice-x", "alice-x", 0),
                     ("alice@2", "alice", 1), ("ann.b", "ann.b", 1), ("bo", "bo", 1),
                     ("bo-b", "bo-b", 0), ("carol", "carol", 1), ("dir.tar", "dir.tar", 0),
                     ("dora", "dora", 1), ("eve", "eve", 1), ("fay", "fay", 1),
                     ("zed", "zed", 0)] and
           said["refusals"] == [] and (said["several"], said["single"]) == (0, 0),
           "submissions, in the order of their names' bytes; hidden entries and our own are none",
           json.dumps(said, indent=1))
    tap.ok([s["path"] for s in said["submissions"]][1:3] ==
           ["%s/al@2.TAR.GZ" % root, "%s/alice-x" % root], "each with its path")
    (root / "alice").mkdir()
    said = place.ask("plan", root)
    tap.ok((said["several"], said["single"]) == (0, -1) and
           "%s/alice and %s/alice@2.zip are two submissions of alice" % (root, root) in
           said["error"], "two submissions of one student are named", said["error"])
    (root / "alice.tgz").touch()
    said = place.ask("plan", root)
    tap.ok(said["submissions"] == [] and
           "%s/alice and %s/alice.tgz are two submissions of one name" % (root, root) in
           said["error"], "two submissions of one name are an error", said["error"])


def plan_refusals(tap, place):
    root = place.fresh()
    names = {"good": None, "a.c": "kind", "a.rar": "kind", "Makefile": "kind", ".zip": None,
             "-rf": "name", "-rf.zip": "name", "new\nline.zip": "name", "tab\tbed.zip": "name",
             "escape\033[2J.zip": "name", "@2.zip": "name", "turn\u202egpj.zip": "name",
             "x" * 101: "name", "y" * 100 + ".zip": None}
    for name in names:
        if "." in name or name == "Makefile":
            (root / name).touch()
        else:
            (root / name).mkdir()
    os.makedirs(os.fsencode(root) + b"/latin\xe9")
    os.mkfifo(root / "fifo.zip")
    (root / "link.zip").symlink_to("/etc/passwd")
    (root / "linked").symlink_to("/etc")
    (root / "twin.zip").touch()
    os.link(root / "twin.zip", root / "twin2.zip")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(root / "socket.zip"))
    listener.close()
    said = place.ask("plan", root)
    due = {k: v for k, v in names.items() if v} | {
        "latin\\xe9": "name", "fifo.zip": "not-regular", "socket.zip": "not-regular",
        "link.zip": "link", "linked": "link", "twin.zip": "hard-link", "twin2.zip": "hard-link"}
    shown = {"new\nline.zip": "new\\x0aline.zip", "tab\tbed.zip": "tab\\x09bed.zip",
             "escape\033[2J.zip": "escape\\x1b[2J.zip", "turn\u202egpj.zip": "turn\\u202egpj.zip"}
    due = {shown.get(k, k): v for k, v in due.items()}
    got = {r["path"]: r["reason"] for r in said["refusals"]}
    tap.ok(got == due, "what cannot be a submission is refused, each with its reason",
           json.dumps(said["refusals"], indent=1))
    tap.ok(all(r["path"] in r["sentence"] for r in said["refusals"]), "and named, harmlessly")
    tap.ok([s["name"] for s in said["submissions"]] == ["good", "y" * 100],
           "the others are there", said["submissions"])


def plan_errors(tap, place):
    root = place.fresh()
    for name, path, words in (
            ("an empty folder", root, ("%s holds no submission" % root,)),
            ("a missing folder", root / "gone", ("%s/gone" % root, "No such file")),
            ("a file", place.book / "01_socket/README.md", ("README.md", "Not a directory"))):
        error = place.ask("plan", path).get("error", "")
        tap.ok(all(w in error for w in words), "%s is an error that names it" % name, error)
    (root / "alice.zip").touch()
    (root / "bob").mkdir()
    (root / "x.c").touch()
    (root / "carol").symlink_to("bob")
    said = place.ask("find", "%s/bob///" % root)
    tap.ok((said.get("name"), said.get("path")) == ("bob", "%s/bob" % root),
           "one by its path", said)
    said = place.ask("find", root / "alice.zip")
    tap.ok((said.get("name"), said.get("archive")) == ("alice", True), "and an archive", said)
    for path, words in (("carol/", "carol is a symbolic link"), ("x.c", "x.c is neither a folder"),
                        ("gone", "No such file"), (".", "begins with a dot")):
        error = place.ask("find", "%s/%s" % (root, path)).get("error", "")
        tap.ok(words in error, "no submission: %s" % path, error)


# ---- folders ----


def folder_takes(tap, place):
    root = place.folder({FETCH: SOURCE, "answers/" + ALPHA: "int x;\n", "notes.txt": "hello"})
    os.utime(root / FETCH, (1, 1700000001))
    os.utime(root / "answers" / ALPHA, (1, 1700000002))
    os.utime(root / "notes.txt", (1, 1700000003))
    said = place.ask("read", root)
    taken(tap, "the files that exercises name, at any depth; others are counted", said,
          {"1.1": "answers/" + ALPHA, "1.2": FETCH}, others=1)
    last = said["files"][1]
    tap.ok(last["sha256"] == hashlib.sha256(SOURCE.encode()).hexdigest() and
           last["length"] == len(SOURCE) and bytes(last["bytes"]) == SOURCE.encode(),
           "with content and SHA-256", last)
    tap.ok([f["modified"] for f in said["files"]] == [1700000002, 1700000001] and
           said["submitted"] == 1700000002, "and times; the newest of them is the submission's",
           json.dumps(said))
    os.utime(root / FETCH, (1, 1700000004))
    said = place.ask("read", root)
    tap.ok(said["submitted"] == 1700000004, "whichever that is", said["submitted"])
    said = place.ask("read", "%s//" % root)
    tap.ok(len(said["files"]) == 2, "a slash at the end changes nothing", said)

    root = place.folder({"a/b/c/" + ALPHA: "1", "wrong/01_alpha/alpha.c": "", "alpha.c": "",
                         "01_socket/01_alpha/alpha.c/x": "", "x01_socket/01_alpha/alpha.c": "",
                         "01_socket/01_alpha/alpha.cc": "", "01_socket/02_alpha/alpha.c": "",
                         "01_socket/01_alphabet/alpha.c": "", "a/alpha.c": ""})
    said = place.ask("read", root)
    tap.ok(files_of(said) == {} and said["refusals"][0]["reason"] == "twice",
           "a folder in a source's place is in the way of a source", json.dumps(said))
    shutil.rmtree(root / "01_socket/01_alpha/alpha.c")
    taken(tap, "only the last three parts of a path decide, and they must be right",
          place.ask("read", root), {"1.1": "a/b/c/" + ALPHA}, others=7)

    root = place.folder({".git/" + ALPHA: "1", "." + ALPHA: "2", "01_socket/01_alpha/.alpha.c": ""})
    taken(tap, "hidden files and folders are passed over", place.ask("read", root), {})

    root = place.folder({})
    os.utime(root, (1, 1700000009))
    said = place.ask("read", root)
    taken(tap, "an empty folder is empty, no error", said, {})
    tap.ok(said["submitted"] == 1700000009, "its time is its own", said)


def folder_twice(tap, place):
    root = place.folder({"a/" + ALPHA: "1", "b/" + ALPHA: "2", FETCH: "3"})
    said = place.ask("read", root)
    taken(tap, "of two files for one exercise neither is taken", said, {"1.2": FETCH},
          refusals=[("a/" + ALPHA, "twice", "1.1")])
    tap.ok("b/" + ALPHA in said["refusals"][0]["sentence"] and "1.1" in
           said["refusals"][0]["sentence"], "both are named", said["refusals"])
    root = place.folder({"a/" + ALPHA: "1", "b/" + ALPHA: "1", "c/" + ALPHA: "1"})
    taken(tap, "nor of three", place.ask("read", root), {},
          refusals=[("a/" + ALPHA, "twice", "1.1")])
    for first, last in (("answers", "exercises"), ("zz/answers", "exercises")):
        root = place.folder({first + "/" + ALPHA: "mine", last + "/" + ALPHA: "starter",
                             "solutions/" + ALPHA: "x"})
        taken(tap, "in a whole workbook the one in %s is meant" % first, place.ask("read", root),
              {"1.1": first + "/" + ALPHA}, others=2)
    root = place.folder({"exercises/" + ALPHA: "starter"})
    (root / "answers/01_socket/01_alpha").mkdir(parents=True)
    (root / "answers" / ALPHA).symlink_to("/etc/passwd")
    taken(tap, "also where it is refused", place.ask("read", root), {}, others=1,
          refusals=[("answers/" + ALPHA, "link", "1.1")])


def folder_kinds(tap, place):
    root = place.folder({FETCH: SOURCE})
    target = root / "01_socket/01_alpha/alpha.c"
    target.parent.mkdir()
    for name, make in (("link", lambda: target.symlink_to("../02_fetch_first/fetch_first.c")),
                       ("link", lambda: target.symlink_to("/nowhere")),
                       ("not-regular", lambda: os.mkfifo(target)),
                       ("not-regular", target.mkdir),
                       ("hard-link", lambda: os.link(root / FETCH, target)),
                       ("not-regular", lambda: os.mknod(target, 0o020666, os.makedev(1, 5)))):
        try:
            make()
        except PermissionError:
            print("ok %d - # SKIP only root can make a device" % (tap.count + 1))
            tap.count += 1
            continue
        said = place.ask("read", root)
        wanted = {} if name == "hard-link" else {"1.2": FETCH}
        due = [(ALPHA, name, "1.1")] + ([(FETCH, name, "1.2")] if name == "hard-link" else [])
        taken(tap, "%s instead of a source: %s" % (name, oct(target.lstat().st_mode)), said,
              wanted, refusals=due)
        target.rmdir() if target.is_dir() and not target.is_symlink() else target.unlink()
    root = place.folder({"real/" + FETCH: SOURCE})
    outside = place.hand_in / "bob"
    shutil.copytree(root / "real/01_socket", outside)
    (root / "01_socket").symlink_to(outside)
    (root / "inside").symlink_to("real")
    taken(tap, "links to folders are refused, wherever they lead", place.ask("read", root),
          {"1.2": "real/" + FETCH},
          refusals=[("01_socket", "link", ""), ("inside", "link", "")])
    (place.hand_in / "carol").symlink_to("bob")
    for path in ("carol", "carol/"):
        all_refused(tap, "so is a submission that is one: " + path,
                    place.ask("read", "%s/%s" % (place.hand_in, path)), "link", "carol")
    os.mkfifo(place.hand_in / "fifo.zip")
    all_refused(tap, "or a FIFO", place.ask("read", place.hand_in / "fifo.zip"), "not-regular",
                "fifo.zip")
    said = place.ask("read", place.hand_in / "gone")
    tap.ok("gone: No such file" in said.get("error", ""), "one that is not there is an error", said)


def folder_content(tap, place):
    for name, content, reason, sentence in (
            ("a NUL byte", b"int x;\n\n\0", "nul", "in line 3"),
            ("UTF-16", "int x;\n".encode("utf-16"), "nul", "UTF-16"),
            ("more than 256 KiB", b"/" * (256 * KIB + 1), "too-large", "256 KiB"),
            ("a terabyte", None, "too-large", "256 KiB"),
            ("neither UTF-8 nor Latin-1", b"\n/* \x93quoted\x94 */\n", "encoding",
             "\\x93 in line 2"),
            ("half a character, then C1", b"/* \xe4\xbd */\n/* \x85 */\n", "encoding", "line 2"),
            ("an escape", b"int x; /* \033[2J */\n", "control", "\\x1b in line 1"),
            ("a vertical tab", b"int x;\v\n", "control", "\\x0b"),
            ("DEL, in Latin-1", b"\xe9\n\x7f\n", "control", "\\x7f in line 2"),
            ("a C1 character, in UTF-8", "int x; /* \x9b */\n".encode(), "control", "\\x9b")):
        root = place.folder({ALPHA: content or b""})
        if content is None:
            os.truncate(root / ALPHA, 1 << 40)
        refused(tap, "content: " + name, place.ask("read", root), ALPHA, reason, "1.1", sentence)
    for name, content in (("256 KiB", b"/" * (256 * KIB)), ("UTF-8", "/* ü 作业 😀 */\n".encode()),
                          ("Latin-1", b"/* \xfc\xe9\xa0\xff */\n"), ("nothing", b""),
                          ("tab, LF, CR, FF", b"\tint x;\r\n\f\n"),
                          ("a byte order mark", b"\xef\xbb\xbfint x;\n")):
        said = place.ask("read", place.folder({ALPHA: content}))
        tap.ok(files_of(said) == {"1.1": ALPHA} and said["files"][0]["length"] == len(content) and
               bytes(said["files"][0]["bytes"]) == content[:64], "content taken: " + name,
               json.dumps(said))


def folder_names(tap, place):
    root = place.folder({"a\nb/" + ALPHA: "1", "-rf/x": "", FETCH: "2"})
    taken(tap, "control characters in a name", place.ask("read", root), {"1.2": FETCH}, others=1,
          refusals=[("a\\x0ab", "name-control", "")])
    root = place.folder({FETCH: "2"})
    os.rename(root / "01_socket", os.fsencode(root) + b"/01_socket\xe9")
    os.makedirs(os.fsencode(root) + b"/b\xe9\x9b/01_socket/01_alpha")
    with open(os.fsencode(root) + b"/b\xe9\x9b/" + ALPHA.encode(), "wb"):
        pass
    said = place.ask("read", root)
    taken(tap, "a folder's name may be anything else, and is shown as text", said,
          {"1.1": "b\\xe9\\x9b/" + ALPHA}, others=1)
    long = "/".join(["n" * 200] * 10)
    said = place.ask("read", place.folder({long + "/" + ALPHA: "1", long + "/x": ""}))
    tap.ok(len(said["files"]) == 1 and len(said["files"][0]["path"].encode()) < 160 and
           said["files"][0]["path"].endswith("…"), "and is cut where it is long", json.dumps(said))


def folder_limits(tap, place):
    root = place.folder({"/".join("abcdefghijklm") + "/" + ALPHA: "1"})
    taken(tap, "16 parts of a path are no more than there may be", place.ask("read", root),
          {"1.1": "/".join("abcdefghijklm") + "/" + ALPHA})
    root = place.folder({"/".join("abcdefghijklmn") + "/" + ALPHA: "1"})
    all_refused(tap, "17 are", place.ask("read", root), "too-deep", "alice", "15 folders")
    root = place.folder({"%d" % i: "" for i in range(9)} | {ALPHA: "1"})
    taken(tap, "12 entries where there may be 12", place.ask("read", root, "entries", 12),
          {"1.1": ALPHA}, others=9)
    all_refused(tap, "but not where 11 may be", place.ask("read", root, "entries", 11), "too-many",
                "alice", "11 files and folders")
    all_refused(tap, "and all of it takes no more time than it may",
                place.ask("read", root, "ms", 0), "too-slow", "alice")
    root = place.folder({})
    os.chdir(root)
    for _ in range(2000):  # deeper than a path can be written
        os.mkdir("d")
        os.chdir("d")
    os.chdir("/")
    all_refused(tap, "a bottomless tree", place.ask("read", root), "too-deep")
    subprocess.run(["rm", "-rf", str(root)], check=True)
    root = place.folder({})
    (root / "many").mkdir()
    for i in range(10001):
        os.mkdir(root / "many" / str(i))
    all_refused(tap, "10,001 folders", place.ask("read", root), "too-many", "10000")
    root = place.folder({})
    for i in range(150):
        (root / ("link%d" % i)).symlink_to("x")
    (root / "z/01_socket/01_alpha").mkdir(parents=True)
    (root / "z" / ALPHA).symlink_to("x")
    said = place.ask("read", root)
    tap.ok(len(said["refusals"]) == 101 and said["unlisted"] == 50 and
           said["refusals"][-1]["exercise"] == "1.1",
           "150 links: 100 are listed, and the one that an exercise loses by", said["unlisted"])


def folder_permissions(tap, place):
    user = NOBODY if os.geteuid() == 0 else None
    root = place.folder({ALPHA: "1", FETCH: "2", "shut/" + ALPHA: "3"})
    (root / FETCH).chmod(0)
    (root / "shut").chmod(0)
    taken(tap, "what its permissions keep shut is refused", place.ask("read", root, user=user),
          {"1.1": ALPHA}, refusals=[("shut", "unreadable", ""), (FETCH, "unreadable", "1.2")])
    (root / "shut").chmod(0o755)
    place.archive(b"", "a.zip").chmod(0)
    said = place.ask("read", place.hand_in / "a.zip", user=user)
    tap.ok("hand-in/a.zip: Permission denied" in said.get("error", ""),
           "a submission that the teacher cannot read is the teacher's fault", said)


def strays(tap, place):
    root = place.folder({"fetchfirst.c": "", "main.c": "", "alpha.c": "", "util.h": "", "a.out": "",
                         "01_Socket/02_Fetch_First/main.c": ""})
    said = place.ask("read", root)
    tap.ok(said["others"] == 6, "every file that no exercise names is counted", said)
    sentences = [s["sentence"] for s in said["strays"]]
    tap.ok(sentences == [
        "01_Socket/02_Fetch_First/main.c is no exercise's file; did you mean %s?" % FETCH,
        "alpha.c is no exercise's file; did you mean %s?" % ALPHA,
        "fetchfirst.c is no exercise's file; did you mean %s?" % FETCH,
        "main.c is no exercise's file."], "C files are told of, those first that were meant",
        "\n".join(sentences))
    for name in ("fetch_first.c.txt", "Fetch_First.C", "fetch-first.cpp", "fetch_first (1).c"):
        said = place.ask("read", place.folder({name: ""}))
        tap.ok([s["exercise"] for s in said["strays"]] == ["1.2"], "meant: " + name, said["strays"])
    said = place.ask("read", place.folder({"fetch_first.o": "", "fetch_first": "", "x.cc": ""}))
    tap.ok(said["strays"] == [] and said["others"] == 3, "not meant: what a compiler makes", said)
    root = place.folder({FETCH: "", "fetch_first_old.c": "", "alhpa.c": ""})
    said = place.ask("read", root)
    tap.ok([s["path"] for s in said["strays"]] == ["alhpa.c"],
           "an older copy beside the file is none of interest", said["strays"])
    root = place.folder({"a%02d.c" % i: "" for i in range(20)} | {"zalpha.c": ""})
    said = place.ask("read", root)
    tap.ok(len(said["strays"]) == 8 and said["strays"][0]["path"] == "zalpha.c",
           "8 are kept at the most, and what was meant is among them", said["strays"])


# ---- archives ----


def archives_taken(tap, place):
    tar = tarred(member("./answers/" + FETCH, SOURCE.encode()), member("./x", b"1"),
                 member("./answers/", kind=tarfile.DIRTYPE))
    packed = {"zip": zipped(("./answers//" + FETCH, SOURCE), ("x", "1"), ("answers/", "")),
              "zip, stored": zipped(("answers/" + FETCH, SOURCE), ("x", "1"),
                                    method=zipfile.ZIP_STORED),
              "tar": tar, "tar.gz": gzip.compress(tar), "tar.bz2": bz2.compress(tar),
              "tar.xz": lzma.compress(tar),
              "tar, GNU": tarred(member("answers/" + FETCH, SOURCE.encode()), member("x", b"1"),
                                 format=tarfile.GNU_FORMAT)}
    for kind, content in packed.items():
        path = place.archive(content, "alice." + kind.split(",")[0])
        os.utime(path, (1, 1700000005))
        said = place.ask("read", path)
        taken(tap, kind, said, {"1.2": "answers/" + FETCH}, others=1)
        tap.ok(said["submitted"] == 1700000005 and
               said["files"][0]["sha256"] == hashlib.sha256(SOURCE.encode()).hexdigest(),
               "its time, and the content", json.dumps(said))
    taken(tap, "the content says what kind it is, not the name",
          place.unpack(packed["tar.gz"], "alice.zip"),
          {"1.2": "answers/" + FETCH}, others=1)
    for locale in ("C", "C.UTF-8", "tlh"):
        for kind, content in (("zip", zipped(("作业/" + ALPHA, "1"))),
                              ("tar", tarred(member("作业/" + ALPHA, b"1")))):
            said = place.ask("read", place.archive(content), locale=locale)
            taken(tap, "names in Chinese, %s, locale %s" % (kind, locale), said,
                  {"1.1": "作业/" + ALPHA})
    old = zipped(("XXXX/" + ALPHA, "1")).replace(b"XXXX", "作业".encode("gbk"))
    taken(tap, "and in an encoding that nobody knows any more", place.unpack(old),
          {"1.1": "\\xd7\\xf7ҵ/" + ALPHA})
    taken(tap, "a zip from Windows, with its backslashes", place.unpack(
        zipped((ALPHA.replace("/", "|"), "1")).replace(b"|", b"\\")), {"1.1": ALPHA})
    taken(tap, "hidden files and what macOS adds are passed over", place.unpack(
        zipped((ALPHA, "1"), ("__MACOSX/01_socket/01_alpha/._alpha.c", "2"),
               (".git/" + ALPHA, "3"))), {"1.1": ALPHA})
    taken(tap, "a tar with nothing in it is empty", place.unpack(tarred()), {})


def archive_names(tap, place):
    for path, reason in (("../" + ALPHA, "name-parent"), ("a/../" + ALPHA, "name-parent"),
                         ("01_socket/01_alpha/..", "name-parent"), ("/" + ALPHA, "name-absolute"),
                         ("//x/" + ALPHA, "name-absolute"), ("C:/" + ALPHA, "name-drive"),
                         ("c:" + ALPHA, "name-drive"), ("a\\b/" + ALPHA, "name-backslash"),
                         ("a\nb/" + ALPHA, "name-control"), ("\033[2J/x", "name-control")):
        shown = path.replace("\n", "\\x0a").replace("\033", "\\x1b")
        for kind, content in (("tar", tarred(member(path, b"1"), member("x/" + FETCH, b"2"))),
                              ("zip", zipped((path.replace("\\", "|"), "1"), ("x/" + FETCH, "2"))
                               .replace(b"a|b", b"a\\b"))):
            taken(tap, "a name in a %s: %s" % (kind, shown), place.unpack(content),
                  {"1.2": "x/" + FETCH}, refusals=[(shown, reason, "")])
    broken = zipped(("作" + ALPHA, "1")).replace("作".encode(), b"\xff\xfe\xfd")
    taken(tap, "a name that is not the UTF-8 it claims to be",
          place.unpack(broken), {}, refusals=[("?", "name-encoding", "")])
    taken(tap, "a tar's name may hold any bytes", place.unpack(tarred(
        member("caf\udce9/" + ALPHA, b"1"), format=tarfile.GNU_FORMAT)),
          {"1.1": "caf\\xe9/" + ALPHA})


def archive_kinds(tap, place):
    link = zipfile.ZipInfo(ALPHA)
    link.create_system, link.external_attr = 3, 0o120777 << 16
    good = member(FETCH, b"2")
    for name, content, reason in (
            ("link in a zip", zipped((link, "/etc/passwd"), (FETCH, "2")), "link"),
            ("link in a tar", tarred(member(ALPHA, kind=tarfile.SYMTYPE, linkname="/etc/passwd"),
                                     good), "link"),
            ("hard link", tarred(good, member(ALPHA, kind=tarfile.LNKTYPE, linkname=FETCH)),
             "hard-link"),
            ("FIFO", tarred(member(ALPHA, kind=tarfile.FIFOTYPE), good), "not-regular"),
            ("device", tarred(member(ALPHA, kind=tarfile.CHRTYPE, devmajor=1, devminor=5), good),
             "not-regular"),
            ("block device", tarred(member(ALPHA, kind=tarfile.BLKTYPE), good), "not-regular"),
            ("folder", tarred(member(ALPHA, kind=tarfile.DIRTYPE), good), "not-regular")):
        taken(tap, "%s instead of a source" % name, place.unpack(content),
              {"1.2": FETCH}, refusals=[(ALPHA, reason, "1.1")])
    said = place.unpack(tarred(
        member("x", kind=tarfile.SYMTYPE, linkname="/"), member("y", kind=tarfile.FIFOTYPE),
        member("z", kind=tarfile.LNKTYPE, linkname=FETCH), good))
    taken(tap, "and in no source's place", said, {"1.2": FETCH}, refusals=[
        ("x", "link", ""), ("y", "not-regular", ""), ("z", "hard-link", "")])
    taken(tap, "a link to a folder, and a file through it", place.unpack(tarred(
        member("01_socket", kind=tarfile.SYMTYPE, linkname="/etc"), member(ALPHA, b"1"))),
          {"1.1": ALPHA}, refusals=[("01_socket", "link", "")])
    for kind, content in (("zip", zipped((ALPHA, "1"), (ALPHA, "2"))),
                          ("tar", tarred(member(ALPHA, b"1"), member("./" + ALPHA, b"2")))):
        refused(tap, "an entry that comes twice, " + kind, place.unpack(content),
                ALPHA, "twice", "1.1")
    for name, content, reason in (("NUL", b"a\0", "nul"), ("encoding", b"\x93", "encoding"),
                                  ("256 KiB + 1", b"/" * (256 * KIB + 1), "too-large")):
        for kind, packed in (("zip", zipped((ALPHA, content))),
                             ("tar", tarred(member(ALPHA, content), member("y", b"1")))):
            said = place.unpack(packed)
            tap.ok(refusals_of(said) == [(ALPHA, reason, "1.1")] and said["files"] == [],
                   "content of a %s: %s" % (kind, name), json.dumps(said))
    taken(tap, "256 KiB are not too large", place.unpack(zipped(
        (ALPHA, b"/" * (256 * KIB)))), {"1.1": ALPHA})


def archives_broken(tap, place):
    entries = [("a/" + ALPHA, os.urandom(3000).hex()), ("z", "end")]
    plain = tarred(*(member(n, c.encode()) for n, c in entries))
    whole = {"zip": zipped(*entries), "tar": plain, "tar.gz": gzip.compress(plain),
             "tar.bz2": bz2.compress(plain), "tar.xz": lzma.compress(plain)}
    for kind, content in whole.items():
        step = max(1, len(content) // 20)
        ends = [*range(0, len(content), step), len(content) - 1]
        if kind == "tar":
            ends = [*range(0, len(content.rstrip(b"\0")), 512), *range(100, 7000, 700)]
        kept = []
        for end in ends:
            said = place.unpack(content[:end], "alice." + kind)
            if said.get("reason") != "archive-damaged" or "alice." + kind not in said["why"]:
                kept.append((end, said))
        tap.ok(not kept, "a %s, cut off at any place, is damaged" % kind, kept[:1])
    for kind, content in whole.items():
        if kind in ("zip", "tar.bz2", "tar.xz"):  # libarchive checks no other sums
            middle = content.find(b"alpha.c") + 400 if kind == "zip" else len(content) // 2
            bad = content[:middle] + bytes([content[middle] ^ 0x55]) + content[middle + 1:]
            all_refused(tap, "a %s with a byte changed" % kind,
                        place.unpack(bad), "archive-damaged", "alice.zip")
    for name, content in (("noise", os.urandom(20000)), ("nothing", b""), ("a page", b"<html>" * 9),
                          ("7z", b"7z\xbc\xaf\x27\x1c\0\4" + bytes(99)), ("rar", b"Rar!\x1a\7\1\0"),
                          ("zip in gzip", gzip.compress(whole["zip"])),
                          ("cpio", b"070701" + b"0" * 104 + b"TRAILER!!!\0"),
                          ("ar", b"!<arch>\nx/              0           0     0     644     0"
                                 b"         `\n"), ("a lone gzip", gzip.compress(SOURCE.encode()))):
        all_refused(tap, "no archive: " + name, place.unpack(content),
                    "archive-damaged", "alice.zip")
    secret = bytearray(whole["zip"])  # the bit that says that it is encrypted, in both headers
    secret[6] |= 1
    secret[secret.find(b"PK\1\2") + 8] |= 1
    all_refused(tap, "a password", place.unpack(bytes(secret)),
                "archive-encrypted", "alice.zip")
    for method, name in ((zipfile.ZIP_LZMA, "lzma"), (zipfile.ZIP_BZIP2, "bzip")):
        all_refused(tap, "a zip that is packed by " + name, place.unpack(
            zipped((ALPHA, SOURCE), method=method)), "archive-method", "alice.zip", name)
    all_refused(tap, "a gzip in a gzip", place.unpack(gzip.compress(
        whole["tar.gz"])), "archive-nested", "alice.zip")
    path = place.archive(whole["zip"])
    os.link(path, place.hand_in / "bob.zip")
    all_refused(tap, "an archive that is somebody else's, too", place.ask("read", path),
                "hard-link", "alice.zip")


# ---- bombs ----


def zeros(compress, kind, name):
    """A tar of some GiB of zeros, in members that are put behind each other."""
    info, _ = member(name)
    info.size = 7 << 30
    count = {"gz": 400, "bz2": 640, "xz": 640}[kind]
    return compress(info.tobuf(tarfile.GNU_FORMAT)) + compress(bytes(16 * MIB)) * count


def sparse(pieces, data, size):
    """A tar with a sparse file, as GNU tar writes them."""
    body = "".join("%d\n" % n for n in (len(pieces), *(n for p in pieces for n in p))).encode()
    body += bytes(-len(body) % 512) + data
    info, _ = member("GNUSparseFile.1/alpha.c", body)
    info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0",
                        "GNU.sparse.name": ALPHA, "GNU.sparse.realsize": str(size)}
    return info.tobuf(tarfile.PAX_FORMAT) + body + bytes(-len(body) % 512) + bytes(1024)


def overlapping(count, name, size):
    """A zip of entries whose headers stand right behind each other. Each is stored, and its size
    bytes are the headers and all that comes behind its own."""
    heads = [struct.pack("<IHHHHHIIIHH", 0x04034b50, 20, 0, 0, 0, 0, 0, size, size, len(name(i)),
                         0) + name(i) for i in range(count)]
    listed, offset = [], 0
    for i, head in enumerate(heads):
        listed.append(struct.pack("<IHHHHHHIIIHHHHHII", 0x02014b50, 20, 20, 0, 0, 0, 0, 0, size,
                                  size, len(name(i)), 0, 0, 0, 0, 0, offset) + name(i))
        offset += len(head)
    entries = b"".join(heads) + b"/" * size
    return entries + b"".join(listed) + struct.pack(
        "<IHHHHIIH", 0x06054b50, 0, 0, count & 0xffff, count & 0xffff, sum(map(len, listed)),
        len(entries), 0)


def bombs(tap, place):
    for kind, compress in (("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)):
        for name in (ALPHA, "x/y"):
            said = place.unpack(zeros(compress, kind, name))
            all_refused(tap, "6 GiB of zeros, %s, %s" % (kind, name), said, "archive-too-large",
                        "alice.zip", "64 MiB")
    full = zipped((ALPHA, bytes(200 * MIB)), ("x/y", bytes(200 * MIB)), (FETCH, "1"))
    taken(tap, "zeros in a zip: one file is too large, and what is not needed not unpacked",
          place.unpack(full), {"1.2": FETCH}, others=1,
          refusals=[(ALPHA, "too-large", "1.1")])
    nested = tarred(member(ALPHA, b"1"))
    for _ in range(60):
        nested = gzip.compress(nested)
    all_refused(tap, "60 times packed", place.unpack(nested), "archive-nested")
    all_refused(tap, "a million empty entries, tar", place.unpack(gzip.compress(
        member("x/y")[0].tobuf() * 1000000, 1)), "too-many", "10000")
    all_refused(tap, "90,000 empty entries, zip", place.unpack(overlapping(
        90000, lambda i: b"%05d" % i, 0)), "too-many", "10000")
    said = place.unpack(overlapping(
        9000, lambda i: b"%04d/%s" % (i, FETCH.encode() if i else ALPHA.encode()), 250 * KIB))
    all_refused(tap, "9,000 entries that overlap: unpacked until one is wrong", said,
                "archive-damaged", "CRC")
    eight = (1 << 63) - 1
    for name, pieces, data, size in (
            ("behind", [(0, 4)], b"abc\n", eight), ("in front", [(eight - 4, 4)], b"abc\n", eight),
            ("nothing but", [], b"", eight), ("between", [(0, 2), (4, 2)], b"ab\ncd\n", 6)):
        refused(tap, "holes, %s" % name, place.unpack(sparse(
            pieces, data, size)), ALPHA, "nul", "1.1", "holes")
    taken(tap, "none in a sparse file that has none", place.unpack(sparse(
        [(0, 4)], b"abc\n", 4)), {"1.1": ALPHA})
    for name, kind, size in (("a file of 4 EiB", tarfile.REGTYPE, 1 << 62),
                             ("a pax header of 1 TiB", tarfile.XHDTYPE, 1 << 40),
                             ("a name of 1 TiB", tarfile.GNUTYPE_LONGNAME, 1 << 40)):
        info, _ = member(ALPHA, kind=kind)
        info.size = size
        all_refused(tap, name, place.unpack(info.tobuf(
            tarfile.GNU_FORMAT) + b"abc"), "archive-damaged")
    path = place.archive(b"PK\3\4")
    os.truncate(path, 1 << 40)
    all_refused(tap, "an archive of 1 TiB", place.ask("read", path), "archive-too-large", "8 MiB")
    deep = "/".join(["d"] * 17)
    for kind, content in (("zip", zipped((deep, ""))), ("tar", tarred(member(deep)))):
        all_refused(tap, "17 folders inside each other, " + kind,
                    place.unpack(content), "too-deep")
    long = tarred(member("n" * 500000, b"1"), member(ALPHA, b"1"))
    said = place.unpack(long)
    tap.ok(files_of(said) == {"1.1": ALPHA} and len(json.dumps(said)) < 2000, "a name of 500 kB",
           json.dumps(said)[:2000])


def main():
    tap = Tap()
    warnings.simplefilter("ignore", UserWarning)  # zipfile's, of names that come twice
    with tempfile.TemporaryDirectory() as name:
        place = Place(Path(name))
        for test in (plan, plan_refusals, plan_errors, folder_takes, folder_twice, folder_kinds,
                     folder_content, folder_names, folder_limits, folder_permissions, strays,
                     archives_taken, archive_names, archive_kinds, archives_broken, bombs):
            test(tap, place)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
