#!/usr/bin/python3 -B
"""The one Makefile: nothing is built twice, what has changed is, and what is missing is named.

Works on copies of the tree, so that nothing here is touched.
"""
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

from tap import Tap, run

ROOT = Path(__file__).resolve().parents[2]
SENTENCE = r"^\S+:\d+: \*\*\* %s is missing; to install it, run: sh common/setup.sh\.  Stop\.$"


def copy(folder, *, built):
    """A copy of the tree, with what is built in it or without. Times are kept."""
    leave = ["answers", ".workbook", ".git", "__pycache__"] + ([] if built else ["build"])
    shutil.copytree(ROOT, folder, symlinks=True, ignore=shutil.ignore_patterns(*leave))
    return folder


def make(folder, *words, **environment):
    return run("make", *words, cwd=folder, env={**os.environ, **environment})


def built_by(folder):
    """What make would build now."""
    return set(re.findall(r" -o (\S+)", make(folder, "-n", "all")[1]))


def rebuilding(tap, tree):
    status, out, err = make(tree, "all")
    if not tap.ok(status == 0, "make all", out + err):
        sys.exit("Bail out! The workbook cannot be built.")
    status, out, err = make(tree, "all")
    tap.ok(status == 0 and out + err in ("", "make: Nothing to be done for 'all'.\n"),
           "a second make all builds nothing", out + err)

    (tree / "common/core/error.h").touch()
    again = built_by(tree)
    wanted = {"build/workbook", "build/wire", "build/libwire.so", "build/01_socket/03_tcp_client",
              "build/exercises/01_socket/02_fetch_first/cases"}
    tap.ok(wanted <= again, "core/error.h rebuilds all that includes it", wanted - again)
    make(tree, "all")

    (tree / "common/harness/harness.h").touch()
    again = built_by(tree)
    tap.ok("build/exercises/01_socket/02_fetch_first/cases" in again and
           "build/workbook" not in again, "harness.h rebuilds cases and not the runner", again)
    make(tree, "all")

    (tree / "01_socket/03_tcp_client.c").touch()
    again = built_by(tree)
    tap.ok(again == {"build/01_socket/03_tcp_client"}, "a program rebuilds itself alone", again)


def broken_program(tap, tree):
    """A lesson's program that does not compile stops none of a learner's commands."""
    make(tree, "all")
    source = tree / "01_socket/04_tcp_server.c"
    kept = source.read_text()
    source.write_text(kept + "int broken( {\n")
    said = ("01_socket/04_tcp_server.c does not compile. "
            "To see why: make build/01_socket/04_tcp_server")
    for words, wanted in ((("list",), "Running sums"), (("hint", "E=1.3"), "hint 1 of 3"),
                          (("check", "E=1.0"), "Every case passes."), ((), "Next: "),
                          (("chapter1",), "FAIL  1.04 TCP server")):
        status, out, err = make(tree, *words)
        tap.ok(wanted in out and err.startswith(said + "\n") and "error:" not in err and
               status == (2 if words == ("chapter1",) else 0),
               "a broken program does not stop make %s" % " ".join(words), out + err)
    tap.ok(not (tree / "build/01_socket/04_tcp_server").exists(), "and no older one is run for it")
    for words in (("all",), ("build/01_socket/04_tcp_server",)):
        status, out, err = make(tree, *words)
        tap.ok(status == 2 and "error:" in err, "make %s fails, and says why" % words[0], out + err)
    source.write_text(kept)
    status, out, err = make(tree, "list")
    tap.ok(status == 0 and err == "" and (tree / "build/01_socket/04_tcp_server").exists(),
           "mended, it is built", out + err)


