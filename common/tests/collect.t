#!/usr/bin/python3 -B
"""grade collect: results, roster and policy become a grade book and what other programs read.

The marks are worked out here a second time, in fractions, from the same results.
"""
import copy
import csv
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import results
from results import CASES, NAMES, exercise_of, put, put_run, result_of
from scratch import environment_of
from tap import Tap

try:
    import jsonschema
except ImportError:
    jsonschema = None

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = [str(ROOT / "build/workbook"), "grade", "collect"]
SCHEMA = ROOT / "common/classroom/result.schema.json"
OPENERS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def collect(out, *words, **environment):
    """Exit status, standard output and standard error; lines are not broken."""
    done = subprocess.run([*PROGRAM, str(out), *map(str, words)], cwd=ROOT, check=False,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          env=environment_of(COLUMNS="1000", **environment), errors="replace")
    return done.returncode, done.stdout, done.stderr


def cells(out):
    """The grade book: its columns, and a dictionary for each student."""
    text = (Path(out) / "gradebook.csv").read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    return rows, {row["student"].removeprefix("'"): row for row in rows}


def reports(out):
    """Every file that collect wrote, by its path."""
    return {str(p.relative_to(out)): p.read_bytes() for p in sorted(Path(out).rglob("*"))
            if p.is_file() and "results" not in p.parts and p.name != "run.json"}


# ---- the marks, a second time -----------------------------------------------------------------


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def hundredths(value):
    return Fraction(int(value * 100 + Fraction(1, 2)), 100)


class Model:
    """What the grade book must say of results under a policy."""

    def __init__(self, found, policy):
        self.policy = policy
        self.numbers = [n for n in CASES if n not in policy.get("leave_out", [])]
        self.weights = {n: self.weight(found, n) for n in self.numbers}
        self.of = sum(self.weights.values())
        self.students = {}
        for result in found:
            self.students.setdefault(result["student"], []).append(result)

    def weight(self, found, number):
        given = self.policy.get("exercises", {}).get(number, {}).get("points")
        most = max([e["points"] for r in found for e in r["exercises"] if e["exercise"] == number])
        return hundredths(Fraction(str(given))) if given is not None else Fraction(most)

    def submitted(self, result):
        told = self.policy.get("submitted", {})
        return moment(told.get(result["submission"], told.get(result["student"],
                                                              result["submitted"])))

    def mark(self, result, number):
        """Points, and whether it was late; None for points that nobody knows."""
        found = [e for e in result["exercises"] if e["exercise"] == number]
        if not found:
            nothing = result["status"] in ("empty", "not_gradable")
            return (Fraction(0) if nothing else None), False
        e = found[0]
        own = self.policy.get("exercises", {}).get(number, {})
        due = own.get("due", self.policy.get("due"))
        late = (due is not None and self.submitted(result) > moment(due) and
                e["state"] != "not-submitted")
        if e["state"] == "grader_error":
            return None, late
        if e["state"] != "judged":
            return Fraction(0), late
        share = Fraction(e["earned"], e["points"]) if e["points"] else Fraction(int(e["passed"]))
        factor = Fraction(str(self.policy.get("late_factor", 1))) if late else 1
        return hundredths(share * self.weights[number] * factor), late

    def total(self, result):
        marks = [self.mark(result, n)[0] for n in self.numbers]
        return None if None in marks or result["status"] == "grader_error" else sum(marks)

    def counted(self, student):
        """The submission that counts; None where the policy does not say."""
        def order(result):
            return int((result["submission"].split("@") + ["1"])[1])
        several = sorted(self.students[student], key=order)
        word = self.policy.get("several")
        if len(several) == 1 or word is None:
            return several[0] if len(several) == 1 else None
        held = [r for r in several if r["status"] in ("graded", "grader_error")] or several
        if word == "last":
            return max(held, key=lambda r: (self.submitted(r), order(r)))
        known = [r for r in held if self.total(r) is not None] or held
        return max(known, key=lambda r: (self.total(r) or 0, self.submitted(r), order(r)))

    def row(self, student):
        """The cells that can be foretold."""
        def cell(points):
            text = "%.2f" % points if points is not None else ""
            return text.rstrip("0").rstrip(".") if "." in text else text
        result = self.counted(student)
        if result is None:
            return {"status": "undecided", "total": "", "submission": ""}
        marks = {n: self.mark(result, n) for n in self.numbers}
        row = {"%s %s" % (n, NAMES[n]): cell(marks[n][0]) for n in self.numbers}
        fault = self.total(result) is None
        return {**row, "total": cell(self.total(result)), "of": cell(self.of),
                "late": "yes" if any(late for _, late in marks.values()) else "no",
                "status": "grader_error" if fault else result["status"],
                "submission": result["submission"]}


