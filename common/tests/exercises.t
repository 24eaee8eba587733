#!/usr/bin/python3 -B
"""Every exercise proved, by `workbook prove`: the solution passes with three seeds, the starter
earns nothing, each wrong answer fails the cases that it names. Then again with every core busy.

    common/tests/exercises.t 1.2        one exercise alone
    common/tests/exercises.t --soak     20 seeds, and 200 runs of each solution under load
"""
import re
import sys
from pathlib import Path

from tap import Tap, run

ROOT = Path(__file__).resolve().parents[2]


def prove(tap, exercise, *options):
    """Passes on what `workbook prove` reports; a report that breaks off is a failure of its own."""
    words = ("build/workbook", "prove", exercise, *options)
    status, out, err = run(*words, cwd=ROOT)
    results = re.findall(r"^(ok|not ok) \d+ - (.*)\n((?:#.*\n)*)", out, re.M)
    for result, name, why in results:
        tap.ok(result == "ok", " ".join((name,) + options), why)
    plan = re.search(r"^1\.\.(\d+)$", out, re.M)
    whole = plan is not None and int(plan[1]) == len(results) > 0
    tap.ok(whole and status == (0 if all(r[0] == "ok" for r in results) else 1),
           "%s is whole" % " ".join(words[1:]), "exit status %d\n%s%s" % (status, out, err))


def main():
    words = sys.argv[1:]
    soak = "--soak" in words
    folders = sorted(p.parent for p in ROOT.glob("exercises/*/[0-9][0-9]_*/cases.c"))
    exercises = [w for w in words if w != "--soak"] or [
        "%d.%d" % (int(p.parent.name[:2]), int(p.name[:2])) for p in folders]
    tap = Tap()
    for exercise in exercises:
        prove(tap, exercise, "--seeds", "20" if soak else "3")
        prove(tap, exercise, "--loaded", "--seeds", "200" if soak else "1")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
