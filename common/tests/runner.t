#!/usr/bin/python3 -B
"""The runner's commands on exercises, and what is wrong with an answer or with the machine.

Works on a small workbook of its own, whose cases are common/tests/fake_cases: what is tested here
is the runner. The cases themselves are tested by exercises.t.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scratch import (HANGS, PASSES, README, ROOT, STARTER, Workbook, environment_of, failing,
                     processes_marked)
from tap import Tap

LIMIT = 30  # seconds: how long a machine may be slow before a test gives up
ALPHA = "answers/01_socket/01_alpha/alpha.c"


def said(tap, what, result, status, *wanted, without=()):
    """The result of Workbook.run() has this status and says all of wanted, none of without."""
    got, text = result
    flat = re.sub(r"\s+", " ", text)
    missing = [w for w in wanted if re.sub(r"\s+", " ", w) not in flat]
    present = [w for w in without if w in flat]
    tap.ok(got == status and not missing and not present, what,
           "exit status %d, not %d; missing: %s; too much: %s\n%s" % (got, status, missing, present,
                                                                      text))


def progress(book, exercise="1.1"):
    return json.loads((book.folder / ".workbook/progress.json").read_text())["exercises"][exercise]


# ---- the commands -----------------------------------------------------------------------------


def path(tap, book):
    result = book.run("path")
    said(tap, "the path of a beginner", result, 0, "Network programming in C", "0 of 2 exercises",
         "1 Sockets", "lessons 0/1 exercises 0/2", "Next: lesson 1.01, The first make chapter1",
         "exercise 1.1, The first exercise of this test make practice")
    tap.ok("\033" not in result[1], "no colour without a terminal", repr(result[1]))
    book.put(".workbook/progress.json", json.dumps(
        {"lessons": {"1.01": {"done": True}}, "exercises": {"1.1": {"passed": True}}}))
    said(tap, "and of one who has come further", book.run("path"), 0, "1 of 2 exercises",
         "lessons 1/1 exercises 1/2", "█" * 13 + "░", "Next: exercise 1.2, Another one",
         without=("lesson 1.01",))
    book.put(".workbook/progress.json", json.dumps(
        {"lessons": {"1.01": {"done": True}},
         "exercises": {"1.1": {"passed": True}, "1.2": {"passed": True}}}))
    said(tap, "and at the end", book.run("path"), 0, "2 of 2 exercises", "█" * 20,
         "Every lesson and every exercise is done.")
    gamma = book.put("exercises/01_socket/03_gamma/README.md",
                     README % ("1.3", "The last", "gamma"))
    book.put("exercises/01_socket/03_gamma/gamma.c", STARTER)
    for number, title in ((2, "The second"), (3, "The third")):
        book.put("01_socket/0%d_more.md" % number,
                 "# 1.0%d %s\n\nCore · 5 minutes · needs nothing\n\nText.\n" % (number, title))
        book.put("01_socket/0%d_more.c" % number,
                 "/*\n * 1.0%d  %s\n *\n * Shows it.\n */\n" % (number, title))
    for passed, wanted in (("2", "1.3, The last"), ("1", "1.2, Another one"),
                           ("13", "1.2, Another one"), ("23", "1.1, The first exercise")):
        book.put(".workbook/progress.json", json.dumps(
            {"exercises": {"1." + n: {"passed": True} for n in passed},
             "lessons": {"1.0" + n: {"done": True} for n in passed}}))
        said(tap, "what comes next behind " + passed, book.run("path"), 0, "exercise " + wanted,
             "lesson 1.0%s, The" % wanted[2])
    shutil.rmtree(gamma.parent)
    for more in book.folder.glob("01_socket/0*_more.*"):
        more.unlink()
    (book.folder / ".workbook/progress.json").unlink()
    for columns in (20, 40, 60, 80, 200):
        _, text = book.run("path", COLUMNS=str(columns))
        wide = [line for line in text.splitlines() if len(line) > columns]
        tap.ok(not wide, "the path is %d columns wide at the most" % columns, "\n".join(wide))


def check(tap, book):
    said(tap, "nothing to check", book.run("check"), 2, "No exercise is open yet.")
    said(tap, "a missing answer is opened from its starter", book.run("check", "1.1"), 1,
         "Opened %s from its starter" % ALPHA, "1.1 The first exercise of this test 0 of 5 points",
         "FAIL prints what the server sends 0 of 1 point", "The cause of plain",
         "Teaches of plain.",
         "Steps 1 connected", "2 recv() returned 5 alpha.c:41", "Expected hello world", "Got hello",
         "^ ends here", "Wire", "again make check E=1.1 CASE=plain SEED=1",
         "by hand make play E=1.1 CASE=plain", "hint make hint E=1.1",
         "skip IPv6 only this system has no IPv6")
    tap.ok(book.alpha.read_text() == STARTER, "it is the starter")
    tap.ok(progress(book).get("tries") == 0, "the starter is no try", progress(book))
    book.answer(failing("reply-in-pieces"))
    said(tap, "a failed check", book.run("check", "1.1"), 1, "3 of 5 points",
         "ok prints what the server sends", "FAIL reply in three pieces 0 of 2 points",
         without=("Opened", "FAIL prints"))
    said(tap, "several are told in short lines", book.run("check"), 1,
         "1.1 The first exercise of this test 3 of 5 points", "FAIL reply in three pieces",
         without=("The cause of", "1.2"))
    book.answer(PASSES)
    said(tap, "a pass", book.run("check", "1.1"), 0, "5 of 5 points", "Every case passes.",
         "make diff E=1.1", "Next: exercise 1.2", without=("FAIL", "make hint"))
    starter = book.folder / "exercises/01_socket/02_beta/beta.c"
    starter.write_text(PASSES)
    book.put(book.beta, PASSES)
    said(tap, "a starter that passes has nothing to compare", book.run("check", "1.2"), 0,
         "Every case passes. It is the starter as it came. What to do with it: exercises/01_socket/"
         "02_beta/README.md", "Every exercise is passed. Next: make shows what is left.",
         without=("make diff",))
    said(tap, "practice has nothing left", book.run("practice"), 0, "Every exercise is passed.",
         "make practice E=1.2")
    book.beta.unlink()
    starter.write_text(STARTER)
    kept = progress(book)
    tap.ok((kept["earned"], kept["points"], kept["passed"], kept["tries"]) == (5, 5, True, 2),
           "is kept in the progress", kept)
    book.answer(failing("plain"))
    book.run("check", "1.1")
    kept = progress(book)
    tap.ok((kept["earned"], kept["passed"], kept["tries"]) == (5, True, 3),
           "and a worse try does not take it back", kept)
    said(tap, "all of them passed", (book.answer(PASSES), book.run("check"))[1], 0, "5 of 5 points")
    for name in ("alpha", "01_alpha", "01_socket/01_alpha"):
        said(tap, "an exercise by its name: " + name, book.run("check", name), 0, "5 of 5 points")
    book.answer(failing("plain", "half-close", *("more-" + letter for letter in "abcd")))
    said(tap, "three of many failures are told", book.run("check", "1.1", FAKE_CASES="many"), 1,
         "The cause of plain", "The cause of half-close", "The cause of more-a",
         "FAIL another case (more-d) 0 of 1 point Mend the ones above first.",
         "make check E=1.1 ALL=1. hint make hint E=1.1", without=("The cause of more-b",))
    said(tap, "all of them when asked for", book.run("check", "1.1", "--all", FAKE_CASES="many"), 1,
         "The cause of plain", "The cause of more-d", without=("Mend the ones",))


def check_parts(tap, book):
    book.answer(failing("half-close"))
    said(tap, "one case alone", book.run("check", "1.1", "--case", "half-close"), 1,
         "0 of 2 points",
         "FAIL server half-closes", without=("prints what",))
    said(tap, "one that passes", book.run("check", "1.1", "--case", "plain"), 0, "1 of 1 point",
         without=("Every case passes",))
    said(tap, "a seed is passed on", book.run("check", "1.1", "--seed", "4711"), 1, "SEED=4711")
    said(tap, "a seed that is none", book.run("check", "1.1", "--seed", "x"), 2,
         "A seed is a number from 0 to 2147483647, not x.")
    said(tap, "a case without its exercise", book.run("check", "--case", "plain"), 2, "E=1.2")
    for name, near in (("reply", "reply-in-pieces"), ("halfclose", "half-close")):
        said(tap, "a case that is not there, " + name, book.run("check", "1.1", "--case", name), 2,
             "has no case %s. Did you mean %s?" % (name, near))
    said(tap, "a case like no other", book.run("check", "1.1", "--case", "zzzzzz"), 2,
         "Its cases: plain, reply-in-pieces, half-close, ipv6-only.")
    for name, near in (("1.3", "1.1 or 1.2"), ("1.02", "1.2"), ("alfa", "1.1"), ("bet", "1.2")):
        said(tap, "an exercise that is not there, " + name, book.run("check", name), 2,
             "There is no exercise %s. Did you mean" % name, near)
    said(tap, "an exercise like no other", book.run("check", "somewhere-else"), 2,
         "make list names them all")
    said(tap, "a command that is not there", book.run("chek"), 2, "Did you mean check?")
    said(tap, "a command like no other", book.run("xylophone"), 2, "--help lists them all")
    said(tap, "an option that is not there", book.run("check", "--fast"), 2, "What is --fast?",
         "check [E] [--case NAME]")
    said(tap, "one argument too many", book.run("check", "1.1", "1.2"), 2, "What is 1.2?")
    said(tap, "an argument is harmless", book.run("check", "\033[2J"), 2, "\\x1b[2J",
         without=("\033",))


def hints(tap, book):
    said(tap, "the first hint", book.run("hint", "1.1"), 0, "hint 1 of 3",
         "The first hint of alpha.",
         without=("second",))
    said(tap, "the second, of the exercise at hand", book.run("hint"), 0, "1.1 hint 2 of 3",
         "The second hint.", without=("first", "third"))
    said(tap, "the third", book.run("hint", "1.1"), 0, "hint 3 of 3", "recv(fd, buffer",
         without=("second",))
    said(tap, "then all of them", book.run("hint", "1.1"), 0, "hint 1 of 3, once more",
         "hint 3 of 3, once more", "The first hint", "The second hint", "recv(fd, buffer")
    said(tap, "each exercise counts its own", book.run("hint", "1.2"), 0, "The first hint of beta.")
    book.put("exercises/01_socket/02_beta/README.md",
             "# 1.2 Another one\n\nCore · 5 minutes · needs 1.01\n")
    said(tap, "an exercise without hints", book.run("hint", "1.2"), 0, "has no hints")


def reset(tap, book):
    said(tap, "reset opens what was not there", book.run("reset", "1.1"), 0, "Opened")
    said(tap, "the starter needs no backup", book.run("reset", "1.1"), 0, "is the starter already")
    for number, text in ((1, "first\n"), (2, "second\n")):
        book.answer(text)
        said(tap, "reset %d keeps the answer" % number, book.run("reset", "1.1"), 0,
             "is the starter again. Your answer is kept as %s.%d." % (ALPHA, number))
        kept = book.alpha.with_name("alpha.c.%d" % number)
        tap.ok(kept.read_text() == text and book.alpha.read_text() == STARTER,
               "and the starter is back")
    tap.ok(book.alpha.with_name("alpha.c.1").read_text() == "first\n", "no backup is overwritten")
    book.alpha.unlink()
    outside = book.put("outside.c", "mine\n")
    book.alpha.symlink_to(outside)
    said(tap, "a symbolic link is kept as it is", book.run("reset", "1.1"), 0, "alpha.c.3")
    tap.ok(outside.read_text() == "mine\n" and book.alpha.with_name("alpha.c.3").is_symlink() and
           not book.alpha.is_symlink(), "and the file it leads to is untouched")
    book.alpha.unlink()
    book.alpha.mkdir()
    (book.alpha / "notes").write_text("mine\n")
    said(tap, "so is a folder", book.run("reset", "1.1"), 0, "alpha.c.4")
    tap.ok((book.alpha.with_name("alpha.c.4") / "notes").read_text() == "mine\n",
           "with what is in it")
    said(tap, "reset wants to know the exercise", book.run("reset"), 2, "make reset E=1.2")


def solution(tap, book):
    rule = "shows after a pass, or after five tries. So far you have made %s"
    for command in ("solution", "diff"):
        said(tap, command + " before a try", book.run(command, "1.1"), 1, rule % "0 tries")
    tries = [failing("plain", "try%d" % i) for i in range(5)]
    for number, text in enumerate(tries, 1):
        book.answer(text)
        book.run("check", "1.1")
        book.run("check", "1.1")  # the same file is no new try
        if number in (1, 4):
            said(tap, "after %d" % number, book.run("solution", "1.1"), 1,
                 rule % ("1 try" if number == 1 else "4 tries"))
    book.answer("int main(void) { syntax }\n")
    book.run("check", "1.1")
    said(tap, "after five, when asked for once", book.run("solution", "1.1"), 1,
         "You have made 5 tries", "Ask once more")
    status, text = book.run("solution", "1.1")
    tap.ok(status == 0 and text == PASSES, "and when asked for twice", text)
    book.answer(failing("plain"))
    said(tap, "diff may then be seen as well", book.run("diff", "1.1"), 0, "--- " + ALPHA,
         "+++ solutions/01_socket/01_alpha/alpha.c", "-#include <string.h>")
    book.put(book.beta, PASSES)
    book.run("check", "1.2")
    said(tap, "after a pass at once", book.run("solution", "1.2"), 0, PASSES)
    said(tap, "nothing to compare", book.run("diff", "1.2"), 0, "are the same")
    shutil.rmtree(book.folder / "solutions")
    for command in ("solution", "diff"):
        said(tap, command + " in a handout", book.run(command, "1.2"), 2, "came without solutions")
    status, text = book.run("check", "1.2")
    tap.ok(status == 0 and "Every case passes." in text and "Compare" not in text,
           "and nothing is offered there to compare an answer with", text)


def list_and_grade(tap, book):
    said(tap, "list", book.run("list"), 0, "1 Sockets",
         "1.1 The first exercise of this test 0/6 points", "1.2 Another one 0/6 points")
    book.answer(failing("plain"))
    book.run("check", "1.1")
    said(tap, "list after a try", book.run("list"), 0,
         "1.1 The first exercise of this test opened 4/6 points")
    said(tap, "grade", book.run("grade", "--seed", "5"), 0,
         "Graded with seed 5; SEED=5 repeats it.",
         "1.1 The first exercise of this test 4/5", "1.2 Another one not opened 0/6",
         "Chapter 1, Sockets 4/11", "Total 4/11")
    status, text = book.run("grade", "--json")
    marks = json.loads(text)
    chapter, = marks["chapters"]
    alpha, beta = chapter["exercises"]
    tap.ok(status == 0 and (marks["earned"], marks["points"]) == (4, 11) and
           (chapter["earned"], chapter["points"]) == (4, 11), "grade as JSON", text)
    tap.ok(alpha["state"] == "judged" and alpha["cases"][0] == {
        "case": "plain", "status": "fail", "earned": 0, "points": 1} and
        alpha["cases"][3]["status"] == "skipped", "with every case", text)
    tap.ok(beta["state"] == "not-opened" and beta["points"] == 6 and beta["cases"] == [],
           "and what was not opened", text)
    again = json.loads(book.run("grade", "--json")[1])
    tap.ok(marks["seed"] != again["seed"] or
           marks["seed"] != json.loads(book.run("grade", "--json")[1])["seed"],
           "each time with a fresh seed")
    for text, state in ((STARTER + "#include <poll.h>\n", "refused"), ("x", "not-compiled"),
                        ("\0", "unusable")):
        book.answer(text)
        alpha = json.loads(book.run("grade", "--json")[1])["chapters"][0]["exercises"][0]
        tap.ok(alpha["state"] == state and alpha["earned"] == 0 and alpha["points"] == 6,
               "graded as " + state, alpha)
    book.answer(PASSES)
    said(tap, "what the harness could not judge is no grade", book.run("grade", FAKE_CASES="crash"),
         2, "could not be judged", "not your program's fault")


def course(tap, book):
    text = (book.folder / "exercises/01_socket/02_beta/README.md").read_text()
    book.put("exercises/01_socket/02_beta/README.md", text.replace("Core", "More"))
    said(tap, "COURSE=core is shorter", book.run("path", COURSE="core"), 0, "core path",
         "0 of 1 exercise")
    said(tap, "in each command", book.run("list", COURSE="core"), 0, "1.1", without=("1.2",))
    said(tap, "another course", book.run("path", COURSE="long"), 2, "COURSE is \"core\" or not set")
    book.put("01_socket/02_second.md", "# 1.2 The second\n")
    said(tap, "a lesson that cannot be read is named", book.run("path"), 2,
         "01_socket/02_second.md:1:")


def program(tap, book):
    status, text = book.run("--help")
    source = (ROOT / "common/workbook/main.c").read_text()
    names = re.findall(r'^    \{"([a-z]+)", [A-Z]', source, re.M)
    tap.ok(not re.search(r"[ \t]$", text, re.M), "--help has no blank at the end of a line", text)
    tap.ok(status == 0 and len(names) > 15 and all(
        re.search(r"^  %s\b" % n, text, re.M) for n in names), "--help documents every command",
           text)
    makefile = (ROOT / "Makefile").read_text()
    targets = {n for n in names if n not in ("chapter", "lesson", "python", "prove")}
    rules = set(re.findall(r"^([a-z %-]+):(?!=)", makefile, re.M))
    rules = {word for rule in rules for word in rule.split()}
    tap.ok(targets <= rules and "chapter%" in rules, "every command is a target of make",
           targets - rules)
    said(tap, "--version", book.run("--version"), 0, "workbook ")
    said(tap, "no command", book.run(), 2, "usage: workbook COMMAND")
    said(tap, "from another folder", book.run("list", folder="/"), 0, "1.1")
    with tempfile.TemporaryDirectory() as empty:
        copied = shutil.copy(book.program, empty)
        done = subprocess.run([copied, "path"], cwd=empty, capture_output=True, check=False,
                              text=True)
        said(tap, "no workbook at all", (done.returncode, done.stderr), 2,
             "There is no workbook in this folder")


def play(tap, book):
    book.answer(PASSES)
    said(tap, "play lists the cases", book.run("play", "1.1"), 2, "Which case?", "reply-in-pieces")
    said(tap, "play hands over to the cases", book.run("play", "1.1", "--case", "plain", "--seed",
                                                       "9"), 0, "playing plain with seed 9")
    said(tap, "an unknown case is not played", book.run("play", "1.1", "--case", "plane"), 2,
         "Did you mean plain?")
    book.answer("int main(void) { return x; }\n")
    said(tap, "what does not compile is not played", book.run("play", "1.1", "--case", "plain"), 1,
         "does not compile", "alpha.c:1:", without=("playing",))


def doctor(tap, book):
    status, text = book.run("doctor")
    said(tap, "doctor", (status, text), 0, "ok compiler", "ok sanitizers", "ok make", "ok jansson",
         "terminal", "The tour and practice need one")
    for name in ("namespaces", "IPv6", "control groups", "ptrace"):
        tap.ok(re.search(r"^  (ok|--)    %s" % name, text, re.M), "doctor looks at " + name, text)
    text = book.run("doctor", COLUMNS="40")[1]
    lines = text.splitlines()
    tap.ok("  ok    sanitizers" in lines and max(map(len, lines)) <= 40 and
           " ".join(text.split()).count("ASan and UBSan find errors of memory") == 1,
           "doctor on a narrow screen breaks no word", text)
    with tempfile.TemporaryDirectory() as tools:
        for name in ("make", "sh", "pkg-config"):
            os.symlink(shutil.which(name), Path(tools) / name)
        said(tap, "doctor without a compiler", book.run("doctor", PATH=tools), 1,
             "FAIL compiler gcc does not run. sh common/setup.sh", "FAIL sanitizers",
             "Something that is needed is missing")
    said(tap, "doctor without a library", book.run("doctor", PKG_CONFIG_LIBDIR="/nonexistent"), 1,
         "FAIL libuv")


# ---- for contributors -------------------------------------------------------------------------


PATCHED = """/* First. */
int main(void)
{
    return 0;
}

