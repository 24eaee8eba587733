#!/usr/bin/python3 -B
"""The pages that a teacher gets, opened in Chromium: what they say, and that nothing that anybody
wrote becomes more than text. Sizes, colours and keys are those that a person meets.
"""
import base64
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import unquote

import browser
import results
from browser import Browser
from results import CASES, exercise_of, put, put_run, result_of
from scratch import environment_of, processes_marked
from tap import Tap

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = [str(ROOT / "build/workbook"), "grade", "collect"]
SOLUTIONS = ROOT / "solutions/01_socket"

# What reports may hold; all of it is to be seen as it is.
REPORT = """1.2  Fetch from the first server that answers                    26 of 28 points
  FAIL  the reply breaks off                                       0 of 2 points

  </code></pre><script>alert(1)</script> <img src=x onerror=alert(2)>
  ``` ```` `````` ~~~ [a](javascript:alert(3)) ![b](http://evil.example/x.png)
  ]]> &amp; &#0; <!-- --> <b>bold</b> # no heading | no | table

      your program                              server
  0.0 ms  1 |--- connect ----------------------X   |  refused, 127.0.0.1:50893
  2.2 ms  2 |<-- 25 B  "1GzlXLpkFX2ypCEpKR6Vf8A…" -|  “quoted” → ‘x’
"""


def collect(out, *words, **environment):
    done = subprocess.run([*PROGRAM, str(out), *map(str, words)], cwd=ROOT, check=False,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          env=environment_of(**environment), errors="replace")
    return done.returncode, done.stdout + done.stderr


def pages_of(out):
    return sorted(Path(out).glob("*.html")) + sorted(Path(out, "feedback").glob("*.html"))


def harmless(text):
    """As text_harmless() shows what no page may obey."""
    def shown(match):
        code = ord(match[0])
        return "\\u%04x" % code if code > 0xff else "\\x%02x" % code
    return re.sub("[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", shown, text)


def whole_class(out):
    """The hostile class, one more student who has everything, a roster and a policy."""
    found = results.class_of()
    for result in found:
        put(out, result)
    rich = result_of("rich", [
        exercise_of("1.0"), exercise_of("1.1", ["pass", "fail", "skipped"], report=REPORT),
        exercise_of("1.2", ["pass", "pass", "crash", "timeout", "pass", "fail"],
                    report=REPORT + "x" * 100000 + "\n\x1b[31mred\u202egnp.c\n",
                    messages="fetch_first.c:1:2: warning: <i>`unused`</i>\n"),
        exercise_of("1.10", state="not-compiled", report="", messages="````\n<u>no</u>\n")],
        submitted="2026-11-30T10:00:00Z", refused=[
            {"path": "x/`evil`", "reason": "link",
             "sentence": "x/`evil` <b>is</b> a *link* to https://evil.example/ www.evil.example."}])
    put(out, rich)
    put_run(out)
    people = [result["student"] for result in found if result["submission"] == result["student"]]
    quoted = ['"%s","%s <i>"' % (name.replace('"', '""'), name.replace('"', '""').upper())
              for name in people[:20]]
    Path(out, "roster.csv").write_text("student,name\n%s\nnobody,\"Missing & gone\"\n" %
                                       "\n".join(quoted))
    Path(out, "grading.json").write_text(json.dumps({
        "several": "best", "due": "2026-11-26T00:00:00Z", "late_factor": 0.5,
        "exercises": {"1.2": {"points": 10}}}))
    return [*found, rich]


def answers(out):
    """Two who have the same, one who has a lesson's program, one who did nothing, one alone."""
    for name, source in (("ann", SOLUTIONS / "02_fetch_first/fetch_first.c"),
                         ("<ben>", SOLUTIONS / "02_fetch_first/fetch_first.c"),
                         ("cem", ROOT / "01_socket/03_tcp_client.c"),
                         ("dan", ROOT / "exercises/01_socket/02_fetch_first/fetch_first.c"),
                         ("eve", SOLUTIONS / "02_fetch_first/other/poll.c")):
        result = result_of(name, [exercise_of("1.2")])
        put(out, result)
        copy = Path(out, "results", name, "files", result["exercises"][0]["file"])
        copy.parent.mkdir(parents=True)
        text = source.read_text()
        copy.write_text(re.sub(r"\bfd\b", "sock", text) if name == "<ben>" else text)
    put_run(out)


