#!/usr/bin/python3 -B
"""`make handout`: what is in the students' archive and what is not, and that everything a learner
does works from it, unpacked elsewhere and built anew.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import lint
from scratch import environment_of
from tap import Tap, run

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "common/classroom"))
from handout import Links, belongs  # noqa: E402, it stands elsewhere
FETCH = "01_socket/02_fetch_first"
PRIVATE = "1.11"


def handout(*words, **environment):
    status, out, err = run("make", "handout", *words, cwd=ROOT,
                           env={**os.environ, **environment})
    return status, out + err


def members(archive):
    with tarfile.open(archive) as tar:
        return {m.name: m for m in tar.getmembers()}, {
            m.name: tar.extractfile(m).read() for m in tar.getmembers() if m.isfile()}


def see_archive(tap, scratch):
    archive, again = scratch / "h.tar.gz", scratch / "again.tar.gz"
    status, said = handout("OUT=%s" % archive)
    tap.ok(status == 0 and str(archive) in said, "make handout OUT=file", said)
    entries, files = members(archive)
    first = Path(ROOT / "README.md").stat()
    try:
        os.utime(ROOT / "README.md", (1, 1))
        status, said = handout("OUT=%s" % again, TZ="Asia/Tokyo", LC_ALL="C")
    finally:
        os.utime(ROOT / "README.md", ns=(first.st_atime_ns, first.st_mtime_ns))
    tap.ok(status == 0 and again.read_bytes() == archive.read_bytes(), "the same bytes twice", said)
    times = {m.mtime for m in entries.values()}
    tap.ok(len(times) == 1 and list(entries) == sorted(entries) and
           {(m.uid, m.gid, m.uname, m.gname) for m in entries.values()} == {(0, 0, "root", "root")}
           and all(m.isfile() for m in entries.values()),
           "files only, sorted, owned by root, of one date")
    top = {name.split("/")[1] for name in entries}
    wanted = {p.name for p in ROOT.glob("*") if re.fullmatch(
        r"README(\.[\w-]+)?\.md|Makefile|LICENSE|0[1-5]_\w+|exercises|common", p.name)}
    tap.ok(top == wanted | {".gitignore"}, "what stands at its top", top)
    parts = {name.split("/")[2] for name in entries if name.startswith("network-workbook/common/")}
    tap.ok(not parts & {"tests", "fuzz", "bench", "skeleton"} and "harness" in parts,
           "what stands in common/", parts)
    ours = {p.read_bytes(): p for p in ROOT.glob("solutions/*/*/**/*.*")}
    first_steps = {p for p in ours.values() if "00_first_steps" in p.parts}  # it passes as it is
    leaked = [(name, ours[text]) for name, text in files.items()
              if text in ours and ours[text] not in first_steps]
    tap.ok(ours and not leaked, "no solution and no wrong answer is in it", leaked)
    named = [name for name in files if re.search(rb"\]\([^)]*solutions/", files[name])]
    tap.ok(not named, "nothing in it leads to solutions", named)
    expected = [n for n in entries if "/expected/" in n]
    tap.ok(len(expected) == len(list(ROOT.glob("exercises/*/*/expected/*"))) > 0,
           "reference outputs are in it")


def see_refusals(tap, scratch):
    out = scratch / "no.tar.gz"
    status, said = handout("OUT=%s" % out, "WITHOUT=1.99")
    tap.ok(status == 2 and "there is no exercise 1.99" in said and not out.exists(),
           "an exercise that is not there", said)
    (scratch / "file").write_text("")
    status, said = handout("OUT=%s/file/h.tar.gz" % scratch)
    tap.ok(status == 2 and "h.tar.gz cannot be written" in said, "a place that cannot be", said)


def make_private(tap, scratch):
    """The archive without an exercise, unpacked. Returns its folder."""
    archive = scratch / "private.tar.gz"
    status, said = handout("OUT=%s" % archive, "WITHOUT=%s" % PRIVATE)
    tap.ok(status == 0 and "(without %s)" % PRIVATE in said, "without " + PRIVATE, said)
    _, files = members(archive)
    words = r"exercises/\w+/11_file_share|make \w+ E=1\.11|^Exercise.*1\.11|Peer-to-peer file share"
    named = [name for name in files
             if re.search(words, name + files[name].decode(errors="replace"), re.M)]
    tap.ok(not named, "nothing in it speaks of an exercise that was kept out", named)
    with tarfile.open(archive) as tar:
        tar.extractall(scratch)
    return scratch / "network-workbook"


def see_texts(tap, book):
    """Links, commands and files that its texts name."""
    before = os.getcwd()
    os.chdir(book)
    try:
        found = list(lint.check_commands(Path("README.md"), Path("README.md").read_text()))
        for path in sorted(Path(".").rglob("*.md")):
            found += lint.check_links(path, path.read_text())
    finally:
        os.chdir(before)
    tap.ok(not found, "its texts name nothing that is not in it", found)
    text = (book / "README.md").read_text()
    there = len(list((book / "exercises/01_socket").glob("*")))
    tap.ok("19 lessons, %d exercises" % there in text, "README.md counts what is there", there)
    tap.ok("in the handout" not in text + (book / "Makefile").read_text(), "no mark is left")


def see_links(tap):
    """What is said of files that are not there; no lesson of today says it in every way."""
    files = {"README.md": b"", "here.md": b"", "common/core/x.c": b""}
    text = """\
