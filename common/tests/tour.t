#!/usr/bin/python3 -B
"""The tour, driven as a person drives it: through a pseudo-terminal, by what is on the screen.

Works on a small workbook of its own: two lessons of common/tests/lessons with chapter 1's real
programs. Nothing here waits for a time to pass: every wait is for a text, a process or an end.
"""
import os
import re
import shutil
import signal
import sys
import tempfile
import termios
from pathlib import Path

from tap import Tap, run
from terminal import Lost, Terminal

ROOT = Path(__file__).resolve().parents[2]
ENTER, CTRL_C, CTRL_D, CTRL_Z, LEFT = "\r", "\x03", "\x04", "\x1a", "\x1b[D"

MAKEFILE = """build/01_socket/%%: 01_socket/%%.c
\tgcc -std=c11 -D_POSIX_C_SOURCE=200809L -I%s/common $< %s/build/libcore.a -o $@
""" % (ROOT, ROOT)


def workbook(folder):
    """A workbook with two lessons, in folder."""
    for part in ("01_socket", "build/01_socket", "exercises"):
        (folder / part).mkdir(parents=True)
    shutil.copy(ROOT / "01_socket/README.md", folder / "01_socket")
    for name in ("03_tcp_client", "04_tcp_server"):
        shutil.copy(ROOT / "common/tests/lessons" / (name + ".md"), folder / "01_socket")
        shutil.copy(ROOT / "01_socket" / (name + ".c"), folder / "01_socket")
        shutil.copy(ROOT / "build/01_socket" / name, folder / "build/01_socket")
    if (ROOT / "build/libwire.so").exists():
        shutil.copy(ROOT / "build/libwire.so", folder / "build")
    (folder / "Makefile").write_text(MAKEFILE)
    return folder


class Tour(Terminal):
    """The tour of chapter 1, or another command, and how a person goes through it."""

    def __init__(self, folder, *command, **options):
        super().__init__(folder, *(command or (str(ROOT / "build/workbook"), "chapter", "1")),
                         **options)

    def seen(self):
        """All that was ever written, without what moves the cursor or gives colour."""
        text = self.bytes.decode(errors="replace")
        text = re.sub(r"[^\r\n]*\r\x1b\[K", "", text).replace("\r", "")  # prompts that went
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)

    def expect(self, *wanted, without=()):
        """Waits until all of wanted stand on the screen, line ends and all."""
        return self.await_true(lambda: all(w in self.text() for w in wanted) and
                               not any(w in self.text() for w in without), repr(wanted))

    def clear(self):
        """Forgets what is on the screen: what is expected next has to come anew."""
        self.screen.reset()
        return self

    def page(self):
        """Presses Enter until the text of this part is over: at the question."""
        while not re.search(r"^> (a letter, )?a to", self.text(), re.M):
            self.clear().send(ENTER).expect("keys")
        return self

    def page_to(self, wanted):
        """Presses Enter until wanted is there."""
        while wanted not in self.text():
            self.clear().send(ENTER).expect("Enter goes on")
        return self

    def await_processes(self, wanted):
        """Waits until the processes are those that wanted() accepts."""
        return self.await_true(lambda: wanted(self.processes()),
                               "other processes than %r" % self.processes())

    def is_raw(self):
        return not termios.tcgetattr(self.master)[3] & termios.ICANON


def to_question(t):
    t.expect("1.03  TCP client", "keys")
    return t.page().expect("How often")


def to_commands(t):
    return to_question(t).send("c").expect("Right. TCP carries bytes", "04_tcp_server 7030 &",
                                           "Enter runs it")


def to_server(t):
    return to_commands(t).send(ENTER).expect("listening on [::]:7030", "03_tcp_client localhost")


def to_hanging_lesson(t):
    """The first page of the second lesson, the first one done."""
    to_commands(t)
    for wanted in ("listening on [", "\nHELLO\n", "first difference", "4 bytes, then", "ECONNREF",
                   "Investigate.", "Modify.", "That was lesson 1.03.", "1.04  TCP server"):
        t.send(ENTER).expect(wanted)
    return t.expect("2 of 2", "keys")


