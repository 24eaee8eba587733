#!/usr/bin/python3
"""Checks the house rules that no compiler knows, and prints what the compilers found.

    python3 -B common/tests/lint.py [--only PATH] [FINDINGS…]   what `make lint` runs, from the root

FINDINGS are the files that common/tests/lint_file.sh wrote. PATH is the only file, or the folder of
the only files, that is told of. Prints "file:line: sentence" for each
finding. Exits 0 when there is none, else 1.
"""
import re
import sys
from pathlib import Path

import guide
import index
import patches

TOP = set("""README.md README.zh-CN.md Makefile LICENSE 01_socket 02_http 03_urllib 04_requests
    05_async exercises solutions common build answers""".split())
TEXT = {".c", ".h", ".in", ".md", ".patch", ".py", ".sh", ".t", ".yml"}
BANNED = {
    "atoi": "use number_parse() or strtol() with a range check",
    "atol": "use number_parse() or strtol() with a range check",
    "sprintf": "use snprintf()",
    "vsprintf": "use vsnprintf()",
    "strcpy": "build the string with a bound",
    "strcat": "build the string with a bound",
    "gets": "use fgets() or getline()",
    "inet_ntoa": "use inet_ntop() or getnameinfo()",
    "gethostbyname": "use getaddrinfo()",
    "signal": "use sigaction()",
}
# What a folder may include from this repository, as beginnings of names: imports run one way.
IMPORTS = {
    "common/core/": ["core/"],
    "common/wire/": ["core/", "wire/"],
    "common/box/": ["core/", "box/"],
    "common/harness/": ["core/", "box/", "wire/", "harness/"],
    # The tour draws ladders; others' programs are judged in boxes.
    "common/workbook/": ["core/", "box/", "wire/", "workbook/", "classroom/command.h"],
    "common/classroom/": ["core/", "box/", "workbook/", "classroom/"],
    "common/testbed/": ["core/", "testbed/", "http/", "urllib/"],
    "01_socket/": ["core/"],
    "02_http/": ["core/", "http/"],
    "03_urllib/": ["core/", "http/", "urllib/"],
    "04_requests/": ["core/", "http/", "urllib/", "requests/"],
    "05_async/": ["core/", "http/", "urllib/", "asyncio/"],
    "exercises/": ["core/", "harness/"],  # the cases: see may_include()
    "solutions/": [],
}
FOLDERS = r"common|exercises|solutions|0[1-5]_\w+|\.ci"
HEADINGS = ["Task", "Contract", "A session", "Cases", "Headers", "Hints"]
HEADER_KEYS = ["Python", "Usage", "See", "Leaves out"]


def files():
    """Every file of the workbook itself: nothing made and nothing of the learner's."""
    for top in sorted(Path(".").iterdir()):
        if top.name in ("build", "answers", ".git", ".workbook"):
            continue
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def code_only(text):
    """The text with comments and literals blanked out, line ends kept."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text,
                  flags=re.S)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def check_top():
    for path in sorted(Path(".").iterdir()):
        if path.name not in TOP and not path.name.startswith("."):
            yield path, 1, "this has no place at the top level; the house lists what stands there"


def check_text(path, text):
    if path.suffix not in TEXT and path.parent.name not in ("", ".ci"):
        return
    if text and not text.endswith("\n"):
        yield path, text.count("\n") + 1, "the file does not end in a newline"
    for number, line in enumerate(text.split("\n"), 1):
        if line != line.rstrip():
            yield path, number, "blanks at the end of the line"
        if "\t" in line and path.name != "Makefile":
            yield path, number, "a tab; four blanks are the indentation here"
        if len(line) > 100 and path.suffix in (".py", ".sh", ".t"):  # clang-format has C
            yield path, number, "%d columns; 100 are the most" % len(line)


def check_marks(path, text):
    """Marks that the skeletons of common/skeleton/ leave for the author."""
    if path.parts[0] != "common" and len(path.parts) > 1:
        for number, line in enumerate(text.split("\n"), 1):
            if "FILL:" in line:
                yield path, number, "still to be filled in"


def check_calls(path, text):
    if "wrong" in path.parts:
        return
    code = code_only(text)
    for match in re.finditer(r"(?<![\w.>])(%s)\s*\(" % "|".join(BANNED), code):
        yield path, line_of(code, match.start()), "%s() is not used here: %s" % (
            match[1], BANNED[match[1]])


def given(path):
    """The exercise's folder, for a solution or a wrong answer: its headers are given to answers."""
    return Path("exercises", *path.parts[1:3]) if path.parts[0] == "solutions" else path.parent