# ---- without a browser ------------------------------------------------------------------------


def test_files(tap, out):
    status, said = collect(out, "--roster", out / "roster.csv", "--policy", out / "grading.json")
    tap.ok(status == 1 and Path(out, "class.html").exists(), "collect writes the pages", said)
    before = {p: p.read_bytes() for p in (*pages_of(out), *Path(out, "feedback").glob("*.md"))}
    collect(out, "--roster", out / "roster.csv", "--policy", out / "grading.json")
    tap.ok(all(p.read_bytes() == text for p, text in before.items()),
           "the same results give the same bytes")
    page = Path(out, "class.html").read_text()
    script = re.search(r"<script>(.*?)</script>", page, re.S)[1]
    digest = "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    tap.ok(digest in page, "the script is the one that the page's policy lets run",
           "class_page.c wants " + digest)
    loud = [p.name for p in before if harmless(p.read_text()) != p.read_text()]
    tap.ok(not loud, "no page holds control characters, or turns the direction of writing", loud)
    wrong = [p.name for p in before if re.search(
        rb"(?i)(src|href)=\"?(https?:|//|javascript:|data:)|url\(|@import",
        re.sub(rb"(?s)<pre>.*?</pre>", b"", p.read_bytes())) and p.suffix == ".html"]
    tap.ok(not wrong, "no page names anything outside", wrong)


def test_markdown(tap, out):
    text = Path(out, "feedback/rich.md").read_text()
    fences = re.findall(r"^(`{3,})text\n(.*?)\n\1$", text, re.M | re.S)
    tap.ok([len(fence) for fence, _ in fences] == [3, 7, 3, 7, 5] and
           fences[1][1] == REPORT.strip("\n"),
           "a report's fence is longer than any in it, and all is in it",
           [(len(fence), block[:80]) for fence, block in fences])
    outside = re.sub(r"^(`{3,})text\n.*?\n\1$", "", text, flags=re.M | re.S)
    tap.ok(not re.search(r"(?<!\\)[<>]|(?<!\\)\]\(|(?<!\\)https?://", outside),
           "outside of it nothing is markup", outside)
    tap.ok("\\x1b[31mred\\u202egnp.c" in text and not re.search("[\0-\x08\x0b-\x1f\u202e]", text),
           "control characters are shown")
    tap.ok("`make check E=1.2 SEED=4711`" in text and "- secret: fail, 0 of 4 points" in text and
           "multiplied by 0.5" in text and "4 of 12 points of its cases, which counts as 1.67 of 10"
           in text, "seed, hidden case, lateness and weight are said", outside)


def test_similarity(tap, folder):
    out = folder / "similar"
    answers(out)
    with tempfile.TemporaryDirectory() as tools:
        os.symlink(shutil.which("sh"), tools + "/sh")
        collect(out, PATH=tools)
    tap.ok("apt-get install similarity-tester" in (out / "similarity.txt").read_text(),
           "without sim_c a sentence says how to get it", (out / "similarity.txt").read_text())
    if not shutil.which("sim_c") and not os.environ.get("CI"):
        tap.ok(True, "answers are compared # SKIP sim_c is not here; common/setup.sh --test")
        return
    collect(out)
    text = (out / "similarity.txt").read_text()
    parts = re.split(r"^(Answers of the class|Solutions|The workbook's programs)$", text,
                     flags=re.M)
    tap.ok(len(parts) == 7 and re.search(r"^1\.2 +100 % of +\d+  <ben>  →  ann  \(100 % of \d+\)$",
                                         parts[2], re.M) and parts[2].count(" →") == 1,
           "two who have the same are found, and nobody else", text)
    tap.ok(re.search(r"<ben>  →  solutions/01_socket/02_fetch_first/fetch_first.c\n"
                     r".*  ann  →  |ann  →  solutions/\S+/fetch_first.c\n.*<ben>  →  ", parts[4]),
           "what stands in a solution is found", text)
    tap.ok("cem  →  01_socket/03_tcp_client.c" in parts[6] and parts[6].count(" →") == 1,
           "a lesson's program as it is, is found", text)
    tap.ok("dan" not in text and "2 answers have fewer than 100 words of their own" in text,
           "the starter is nobody's own", text)
    test_interrupted(tap, folder)


