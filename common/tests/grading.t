#!/usr/bin/python3 -B
"""A class graded in boxes: the marks are those of `make check`, the same whoever is beside, and
what cannot be graded is told.

    common/tests/grading.t           each exercise's solution, starter and one wrong answer
    common/tests/grading.t --soak    every wrong answer, and a class of 300 submissions
"""
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import patches
from scratch import environment_of, processes_marked
from tap import Tap, run

ROOT = Path(__file__).resolve().parents[2]
WORKBOOK = ROOT / "build/workbook"
SEED = "4242"
TIMES = ("graded", "seconds")
LIMIT = 60  # seconds: how long a machine may be slow


def exercises():
    return sorted(p.parent for p in ROOT.glob("exercises/*/[0-9][0-9]_*/cases.c"))


def place(submission, exercise, source):
    """Puts a source where an answer to the exercise belongs."""
    name = exercise.name.split("_", 1)[1] + ".c"
    folder = submission / exercise.parent.name / exercise.name
    folder.mkdir(parents=True)
    (folder / name).write_text(patches.program(source))


def sources(exercise):
    """The solution, the starter and the wrong answers of an exercise."""
    name = exercise.name.split("_", 1)[1] + ".c"
    solution = ROOT / "solutions" / exercise.parent.name / exercise.name
    return solution / name, exercise / name, patches.wrong_answers(solution)


def grade(folder, out, *options):
    return run(str(WORKBOOK), "grade", "class", "--seed", SEED, *options, str(folder), str(out),
               cwd=ROOT)


def result(out, name):
    return json.loads((out / "results" / name / "result.json").read_text())


def mark(case):
    """A case's status and points. A wrong answer that stands still has failed or run out of time,
    whichever comes first: that is no difference in its marks."""
    return "fail" if case["status"] == "timeout" else case["status"], case["earned"]


def marks(graded):
    """What must not differ: every case of every exercise with its status and points."""
    return {e["exercise"]: (e["state"], e["earned"], e["points"],
                            {c["case"]: mark(c) for c in e["cases"]})
            for e in graded["exercises"]}


def without_times(value):
    """A result but for its times; ports and addresses are chosen by the system."""
    if isinstance(value, dict):
        return {k: without_times(v) for k, v in value.items()
                if k not in TIMES + ("report", "cause", "source", "retried")}
    if isinstance(value, list):
        return [without_times(v) for v in value]
    return value


def own_marks(tree, submission):
    """The same answers as the learner's own, judged without boxes by `workbook grade`."""
    shutil.rmtree(tree / "answers", ignore_errors=True)
    shutil.copytree(submission, tree / "answers")
    status, out, err = run("build/workbook", "grade", "--json", "--seed", SEED, cwd=tree)
    if status != 0:
        return {"exit status": status, "output": out + err}
    return {e["exercise"]: (e["state"], e["earned"], e["points"],
                            {c["case"]: mark(c) for c in e["cases"]})
            for chapter in json.loads(out)["chapters"] for e in chapter["exercises"]}


def difference(ours, theirs):
    return "\n".join("%s: %s, and %s" % (k, ours.get(k), theirs.get(k))
                     for k in sorted({*ours, *theirs}) if ours.get(k) != theirs.get(k))


def same_as_check(tap, folder):
    """In boxes and without, one class of three: all solutions, all starters, one wrong answer."""
    hand_in, out, tree = folder / "hand-in", folder / "marks", folder / "tree"
    for exercise in exercises():
        solution, starter, wrong = sources(exercise)
        place(hand_in / "solution", exercise, solution)
        place(hand_in / "starter", exercise, starter)
        others = [w for w in wrong if w.stem != "copied"]
        if others:  # another one of each exercise, the same in every run
            place(hand_in / "wrong", exercise, others[len(exercise.name) % len(others)])
    tree.mkdir()
    for part in ("Makefile", "exercises", "solutions", "common", *(
            p.name for p in ROOT.glob("0[1-5]_*"))):
        (tree / part).symlink_to(ROOT / part)
    shutil.copytree(ROOT / "build", tree / "build", symlinks=True,
                    ignore=shutil.ignore_patterns("*.o", "lint", "tests", "fuzz", "answers"))
    status, said, err = grade(hand_in, out)
    if not tap.ok(status == 0, "a class is graded", said + err):
        return
    for name in sorted(p.name for p in hand_in.iterdir()):
        graded = result(out, name)
        ours, theirs = marks(graded), own_marks(tree, hand_in / name)
        for judged in theirs.values():  # words differ, the meaning does not
            if isinstance(judged, tuple) and judged[0] == "not-opened":
                theirs = {k: ("not-submitted",) + v[1:] if v[0] == "not-opened" else v
                          for k, v in theirs.items()}
                break
        tap.ok(ours == theirs, "%s: the marks are those of make check" % name,
               difference(ours, theirs))
        if name == "solution":
            tap.ok(graded["earned"] == graded["points"] > 0, "it earns every point",
                   "%(earned)d of %(points)d" % graded)


