"""The layer of chapter 4, requests/requests.h, beside libcurl alone, curl, requests and aiohttp.

One GET from the start of a program to its end, and what memory it took; 1,000 one after the other
on one connection; 10,000, a hundred at once; a download and an upload of 64 MiB and of 1 GiB, whose
memory is to be the same. The bars: within 10 % of libcurl alone, start to finish ten times as fast
as Python, and constant memory. libcurl alone is there twice: as the least that can be done, and
with each request set up anew and its fields kept, as it is where requests differ.

The server, build/testbed, has one core, the client the other. Who is compared takes turns, round
after round, so that whatever else the machine does meets all alike; a ratio is the median of those
of the rounds.

By hand, in the repository's root:
    make all build/bench/timed build/bench/bare_libcurl build/bench/gets
    python3 -B common/bench/transfers.py
"""
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from echo import PEERS, PYTHON, on_core

OURS = "ours: requests/requests.h"
BARE, ANEW = "libcurl alone, the least", "libcurl alone, set up anew"
GET = "import sys, requests; print(requests.get(sys.argv[1], timeout=10).status_code)"
LOADS = {"one after the other": (1000, 1, 15), "100 at once": (10000, 100, 7)}
SLOW = ("requests.Session", "aiohttp")  # once is enough for these
NEAR, FASTER = 1.10, 10
SIZES = {"64 MiB": 64 << 20, "1 GiB": 1 << 30}
SLACK = 1024  # KiB by which two runs of one program may differ


class Server:
    """A server on one core, and the URL where it answers."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                                        preexec_fn=on_core(0))
        port = re.search(r":(\d+)$", self.process.stdout.readline())[1]
        self.url = "http://127.0.0.1:" + port

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def timed(*command):
    """Seconds, processor seconds and KiB of a command on the other core; a failure ends it all."""
    environment = {name: value for name, value in os.environ.items()
                   if not re.search("proxy$|CA_BUNDLE$", name, re.I)}
    done = subprocess.run(["build/bench/timed", *command], capture_output=True, text=True,
                          preexec_fn=on_core(1), env=environment, check=False)
    if done.returncode != 0:
        sys.exit("bench: %s ended with %d:\n%s" % (" ".join(command), done.returncode, done.stderr))
    seconds, used, memory = done.stdout.split()
    return {"s": float(seconds), "cpu_s": float(used), "kib": int(memory)}


def in_turns(commands, rounds):
    """{name: [what each round took]}"""
    runs = {name: [] for name in commands}
    for turn in range(rounds):
        for name, command in commands.items():
            if turn == 0 or name not in SLOW:
                runs[name].append(timed(*command))
    return runs


def medians(runs):
    return {name: {what: statistics.median(run[what] for run in all_runs)
                   for what in ("s", "cpu_s", "kib")} for name, all_runs in runs.items()}


def times(one, other):
    """How many times as long one took as the other, round by round."""
    return statistics.median(a["s"] / b["s"] for a, b in zip(one, other))


def start_to_finish(url):
    timed("build/04_requests/01_get", url)  # the first one finds nothing in the page cache
    timed(PYTHON, "-c", GET, url)
    runs = in_turns({"01_get": ["build/04_requests/01_get", url],
                     "python3 -c 'import requests …'": [PYTHON, "-c", GET, url],
                     "curl": ["curl", "-sS", url]}, 10)
    found = medians(runs)
    for name, took in found.items():
        took["times"] = times(runs[name], runs["01_get"])
    return found


def many(url, count, connections, rounds):
    numbers = [url, str(count), str(connections)]
    at_once = ["--parallel", "--parallel-immediate", "--parallel-max", str(connections)]
    runs = in_turns({
        OURS: ["build/bench/gets", *numbers],
        BARE: ["build/bench/bare_libcurl", *numbers],
        ANEW: ["build/bench/bare_libcurl", *numbers, "anew"],
        "curl": ["curl", "-sS", "--no-progress-meter", *(at_once if connections > 1 else []),
                 "-o", "/dev/null", "%s?[1-%d]" % (url, count)],
        "requests.Session": [PYTHON, str(PEERS / "requests_session.py"), *numbers],
        "aiohttp": [PYTHON, str(PEERS / "aiohttp_client.py"), *numbers],
    }, rounds)
    found = medians(runs)
    for name, took in found.items():
        took["times"] = times(runs[name], runs[BARE])
    found[OURS]["times_anew"] = times(runs[OURS], runs[ANEW])
    return found


def bodies(url, folder):
    """What a download and an upload of each size took."""
    found = {}
    for what, size in SIZES.items():
        file = Path(folder, "body")
        found[what] = {"download": timed("build/04_requests/11_download",
                                         "%s/file/%d" % (url, size), str(file))}
        file.unlink()
        with open(file, "wb") as body:
            body.truncate(size)  # which takes no room
        found[what]["upload"] = timed("build/04_requests/10_upload", "--body", url + "/upload",
                                      str(file))
        file.unlink()
    return found


def compare():
    found = {}
    with Server("build/testbed", "0") as server:
        found["get"] = start_to_finish(server.url + "/get")
        with tempfile.TemporaryDirectory() as folder:
            found["bodies"] = bodies(server.url, folder)
        for what, load in LOADS.items():
            found[what] = many(server.url + "/get", *load)
    return found


def show(found):
    print("One GET, from the start of the program to its end")
    for name, took in found["get"].items():
        print("  %-32s %7.1f ms %7.1f MiB  %s" % (
            name, 1e3 * took["s"], took["kib"] / 1024, "" if took["times"] == 1 else
            "%.1f times as long%s" % (took["times"], ", at least %d" % FASTER
                                      if "python" in name else "")))
    for what, (count, _, _) in LOADS.items():
        print("%d GETs, %s: each, processor time of it, and memory" % (count, what))
        for name, took in found[what].items():
            print("  %-32s %7.1f µs %7.1f µs %6.1f MiB  %s" % (
                name, 1e6 * took["s"] / count, 1e6 * took["cpu_s"] / count, took["kib"] / 1024,
                "" if name == BARE else "%.2f times the least%s" % (
                    took["times"], "; %.2f times set up anew, at most %.2f" % (
                        took["times_anew"], NEAR) if name == OURS else "")))
    print("Bodies, time and memory (bar: constant memory, within %d MiB)" % (SLACK // 1024))
    for way in ("download", "upload"):
        small, large = (took[way] for took in found["bodies"].values())
        print("  %-32s %s  %s" % (way, "  ".join(
            "%s %5.2f s %5.1f MiB" % (what, took[way]["s"], took[way]["kib"] / 1024)
            for what, took in found["bodies"].items()),
            "constant memory" if large["kib"] <= small["kib"] + SLACK else "it GROWS"))


if __name__ == "__main__":
    show(compare())
