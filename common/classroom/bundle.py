#!/usr/bin/python3
"""Makes what grading services run, below build/.

    python3 -B common/classroom/bundle.py gradescope EXERCISES POLICY          make gradescope
    python3 -B common/classroom/bundle.py github-classroom EXERCISES POLICY    make github-classroom

EXERCISES, "1.2 1.3", are those that count; "" are all. POLICY is a grading.json, or "". Its dates
and what goes with them stay out: the services know when something is due and when it came.
"""
import json
import os
import sys
import zipfile
from pathlib import Path

import handout

HERE = Path("common/classroom")


def stop(sentence):
    sys.exit("bundle.py: %s" % sentence)


def policy_of(wanted, file):
    """A grading.json that says what counts and how much, and the folder of hidden cases or None."""
    try:
        given = json.loads(Path(file).read_text()) if file else {}
        left_out = given.get("leave_out", [])
        points = {number: {"points": entry["points"]}
                  for number, entry in given.get("exercises", {}).items() if "points" in entry}
        hidden = Path(file).parent / given["hidden"] if "hidden" in given else None
    except (OSError, ValueError, TypeError, AttributeError) as error:
        stop("%s: %s" % (file, error))
    if hidden and not hidden.is_dir():
        stop("%s: there is no folder %s" % (file, hidden))
    known = list(handout.exercises([]))
    for number in [*wanted, *left_out, *points]:
        if number not in known:
            stop("there is no exercise %s" % number)
    counts = [number for number in wanted or known if number not in left_out]
    policy = {"leave_out": [number for number in known if number not in counts]}
    if points:
        policy["exercises"] = points
    return policy, hidden


def gradescope(wanted, policy_file):
    """autograder.zip: the two scripts that Gradescope starts, and the workbook as students have it.
    Where there are no boxes, answers could read solutions.
    """
    policy, hidden = policy_of(wanted, policy_file)
    out = Path("build/gradescope/autograder.zip")
    out.parent.mkdir(parents=True, exist_ok=True)
    new = out.with_suffix(".new")
    with zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("setup.sh", "run_autograder"):
            archive.write(HERE / "gradescope" / name, name)
        for path in handout.collect([]):
            archive.write(path, Path("workbook") / path)
        if hidden is not None:
            policy["hidden"] = "hidden"
            for path in sorted(hidden.rglob("*")):
                archive.write(path, Path("hidden") / path.relative_to(hidden))
        archive.writestr("grading.json", json.dumps(policy, indent=1) + "\n")
    new.replace(out)
    print("%s, to be uploaded as the autograder" % out)


def github(wanted, policy_file):
    """classroom.yml: a workflow that grades answers/."""
    policy, hidden = policy_of(wanted, policy_file)
    if hidden is not None:
        stop("%s: hidden cases would be in every student's repository; leave \"hidden\" out, and "
             "use them when you grade the answers yourself" % policy_file)
    out = Path("build/github/classroom.yml")
    out.parent.mkdir(parents=True, exist_ok=True)
    text = (HERE / "github.yml").read_text()
    text = text.replace("@WHAT@", "exercise " + " ".join(wanted) if wanted else "every exercise")
    out.write_text(text.replace("@POLICY@", json.dumps(policy)))
    print("%s, for .github/workflows/ of the assignment's template" % out)


if __name__ == "__main__":
    os.chdir(Path(__file__).resolve().parents[2])
    make = {"gradescope": gradescope, "github-classroom": github}
    make[sys.argv[1]](sys.argv[2].split(), sys.argv[3])