def pool(count):
    """Submissions of one exercise, each with the cases that it must fail; None: nothing earned."""
    exercise = ROOT / "exercises/01_socket/02_fetch_first"
    solution, starter, wrong = sources(exercise)
    kinds = [("solution", solution, set())]
    kinds += [(w.stem, w, set(patches.told(w)[0])) for w in wrong]
    kinds += [("starter", starter, None)]
    return exercise, [("%s-%03d" % (kinds[i % len(kinds)][0], i),) + kinds[i % len(kinds)][1:]
                      for i in range(count)]


def check_pool(tap, out, students, what):
    bad = []
    for name, _, fails in students:
        try:
            graded = result(out, name)
        except OSError as why:
            bad.append("%s: %s" % (name, why))
            continue
        done = next(e for e in graded["exercises"] if e["exercise"] == "1.2")
        failed = {c["case"] for c in done["cases"] if c["status"] != "pass"}
        if failed != fails if fails is not None else done["earned"] != 0:
            bad.append("%s: fails %s" % (name, " ".join(sorted(failed))))
    tap.ok(not bad, "%s: every mark as expected" % what, "\n".join(bad))


def killed_and_resumed(tap, hand_in, out, students):
    """kill -9 after some are graded; the same command then grades the rest and nothing twice."""
    grader = subprocess.Popen([str(WORKBOOK), "grade", "class", "--seed", SEED, str(hand_in),
                               str(out)], cwd=ROOT, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    while len(list(out.glob("results/*/result.json"))) < len(students) // 2:
        if grader.poll() is not None:
            break
    os.kill(grader.pid, signal.SIGKILL)
    grader.wait()
    done = {p: p.stat().st_mtime_ns for p in out.glob("results/*/result.json")}
    tap.ok(len(students) // 2 <= len(done) < len(students), "killed halfway", len(done))
    status, said, err = grade(hand_in, out)
    tap.ok(status == 0, "the same command goes on", said + err)
    again = [p.parent.name for p, t in done.items() if p.stat().st_mtime_ns != t]
    # What was under way at the kill ends by itself; it may have been graded a second time.
    tap.ok(len(again) <= 2 * (os.cpu_count() or 1), "and grades nothing twice", again)


def twice(tap, folder, count):
    """A class of one exercise, once in one go and once killed and resumed."""
    exercise, students = pool(count)
    hand_in, first, second = folder / "class", folder / "first", folder / "second"
    for name, source, _ in students:
        place(hand_in / name, exercise, source)
    status, said, err = grade(hand_in, first)
    tap.ok(status == 0, "%d submissions of one exercise are graded" % count, said + err)
    check_pool(tap, first, students, "graded in one go")
    killed_and_resumed(tap, hand_in, second, students)
    check_pool(tap, second, students, "killed and resumed")
    differ = [name for name, _, _ in students
              if without_times(result(first, name)) != without_times(result(second, name))]
    tap.ok(not differ, "both times the same results but for times", differ)


def bad_input(tap, folder):
    """Each gets a sentence, and nothing that was graded is lost."""
    exercise, students = pool(1)
    hand_in = folder / "input"
    place(hand_in / "amy", exercise, students[0][1])
    (folder / "empty").mkdir()
    (folder / "double/alice").mkdir(parents=True)
    (folder / "double/alice.zip").touch()
    place(folder / "unknown/bob", folder / "01_socket/99_nothing", students[0][1])
    (folder / "roster.csv").write_text("student,name\namy,A\namy,B\n")
    (folder / "slip/01_socket/2_fetch_first").mkdir(parents=True)
    (folder / "slip/01_socket/2_fetch_first/cases.c").touch()
    (folder / "slip.json").write_text('{"hidden": "slip"}')
    (folder / "old").mkdir()
    (folder / "old/run.json").touch()
    (folder / "policy.json").write_text('{"exercises": {"9.9": {"points": 3}}}')
    for words, sentence in (
            ((folder / "empty",), r"empty holds no submission"),
            ((folder / "missing",), r"missing: No such file or directory"),
            ((folder / "double",), r"alice and \S*alice\.zip are two submissions of one name"),
            ((hand_in, "--roster", folder / "roster.csv"), r"roster\.csv:3: amy stands in line 2"),
            ((hand_in, "--policy", folder / "policy.json"), r"there is no exercise 9\.9"),
            ((hand_in, "--policy", folder / "slip.json"), r"no exercise has the folder 01_"),
            ((folder / "old",), r"old holds results, not submissions"),
            ((hand_in / "amy",), r"amy/01_socket is what a student hands in"),
            ((hand_in, "--isolation", "D"), r"An isolation is A, B or C, not D")):
        status, said, err = grade(words[0], folder / "none", *map(str, words[1:]))
        tap.ok(status == 2 and re.search(sentence, " ".join(err.split())) and
               not (folder / "none/results").exists(), "refused before grading: " + sentence,
               "%d %s%s" % (status, said, err))
    status, said, err = grade(folder / "unknown", folder / "unknown-marks")
    tap.ok(status == 0 and "1 empty" in said and
           "99_nothing" in result(folder / "unknown-marks", "bob")["refused"][0]["sentence"],
           "an exercise that is not there", said + err)
    status, said, err = grade(hand_in, hand_in / "marks")
    tap.ok(status == 2 and "lies among the submissions" in err and not (hand_in / "marks").exists(),
           "results among the submissions", said + err)
    (hand_in / "loose.c").touch()
    (hand_in / "roster.csv").write_text("student\nloose\nAmy\n")
    status, said, err = grade(hand_in, folder / "loose")
    page = (folder / "loose/class.html").read_text()
    tap.ok(status == 1 and "loose.c is neither" in err and "<th scope=\"row\">loose.c</th>" in page,
           "what is no submission stands on standard error and on the page", said + err)
    tap.ok("Amy is on the roster, and amy handed in" in " ".join(err.split()) and
           re.search(r"^loose,.*missing,,\"loose\.c is neither", (folder / "loose/gradebook.csv")
                     .read_text(), re.M), "a name in capitals, a file for a folder", err)
    before = result(folder / "loose", "amy")
    status, said, err = run(str(WORKBOOK), "grade", "class", "--seed", "7", str(hand_in),
                            str(folder / "loose"), cwd=ROOT)
    tap.ok(status == 2 and "made with seed" in err and result(folder / "loose", "amy") == before,
           "another seed for the same marks", said + err)


def changes(tap, folder):
    """What was handed in anew is graded anew, and nothing else is."""
    exercise, students = pool(2)
    hand_in, out = folder / "anew", folder / "anew-marks"
    for name in ("ben", "zoe"):
        place(hand_in / name, exercise, students[1][1])
    status, said, err = grade(hand_in, out)
    before = {n: result(out, n)["earned"] for n in ("ben", "zoe")}
    untouched = (out / "results/zoe/result.json").stat().st_mtime_ns
    shutil.rmtree(hand_in / "ben")
    place(hand_in / "ben", exercise, students[0][1])
    status, said, err = grade(hand_in, out)
    after = result(out, "ben")
    tap.ok(status == 0 and before["ben"] < after["earned"] and
           (out / "results/zoe/result.json").stat().st_mtime_ns == untouched,
           "a submission that changed is graded again, and no other", [before, said, err])


def hidden_cases(tap, folder):
    """Cases that only the teacher has count, are named, and are not shown."""
    exercise, students = pool(1)
    hand_in, out = folder / "secret", folder / "secret-marks"
    place(hand_in / "amy", exercise, students[0][1])
    own = hand_in / "hidden" / exercise.parent.name / exercise.name
    own.mkdir(parents=True)
    text = (exercise / "cases.c").read_text()
    (own / "cases.c").write_text(re.sub(r'\.name = "', '.name = "own-', text))
    (hand_in / "grading.json").write_text('{"hidden": "hidden"}')
    status, said, err = grade(hand_in, out)
    done = next(e for e in result(out, "amy")["exercises"] if e["exercise"] == "1.2")
    shown = [c for c in done["cases"] if not c["hidden"]]
    kept = [c for c in done["cases"] if c["hidden"]]
    tap.ok(status == 0 and sorted(p.name for p in (out / "results").iterdir()) == ["amy"] and
           done["earned"] == done["points"] == 2 * sum(c["points"] for c in shown) and
           [c["case"] for c in kept] == ["own-" + c["case"] for c in shown],
           "hidden cases count like the others, and their folder is nobody's", said + err)
    tap.ok("own-reply" in done["report"] and kept[0]["title"] not in
           done["report"].split("not shown")[1], "they are named, and not shown", done["report"])
    (own / "cases.c").write_text("int main(void) { return x; }\n")
    (hand_in / "amy" / "note.txt").touch()
    status, said, err = grade(hand_in, out)
    tap.ok(status == 1 and "could not be built" in err and "error" in err,
           "hidden cases that do not compile", said + err)


def groups_of(pids):
    """Control groups that graders of these numbers made."""
    return [path for tree in ("/sys/fs/cgroup", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/pids")
            for pid in pids for path in glob.glob("%s/**/workbook-%s-*" % (tree, pid),
                                                  recursive=True)]


def children(pid):
    try:
        return Path("/proc/%d/task/%d/children" % (pid, pid)).read_text().split()
    except OSError:
        return []


def interrupted(tap, folder):
    """A signal ends `grade one` and `grade class` at any moment, and nothing is left of them."""
    exercise, students = pool(4)
    hand_in = folder / "interrupted"
    for name, _, _ in students:
        place(hand_in / name, exercise, students[0][1])
    one = ("one", str(hand_in / students[0][0]))
    moments = {"before the first": lambda scratch: True,
               "a stage is made": lambda scratch: glob.glob(scratch + "/wb-*/etc"),
               "the compiler works": lambda scratch: glob.glob(scratch + "/wb-*/build/box.status"),
               "the cases run": lambda scratch: glob.glob(
                   scratch + "/wb-*/build/answers/*/*/fetch_first")}
    for number, (what, come) in enumerate(moments.items()):
        for words in (one, ("class", str(hand_in))):
            with tempfile.TemporaryDirectory(prefix="i", dir="/tmp") as scratch:
                os.chmod(scratch, 0o755)
                mark = "GRADING_TEST=" + scratch
                program = subprocess.Popen(
                    [str(WORKBOOK), "grade", *words, str(folder / ("out%d" % number) / words[0])],
                    cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL, env=environment_of(TMPDIR=scratch,
                                                                  GRADING_TEST=scratch))
                graders = {program.pid}
                while program.poll() is None and not come(scratch):
                    graders.update(map(int, children(program.pid)))
                graders.update(map(int, children(program.pid)))
                wanted = (signal.SIGINT, signal.SIGTERM)[number % 2]
                program.send_signal(wanted)
                status = program.wait(LIMIT)
                left = processes_marked(mark), os.listdir(scratch), groups_of(graders)
                tap.ok(status == -wanted and left == ([], [], []),
                       "%s ends grade %s: %s" % (wanted.name, words[0], what), (status, left))


def every_wrong_answer(tap, folder):
    """All wrong answers, each exercise's in as many submissions as there are."""
    hand_in, out, expected = folder / "wrong", folder / "wrong-marks", {}
    for exercise in exercises():
        for i, wrong in enumerate(sources(exercise)[2]):
            place(hand_in / ("%03d" % i), exercise, wrong)
            expected["%03d" % i, exercise.name] = wrong, set(patches.told(wrong)[0])
    status, said, err = grade(hand_in, out)
    tap.ok(status == 0, "every wrong answer is graded", said + err)
    for (name, folder_name), (wrong, fails) in sorted(expected.items()):
        done = next(e for e in result(out, name)["exercises"]
                    if folder_name in e["file"])
        failed = {c["case"] for c in done["cases"] if c["status"] != "pass"}
        tap.ok(failed == fails, "%s in boxes fails what it names" % wrong.relative_to(ROOT),
               "%s: fails %s" % (done["state"], " ".join(sorted(failed))))


def main():
    soak = "--soak" in sys.argv[1:]
    tap = Tap()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        status, said, err = run(str(WORKBOOK), "grade", "doctor", cwd=ROOT)
        if status != 0:
            tap.ok(os.environ.get("CI") != "true", "grading # SKIP no boxes here", said + err)
            return tap.done()
        bad_input(tap, folder)
        changes(tap, folder)
        hidden_cases(tap, folder)
        interrupted(tap, folder)
        same_as_check(tap, folder)
        twice(tap, folder, 300 if soak else 12)
        if soak:
            every_wrong_answer(tap, folder)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
