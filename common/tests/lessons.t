#!/usr/bin/python3 -B
"""Every lesson: its console blocks print what it says, and its Python lines run. The sessions in a
chapter's README.md and in the teacher's guide are tried as well.

Options are names of lessons, to run those alone: common/tests/lessons.t 01_socket/03_tcp_client.md
"""
import sys
from pathlib import Path

from tap import Tap, run

ROOT = Path(__file__).resolve().parents[2]
GUIDE = "solutions/README.md"


def main():
    tap = Tap()
    lessons = sys.argv[1:] or sorted(
        str(p.relative_to(ROOT)) for pattern in ("[0-9][0-9]_*.md", "README.md")
        for p in ROOT.glob("0[1-5]_*/" + pattern)) + [GUIDE]
    for lesson in lessons:
        if lesson == GUIDE and run("build/workbook", "grade", "doctor", cwd=ROOT)[0] != 0:
            tap.ok(True, "session of %s # SKIP boxes cannot be made here" % lesson)
            continue
        for command, what in (("lesson", "console blocks"), ("python", "Python")):
            if command == "python" and lesson.endswith("README.md"):
                continue
            status, out, err = run("build/workbook", command, lesson, cwd=ROOT)
            tap.ok(status == 0, "%s of %s" % (what, lesson), out + err)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
