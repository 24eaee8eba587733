#!/usr/bin/python3 -B
"""Hostile submissions, graded through the boxes: each ends for its own reason and earns nothing.

common/tests/hostile/ holds those that are one C file, hostile_made.py makes the others. A file's
first comment says what is due, and what it tries:

    /* hostile: refused "words"; what it tries. */           the answer is refused, and why says so
    /* hostile: not-compiled "words"; what it tries. */      the compiler's messages say so
    /* hostile: timeout "words"; what it tries. */           a case ends so, and its cause says so

The case is "every-address" of exercise 1.2, the only one with the host two.test: what takes long is
tried there alone. "hostile 1.3: fail in sums" is another exercise, and another case. The words may
be left out; "one|other" is either. A program that found closed whatever it tried ends with status
40, and else with a higher one, which tells what was open. @ROOT@ and the like are replaced: see
Place. Where nothing else is said, no point is earned.

    common/tests/hostile.t [--keep FOLDER] [NAME]...    these alone; what was written is kept
"""
import concurrent.futures
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import hostile_made
from hostile_made import ROOT, Due
from scratch import processes_marked
from tap import Tap, run

HERE = Path(__file__).resolve().parent / "hostile"
WORKBOOK = ROOT / "build/workbook"
SEED = "4711"
LIMIT = 150  # seconds: how long one may take on a busy machine
PLACES = {"1.1": "01_socket/01_address_book/address_book.c",
          "1.2": "01_socket/02_fetch_first/fetch_first.c",
          "1.3": "01_socket/03_running_sums/running_sums.c"}
# Memory that is no process's own is counted by control groups alone.
NEED_GROUPS = ["run-memory-connections", "run-memory-divided", "run-memory-files",
               "run-memory-pipes"]
STATES = ("refused", "not-compiled", "unusable")
HEAD = re.compile(r'/\* hostile(?: (?P<exercise>[\d.]+))?: (?P<kind>[a-z-]+)'
                  r'(?: "(?P<words>[^"]+)")?(?: in (?P<case>[a-z-]+))?; (?P<tries>.+?) \*/', re.S)


class Watch:
    """Services outside of all boxes, which nobody in a box can reach: what came is kept."""

    def __init__(self, folder):
        self.came, self.stopped = [], threading.Event()
        self.name = "workbook-hostile-%d" % os.getpid()
        self.path = str(folder / "door")
        tcp = socket.create_server(("0.0.0.0", 0))
        self.port = tcp.getsockname()[1]
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("0.0.0.0", self.port))
        abstract, door = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        abstract.bind("\0" + self.name)
        door.bind(self.path)
        os.chmod(self.path, 0o777)
        for server in (abstract, door):
            server.listen()
        self.threads = [threading.Thread(target=self.wait, args=pair, daemon=True)
                        for pair in ((tcp, "TCP"), (udp, "UDP"), (abstract, "abstract"),
                                     (door, "a socket with a path"))]
        for thread in self.threads:
            thread.start()

    def wait(self, server, what):
        server.settimeout(0.2)
        while not self.stopped.is_set():
            try:
                if what == "UDP":
                    server.recv(100)
                else:
                    server.accept()[0].close()
                self.came.append(what)
            except TimeoutError:
                continue
        server.close()

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join()
        return self.came