int other(void)
{
    return 0;
}
"""
PATCH = """fails: plain reply-in-pieces half-close
Ends with 1.
--- alpha.c
+++ alpha.c
@@ -2,4 +2,4 @@
 int main(void)
 {
-    return 0;
+    return 1;
 }
"""


def prove(tap, book):
    book.put("solutions/01_socket/01_alpha/alpha.c", PATCHED)
    book.put("solutions/01_socket/01_alpha/wrong/five.patch", PATCH)
    status, text = book.run("prove", "1.1", "--seeds", "3")
    made = book.folder / "build/solutions/01_socket/01_alpha/wrong/five.c"
    tap.ok(made.read_text() == PATCHED.replace("    return 0;\n}\n", "    return 1;\n}\n", 1) and
           re.search(r"^ok \d+ - 1\.1 solutions/01_socket/01_alpha/wrong/five\.patch$", text, re.M),
           "a patch of the solution is proved as a wrong answer", text)
    made.unlink()
    (book.folder / "solutions/01_socket/01_alpha/wrong/five.patch").unlink()
    seeds = re.findall(r"^ok \d+ - 1\.1 solutions/01_socket/01_alpha/alpha\.c(?:, seed (\d+))?$",
                       text,
                       re.M)
    tap.ok(status == 0 and len(seeds) == 3 and seeds[:2] == ["", "2"] and seeds[2] not in ("", "2"),
           "a sound exercise is proved under three seeds, one of them new", text)
    numbers = [int(n) for n in re.findall(r"^ok (\d+) - ", text, re.M)]
    plan = re.search(r"^1\.\.(\d+)$", text, re.M)
    tap.ok(text.startswith("TAP version 13\n") and numbers == list(range(1, int(plan[1]) + 1)),
           "as TAP, in order", text)
    said(tap, "and with every processor busy", book.run("prove", "1.1", "--seeds", "1",
                                                        "--loaded"), 0,
         "wrong/copied.c")
    folder = "solutions/01_socket/01_alpha/"
    breaks = (
        ("a solution that fails", folder + "alpha.c", failing("plain"),
         "not ok 1 - 1.1 %salpha.c # plain: fail: The cause of plain" % folder),
        ("a solution with a warning", folder + "alpha.c", "int main(void) { int x; return 0; }\n",
         "unused variable"),
        ("a solution with another header", folder + "alpha.c", "#include <poll.h>\n" + PASSES,
         "poll.h"),
        ("a starter that earns points", "exercises/01_socket/01_alpha/alpha.c",
         failing("plain"), "# it earns 4 of 5 points"),
        ("a starter that does not compile", "exercises/01_socket/01_alpha/alpha.c", "x\n",
         "# it does not compile"),
        ("a wrong answer that fails too little", folder + "wrong/one.c",
         "/* fails: plain half-close */\n" + failing("plain"), "# half-close should have failed"),
        ("one that fails too much", folder + "wrong/one.c",
         "/* fails: plain */\n" + failing("plain", "half-close"),
         "# half-close should have passed"),
        ("one that names what is not there", folder + "wrong/one.c",
         "/* fails: plain plan */\n" + failing("plain"), "# there is no case plan"),
        ("one that names nothing", folder + "wrong/one.c", failing("plain"), "# its first line"),
        ("one that is not sure", folder + "wrong/one.c",
         "/* fails: plain (sometimes) */\n" + failing("plain"), "# its first line"),
        ("a copy that earns too much", folder + "wrong/copied.c",
         "/* fails: plain */\n" + failing("plain"),
         "# it earns 4 of 5 points, which is 40 % or more"),
        ("a patch that fails too much", folder + "wrong/five.patch",
         PATCH.replace("plain reply-in-pieces ", ""), "five.patch # plain should have passed"),
        ("a patch that does not apply", folder + "wrong/five.patch",
         PATCH.replace(" {", " }"),
         "wrong/five.patch # hunk 1, in line 5, does not apply: the lines that it replaces do not "
         "stand in the solution. Mend it by hand, or by \"make patches\""),
        ("a patch that could apply twice", folder + "wrong/five.patch",
         PATCH.replace("@@\n int main(void)\n {\n", "@@\n", 1),
         "# hunk 1, in line 5, does not apply: the lines that it replaces stand twice"),
        ("a patch whose hunks stand in another order", folder + "wrong/five.patch",
         PATCH + "@@ -1 +1 @@\n-/* First. */\n+/* Last. */\n",
         "# hunk 2, in line 11, does not apply: it stands behind a hunk of later lines"),
        ("a patch with a line that is none", folder + "wrong/five.patch",
         PATCH + "}\n", "# line 11 begins with none of blank, - and +"),
        ("a patch of nothing", folder + "wrong/five.patch",
         PATCH.partition("---")[0], '# it has no "--- FILE"'),
        ("a patch that names nothing", folder + "wrong/five.patch",
         PATCH.replace("fails: ", ""), "wrong/five.patch # its first line is not"),
        ("another solution that fails", folder + "other/else.c", failing("half-close"),
         "# half-close: fail"),
        ("a README.md without headers", "exercises/01_socket/01_alpha/README.md",
         (book.folder / "exercises/01_socket/01_alpha/README.md").read_text().replace("`", ""),
         "not ok 12 - 1.1 lists headers in its README.md"),
    )
    for what, name, text, wanted in breaks:
        file = book.folder / name
        before = file.read_text() if file.exists() else None
        book.put(name, text)
        said(tap, "prove finds " + what, book.run("prove", "1.1", "--seeds", "1"), 1, wanted)
        if before is None:
            file.unlink()
        else:
            file.write_text(before)
    said(tap, "prove finds cases that a program passes which does nothing",
         book.run("prove", "1.1", "--seeds", "1", FAKE_CASES="idle"), 1,
         "ends_with_0.c, seed 2 # it does nothing and earns 5 of 5 points, which is more than a "
         "tenth # it passes plain # it passes reply-in-pieces # it passes half-close ok ")
    book.put(folder + "alpha.c", failing("plain"))
    said(tap, "where the solution fails, nothing else is tried", book.run("prove", "1.1"), 1,
         "not ok 3 - 1.1 ", "# the solution fails; the rest was not tried 1..3",
         without=("wrong/", "ok 4"))
    book.put(folder + "alpha.c", PASSES)
    readme = book.folder / "exercises/01_socket/01_alpha/README.md"
    text = readme.read_text()
    said(tap, "cases without points are seen", book.run("prove", "1.1", "--seeds", "1",
                                                        FAKE_CASES="no-points"), 1,
         'not ok 11 - 1.1 has points, or its README.md says "no points"')
    readme.write_text(text.replace("Do it.", "Do it. There are no points."))
    said(tap, "and meant where the task says so", book.run("prove", "1.1", "--seeds", "1",
                                                           FAKE_CASES="no-points"), 0)
    readme.write_text(text)
    book.answer(PASSES)
    said(tap, "a list of headers", book.run("check", "1.1"), 0, without=("every header",))
    readme.write_text(text.replace("`", ""))
    book.answer("#include <poll.h>\n" + PASSES)
    said(tap, "without one it is said that all are allowed", book.run("check", "1.1"), 0,
         "5 of 5 points", "01_alpha/README.md lists nothing below Headers, so every header is al")
    readme.write_text(text)
    book.answer(PASSES)
    cases = readme.with_name("cases.c")
    cases.rename(cases.with_name("away"))
    status, text = book.run("prove", "1.1")
    tap.ok(status == 2 and text == "exercises/01_socket/01_alpha/cases.c is missing; it says what "
           "is checked\n", "without cases.c nothing is proved by what was once built from it", text)
    said(tap, "nor judged", book.run("check", "1.1"), 2, "01_alpha/cases.c is missing",
         without=("make first",))
    cases.with_name("away").rename(cases)
    (book.folder / folder / "wrong/four.c").unlink()
    said(tap, "prove counts the wrong answers", book.run("prove", "1.1", "--seeds", "1"), 1,
         "not ok 12 - 1.1 has five wrong answers")
    said(tap, "a harness that fails proves nothing", book.run("prove", "1.1",
                                                              FAKE_CASES="no-plan"), 1,
         "# there is no plan")


def record(tap, book):
    for name in ("plain.txt", "half-close.txt", "notes"):
        book.put("exercises/01_socket/01_alpha/expected/" + name, "x\n")
    said(tap, "record runs the solution", book.run("record", "1.1"), 0,
         "1.1: 4 cases passed; expected/ holds 2 of them")
    tap.ok((book.folder / "recorded").exists(), "and has the cases write")
    said(tap, "record of all", book.run("record"), 0, "1.1: 4 cases", "1.2: 4 cases")
    book.put("solutions/01_socket/01_alpha/alpha.c", failing("plain"))
    said(tap, "a solution that fails is no reference", book.run("record", "1.1"), 1, "FAIL")


# ---- when the harness fails -------------------------------------------------------------------


def faults(tap, book):
    book.answer(failing("plain"))
    modes = {"crash": "ended by signal 11", "no-plan": "there is no plan",
             "short": "4 of 5 cases were run", "nonsense": "line 5",
             "refuse": "exit status 2: no wire\\x1b[2J here", "lie": "exit status 0",
             "harness": "plain: no port is free", "flood": "more than 16 MiB"}
    for mode, why in modes.items():
        said(tap, "a harness that fails: " + mode, book.run("check", "1.1", FAKE_CASES=mode), 2,
             "The harness could not judge your program:", why, "not your program's fault",
             without=("\033",))
    tap.ok(not (book.folder / ".workbook/progress.json").exists(), "counts as no try")
    said(tap, "a list that is none", book.run("list", FAKE_CASES="no-list"), 0, "not built")
    cases = book.folder / "build/exercises/01_socket/01_alpha/cases"
    cases.rename(cases.with_name("away"))
    said(tap, "cases that are not there", book.run("check", "1.1"), 2, "run make first")
    cases.write_text("#!/nonexistent\n")
    cases.chmod(0o755)
    said(tap, "cases that cannot be run", book.run("check", "1.1"), 2, "could not judge",
         "no such file")
    cases.with_name("away").rename(cases)
    flags = book.folder / "build/student.flags"
    flags.rename(flags.with_name("away"))
    said(tap, "flags that are not there", book.run("check", "1.1"), 2, "student.flags is missing")
    flags.with_name("away").rename(flags)
    said(tap, "a compiler that is not there", book.run("check", "1.1", CC="/nonexistent/gcc"), 2,
         "the compiler cannot be started", "not your program's fault")


# ---- what can be wrong with an answer ---------------------------------------------------------


def compiler_has_the_last_word(tap, book):
    """Headers that are hidden from whoever reads the source, and what is more than C."""
    joined = ("#define JOIN(a, b) a##b\n#if JOIN(__has_, include)(</*>)\n#endif\n"
              "#include <poll.h>\n/* */\n" + PASSES)
    for compiler in ("gcc", "clang"):
        book.answer(joined)
        said(tap, "%s tells of a hidden header" % compiler,
             book.run("check", "1.1", CC=compiler), 1,
             "a header that is not allowed", "alpha.c includes /usr/include/poll.h.",
             "exercises/01_socket/01_alpha/README.md lists below Headers: stdio.h stdlib.h")
        book.answer("#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"
                    "#include <unistd.h>\n#include <signal.h>\n" + PASSES)
        said(tap, "%s tells of none, and what it tells is not shown" % compiler,
             book.run("check", "1.1", CC=compiler), 0, "5 of 5 points",
             without=("usr/include", "Multiple"))
    other = book.put("other_cc", "#!/bin/sh\ngcc \"$@\" 2>&1 | grep -v '^[.!x]' >&2\n")
    other.chmod(0o755)
    book.answer("#include <stdio.h>\n" + PASSES)
    said(tap, "a compiler that does not tell is no hindrance",
         book.run("check", "1.1", CC=str(other)), 0, "5 of 5 points")
    book.answer("#include <stdio.h>\n\n__asm__(\".incbin \\\"/etc/passwd\\\"\");\n" + PASSES)
    said(tap, "assembler", book.run("check", "1.1"), 1, "not plain C", "alpha.c:3 holds __asm__.",
         "An answer is plain C, without assembler.", without=("header", "points"))
    book.answer("#define JOIN(a, b) a##b\n#include <stdlib.h>\n"
                "__attribute__((JOIN(no_san, itize)(\"address\")))\n"
                "int main(void)\n{\n    char *p = malloc(3);\n    p[3] = 1;\n    free(p);\n"
                "    return 0;\n}\n")
    said(tap, "an order to the sanitizer in pieces is not followed", book.run("check", "1.1"),
         0, "answers_are_plain_c")


def answers(tap, book):
    judged = ("1.1", "The first exercise of this test")
    book.answer("int main(void)\n{\n    int unused;\n    return y;\n}\n")
    result = book.run("check", "1.1")
    said(tap, "what does not compile", result, 1, *judged, "does not compile",
         "alpha.c:4:12: error: ‘y’ undeclared", "alpha.c:3:9: warning", without=("answers/",))
    tap.ok(result[1].index("error:") < result[1].index("warning:"), "errors come first", result[1])
    book.answer("int foo(void);\nint main(void) { return foo(); }\n")
    said(tap, "what does not link", book.run("check", "1.1"), 1, "undefined reference to",
         without=("collect2", "answers/"))
    book.answer("int main(void) { int x; return 0; }\n")
    said(tap, "a warning is shown and no failure", book.run("check", "1.1"), 0,
         "It compiles; the compiler warns", "unused variable", "5 of 5 points")
    readme = book.folder / "exercises/01_socket/01_alpha/README.md"
    without = readme.read_text()
    readme.write_text(without.replace("`stdio.h`", "`stdio.h` `given.h`"))
    book.put("exercises/01_socket/01_alpha/given.h", '__asm__(".include \\"/dev/zero\\"");\n')
    book.answer('#include "given.h"\n')
    said(tap, "a compiler that does not end", book.run("check", "1.1", COMPILE_SECONDS="1"), 1,
         "does not compile", "still at work after 1 s, and was stopped")
    readme.write_text(without)
    book.answer("static char all[100 << 20] = {1};\n\nint main(void) { return all[1]; }\n")
    said(tap, "a program that would fill the disk", book.run("check", "1.1"), 1,
         "does not compile", "would take more than 64 MiB on the disk", without=("bug report",))
    book.answer("".join("int f%d(void) { return x%d; }\n" % (i, i) for i in range(100)))
    text = book.run("check", "1.1")[1]
    tap.ok(len(text.splitlines()) < 60 and "more messages" in text, "a flood of errors is cut",
           text)
    book.answer("#error \033]0;title\a\n")
    said(tap, "an error message is harmless", book.run("check", "1.1"), 1, "\\x1b]0;title",
         without=("\033", "\a"))
    book.answer("#include <stdio.h>\n\n#include <poll.h>\n" + PASSES)
    said(tap, "a header that is not allowed", book.run("check", "1.1"), 1,
         "a header that is not allowed", "alpha.c:3 includes <poll.h>.",
         "exercises/01_socket/01_alpha/README.md lists below Headers: stdio.h stdlib.h")
    book.put("exercises/01_socket/01_alpha/given.h", "enum { GIVEN = 0 };\n")
    book.answer('#include "given.h"\nint main(void) { return GIVEN; }\n')
    said(tap, "a header of the exercise that is not listed", book.run("check", "1.1"), 1,
         'alpha.c:1 includes "given.h".')
    readme.write_text(without.replace("`stdio.h`", "`stdio.h` `given.h`"))
    said(tap, "one that is given and listed", book.run("check", "1.1"), 0, "5 of 5 points")
    own = book.put("answers/01_socket/01_alpha/given.h", "enum { GIVEN = 0 };\n")
    said(tap, "a file of the learner's own in its place", book.run("check", "1.1"), 1,
         "alpha.c includes answers/01_socket/01_alpha/given.h, which is neither",
         "a header that is not allowed")
    own.unlink()
    readme.write_text(without)
    compiler_has_the_last_word(tap, book)
    book.alpha.write_bytes(b"int main(void)\n{\0}\n")
    said(tap, "a NUL byte", book.run("check", "1.1"), 2, "holds a NUL byte in line 2")
    book.alpha.write_bytes(PASSES.encode("utf-16"))
    said(tap, "UTF-16", book.run("check", "1.1"), 2, "is UTF-16 text. Save it as UTF-8.")
    book.alpha.write_bytes(b"/* caf\xe9 */\n" + PASSES.encode())
    said(tap, "text that is not UTF-8", book.run("check", "1.1"), 0,
         "Line 1 of %s is not UTF-8 text" % ALPHA, "5 of 5 points")
    book.alpha.write_bytes(b"")
    said(tap, "an empty file", book.run("check", "1.1"), 1, "does not compile",
         "undefined reference to")
    book.alpha.write_bytes(b"/*" + b" " * (1 << 20) + b"*/")
    said(tap, "a huge file", book.run("check", "1.1"), 2, "is larger than 1 MiB")
    elsewhere = book.put("elsewhere.c", PASSES)
    book.alpha.unlink()
    book.alpha.symlink_to(elsewhere)
    said(tap, "a symbolic link is followed", book.run("check", "1.1"), 0, "5 of 5 points")
    elsewhere.unlink()
    said(tap, "one that leads nowhere", book.run("check", "1.1"), 2, "is a symbolic link to",
         "No such file")
    book.alpha.unlink()
    os.mkfifo(book.alpha)
    said(tap, "a pipe is not waited for", book.run("check", "1.1"), 2, "is not a regular file")
    book.alpha.unlink()
    book.alpha.mkdir()
    said(tap, "a folder in the answer's place", book.run("check", "1.1"), 2,
         "is a folder, not a file", "Move it away")
    book.alpha.rmdir()
    shutil.rmtree(book.folder / "answers")
    book.put("answers", "a file\n")
    said(tap, "a file where the folder should be", book.run("check", "1.1"), 2, "answers")
    tap.ok((book.folder / "answers").read_text() == "a file\n", "is left alone")


# ---- what can be wrong with the machine -------------------------------------------------------


def kept(tap, book):
    book.answer(PASSES)
    book.put(".workbook/progress.json", "{\"exercises\": ")
    said(tap, "a broken progress file", book.run("check", "1.1"), 0, "Your progress cannot be read",
         "kept as .workbook/progress.json.1", "5 of 5 points")
    tap.ok((book.folder / ".workbook/progress.json.1").read_text() == "{\"exercises\": " and
           progress(book)["passed"], "is set aside, and a new one begun")
    shutil.rmtree(book.folder / ".workbook")
    book.put(".workbook", "a file\n")
    said(tap, "progress that cannot be saved", book.run("check", "1.1"), 0,
         "Your progress cannot be saved: .workbook", "5 of 5 points")
    (book.folder / ".workbook").unlink()


def as_nobody(book, *words):
    """Runs as a user who may not write to the workbook, unless we are one already."""
    user = {"user": 65534, "group": 65534, "extra_groups": []} if os.getuid() == 0 else {}
    done = subprocess.run([str(book.program), *words], cwd=book.folder, env=environment_of(),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False,
                          stderr=subprocess.STDOUT, text=True, **user)
    return done.returncode, done.stdout


def read_only(tap, book):
    folders = [p for p in book.folder.rglob("*") if p.is_dir()] + [book.folder]
    book.folder.parent.chmod(0o755)
    for folder in folders:
        folder.chmod(0o555)
    said(tap, "a read-only workbook cannot open an answer", as_nobody(book, "check", "1.1"), 2,
         "Your answer cannot be opened: answers: Permission denied.")
    said(tap, "but shows the path", as_nobody(book, "path"), 0, "0 of 2 exercises")
    said(tap, "and gives hints, which it cannot count", as_nobody(book, "hint", "1.1"), 0,
         "The first hint", "Your progress cannot be saved")
    for folder in folders:
        folder.chmod(0o755)
    book.answer("mine\n")
    book.alpha.parent.chmod(0o555)
    said(tap, "a read-only answer is not reset", as_nobody(book, "reset", "1.1"), 2,
         "Nothing was reset, your answer is as it was")
    tap.ok(book.alpha.read_text() == "mine\n" and len(list(book.alpha.parent.iterdir())) == 1,
           "and stays what it was")
    book.alpha.parent.chmod(0o755)
    book.alpha.chmod(0)
    said(tap, "an answer that may not be read", as_nobody(book, "check", "1.1"), 2,
         "alpha.c: Permission denied")
    book.alpha.chmod(0o644)


def full_disk(tap, book):
    """The workbook's answers and build on a file system that is full, in a mount namespace."""
    script = """set -e
mount -t tmpfs -o size=%s none answers
mkdir -p answers/01_socket/01_alpha
[ -z "$MINE" ] || printf '%%s' "$MINE" > answers/01_socket/01_alpha/alpha.c
cat /dev/zero > answers/filler 2>/dev/null || true
[ "$(stat -f -c %%a answers)" = 0 ]
set +e
build/workbook "$@"
echo "[$?]"
cat answers/01_socket/01_alpha/alpha.c; ls answers/01_socket/01_alpha
"""
    (book.folder / "answers").mkdir(exist_ok=True)

    def full(*words, mine=""):
        done = subprocess.run(["unshare", "-rm", "sh", "-c", script % "64k", "sh", *words],
                              cwd=book.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, env=environment_of(MINE=mine), check=False)
        return done.returncode, done.stdout

    if subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"], check=False,
                      capture_output=True).returncode != 0:
        tap.ok(os.environ.get("CI") != "true", "a full disk # SKIP no mount namespace here")
        return
    said(tap, "a full disk cannot open an answer", full("check", "1.1"), 0,
         "Your answer cannot be opened", "No space left on device", "[2]")
    status, text = full("reset", "1.1", mine="mine, and it stays mine")
    said(tap, "a full disk resets nothing", (status, text), 0,
         "Nothing was reset, your answer is as it was", "No space left", "[2]",
         "mine, and it stays mine")
    tap.ok(text.splitlines()[-1].endswith("alpha.c") and "alpha.c." not in text.splitlines()[-1],
           "and leaves nothing behind", text)
    with tempfile.TemporaryDirectory() as build:
        script = script.replace("none answers", "none build/answers").replace(
            "answers/filler", "build/answers/filler").replace("%%a answers", "%%a build/answers"
            ).replace("mkdir -p answers/01_socket/01_alpha", ":").replace("[ -z", "true || [ -z")
        (book.folder / "build/answers").mkdir(exist_ok=True)
        book.answer(PASSES)
        said(tap, "a full disk while compiling is not the answer's fault", full("check", "1.1"), 0,
             "[2]", "could not judge", "No space left on device" if build == "" else "",
             without=("does not compile",))
    book.run("check", "1.1")  # makes the folder
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", "mount --bind build/answers build/answers && "
         "mount -o remount,ro,bind build/answers && build/workbook check 1.1"], cwd=book.folder,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment_of(),
        check=False)
    said(tap, "neither is a folder that is read-only", (done.returncode, done.stdout), 2,
         "may not write into the folder", "not your program's fault", without=("does not compile",))


