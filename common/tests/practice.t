#!/usr/bin/python3 -B
"""practice, driven as a person drives it: saves and keys in, the screen out.

Works on a small workbook of its own, whose cases are common/tests/fake_cases.
"""
import os
import re
import signal
import sys
import tempfile
import traceback
from pathlib import Path

from scratch import HANGS, PASSES, STARTER, Workbook, failing
from tap import Tap
from terminal import Lost, Terminal

CTRL_C, CTRL_D, CTRL_Z, ENTER, TAB = "\x03", "\x04", "\x1a", "\r", "\t"
KEYS = "[n]ext [p]rev [l]ist [h]int [e]dit [y]play [r]eset [s]olution [q]uit"
ALPHA = "answers/01_socket/01_alpha/alpha.c"


def practice(book, *words, **more):
    return Terminal(book.folder, str(book.program), "practice", *words, **more)


def leave(tap, t, what, keys="q", status=0):
    """Ends practice by keys; nothing may be left of it."""
    t.send(keys)
    got = t.end()
    left = t.processes()
    tap.ok(got == status and t.is_restored() and left == [], what + ": nothing is left",
           "status %s, left %s, mode %s, before %s\n%s" % (got, left, t.mode(), t.before, t.text()))
    t.close()


def save(book, text, how="rename"):
    """What editors do: write in place, or beside and rename, or away with the old one first."""
    if how == "in place":
        with open(book.alpha, "w") as file:
            file.truncate()
            file.flush()
            file.write(text)
    elif how == "rename":
        beside = book.put(str(book.alpha) + "~new", text)
        beside.rename(book.alpha)
    else:
        book.alpha.rename(str(book.alpha) + "~")
        book.put(book.alpha, text)


def saves(tap, book):
    t = practice(book, rows=60)
    t.expect("Opened %s from its starter." % ALPHA, "1.1 The first exercise of this test",
             "0 of 5 points", "The cause of plain", "1.1 · 0/5 · ", " s", KEYS)
    tap.ok(book.alpha.read_text() == STARTER, "practice opens the first exercise")
    for how in ("in place", "rename", "backup"):
        save(book, failing("half-close") + "/* %s */\n" % how, how)
        t.expect("3 of 5 points", "The cause of half-close", "1.1 · 3/5", without=("Opened",))
        save(book, PASSES + "/* %s */\n" % how, how)
        t.expect("5 of 5 points", "1.1 · 5/5", without=("FAIL",))
        tap.ok(True, "a save gives a verdict: " + how)
    save(book, "int main(void) { return x; }\n")
    t.expect("does not compile", "alpha.c:1:25: error: ‘x’ undeclared", KEYS)
    save(book, "#include <poll.h>\n" + PASSES)
    t.expect("alpha.c:1 includes <poll.h>.")
    book.alpha.unlink()
    t.expect("your file is gone")
    save(book, PASSES)
    t.expect("5 of 5 points", "1.1 · 5/5")
    before = t.bytes.count(b"judging")
    (book.alpha.parent / "other.c").write_text("another file\n")
    os.utime(book.alpha)
    save(book, PASSES)
    t.send("h").expect("hint 1 of 3")
    t.send(ENTER).expect("5 of 5 points")  # all that was seen by now
    save(book, failing("plain"))
    t.expect("4 of 5 points", "1.1 · 4/5")
    tap.ok(t.bytes.count(b"judging") == before + 1, "another file or the same text is no save",
           t.bytes)
    leave(tap, t, "q")


def judging(tap, book):
    """A save while a verdict is under way."""
    book.answer(HANGS)
    t = practice(book, "1.1", rows=60)
    t.await_true(lambda: any("alpha plain" in p for p in t.processes()), "the program")
    t.expect("1.1 · judging")
    save(book, failing("plain"))
    t.expect("4 of 5 points")
    tap.ok(not any("alpha plain" in p for p in t.processes()),
           "a save ends the verdict under way and judges anew", t.processes())
    for i in range(20):
        save(book, failing("plain", "x%d" % i), "in place" if i % 2 else "rename")
    save(book, PASSES)
    t.expect("5 of 5 points", "1.1 · 5/5")
    tap.ok(True, "of many saves the last one counts")
    save(book, HANGS)
    t.await_true(lambda: any("alpha plain" in p for p in t.processes()), "the program")
    t.send("n").expect("1.2 Another one", "0 of 5 points", "1.2 · 0/5")
    tap.ok(not any("alpha" in p.split()[0] for p in t.processes()),
           "leaving for another exercise ends it too", t.processes())
    before = len(t.bytes)
    save(book, failing("plain"))
    t.send("l").expect("opened", "1.2 · 0/5", KEYS)
    tap.ok(b"\xc2\xb7 judging" not in t.bytes[before:],
           "an exercise that was left is no longer watched", t.bytes[before:])
    leave(tap, t, "q")
    for keys, what in ((CTRL_C, "Ctrl-C"), (CTRL_D, "Ctrl-D"), ("q", "q")):
        save(book, HANGS)
        t = practice(book, "1.1")
        t.await_true(lambda: any("alpha plain" in p for p in t.processes()), "the program")
        leave(tap, t, what + " while judging", keys, -signal.SIGINT if keys == CTRL_C else 0)