def own_address():
    """An address of this machine that is not on loopback, if it has one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.connect(("192.0.2.1", 9))
            return s.getsockname()[0]
        except OSError:
            return "192.0.2.9"


class Place:
    """The folders of a run, and what it is to keep to itself."""

    def __init__(self, folder):
        self.folder = folder
        self.submissions, self.out = folder / "submissions", folder / "out"
        self.temporary, self.secret = folder / "temporary", folder / "secret"
        self.submissions.mkdir()
        self.temporary.mkdir()
        self.word = secrets.token_hex(16)
        self.secret.write_text("HOSTILE_SECRET=%s\n" % self.word)
        self.secret.chmod(0o600)
        self.watch = Watch(folder)
        self.marks = {"ROOT": ROOT, "SECRET": self.secret, "OUT": self.out,
                      "SUBMISSIONS": self.submissions, "PORT": self.watch.port,
                      "HOST": own_address(), "ABSTRACT": self.watch.name, "UNIX": self.watch.path,
                      "ESC": "\033", "BEL": "\a", "MARK": "\ufeff"}
        self.pids = []

    def fill(self, text):
        return re.sub(r"@([A-Z]+)@", lambda m: str(self.marks[m[1]]), text)

    def grade(self, path):
        """Exit status, what was said, and the result, or None."""
        environment = {**os.environ, "HOSTILE_SECRET": self.word, "TMPDIR": str(self.temporary),
                       "LC_ALL": "C.UTF-8"}
        began = time.monotonic()
        process = subprocess.Popen([WORKBOOK, "grade", "one", path, self.out, "--seed", SEED],
                                   cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.pids.append(process.pid)
        try:
            said = process.communicate(timeout=LIMIT)[0]
        except subprocess.TimeoutExpired:
            process.kill()
            said = process.communicate()[0] + b"\nnot graded after %d s" % LIMIT
        name = re.sub(r"\.(zip|tar(\.\w+)?)$", "", path.name)
        file = self.out / "results" / name / "result.json"
        result = json.loads(file.read_bytes()) if file.exists() else None
        return (process.returncode, said.decode(errors="backslashreplace"), result,
                time.monotonic() - began)


# ---- what is handed in ----


def read_head(file):
    """What is due of a C file, and the exercise that it is for."""
    match = HEAD.match(file.read_text())
    if match is None:
        sys.exit("Bail out! %s: the first comment does not say what is due" % file)
    kind, words, exercise = match["kind"], match["words"] or "", match["exercise"] or "1.2"
    if kind in STATES:
        return Due(state=kind, why=words, exercise=exercise), exercise
    return Due(state="judged", verdict=kind, cause=words, case=match["case"] or "every-address",
               exercise=exercise), exercise


def hand_in(place, names):
    """Makes all submissions: name to path and Due."""
    made = {}
    for file in sorted(HERE.glob("*/*.c")):
        name = "%s-%s" % (file.parent.name, file.stem.replace("_", "-"))
        if names and name not in names:
            continue
        due, exercise = read_head(file)
        target = place.submissions / name / PLACES[exercise]
        target.parent.mkdir(parents=True)
        target.write_text(place.fill(file.read_text()))
        made[name] = (place.submissions / name, due)
    for maker in hostile_made.MAKERS:
        name = maker.__name__.replace("_", "-")
        if not names or name in names:
            made[name] = maker(place.submissions)
    return made


# ---- what comes of it ----

FULL = {}  # points of an exercise, from the canary


def exercise_of(result, number):
    return next((e for e in result["exercises"] if e["exercise"] == number), None)


def wrong_points(result, due):
    earned, full = result["earned"], FULL.get("1.2", 0)
    if due.at_most:
        return [] if earned <= full - due.left else ["it earned %s" % earned]
    wanted = full - due.left if due.left is not None else due.earned
    return [] if wanted is None or earned == wanted else ["it earned %s, not %s" % (earned, wanted)]


def wrong_case(exercise, due):
    case = next((c for c in exercise["cases"] if c["case"] == due.case), None)
    if case is None:
        return ["there is no case %s" % due.case]
    wrong = []
    if due.verdict and case["status"] != due.verdict:
        wrong.append("the case %s ended with %s: %s" % (due.case, case["status"], case["cause"]))
    if due.cause not in case["cause"]:
        wrong.append("the cause is: %s" % case["cause"])
    return wrong


def wrong_exercise(result, due):
    exercise = exercise_of(result, due.exercise)
    if exercise is None:
        return ["there is no exercise %s" % due.exercise]
    wrong = []
    said = exercise["why"] + "\n" + exercise["messages"]
    if due.state is not None and exercise["state"] != due.state:
        wrong.append("the exercise is %s: %s" % (exercise["state"], said[:300]))
    elif due.state in STATES and not any(words in said for words in due.why.split("|")):
        wrong.append("what is said of it: %s" % said[:300])
    for case in exercise["cases"]:
        if case["status"] == "grader_error":
            wrong.append("a fault of the grader in %s: %s" % (case["case"], case["cause"]))
    if due.case and exercise["state"] == "judged":
        wrong += wrong_case(exercise, due)
    return wrong


def texts(value):
    """Every string of a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)


