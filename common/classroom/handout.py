#!/usr/bin/python3
"""Writes the students' archive: the workbook without solutions, tests and the teacher's parts.

    python3 -B common/classroom/handout.py '1.10 1.11' [FILE]     what `make handout` runs

The first word names the exercises that stay with the teacher. Nothing in the archive speaks of what
is not in it: parts of README.md and of the Makefile between "not in the handout" and "/not in the
handout" are left out, and so are rows of tables about what is missing; a link there becomes plain
text. The bytes are the same for the same files: sorted, owned by root, dated by the last commit (or
by SOURCE_DATE_EPOCH).
"""
import gzip
import io
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

FOLDER = "network-workbook"
TOP = r"README(\.[\w-]+)?\.md|Makefile|LICENSE|\.gitignore|0[1-5]_\w+|exercises|common"
STAYS = ["common/tests", "common/fuzz", "common/bench", "common/skeleton"]
PARTS = ("not in the handout", "/not in the handout")


def fail(sentence, *values):
    sys.exit("handout: " + sentence % values)


def exercises(numbers):
    """The folders of the exercises that are named: {"1.11": exercises/01_socket/11_file_share}."""
    there = {"%d.%d" % (int(p.parent.name[:2]), int(p.name[:2])): p
             for p in sorted(Path("exercises").glob("0[1-5]_*/[0-9][0-9]_*")) if p.is_dir()}
    for number in numbers:
        if number not in there:
            fail("there is no exercise %s; WITHOUT takes numbers, as in: "
                 "make handout WITHOUT='1.10 1.11'", number)
    return there


def belongs(path, private):
    """Whether a file is for students."""
    if not re.fullmatch(TOP, path.parts[0]):
        return False
    if path.name.endswith("~") or (path.name.startswith(".") and path.name != ".gitignore"):
        return False  # an editor's
    if path.parts[:2] == ("common", "classroom") and path.suffix not in (".c", ".h"):
        return False
    parents = {str(path), *map(str, path.parents)}
    return not parents & {*STAYS, *map(str, private)}


def collect(private):
    """Every file for students with its bytes, by path."""
    found = {}
    for top in sorted(Path(".").iterdir()):
        if re.fullmatch(TOP, top.name):
            for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
                if not path.is_dir() and belongs(path, private):
                    if path.is_symlink() or not path.is_file():
                        fail("%s is no regular file", path)
                    found[path.as_posix()] = path.read_bytes()
    return found


def without_parts(path, text):
    """The text without the parts that are marked, each mark a comment on a line of its own."""
    begin, end = (("# [%s]\n", "<!-- %s -->\n")[path.endswith(".md")] % part for part in PARTS)
    while begin in text:
        before, rest = text.split(begin, 1)
        if end not in rest:
            fail("%s: a part opens with %r and is not closed", path, begin.strip())
        text = before + rest.split(end, 1)[1].lstrip("\n")
    if end in text:
        fail("%s: %r closes nothing", path, end.strip())
    return text


class Links:
    """What a Markdown file says of other files, cut down to those that are there."""

    def __init__(self, path, files):
        self.folder = os.path.dirname(path)
        self.files = files
        self.folders = {str(p) for f in files for p in Path(f).parents}

    def is_gone(self, target):
        """True of a file or folder of the workbook that the archive lacks."""
        if "://" in target or target.startswith(("#", "mailto:")):
            return False
        path = os.path.normpath(os.path.join(self.folder, target.partition("#")[0]))
        return path not in self.files and path not in self.folders

    def row_is_gone(self, line):
        """A row of a table that begins with a link, or with a folder's name, that is not there."""
        subject = re.match(r"\| *(?:[\d*.]+ *\| *)?\[[^]]*\]\(([^)]+)\)", line) or re.match(
            r"\| *`((?:common|solutions)/[^`]*)`", line)
        return subject is not None and self.is_gone(subject[1])

    def cut(self, text):
        links = re.compile(r"\[([^]\n]*(?:\n[^]\n]*)?)\]\(([^)\s]+)\)")
        out = []
        for block in re.split(r"(^```.*?^```[^\n]*\n)", text, flags=re.S | re.M):
            if not block.startswith("```"):
                block = "".join(line for line in block.splitlines(True)
                                if not self.row_is_gone(line))
                block = re.sub(r"^Exercise[^\n\[]*\[[^]]*\]\(([^)]+)\)\.\n\n?",
                               lambda m: "" if self.is_gone(m[1]) else m[0], block, flags=re.M)
                block = links.sub(lambda m: m[1] if self.is_gone(m[2]) else m[0], block)
            out.append(block)
        return "".join(out).rstrip("\n") + "\n"


