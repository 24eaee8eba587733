#!/usr/bin/python3
"""Writes what the teacher's guide tells from the files: the tables in solutions/README.md, and for
each chapter solutions/NN_name/README.md with its cases and wrong answers.

    python3 -B common/tests/guide.py        what `make index` runs too, from the repository's root

Minutes stand in the first lines of lessons and exercises, cases in cases.c, and what a wrong
answer gets wrong in its first comments, or at the top of its patch. A table replaces what is
between its marks, <!-- five weeks --> and <!-- /five weeks -->.
"""
import re
import sys
from pathlib import Path

import index
import patches

GUIDE = Path("solutions/README.md")
CHAPTERS = {1: "Sockets", 2: "HTTP", 3: "URLs", 4: "Requests", 5: "Async"}
# The core path of chapters that are still planned; for those that are there, their files say it.
PLANNED = {
    2: ("2.01–2.06, 2.08, 2.10, 2.13", "2.2, 2.4, 2.7, 2.8"),
    3: ("3.01–3.05, 3.07–3.09, 3.11", "3.2, 3.4, 3.6"),
    4: ("4.00–4.05, 4.07, 4.10–4.12, 4.14, 4.16", "4.1, 4.3, 4.4, 4.11"),
    5: ("5.01–5.06, 5.09, 5.10, 5.13", "5.1, 5.2, 5.7, 5.10"),
}
# Fourteen weeks: the chapter, its lessons from … to …, its exercises. The first week of a chapter
# takes what comes before these lessons, the last what is left of lessons and exercises.
WEEKS = [
    (1, 0, 7, [0, 1, 2, 3, 4, 5]), (1, 8, 13, [6, 7, 8, 9]), (1, 14, 18, [10, 11]),
    (2, 1, 5, [1, 2, 3]), (2, 6, 10, [4, 5, 6, 7]), (2, 11, 16, [8, 9, 10]),
    (3, 1, 5, [1, 2, 3, 4, 5]), (3, 6, 11, [6, 7, 8, 9]),
    (4, 0, 7, [1, 2, 3, 4, 5]), (4, 8, 13, [6, 7, 8, 9]), (4, 14, 21, [10, 11, 12]),
    (5, 1, 6, [1, 2, 3, 9]), (5, 7, 13, [4, 5, 6, 7, 8, 10]), (5, 14, 19, [11, 12]),
]


# ---- what the files say --------------------------------------------------------------------------

def literals(text):
    """A C string in one or more pieces, without its escapes."""
    joined = "".join(re.findall(r'"((?:\\.|[^"\\])*)"', text))
    return re.sub(r"\\(.)", lambda m: {"n": " ", "t": " "}.get(m[1], m[1]), joined)


def cases(exercise):
    """[(name, title, points, teaches)], as the table in its cases.c has them."""
    source = exercise.folder / "cases.c"
    text = source.read_text() if source.exists() else ""
    pieces = r'((?:\s*"(?:\\.|[^"\\])*")+)'
    found = []
    for entry in re.split(r"\{\s*\.name = (?=\")", text)[1:]:
        name = re.match(r'"([^"]+)"', entry)[1]
        field = {key: literals(match[1])
                 for key in ("title", "teaches")
                 if (match := re.search(r"\.%s =%s" % (key, pieces), entry))}
        points = re.search(r"\.points = (\d+)", entry)
        found.append((name, field.get("title", ""), int(points[1]) if points else 0,
                      field.get("teaches", "")))
    return found


def wrong_answers(exercise):
    """[(path, what it gets wrong, the cases that it fails)], as they say it themselves."""
    found = []
    for path in patches.wrong_answers(Path("solutions", *exercise.folder.parts[1:])):
        fails, said = patches.told(path)
        found.append((path, " ".join(said.split()), fails or []))
    return found


# ---- words ---------------------------------------------------------------------------------------

def hours(minutes):
    return "%d h %02d" % divmod(minutes, 60)


def place(number):
    return int(number.split(".")[1])