def outputs(tap, book):
    book.answer(failing("plain", "reply-in-pieces"))
    for columns in (20, 40, 79):
        for words in (("check", "1.1"), ("list",), ("hint", "1.1"), ("grade",), ("--help",),
                      ("check", "9.9"), ("solution", "1.1")):
            _, text = book.run(*words, COLUMNS=str(columns))
            wide = [line for line in text.splitlines() if len(line) > columns]
            tap.ok(not wide, "%s in %d columns" % (" ".join(words), columns), "\n".join(wide))
    for target in ("/dev/full", None):
        out = open(target, "w") if target else None
        done = subprocess.run([str(book.program), "list"], cwd=book.folder, stdout=out,
                              stderr=subprocess.PIPE, text=True, env=environment_of(), check=False,
                              preexec_fn=None if target else lambda: os.close(1))
        tap.ok(done.returncode == 1 and "standard output" in done.stderr,
               "output that goes nowhere is told: %s" % (target or "closed"), done)
        if out:
            out.close()
    first = subprocess.run("%s --help | head -n 1" % book.program, shell=True, capture_output=True,
                           text=True, check=False)
    tap.ok(first.stdout == "usage: workbook COMMAND [ARGUMENTS]\n", "a reader that leaves early",
           first)
    said(tap, "practice without a terminal", book.run("practice", "1.1"), 1,
         "practice needs a terminal; here is one verdict instead.", "2 of 5 points")


