#!/usr/bin/python3
"""Measures what a learner waits for, a verdict and a build, and how fast the servers are that the
lessons make. What `make bench` runs.

Prints a table and writes build/bench.json. Every time is that of a whole process, as the median of
ten runs where it is short. The verdict is measured beside its nearest relative, the compiler alone
on the same file, in the same run. The machine should be idle.
"""
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cookies
import echo
import heads
import transfers
import urls
import web

EXERCISE = "1.2"
FILE = "01_socket/02_fetch_first/fetch_first.c"
RUNS = 10
CLASS = 60
SMALL = "09_socket_profiles"  # eleven cases


def seconds(*command, cwd=".", status=0):
    """Runs a command and returns how long it took; another exit status ends it all."""
    start = time.monotonic()
    done = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False)
    took = time.monotonic() - start
    if done.returncode != status:
        sys.exit("bench: %s ended with %d:\n%s%s" % (" ".join(command), done.returncode,
                                                     done.stdout, done.stderr))
    return took


def median(measure):
    return statistics.median(measure() for _ in range(RUNS))


def desk(folder):
    """A place where the solution is judged as an answer; the learner's files stay as they are."""
    for entry in Path(".").resolve().iterdir():
        if entry.name not in ("answers", ".workbook", "build", ".git"):
            (folder / entry.name).symlink_to(entry)
    (folder / "build").mkdir()
    for entry in Path("build").resolve().iterdir():
        if entry.name != "answers":
            (folder / "build" / entry.name).symlink_to(entry)
    answer = folder / "answers" / FILE
    answer.parent.mkdir(parents=True)
    shutil.copy(Path("solutions") / FILE, answer)
    return answer


def verdict_and_compiler(folder):
    answer = desk(folder)
    text = answer.read_text()
    saved = iter(range(1000))

    def save():
        answer.write_text("%s/* saved %d times */\n" % (text, next(saved)))

    def verdict():
        save()
        return seconds("build/workbook", "check", EXERCISE, cwd=folder)

    def compiler(*flags):
        save()
        return seconds("gcc", *flags, str(answer), "-o", str(folder / "alone"), cwd=folder)

    verdict()  # the first one finds nothing in the page cache
    return {
        "verdict_s": median(verdict),
        "compile_s": median(lambda: compiler("@build/student.flags")),
        "compile_plain_s": median(compiler),
    }


def build(folder):
    source = folder / "clean"
    shutil.copytree(".", source, symlinks=True,
                    ignore=shutil.ignore_patterns("build", ".git", "answers", ".workbook"))
    clean = seconds("make", "all", cwd=source)
    noop = median(lambda: seconds("make", "all", cwd=source))
    return {"clean_build_s": clean, "noop_make_s": noop}


def hand_in(folder, exercises):
    """A class of CLASS, each with the solution of one of the exercises; how many cases in all."""
    cases = 0
    for i in range(CLASS):
        exercise = exercises[i % len(exercises)]
        name = exercise.name.split("_", 1)[1] + ".c"
        answer = folder / ("student%02d" % i) / exercise.parent.name / exercise.name / name
        answer.parent.mkdir(parents=True)
        shutil.copy(exercise / name, answer)
        counted = Path("build/exercises", exercise.parent.name, exercise.name, "cases")
        cases += len(subprocess.run([counted, "--list"], capture_output=True, check=True)
                     .stdout.splitlines())
    return cases


def grading(folder):
    """A class graded, in boxes and without them: an exercise of eleven cases, and all of them."""
    found = {}
    every = sorted(p.parent.parent for p in Path("solutions").glob("01_*/*/wrong/copied.c"))
    small = [e for e in every if e.name == SMALL]
    for what, exercises, level in (("small", small, None), ("small_unboxed", small, "C"),
                                   ("chapter", every, None)):
        place = folder / what
        cases = hand_in(place / "class", exercises)
        options = ["--isolation", level] if level else []
        took = seconds("build/workbook", "grade", "class", *options, str(place / "class"),
                       str(place / "marks"))
        found[what] = {"gradings_per_s": CLASS / took, "cases_per_s": cases / took,
                       "cases": cases / CLASS}
    return found


def row(what, value, unit, note=""):
    print("  %-44s %8.*f %-3s %s" % (what, 0 if unit == "ms" else 2, value, unit, note))


def main():
    for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
        os.environ.pop(name, None)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "desk").mkdir()
        result = verdict_and_compiler(folder / "desk") | build(folder)
        result["grading"] = grading(folder)
    result["verdict_to_compile"] = result["verdict_s"] / result["compile_s"]
    result["cores"] = os.cpu_count()
    result["load_before"] = load
    print("Exercise %s with its solution, median of %d, %d cores" % (
        EXERCISE, RUNS, result["cores"]))
    row("save to verdict, all cases, sanitizers on", 1000 * result["verdict_s"], "ms",
        "at most 300")
    row("of that, the compiler alone", 1000 * result["compile_s"], "ms",
        "the verdict takes %.1f times as long" % result["verdict_to_compile"])
    row("the compiler without sanitizers", 1000 * result["compile_plain_s"], "ms")
    print("The whole workbook")
    row("built from clean", result["clean_build_s"], "s", "at most 30")
    row("make when nothing has changed", 1000 * result["noop_make_s"], "ms")
    print("A class of %d, graded in boxes" % CLASS)
    for what, graded in result["grading"].items():
        note = {"small": "at least 4 with five to ten cases",
                "small_unboxed": "without boxes (isolation C)",
                "chapter": "a mix of chapter 1's exercises"}[what]
        row("of %.1f cases each, %.0f cases/s; exercises" % (graded["cases"],
                                                              graded["cases_per_s"]),
            graded["gradings_per_s"], "/s", note)
    result["echo"] = echo.compare()
    echo.show(result["echo"])
    result["cookies"] = cookies.compare()
    cookies.show(result["cookies"])
    result["heads"] = heads.measure()
    heads.show(result["heads"])
    result["urls"] = urls.compare()
    urls.show(result["urls"])
    result["web"] = web.compare()
    web.show(result["web"])
    result["transfers"] = transfers.compare()
    transfers.show(result["transfers"])
    Path("build/bench.json").write_text(json.dumps(result, indent=2, sort_keys=True) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