def ranges(numbers):
    """"1.00–1.09, 1.11": three or more in a row as a range."""
    runs = []
    for number in numbers:
        if runs and place(runs[-1][-1]) == place(number) - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join("%s–%s" % (run[0], run[-1]) if len(run) > 2 else ", ".join(run)
                     for run in runs)


def range_of(entries):
    return ranges([entry.number for entry in entries])


def cell(text):
    """Text as it is in a cell of a Markdown table."""
    return re.sub(r"([|*<])", r"\\\1", text)


def names(fails, all_of_them):
    """The cases that are failed; where that is most of them, the others."""
    rest = [name for name in all_of_them if name not in fails]
    if rest and len(fails) > 8 and len(rest) <= 8:
        return "all but " + " ".join("`%s`" % name for name in rest)
    return " ".join("`%s`" % name for name in fails) if rest else "all"


def total(entries):
    return sum(entry.minutes for entry in entries)


# ---- the tables of the guide ---------------------------------------------------------------------

def chapter_rows(there):
    yield "| chapter | lessons | | exercises | | points | wrong answers |"
    yield "|---|---|---|---|---|---|---|"
    for number, name in CHAPTERS.items():
        if number not in there:
            yield "| %d %s | planned | | planned | | | |" % (number, name)
            continue
        lessons, exercises = there[number]
        folder = exercises[0].folder.parts[1] if exercises else lessons[0].source.parent.name
        yield "| [%d %s](%s/README.md) | %d | %s | %d | %s | %d | %d |" % (
            number, name, folder, len(lessons), hours(total(lessons)), len(exercises),
            hours(total(exercises)), sum(c[2] for e in exercises for c in cases(e)),
            sum(len(wrong_answers(e)) for e in exercises))


def five_rows(there):
    yield "| week | chapter | lessons | | exercises | | in all |"
    yield "|---|---|---|---|---|---|---|"
    for number, name in CHAPTERS.items():
        if number not in there:
            lessons, exercises = PLANNED[number]
            yield "| %d | %d %s (planned) | %s | | %s | | |" % (
                number, number, name, lessons, exercises)
            continue
        lessons, exercises = ([e for e in entries if e.core] for entries in there[number])
        yield "| %d | %d %s | %s | %s | %s | %s | %s |" % (
            number, number, name, range_of(lessons), hours(total(lessons)), range_of(exercises),
            hours(total(exercises)), hours(total(lessons) + total(exercises)))


def fourteen_rows(there):
    yield "| week | chapter | lessons | | exercises | | in all |"
    yield "|---|---|---|---|---|---|---|"
    for week, (number, first, last, tasks) in enumerate(WEEKS, 1):
        name = "%d %s" % (number, CHAPTERS[number])
        if number not in there:
            yield "| %d | %s (planned) | %s | | %s | | |" % (
                week, name, ranges(["%d.%02d" % (number, at) for at in range(first, last + 1)]),
                ranges(["%d.%d" % (number, task) for task in tasks]))
            continue
        lessons, exercises = chosen(there[number], week - 1)
        yield "| %d | %s | %s | %s | %s | %s | %s |" % (
            week, name, range_of(lessons), hours(total(lessons)), range_of(exercises),
            hours(total(exercises)), hours(total(lessons) + total(exercises)))


def chosen(entries, week):
    """The lessons and exercises of a week."""
    number, first, last, tasks = WEEKS[week]
    other = {task for w in WEEKS for task in w[3] if w[0] == number} - set(tasks)
    begins = week == 0 or WEEKS[week - 1][0] != number
    ends = week + 1 == len(WEEKS) or WEEKS[week + 1][0] != number
    lessons = [e for e in entries[0]
               if (begins or place(e.number) >= first) and (ends or place(e.number) <= last)]
    exercises = [e for e in entries[1]
                 if place(e.number) in tasks or (ends and place(e.number) not in other)]
    return lessons, exercises


def tables():
    """What stands between the marks of solutions/README.md."""
    there = {int(c.name[:2]): (index.lessons(c), index.exercises(c)) for c in index.chapters()}
    there = {number: entries for number, entries in there.items() if any(entries)}  # begun
    return {"chapters": chapter_rows(there), "five weeks": five_rows(there),
            "fourteen weeks": fourteen_rows(there)}