# ---- being ended ------------------------------------------------------------------------------


def await_true(what):
    limit = time.monotonic() + LIMIT
    while not what():
        if time.monotonic() > limit:
            return False
        time.sleep(0.005)  # between two looks at /proc
    return True


def signals(tap, book):
    book.answer(HANGS)
    runs = [("check", "1.1"), ("check",), ("grade",), ("prove", "1.1", "--loaded")]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        for words in runs if number == signal.SIGINT else runs[:1]:
            mark = "RUNNER_TEST=%d.%d.%s" % (os.getpid(), number, words[0])
            mode = "hang" if words[0] == "prove" else ""
            process = subprocess.Popen(
                [str(book.program), *words], cwd=book.folder, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment_of(FAKE_CASES=mode, **dict([mark.split("=")])))
            begun = await_true(lambda: any("alpha plain" in p or (mode and "--program" in p)
                                           for p in processes_marked(mark)))
            process.send_signal(number)
            status = process.wait(LIMIT)
            left = processes_marked(mark)
            tap.ok(begun and status == -number and left == [],
                   "%s ends %s and all it started" % (signal.Signals(number).name, " ".join(words)),
                   "begun %s, status %s, left %s" % (begun, status, left))
            for p in left:
                print("# left:", p)
    tap.ok(not (book.folder / ".workbook").exists(), "and no progress was made of it")
    mark = "RUNNER_TEST=%d.escape" % os.getpid()
    book.answer(PASSES)
    result = book.run("check", "1.1", FAKE_CASES="escape", **dict([mark.split("=")]))
    tap.ok(result[0] == 0 and processes_marked(mark) == [],
           "a process that left its session is ended as well", processes_marked(mark))


