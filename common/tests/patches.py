#!/usr/bin/python3
"""Wrong answers that are kept as patches of their solution, solutions/…/wrong/NAME.patch.

    python3 -B common/tests/patches.py [EXERCISE]    what `make patches` runs, from the root
    python3 -B common/tests/patches.py --undo FILE   what `make unpatch` runs

Turns every wrong/*.c into a patch whose patch has at most half its size, and makes those that are
there anew, so that their numbers are right; where the solution has changed so much that one does
not apply, patch(1) is asked to find the place. --undo turns one back into a .c file, to work on it.

common/workbook/patched.h says what is in a patch; `workbook prove` applies it, as apply() here.
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

COMMENT = re.compile(r"\s*/\*(.*?)\*/[ \t]*\n*", re.S)


class Broken(Exception):
    """A patch that does not apply: (line, sentence)."""


# ---- what is in a patch --------------------------------------------------------------------------

def solution_of(path):
    """The solution of the exercise whose wrong answer this is."""
    folder = path.parents[1]
    return folder / (folder.name.split("_", 1)[1] + ".c")


def hunks(patch):
    """[(line of its @@, old text, new text)]"""
    lines = patch.split("\n")
    if patch[-1:] != "\n":
        raise Broken(len(lines), "it does not end in a newline")
    heads = [at for at, line in enumerate(lines) if line.startswith("+++ ")]
    found = []
    for at, line in enumerate(lines[:-1], 1):
        if heads and at > heads[0] + 1 and line.startswith("@@ "):
            found.append((at, [], []))
        elif found:
            kind, rest = line[:1] or " ", line[1:] + "\n"
            if kind not in " -+":
                raise Broken(at, "the line begins with none of blank, - and +")
            found[-1][1].extend([rest] if kind != "+" else [])
            found[-1][2].extend([rest] if kind != "-" else [])
    if not found:
        raise Broken(1, "no --- FILE, +++ FILE and @@ … @@ with lines that change the solution")
    return [(at, "".join(old), "".join(new)) for at, old, new in found]


def apply(patch, solution):
    """The program that a patch makes of the solution's text. Raises Broken."""
    made, rest = "", 0
    for at, old, new in hunks(patch):
        places = [m.start() for m in re.finditer("^(?=%s)" % re.escape(old), solution, re.M)]
        if not old or len(places) != 1 or places[0] < rest:
            raise Broken(at, "the hunk does not apply: the lines that it replaces %s; mend it by "
                         "hand, or by make patches if the solution has changed" %
                         ("stand %d times in the solution" % len(places) if old else "are none"))
        made += solution[rest:places[0]] + new
        rest = places[0] + len(old)
    return made + solution[rest:]


def heading(text, patched):
    """(cases that it fails or None, what is said of it, in lines) of a wrong answer."""
    first = re.match(r"fails: (.*)\n" if patched else r"/\* fails: (.*?) \*/\n", text)
    rest = text[first.end():] if first else text
    if patched:
        said = re.split(r"^--- ", rest, maxsplit=1, flags=re.M)[0]
    else:
        comment = COMMENT.match(rest)
        said = re.sub(r"^[ \t]*\*? ?", "", comment[1], flags=re.M) if comment else ""
    return first[1].split() if first else None, said.strip()


def told(path):
    """(cases that it fails or None, what is said of it, in lines) of a wrong answer's file."""
    return heading(path.read_text(), path.suffix == ".patch")


def program(path):
    """The text of a wrong answer's program. Raises Broken."""
    text = path.read_text()
    return apply(text, solution_of(path).read_text()) if path.suffix == ".patch" else text


def wrong_answers(folder):
    """The wrong answers in solutions/…/wrong, in order."""
    return sorted(path for path in folder.glob("wrong/*") if path.suffix in (".c", ".patch"))


# ---- making them ---------------------------------------------------------------------------------

def body(text):
    """A program without the comment at its top."""
    comment = COMMENT.match(text)
    return text[comment.end():] if comment else text


