#!/usr/bin/python3 -B
"""The teacher's guide says what is so: its tables, its policy and roster, its options and words.

Its session is run by lessons.t; that its tables are up to date, and its links, are for make lint.
"""
import json
import os
import re
import sys
import tempfile
import zipfile
from pathlib import Path

import guide
import index
from tap import Tap, run

ROOT = Path(__file__).resolve().parents[2]
WORKBOOK = str(ROOT / "build/workbook")
TEXT = (ROOT / guide.GUIDE).read_text()
SCHEMA = json.loads((ROOT / "common/classroom/result.schema.json").read_text())


def section(heading):
    return re.search(r"^##+ %s\n(.*?)(?=^##|\Z)" % heading, TEXT, re.S | re.M)[1]


def block(language):
    return re.search(r"^```%s\n(.*?)^```$" % language, TEXT, re.S | re.M)[1]


def listed(text, column=1):
    """The code spans in a column of the tables in text."""
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| `")]
    return [word for row in rows for word in re.findall(r"`([^`]+)`", row[column])]


# ---- what is made from the files -----------------------------------------------------------------

def see_cases(tap):
    """cases.c read as text gives what the program that is made of it says."""
    for exercise in index.exercises(Path("01_socket")):
        program = ROOT / "build" / exercise.folder / "cases"
        said = [json.loads(line) for line in run(str(program), "--list", cwd=ROOT)[1].splitlines()]
        wanted = [(c["case"], c["title"], c["points"], c["teaches"]) for c in said]
        tap.ok(guide.cases(exercise) == wanted != [], "the cases of %s" % exercise.number,
               "%s\n%s" % (guide.cases(exercise), wanted))
        names = {name for name, _, _, _ in wanted}
        for path, words, fails in guide.wrong_answers(exercise):
            if not words or not fails or not set(fails) <= names:
                tap.ok(False, "what %s gets wrong" % path, (words, fails))
    wrong = [w for c in index.chapters() for e in index.exercises(c)
             for w in guide.wrong_answers(e)]
    page = (ROOT / "solutions/01_socket/README.md").read_text()
    tap.ok(len(wrong) > 200 and all("](%s/wrong/%s) | " % (p.parts[2], p.name) in page
                                    for p, _, _ in wrong if p.parts[1] == "01_socket"),
           "every wrong answer is on its chapter's page")
    return wrong


def expand(text):
    """["1.00", "1.01", "1.02"] of "1.00–1.02"."""
    found = []
    for part in filter(None, text.strip().split(", ")):
        first, _, last = part.partition("–")
        chapter, low = first.split(".")
        for at in range(int(low), int((last or first).split(".")[1]) + 1):
            found.append("%s.%s" % (chapter, str(at).zfill(len(low) if low[0] == "0" else 0)))
    return found


def minutes(text):
    hours = re.fullmatch(r" *(\d+) h (\d\d) *", text)
    return int(hours[1]) * 60 + int(hours[2]) if hours else 0


def see_weeks(tap, what):
    """In the current folder: each lesson and exercise is in one week, and the sums are right."""
    lessons = {e.number: e for c in index.chapters() for e in index.lessons(c)}
    exercises = {e.number: e for c in index.chapters() for e in index.exercises(c)}
    for name in ("five weeks", "fourteen weeks"):
        rows = [row.split("|")[1:-1] for row in guide.tables()[name]][2:]
        rows = [row for row in rows if "planned" not in row[1]]
        for column, kind, entries in ((2, "lessons", lessons), (4, "exercises", exercises)):
            due = [n for n in entries if name[0:4] == "four" or entries[n].core]
            got = [number for row in rows for number in expand(row[column])]
            tap.ok(sorted(got) == sorted(due) != [], "%s, %s: %s" % (what, name, kind),
                   "%s\n%s" % (got, due))
            right = all(minutes(row[6]) == minutes(row[3]) + minutes(row[5]) and
                        minutes(row[column + 1]) == sum(entries[n].minutes
                                                        for n in expand(row[column]))
                        for row in rows)
            tap.ok(right, "%s, %s: minutes of %s" % (what, name, kind), rows)


def see_later_chapters(tap, folder):
    """With a second chapter, and numbers that no plan foresaw."""
    def put(path, number, core):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("# %s X\n\n%s · %d minutes · needs nothing\n" % (
            number, "Core" if core else "More", 10 + len(str(path)) % 7))
    for chapter, name in ((1, "01_socket"), (2, "02_http")):
        for at in (0, 1, 2, 4, 5, 8, 13, 14, 18, 19, 25):
            put(folder / name / ("%02d_x.md" % at), "%d.%02d" % (chapter, at), at % 2)
            (folder / name / ("%02d_x.c" % at)).write_text("/*\n * X\n *\n * Shows it.\n */\n")
        for at in (1, 2, 3, 9, 11, 50):
            put(folder / "exercises" / name / ("%02d_x/README.md" % at), "%d.%d" % (chapter, at),
                at % 2)
            (folder / "exercises" / name / ("%02d_x/cases.c" % at)).write_text("")
    os.chdir(folder)
    see_weeks(tap, "a workbook with a second chapter")
    rows = list(guide.tables()["chapters"])
    tap.ok(rows[3].startswith("| [2 HTTP](02_http/README.md) | 11 |") and "planned" in rows[4],
           "chapters that are there and chapters that are planned", rows)
    (folder / "03_urllib").mkdir()
    (folder / "03_urllib/README.md").write_text("# 3 URLs\n")
    tap.ok("planned" in list(guide.tables()["chapters"])[4], "one with nothing in it is planned")
    os.chdir(ROOT)


# ---- what is written by hand ---------------------------------------------------------------------

def see_anchors(tap):
    for path in (ROOT / "README.md", ROOT / guide.GUIDE):
        headings = {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-")
                    for h in re.findall(r"^##+ (.*)", path.read_text(), re.M)}
        link = r"\]\(#([^)]+)\)" if path.parent != ROOT else r"\]\(\.\./README\.md#([^)]+)\)"
        wanted = set(re.findall(link, TEXT))
        tap.ok(wanted and wanted <= headings, "places in %s" % path.relative_to(ROOT),
               wanted - headings)


def see_words(tap):
    """Each word that a result can hold is explained, and no other."""
    exercise, case = SCHEMA["definitions"]["exercise"], SCHEMA["definitions"]["case"]
    for what, words in (("of a submission", SCHEMA["properties"]["status"]["enum"] +
                         ["missing", "undecided"]),
                        ("of an exercise", exercise["properties"]["state"]["enum"]),
                        ("of a case", case["properties"]["status"]["enum"])):
        table = re.search(r"^\| stat\w+ %s \|.*?(?=\n\n|\Z)" % what,
                          section("What each status means"), re.S | re.M)[0]
        tap.ok(sorted(listed(table)) == sorted(words), "every status " + what, listed(table))


def see_options(tap):
    makefile = (ROOT / "Makefile").read_text()
    variables = set(re.findall(r"\$\((?:if \$\()?(?:or \$\()?([A-Z_]+)\)", re.search(
        r"^CLASS = (.*?[^\\])$", makefile, re.S | re.M)[1]))
    told = {word.split("=")[0] for word in listed(section("Grading")) if "=" in word}
    tap.ok(told == variables, "every variable of make grade", (told, variables))
    grading = section("Grading")
    words = set(re.findall(r"`build/workbook grade (\w+)", grading))
    for word in sorted(words):
        said = "".join(run(WORKBOOK, "grade", word, "1", "2", "3", "4", cwd=ROOT)[1:])
        usage = " ".join(said.split())
        tap.ok("usage: workbook grade %s" % word in usage, "grade %s is a command" % word, said)


def see_policy(tap, folder):
    """The example is taken, and has every key that there is; so is the roster."""
    hand_in, marks = folder / "hand-in", folder / "marks"
    (hand_in / "alice").mkdir(parents=True)
    own = folder / "hidden/01_socket/02_fetch_first"
    own.mkdir(parents=True)
    (own / "cases.c").write_text((ROOT / "exercises/01_socket/02_fetch_first/cases.c").read_text())
    policy, roster = folder / "grading.json", folder / "roster.csv"
    policy.write_text(block("json"))
    roster.write_text(block("csv"))
    status, out, err = run(WORKBOOK, "grade", "class", str(hand_in), str(marks), "--isolation", "C",
                           "--policy", str(policy), "--roster", str(roster), cwd=ROOT)
    book = (marks / "gradebook.csv").read_text() if status == 0 else ""
    tap.ok("alice,Alice Example,alice@example.org,yes," in book and "bob,Bob Example" in book,
           "the policy and the roster of the guide are taken", out + err + book)
    tap.ok("1.0 " not in book.splitlines()[0] and "1.2 " in book.splitlines()[0] if book else False,
           "what the policy leaves out is not in the grade book", book)
    for key, text in (("a policy has no such key", '{"x": 1}'),
                      ("an exercise has no such key", '{"exercises": {"1.2": {"x": 1}}}')):
        policy.write_text(text)
        said = " ".join(run(WORKBOOK, "grade", "class", str(hand_in), str(marks), "--policy",
                            str(policy), cwd=ROOT)[2].split())
        known = re.search(r"%s; it has ([\w, ]+)" % key, said)
        known = set(known[1].split(", ")) if known else {said}
        example = json.loads(block("json"))
        used = set(example) if key.startswith("a p") else set(example["exercises"]["1.2"])
        told = set(listed(section("The policy")))
        tap.ok(known == used and known <= told, "every key: " + key, (known, used, told))


def see_autolab(tap, folder):
    """The commands for Autolab, as they stand there: the last line is the score."""
    name = "01_socket/02_fetch_first/fetch_first.c"
    folder.mkdir()
    with zipfile.ZipFile(folder / "handin.zip", "w") as archive:
        archive.write(ROOT / "solutions" / name, "answers/" + name)
    (folder / "build").symlink_to(ROOT / "build")
    script = re.search(r"\*\*Autolab\.\*\*.*?^```\n(.*?)^```$", TEXT, re.S | re.M)[1]
    if run(WORKBOOK, "grade", "doctor", cwd=ROOT)[0] != 0:
        script = script.replace("marks &&", "marks --isolation C &&")
    status, out, err = run("bash", "-c", script, cwd=folder)
    last = out.splitlines()[-1] if out else ""
    scores = json.loads(last)["scores"] if status == 0 and last.startswith("{") else {}
    whole = sum(points for _, _, points, _ in guide.cases(
        next(e for e in index.exercises(Path("01_socket")) if e.number == "1.2")))
    tap.ok(scores.get("1.2") == whole and scores.get("1.3") == 0, "the commands for Autolab",
           out + err)


def main():
    tap = Tap()
    os.chdir(ROOT)
    see_cases(tap)
    see_weeks(tap, "this workbook")
    see_anchors(tap)
    see_words(tap)
    see_options(tap)
    with tempfile.TemporaryDirectory() as folder:
        see_later_chapters(tap, Path(folder, "later"))
        see_policy(tap, Path(folder))
        see_autolab(tap, Path(folder, "autolab"))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