def side_by_side(tap, book):
    book.answer(PASSES)
    book.put(book.beta, PASSES)
    runs = [subprocess.Popen([str(book.program), "check", e], cwd=book.folder,
                             stdout=subprocess.DEVNULL, env=environment_of())
            for e in ("1.1", "1.2", "1.1", "1.2")]
    tap.ok([r.wait(LIMIT) for r in runs] == [0] * 4, "four checks side by side")
    tap.ok(progress(book, "1.1")["passed"] and progress(book, "1.2")["passed"],
           "and the progress of all of them is kept")
    left = [p.name for p in (book.folder / "build/answers").rglob("*.new")]
    tap.ok(left == [], "nothing half-made is left in build/", left)


# ---- the same with a real harness -------------------------------------------------------------

FETCH_FIRST = "01_socket/02_fetch_first"
WILD = {  # what it does: the answer, the case it is judged by, and what is said of it
    "never ends": ("int main(void) { for (;;) ; }\n", "still running after"),
    "sleeps": ("#include <unistd.h>\nint main(void) { return pause(); }\n", "Still in pause()"),
    "floods its output": (
        "#include <stdio.h>\nint main(void) { for (;;) puts(\"xxxxxxxxxxxxxxxx\"); }"
                          "\n", "printed more than"),
    "forks without end": ("#include <unistd.h>\nint main(void) { for (;;) fork(); }\n",
                          "processes without end"),
    "eats memory": ("#include <stdlib.h>\n#include <string.h>\nint main(void)\n{\n    for (;;) {\n"
                    "        char *p = malloc(1 << 20);\n        if (p != NULL)\n"
                    "            memset(p, 1, 1 << 20);\n    }\n}\n", "memory"),
    "crashes": ("int main(void) { return *(volatile int *)0; }\n", "null pointer"),
    "exits at once": ("int main(void) { return 0; }\n",
                      "ended with status 0 while the harness waited"),
}
EARLY = "\n__attribute__((constructor)) static void early(void)\n{\n    %s\n}\n"