def may_include(path, folder):
    """What answers may include is listed in their exercise."""
    if folder not in ("exercises/", "solutions/") or path.name == "cases.c" or path.suffix == ".h":
        return IMPORTS[folder]
    readme = given(path) / "README.md"
    _, headers = sections(readme.read_text() if readme.exists() else "").get("Headers", (1, ""))
    return re.findall(r"`(\w+/[^`\n]+)`", headers)


def check_imports(path, text):
    for folder in IMPORTS:
        if not path.as_posix().startswith(folder):
            continue
        allowed = may_include(path, folder)
        for match in re.finditer(r'^#include "([^"]+)"', text, re.M):
            if not match[1].startswith(tuple(allowed)) and not (
                    (path.parent / match[1]).exists() or (given(path) / match[1]).exists()):
                yield path, line_of(text, match.start()), "%s must not include \"%s\"%s" % (
                    folder, match[1], "; it may have " + ", ".join(allowed) if allowed else "")


def check_header(lesson):
    """A program's first comment: number and title, a sentence, then the keys in order."""
    source, lines = lesson.source, index.comment_lines(lesson.source)
    wanted = "%s  %s" % (lesson.number, lesson_title(lesson) or lesson.title or "Title")
    if not lines:
        yield source, 1, "the program does not open with a comment"
        return
    if lines[0] != wanted:
        yield source, 2, "the first comment opens with \"%s\", not \"%s\"" % (lines[0], wanted)
    if not re.fullmatch(r"[^.!?]+(?:[.!?](?! [A-Z])[^.!?]*)*[.]", lesson.sentence):
        yield source, 4, "after the title the first comment says in one sentence what is shown"
    found = re.findall(r"^(\w[\w ]*):(?: |$)", "\n".join(lines), re.M)
    for key in HEADER_KEYS[:3]:
        if key not in found:
            yield source, len(lines) + 1, "the first comment has no \"%s:\"" % key
    known = [key for key in found if key in HEADER_KEYS]
    if known != sorted(known, key=HEADER_KEYS.index) or len(known) != len(set(known)):
        yield source, 2, "the first comment has its parts in another order than %s" % (
            ", ".join(HEADER_KEYS))
    usage = re.search(r"^Usage: +(\S+)", "\n".join(lines), re.M)
    if usage and usage[1] != source.stem:
        yield source, 2, "Usage begins with \"%s\" instead of \"%s\"" % (usage[1], source.stem)


def lesson_title(lesson):
    first = lesson.text.read_text().partition("\n")[0] if lesson.text.exists() else ""
    return first.removeprefix("# %s" % lesson.number).strip()


def check_chapter(chapter):
    for lesson in index.lessons(chapter):
        yield from check_header(lesson)
        if not lesson.text.exists():
            yield lesson.source, 1, "there is no lesson %s beside the program" % lesson.text.name
    for text in sorted(chapter.glob("[0-9][0-9]_*.md")):
        if text.name.count(".") == 1 and not text.with_suffix(".c").exists():
            yield text, 1, "there is no program %s beside the lesson" % text.with_suffix(".c").name
    readme = chapter / "README.md"
    if not readme.exists():
        yield readme, 1, "the chapter has no README.md"
    elif index.indexed(chapter) is None:
        yield readme, 1, "no place for the index: %s and %s" % (index.BEGIN, index.END)
    elif index.indexed(chapter) != readme.read_text():
        yield readme, 1, "the index is out of date; make index mends it"


