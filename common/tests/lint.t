#!/usr/bin/python3 -B
"""The style gates: this tree passes them, and each is seen failing on a small house with one fault.

Needs clang, clang-tidy and clang-format.
"""
import re
import sys
import tempfile
from pathlib import Path

from tap import Tap, run

ROOT = Path(__file__).resolve().parents[2]
FLAGS = "-std=c11 -D_GNU_SOURCE -Wall -Wextra -Wconversion -Wshadow -Wmissing-prototypes".split()

PROGRAM = """\
/*
 * 1.03  Greeter
 *
 * Says hello on standard output, whatever happens in recv(2) and elsewhere.
 *
 * Python:  print()
 * Usage:   03_greeter
 * See:     puts(3)
 */
#include <stdio.h>

#include "core/error.h"

int main(void)
{
    return puts("hello, signal() and gets()") == EOF;
}
"""
LESSON = "# 1.03 Greeter\n\nCore · 20 minutes · needs nothing\n\nSee [the source](03_greeter.c).\n"
INDEX = """\
<!-- index -->

| lesson | | what it shows | minutes | needs |
|---|---|---|---|---|
| **1.03** | [Greeter](03_greeter.md) · [source](03_greeter.c) | Says hello on standard output, \
whatever happens in recv(2) and elsewhere. | 20 | nothing |

| exercise | | minutes | needs |
|---|---|---|---|
| 1.2 | [Greet back](../exercises/01_socket/02_greet_back/README.md) | 30 | 1.03 |

<!-- /index -->
"""
TASK = """\
# 1.2 Greet back

More · 30 minutes · needs 1.03

## Task

## Contract

## Protocol

## A session

```
## Headers
```

## Cases

## Headers

`errno.h`

## Hints

""" + "<details><summary>Hint</summary></details>\n" * 3
GUIDE = "# Guide\n\nRun `make test`.\n" + "".join(
    "\n<!-- %s -->\n<!-- /%s -->\n" % (name, name)
    for name in ("chapters", "five weeks", "fourteen weeks"))
PAGE = "solutions/01_socket/README.md"
HOUSE = {
    "Makefile": "all: build/x\nbuild/%: %\n\ttrue\nchapter%: all\n.PHONY: test lint\n",
    "README.md": "Run `make test`, `make chapter1` or `make chapterN`.\n\n"
                 "```\nmake lint\nls common/core/error.h\n```\n",
    "common/core/error.h": "",
    "01_socket/03_greeter.c": PROGRAM,
    "01_socket/03_greeter.md": LESSON,
    "01_socket/README.md": "# Sockets\n\n" + INDEX,
    "exercises/01_socket/02_greet_back/README.md": TASK,
    "exercises/01_socket/02_greet_back/greet_back.c": "",
    "exercises/01_socket/02_greet_back/cases.c":
        '#include "harness/harness.h"\n\nconst char *name = "all-of-it";\n',
    "exercises/01_socket/02_greet_back/expected/all-of-it.txt": "tab\tand blanks \n",
    "exercises/01_socket/02_greet_back/given.h": "",
    "solutions/01_socket/02_greet_back/greet_back.c": '#include "given.h"\n',
    "solutions/01_socket/02_greet_back/other/threads.c": "",
    "solutions/README.md": GUIDE,
    **{"solutions/01_socket/02_greet_back/wrong/%s.c" % name: "int x = atoi(s);\n"
       for name in ("copied", "one", "two", "three", "four")},
}
PATCH = """fails: %s
%s
--- greet_back.c
+++ greet_back.c
@@ -1 +1 @@
-#include "giv%sn.h"
+#include "other.h"
"""
C = "01_socket/03_greeter.c"
EXERCISE = "exercises/01_socket/02_greet_back/"
SOLUTION = "solutions/01_socket/02_greet_back/"