def missing_library(tap, tree):
    status, out, err = make(tree, "all", PKG_CONFIG_LIBDIR="/nonexistent")
    tap.ok(status == 2 and out == "" and re.fullmatch(SENTENCE % "libjansson-dev", err.strip()),
           "a missing library is one sentence", out + err)
    tap.ok(not (tree / "build/libraries.mk").exists(), "and leaves no half of libraries.mk behind")

    # Copies of the libraries' files, so that one can be taken away later.
    modules = tree / "modules"
    modules.mkdir()
    where = run("pkg-config", "--variable=pcfiledir", "jansson")[1].strip()
    for file in Path(where).glob("*.pc"):
        shutil.copy(file, modules)
    status, out, err = make(tree, "build/student.flags", PKG_CONFIG_LIBDIR=str(modules))
    tap.ok(status == 0, "make goes on once the library is there", err)
    (modules / "libuv.pc").unlink()
    status, out, err = make(tree, "all", PKG_CONFIG_LIBDIR=str(modules))
    tap.ok(status == 2 and re.fullmatch(SENTENCE % "libuv1-dev", err.strip()),
           "a library that goes away later is named too", out + err)
    status, out, err = make(tree, "clean", PKG_CONFIG_LIBDIR="/nonexistent")
    tap.ok(status == 0 and not (tree / "build").exists(), "make clean needs no library", err)


def missing_compiler(tap, tree):
    tools = tree / "tools"
    tools.mkdir()
    for name in ("make", "sh", "mkdir", "rm", "nproc", "find", "grep", "head", "tr", "cat", "env",
                 "pkg-config", "addr2line"):
        (tools / name).symlink_to(shutil.which(name))
    status, out, err = make(tree, "all", PATH=str(tools))
    tap.ok(status == 2 and re.fullmatch(SENTENCE % "gcc", err.strip()),
           "a missing compiler is one sentence", out + err)


def cmocka(tap, tree):
    """Only `make test` needs it."""
    status, _, err = run("sh", "common/setup.sh", "--require", "perl", "libcmocka-dev", cwd=tree,
                         env={**os.environ, "PKG_CONFIG_LIBDIR": "/nonexistent"})
    tap.ok(status == 1 and err == "libcmocka-dev is missing; to install it, run: "
           "sh common/setup.sh --test\n", "a missing cmocka is one sentence", err)
    _, out, _ = run("sh", "common/setup.sh", "--libraries", cwd=tree)
    tap.ok("jansson" in out and "cmocka" not in out.lower(), "and a learner needs none", out)


def blank_in_path(tap, folder):
    for name in ("a tree", "a:tree"):
        (folder / name).mkdir()
        shutil.copy(ROOT / "Makefile", folder / name)
        status, out, err = make(folder / name, "all")
        tap.ok(status == 2 and not out and err.count("\n") == 1 and
               'move the workbook to another folder than "%s"' % (folder / name) in err,
               "a folder whose path cannot be watched is refused: " + name, out + err)


def json_texts(tap):
    """What the verdicts say, unescaped."""
    return tap.replace('\\"', '"').replace("\\\\", "\\")


