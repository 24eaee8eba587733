#!/usr/bin/python3 -B
"""A class graded by GNU parallel or by Slurm has the marks that `workbook grade class` gives."""
import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

import slurm
from scratch import ROOT, processes_marked
from tap import Tap, run

WORKBOOK = str(ROOT / "build/workbook")
PARALLEL = str(ROOT / "common/classroom/parallel.sh")
SLURM = str(ROOT / "common/classroom/slurm.sh")
FETCH = "01_socket/02_fetch_first"
# Where boxes cannot be made: what is handed in here is our own.
ISOLATION = ("--isolation", "C") if run(WORKBOOK, "grade", "doctor")[0] != 0 else ()
# Whose work is what. Names are as unkind as a submission's may be.
CLASS = {
    "ada": "fetch_first.c",
    "ben o'brien": "wrong/copied.c",
    'cleo "x" $HOME': "wrong/one_recv.c",
    "dan {} %a": None,
    "eve;true&": "fetch_first.c",
    "zoë": "wrong/first_address.c",
}


def hand_in(folder):
    """The submissions of the class, an archive among them, and a policy that keeps to 1.2."""
    for name, file in CLASS.items():
        place = folder / name / "answers" / FETCH
        place.mkdir(parents=True)
        if file:
            shutil.copy(ROOT / "solutions" / FETCH / file, place / "fetch_first.c")
    shutil.make_archive(str(folder / "eve;true&"), "gztar", folder / "eve;true&")
    shutil.rmtree(folder / "eve;true&")
    others = [path.name for path in (ROOT / "exercises/01_socket").iterdir()]
    (folder / "grading.json").write_text(json.dumps(
        {"leave_out": ["1.%d" % int(name[:2]) for name in others if name != Path(FETCH).name]}))


def handed_in(name):
    """The entry of the folder."""
    return name + ".tar.gz" if name == "eve;true&" else name


def results(out):
    """What every result says that two runs must have alike."""
    found = {}
    for file in (out / "results").glob("*/result.json"):
        result = json.loads(file.read_text())
        found[file.parent.name] = (
            result["status"], result["seed"], result["earned"], result["points"],
            [(case["case"], case["status"], case["earned"])
             for exercise in result["exercises"] for case in exercise["cases"]])
    return found


def files(out):
    """Each result's file: another one, written again, has another number or time."""
    return {file.parent.name: (file.stat().st_ino, file.stat().st_mtime_ns)
            for file in (out / "results").glob("*/result.json")}


def alone(tap, folder):
    """What grade class makes of the class, with the seed that the first run made for itself."""
    seed = json.loads((folder / "by parallel/run.json").read_text())["seed"]
    said = run(WORKBOOK, "grade", "class", "hand-in", "alone", "--seed", str(seed), *ISOLATION,
               cwd=folder)
    marks = results(folder / "alone")
    tap.ok(said[0] == 0 and set(marks) == set(CLASS), "grade class", said)
    tap.ok(len({mark[2] for mark in marks.values()}) >= 4, "gives different marks", marks)
    return seed


def same_marks(tap, folder, out, name):
    """Compares with what grade class gave."""
    wanted, got = results(folder / "alone"), results(out)
    tap.ok(got == wanted, "%s: the same marks" % name, "%s\n%s" % (wanted, got))
    wanted, got = ((one / "gradebook.csv").read_text() for one in (folder / "alone", out))
    tap.ok(got == wanted, "%s: the same grade book" % name, wanted + got)


def by_parallel(tap, folder):
    """Returns the seed that was used."""
    out = folder / "by parallel"
    said = run("sh", PARALLEL, "hand-in", out.name, "2", cwd=folder)
    tap.ok(said[0] == 0, "parallel.sh grades the class", said)
    seed = alone(tap, folder)
    same_marks(tap, folder, out, "parallel.sh")

    before = files(out)
    shutil.rmtree(out / "results/ben o'brien")
    said = run("sh", PARALLEL, "hand-in", out.name, cwd=folder)
    again = {name for name, file in files(out).items() if file != before[name]}
    tap.ok(said[0] == 0 and again == {"ben o'brien"}, "what has a result is left out",
           (said, again))
    same_marks(tap, folder, out, "parallel.sh, once more")
    return seed


STAND_IN = """#!/bin/sh
shift
[ "$1" != "$FAILS" ] || exit 2
case $1 in
plan) printf '%s ' "$@" >"$3/plan"; ls -d "$2"/* | grep -v json ;;
one) printf '%s ' "$@" >"$3/${2##*/}"; [ "${2##*/}" != "$FAILS" ] ;;
collect) printf '%s ' "$@" >"$2/collect" ;;
esac
"""


class Asked:
    """parallel.sh with a workbook that writes down what it is asked."""

    def __init__(self, folder):
        self.folder, self.out = folder, folder / "asked"
        self.out.mkdir()
        (folder / "tree/build").mkdir(parents=True)
        shutil.copytree(ROOT / "common/classroom", folder / "tree/common/classroom")
        (folder / "tree/build/workbook").write_text(STAND_IN)
        (folder / "tree/build/workbook").chmod(0o755)

    def run(self, **environment):
        for file in self.out.iterdir():
            file.unlink()
        status, out, err = run("sh", "%s/tree/common/classroom/parallel.sh" % self.folder,
                               "hand-in", "asked", cwd=self.folder,
                               env={**os.environ, "FAILS": "", **environment})
        return status, {file.name: file.read_text() for file in self.out.iterdir()}, out + err