def keys(tap, book):
    book.answer(failing("reply-in-pieces", "half-close"))
    t = practice(book, "1.1", rows=60)
    t.expect("The cause of reply-in-pieces", "FAIL server half-closes", "Tab shows the next",
             without=("The cause of half-close",))
    t.send(TAB).expect("The cause of half-close", without=("The cause of reply",))
    t.send(TAB).expect("The cause of reply-in-pieces", without=("The cause of half-close",))
    tap.ok(True, "Tab goes through the failed cases")
    t.resize(80, 24)
    os.kill(t.pid, signal.SIGWINCH)
    t.expect("Enter shows the whole report").send(ENTER).expect("Enter shows the short report, Tab")
    t.send(TAB).expect("The cause of half-close", "Enter shows the whole report",
                       without=("The cause of reply",))
    t.send("y").expect("playing half-close").send(CTRL_C).expect("The cause of half-close", KEYS)
    tap.ok(True, "Tab in the whole report shows the case that y then plays")
    t.send(TAB).expect("The cause of reply-in-pieces", without=("The cause of half-close",))
    t.resize(80, 60)
    os.kill(t.pid, signal.SIGWINCH)
    t.send("h").expect("1.1 hint 1 of 3", "The first hint of alpha", "Enter goes back")
    t.send("h").expect("hint 2 of 3").send(ENTER).expect("The cause of reply", without=("hint 2",))
    tap.ok(True, "h shows hints, Enter goes back")
    t.send("l").expect("1.1 The first exercise of this test opened 1/6 points",
                       "1.2 Another one 0/6 points")
    t.send("h").expect("hint 3 of 3")
    save(book, failing("plain"))
    t.expect("The cause of plain", without=("hint 3",))
    tap.ok(True, "l lists; a save brings the report back")
    t.send("s").expect("The solution of 1.1 shows after a pass, or after five tries.",
                       "2 tries").send(ENTER).expect("The cause of plain")
    tap.ok(True, "s keeps to the rule")
    t.send("p").expect("This is the first exercise.").send("n")
    t.expect("1.2 Another one", "0 of 5 points", "Opened answers/01_socket/02_beta/beta.c")
    t.send("n").expect("This is the last exercise.").send("p").expect("4 of 5 points", "1.1 · 4/5")
    tap.ok(True, "n and p move, and say where it ends")
    t.send("r").expect("Put the starter back?").send("n").expect(KEYS, "4 of 5 points")
    tap.ok(book.alpha.read_text() == failing("plain"), "r asks, and takes no for an answer")
    t.send("ry").expect("is the starter again.", "alpha.c.1.", "0 of 5 points", "1.1 · 0/5")
    tap.ok(book.alpha.read_text() == STARTER and
           Path(str(book.alpha) + ".1").read_text() == failing("plain"), "r resets after a yes")
    t.send("x\x1b[A\x1b[15~\x1bOP\xc3").send("h").expect("hint 1 of 3, once more")
    tap.ok(t.status is None, "other keys mean nothing")
    save(book, PASSES)
    t.expect("5 of 5 points").send("y").expect("There is no failed case to play.")
    t.send("s").expect("int main(void)", "return 0;")
    tap.ok(True, "a pass stays where it is, and opens the solution")
    leave(tap, t, "q")