def counted(files):
    """README.md with as many exercises in its table of chapters as there are."""
    def count(match):
        found = [f for f in files if re.fullmatch(r"exercises/%s/\w+/cases\.c" % match[2], f)]
        return "%s%d exercises" % (match[1], len(found))
    return re.sub(r"(\]\((0[1-5]_\w+)/README\.md\).* )\d+ exercises", count,
                  files["README.md"].decode())


def prune(files):
    """Takes out of the texts what is about other files than these."""
    for path in [p for p in files if p == "Makefile" or p.endswith(".md")]:
        files[path] = without_parts(path, files[path].decode()).encode()
    for path in [p for p in files if p.endswith(".md")]:
        text = files[path].decode()
        if path.startswith("common/"):
            continue
        cut = Links(path, files).cut(text)
        if cut != text:
            files[path] = cut.encode()
    files["README.md"] = counted(files).encode()
    if ".gitignore" in files:  # students may keep their answers in git
        files[".gitignore"] = files[".gitignore"].replace(b"/answers/\n", b"")


def git(*words):
    """What git says, or "" where this is no repository."""
    try:
        done = subprocess.run(("git", *words), capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def date(files):
    given = os.environ.get("SOURCE_DATE_EPOCH", "") or git("log", "-1", "--format=%ct")
    if given.isdigit():
        return int(given)
    return int(max(Path(path).stat().st_mtime for path in files))


def write(out, files):
    """The archive, by rename: what stands at out is whole."""
    when = date(files)
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=when) as zipped:
        with tarfile.open(fileobj=zipped, mode="w", format=tarfile.GNU_FORMAT) as tar:
            for path in sorted(files):
                entry = tarfile.TarInfo("%s/%s" % (FOLDER, path))
                entry.size, entry.mtime = len(files[path]), when
                entry.mode = 0o755 if os.access(path, os.X_OK) else 0o644
                entry.uname = entry.gname = "root"
                tar.addfile(entry, io.BytesIO(files[path]))
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        new = out.with_name(out.name + ".new")
        new.write_bytes(packed.getvalue())
        new.replace(out)
    except OSError as why:
        fail("%s cannot be written: %s", out, why.strerror)


def tell(out, files, there, numbers):
    lessons = [f for f in files if re.fullmatch(r"0[1-5]_\w+/\d\d_\w+\.md", f)]
    print("%s: %d lessons, %d exercises%s, %d KiB" % (
        out, len(lessons), len(there) - len(numbers),
        " (without %s)" % " ".join(numbers) if numbers else "", out.stat().st_size // 1024))
    loose = git("ls-files", "--others", "--exclude-standard", "exercises").splitlines()
    for number, folder in there.items():
        if number not in numbers and any(f.startswith("%s/" % folder) for f in loose):
            print("%s is not committed, and is in it. If it is private: make handout WITHOUT='%s'"
                  % (number, " ".join(numbers + [number])))


def main():
    words = sys.argv[1:] + ["", ""]
    os.chdir(Path(__file__).resolve().parents[2])
    numbers, out = words[0].split(), Path(words[1] or "build/handout/%s.tar.gz" % FOLDER)
    there = exercises(numbers)
    files = collect([there[number] for number in numbers])
    prune(files)
    write(out, files)
    tell(out, files, there, numbers)


if __name__ == "__main__":
    main()