def options(tap, asked):
    status, said, text = asked.run(POLICY="my policy", ROSTER="my roster", ISOLATION="C",
                                   SEED="7", SEED_PER_STUDENT="1")
    given = "--seed 7 --seed-per-student --policy my policy --isolation C "
    wanted = {name: "one hand-in/%s asked %s" % (name, given)
              for name in map(handed_in, CLASS)}
    wanted["plan"] = "plan hand-in asked "
    wanted["collect"] = "collect asked --roster my roster --policy my policy "
    tap.ok(status == 0 and said == wanted, "every option reaches the workbook, and every name",
           (said, text))
    status, said, text = asked.run(FAILS="ada")
    tap.ok(status == 1 and "collect" in said, "exit status 1 where one could not be graded", text)
    status, said, text = asked.run(FAILS="collect")
    tap.ok(status == 2, "that of collect where that fails", text)
    status, said, text = asked.run(FAILS="plan")
    tap.ok(status == 2 and not said, "and nothing is done where there is no plan", (said, text))


def over_machines(tap, asked):
    """Two machines, each reached by something that runs here what ssh would run there.

    All of it lies in the home directory here; that of another machine may be elsewhere. Neither
    machine says which shell is the user's.
    """
    ssh = asked.folder / "ssh"
    ssh.write_text("#!/bin/sh\necho \"$1\" >>'%s/hosts'\nshift\n[ \"$1\" != -- ] || shift\n"
                   "cd / && exec sh -c \"$*\"\n" % asked.folder)
    ssh.chmod(0o755)
    here = asked.run(HOME=str(asked.folder))
    there = asked.run(PARALLEL_SSH=str(ssh), PARALLEL="--sshlogin 1/here,1/there",
                      PARALLEL_HOME=str(asked.folder / "parallel"), HOME=str(asked.folder),
                      SHELL="")
    hosts = (asked.folder / "hosts").read_text().split()
    tap.ok(there == here and {"here", "there"} <= set(hosts), "over two machines the same",
           (here, there, hosts))


def by_slurm(tap, folder, seed):
    with slurm.Slurm(folder / "slurm") as cluster:
        grade_by(tap, folder, cluster, seed)
    left = processes_marked(cluster.mark)
    tap.ok(not left, "nothing of Slurm is left behind", left)


def grade_by(tap, folder, cluster, seed):
    out = folder / "by slurm"

    def grade():
        return run("sh", SLURM, "hand-in", out.name, cwd=folder,
                   env={**cluster.environment, "CHUNK": "2", "SEED": str(seed)})

    def ended(said):
        """Of the jobs that it names, first that which collects: the states."""
        jobs = re.search(r"Job (\d+) grades.* job (\d+) collects", said[1])
        return [cluster.ended(jobs[2]), cluster.ended(jobs[1])]

    def logs():
        return [log.read_text() for log in (out / "slurm").glob("*.log")]

    said = grade()
    tap.ok(said[0] == 0 and "(submissions: 6, tasks: 3)" in said[1], "slurm.sh submits two jobs",
           said)
    states = ended(said)
    tap.ok(states == [{"COMPLETED"}, {"COMPLETED"}], "and both end well", (states, logs()))
    same_marks(tap, folder, out, "slurm.sh")

    before = files(out)
    shutil.rmtree(out / "results/ada")
    shutil.rmtree(out / "results/zoë")
    (out / "gradebook.csv").unlink()
    cluster.ask("scontrol", "update", "nodename=node", "state=drain", "reason=test")
    said = grade()
    (folder / "hand-in/zoë").rename(folder / "zoë")
    cluster.ask("scontrol", "update", "nodename=node", "state=resume")
    states = ended(said)
    tap.ok(states == [{"COMPLETED"}, {"FAILED"}] and (out / "gradebook.csv").exists(),
           "one that went away fails its task, and the others are collected", (states, logs()))
    (folder / "zoë").rename(folder / "hand-in/zoë")
    said = grade()
    states = ended(said)
    tap.ok("(submissions: 1, tasks: 1)" in said[1] and states == [{"COMPLETED"}, {"COMPLETED"}],
           "once more grades that one alone", (said, states, logs()))
    again = {name for name, file in files(out).items() if file != before[name]}
    tap.ok(again == {"ada", "zoë"}, "and what had a result was left as it was", again)
    same_marks(tap, folder, out, "slurm.sh, in the end")
    said = grade()
    tap.ok(said[0] == 0 and said[1].startswith("Everything has been graded.\n"),
           "then nothing is left to do", said)


def main():
    tap = Tap()
    seed = "4711"
    os.environ["ISOLATION"] = "".join(ISOLATION[1:])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        hand_in(folder / "hand-in")
        if shutil.which("parallel"):
            seed = by_parallel(tap, folder)
            asked = Asked(folder)
            options(tap, asked)
            over_machines(tap, asked)
        else:
            tap.ok(os.environ.get("CI") != "true", "GNU parallel # SKIP parallel is missing: "
                   "sh common/setup.sh --test")
        if not slurm.missing():
            by_slurm(tap, folder, seed)
        else:
            tap.ok(os.environ.get("CI") != "true", "Slurm # SKIP %s is missing: "
                   "sh common/setup.sh --test" % slurm.missing())
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
