"""Results of a class as grading writes them, for the tests of what is made from them.

Half of the class is hostile: names, causes and compilers' messages hold markup, formulas, control
characters and what turns the direction of writing.
"""
import hashlib
import json
import random
from pathlib import Path

CASES = {"1.0": [("greets", 0)],
         "1.1": [("prints", 1), ("pieces", 2), ("half-close", 3)],
         "1.2": [("plain", 1), ("reply-in-pieces", 2), ("refused", 2), ("slow", 2), ("leak", 1),
                 ("secret", 4)],
         "1.10": [("jobs", 3), ("signals", 4)]}
NAMES = {"1.0": "first_steps", "1.1": "address_book", "1.2": "fetch_first", "1.10": "job_server"}
TITLES = {"1.0": "First steps", "1.1": "Address book",
          "1.2": "Fetch from the <first> server that answers & more", "1.10": "Job \"server\""}
STATES = ("judged", "refused", "not-compiled", "unusable", "not-submitted", "grader_error")
STATUSES = ("pass", "fail", "crash", "timeout", "memory", "processes", "output", "sanitizer",
            "leak", "skipped")
HOSTILE = ("<script>alert(document.cookie)</script>", "]]> </failure></testcase> ]]>",
           "=HYPERLINK(\"http://evil.example/\";\"marks\")", "+49 30 123456", "-1+1", "@SUM(A1:A9)",
           "\t=1+1", "\r=1+1", "line one\nline two\n=1+1", "a\0b", "\x1b[2J\x1b]0;owned\x07",
           "\u202eevil\u202c txt.c", "\u2066isolated\u2069", "\U0001f4a5 boom", "\ufffe\uffff",
           "&amp; &lt;b&gt; &#0; %s %n", "'; DROP TABLE marks;--", "x;=cmd|' /C calc'!A0",
           "\uff1d1+1", "\x7f\x80\x9f", "[a](javascript:alert(1)) ![x](//evil.example/x.png)",
           "```\n</details>\n# no heading\n```", "\\u0000 is not a NUL", "a\\")
STUDENTS = ("alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy",
            "mallory", "niaj", "olivia", "peggy", "rupert", "sybil", "trent", "victor", "walter",
            "=cmd|' !A0", "<script>alert(1)<", "]]>", "a&b \"q\" 'r'", "\u65e5\u672c\u8a9e",
            "\U0001f600", "+49", "x,y;z", "Zo\u00eb B\u0142a\u017cej", "007", "%s%n")


def result_of(submission, exercises, status="graded", **more):
    """A whole result, its sums right."""
    return {"schema": 1, "submission": submission, "student": submission.split("@")[0],
            "source": "hand-in/" + submission + ".zip", "kind": "archive", "status": status,
            "why": "", "submitted": "2026-11-23T10:00:00Z", "graded": "2026-11-24T12:00:00Z",
            "seconds": 3.25, "seed": 4711,
            "isolation": {"level": "A", "sentence": "nested boxes, control groups v1"},
            "limits": {"case_wall_s": 30, "memory_mib": 512, "processes": 300, "descriptors": 4096,
                       "file_mib": 64, "output_mib": 16, "compile_cpu_s": 10, "compile_wall_s": 15,
                       "compile_memory_mib": 512},
            "build": {"compiler": "gcc (Debian 12.2.0-14) 12.2.0", "flags": "-std=gnu11 -Og -g",
                      "workbook": "1"},
            "refused": [], "earned": sum(e["earned"] for e in exercises),
            "points": sum(e["points"] for e in exercises), "exercises": exercises, **more}


def exercise_of(number, statuses=None, state="judged", causes=(), **more):
    """One exercise; statuses are those of its cases, by default all pass."""
    cases = CASES[number]
    statuses = statuses or ["pass"] * len(cases)
    run = [] if state != "judged" else [
        {"case": name, "title": "tries " + name, "status": status,
         "earned": points if status == "pass" else 0,
         "points": 0 if status == "skipped" else points,
         "cause": "" if status == "pass" else causes[at % len(causes)] if causes else "It failed.",
         "hidden": name == "secret", "retried": status == "timeout"}
        for at, ((name, points), status) in enumerate(zip(cases, statuses))]
    file = "01_socket/%02d_%s/%s.c" % (int(number.split(".")[1]), NAMES[number], NAMES[number])
    return {"exercise": number, "name": NAMES[number], "title": TITLES[number], "chapter": 1,
            "core": number != "1.10", "state": state,
            "why": "" if state in ("judged", "not-compiled", "not-submitted") else
                   "The file is %s, as a test wants it." % state,
            "file": file, "sha256": "" if state == "not-submitted" else
            hashlib.sha256(number.encode()).hexdigest(),
            "messages": causes[0] if causes and state == "not-compiled" else "",
            "earned": sum(c["earned"] for c in run),
            "points": sum(c["points"] for c in run) if run else sum(p for _, p in cases),
            "passed": bool(run) and all(c["status"] in ("pass", "skipped") for c in run),
            "seconds": 0.4, "report": "" if state == "not-submitted" else
            "%s  %s\n  FAIL  %s\n" % (number, TITLES[number], causes[-1] if causes else "it"),
            "cases": run, **more}


def exercises_of(chance, hostile=True):
    """All exercises, in states and with statuses that chance picks."""
    found = []
    for number, cases in CASES.items():
        state = "judged" if chance.random() < 0.8 else chance.choice(STATES)
        causes = chance.sample(HOSTILE, 4) if hostile else ()
        statuses = [chance.choice(STATUSES) if chance.random() < 0.4 else "pass" for _ in cases]
        found.append(exercise_of(number, statuses, state, causes))
    return found


def put(out, result, name=None):
    """Writes a result where collect looks for it."""
    path = Path(out, "results", name or result["submission"], "result.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1, ensure_ascii=len(str(path)) % 2 == 0))
    return path


def put_run(out, **more):
    """Writes run.json."""
    Path(out).mkdir(parents=True, exist_ok=True)
    Path(out, "run.json").write_text(json.dumps(
        {"schema": 1, "seed": 4711, "seed_per_student": False, "submissions": "hand-in", **more}))


def class_of(seed=1):
    """Results of 30 students, every state and status among them; some handed in up to 11 times."""
    chance = random.Random(seed)
    results = []
    for at, student in enumerate(STUDENTS):
        for again in range(1, {3: 3, 7: 11, 20: 2}.get(at, 1) + 1):
            name = student if again == 1 else "%s@%d" % (student, again)
            submitted = "2026-11-%02dT%02d:30:00Z" % (chance.randint(20, 28), chance.randint(0, 23))
            exercises = exercises_of(chance, at % 2 == 1)
            status = "grader_error" if any(e["state"] == "grader_error" for e in exercises) else (
                "graded")
            why = chance.choice(HOSTILE) if at in (5, 6, 15) else ""
            if at in (5, 6):
                status = "empty" if at == 5 else "not_gradable"
                exercises = [exercise_of(n, state="not-submitted") for n in CASES]
            if at == 15:
                status, exercises = "grader_error", []
            refused = [{"path": "x/" + chance.choice(HOSTILE), "reason": "link",
                        "sentence": "x/%s is a link." % chance.choice(HOSTILE)}
                       for _ in range(at % 3)]
            results.append(result_of(name, exercises, status, why=why, submitted=submitted,
                                     refused=refused))
    return results