def sections(text):
    """The parts below "## Heading", code blocks aside: heading to (line, text)."""
    plain = re.sub(r"^```.*?^```", lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.S | re.M)
    found = list(re.finditer(r"^## (.+)$", plain, re.M))
    ends = [match.start() for match in found[1:]] + [len(plain)]
    return {m[1]: (line_of(plain, m.start()), plain[m.end():end]) for m, end in zip(found, ends)}


def check_task(exercise):
    """The README.md of an exercise: what the runner reads there, and what a learner looks for."""
    readme, text = exercise.text, exercise.text.read_text()
    if not text.startswith("# %s " % exercise.number):
        yield readme, 1, "the first line is not \"# %s Title\"" % exercise.number
    terms = r"\s*(Core|More) · [1-9]\d* minutes? · needs (nothing|[1-5]\.\d+.*)\n"
    if not re.match(terms, text.partition("\n")[2]):
        yield readme, 3, "below the title there is no \"Core · 60 minutes · needs 1.05\" (or More)"
    parts = sections(text)
    for heading in HEADINGS:
        if heading not in parts:
            yield readme, 1, "the part \"## %s\" is missing" % heading
    found = [heading for heading in parts if heading in HEADINGS]
    for heading, due in zip(found, [h for h in HEADINGS if h in parts]):
        if heading != due:
            yield readme, parts[heading][0], "\"## %s\" stands where \"## %s\" is due" % (
                heading, due)
            break
    line, headers = parts.get("Headers", (1, "`x`"))
    if not re.search(r"`[^`\n]+`", headers):
        yield readme, line, "no header is listed, and without a list every header is allowed"
    line, hints = parts.get("Hints", (1, "<summary>" * 3))
    count = hints.count("<summary>")
    if count != 3:
        yield readme, line, "%d hints; there are three" % count


def check_expected(exercise):
    """What `record` wrote: a file for a case, called as cases.c calls it."""
    cases = exercise.folder / "cases.c"
    names = re.findall(r'"([^"\n]+)"', cases.read_text()) if cases.exists() else []
    for path in sorted(exercise.folder.glob("expected/*")):
        if path.suffix != ".txt" or path.stem not in names:
            yield path, 1, "no case is called %s; make record E=%s removes what is left of one" % (
                path.stem, exercise.number)


def check_solutions(exercise, solution):
    """What nobody runs: a second solution beside the first, answers in a folder misspelt."""
    for path in sorted(solution.rglob("*")):
        place = path.relative_to(solution)
        known = (place.as_posix() in (exercise.name + ".c", "wrong", "other") or
                 re.fullmatch(r"wrong/[^/]+\.(c|patch)|other/[^/]+\.c", place.as_posix()))
        if not known and (path.is_file() or len(place.parts) == 1):
            yield path, 1, ("nobody looks here; there are %s.c, wrong/*.c, wrong/*.patch and "
                           "other/*.c") % exercise.name


def check_patches(solution):
    """Wrong answers that are patches: that they apply, and say what they are."""
    for path in sorted(solution.glob("wrong/*.patch")):
        fails, said = patches.told(path)
        if not fails:
            yield path, 1, 'the first line is not "fails: case-a case-b"'
        if not said:
            yield path, 2, "below the first line it does not say what the mistake is"
        if path.with_suffix(".c").exists():
            yield path, 1, "it is there as %s.c as well" % path.stem
        try:
            if patches.solution_of(path).exists():
                patches.program(path)
        except patches.Broken as why:
            yield path, *why.args


