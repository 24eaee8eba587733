#!/usr/bin/python3 -B
"""Wrong answers become patches of their solution where that pays, and stay what they are."""
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import patches
from tap import Tap, run

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "solutions/01_socket/08_relay"
SOLUTION = """/*
 * Exercise 1.8  Relay
 */
#include <stdio.h>

static int twice(int n)
{
    return 2 * n;
}

static int thrice(int n)
{
    int sum = n;

    sum += n;
    sum -= -n;

    return sum;
}

int main(void)
{
    printf("%d %d\\n", twice(1), thrice(1));
    return 0;
}
"""
HEAD = """/* fails: sums half-close */
/*
 * Exercise 1.8  Relay
 *
 * Adds once only:
 * the first line of "--- a sum" is lost.
 */
"""
CODE = SOLUTION.partition("*/\n")[2]
WRONG = HEAD + CODE.replace("    sum -= -n;\n", "")
PATCH = """fails: sums half-close
Adds once only:
the first line of "--- a sum" is lost.
--- relay.c
+++ relay.c
@@ -15,3 +15,2 @@
     sum += n;
-    sum -= -n;

"""
COPIED = "/* fails: sums */\n/* Lesson 1.03. */\nint main(void)\n{\n    return 1;\n}\n"


class Tree:
    """A workbook with one exercise's solution and wrong answers."""

    def __init__(self, folder):
        self.top, self.place = folder, folder / FOLDER
        (self.place / "wrong").mkdir(parents=True)

    def put(self, **files):
        shutil.rmtree(self.place / "wrong")
        (self.place / "wrong").mkdir()
        (self.place / "relay.c").write_text(SOLUTION)
        for name, text in files.items():
            name = re.sub("_(c|patch)$", r".\1", name)
            (self.place / "wrong" / name).write_text(text)

    def files(self):
        return {p.name: p.read_text() for p in (self.place / "wrong").iterdir()}

    def make(self, *words):
        status, out, err = run(sys.executable, "-B", str(ROOT / "common/tests/patches.py"), *words,
                               cwd=self.top)
        return status, out + err


def see_made(tap, tree):
    tree.put(once_c=WRONG, else_c=COPIED, copied_c=WRONG)
    status, said = tree.make("1.8")
    tap.ok(status == 0 and tree.files() == {
           "once.patch": PATCH, "else.c": COPIED, "copied.c": WRONG} and
           "1 made into patches; 2 stay" in said, "a small change becomes a patch",
           (said, tree.files()))
    made = subprocess.run(["patch", "-s", "-F0", "-o", "-", "relay.c", "wrong/once.patch"],
                          cwd=tree.place, capture_output=True, text=True, check=False)
    tap.ok(made.stdout == patches.program(tree.place / "wrong/once.patch") ==
           SOLUTION.partition("*/\n")[0] + "*/\n" + WRONG[len(HEAD):],
           "patch(1) reads it alike, and makes the same program", made)
    status, said = tree.make()
    tap.ok(status == 0 and tree.files()["once.patch"] == PATCH and "once" not in said,
           "it is then left as it is", said)
    status, said = tree.make("--undo", FOLDER + "/wrong/once.patch")
    again = tree.files().get("once.c", "")
    tap.ok(status == 0 and set(tree.files()) == {"once.c", "else.c", "copied.c"} and
           again == HEAD.replace(" * Exercise 1.8  Relay\n *\n", "") + WRONG[len(HEAD):],
           "and becomes a program again", (said, again))
    status, said = tree.make("1.7")
    tap.ok(status == 1 and "there is no exercise 1.7" in said, "no such exercise", said)


def see_renewed(tap, tree):
    """What is in a patch after a change of the solution."""
    tree.put(once_patch=PATCH)
    solution = tree.place / "relay.c"
    solution.write_text(SOLUTION.replace("#include", "#include <errno.h>\n#include"))
    status, said = tree.make()
    tap.ok(status == 0 and tree.files()["once.patch"] == PATCH.replace("15", "16") and
           "once.patch: numbers brought up to date" in said, "lines that have moved", said)
    tree.put(once_patch=PATCH)
    solution.write_text(SOLUTION.replace("    sum += n;", "    sum = sum + n;"))
    status, said = tree.make()
    tap.ok(status == 0 and "made for the solution as it is now; look at it" in said and
           patches.program(tree.place / "wrong/once.patch") == solution.read_text().replace(
               "    sum -= -n;\n", ""), "a line around it that has changed", said)
    tree.put(once_patch=PATCH)
    solution.write_text(SOLUTION.replace("    sum -= -n;", "    sum += n * 1;"))
    status, said = tree.make()
    tap.ok(status == 1 and tree.files()["once.patch"] == PATCH and
           "once.patch:6: the hunk does not apply: the lines that it replaces stand 0 times in the "
           "solution; mend it by hand" in said, "what it replaces has gone", said)


def see_refused(tap, tree):
    for what, file, sentence in (
            ("no first line", {"x_c": WRONG.partition("\n")[2]}, "x.c:1: the first comments do"),
            ("no second comment", {"x_c": "/* fails: sums */\n" + CODE}, "x.c:1: the first comm"),
            ("a patch without its first line", {"x_patch": PATCH.partition("\n")[2]},
             'x.patch:1: the first line is not "fails: case-a case-b"'),
            ("no newline at the end", {"x_patch": PATCH + " int"}, "x.patch:10: it does not end")):
        tree.put(**file)
        before = tree.files()
        status, said = tree.make()
        tap.ok(status == 1 and sentence in said and tree.files() == before, what, said)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        tree = Tree(Path(folder))
        see_made(tap, tree)
        see_renewed(tap, tree)
        see_refused(tap, tree)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