def told(result, secrets_kept):
    """What a result may not hold: orders to a terminal, and what nobody in a box is to know."""
    for text in texts(result):
        if len(text) > 100000:
            yield "it holds a text of %d characters" % len(text)
        if re.search("[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text):
            yield "it holds control characters: %r" % text[:300]
        for secret in secrets_kept:
            if secret in text:
                yield "it tells what is secret: %r" % secret


def kept_secret(place):
    """Lines of the solution that a student does not know otherwise, and more."""
    given = (ROOT / "exercises" / PLACES["1.2"]).with_name("README.md").read_text()
    lines = [line.strip() for line in (ROOT / "solutions" / PLACES["1.2"]).read_text().split("\n")]
    return [place.word, "root:x:0:0", "root:*"] + [
        line for line in lines if len(line) > 34 and line not in given and "static" in line]


def judge(graded, due, secrets_kept):
    """What is wrong with how a submission ended, as lines."""
    status, said, result, _ = graded
    if due.status is None and result is None:
        return ([] if status in (1, 2) and due.why in said else
                ["it ended with status %s: %s" % (status, said)])
    if result is None:
        return ["no result; status %s: %s" % (status, said)]
    wrong = ["it ended with status %s: %s" % (status, said)] if status != 0 else []
    if due.status is None or result["status"] != due.status:
        wrong.append("the submission is %s: %s" % (result["status"], result["why"]))
    reasons = sorted(r["reason"] for r in result["refused"])
    if due.refused is not None and reasons != sorted(due.refused):
        wrong.append("refused: %s" % json.dumps(result["refused"], ensure_ascii=False))
    return (wrong + wrong_exercise(result, due) + wrong_points(result, due) +
            list(told(result, secrets_kept)))


# ---- what is left behind ----


def processes_left(place):
    """Those of the graders themselves, and those in their control groups."""
    found = processes_marked("HOSTILE_SECRET=%s" % place.word)
    parents = {"/workbook-%d" % pid for pid in place.pids}
    for entry in Path("/proc").iterdir():
        try:
            groups = (entry / "cgroup").read_text() if entry.name.isdigit() else ""
            if any(re.search(re.escape(parent) + r"(/|$)", groups, re.M) for parent in parents):
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ")[:200].decode())
        except OSError:
            pass  # it has just ended
    return found


def odd_files(place):
    folders = [Path(p) for p in ("/", "/tmp", "/var/tmp", "/dev", "/dev/shm", "/dev/mqueue",
                                "/run")]
    names = [p for f in folders + [ROOT, ROOT / "build"] if f.is_dir() for p in f.glob("hostile*")
             if not p.name.startswith("hostile-test-")]
    return {str(p) for p in names} | {str(p) for p in place.temporary.iterdir()}


def groups_left(place):
    names = {"workbook-%d" % pid for pid in place.pids}
    return [str(p) for p in Path("/sys/fs/cgroup").glob("**/workbook-*") if p.name in names]


def ipc_left():
    keys = {str(k) for k in (0x686f7374, 0x686f7375)}
    return [line for kind in ("shm", "sem", "msg")
            for line in Path("/proc/sysvipc", kind).read_text().split("\n")[1:]
            if line.split()[:1] and line.split()[0] in keys]


def mounts_left(place):
    """What a box mounts on its way; others may mount what they like meanwhile."""
    lines = Path("/proc/self/mountinfo").read_text().split("\n")
    return [line for line in lines if str(place.folder) in line or "newroot" in line]


def shared_memory():
    """MiB of files in memory, whosever they are."""
    return int(re.search(r"Shmem: +(\d+)", Path("/proc/meminfo").read_text())[1]) >> 10


def look_around(tap, place, before):
    odd, shared = before
    # A port is held by a process, and a file in memory that has no name is too.
    for what, left in (("process", processes_left(place)),
                       ("file", sorted(odd_files(place) - odd)),
                       ("control group", groups_left(place)),
                       ("shared memory, semaphore or queue", ipc_left()),
                       ("mount", mounts_left(place))):
        tap.ok(not left, "no %s is left" % what, left)
    now = shared_memory()
    tap.ok(now - shared < 700, "memory is given back", "%d MiB, and %d before" % (now, shared))
    came = place.watch.stop()
    tap.ok(not came, "nobody reached a service outside", came)


# ---- the run ----


def available(tap):
    """The level of isolation here, "A" or "B"; else says so, and in CI that is a failure."""
    status, out, err = run(WORKBOOK, "grade", "doctor", cwd=ROOT)
    level = re.match("Isolation ([AB])", out)
    if status == 0 and level is not None:
        return level[1]
    tap.ok(os.environ.get("CI") != "true", "boxes can be made here # SKIP they cannot", out + err)
    return None


def bare(result):
    """A result without what may differ from one time to the next."""
    def strip(value):
        if isinstance(value, dict):
            return {k: strip(v) for k, v in value.items()
                    if k not in ("graded", "seconds", "submission", "student", "source",
                                 "submitted", "report", "retried")}
        return [strip(v) for v in value] if isinstance(value, list) else value
    return strip(result)


def canary(place, number):
    """The solution, beside the others: full marks, whatever they do."""
    path = hostile_made.solution_with(place.submissions, "canary-%d" % number)
    return place.grade(path)


def long_ones_last(item):
    name, (_, due) = item
    long = ("timeout", "memory", "processes", "output")
    return (due.verdict in long, name)


def replaced_while_read(tap, place):
    swapper, path = hostile_made.swapping(place.submissions)
    swapper.start()
    ends = []
    for _ in range(12):
        status, said, result, _ = place.grade(path)
        if result is None:
            ends.append("no result, status %s: %s" % (status, said))
        elif result["earned"] != 0 or exercise_of(result, "1.2")["state"] == "judged":
            ends.append("the link was followed: %s" % json.dumps(result)[:2000])
        shutil.rmtree(place.out / "results" / path.name, ignore_errors=True)
    swapper.stopped = True
    swapper.join()
    tap.ok(not ends, "replaced-while-read: a file that becomes a link while it is read", ends)


def grade_all(tap, place, names, left_out):
    made = hand_in(place, names)
    for name in left_out:
        if made.pop(name, None):
            tap.ok(os.environ.get("CI") != "true", "%s # SKIP there are no control groups" % name)
    first = canary(place, 0)
    if not tap.ok(first[2] is not None and exercise_of(first[2], "1.2")["passed"],
                  "the solution gets every point", first[1]):
        sys.exit("Bail out! Nothing can be graded.")
    FULL["1.2"] = first[2]["earned"]
    secrets_kept = kept_secret(place)
    with concurrent.futures.ThreadPoolExecutor(max(2, os.cpu_count() or 2)) as pool:
        jobs, canaries = {}, []
        for i, (name, (path, due)) in enumerate(sorted(made.items(), key=long_ones_last)):
            jobs[name] = (pool.submit(place.grade, path), due)
            if i % 15 == 7:
                canaries.append(pool.submit(canary, place, len(canaries) + 1))
        for name, (job, due) in jobs.items():
            wrong = judge(job.result(), due, secrets_kept)
            tap.ok(not wrong, name, "\n".join(line[:400] for line in wrong))
            print("# %.1f s" % job.result()[3])
        others = [c.result() for c in canaries]
    if not others and names:
        return
    tap.ok(others and all(c[2] is not None and bare(c[2]) == bare(first[2]) for c in others),
           "the solution, graded %d times beside them: every point, each time" % len(others),
           [c[1] if c[2] is None else difference(first[2], c[2]) for c in others])


def difference(one, other):
    a, b = (json.dumps(bare(r), indent=1, sort_keys=True).split("\n") for r in (one, other))
    return [pair for pair in zip(a, b) if pair[0] != pair[1]][:10]


def main():
    words = sys.argv[1:]
    keep = Path(words[1]) if words[:1] == ["--keep"] else None
    names = words[2:] if keep else words
    tap = Tap()
    level = available(tap)
    if level is None:
        return tap.done()
    folder = keep or Path(tempfile.mkdtemp(prefix="hostile-test-"))
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)  # so that nothing but the boxes keeps others out of it
    began = time.monotonic()
    try:
        place = Place(folder)
        before = odd_files(place), shared_memory()
        grade_all(tap, place, names, [] if level == "A" else NEED_GROUPS)
        if not names:
            replaced_while_read(tap, place)
        look_around(tap, place, before)
        print("# %.0f s in all" % (time.monotonic() - began))
    finally:
        if not keep:
            run("rm", "-rf", folder)  # too deep for Python
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
