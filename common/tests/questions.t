#!/usr/bin/python3 -B
"""`make questions`: what it writes is read back by a strict reader of Moodle's GIFT, and is what
the lessons ask. A made-up lesson has all that GIFT and HTML read in a way of their own.
"""
import html
import re
import sys
import tempfile
from pathlib import Path

from scratch import Workbook
from tap import Tap, run

ROOT = Path(__file__).resolve().parents[2]
GIFT = ROOT / "build/questions.gift"

STRANGE = r"""# 1.02 Odd {title}: a ~ b = c # d

Core · 5 minutes · needs nothing

Text.

**Predict.** Is `a\n: b = {1} # x ~y` *so*, **now** or <5 & "6"? // it is
// and this is no comment

```c
if (a < b && c == '\n') {   /* # */

    x = ~y; // z:
}
```

- a) `~` or `=`
- b) %50% of \#: {}
- c) `->` and `\=`
- d) #### none

<details>
<summary>Answer: c</summary>

One: `{a}`.

- first ~
- second

Last #.
</details>
"""
# The same as it has to be read back: HTML.
WANTED = {
    "name": "1.02 Odd {title}: a ~ b = c # d",
    "text": '<p>Is <code>a\\n: b = {1} # x ~y</code> <i>so</i>, <b>now</b> or &lt;5 &amp; "6"? '
            "// it is // and this is no comment</p>"
            "<pre>if (a &lt; b &amp;&amp; c == '\\n') {   /* # */\n\n    x = ~y; // z:\n}</pre>",
    "choices": ["a) <code>~</code> or <code>=</code>", "b) %50% of #: {}",
                "c) <code>-&gt;</code> and <code>\\=</code>", "d) #### none"],
    "right": [2],
    "reason": "<p>One: <code>{a}</code>.</p><p>- first ~</p><p>- second</p><p>Last #.</p>",
}


def plain(text):
    """Text without its escapes. A character that GIFT reads in its own way must not be bare."""
    assert not re.search(r"[~=#{}:]", re.sub(r"\\.", "", text)), "bare in %r" % text
    assert not re.search(r"\\[^~=#{}:\\n]", text.replace("\\\\", "")), "escaped in %r" % text
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], text)


def read_question(text):
    """::name::[html]text { ~wrong, =right, ####reason }, each of them on a line of its own."""
    found = re.fullmatch(r"::((?:\\.|[^\\:])+)::\[html\](.*) \{\n((?:[~=].*\n)+)####(.*)\n\}", text)
    assert found, "no question: %r" % text
    lines = found[3].splitlines()
    return {"name": plain(found[1]), "text": plain(found[2]), "reason": plain(found[4]),
            "choices": [plain(line[1:]) for line in lines],
            "right": [i for i, line in enumerate(lines) if line[0] == "="]}


def read_gift(text):
    """[(category, question)]. Blank lines part questions; a line that opens with // is none."""
    category, read = None, []
    text = re.sub(r"^[ \t]*//.*\n", "", text, flags=re.M)
    for part in re.split(r"\n\s*\n", text.strip()):
        if part.startswith("$CATEGORY: "):
            category = part[len("$CATEGORY: "):]
            assert "\n" not in category
        else:
            read.append((category, read_question(part)))
    return read


def bare(text):
    """The words of Markdown."""
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text)  # of a link its words
    return " ".join(re.sub(r"[*`]", " ", text).split())


def bare_html(text):
    """The words of HTML, to compare the two."""
    return bare(html.unescape(re.sub(r"</?(?:p|b|i|code)>", " ", text)))


def asked(lesson):
    """What a lesson asks, read from its Markdown in another way than the runner does."""
    text = lesson.read_text()
    found = re.search(r"^\*\*Predict\.\*\*((?:.+\n)+)\n((?:- [a-z]\).*\n(?:  .*\n)*)+)\n<details>\n"
                      r"<summary>Answer: ([a-z])</summary>\n\n((?:.*\n)*?)</details>", text, re.M)
    return {"name": text.partition("\n")[0][2:], "text": bare(found[1]), "reason": bare(found[4]),
            "choices": [bare(c) for c in re.split(r"^- ", found[2], flags=re.M)[1:]],
            "right": [ord(found[3]) - ord("a")]}


def see_lessons(tap):
    GIFT.unlink(missing_ok=True)
    status, out, err = run("make", "questions", cwd=ROOT)
    tap.ok(status == 0 and GIFT.exists() and "build/questions.gift" in out, "make questions",
           out + err)
    read = read_gift(GIFT.read_text())
    lessons = sorted(p for p in ROOT.glob("0[1-5]_*/[0-9][0-9]_*.md") if p.name.count(".") == 1)
    tap.ok(len(read) == len(lessons), "a question a lesson", (len(read), len(lessons)))
    for lesson, (category, question) in zip(lessons, read):
        wanted = asked(lesson)
        title = (lesson.parent / "README.md").read_text().partition("\n")[0][2:]
        got = {**question, "text": bare_html(question["text"]),
               "reason": bare_html(question["reason"]),
               "choices": [bare_html(c) for c in question["choices"]]}
        tap.ok(got == wanted and category == "Network programming in C/" + title,
               "%s is asked as in its lesson" % lesson.stem, "%s\n%s" % (got, wanted))


def see_strange(tap):
    with tempfile.TemporaryDirectory() as folder:
        book = Workbook(folder)
        book.put("01_socket/README.md", "# 1 In / out\n")
        book.put("01_socket/02_odd.md", STRANGE)
        book.put("01_socket/02_odd.c", "/*\n * 1.02  Odd\n *\n * Shows it.\n */\n")
        status, said = book.run("questions")
        read = read_gift(said) if status == 0 else []
        tap.ok(len(read) == 1, "the lesson without a question is left out", said)
        for key, wanted in WANTED.items():
            got = read[0][1][key] if read else None
            tap.ok(got == wanted, "special characters survive: " + key, "%s\n%s" % (got, wanted))
        tap.ok(read and read[0][0] == "Network programming in C/1 In // out",
               "a slash in a chapter's title", said)
        tap.ok(book.run("questions") == (status, said), "the same twice")
        book.put("01_socket/02_odd.md", STRANGE.replace("One: ", "| a |\n|---|\n| b |\n\nOne: "))
        status, said = book.run("questions")
        tap.ok(status == 2 and "01_socket/02_odd.md:25:" in said, "a table is refused, not lost",
               said)


def main():
    tap = Tap()
    see_lessons(tap)
    see_strange(tap)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