# What is changed (file, old text, new text; None adds or removes the file) and what must be said.
FAULTS = [
    ("a stray file at the top", "notes.txt", None, "x\n", r"notes\.txt:1: .*top level"),
    ("no newline at the end", C, "EOF;\n}\n", "EOF;\n}", C + r":17: .*newline"),
    ("blanks at the end of a line", C, "int main(void)", "int main(void) ", C + ":14: blanks"),
    ("a tab", C, "    return", "\treturn", C + ":16: a tab"),
    ("a long line of shell", "common/x.sh", None, "# " + "x" * 99 + "\n", r"x\.sh:1: 101 columns"),
    ("a program without its lesson", "01_socket/03_greeter.md", LESSON, None, C + ":1: .*no less"),
    ("a lesson without its program", "01_socket/04_x.md", None, "# 1.04 X\n", "04_x.md:1: .*no p"),
    ("no comment at the top", C, PROGRAM[:PROGRAM.index("#inc")], "", C + ":1: .*open with a comm"),
    ("a title unlike the lesson's", C, "Greeter", "Caller", C + ':2: .*, not "1.03  Greeter"'),
    ("a number with one digit", C, "1.03", "1.3", C + ':2: .*"1.3  Greeter", not "1.03  Greeter"'),
    ("two sentences", C, "elsewhere.", "elsewhere. Too long.", C + ":4: .*one sentence"),
    ("no full stop", C, "elsewhere.", "elsewhere", C + ":4: .*one sentence"),
    ("no Python line", C, " * Python:  print()\n", "", C + ':.* no "Python:"'),
    ("no Usage line", C, " * Usage:   03_greeter\n", "", C + ':.* no "Usage:"'),
    ("no See line", C, " * See:     puts(3)\n", "", C + ':.* no "See:"'),
    ("keys in another order", C, " * Usage:   03_greeter\n * See:     puts(3)\n",
     " * See:     puts(3)\n * Usage:   03_greeter\n", C + ":2: .*another order"),
    ("Usage of another program", C, "03_greeter\n", "greeter\n", C + ':2: Usage begins with "gre'),
    ("chapter 1 on a later chapter", C, "core/error.h", "http/status.h", C + ":12: .*not incl"),
    ("a header that the exercise does not give", EXERCISE + "given.h", None, None,
     "greet_back.c:1: .*not include"),
    ("a solution with a header of ours", SOLUTION + "greet_back.c", "", '#include "core/error.h"\n',
     "greet_back.c:1: .*not include"),
    ("an index out of date", C, "Says", "Prints", "01_socket/README.md:1: .*make index"),
    ("a chapter without an index", "01_socket/README.md", INDEX, "", "README.md:1: no place"),
    ("an exercise without cases", EXERCISE + "cases.c", None, None, "cases.c:1: the exercise has"),
    ("an exercise without a solution", SOLUTION + "greet_back.c", None, None, ":1: .*no solution"),
    ("a task with another number", EXERCISE + "README.md", "# 1.2", "# 1.4",
     "README.md:1: the first line is not \"# 1.2 Title\""),
    ("a task that nobody knows the length of", EXERCISE + "README.md", "30 minutes", "short",
     'README.md:3: .*no "Core'),
    ("a task that is neither Core nor More", EXERCISE + "README.md", "More ·", "Much ·",
     'README.md:3: .*no "Core'),
    ("a line of terms too late", EXERCISE + "README.md", "More", "Greet.\n\nMore",
     'README.md:3: .*no "Core'),
    ("a task without a session", EXERCISE + "README.md", "## A session", "## Sessions",
     'README.md:1: the part "## A session" is missing'),
    ("a task without headers, but for those in a code block", EXERCISE + "README.md",
     "```\n\n## Cases\n\n## Headers\n", "```\n\n## Cases\n",
     'README.md:1: the part "## Headers" is missing'),
    ("parts in another order", EXERCISE + "README.md", "## Task\n\n## Contract\n",
     "## Contract\n\n## Task\n", 'README.md:5: "## Contract" stands where "## Task" is due'),
    ("two hints", EXERCISE + "README.md", "<details><summary>Hint</summary></details>\n", "",
     r"README.md:\d+: 2 hints; there are three"),
    ("no header that is allowed", EXERCISE + "README.md", "`errno.h`", "errno.h",
     "README.md:19: no header is listed"),
    ("what a case recorded under an older name", EXERCISE + "expected/all.txt", None, "x\n",
     "expected/all.txt:1: no case is called all; make record E=1.2"),
    ("a file that no case records", EXERCISE + "expected/all-of-it.out", None, "x\n",
     "all-of-it.out:1: no case"),
    ("a second solution beside the first", SOLUTION + "poll.c", None, "x\n",
     "poll.c:1: nobody looks here; there are greet_back.c, wrong/"),
    ("a folder of answers misspelt", SOLUTION + "othr/x.c", None, "x\n", "othr/x.c:1: nobody"),
    ("a wrong answer that is no C", SOLUTION + "wrong/x.txt", None, "x\n", "x.txt:1: nobody"),
    ("a patch beside its program", SOLUTION + "wrong/one.patch", None, PATCH % ("x", "x.", "e"),
     "one.patch:1: it is there as one.c as well"),
    ("a patch that does not say what it fails", SOLUTION + "wrong/five.patch", None,
     PATCH.replace("fails: ", "") % ("x", "x.", "e"), 'five.patch:1: the first line is not "fails'),
    ("a patch that says nothing more", SOLUTION + "wrong/five.patch", None,
     PATCH % ("x", "", "e"), "five.patch:2: below the first line it does not say what the mist"),
    ("a patch that does not apply", SOLUTION + "wrong/five.patch", None, PATCH % ("x", "x.", "o"),
     "five.patch:5: the hunk does not apply: the lines that it replaces stand 0 times"),
    ("a patch in the wrong folder", SOLUTION + "other/five.patch", None, PATCH % ("x", "x.", "e"),
     "other/five.patch:1: nobody looks here"),
    ("a solution of nothing", "solutions/01_socket/03_away/away.c", None, "\n",
     "solutions/01_socket/03_away:1: there is no exercise"),
    ("four wrong answers", SOLUTION + "wrong/four.c", None, None, "wrong:1: 4 wrong answers"),
    ("no copied.c", SOLUTION + "wrong/copied.c", None, None, "copied.c:1: the nearest example"),
    ("no teacher's guide", "solutions/README.md", None, None, "README.md:1: there is no teacher"),
    ("a guide without a table", "solutions/README.md", "<!-- five weeks -->\n", "",
     "solutions/README.md:1: no <!-- five weeks -->"),
    ("a table of the guide out of date", "solutions/README.md", "0 h 20", "0 h 21",
     "solutions/README.md:1: .*make index"),
    ("a page without a new case", EXERCISE + "cases.c", "const", '{.name = "x"};\n\nconst',
     PAGE + ":1: .*make index"),
    ("a page without what a wrong answer gets wrong", SOLUTION + "wrong/one.c", "int",
     "/* fails: x */\n/* Reads once. */\nint", PAGE + ":1: .*make index"),
    ("a command of the guide that does not exist", "solutions/README.md", "make test", "make tea",
     "solutions/README.md:3: there is no make tea"),
    ("a mark of the skeletons", EXERCISE + "README.md", "Greet back", "Greet back\n\nFILL: task",
     "README.md:3: still to be filled"),
    ("a link that leads nowhere", EXERCISE + "README.md", "Greet back", "[Greet back](03.md)",
     "README.md:1: the link"),
    ("a command that does not exist", "README.md", "make lint", "make tea", "README.md:4: .*tea"),
    ("a file that does not exist", "README.md", "error.h", "horror.h", "README.md:5: .*horror.h"),
] + [
    ("the call %s()" % name, C, '"core/error.h"\n', '"core/error.h"\n\nint x = %s(1);\n' % name,
     C + r":14: %s\(\) is not used" % name)
    for name in ("atoi", "atol", "sprintf", "vsprintf", "strcpy", "strcat", "gets", "inet_ntoa",
                 "gethostbyname", "signal")
]

