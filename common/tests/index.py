#!/usr/bin/python3
"""Writes the index of lessons and exercises into each chapter's README.md, from the files.

    python3 -B common/tests/index.py            what `make index` runs, from the repository's root

A program's sentence stands in its first comment, everything else in the lesson's or exercise's
first lines. The index replaces what is between <!-- index --> and <!-- /index -->.
"""
import re
import sys
from pathlib import Path

BEGIN, END = "<!-- index -->", "<!-- /index -->"


class Lesson:
    """A numbered program and its lesson, side by side."""

    def __init__(self, source):
        self.source = source
        self.text = source.with_suffix(".md")
        self.number = "%d.%s" % (int(source.parent.name[:2]), source.name[:2])
        lines = comment_lines(source)
        self.title = lines[0].partition("  ")[2] if lines else ""
        self.sentence = sentence(lines)
        self.core, self.minutes, self.needs = terms(self.text)


class Exercise:
    def __init__(self, folder):
        self.folder = folder
        self.name = folder.name[3:]
        self.text = folder / "README.md"
        self.number = "%d.%d" % (int(folder.parent.name[:2]), int(folder.name[:2]))
        first = self.text.read_text().partition("\n")[0] if self.text.exists() else ""
        self.title = first.removeprefix("# %s" % self.number).strip()
        self.core, self.minutes, self.needs = terms(self.text)


def lessons(chapter):
    return [Lesson(p) for p in sorted(chapter.glob("[0-9][0-9]_*.c"))]


def exercises(chapter):
    return [Exercise(p) for p in sorted(Path("exercises", chapter.name).glob("[0-9][0-9]_*"))]


def chapters():
    return sorted(p for p in Path(".").glob("0[1-5]_*") if p.is_dir())


def comment_lines(source):
    """The lines of a program's first comment without their stars."""
    match = re.match(r"/\*(.*?)\*/", source.read_text(), re.S)
    if not match:
        return []
    lines = [re.sub(r"^ \* ?", "", line).rstrip() for line in match.group(1).split("\n")]
    return "\n".join(lines).strip("\n").rstrip().split("\n")


def sentence(lines):
    """What a program shows: the paragraph after its title."""
    paragraphs = "\n".join(lines).split("\n\n")
    return " ".join(paragraphs[1].split()) if len(paragraphs) > 1 else ""


def terms(text):
    """"Core · 20 minutes · needs 1.02", the first paragraph that has this form."""
    found = re.search(r"^(Core|More) · (\d+) minutes · needs (.+)$",
                      text.read_text() if text.exists() else "", re.M)
    return (found[1] == "Core", int(found[2]), found[3]) if found else (False, 0, "")


def index(chapter):
    """The index of a chapter as Markdown. Bold numbers are the core path."""
    def number(entry):
        return "**%s**" % entry.number if entry.core else entry.number

    lines = [BEGIN, "", "| lesson | | what it shows | minutes | needs |", "|---|---|---|---|---|"]
    for lesson in lessons(chapter):
        lines.append("| %s | [%s](%s) · [source](%s) | %s | %d | %s |" % (
            number(lesson), lesson.title, lesson.text.name, lesson.source.name,
            lesson.sentence.replace("|", "\\|"), lesson.minutes, lesson.needs))
    lines += ["", "| exercise | | minutes | needs |", "|---|---|---|---|"]
    for exercise in exercises(chapter):
        lines.append("| %s | [%s](../%s) | %d | %s |" % (
            number(exercise), exercise.title, exercise.text, exercise.minutes, exercise.needs))
    return "\n".join(lines + ["", END])


def indexed(chapter):
    """A chapter's README.md as it should be, or None if it has no place for the index."""
    text = (chapter / "README.md").read_text()
    if BEGIN not in text or END not in text:
        return None
    before, rest = text.split(BEGIN, 1)
    return before + index(chapter) + rest.split(END, 1)[1]


def main():
    status = 0
    for chapter in chapters():
        readme = chapter / "README.md"
        if not readme.exists():
            continue
        text = indexed(chapter)
        if text is None:
            print("%s:1: no %s and %s to put the index between" % (readme, BEGIN, END),
                  file=sys.stderr)
            status = 1
        elif text != readme.read_text():
            readme.write_text(text)
            print("wrote the index of %s" % readme)
    return status


if __name__ == "__main__":
    sys.exit(main())