def editor(tap, book):
    book.answer(failing("plain"))
    script = book.put("editor", """#!/bin/sh
stty -a | grep -q ' icanon' && stty -a | grep -q ' echo' && echo the usual mode
stty raw
echo "editing $1"
read -r line < /dev/tty
printf '%s' "$TEXT" > "$1"
""")
    script.chmod(0o755)
    t = practice(book, "1.1", rows=60, EDITOR=str(script), TEXT=PASSES)
    t.expect("The cause of plain").send("e").expect("the usual mode", "editing " + ALPHA,
                                                    without=("FAIL",))
    t.send("\n").expect("5 of 5 points", KEYS)
    tap.ok(True, "e lends the terminal to the editor, and judges what it saved")
    t.send("h").expect("hint 1 of 3")
    tap.ok(True, "keys work again behind it")
    leave(tap, t, "after an editor that left the terminal raw")
    t = practice(book, "1.1", EDITOR="/nonexistent/editor")
    t.expect("5 of 5 points").send("e").expect("The editor could not be started. Set EDITOR")
    leave(tap, t, "an editor that is not there")
    waits = "sh -c 'echo waiting; exec sleep 1000'"
    t = practice(book, "1.1", EDITOR=waits)
    t.expect("5 of 5 points").send("e").expect("waiting").send(CTRL_C)
    t.expect("5 of 5 points", KEYS)
    tap.ok(t.status is None, "Ctrl-C in an editor is the editor's")
    t.send("e").expect("waiting", without=("points",))
    os.kill(t.pid, signal.SIGTERM)
    leave(tap, t, "SIGTERM while an editor runs", "", -signal.SIGTERM)


def play(tap, book):
    book.answer(failing("reply-in-pieces", "half-close"))
    t = practice(book, "1.1", rows=60)
    t.expect("The cause of reply-in-pieces").send(TAB).expect("The cause of half-close").send("y")
    t.expect("playing half-close with seed 1", without=("FAIL",))
    t.send(CTRL_C).expect("The cause of half-close", KEYS)
    tap.ok(not any("--play" in p for p in t.processes()), "y plays the case that is told of, "
           "and Ctrl-C ends that alone")
    leave(tap, t, "q")
    t = Terminal(book.folder, str(book.program), "play", "1.1", "--case", "plain")
    t.expect("playing plain")
    leave(tap, t, "play, ended by Ctrl-C", CTRL_C)


def widths(tap, book):
    book.answer(failing("reply-in-pieces", "half-close"))
    hints = ("The first hint", "The second hint", "The third hint")
    for columns, hint in zip((80, 40, 20), hints):
        t = practice(book, "1.1", columns=columns, rows=50)
        t.expect("The cause of reply-in-pieces", "1 of 5 points", KEYS, "1.1 · 1/5")
        t.send("h").expect(hint).send("l").expect("Another one").send(ENTER)
        t.expect("The cause of reply-in-pieces")
        wide = [line for frame in t.bytes.decode().split("\x1b[H\x1b[2J")[1:]
                for line in re.sub(r"\x1b\[[0-9;]*m", "", frame).split("\r\n")
                if len(line) > columns]
        tap.ok(not wide, "no line is wider than %d columns" % columns, "\n".join(wide))
        leave(tap, t, "q in %d columns" % columns)
    t = practice(book, "1.1", columns=80, rows=24)
    t.expect("The cause of reply-in-pieces", "Enter shows the whole report", KEYS)
    tap.ok(t.screen.display[0].startswith("1.1  The first exercise"),
           "a report that is too long is cut to the screen", t.text())
    t.send(ENTER).expect("Enter shows the short report", "make hint E=1.1")
    t.send(ENTER).expect("Enter shows the whole report", "The cause of reply-in-pieces")
    t.resize(40, 60)
    os.kill(t.pid, signal.SIGWINCH)
    t.expect("The cause of reply-in-pieces", "make hint E=1.1", KEYS,
             without=("Enter shows the whole report",))
    tap.ok("[e]dit\n[y]play" in t.text(), "another size is drawn anew", t.text())
    leave(tap, t, "q after a change of size")
    t = practice(book, "1.1", NO_COLOR="1")
    t.expect("The cause of reply-in-pieces", KEYS)
    tap.ok(b"\x1b[3" not in t.bytes and b"\x1b[1m" not in t.bytes, "NO_COLOR is honoured", t.bytes)
    leave(tap, t, "q without colour")


def signals(tap, book):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        book.answer(HANGS)
        t = practice(book, "1.1")
        t.await_true(lambda: any("alpha plain" in p for p in t.processes()), "the program")
        os.kill(t.pid, number)
        leave(tap, t, signal.Signals(number).name + " while judging", "", -number)
    book.answer(PASSES)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        t = practice(book, "1.1")
        t.expect("5 of 5 points")
        os.kill(t.pid, number)
        leave(tap, t, signal.Signals(number).name, "", -number)
    book.answer(HANGS)
    t = practice(book, "1.1")
    t.await_true(lambda: any("alpha plain" in p for p in t.processes()), "the program")
    os.close(t.slave)
    os.close(t.master)  # the terminal itself goes away
    t.master, t.slave = os.pipe()
    status = t.end()
    tap.ok(status != 0 and t.processes() == [], "a terminal that goes away: nothing is left",
           "status %s, left %s" % (status, t.processes()))
    t.close()