def test_interrupted(tap, folder):
    """What would take sim_c minutes ends with the program that asked for it."""
    out = folder / "long"
    for name in ("ann", "ben"):
        result = result_of(name, [exercise_of("1.2")])
        put(out, result)
        copy = Path(out, "results", name, "files", result["exercises"][0]["file"])
        copy.parent.mkdir(parents=True)
        copy.write_text(("a;" if name == "ann" else "a; ") * 20000)
    put_run(out)
    with tempfile.TemporaryDirectory(prefix="p", dir="/tmp") as scratch:
        mark = "MARK_OF_PAGES=" + scratch
        os.chmod(scratch, 0o755)
        program = subprocess.Popen([*PROGRAM, str(out)], cwd=ROOT, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env=environment_of(TMPDIR=scratch, MARK_OF_PAGES=scratch))
        while program.poll() is None and not any(
                line.startswith("sim_c -p -a") for line in processes_marked(mark)):
            pass
        program.terminate()
        status = program.wait(60)
        left = processes_marked(mark), os.listdir(scratch)
        tap.ok(status == -signal.SIGTERM and left == ([], []),
               "a signal ends the comparison, and leaves nothing", (status, left))


# ---- in Chromium ------------------------------------------------------------------------------

# Each element that has text of its own, with a contrast under 4.5 to what it stands on.
CONTRAST = """(function () {
    function parts(text) { return (text.match(/[\\d.]+/g) || []).map(Number); }
    function light(c) {
        var l = c.slice(0, 3).map(function (v) {
            v /= 255;
            return v <= 0.03928 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4);
        });
        return 0.2126 * l[0] + 0.7152 * l[1] + 0.0722 * l[2];
    }
    function ground(e) {
        for (; e; e = e.parentElement) {
            var c = parts(getComputedStyle(e).backgroundColor);
            if (c.length === 3 || c[3] === 1) return c;
        }
        return [255, 255, 255];
    }
    var found = {}, count = 0;
    document.querySelectorAll('body *').forEach(function (e) {
        var own = Array.from(e.childNodes).some(function (n) {
            return n.nodeType === 3 && n.data.trim();
        });
        if (!own || e.closest('script,style') || !e.getClientRects().length) return;
        var style = getComputedStyle(e), text = e.closest('svg') ? style.fill : style.color;
        var a = light(parts(text)), b = light(ground(e));
        var ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        count++;
        if (ratio < 4.5) found[e.tagName + '.' + (e.parentElement.className || e.className)] =
            [ratio.toFixed(2), e.textContent.slice(0, 30)];
    });
    return {count: count, found: found};
})()"""