def skeletons(tap, tree):
    status, out, err = make(tree, "new-program", "N=1.98", "NAME=new_idea")
    tap.ok(status == 0, "make new-program", out + err)
    status, out, err = make(tree, "new-exercise", "N=1.99", "NAME=new_task")
    tap.ok(status == 0, "make new-exercise", out + err)
    folder = "build/exercises/01_socket/99_new_task"
    status, out, err = make(tree, "build/01_socket/98_new_idea", folder + "/cases")
    tap.ok(status == 0, "both are built as they are", out + err)
    for what in ("lesson", "python"):
        status, out, err = run("build/workbook", what, "01_socket/98_new_idea.md", cwd=tree)
        tap.ok(status == 0, "the new lesson passes: " + what, out + err)
    for name, source, passes in (
            ("starter", "exercises/01_socket/99_new_task/new_task.c", False),
            ("solution", "solutions/01_socket/99_new_task/new_task.c", True),
            ("wrong answer", "solutions/01_socket/99_new_task/wrong/copied.c", False)):
        program = tree / folder / "program"
        run("gcc", "@build/student.flags", source, "-o", program, cwd=tree)
        status, out, err = run(folder + "/cases", "--program", program, "--source", source,
                               cwd=tree)
        tap.ok(status == (0 if passes else 1), "the new exercise's %s %s" % (
            name, "passes" if passes else "fails"), out + err)
    solution = tree / folder / "program"
    run("gcc", "@build/student.flags", "solutions/01_socket/99_new_task/new_task.c", "-o",
        solution, cwd=tree)
    expected = tree / "exercises/01_socket/99_new_task/expected/word.txt"
    expected.parent.mkdir()
    renamed = expected.with_name("older-name.txt")
    renamed.touch()
    run(folder + "/cases", "--program", solution, "--record", "--case", "word", cwd=tree)
    tap.ok(expected.exists() and renamed.exists(), "one case is recorded by itself")
    run(folder + "/cases", "--program", solution, "--record", cwd=tree)
    tap.ok(not renamed.exists(), "record removes what a case wrote under an older name")
    recorded = expected.read_text()
    line = recorded.splitlines()[1]
    for kept, wanted in ((recorded.replace(line, "Old" + line[3:]),
                          'line 2 is "Old%s" there and "%s" now' % (line[3:], line)),
                         (recorded + "# more\n", 'line 3 is "# more" there and missing now')):
        expected.write_text(kept)
        status, out, err = run(folder + "/cases", "--program", solution, cwd=tree)
        tap.ok(status == 1 and wanted in json_texts(out), "what has changed is shown: " + wanted,
               out + err)
    expected.write_text(recorded)
    expected.rename(expected.with_name("away"))
    status, out, err = run(folder + "/cases", "--program", solution, cwd=tree)
    tap.ok(status == 1 and "word.txt is missing: make record writes it" in out,
           "an output that was not recorded is missed", out + err)
    cases = tree / "exercises/01_socket/99_new_task/cases.c"
    entry = re.search(r"    \{\.name = \"word\".*?\},\n", cases.read_text(), re.S)[0]
    cases.write_text(cases.read_text().replace(entry, 2 * entry))
    make(tree, folder + "/cases")
    status, out, err = run(folder + "/cases", "--list", cwd=tree)
    tap.ok(status == 2 and 'the case "word" is there twice' in err, "two cases of one name",
           out + err)
    status, out, err = make(tree, "new-program", "N=1.98", "NAME=new_idea")
    tap.ok(status == 2 and "98_new_idea.c is there already" in err, "nothing is overwritten", err)
    for name in ("cases", "main"):
        status, out, err = make(tree, "new-exercise", "N=1.97", "NAME=" + name)
        tap.ok(status == 2 and "cannot be called " + name in err and
               not list(tree.glob("*/01_socket/97_*")), "no exercise is called " + name, out + err)
    (tree / "solutions/01_socket/97_half/wrong").mkdir(parents=True)
    (tree / "solutions/01_socket/97_half/wrong/copied.c").touch()
    status, out, err = make(tree, "new-exercise", "N=1.97", "NAME=half")
    tap.ok(status == 2 and "copied.c is there already" in err and out == "" and
           not (tree / "exercises/01_socket/97_half").exists(), "all is written or nothing",
           out + err)
    for kind, number, there in (("program", "1.98", "98_new_idea.c"),
                                ("exercise", "1.99", "99_new_task")):
        status, out, err = make(tree, "new-" + kind, "N=" + number, "NAME=other")
        tap.ok(status == 2 and there in err, "a number is given once: " + kind, out + err)


def linting(tap, tree):
    """What one tool finds hides nothing of what another does; F= keeps to a file.

    CI= lets the warning through to the linters where CI would stop at it, with -Werror."""
    lesson, source = tree / "01_socket/03_tcp_client.md", tree / "common/core/number.c"
    lesson.write_text(lesson.read_text() + "\n[away](away.md) \n")
    source.write_text(source.read_text() + "\nstatic int unused;\n")
    status, out, err = make(tree, "lint", "CI=", "F=01_socket/03_tcp_client.md")
    tap.ok(status == 2 and "blanks at the end" in out and "away.md, which is not there" in out and
           "number.c" not in out, "make lint tells all that is found in a lesson", out + err)
    status, out, err = make(tree, "lint", "CI=", "F=common/core/")
    tap.ok(status == 2 and "number.c:" in out and "unused" in out and "03_tcp" not in out,
           "and of a folder's files", out + err)
    status, out, err = make(tree, "lint", "CI=", "F=common/core/error.c")
    tap.ok(status == 0 and out == "", "and nothing of a file without a fault", out + err)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tree = copy(folder / "tree", built=True)
        rebuilding(tap, tree)
        broken_program(tap, tree)
        blank_in_path(tap, folder)
        skeletons(tap, tree)
        linting(tap, tree)
        tree = copy(folder / "bare", built=False)
        missing_library(tap, tree)
        missing_compiler(tap, tree)
        cmocka(tap, tree)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