FOUND = "build/lint/common/x.c.txt"  # lint_file.sh writes nowhere else

# C that one tool must object to.
FILES = [
    ("gcc: a warning", "#include <stdio.h>\n\nint main(void)\n{\n    int x;\n    return 0;\n}\n",
     r"x\.c:5: gcc: unused variable"),
    ("clang: a warning that gcc does not have", "int f(int x);\n\nint f(int x)\n{\n"
     "    if ((x == 1))\n        return 1;\n    return 0;\n}\n", r"x\.c:5: clang: equality"),
    ("clang-format: another layout", "int f(void);\n\nint f(void) {\n    return 0;\n}\n",
     r"x\.c:3: clang-format: the layout"),
    ("clang-tidy: a result dropped", "#include <stdio.h>\n\nint main(void)\n{\n"
     "    fclose(stdin);\n    return 0;\n}\n", r"x\.c:5: clang-tidy: .*cert-err33-c"),
    ("clang-tidy: a system call's result dropped", "#include <unistd.h>\n\nint main(void)\n{\n"
     "    close(1);\n    return 0;\n}\n", r"x\.c:5: clang-tidy: .*unused-return-value"),
    ("clang-tidy: the analyzer", "int f(int n);\n\nint f(int n)\n{\n    int *p = 0;\n"
     "    return n > 3 ? *p : 0;\n}\n", r"x\.c:6: clang-tidy: .*clang-analyzer-core"),
    ("clang-tidy: bugprone", "int f(const char *s);\n\nint f(const char *s)\n{\n"
     "    return sizeof(s) == 3;\n}\n\nint g(void);\n\nint g(void)\n{\n    return f(\"a\"\n"
     "             \"b\");\n}\n\nint h(char c);\n\nint h(char c)\n{\n    if (c == 1) {\n"
     "        return 1;\n    } else {\n        return 1;\n    }\n}\n",
     r"x\.c:20: clang-tidy: .*bugprone-branch-clone"),
    ("a function of 61 lines", "int f(int n);\n\nint f(int n)\n{\n%s    return n;\n}\n"
     % ("    n = n * 3;\n" * 60), r"x\.c:3: clang-tidy: .*readability-function-size"),
]