# What is wrong with the page for who does not see it, or has no mouse.
ACCESS = """(function () {
    var wrong = [], all = function (s) { return Array.from(document.querySelectorAll(s)); };
    if (!document.documentElement.lang) wrong.push('no language');
    if (!document.title) wrong.push('no title');
    if (all('h1').length !== 1) wrong.push(all('h1').length + ' h1');
    if (all('main').length !== 1) wrong.push('no main');
    all('h1,h2,h3,h4').reduce(function (was, h) {
        var level = Number(h.tagName[1]);
        if (level > was + 1) wrong.push('h' + level + ' behind h' + was);
        return level;
    }, 0);
    all('table').forEach(function (t) {
        var label = document.getElementById(t.getAttribute('aria-labelledby'));
        if (all('nav, [role=region]').length && !t.caption && !label) wrong.push('nameless table');
    });
    all('[role=region] th').forEach(function (th) {
        if (!th.scope) wrong.push('th without scope: ' + th.textContent);
    });
    all('[role=region]').forEach(function (r) {
        if (r.tabIndex !== 0 || !document.getElementById(r.getAttribute('aria-labelledby')))
            wrong.push('region without key or name');
    });
    all('[id]').forEach(function (e) {
        if (all('[id="' + CSS.escape(e.id) + '"]').length > 1) wrong.push('twice: ' + e.id);
    });
    all('svg').forEach(function (s) { if (!s.getAttribute('aria-label')) wrong.push('svg'); });
    all('a').forEach(function (a) { if (!a.textContent.trim()) wrong.push('empty link'); });
    return wrong;
})()"""

# Elements that a page of ours never has.
STRANGE = ("document.querySelectorAll('img,iframe,object,embed,form,input,video,audio,link,base,"
           "b:not(.legend b),i,u,[onclick],[onerror],[onmouseover],[onload]').length + "
           "document.querySelectorAll('script').length")


def test_all_pages(tap, chromium, out):
    loud, wide, strange, blind, outside = [], [], [], [], []
    for page in pages_of(out):
        chromium.open(page, width=400, height=800)
        if chromium.said:
            loud.append((page.name, chromium.said))
        if [url for url in chromium.asked if url != page.resolve().as_uri()]:
            outside.append((page.name, chromium.asked))
        width = chromium.run("document.documentElement.scrollWidth")
        if width > 400:
            wide.append((page.name, width))
        if chromium.run(STRANGE) != (page.name == "class.html"):
            strange.append((page.name, chromium.run(STRANGE)))
        wrong = chromium.run(ACCESS)
        if wrong:
            blind.append((page.name, wrong))
    count = len(pages_of(out))
    tap.ok(count > 40 and not loud, "%d pages: nothing on the console, no dialog" % count, loud)
    tap.ok(not outside, "nothing is asked for but the page", outside)
    tap.ok(not wide, "nothing is wider than a telephone of 400 points", wide)
    tap.ok(not strange, "what people wrote made no element", strange)
    tap.ok(not blind, "language, headings, names of tables, scopes", blind)


def test_links(tap, chromium, out):
    """Each link leads to a file, and to a place in it, that is there."""
    chromium.open(out / "class.html")
    links = set(chromium.run("Array.from(document.links).map(function(a){return "
                             "a.getAttribute('href')})"))
    lost, known = [], {}
    for link in links:
        path, _, anchor = link.partition("#")
        path = out / (unquote(path) or "class.html")
        if path not in known:
            known[path] = path.read_text() if path.exists() else ""
        if not known[path] or (anchor and 'id="%s"' % anchor not in known[path]):
            lost.append(link)
    tap.ok(len(links) > 60 and not lost, "%d links of class.html lead somewhere" % len(links), lost)
    own = [p.name for p in Path(out, "feedback").glob("*.html")
           if re.search(r'href="(?!#)', p.read_text())]
    tap.ok(not own, "a student's page leads to nobody else's", own)