def to_hanging(t):
    """The second lesson, in a command that does not end."""
    t.expect("keys").page().expect("Is this short?").send("b").expect("Not so; the answer is a.")
    t.expect("7040 &", "Enter runs it").send(ENTER).expect("listening on", "tail -f")
    t.send(ENTER).expect("\nwaiting")
    t.await_processes(lambda list_: any("tail" in p for p in list_))
    return t


# ---- what is tested ---------------------------------------------------------------------------


def lesson_from_end_to_end(folder, tap):
    t = Tour(folder, columns=80, rows=60)
    t.expect("1.03  TCP client", "1 of 2", "─" * 80, "On the core path, about 20 minutes")
    t.expect("recv() in code and a link by its words", "- one point", "client      ")
    row = next(line for line in t.screen.display if "s.shutdown(socket.SHUT_WR)" in line)
    tap.ok("a loop around send()" not in row, "a cell of two lines stands beside its neighbour",
           t.text())
    tap.ok(any("create_connection" in line and "getaddrinfo" in line
               for line in t.screen.display), "a table stands side by side at 80 columns", t.text())
    to_commands(t)
    tap.ok("> c" in t.text(), "the answer is shown", t.text())
    t.send(ENTER).expect("listening on [::]:7030", "$ printf 'hello\\n' |", ">     build")
    t.send(ENTER).expect("\nHELLO\n", "$ printf 'bye")
    t.send(ENTER).expect("This run printed something", "- recorded otherwise", "+ BYE",
                         "^ first difference", "$ kill %1")
    t.send(ENTER).expect("4 bytes, then the end", "$ printf 'gone")
    t.send(ENTER).expect("ECONNREFUSED", "[exit 1]", "What was seen", "Enter goes on")
    t.send(ENTER).expect("Investigate. Look at send_input()", "s source  ? keys")
    t.send(ENTER).expect("Modify. Change a line.",
                         "e edit and build  r run again  u undo  ? keys")
    t.send(ENTER).expect("- Two. The second.", "Read on: recv(2).")
    t.expect("That was lesson 1.03. Next: 1.04, TCP server.", "q quits")
    t.send("q").expect("make chapter1 goes on from here.")
    tap.ok(t.end() == 0, "a whole lesson, its output real, a difference told calmly", t.text())
    t.close()
    t = Tour(folder)
    t.expect("1.04  TCP server", "2 of 2", "Beyond the core path, about 10 minutes, after 1.03")
    t.send("q")
    tap.ok(t.end() == 0, "the next tour begins with the lesson that is next")
    t.close()


def days_ago(kept, days):
    """Makes the times kept in the progress file older."""
    text = kept.read_text()
    older = re.sub(r"\b1[6-9]\d{8}\b|\b[2-9]\d{9}\b",
                   lambda found: str(int(found[0]) - days * 86400), text)
    kept.write_text(older)


def answers(folder, tap):
    t = to_question(Tour(folder, rows=60))
    t.send(ENTER).expect("A guess is enough")
    t.send(ENTER).send("z").send("b")
    t.expect("Not so; the answer is c. TCP carries", "Enter runs it")
    t.send("q")
    tap.ok(t.end() == 0 and "Right." not in t.text(), "a wrong answer is told, with the reason")
    tap.ok(t.text().count("A guess is enough") == 1, "that a guess is enough is said once",
           t.text())
    t.close()
    status, out, err = run(str(ROOT / "build/workbook"), "review", cwd=folder)
    tap.ok(status == 0 and "No question is due." in out, "a missed question is not due today",
           out + err)
    kept = folder / ".workbook/progress.json"
    days_ago(kept, 2)
    t = Tour(folder, str(ROOT / "build/workbook"), "review")
    t.expect("1.03  TCP client", "How often", "a letter, a to c").send("c")
    t.expect("Right. TCP carries", "1 of 1 right.")
    tap.ok(t.end() == 0 and t.is_restored(), "two days later review asks it again")
    t.close()
    t = Tour(folder, str(ROOT / "build/workbook"), "review").expect("No question is due.")
    tap.ok(t.end() == 0, "and then not before its next interval")
    t.close()