def lint(house, *words):
    status, out, err = run("python3", "-B", str(ROOT / "common/tests/lint.py"), *words, cwd=house)
    return status, out + err


def write(house, path, text):
    (house / path).parent.mkdir(parents=True, exist_ok=True)
    (house / path).write_text(text)


def see_house_rules(tap, house):
    for path, text in HOUSE.items():
        write(house, path, text)
    status, said = lint(house)
    tap.ok(status == 1 and PAGE + ":1:" in said, "a chapter without its page for teachers", said)
    run("python3", "-B", str(ROOT / "common/tests/guide.py"), cwd=house)
    for path in ("solutions/README.md", PAGE):
        HOUSE[path] = (house / path).read_text()
    status, said = lint(house)
    tap.ok(status == 0 and said == "", "a small house without a fault passes", said)
    for name, path, old, new, wanted in FAULTS:
        text = HOUSE.get(path)
        if new is None:
            (house / path).unlink()
        else:
            assert text is None or old in text, name
            write(house, path, new if text is None else text.replace(old, new, 1) if old else new)
        status, said = lint(house)
        seen = status == 1 and re.search(wanted, said) is not None
        tap.ok(seen, name, said or "nothing was said")
        if text is None:
            (house / path).unlink()
            if not list((house / path).parent.iterdir()):
                (house / path).parent.rmdir()
        else:
            write(house, path, text)


def see_one(tap, house):
    """--only, and what is told of all the others then: nothing."""
    folder, readme = EXERCISE.rstrip("/"), EXERCISE + "README.md"
    write(house, readme, TASK.replace("`", "", 2) + " ")
    write(house, C, PROGRAM.replace("puts(3)", "puts(3) "))
    for only, wanted in ((readme, 3), (folder, 3), ("exercises", 3), (C, 1), ("Makefile", 0)):
        status, said = lint(house, "--only", only)
        lines = [line for line in said.splitlines() if not line.startswith("lint:")]
        tap.ok(len(lines) == wanted and status == bool(wanted) and
               all(line.startswith(only) for line in lines), "only what is in " + only, said)
    status, said = lint(house, "--only", "nothing.c")
    tap.ok(status == 1 and said == "lint: there is no nothing.c\n", "only what is there", said)
    write(house, readme, TASK)
    write(house, C, PROGRAM)


def see_tools(tap, house):
    for name in (".clang-tidy", ".clang-format"):
        (house / name).symlink_to(ROOT / name)
    for name, text, wanted in FILES:
        write(house, "common/x.c", text)
        run("sh", str(ROOT / "common/tests/lint_file.sh"), "common/x.c", FOUND, *FLAGS, cwd=house)
        said = (house / FOUND).read_text()
        tap.ok(re.search(wanted, said) is not None, name, said or "nothing was said")
    write(house, "common/x.c", "int f(void);\n")
    run("sh", str(ROOT / "common/tests/lint_file.sh"), "common/x.c", FOUND, *FLAGS, cwd=house)
    said = (house / FOUND).read_text()
    tap.ok(said == "", "a file without a fault passes", said)


def main():
    tap = Tap()
    status, out, err = run("make", "lint", cwd=ROOT)
    tap.ok(status == 0, "this tree passes make lint", out + err)
    with tempfile.TemporaryDirectory() as folder:
        house = Path(folder)
        see_house_rules(tap, house)
        see_one(tap, house)
        see_tools(tap, house)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