| folder | holds |
|---|---|
| [here](here.md) | a |
| 1.9 | [gone](gone.md) | b |
| `common/tests/` | c |
| `common/core/` | d |
| `gone` is a word | [gone](gone.md) |

See [here](here.md#place), [a
way](gone.md) and [that](https://example.org/gone.md).

```
[as it is](gone.md)
```

Exercise: [1.9 Gone](gone.md).
"""
    wanted = text.replace("| 1.9 | [gone](gone.md) | b |\n| `common/tests/` | c |\n", "").replace(
        "[a\nway](gone.md)", "a\nway").replace("word | [gone](gone.md)", "word | gone").replace(
        "\nExercise: [1.9 Gone](gone.md).\n", "")
    got = Links("README.md", files).cut(text)
    tap.ok(got == wanted, "links to what is not there become text, rows about it go", got)
    left = [name for name in ("01_socket/x.c~", "common/core/.x.c.swp", "hand-in/alice/x.c",
                              "answers/01_socket/x.c", "common/classroom/x.py", "grading.json")
            if belongs(Path(name), [])]
    tap.ok(not left, "editors' files, answers and what a teacher keeps here stay", left)


class Learner:
    """Types commands in the unpacked folder; says what is not as it should be."""

    def __init__(self, tap, book):
        self.tap, self.book = tap, book

    def types(self, name, wanted, *words, status=0):
        """wanted is looked for in the output, its blanks and line ends taken for the same."""
        done = subprocess.run(("make", *words), cwd=self.book, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              env=environment_of())
        said = done.stdout.decode(errors="backslashreplace")
        self.tap.ok(done.returncode == status and wanted in " ".join(said.split()),
                    "%s: make %s" % (name, " ".join(words)), "%d\n%s" % (done.returncode, said))
        return said


def points_of_cases(book):
    """Of exercise 1.2."""
    listed = run("build/exercises/%s/cases" % FETCH, "--list", cwd=book)[1]
    return {c["case"]: c["points"] for c in map(json.loads, listed.splitlines())}


def see_exercise(learner):
    """Exercise 1.2 from the starter to a right answer: the marks are those that are due."""
    points = points_of_cases(learner.book)
    answer = learner.book / "answers" / FETCH / "fetch_first.c"
    solutions = ROOT / "solutions" / FETCH
    whole = sum(points.values())
    learner.types("the starter fails", "0 of %d points" % whole, "check", "E=1.2", status=2)
    learner.tap.ok(answer.exists(), "the starter was put into answers/")
    learner.types("a hint", "hint 1 of 3", "hint", "E=1.2")
    for command in ("solution", "diff"):
        learner.types("there is none", "came without solutions", command, "E=1.2", status=2)
    wrong = (solutions / "wrong/first_address.c").read_text()
    fails = re.match(r"/\* fails: (.*) \*/", wrong)[1].split()
    answer.write_text(wrong)
    due = whole - sum(points[name] for name in fails)
    learner.types("a wrong answer", "%d of %d points" % (due, whole), "check", "E=1.2", "SEED=7",
                  status=2)
    shutil.copy(solutions / "fetch_first.c", answer)
    learner.types("a right answer", "%d of %d points" % (whole, whole), "check", "E=1.2", "SEED=7")


def see_learner(tap, book):
    learner = Learner(tap, book)
    learner.types("builds, and shows the path", "0 of %d exercises" % len(
        list((book / "exercises").glob("0[1-5]_*/*"))))
    if tap.failed:
        return
    said = learner.types("lists the exercises", "1.10", "list")
    tap.ok(not re.search(r"^ *%s " % re.escape(PRIVATE), said, re.M), "without the private one",
           said)
    see_exercise(learner)
    learner.types("chapter 1 without a terminal", "1.18", "chapter1")
    learner.types("review", "No question is due", "review")
    learner.types("the machine is looked at", "gcc", "doctor")
    said = learner.types("grades", '"exercise"', "grade", "JSON=1")
    marks = {m["exercise"]: m for m in json.loads(said)["chapters"][0]["exercises"]} if (
        said[:1] == "{") else {}
    tap.ok(PRIVATE not in marks and marks.get("1.2", {}).get("passed") is True,
           "the grade counts what was done, and nothing private", said)
    learner.types("starts again", "is the starter again", "reset", "E=1.2")
    learner.types("there are no tests", "No rule to make target 'test'", "test", status=2)
    status, out, err = run("build/workbook", "lint", cwd=book)
    tap.ok(status == 0, "its lessons are as lessons should be", out + err)
    learner.types("clean", "", "clean")
    tap.ok(not (book / "build").exists() and (book / "answers").exists(),
           "clean leaves the answers")


def main():
    tap = Tap()
    see_links(tap)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        see_archive(tap, scratch)
        see_refusals(tap, scratch)
        book = make_private(tap, scratch)
        see_texts(tap, book)
        see_learner(tap, book)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