def quit_and_resume(folder, tap):
    t = to_server(Tour(folder, rows=40)).send("q").expect("make chapter1 goes on from here.")
    tap.ok(t.end() == 0 and not t.processes(), "q quits while a server runs, and ends it")
    t.close()
    t = Tour(folder, rows=40).expect("On from where you left", "$ printf 'hello", "keys")
    tap.ok("listening" not in t.text(), "the tour resumes at the command where it was left",
           t.text())
    t.send(ENTER).expect("The commands before it run first, unseen.", "\nHELLO\n", "'bye")
    tap.ok(True, "what the command needs was started again, unseen")
    t.clear().send("r").expect("unseen.", "\nHELLO\n", "'bye")
    tap.ok(True, "r runs the last command again")
    t.send("q")
    t.end()
    t.close()


def back(folder, tap):
    t = to_server(Tour(folder, rows=40))
    t.clear().send("b").expect("1.03  TCP client", "$ build/01_socket/04_tcp_server 7030 &", "keys")
    tap.ok("listening" not in t.text(), "b goes back to the command before", t.text())
    t.clear().send(ENTER).expect("listening on [::]:7030", "'hello")
    tap.ok(True, "and its server starts again, though it ran")
    t.clear().send(LEFT).expect("04_tcp_server 7030 &", "keys").send(LEFT).expect("How often")
    tap.ok(True, "the left arrow goes back too")
    t.send("?").expect("runs the last command again", "At a question its letters answer")
    tap.ok(True, "? explains the keys")
    t.send("q")
    t.end()
    t.close()


def back_over_the_question(folder, tap):
    t = to_commands(Tour(folder, rows=24))
    t.clear().send("b").expect("How often", "> c", "Right. TCP carries", "b back  r answers again")
    t.clear().send("r").expect("a letter, a to c").send("a")
    t.expect("Not so; the answer is c.", "7030 &")
    tap.ok(True, "an answered question shows its answer, and r answers it again")
    t.clear().send("b").expect("> a", "b back").clear().send("b").expect("On the core path", "keys")
    tap.ok("How often" not in t.text(), "b goes back over an answered question", t.text())
    t.page_to("r answers again").send(ENTER).expect("7030 &").send("q")
    t.end()
    t.close()
    t = Tour(folder, rows=24).expect("On from where you left", "7030 &")
    t.clear().send("b").expect("How often", "b back").clear().send("b").expect("On the core path")
    tap.ok(True, "also in a tour that was resumed behind it")
    t.send("q")
    t.end()
    t.close()


def what_was_read(make_folder, tap):
    """The page of a command, after a step back or a new size, shows what stands before it."""
    t = to_server(Tour(make_folder(), rows=40))
    t.clear().send("b").expect("How often does", "Right. TCP carries bytes", "7030 &", "Enter runs")
    tap.ok(True, "b to a command shows what was read before it")
    t.send("q")
    t.end()
    t.close()
    t = to_server(Tour(make_folder(), rows=16))
    t.clear().send("b").expect("1.03  TCP client", "7030 &", "Enter runs")
    tap.ok(t.screen.display[0].startswith("1.03  TCP client"), "as much of it as there is room for",
           t.text())
    t.send("q")
    t.end()
    t.close()


def resumed_where_left(folder, tap):
    t = to_hanging_lesson(Tour(folder, rows=60)).send(LEFT).expect("On the core path", "1 of 2")
    t.send("q")
    t.end()
    t.close()
    t = Tour(folder, rows=60).expect("1.03  TCP client", "1 of 2", "keys")
    tap.ok("1.04" not in t.text(), "a lesson that was gone back to is where the tour goes on",
           t.text())
    t.send("q")
    t.end()
    t.close()