POLICIES = {
    "nothing decided": {},
    "the best, late ones halved": {
        "several": "best", "late_factor": 0.5, "due": "2026-11-24T12:00:00+01:00"},
    "the last, exercises weighed and one left out": {
        "several": "last", "leave_out": ["1.0"], "late_factor": 0.33,
        "due": "2026-11-27T00:00:00Z",
        "exercises": {"1.1": {"due": "2026-11-21T00:00:00Z"}, "1.2": {"points": 10},
                      "1.10": {"points": 2.5, "due": "2026-11-22T00:00:00Z"}}},
    "points for what has none, other times of handing in": {
        "several": "best", "exercises": {"1.0": {"points": 5}, "1.1": {"points": 0}},
        "due": "2026-11-24T00:00:00-05:00", "late_factor": 0,
        "submitted": {"alice": "2026-11-24T05:00:00Z", "bob": "2026-11-24T05:00:01Z",
                      "heidi@9": "2026-11-01T00:00:00Z", "heidi": "2026-11-30T00:00:00Z"}},
}


def marks(tap, folder):
    found = results.class_of()
    for name, policy in POLICIES.items():
        out = folder / re.sub(r"\W+", "-", name)
        put_run(out)
        for result in found:
            put(out, result)
        file = folder / "policy.json"
        file.write_text(json.dumps(policy))
        status, said, told = collect(out, "--policy", file)
        model = Model(found, policy)
        rows, by_name = cells(out)
        wrong = []
        for student in model.students:
            row = by_name.get(student.removeprefix("'"), {})
            for column, cell in model.row(student).items():
                if row.get(column, "").removeprefix("'") != cell:
                    wrong.append((student, column, row.get(column), cell))
        tap.ok(status == 1 and not wrong and len(rows) == len(model.students),
               "marks: " + name, (status, said, told, wrong[:20]))
        tap.ok(list(rows[0]) == ["student", *("%s %s" % (n, NAMES[n]) for n in model.numbers),
                                 "total", "of", "late", "status", "submission", "remarks"],
               "its columns: " + name, list(rows[0]))
        exports(tap, out, found, model, name)
        several = [line for line in told.splitlines() if "no policy says which counts" in line]
        tap.ok(len(several) == (0 if "several" in policy else 3) and
               (policy.get("several") or "dave, dave@2" in told),
               "several submissions are told of where no policy decides: " + name, told)
        sound(tap, out, name)


def chosen(tap, folder):
    """Which of several submissions counts, one question each."""
    def hand_in(out, name, statuses, day, status="graded", why="", **more):
        exercises = [exercise_of("1.1", statuses, **more)] if statuses else []
        put(out, result_of(name, exercises, status, why=why,
                           submitted="2026-11-%02dT10:00:00Z" % day))
    good, bad, half = ["pass"] * 3, ["fail"] * 3, ["pass", "pass", "fail"]
    out = folder / "out"
    hand_in(out, "empty", half, 1)
    hand_in(out, "empty@2", None, 2, "empty", " =1+1")
    hand_in(out, "broken", None, 1, "not_gradable", "It is broken.")
    hand_in(out, "broken@2", None, 2, "empty")
    hand_in(out, "fault", bad, 1)
    hand_in(out, "fault@2", good[:2] + ["grader_error"], 2, "grader_error")
    hand_in(out, "equal", half, 3)
    hand_in(out, "equal@2", half, 2)
    hand_in(out, "second", good, 1)
    hand_in(out, "second@2", good, 1)
    hand_in(out, "worse", good, 1)
    hand_in(out, "worse@2", bad, 2)
    due = {"empty": ("empty", "empty"), "broken": ("broken@2", "broken@2"),
           "fault": ("fault", "fault@2"), "equal": ("equal", "equal"),
           "second": ("second@2", "second@2"), "worse": ("worse", "worse@2")}
    for at, word in enumerate(("best", "last")):
        (folder / "policy.json").write_text('{"several": "%s"}' % word)
        status, said, told = collect(out, "--policy", folder / "policy.json")
        rows = cells(out)[1]
        got = {name: rows.get(name, {}).get("submission") for name in due}
        tap.ok(status == 1 and got == {name: counted[at] for name, counted in due.items()},
               "several: " + word, (got, told))
        tap.ok("Several submissions: empty, empty@2 (empty)." in rows["empty"]["remarks"] and
               rows["fault"]["status"] == ("graded" if word == "best" else "grader_error"),
               "and what became of the others: " + word, rows)
    (out / "results/empty/result.json").unlink()
    hand_in(out, "aaa", good, 1)
    hand_in(out, "zzz", ["pass", "skipped", "fail"], 1)
    collect(out, "--policy", folder / "policy.json")
    rows = cells(out)[1]
    tap.ok(rows["zzz"]["of"] == "6" and rows["zzz"]["1.1 address_book"] == "1.5",
           "a case that was skipped takes nothing from a full mark", rows["zzz"])
    tap.ok(rows["empty"]["remarks"] == "' =1+1", "a blank does not hide a formula", rows["empty"])


# ---- what the files look like -----------------------------------------------------------------


def runs(cell):
    """Would a spreadsheet take this cell for a formula?"""
    return cell.strip(" \"").startswith(OPENERS) and not re.fullmatch(r"[+-]?\d+(\.\d+)?", cell)


