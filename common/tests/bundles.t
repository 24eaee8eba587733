#!/usr/bin/python3 -B
"""`make gradescope` and `make github-classroom`: what they make grades as `workbook grade` does.

The services themselves are not here: their folders, variables and calls are laid as they document
them, https://gradescope-autograders.readthedocs.io/en/latest/specs/ and
https://docs.github.com/actions/reference/workflows-and-actions.
"""
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from scratch import ROOT
from tap import Tap, run

FETCH = "01_socket/02_fetch_first"
SOLUTION = ROOT / "solutions" / FETCH / "fetch_first.c"
WRONG = ROOT / "solutions" / FETCH / "wrong/one_recv.c"
WRONG_FAILS = WRONG.read_text().split("*/")[0].split()[2:]
OTHERS = ["%d.%d" % (int(p.parent.name[:2]), int(p.name[:2]))
          for p in sorted(ROOT.glob("exercises/0[1-5]_*/[0-9][0-9]_*"))]
OTHERS.remove("1.2")
POLICY = {"exercises": {"1.2": {"points": 50, "due": "2020-01-01T00:00:00Z"}},
          "due": "2020-01-01T00:00:00Z", "late_factor": 0, "several": "last", "hidden": "secret"}
VISIBILITY = {"visible", "hidden", "after_due_date", "after_published"}


def make(*words):
    status, out, err = run("make", *words, cwd=ROOT)
    return status, out + err


def built(tree):
    """Gives a tree what was built here: its sources are older then, and make all does nothing."""
    for path in tree.rglob("*"):
        os.utime(path, (0, 0))
    kept = shutil.ignore_patterns("lint", "tests", "fuzz", "gradescope", "github", "handout",
                                  "answers", "bench")
    shutil.copytree(ROOT / "build", tree / "build", ignore=kept, symlinks=True)


class Gradescope:
    """The folder /autograder, elsewhere."""

    def __init__(self, folder):
        self.top = folder
        self.results = folder / "results/results.json"
        with zipfile.ZipFile(ROOT / "build/gradescope/autograder.zip") as archive:
            for entry in archive.infolist():
                path = Path(archive.extract(entry, folder / "source"))
                path.chmod(entry.external_attr >> 16 & 0o777)
        built(folder / "source/workbook")
        shutil.copy(folder / "source/run_autograder", folder)

    def run(self, program, *before):
        done = subprocess.run([*before, str(program)], cwd=self.top, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env={**os.environ, "AUTOGRADER": str(self.top)}, check=False)
        return done.returncode, done.stdout

    def grade(self, *before, **files):
        """files: what stands at which place. Returns exit status, results.json or None, text."""
        shutil.rmtree(self.top / "submission", ignore_errors=True)
        shutil.rmtree(self.top / "results", ignore_errors=True)
        (self.top / "submission").mkdir()
        for place, source in files.items():
            path = self.top / "submission" / place
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(source, str):
                path.symlink_to(source)
            else:
                shutil.copy(source, path)
        status, text = self.run(self.top / "run_autograder", *before)
        found = json.loads(self.results.read_text()) if self.results.exists() else None
        return status, found, text

    def marks(self, *before, **files):
        """The score, the tests by name, what was said; None, none and why if all is not well."""
        status, found, text = self.grade(*before, **files)
        if status != 0 or found is None or malformed(found):
            return None, {}, (status, text, found and malformed(found))
        return found["score"], {test["name"]: test for test in found["tests"]}, (text, found)


def malformed(found):
    """What of results.json is not as Gradescope has it."""
    wrong = [key for key, kinds in (
        ("score", (int, float)), ("execution_time", (int, float)), ("output", str), ("tests", list))
             if not isinstance(found.get(key), kinds)]
    wrong += [found[key] for key in ("visibility", "stdout_visibility")
              if found.get(key, "visible") not in VISIBILITY]
    for test in found.get("tests", []):
        good = (isinstance(test["name"], str) and isinstance(test["output"], str) and
                test.get("visibility", "visible") in VISIBILITY and
                test.get("status", "passed") in ("passed", "failed") and
                test.get("score", 0) <= test.get("max_score", 0) + .011)  # each is rounded
        wrong += [] if good else [test]
    return wrong


SECRET = """#include "harness/harness.h"

static void secret(struct session *s)
{
    struct student *p = student_start(s, NULL);
    expect_exit(p, 2);
}

static const struct test_case cases[] = {
    {.name = "secret", .title = "no arguments", .points = 2, .teaches = "There were none.",
     .run = secret},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, cases);
}
"""