def guide():
    """solutions/README.md as it should be. ValueError names a mark that is missing."""
    text = GUIDE.read_text()
    for name, rows in tables().items():
        begin, end = "<!-- %s -->\n" % name, "<!-- /%s -->\n" % name
        if begin not in text or end not in text.split(begin, 1)[1]:
            raise ValueError("no <!-- %s --> and <!-- /%s --> for its table" % (name, name))
        before, rest = text.split(begin, 1)
        text = before + begin + "\n" + "\n".join(rows) + "\n\n" + end + rest.split(end, 1)[1]
    return text


# ---- a chapter's page ----------------------------------------------------------------------------

def exercise_lines(exercise):
    table, wrong = cases(exercise), wrong_answers(exercise)
    known = [name for name, _, _, _ in table]
    yield "## %s %s" % (exercise.number, exercise.title)
    yield ""
    yield "%s · %d minutes · needs %s · %d cases, %d points · [the task](../../%s)%s" % (
        "Core" if exercise.core else "More", exercise.minutes, exercise.needs, len(table),
        sum(points for _, _, points, _ in table), exercise.text,
        " · [our solution](%s/%s.c)" % (exercise.folder.name, exercise.name))
    yield ""
    yield "| case | points | what is tried | what it teaches |"
    yield "|---|---|---|---|"
    for name, title, points, teaches in table:
        yield "| `%s` | %d | %s | %s |" % (name, points, cell(title), cell(teaches))
    if wrong:
        yield ""
        yield "| wrong answer | what it gets wrong | fails |"
        yield "|---|---|---|"
    for path, words, fails in wrong:
        yield "| [%s](%s) | %s | %s |" % (
            path.stem, path.relative_to(path.parents[2]), cell(words), names(fails, known))


def page(chapter):
    """solutions/NN_name/README.md, all of it."""
    number = int(chapter.name[:2])
    lessons, exercises = index.lessons(chapter), index.exercises(chapter)
    lines = [
        "# Chapter %d for the teacher: %s" % (number, CHAPTERS.get(number, chapter.name)), "",
        "Made by `make index` from the files of the chapter; change those. The guide is "
        "[one folder up](../README.md).", "",
        "What a student can do after a lesson is what its program shows; after an exercise it is "
        "what the cases try. A wrong answer is a mistake that students make, with a program that "
        "makes it and the cases that find it: a student who fails just those cases has probably "
        "made it.", "",
        "## Lessons", "", "| lesson | | minutes | needs | what it shows |", "|---|---|---|---|---|"]
    for lesson in lessons:
        lines.append("| %s | [%s](../../%s) | %d | %s | %s |" % (
            "**%s**" % lesson.number if lesson.core else lesson.number, lesson.title, lesson.text,
            lesson.minutes, lesson.needs, cell(lesson.sentence)))
    for exercise in exercises:
        lines += ["", *exercise_lines(exercise)]
    return "\n".join(lines) + "\n"


# ---- all of it -----------------------------------------------------------------------------------

def wanted():
    """{path: its text} of all that is made here. ValueError as guide()."""
    pages = {Path("solutions", c.name, "README.md"): page(c) for c in index.chapters()
             if Path("solutions", c.name).is_dir()}
    return {GUIDE: guide(), **pages}


def findings():
    """(path, line, sentence) of what is not as it would be made."""
    if not Path("solutions").exists():  # a handout
        return
    if not GUIDE.exists():
        yield GUIDE, 1, "there is no teacher's guide"
        return
    try:
        for path, text in wanted().items():
            if not path.exists() or path.read_text() != text:
                yield path, 1, "what is made from the files is out of date; make index mends it"
    except ValueError as why:
        yield GUIDE, 1, str(why)


def main():
    try:
        for path, text in wanted().items():
            if not path.exists() or path.read_text() != text:
                path.write_text(text)
                print("wrote %s" % path)
    except (OSError, ValueError) as why:
        print("%s:1: %s" % (GUIDE, why), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