def stopping(tap, book):
    """Ctrl-Z and fg in a real shell, and under make as learners start it."""
    book.answer(failing("plain"))
    book.put("Makefile", "practice:\n\t@build/workbook practice 1.1\n")
    for command in ("build/workbook practice 1.1", "make -j2 practice"):
        t = Terminal(book.folder, "bash", "--norc", "-i", rows=60, PS1="shell> ")
        t.expect("shell>")
        t.send(command + "\r").expect("The cause of plain", KEYS)
        t.send(CTRL_Z).expect("Stopped", "shell>")
        t.send("echo it is $((6 * 7))\r").expect("it is 42")
        tap.ok(t.mode()[1] == 0, "Ctrl-Z gives the terminal back: " + command)
        save(book, failing("half-close"))
        t.send("fg\r").expect("The cause of half-close", KEYS, without=("it is 42",))
        tap.ok(True, "fg goes on, and what was saved meanwhile is judged: " + command)
        save(book, failing("plain"))
        t.expect("The cause of plain").send("q").expect("shell>")
        t.send("printf say; echo ' now'; read x; echo got \"$x\"\r").expect("say now")
        t.send("a line\r").expect("got a line")
        tap.ok(not any("workbook" in p for p in t.processes()),
               "the shell reads as before: " + command, t.processes())
        t.send("exit\r")
        t.end()
        t.close()
    t = Terminal(book.folder, "make", "practice", rows=60)
    t.expect("The cause of plain", KEYS).send(CTRL_C)
    t.end()
    tap.ok(t.is_restored() and t.processes() == [], "Ctrl-C under make", t.processes())
    t.close()


def polling(tap, book):
    book.answer(failing("plain"))
    t = practice(book, "1.1", WORKBOOK_POLL="1")
    t.expect("The cause of plain", "looking twice a second")
    save(book, PASSES)
    t.expect("5 of 5 points")
    tap.ok(True, "where changes are not announced, practice looks itself and says so")
    leave(tap, t, "q while polling")
    t = practice(book, "1.1")
    t.expect("5 of 5 points", without=("looking twice",))
    away = book.alpha.parent.with_name("away")
    book.alpha.parent.rename(away)
    t.expect("your file is gone")
    save(book, failing("half-close"), "in place") if book.alpha.parent.exists() else \
        book.answer(failing("half-close"))
    t.expect("The cause of half-close")
    save(book, PASSES)
    t.expect("5 of 5 points", without=("looking twice",))
    tap.ok(True, "a folder that was replaced is watched again")
    leave(tap, t, "q")


def trouble(tap, book):
    t = practice(book, "9.9")
    t.expect("There is no exercise 9.9.")
    tap.ok(t.end() == 2 and t.is_restored(), "an unknown exercise")
    t.close()
    book.alpha.mkdir(parents=True)
    t = practice(book, "1.1")
    t.expect("is a folder, not a file.", KEYS)
    book.alpha.rmdir()
    book.answer(PASSES)
    t.expect("5 of 5 points")
    tap.ok(True, "a folder in the answer's place is told, and mended while practice runs")
    leave(tap, t, "q")
    t = practice(book, "1.1", FAKE_CASES="no-plan")
    t.expect("The harness could not judge your program: there is no plan.",
             "not your program's fault", KEYS)
    leave(tap, t, "a harness that fails")
    (book.folder / ".workbook/progress.json").unlink(missing_ok=True)
    for part in (book.folder / ".workbook").glob("*"):
        part.unlink()
    (book.folder / ".workbook").rmdir()
    book.put(".workbook", "a file\n")
    book.answer(failing("plain"))
    t = practice(book, "1.1", rows=60)
    t.expect("The cause of plain", "Your progress cannot be saved", KEYS)
    tap.ok(True, "progress that cannot be saved is told once")
    leave(tap, t, "q")


def main():
    tap = Tap()
    tests = (saves, judging, keys, editor, play, widths, signals, stopping, polling, trouble)
    chosen = [t for t in tests if t.__name__ in sys.argv[1:]] or tests
    for test in chosen:
        with tempfile.TemporaryDirectory() as folder:
            try:
                test(tap, Workbook(Path(folder) / "workbook"))
            except (Lost, OSError):
                tap.ok(False, test.__name__, traceback.format_exc())
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