def gradescope_bundle(tap, folder):
    """What is in it, with a policy and without."""
    (folder / "secret" / FETCH).mkdir(parents=True)
    (folder / "secret" / FETCH / "cases.c").write_text(SECRET)
    (folder / "grading.json").write_text(json.dumps(POLICY))
    said = make("gradescope")
    with zipfile.ZipFile(ROOT / "build/gradescope/autograder.zip") as archive:
        names = set(archive.namelist())
        modes = archive.getinfo("run_autograder").external_attr >> 16 & 0o777
        policy = json.loads(archive.read("grading.json"))
    tap.ok(said[0] == 0 and {"setup.sh", "run_autograder", "workbook/Makefile"} <= names and
           modes & 0o111 and policy == {"leave_out": []}, "make gradescope",
           (said, modes, policy, sorted(names)))
    unwanted = [name for name in names if set(Path(name).parts) & {
        "solutions", "wrong", "answers", ".git", "build", "tests"} or name.startswith("hidden")]
    tap.ok(not unwanted, "it holds nothing that an answer should not find", unwanted)

    said = make("gradescope", "E=1.2", "POLICY=%s/grading.json" % folder)
    with zipfile.ZipFile(ROOT / "build/gradescope/autograder.zip") as archive:
        names = set(archive.namelist())
        policy = json.loads(archive.read("grading.json"))
    tap.ok(said[0] == 0 and "hidden/%s/cases.c" % FETCH in names and policy == {
        "leave_out": OTHERS, "exercises": {"1.2": {"points": 50}}, "hidden": "hidden"},
        "with E and POLICY: points and hidden cases, and no dates", (said, policy))
    for words, sentence in ((("E=1.77",), "there is no exercise 1.77"),
                            (("POLICY=%s/none.json" % folder,), "none.json"),
                            (("POLICY=%s" % SOLUTION,), "fetch_first.c")):
        said = make("gradescope", *words)
        tap.ok(said[0] == 2 and sentence in said[1] and "Traceback" not in said[1],
               "make gradescope %s is refused" % words[0].split("/")[0], said)


def gradescope(tap, folder):
    gradescope_bundle(tap, folder)
    service = Gradescope(folder / "autograder")
    status, text = service.run("source/setup.sh", "sh")
    tap.ok(status == 0 and "Every package that is needed is here." in text, "setup.sh", text)

    score, whole, why = service.marks(**{"answers/%s/fetch_first.c" % FETCH: SOLUTION})
    tap.ok(score == 50, "the solution earns all", why)
    hidden = [name for name, test in whole.items() if test["visibility"] == "hidden"]
    tap.ok(hidden == ["1.2 fetch_first: secret"], "the hidden case is hidden", why)
    score, tests, why = service.marks(**{"fetch_first.c": SOLUTION, "notes.txt": ROOT / "LICENSE"})
    tap.ok(score == 50 and tests.keys() == whole.keys(), "so it does without its folders", why)
    score, tests, why = service.marks(**{"fetch_first.c": WRONG})
    failed = {name for name, test in tests.items() if test.get("status") == "failed"}
    tap.ok(score is not None and 0 < score < 50 and failed == {
        "1.2 fetch_first: " + case for case in WRONG_FAILS}, "a wrong answer earns less", why)
    score, _, why = service.marks()
    tap.ok(score == 0, "nothing handed in earns nothing", why)
    score, _, why = service.marks(**{"fetch_first.c": str(SOLUTION),
                                     "01_socket": str(ROOT / "solutions/01_socket")})
    tap.ok(score == 0, "nor do links, which are not followed", why)
    score, _, why = service.marks(**{"fetch_first.c": WRONG,
                                     "a/%s/fetch_first.c" % FETCH: SOLUTION})
    tap.ok(score == 50, "what is in its folders goes before what is not", why)
    without_boxes(tap, service, whole)

    (service.top / "source/workbook/build/libwire.so").unlink()
    status, found, text = service.grade(**{"fetch_first.c": SOLUTION})
    tap.ok(status == 1 and found is None, "where the grader fails there is no mark", (text, found))


# In a root folder other than the system's the kernel allows no namespaces: as in a container.
CONTAINER = ('mkdir "$0" && mount --rbind / "$0" && cd "$0" && exec chroot . "$@"')


def without_boxes(tap, service, whole):
    if os.geteuid() != 0:
        tap.ok(True, "without boxes # SKIP only root can take them away")
        return
    root = str(service.top / "root")
    status, found, text = service.grade(
        "unshare", "--mount", "--propagation", "private", "sh", "-c", CONTAINER, root,
        **{"fetch_first.c": SOLUTION})
    tap.ok(status == 0 and "level C" in text, "without boxes the container is the isolation", text)
    tap.ok(found and not malformed(found) and found["score"] == 50 and
           {test["name"] for test in found["tests"]} == set(whole), "and the marks are the same",
           (text, found))


