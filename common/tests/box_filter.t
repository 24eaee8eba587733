#!/usr/bin/python3 -B
"""
The filter of boxes, build/box.bpf: each call that it names is refused with the errno that it names,
each rule is needed for that, and what programs and compilers use still works.
"""
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tap import Tap, run

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "build/tests/box"
BOX = ["bwrap", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev",
       "--unshare-all", "--cap-drop", "ALL", "--die-with-parent"]


def boxed(filter_file, *command, folder=None, **more):
    """Runs a command in a box with this filter, or with none; it may write in folder."""
    words = ["--bind", str(folder), str(folder)] if folder else []
    with open(filter_file or os.devnull, "rb") as opened:
        if filter_file:
            words += ["--seccomp", str(opened.fileno())]
        return run(*BOX, *words, "--", *map(str, command), pass_fds=[opened.fileno()], timeout=60,
                   **more)


def trials(filter_file, *rule):
    """Lines of the program that tries what is refused, or what kept it from that."""
    status, out, errors = boxed(filter_file, PROGRAMS / "refused", *rule)
    return out.splitlines() if status == 0 else ["not ok: exit %d, %s" % (status, errors)]


def test_rules(tap, folder):
    filter_file = ROOT / "build/box.bpf"
    lines = trials(filter_file)
    wrong = [line for line in lines if not line.startswith("ok ")]
    tap.ok(len(lines) > 100 and not wrong, "%d trials end as they should" % len(lines),
           "\n".join(wrong))

    rules = run(str(ROOT / "build/box-filter"), "--list")[1].splitlines()
    untried = [rule for rule in rules if "ok " + rule not in [line.partition(" #")[0]
                                                              for line in lines]]
    tap.ok(len(rules) > 80 and not untried, "each of %d rules is tried" % len(rules), untried)
    here = [rule for rule in rules
            if not any(line.startswith("ok %s #" % rule) for line in lines)]
    needless = []
    for rule in here:
        without = folder / "without.bpf"
        status, _, errors = run(str(ROOT / "build/box-filter"), "--without", rule, str(without))
        found = trials(without, rule)
        if status != 0 or not any(line.startswith("not ok %s (" % rule) for line in found):
            needless.append("%s: %s %s" % (rule, errors, found))
    tap.ok(not needless, "without any one of them its trials fail", "\n".join(needless))


def test_allowed(tap, folder):
    filter_file = ROOT / "build/box.bpf"
    leaks = {**os.environ, "ASAN_OPTIONS": "detect_leaks=1:exitcode=23", "LSAN_OPTIONS": ""}
    done = boxed(filter_file, PROGRAMS / "allowed", env=leaks)
    tap.ok(done == (0, "", ""), "a sanitized program uses all that stays allowed", done)
    status, _, errors = boxed(filter_file, PROGRAMS / "allowed", "leak", env=leaks)
    tap.ok(status == 23 and "detected memory leaks" in errors and "in main" in errors,
           "LeakSanitizer finds a leak, and where it is", (status, errors))

    source = folder / "overflow.c"
    source.write_text("#include <stdio.h>\n\nint main(int argc, char **argv)\n{\n    (void)argv;\n"
                      "    return printf(\"%d\\n\", 2147483647 + argc) < 0;\n}\n")
    program = folder / "overflow"
    built = boxed(filter_file, "gcc", "@%s" % (ROOT / "build/student.flags"), "-o", program, source,
                  folder=folder, env={**os.environ, "TMPDIR": str(folder)})
    done = boxed(filter_file, program)
    tap.ok(built == (0, "", "") and done[0] == 0 and "signed integer overflow" in done[2],
           "gcc compiles, with the sanitizers", (built, done))


def main():
    tap = Tap()
    why = "bwrap is not installed" if shutil.which("bwrap") is None else boxed(None, "true")[2]
    if why:
        if os.environ.get("CI") == "true":
            tap.ok(False, "boxes can be made here", why)
            return tap.done()
        print("1..0 # SKIP no boxes can be made here: " + why.splitlines()[0])
        return 0
    with tempfile.TemporaryDirectory() as name:
        test_rules(tap, Path(name))
        test_allowed(tap, Path(name))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