def sound(tap, out, name):
    """The bytes of the grade book, whatever is in it."""
    raw = (out / "gradebook.csv").read_bytes()
    text = raw.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    tap.ok(raw.startswith(b"\xef\xbb\xbf") and raw.endswith(b"\r\n") and
           len({len(row) for row in rows}) == 1 and
           raw.count(b"\r\n") == len(rows) and raw.count(b"\n") == len(rows),
           "the grade book is RFC 4180 with a byte order mark: " + name)
    bad = [cell for row in rows for cell in row if runs(cell)]
    bad += [cell for line in text.split("\r\n") for cell in line.split(";") if runs(cell)]
    tap.ok(not bad, "no cell of it runs, not even where \";\" separates: " + name, bad)
    tap.ok(not re.search("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text),
           "and none turns the writing or drives a terminal: " + name)


def junit(tap, out, model, name):
    tree = ET.parse(out / "junit.xml").getroot()
    suites = {suite.get("name"): suite for suite in tree}
    kinds = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    wrong = []
    for element in [tree, *tree]:
        cases = list(element.iter("testcase"))
        counts = {"tests": len(cases),
                  **{k: sum(c.find(v) is not None for c in cases) for k, v in kinds.items()}}
        wrong += [(element.get("name"), k) for k in counts if element.get(k) != str(counts[k])]
    for student in model.students:
        result, suite = model.counted(student), suites.get(student)
        if suite is None or result is None or not result["exercises"] or \
                result["status"] in ("empty", "not_gradable"):
            wrong += [] if suite is not None and len(suite) == 1 else [(student, "not told")]
            continue
        for e in result["exercises"]:
            if e["exercise"] not in model.numbers:
                continue
            place = "1.%02d_%s" % (int(e["exercise"].split(".")[1]), e["name"])
            got = [c for c in suite if c.get("classname") == place]
            due = [("skipped" if c["status"] == "skipped" else
                    None if c["status"] == "pass" else "failure") for c in e["cases"]] or [
                {"not-submitted": "skipped", "grader_error": "error"}.get(e["state"], "failure")]
            said = [next((v for v in kinds.values() if c.find(v) is not None), None) for c in got]
            if said != due:
                wrong.append((student, place, said, due))
            for test, c in zip(e["cases"], got):
                fail = c.find("failure")
                if fail is not None and (fail.get("type") != test["status"] or plain(
                        test["cause"]) != fail.get("message")):
                    wrong.append((student, test["cause"], fail.get("message")))
    tap.ok(not wrong and set(suites) == set(model.students), "junit.xml tells every case: " + name,
           wrong[:10])


def plain(text):
    """What is shown for text that a terminal, a page or XML would do something about."""
    def shown(match):
        c = match[0]
        return "\\u%04x" % ord(c) if ord(c) > 0xff else "\\x%02x" % ord(c)
    text = text.replace("\0", "\ufffd")
    text = re.sub("[\x01-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", shown,
                  text)
    return re.sub("[\ufffe\uffff]", "\ufffd", text)


def exports(tap, out, found, model, name):
    junit(tap, out, model, name)
    wrong = []
    for result in found:
        paths = [out / place / (result["submission"] + ".json")
                 for place in ("gradescope", "autolab", "github")]
        total = model.total(result)
        if total is None:
            wrong += [(p, "stands for a mark") for p in paths if p.exists()]
            continue
        scope, lab, hub = (json.loads(p.read_text()) for p in paths)
        each = {n: model.mark(result, n)[0] for n in model.numbers}
        sums = {n: sum(Fraction(str(t.get("score", 0))) for t in scope["tests"]
                       if t["number"].startswith(n + ".")) for n in each}
        most = sum(Fraction(str(t.get("max_score", 0))) for t in scope["tests"])
        if Fraction(str(scope["score"])) != total or sums != each or most != model.of:
            wrong.append((result["submission"], "gradescope", scope["score"], sums, each, most))
        if {n: Fraction(str(s)) for n, s in lab["scores"].items()} != each or \
                paths[1].read_bytes().count(b"\n") != 1:
            wrong.append((result["submission"], "autolab", lab))
        if sum(Fraction(str(t["score"])) for t in hub["tests"]) != total or \
                Fraction(str(hub["max_score"])) != model.of:
            wrong.append((result["submission"], "github"))
    tap.ok(not wrong, "what grading services read adds up to the marks: " + name, wrong[:5])


def services(tap, folder):
    out = folder / "services"
    e = exercise_of("1.2", ["pass", "crash", "skipped", "timeout", "pass", "fail"],
                    causes=["<b>cause</b> \x1b[2J"])
    other = exercise_of("1.1", state="not-compiled", causes=["1.c:2: error: \u202eoops\u202c"])
    put(out, result_of("zoe", [other, e, exercise_of("1.10", state="not-submitted")],
                       submitted="2026-12-24T00:00:00Z",
                       refused=[{"path": "x", "reason": "link", "sentence": "x is a link."}]))
    (folder / "late.json").write_text('{"due": "2026-12-01T00:00:00Z", "late_factor": 0.5}')
    status, said, told = collect(out, "--policy", folder / "late.json")
    scope, lab, hub = (json.loads((out / p / "zoe.json").read_text())
                       for p in ("gradescope", "autolab", "github"))
    tests = {t["name"]: t for t in scope["tests"]}
    tap.ok(status == 0 and not told and scope["score"] == 1 and scope["execution_time"] == 3 and
           scope["stdout_visibility"] == "hidden" and scope["output_format"] == "text" and
           scope["test_output_format"] == "text" and scope["output"].split("\n") == [
               "x is a link.", "Handed in late: what is late counts times 0.5."],
           "gradescope: the whole", (status, said, told, scope))
    crash, secret = tests["1.2 fetch_first: reply-in-pieces"], tests["1.2 fetch_first: secret"]
    tap.ok((crash["status"], crash["score"], crash["max_score"], crash["visibility"]) ==
           ("failed", 0, 2, "visible") and crash["number"] == "1.2.2" and
           crash["output"] == "tries reply-in-pieces\n<b>cause</b> \\x1b[2J",
           "gradescope: a case that failed", crash)
    tap.ok(secret["visibility"] == "hidden" and [n for n, t in tests.items()
                                                  if t["visibility"] != "visible"] ==
           ["1.2 fetch_first: secret"], "gradescope: hidden cases are hidden, and no others",
           tests)
    skipped = tests["1.2 fetch_first: refused"]
    tap.ok("score" not in skipped and "status" not in skipped and
           tests["1.2 fetch_first: plain"]["status"] == "passed" and
           tests["1.2 fetch_first: plain"]["score"] == 0.5,
           "gradescope: a skipped case counts nothing, a late one passes", (skipped, tests))
    whole = tests["1.1 address_book"]["output"]
    tap.ok(whole.endswith("compile.\n1.c:2: error: \\u202eoops\\u202c") and
           tests["1.1 address_book"]["max_score"] == 6 and
           tests["1.10 job_server"]["max_score"] == 7 and
           tests["1.10 job_server"]["status"] == "failed" and "FAIL" in tests[
               "1.2: the whole report"]["output"],
           "gradescope: exercises of which nothing ran, and the report", tests)
    tap.ok((out / "autolab/zoe.json").read_text() ==
           '{"scores": {"1.1": 0, "1.2": 1, "1.10": 0}}\n', "autolab: one line of scores", lab)
    tests = {t["name"]: t for t in hub["tests"]}
    tap.ok(hub["version"] == 1 and hub["status"] == "fail" and hub["max_score"] == 23 and
           [(t["status"], t["score"]) for t in hub["tests"]] ==
           [("fail", 0), ("pass", 0.5), ("fail", 0), ("pass", 0), ("fail", 0), ("pass", 0.5),
            ("fail", 0), ("fail", 0)] and set(hub["tests"][0]) == {
                "name", "status", "score", "message", "test_code", "filename", "line_no",
                "duration"}, "github: what the reporter sums up", hub)
    tap.ok(tests["1.2 fetch_first: secret"]["message"] == "" and "cause" in tests[
        "1.2 fetch_first: slow"]["message"], "github: hidden cases are named only", tests)
    put(out, result_of("zoe", [exercise_of("1.2", state="grader_error")], "grader_error"))
    status, said, told = collect(out)
    tap.ok(status == 1 and not list(out.glob("*/zoe.json")),
           "what the grader failed on leaves no old mark to any service", (status, told))
    put(out, result_of("zoe", [exercise_of(n) for n in CASES]))
    status, said, told = collect(out)
    hub = json.loads((out / "github/zoe.json").read_text())
    tap.ok(status == 0 and hub["status"] == "pass", "a full mark passes", (status, told, hub))


# ---- the roster -------------------------------------------------------------------------------


ROSTERS = {
    "commas": "student,name,email\r\nbob,\"B\u00f6b, Jr.\",b@x.org\r\neve,Eve \"\"E,e@x.org\r\n",
    "semicolons and a byte order mark": "\ufeffstudent;name;email\nbob;B\u00f6b, Jr.;b@x.org\n"
                                        "eve;\"Eve \"\"\"\"E\";e@x.org\n",
    "empty lines, blanks, another order, capitals":
        "\n Name , Email , Student \n\"B\u00f6b, Jr.\",b@x.org, bob\n,,\n\n"
        "\"Eve \"\"\"\"E\",e@x.org,eve",
    "old Macintosh line ends": "student,name,email\rbob,\"B\u00f6b, Jr.\",b@x.org\r"
                               "eve,\"Eve \"\"\"\"E\",e@x.org\r",
}
BAD_ROSTERS = {
    "name,email\nbob,b\n": ":1: no column is called \"student\"",
    "": ":1: no column is called \"student\"",
    "student,name\nbob,B\nalice\n": ":3: the fields here are 1, and the first line names 2",
    "student,name\nbob,B\nalice,A,x\n": ":3: the fields here are 3, and the first line names 2",
    "student,name\nbob,B\neve,E\nbob,C\n": ":4: bob stands in line 2 already",
    "student,name\n,B\n": ":2: the column \"student\" is empty",
    "student,name\n\"a\nb\",B\n\"eve\"E,x\n": ":4: text goes on behind a closing \"",
    "student,name\nbob,B\"\n": ":2: a \" stands within a field",
    "student,name\nbob,B\n\"eve,E\n\nx,y\n": ":3: a field opens with \" and is never closed",
    "student,name,Name\nbob,B,C\n": ":1: two columns are called \"Name\"",
    b"student,name\nbob,B\nzoe,Zo\xeb\n": ":3: this is not UTF-8",
    "student,name\nbob,B\n".encode("utf-16"): ":1: this is not UTF-8",
    b"student,name\nbob,B\0\n": ":2: this is not UTF-8",
}


def rosters(tap, folder):
    out = folder / "roster"
    for name in ("alice", "bob"):
        put(out, result_of(name, [exercise_of("1.1")]))
    file = folder / "roster.csv"
    for name, text in ROSTERS.items():
        file.write_bytes(text.replace("Eve \"\"E,", "\"Eve \"\"\"\"E\",").encode())
        status, said, told = collect(out, "--roster", file)
        rows, _ = cells(out)
        got = [list({k.lower(): v for k, v in row.items()}.get(c) for c in (
            "student", "name", "email", "roster", "1.1 address_book", "total", "late", "status",
            "submission")) for row in rows]
        tap.ok(status == 0 and got == [
            ["bob", "B\u00f6b, Jr.", "b@x.org", "yes", "6", "6", "no", "graded", "bob"],
            ["eve", "Eve \"\"E", "e@x.org", "yes", "", "0", "", "missing", ""],
            ["alice", "", "", "no", "6", "6", "no", "graded", "alice"]],
            "a roster with " + name, (status, said, told, got))
    before = (out / "gradebook.csv").read_bytes()
    for text, sentence in BAD_ROSTERS.items():
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        status, said, told = collect(out, "--roster", file)
        tap.ok(status == 2 and str(file) + sentence in told, "a bad roster: " + sentence, told)
    status, said, told = collect(out, "--roster", folder / "nowhere.csv")
    tap.ok(status == 2 and "nowhere.csv: No such file" in told and
           before == (out / "gradebook.csv").read_bytes(),
           "a roster that is not there; the grade book stays as it was", told)
    suite = ET.parse(out / "junit.xml").getroot().find("testsuite[@name='eve']")
    tap.ok(suite.find("testcase/skipped").get("message") == "Nothing was handed in.",
           "junit.xml tells of a missing student")
    file.write_bytes(before)
    status, said, told = collect(out, "--roster", file)
    tap.ok(status == 0 and cells(out)[0][1]["status"] == "missing" and
           list(cells(out)[0][0]) == list(csv.reader(io.StringIO(before.decode("utf-8-sig"))))[0],
           "a grade book serves as a roster, and gets no column twice", told)
    file.write_text("student,phone,id,note\n=bob,+49 30 1,-5,=1+1\ncarl,+4930,007,\"a;=2\"\n")
    collect(out, "--roster", file)
    rows, _ = cells(out)
    tap.ok([list(row.values())[:4] for row in rows[:2]] == [
        ["'=bob", "'+49 30 1", "-5", "'=1+1"], ["carl", "+4930", "007", "a;'=2"]],
        "formulas of a roster are escaped, numbers are left", rows[:2])


# ---- policies that are none -------------------------------------------------------------------


BAD_POLICIES = {
    '{"several": "best",\n "late": 1}': ": late: a policy has no such key; it has exercises,",
    '{"several": "best",\n "due" "x"}': ":2: ",
    '{"due": "x",\n "due": "x"}': ":2: duplicate object key",
    '[]': ":1: a policy is a JSON object",
    '': ":1: ",
    '{"several": "first"}': ": several: this is neither",
    '{"several": 1}': ": several: this is neither",
    '{"late_factor": "0.5"}': ": late_factor: this is not a number from 0 to 1",
    '{"late_factor": 1.5}': ": late_factor: this is not a number from 0 to 1",
    '{"due": "2026-12-01"}': ": due: this is not a date and time",
    '{"due": "2026-12-01T23:59:00"}': ": due: this is not a date and time",
    '{"due": "2026-02-29T23:59:00Z"}': ": due: this is not a date and time",
    '{"due": 1}': ": due: this is not a date and time",
    '{"leave_out": "1.0"}': ": leave_out: this is not a list of exercises",
    '{"leave_out": [1.0]}': ": leave_out: an exercise is written as a text",
    '{"leave_out": ["1.99"]}': ": leave_out: there is no exercise 1.99",
    '{"exercises": ["1.2"]}': ": exercises: this is not an object",
    '{"exercises": {"9.9": {}}}': ": exercises: there is no exercise 9.9",
    '{"exercises": {"1.2": 10}}': ": exercises.1.2: this is not an object",
    '{"exercises": {"1.2": {"point": 1}}}': ": exercises.1.2.point: an exercise has no such key",
    '{"exercises": {"1.2": {"points": -1}}}': ": exercises.1.2.points: this is not a number from",
    '{"exercises": {"1.2": {"points": "3"}}}': ": exercises.1.2.points: this is not a number from",
    '{"exercises": {"1.2": {"due": "soon"}}}': ": exercises.1.2.due: this is not a date",
    '{"submitted": ["alice"]}': ": submitted: this is not an object",
    '{"submitted": {"alice": "today"}}': ": submitted.alice: this is not a date",
    '{"hidden": 1}': ": hidden: this is not the name of a folder",
    '{"hidden": ""}': ": hidden: this is not the name of a folder",
}


def policies(tap, folder):
    out = folder / "policies"
    put(out, result_of("alice", [exercise_of("1.1")]))
    file = folder / "grading.json"
    for text, sentence in BAD_POLICIES.items():
        file.write_text(text)
        status, said, told = collect(out, "--policy", file)
        tap.ok(status == 2 and str(file) + sentence in told and not (out / "junit.xml").exists(),
               "a bad policy: " + text.replace("\n", " "), (status, said, told))
    status, said, told = collect(out, "--policy", folder / "nowhere.json")
    tap.ok(status == 2 and "nowhere.json: No such file" in told, "a policy that is not there", told)
    file.write_text('\ufeff{"submitted": {"alcie": "2026-11-30T12:00:00Z"}}')
    status, said, told = collect(out, "--policy", file)
    tap.ok(status == 1 and "submitted.alcie: nobody of that name" in told,
           "a time for somebody who is not there is told of", (status, told))
    file.write_text('{"due": "2026-11-23T11:00:00+01:00", "late_factor": 0}')
    status, said, told = collect(out, "--policy", file)
    tap.ok(cells(out)[0][0]["late"] == "no", "what is handed in at the very second is in time")
    file.write_text('{"due": "2026-11-23T10:59:59.9+01:00"}')
    status, said, told = collect(out, "--policy", file)
    row = cells(out)[0][0]
    tap.ok(row["late"] == "yes" and row["total"] == "6" and "Late: 1.1." in row["remarks"],
           "a second later is late, and costs nothing without a factor", row)
    hand_in = folder / "hand-in"
    hand_in.mkdir()
    (hand_in / "grading.json").write_text('{"exercises": {"1.1": {"points": 60}}}')
    (hand_in / "roster.csv").write_text("student\nalice\nmissing\n")
    put_run(out, submissions=str(hand_in))
    status, said, told = collect(out)
    rows, _ = cells(out)
    tap.ok(status == 0 and rows[0]["total"] == "60" and rows[1]["status"] == "missing",
           "policy and roster among the submissions are found", (status, told, rows))


# ---- results that are none --------------------------------------------------------------------


def broken_results():
    """Whole results with one thing wrong: what, its place as collect names it, and the result."""
    good = result_of("x", [exercise_of("1.1"), exercise_of("1.2", ["fail"] + ["pass"] * 5)],
                     refused=[{"path": "x", "reason": "link", "sentence": "x is a link."}])
    places = [("", good), ("isolation", good["isolation"]), ("limits", good["limits"]),
              ("build", good["build"]), ("refused[0]", good["refused"][0]),
              ("exercises[1]", good["exercises"][1]),
              ("exercises[1].cases[0]", good["exercises"][1]["cases"][0])]
    for place, part in places:
        for key, value in part.items():
            where = place + ("." if place else "") + key
            wrongs = {"gone": None, "null": None, "of another type": [] if isinstance(
                value, (str, bool, int, float)) else "text"}
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                wrongs["negative"] = -1
            if key in ("status", "state", "kind", "level"):
                wrongs["another word"] = "pass fail"
            if key in ("submitted", "graded"):
                wrongs["no date"] = "2026-13-01T00:00:00Z"
            for wrong, instead in wrongs.items():
                made = copy.deepcopy(good)
                below = made
                for step in re.findall(r"[a-z_]+|\d+", place):
                    below = below[int(step) if step.isdigit() else step]
                if wrong == "gone":
                    del below[key]
                else:
                    below[key] = instead
                yield "%s %s" % (where, wrong), where, made


def schema(tap, folder):
    if jsonschema is None:
        tap.ok(os.environ.get("CI") != "true", "the schema # SKIP python3-jsonschema is not here")
        return
    validator = jsonschema.Draft7Validator(json.loads(SCHEMA.read_text()))
    jsonschema.Draft7Validator.check_schema(validator.schema)
    found = [e.message for r in results.class_of() for e in validator.iter_errors(r)]
    tap.ok(not found, "the schema describes every result of the class", found[:5])
    out = folder / "broken"
    put(out, result_of("good", [exercise_of("1.1")]))
    broken = {"s%d" % at: made for at, made in enumerate(broken_results())}
    for entry, (_, where, result) in broken.items():
        if where != "submission":
            result["submission"] = entry
        if where != "student":
            result["student"] = entry
        put(out, result, entry)
    unseen = [name for name, _, result in broken.values() if validator.is_valid(result)]
    tap.ok(len(broken) > 100 and not unseen, "the schema sees what is wrong in %d results" %
           len(broken), unseen)
    status, said, told = collect(out)
    wrong = []
    for entry, (name, where, _) in broken.items():
        lines = [line for line in told.splitlines() if "/%s/result.json: " % entry in line]
        if len(lines) != 1 or not (where + " is " in lines[0] or where == "schema"):
            wrong.append((name, lines))
    tap.ok(status == 1 and not wrong and [r["student"] for r in cells(out)[0]] == ["good"],
           "and so does collect, which names each and goes on", wrong[:10])


FOREIGN = {
    "half": ('{"schema": 1, "submission": "half", "stu', ":1: "),
    "text": ("hello", ":1: "),
    "nothing": ("", ":1: "),
    "binary": (b"\x7fELF\0\0\0\xff\xfe", ":1: "),
    "list": ("[1, 2]", ": this is not the result of a submission"),
    "future": (json.dumps({**result_of("future", []), "schema": 2}),
               ": its schema is 2, and this workbook reads 1"),
    "deep": ("[" * 100000, ":1: "),
    "twice": ('{"schema": 1, "schema": 1}', ":1: duplicate object key"),
    "copied": (json.dumps(result_of("alice", [])), ": this is the result of alice"),
    "ann@2": (json.dumps({**result_of("ann@2", []), "student": "bob"}),
              ": it is said to be of the student bob"),
    "seed": (json.dumps({**result_of("seed", []), "seed": 1}),
             ": it was graded with seed 1, and the class with 4711"),
    "same": (json.dumps(result_of("same", [exercise_of("1.1")] * 2)),
             ": exercise 1.1 is in it twice"),
    "id": (json.dumps(result_of("id", [{**exercise_of("1.1"), "exercise": "one"}])),
           ": exercises[0].exercise is not a number"),
    "rich": (json.dumps(result_of("rich", [{**exercise_of("1.1"), "earned": 7}])),
             ": exercise 1.1 has more points earned than there are"),
    "evil\x1b[2J": ("{", ":1: "),
}


def foreign(tap, folder):
    out = folder / "foreign"
    put_run(out)
    put(out, result_of("alice", [exercise_of("1.1")]))
    for name, (text, _) in FOREIGN.items():
        path = out / "results" / name / "result.json"
        path.parent.mkdir(parents=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    (out / "results/unfinished").mkdir()
    (out / "results/.hidden").mkdir()
    (out / "results/folder/result.json").mkdir(parents=True)
    status, said, told = collect(out)
    lines = told.splitlines()
    for name, (_, sentence) in FOREIGN.items():
        due = "%s/results/%s/result.json%s" % (out, plain(name), sentence)
        tap.ok(any(due in line and "is left out." in line for line in lines),
               "a result that is none is named: " + plain(name), told)
    tap.ok(status == 1 and [r["student"] for r in cells(out)[0]] == ["alice"] and
           "unfinished/result.json is not there: unfinished was not graded to its end" in told and
           "folder/result.json: Is a directory" in told and "\x1b" not in told and
           len(lines) == len(FOREIGN) + 2, "the rest is collected", (status, told))
    (out / "run.json").write_text('{"schema": 1')
    status, said, told = collect(out)
    tap.ok(status == 1 and "run.json:1: " in told and {r["student"] for r in cells(out)[0]} ==
           {"alice", "seed"}, "a damaged run.json is told of, and asks for no seed", told)
    (out / "run.json").unlink()
    put(out, result_of("nul", [exercise_of("1.1", ["fail"] * 3, causes=["a\0b", "\\\\u0000"])]))
    status, said, told = collect(out)
    hub = json.loads((out / "github/nul.json").read_text())
    tap.ok([t["message"].split("\n")[1] for t in hub["tests"]][:2] == ["a\ufffdb", "\\\\u0000"],
           "a NUL in a text hides nothing behind it", hub)
    for name, sentence in (("nowhere", "nowhere/results is not there"),
                           ("file/x", "Not a directory")):
        (folder / "file").write_text("")
        status, said, told = collect(folder / name)
        tap.ok(status == 2 and sentence in told, "no results: " + name, (status, told))
    (folder / "bare/results").mkdir(parents=True)
    (folder / "roster.csv").write_text("student\nalice\n")
    status, said, told = collect(folder / "bare", "--roster", folder / "roster.csv")
    tap.ok(status == 0 and cells(folder / "bare")[0][0]["status"] == "missing" and
           ET.parse(folder / "bare/junit.xml").getroot().get("tests") == "1",
           "nobody handed in: a class of missing students", (status, told))
    put(folder / "bare", result_of("old", [exercise_of("1.1")]))
    put(folder / "bare", result_of("new", [exercise_of("1.1"), exercise_of("1.2")]))
    status, said, told = collect(folder / "bare")
    row = cells(folder / "bare")[1]["old"]
    tap.ok(status == 1 and row["1.2 fetch_first"] == "" and row["total"] == "" and
           row["status"] == "grader_error" and "1.2" in row["remarks"],
           "an exercise that one result lacks is no zero", (status, row))


BROKEN = "#include <stdio.h>\n\nint main(void)\n{\n    return oops;\n}\n"
FOREIGN_HEADER = "#include <sys/prctl.h>\n\nint main(void)\n{\n    return 0;\n}\n"


def graded(tap, folder):
    """What grading itself writes, against the schema. The answers are the workbook's own."""
    answers = folder / "amy/01_socket"
    for name, text in (("00_first_steps/first_steps.c", None),
                       ("01_address_book/address_book.c", BROKEN),
                       ("02_fetch_first/fetch_first.c", FOREIGN_HEADER)):
        (answers / name).parent.mkdir(parents=True)
        starter = ROOT / "exercises/01_socket" / name
        (answers / name).write_text(text or starter.read_text())
    (answers / "03_running_sums").mkdir()
    (answers / "03_running_sums/running_sums.c").symlink_to("/etc/passwd")
    (folder / "ben").mkdir()
    (folder / "cid.zip").write_bytes(b"PK\3\4 and no more")
    done = [subprocess.run([*PROGRAM[:2], "one", str(folder / name), str(folder / "out"),
                            "--isolation", "C", "--seed", "5"], cwd=ROOT, check=False,
                           stdin=subprocess.DEVNULL, capture_output=True, text=True,
                           env=environment_of()) for name in ("amy", "ben", "cid.zip")]
    found = {p.parent.name: json.loads(p.read_text())
             for p in folder.glob("out/results/*/result.json")}
    states = [e["state"] for e in found.get("amy", {"exercises": []})["exercises"]]
    tap.ok({n: r["status"] for n, r in found.items()} == {
        "amy": "graded", "ben": "empty", "cid": "not_gradable"} and
        states[:3] == ["judged", "not-compiled", "refused"] and states[-1] == "not-submitted" and
        [r["reason"] for r in found["amy"]["refused"]] == ["link"],
        "grading writes results of every kind", (done, states))
    if jsonschema is not None:
        validator = jsonschema.Draft7Validator(json.loads(SCHEMA.read_text()))
        wrong = [(n, e.message[:200]) for n, r in found.items() for e in validator.iter_errors(r)]
        tap.ok(found and not wrong, "as the schema has them", wrong)
    status, said, told = collect(folder / "out")
    row = cells(folder / "out")[0][0]
    tap.ok(status == 0 and not told and row["1.0 first_steps"] == "0" and
           "Does not compile: 1.1. Refused: 1.2" in row["remarks"] and
           "running_sums.c is a symbolic link" in row["remarks"] and
           [r["status"] for r in cells(folder / "out")[0]] == ["graded", "empty", "not_gradable"],
           "and collect takes them", (status, told, row))


# ---- the same again, and no room --------------------------------------------------------------


def again(tap, folder):
    found = results.class_of(2)
    (folder / "twice.json").write_text('{"several": "best", "late_factor": 0.75, '
                                       '"due": "2026-11-24T12:00:00Z"}')
    made = []
    for order, locale in ((found, "C.UTF-8"), (found[::-1], "C"), (found, "de_DE.UTF-8")):
        # The same path each time: reports may name it.
        out = folder / "again"
        subprocess.run(["rm", "-rf", str(out)], check=True)
        put_run(out)
        for result in order:
            put(out, result)
        collect(out, "--policy", folder / "twice.json", LC_ALL=locale, TZ="Asia/Tokyo")
        made.append(reports(out))
    first = made[0]
    collect(out, "--policy", folder / "twice.json")
    for name, other in (("written in another order", made[1]), ("in another locale", made[2]),
                        ("over what was there", reports(out))):
        differ = [p for p in {**first, **other} if first.get(p) != other.get(p)]
        tap.ok(len(first) > 100 and not differ, "the same bytes " + name, differ[:10])
    tap.ok(not [p for p in first if ".new" in p], "and nothing is left behind", list(first))


FULL = """set -e
mount -t tmpfs -o size=%s none "$1"
cp -r "$1.kept/." "$1"
cat /dev/zero > "$1/filler" 2>/dev/null || true
set +e
shift_out=$1; shift
"$@"
echo "[$?]"
cmp "$shift_out/gradebook.csv" "$shift_out.kept/gradebook.csv" && echo kept
find "$shift_out" -name '*.new'
"""


def full_disk(tap, folder):
    """OUT on a file system that is full, in a mount namespace."""
    out, kept = folder / "full", folder / "full.kept"
    put(kept, result_of("alice", [exercise_of("1.1")]))
    collect(kept)
    put(kept, result_of("alice", [exercise_of("1.1", ["fail"] * 3)]))
    out.mkdir()
    if subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "none", str(out)], check=False,
                      capture_output=True).returncode != 0:
        tap.ok(os.environ.get("CI") != "true", "a full disk # SKIP no mount namespace here")
        return
    done = subprocess.run(["unshare", "-rm", "sh", "-c", FULL % "600k", "sh", str(out), *PROGRAM,
                           str(out)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, env=environment_of(COLUMNS="1000"), check=False)
    lines = done.stdout.splitlines()
    tap.ok(lines[-2:] == ["[2]", "kept"] and
           str(out) + "/gradebook.csv: No space left on device" in done.stdout,
           "a full disk: the file is named, and what was there stays", done.stdout)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as name:
        for at, part in enumerate((marks, chosen, services, rosters, policies, schema, foreign,
                                   graded, again, full_disk)):
            folder = Path(name) / str(at)
            folder.mkdir()
            part(tap, folder)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