def broken_program(folder, tap):
    """A program that does not compile is named, with the way back; so is one that was changed."""
    editor = folder / "editor"
    editor.write_text("#!/bin/sh\necho broken >>\"$1\"\n")
    editor.chmod(0o755)
    t = Tour(folder, rows=40, EDITOR="./editor").expect("keys")
    t.send("e").expect("It does not compile.").send(ENTER)
    t.expect("03_tcp_client.c does not compile as it is now. e edits it, u puts").send("q")
    t.end()
    t.close()
    (folder / "build/01_socket/03_tcp_client").unlink()
    t = Tour(folder, rows=40)
    t.expect("01_socket/03_tcp_client.c does not compile as it is now; make",
             "says why. u puts it back")
    t.clear().send("u").expect("is as it was; your change is in").send("q")
    t.end()
    t.close()
    tap.ok((folder / "build/01_socket/03_tcp_client").exists(),
           "the tour names a program that does not compile, and u mends it")
    for words in (("init", "-q"), ("add", "01_socket"),
                  ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "all")):
        run("git", *words, cwd=folder)
    with open(folder / "01_socket/04_tcp_server.c", "a") as source:
        source.write("/* changed */\n")
    status, out, err = run(str(ROOT / "build/workbook"), "chapter", "1", cwd=folder)
    flat = " ".join(out.split())
    tap.ok(status == 1 and "04_tcp_server.c is not as it was. git checkout" in flat,
           "a failure says that a program was changed", out + err)
    tap.ok(out.count("still running after") == 1 and "What follows was not run." in out,
           "and what does not end is awaited once", out)


def no_editor_chosen(folder, tap):
    tools = folder / "tools"
    tools.mkdir()
    (tools / "sh").symlink_to("/bin/sh")
    for name in ("vi", "nano"):
        (tools / name).write_text("#!/bin/sh\necho this is %s\n" % name)
        (tools / name).chmod(0o755)
        t = Tour(folder, rows=40, PATH=str(tools)).expect("keys")
        t.send("e").expect("03_tcp_client.c is unchanged.", "keys")
        vi = "That editor was vi: the keys Esc : q"
        tap.ok(("this is " + name) in t.seen() and (vi in t.text()) == (name == "vi"),
               name + ", opened because none was chosen", t.text())
        t.send("q")
        t.end()
        t.close()


def left_clean(tap, t, name):
    """Nothing of a tour that has ended is left."""
    try:
        t.await_processes(lambda list_: not list_)
    except Lost as lost:
        tap.ok(False, name + ": no process is left", lost)
    else:
        tap.ok(True, name + ": no process is left")
    tap.ok(t.is_restored(), name + ": the terminal is as it was",
           "%r\n%r" % (t.before, t.mode()))
    left = list(Path(tempfile.gettempdir()).glob("workbook.*"))
    tap.ok(not left, name + ": no file is left", left)


def endings(make_folder, tap):
    """Ctrl-C and the like, at every place where the tour waits."""
    places = [("at a text", lambda t: t.expect("keys"), None),
              ("at a question", to_question, None),
              ("at a command", to_commands, None),
              ("while a server runs", to_server, "04_tcp_server 7030")]
    for place, walk, process in places:
        t = walk(Tour(make_folder(), rows=40))
        tap.ok(t.is_raw() and (process is None or any(process in p for p in t.processes())),
               place + ": single keys, and what should run runs", t.processes())
        t.send(CTRL_C)
        tap.ok(t.end() == -signal.SIGINT, "Ctrl-C %s ends the tour" % place, t.status)
        left_clean(tap, t, "Ctrl-C " + place)
        t.close()

    def hanging():
        folder = make_folder()
        (folder / "01_socket/03_tcp_client.md").unlink()
        return to_hanging(Tour(folder, rows=40))

    for name, act, status in (
            ("Ctrl-C while a command runs", lambda t: t.send(CTRL_C), -signal.SIGINT),
            ("SIGTERM while a command runs", lambda t: os.kill(t.pid, signal.SIGTERM),
             -signal.SIGTERM),
            ("SIGHUP while a command runs", lambda t: os.kill(t.pid, signal.SIGHUP),
             -signal.SIGHUP)):
        t = hanging()
        act(t)
        tap.ok(t.end() == status, name + " ends the tour", t.status)
        left_clean(tap, t, name)
        t.close()
    t = hanging()
    os.kill(t.pid, signal.SIGKILL)
    t.end()
    t.await_processes(lambda list_: not list_)
    tap.ok(True, "even a killed tour leaves no process")
    t.close()
    t = to_server(Tour(make_folder(), rows=40)).send(CTRL_D)
    tap.ok(t.end() == 0, "the end of the input quits the tour")
    left_clean(tap, t, "the end of the input")
    t.close()