def real(tap, book):
    """Exercise 1.2 as it is, with its own cases: no program does more than fail a case."""
    shutil.copytree(ROOT / "exercises" / FETCH_FIRST, book.folder / "exercises" / FETCH_FIRST,
                    dirs_exist_ok=True)
    shutil.rmtree(book.folder / "exercises/01_socket/02_beta")
    cases = book.folder / "build/exercises" / FETCH_FIRST
    cases.mkdir(parents=True)
    shutil.copy(ROOT / "build/exercises" / FETCH_FIRST / "cases", cases)
    shutil.copy(ROOT / "build/libwire.so", book.folder / "build")
    shutil.copy(ROOT / "build/student.flags", book.folder / "build")
    answer = "answers/%s/fetch_first.c" % FETCH_FIRST
    solution = (ROOT / "solutions" / FETCH_FIRST / "fetch_first.c").read_text()
    mark = "RUNNER_TEST=%d.real" % os.getpid()
    temporary = Path(tempfile.mkdtemp(prefix="t"))

    def judge(text, *words):
        book.put(answer, text)
        return book.run("check", "1.2", *words, TMPDIR=str(temporary),
                        **dict([mark.split("=")]))

    said(tap, "the solution of 1.2", judge(solution), 0, "Every case passes.")
    for what, (text, wanted) in WILD.items():
        said(tap, "a program that %s" % what, judge(text, "--case", "reply"), 1,
             "FAIL one server, one reply", wanted, "again make check E=1.2 CASE=reply")
        left = processes_marked(mark)
        tap.ok(left == [], "nothing of it is left", left)
    said(tap, "a program that prints NUL bytes, no UTF-8 and escapes",
         judge(solution + EARLY % r'(void)!write(1, "\0\xff\x1b[2J", 6);', "--case", "reply"), 1,
         "Expected", r"Got \0\xff\x1b[2J", without=("\033", "\0"))
    said(tap, "a program that closes its standard output",
         judge(solution + EARLY % "(void)close(1);", "--case", "reply"), 1,
         "FAIL one server, one reply")
    said(tap, "one that writes what a pass would look like",
         judge("#include <stdio.h>\n#include <stdlib.h>\n" + EARLY.replace("static ", "") %
               r'puts("TAP version 13\n1..1\nok 1 - reply"); fflush(stdout); _Exit(0);' +
               "int main(void) { return 0; }\n", "--case", "reply"), 1, "0 of 1 point")
    for words, text in ((("play", "1.2", "--case", "reply"), solution),
                        (("check", "1.2", "--case", "reply"), WILD["never ends"][0])):
        book.put(answer, text)
        process = subprocess.Popen([str(book.program), *words], cwd=book.folder,
                                   stdout=subprocess.DEVNULL, env=environment_of(
                                       TMPDIR=str(temporary), **dict([mark.split("=")])))
        begun = await_true(lambda: list(temporary.glob("wb-*/workbook-*")))
        process.send_signal(signal.SIGINT)
        status = process.wait(LIMIT)
        tap.ok(begun and status == -signal.SIGINT and processes_marked(mark) == [],
               "%s is ended by SIGINT" % words[0],
               "begun %s, status %s, left %s" % (begun, status, processes_marked(mark)))
    tap.ok(list(temporary.iterdir()) == [], "no file of all this is left behind",
           list(temporary.rglob("*")))
    shutil.rmtree(temporary)


def main():
    tap = Tap()
    tests = (path, check, check_parts, hints, reset, solution, list_and_grade, course, program,
             play,
             doctor, prove, record, faults, answers, kept, read_only, full_disk, outputs, signals,
             side_by_side, real)
    chosen = [t for t in tests if t.__name__ in sys.argv[1:]] or tests
    for test in chosen:
        with tempfile.TemporaryDirectory() as folder:
            test(tap, Workbook(Path(folder) / "workbook"))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