class GitHub:
    """The runner of a workflow: its steps, each a shell, and what they hand on."""

    def __init__(self, folder, workflow):
        self.folder = folder
        (job,) = workflow["jobs"].values()
        self.steps = job["steps"]
        handout = folder / "handout.tar.gz"
        status, said = make("handout", "OUT=%s" % handout)
        if status != 0:
            raise RuntimeError(said)
        shutil.unpack_archive(handout, folder)
        self.tree = folder / "network-workbook"
        built(self.tree)

    def push(self, *answers):
        """Runs the steps. Returns the exit status of the last, what it printed, summary and result.
        """
        shutil.rmtree(self.tree / "answers", ignore_errors=True)
        for answer in answers:
            place = self.tree / "answers" / FETCH / "fetch_first.c"
            place.parent.mkdir(parents=True)
            shutil.copy(answer, place)
        temp = Path(tempfile.mkdtemp(dir=self.folder))
        variables = {"RUNNER_TEMP": temp, "GITHUB_OUTPUT": temp / "output",
                     "GITHUB_STEP_SUMMARY": temp / "summary"}
        text, status = "", 0
        for step in self.steps:
            if "run" in step and status == 0:
                done = subprocess.run(
                    ["bash", "-e", "-c", step["run"]], cwd=self.tree, stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                    env={**os.environ, **{k: str(v) for k, v in variables.items()}})
                status, text = done.returncode, text + done.stdout
        summary, output = (path.read_text() if path.exists() else ""
                           for path in (temp / "summary", temp / "output"))
        return status, text, summary, output

    def points(self, *answers):
        """As the action that reports them counts: those of the tests, and the most there are."""
        status, text, summary, output = self.push(*answers)
        if status != 0 or not output.startswith("result=") or len(output) > 100000:
            return None, (status, text, output)
        result = json.loads(base64.b64decode(output[len("result="):]))
        return (sum(test["score"] for test in result["tests"]), result["max_score"]), summary


def github(tap, folder, yaml):
    said = make("github-classroom", "E=1.2")
    text = (ROOT / "build/github/classroom.yml").read_text()
    workflow = yaml.safe_load(text)
    tap.ok(said[0] == 0 and "@" not in text.replace("@v", ""), "make github-classroom E=1.2",
           (said, text))
    steps = workflow["jobs"]["run-autograding-tests"]["steps"]
    on = workflow.get("on", workflow.get(True))  # YAML 1.1 takes the word for a yes
    tap.ok({"push", "workflow_dispatch"} <= set(on) and "checkout" in steps[0]["uses"] and
           workflow["permissions"]["checks"] == "write", "it is a workflow", workflow)
    report = steps[-1]
    runner = report["with"]["runners"]
    tap.ok("autograding-grading-reporter" in report["uses"] and report["env"] == {
        runner.upper() + "_RESULTS": "${{ steps.%s.outputs.result }}" % runner} and
        runner in [step.get("id") for step in steps], "its last step reports what a step found",
        report)

    service = GitHub(folder, workflow)
    points, summary = service.points(SOLUTION)
    tap.ok(points and points[0] == points[1] > 0, "the solution earns all", (points, summary))
    tap.ok("28 of 28 points" in summary, "and the summary says so", summary)
    tap.ok("isolation level C" in summary, "and that there were no boxes", summary)
    fewer, summary = service.points(WRONG)
    tap.ok(points and fewer and fewer[1] == points[1] and 0 < fewer[0] < points[0],
           "a wrong answer earns less", (fewer, points, summary))
    tap.ok("reply in three pieces" in summary, "and the summary says why", summary)
    none, summary = service.points()
    tap.ok(points and none == (0, points[1]), "nothing handed in earns nothing", (none, summary))
    (service.tree / "build/libwire.so").unlink()
    service.steps = [step for step in steps if step.get("id") == runner]  # nothing is built again
    status, text, summary, output = service.push(SOLUTION)
    tap.ok(status != 0 and output == "", "where the grader fails nothing is reported",
           (text, summary, output))
    (folder / "grading.json").write_text(json.dumps(POLICY))
    (folder / "secret").mkdir()
    said = make("github-classroom", "E=1.2", "POLICY=%s/grading.json" % folder)
    tap.ok(said[0] == 2 and "every student's repository" in said[1],
           "hidden cases are not put where everyone finds them", said)


def shell_scripts(tap, yaml):
    """What runs unattended, on machines where nobody looks on."""
    if not shutil.which("shellcheck"):
        tap.ok(os.environ.get("CI") != "true", "shellcheck # SKIP shellcheck is missing: "
               "sh common/setup.sh --test")
        return
    folder = ROOT / "common/classroom"
    scripts = [*folder.glob("*.sh"), *folder.glob("gradescope/*")]
    said = run("shellcheck", "--external-sources", *map(str, scripts), cwd=ROOT)
    tap.ok(len(scripts) >= 6 and said[0] == 0, "shellcheck finds nothing in the scripts", said[1])
    workflow = yaml.safe_load((ROOT / "build/github/classroom.yml").read_text())
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            done = subprocess.run(["shellcheck", "--shell=bash", "-"], text=True, check=False,
                                  input="set -e\n" + step.get("run", ""), capture_output=True)
            tap.ok(done.returncode == 0, "nor in the step %s" % step.get("name", step.get("uses")),
                   done.stdout)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as name:
        for folder in ("gradescope", "github"):
            (Path(name) / folder).mkdir()
        gradescope(tap, Path(name) / "gradescope")
        try:
            import yaml  # pylint: disable=import-outside-toplevel
        except ImportError:
            tap.ok(os.environ.get("CI") != "true", "GitHub # SKIP python3-yaml is missing: "
                   "sh common/setup.sh --test")
        else:
            github(tap, Path(name) / "github", yaml)
            shell_scripts(tap, yaml)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