def in_the_background(folder, tap):
    """Ctrl-Z and fg, under a shell as job control needs one."""
    t = Tour(folder, "bash", "--norc", "-i", rows=40, PS1="",
                 WORKBOOK=str(ROOT / "build/workbook"))
    t.send("$WORKBOOK chapter 1\n").expect("1.03  TCP client", "keys")
    t.send(CTRL_Z).expect("Stopped")
    t.clear().send("stty -a; echo Done\n").expect(" icanon", " echo ", "\nDone")
    tap.ok(True, "Ctrl-Z gives the terminal back as it was")
    t.clear().send("fg\n").expect("1.03  TCP client", "keys")
    tap.ok(t.is_raw(), "fg draws the page again")
    t.send("q").expect("goes on from here").send("exit\n")
    t.end()
    t.close()


def sizes(make_folder, tap):
    for columns in (40, 20):
        t = Tour(make_folder(), columns=columns, rows=30)
        t.expect("1.03  TCP client", "keys")
        t.page().expect("How often")
        t.send("c").expect("Right. TCP", "7030 &", "keys")
        t.send(ENTER).expect("listening on", "keys")
        tap.ok(t.text().replace("\n", "").count("7030 &") == 1,
               "a long command stands there once", t.text())
        prose = t.seen().split("Predict")[0].splitlines()
        tap.ok(max(len(line.rstrip()) for line in prose) == columns and
               "getaddrinfo" in "".join(prose),
               "the tour fits %d columns" % columns, "\n".join(prose).strip())
        if columns == 40:
            for wanted in ("HELLO", "difference", "4 bytes", "ECONNREFUSED"):
                t.send(ENTER).expect(wanted)
            t.expect("What was seen")
            tap.ok("03_tcp_client: [127.0.0.1]:7030:\n    ECONNREFUSED (Connection refused)\n" in
                   t.text(), "output is broken between words, and goes on indented", t.text())
        t.send("q")
        tap.ok(t.end() == 0, "and ends well there")
        t.close()
    t = Tour(make_folder(), rows=40).expect("─" * 80, "keys")
    t.resize(40, 30)
    t.clear()
    os.kill(t.pid, signal.SIGWINCH)
    t.expect("1.03  TCP client", "─" * 40, "keys")
    tap.ok("─" * 41 not in t.text(), "a new size draws the page anew")
    t.send("q")
    t.end()
    t.close()


def source_and_editor(folder, tap):
    t = Tour(folder, rows=20).expect("keys")
    t.clear().send("s").expect("   1  /*", "1.03  TCP client", "03_tcp_client.c  1-14 of 121")
    t.clear().send(ENTER).expect("15-32 of 121")
    t.clear().send("q").expect("1 of 2", "keys")
    tap.ok(True, "s shows the source page by page, q comes back")
    t.send("q")
    t.end()
    t.close()

    editor = folder / "editor"
    editor.write_text("#!/bin/sh\necho broken >>\"$1\"\n")
    editor.chmod(0o755)
    shutil.rmtree(folder / ".workbook")
    t = to_server(Tour(folder, rows=60, EDITOR="./editor")).send(ENTER).expect("\nHELLO\n")
    t.send("e").expect("error:", "It does not compile.  e edits again")
    tap.ok(True, "e edits; what does not compile is shown")
    source = ROOT / "01_socket/03_tcp_client.c"
    editor.write_text("#!/bin/sh\nsed 's/argc != 3/argc != 4/' %s >\"$1\"\n" % source)
    t.clear().send("e").expect("is built. r runs the last command again.", "Enter runs")
    t.send("r").expect("The commands before it run first, unseen.",
                       "This run printed something", "- HELLO",
                       "+ usage:")
    tap.ok(True, "mended, it is built, and r runs the new program")
    t.send("q")
    t.end()
    t.close()
    t = Tour(folder, rows=60).expect("stop 5 of").send("b").expect("keys")
    t.clear().send("u").expect("is as it was; your change is in", "edited_03_tcp_client.c")
    t.clear().send(ENTER).expect("\nHELLO\n", "$ printf 'bye")
    mine = (folder / ".workbook/before/edited_03_tcp_client.c").read_text()
    tap.ok((folder / "01_socket/03_tcp_client.c").read_text() == source.read_text() and
           "argc != 4" in mine, "u puts the program back, and keeps the change")
    t.clear().send("u").expect("01_socket/03_tcp_client.c is as it was.").send("q")
    t.end()
    t.close()
    pager = folder / "pager"
    pager.write_text("#!/bin/sh\necho the pager has $(grep -c . \"$1\") lines\nread wait\n")
    pager.chmod(0o755)
    t = Tour(folder, PAGER="./pager").expect("Enter runs it").send("s").expect("the pager has ")
    t.send(ENTER).expect("Enter runs it").send("q")
    tap.ok(t.end() == 0, "s uses $PAGER")
    t.close()