def differ(path, old, new, around):
    """A patch's hunks, with their head, from one text to the other."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("old", old), ("new", new)):
            Path(folder, name).write_text(text)
        made = subprocess.run(
            ["diff", "--minimal", "-U%d" % around, "--suppress-blank-empty", "--label", path.name,
             "--label", path.name, folder + "/old", folder + "/new"],
            capture_output=True, text=True, check=False)
    return made.stdout


def patch_of(path, fails, said, wanted):
    """A patch that makes the solution into the program wanted, with as little around as tells."""
    solution = solution_of(path).read_text()
    for around in range(1, 20):
        text = "fails: %s\n%s\n%s" % (" ".join(fails), said,
                                      differ(solution_of(path), solution, wanted, around))
        try:
            if apply(text, solution) == wanted:
                return text
        except Broken:
            continue
    raise Broken(1, "it does not differ from the solution")


def convert(path):
    """Turns a .c file into a patch where that pays. True if it did; copied.c changes an example."""
    if path.name == "copied.c":
        return False
    text = path.read_text()
    fails, said = told(path)
    if not fails or not said:
        raise Broken(1, "the first comments do not say which cases it fails, and why")
    said = re.sub(r"^Exercise \d\.\d+ .*\n+", "", said)
    solution = solution_of(path).read_text()
    rest = body(re.sub(r"\A/\*.*?\*/\n", "", text))
    made = patch_of(path, fails, said, solution[:len(solution) - len(body(solution))] + rest)
    if 2 * len(made) > len(text):
        return False
    path.with_suffix(".patch").write_text(made)
    path.unlink()
    return True


def with_fuzz(path, why):
    """The program that a patch would make of a solution that has changed, as patch(1) sees it."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["patch", "-s", "-f", "-F3", "-r", folder + "/rejected", "-o",
                               folder + "/made", str(solution_of(path)), str(path)],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise why
        return Path(folder, "made").read_text()


def renew(path):
    """Makes a patch anew. Returns what to say of it."""
    fails, said = told(path)
    if not fails:
        raise Broken(1, 'the first line is not "fails: case-a case-b"')
    hunks(path.read_text())
    word = ""
    try:
        wanted = program(path)
    except Broken as why:
        wanted = with_fuzz(path, why)
        word = "made for the solution as it is now; look at it"
    text = patch_of(path, fails, said, wanted)
    if text != path.read_text():
        path.write_text(text)
        word = word or "numbers brought up to date"
    return word


def undo(path):
    """Turns a patch back into a .c file."""
    fails, said = told(path)
    lines = "".join((" * " + line).rstrip() + "\n" for line in said.split("\n"))
    path.with_suffix(".c").write_text("/* fails: %s */\n/*\n%s */\n%s" % (
        " ".join(fails or []), lines, body(program(path))))
    path.unlink()


def chosen(exercise):
    """The folders of solutions: of one exercise, "1.4", or of all."""
    found = [folder for folder in sorted(Path("solutions").glob("0[1-5]_*/[0-9][0-9]_*"))
             if exercise in ("", "%d.%d" % (int(folder.parent.name[:2]), int(folder.name[:2])))]
    if not found:
        sys.exit("patches: there is no exercise %s" % exercise)
    return found


def main():
    words = sys.argv[1:]
    broken, made, kept = 0, 0, 0
    paths = [Path(words[1])] if words[:1] == ["--undo"] else [
        path for folder in chosen("".join(words)) for path in wrong_answers(folder)]
    for path in paths:
        try:
            if words[:1] == ["--undo"]:
                undo(path)
            elif path.suffix == ".c":
                made += convert(path)
                kept += path.exists()
            elif word := renew(path):
                print("%s: %s" % (path, word))
        except Broken as why:
            print("%s:%d: %s" % (path, why.args[0], why.args[1]), file=sys.stderr)
            broken += 1
    if words[:1] != ["--undo"]:
        print("%d made into patches; %d stay as they are, being no small change" % (made, kept))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