def test_cells(tap, chromium, out):
    cell = ".heat a[href='feedback/rich.html#1.2']"
    chromium.open(out / "class.html")
    tap.ok(chromium.run("document.querySelector(\"%s\").textContent" % cell) == "1.67 L",
           "a cell says points and lateness")
    chromium.follow(cell)
    where, text, top = chromium.run(
        "(function(){var t=document.querySelector(':target');"
        "return [location.href,t.querySelector('h2').textContent,"
        "t.getBoundingClientRect().top]})()")
    tap.ok(where == (out / "feedback/rich.html").resolve().as_uri() + "#1.2" and
           text.startswith("1.2 Fetch from the <first> server") and -1 <= top < 200,
           "a click on it leads to the exercise in the feedback", (where, text, top))
    shown = chromium.run("Array.from(document.querySelectorAll('pre')).map(function(p){"
                         "return p.textContent})")
    tap.ok(shown[1].rstrip("\n") == REPORT.rstrip("\n"), "the report is there, byte for byte",
           shown)
    tap.ok(chromium.run("getComputedStyle(document.querySelector('pre code')).fontFamily").endswith(
        "monospace"), "in letters of one width")
    chromium.open(out / "class.html")
    chromium.call("Input.dispatchKeyEvent", type="keyDown", key="Tab", code="Tab",
                  windowsVirtualKeyCode=9)
    chromium.run("document.querySelector(\"%s\").focus()" % cell)
    tap.ok(chromium.run("getComputedStyle(document.activeElement).outlineStyle") == "solid",
           "who comes by keys sees where")


def column(chromium, index):
    return chromium.run("Array.from(document.querySelectorAll('.heat tbody tr')).map(function(r){"
                        "return r.cells[%d]?r.cells[%d].textContent:''})" % (index, index))


def test_sorting(tap, chromium, out):
    chromium.open(out / "class.html")
    before = column(chromium, 0)

    def number(text):
        found = re.match(r"[\d.]+", text)
        return float(found[0]) if found else -1

    for index, name in ((1, "total"), (4, "an exercise")):
        unsorted = [number(text) for text in column(chromium, index)]
        for up, word in ((False, "descending"), (True, "ascending")):
            chromium.click(".heat th:nth-child(%d) button" % (index + 1))
            got = [number(text) for text in column(chromium, index)]
            tap.ok(got == sorted(unsorted, reverse=not up) and len(set(got)) > 3 and chromium.run(
                "document.querySelector('.heat th:nth-child(%d)').ariaSort" % (index + 1)) == word,
                   "sorted by %s, %s" % (name, word), got)
    chromium.click(".heat th:first-child button")
    names = column(chromium, 0)
    tap.ok(sorted(names) == sorted(before) and names != before and
           names.index("ALICE <i> alice") < names.index("BOB <i> bob") and chromium.run(
               "document.querySelectorAll('.heat [aria-sort]').length") == 1,
           "sorted by name, and by nothing else", names)
    tap.ok(not chromium.said, "and nothing on the console", chromium.said)
    with_script = sorted(chromium.run("document.querySelector('main').innerText").split())
    chromium.open(out / "class.html", script=False)
    tap.ok(chromium.run("document.querySelectorAll('button').length") == 0 and
           sorted(chromium.run("document.querySelector('main').innerText").split()) == with_script,
           "without its script the page says the same")
    chromium.open(out / "class.html")


def test_looks(tap, chromium, out):
    for page in ("class.html", "feedback/rich.html", "similarity.html"):
        for how in ({}, {"dark": True}, {"paper": True}):
            chromium.open(out / page, **how)
            seen = chromium.run(CONTRAST)
            tap.ok(seen["count"] > 5 and not seen["found"], "contrast of 4.5: %s %s" % (
                page, " ".join(how)), seen)
    chromium.open(out / "class.html", width=360, height=400)
    before, after = (chromium.run(
        "(function(){var h=document.querySelector('.heat');h.scrollTo(%d,%d);"
        "var o=h.getBoundingClientRect(),a=h.querySelector('thead th:nth-child(4)')"
        ".getBoundingClientRect(),b=h.querySelector('tbody tr:nth-child(9) th')"
        ".getBoundingClientRect();return [Math.round(a.top-o.top),Math.round(b.left-o.left),"
        "h.scrollTop,h.scrollLeft]})()" % (at, at)) for at in (0, 60))
    tap.ok(before[:2] == after[:2] and before[0] < 5 and before[2:] == [0, 0] and
           min(after[2:]) > 20, "names and headings stay in sight", (before, after))
    chromium.open(out / "class.html", paper=True)
    shown = chromium.run("[getComputedStyle(document.querySelector('.heat')).overflow,"
                         "getComputedStyle(document.querySelector('nav')).display]")
    tap.ok(shown == ["visible", "none"],
           "on paper nothing scrolls")