def plain(make_folder, tap):
    t = to_commands(Tour(make_folder(), rows=60, NO_COLOR="1")).send("q")
    t.end()
    tap.ok(b"\x1b[3" not in t.bytes and b"\x1b[1m" not in t.bytes, "NO_COLOR is honoured")
    tap.ok("`recv()`" in t.text(), "without colour code keeps its backticks", t.text())
    t.close()
    t = to_commands(Tour(make_folder(), rows=60, TERM="dumb")).send("q")
    t.end()
    tap.ok(b"\x1b" not in t.bytes, "a dumb terminal gets no escape sequence")
    t.close()
    folder = make_folder()
    (folder / "01_socket/04_tcp_server.md").unlink()
    status, out, err = run(str(ROOT / "build/workbook"), "chapter", "1", cwd=folder,
                           env={**os.environ, "COLUMNS": "80"})
    tap.ok(status == 1 and re.search(r"^FAIL  1\.03 TCP client  \d+\.\d\d s$", out, re.M) and
           "01_socket/03_tcp_client.md:43" in out and "- recorded otherwise" in out,
           "without a terminal every session runs, and a difference is a failure", out + err)
    text = (folder / "01_socket/03_tcp_client.md").read_text()
    (folder / "01_socket/03_tcp_client.md").write_text(text.replace("recorded otherwise", "BYE"))
    status, out, err = run(str(ROOT / "build/workbook"), "chapter", "1", cwd=folder)
    tap.ok(status == 0 and "ok    1.03 TCP client" in out and "1 lesson, 0 failed" in out,
           "all well, it exits 0", out + err)
    (folder / "build/01_socket/03_tcp_client").unlink()
    status, out, err = run(str(ROOT / "build/workbook"), "chapter", "1", cwd=folder)
    tap.ok(status == 2 and "build/01_socket/03_tcp_client is not built. Run: make" in out,
           "a program that is not built is named", out + err)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as base:
        tempfile.tempdir = base + "/tmp"
        os.mkdir(tempfile.tempdir)
        os.environ["TMPDIR"] = tempfile.tempdir
        made = []

        def make_folder():
            made.append(workbook(Path(base, "workbook%d" % len(made))))
            return made[-1]

        tests = [lambda: lesson_from_end_to_end(make_folder(), tap),
                 lambda: answers(make_folder(), tap),
                 lambda: quit_and_resume(make_folder(), tap),
                 lambda: back(make_folder(), tap),
                 lambda: back_over_the_question(make_folder(), tap),
                 lambda: what_was_read(make_folder, tap),
                 lambda: resumed_where_left(make_folder(), tap),
                 lambda: broken_program(make_folder(), tap),
                 lambda: no_editor_chosen(make_folder(), tap),
                 lambda: endings(make_folder, tap),
                 lambda: in_the_background(make_folder(), tap),
                 lambda: sizes(make_folder, tap),
                 lambda: source_and_editor(make_folder(), tap),
                 lambda: plain(make_folder, tap)]
        for test in tests:
            try:
                test()
            except Lost as lost:
                tap.ok(False, "line %d: what was awaited came" %
                       lost.__traceback__.tb_next.tb_next.tb_lineno, lost)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