def check_exercise(exercise):
    folder = exercise.folder
    for name in ("README.md", exercise.name + ".c", "cases.c"):
        if not (folder / name).exists():
            yield folder / name, 1, "the exercise has no %s" % name
    if exercise.text.exists():
        yield from check_task(exercise)
    yield from check_expected(exercise)
    solution = Path("solutions", *folder.parts[1:])
    if not Path("solutions").exists():  # a handout without solutions
        return
    if not (solution / (exercise.name + ".c")).exists():
        yield solution / (exercise.name + ".c"), 1, "the exercise has no solution"
    yield from check_solutions(exercise, solution)
    yield from check_patches(solution)
    wrong = [path.stem for path in patches.wrong_answers(solution)]
    if folder.name.startswith("00"):  # the first steps have nothing to get wrong
        return
    if len(wrong) < 5:
        yield solution / "wrong", 1, "%d wrong answers; there are five at least" % len(wrong)
    if "copied" not in wrong:
        yield solution / "wrong/copied.c", 1, "the nearest example, adapted, is missing"


def check_links(path, text):
    """Those of lessons are the business of `workbook lint`."""
    for match in re.finditer(r"\]\(([^)#\s]+)(#[^)]*)?\)", text):
        if "://" not in match[1] and not (path.parent / match[1]).exists():
            yield path, line_of(text, match.start()), "the link leads nowhere: %s" % match[1]


def make_targets():
    text = Path("Makefile").read_text()
    rules = re.findall(r"^\.PHONY:(.*)|^([\w%/. -]+):(?!=)", text, re.M)
    return {name for rule in rules for part in rule for name in part.split()}


def check_commands(path, text):
    """Commands and files that a README.md names: in code spans and code blocks."""
    targets = make_targets()
    for match in re.finditer(r"```.*?```|`[^`\n]+`", text, re.S):
        at = line_of(text, match.start())
        for offset, line in enumerate(match[0].strip("`").split("\n")):
            for target in re.findall(r"\bmake ([a-z][a-z-]*)(?:[0-9N](?!=))?", line):
                if target not in targets and target + "%" not in targets:
                    yield path, at + offset, "there is no make %s" % target
            for name in re.findall(r"(?<![\w./])(?:%s)/[\w./*-]*" % FOLDERS, line):
                if not re.search(r"NN|NAME", name) and not list(Path(".").glob(name.rstrip("/."))):
                    yield path, at + offset, "there is no %s" % name


def findings(compiled):
    for name in compiled:
        for line in Path(name).read_text().splitlines():
            path, number, sentence = line.split(":", 2)
            yield Path(path), int(number), sentence.strip()
    yield from check_top()
    for path in files():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        yield from check_text(path, text)
        yield from check_marks(path, text)
        if path.suffix in (".c", ".h"):
            yield from check_calls(path, text)
            yield from check_imports(path, text)
        if path.suffix == ".md" and not re.match(r"[0-9][0-9]_", path.name):
            yield from check_links(path, text)
        if path in (Path("README.md"), guide.GUIDE):
            yield from check_commands(path, text)
    for chapter in index.chapters():
        yield from check_chapter(chapter)
        for exercise in index.exercises(chapter):
            yield from check_exercise(exercise)
        for solution in sorted(Path("solutions", chapter.name).glob("*")):
            if solution.is_dir() and not Path("exercises", *solution.parts[1:]).exists():
                yield solution, 1, "there is no exercise that this solves"
    yield from guide.findings()


def main():
    words = sys.argv[1:]
    only = Path(words.pop(1)) if words[:1] == ["--only"] else Path(".")
    if not only.exists():
        sys.exit("lint: there is no %s" % only)
    found = sorted(f for f in set(findings(w for w in words if w != "--only"))
                   if only in (f[0], *f[0].parents))
    for path, line, sentence in found:
        print("%s:%d: %s" % (path, line, sentence))
    if found:
        print("lint: %d to mend" % len(found), file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