def test_words(tap, chromium, out, found):
    """What the page says of the class."""
    chromium.open(out / "class.html")
    text = chromium.run("document.querySelector('main').innerText")
    rows = chromium.run("Array.from(document.querySelectorAll('.heat tbody th')).map(function(t){"
                        "return t.title})")
    students = {result["student"] for result in found} | {"nobody"}
    tap.ok({row.split("@")[0] for row in rows} == {harmless(name) for name in students},
           "a row for each student, the names as text", rows)
    tap.ok("Faults of the grader" in text and "without isolation" not in text and
           "Missing & gone" in text and "nothing was handed in" in text and
           "x/`evil` <b>is</b> a *link* to https://evil.example/" in text,
           "faults, missing students and refused files", text[:3000])
    cases = chromium.run(
        "Array.from(document.querySelectorAll('.cases tbody tr')).map(function(r){return "
        "[r.cells[0].textContent,r.querySelector('code').textContent,r.cells[2].textContent,"
        "r.cells[3].textContent,Array.from(r.querySelectorAll('a')).map(function(a){return "
        "a.getAttribute('href')})]})")
    best = {}
    for number, name, share, how, links in cases:
        failed, tried = map(int, re.search(r"(\d+)/(\d+)$", share).groups())
        best[number, name] = failed, tried
        if len(links) != failed or sum(map(int, re.findall(r"\d+", how))) != failed or not all(
                link.endswith("#" + number) for link in links):
            tap.ok(False, "case %s %s adds up" % (number, name), (share, how, links))
    order = [failed for failed, _ in best.values()]
    tap.ok(len(best) == sum(map(len, CASES.values())) and order == sorted(order, reverse=True),
           "cases by how many failed them, with as many links", cases)
    failed = sum(1 for row in rows for result in found
                 if result["submission"] == row for exercise in result["exercises"]
                 if exercise["exercise"] == "1.1" and exercise["state"] == "judged"
                 and exercise["cases"][0]["status"] not in ("pass", "skipped"))
    tap.ok(best["1.1", "prints"][0] == failed, "as many as the results say", (best, failed))


def test_open_class(tap, chromium, folder):
    """Level C, and nobody who failed anything."""
    out = folder / "open"
    put(out, result_of("ann", [exercise_of("1.1")],
                       isolation={"level": "C", "sentence": "no namespaces"}))
    put(out, result_of("ben", [exercise_of("1.1")]))
    put_run(out)
    collect(out)
    chromium.open(out / "class.html")
    text = chromium.run("document.querySelector('main').innerText")
    tap.ok("Graded without isolation" in text and "1 submission of 2 was graded at isolation level"
           in text, "level C is said in front", text)
    tap.ok("No case was failed by anybody" in text and "Every file was taken" in text and
           "C: no namespaces (1 of 2 submissions)" in text, "and what there is none of", text)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="pages.") as name:
        folder = Path(name)
        out = folder / "out"
        found = whole_class(out)
        test_files(tap, out)
        test_markdown(tap, out)
        test_similarity(tap, folder)
        if browser.PROGRAM is None and not os.environ.get("CI"):
            tap.ok(True, "the pages in a browser # SKIP chromium is not here; sh common/setup.sh "
                   "--test installs it")
            return tap.done()
        with Browser() as chromium:
            test_all_pages(tap, chromium, out)
            test_links(tap, chromium, out)
            test_cells(tap, chromium, out)
            test_sorting(tap, chromium, out)
            test_looks(tap, chromium, out)
            test_words(tap, chromium, out, found)
            test_open_class(tap, chromium, folder)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
