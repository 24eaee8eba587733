"""Echo servers side by side: 13_epoll_server, a bare epoll loop, and two of Python's.

Each server has one core and build/crowd, which makes the load, the other. The servers take turns,
round after round, so that whatever else the machine does meets all of them alike; the figures are
medians over the rounds.
"""
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path

PEERS = Path(__file__).resolve().parent / "peers"
PYTHON = "/usr/bin/python3"
SERVERS = {
    "13_epoll_server": ["build/01_socket/13_epoll_server", "0"],
    "a bare epoll loop": ["build/bench/bare_epoll"],
    "asyncio streams": [PYTHON, str(PEERS / "asyncio_streams.py")],
    "socketserver, threads": [PYTHON, str(PEERS / "socketserver_threads.py")],
}
OURS, BARE, ASYNCIO, THREADS = SERVERS
LOADS = {"1 connection": (1, 64), "100 connections": (100, 64), "64 KiB, 1 connection": (1, 65536)}
ROUNDS = 5
SECONDS = 1
TICK = os.sysconf("SC_CLK_TCK")


def on_core(number):
    """Keeps a child on one core, where there is more than one."""
    cores = sorted(os.sched_getaffinity(0))
    return lambda: os.sched_setaffinity(0, {cores[number % len(cores)]})


def processor_seconds(pid):
    fields = Path("/proc/%d/stat" % pid).read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def measure(command, connections, size):
    """Round trips a second, and processor microseconds of the server for each."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                          preexec_fn=on_core(0)) as server:
        try:
            port = re.search(r":(\d+)$", server.stdout.readline())[1]
            before = processor_seconds(server.pid)
            crowd = subprocess.run(
                ["build/crowd", "--seconds", str(SECONDS), "--size", str(size), str(connections),
                 "127.0.0.1", port], capture_output=True, text=True, preexec_fn=on_core(1),
                check=False)
            used = processor_seconds(server.pid) - before
        finally:
            server.kill()
    if crowd.returncode != 0:
        sys.exit("bench: %s: %s" % (" ".join(command), crowd.stderr))
    trips, rate = re.search(r", (\d+) round trips .*: (\d+) a second", crowd.stdout).groups()
    return float(rate), 1e6 * used / int(trips)


def compare():
    """{load: {server: {"per_s", "cpu_us"}}}"""
    table = {}
    for load, (connections, size) in LOADS.items():
        runs = {name: [] for name in SERVERS}
        for _ in range(ROUNDS):
            for name, command in SERVERS.items():
                runs[name].append(measure(command, connections, size))
        table[load] = {name: {"per_s": statistics.median(run[0] for run in all_runs),
                              "cpu_us": statistics.median(run[1] for run in all_runs)}
                       for name, all_runs in runs.items()}
    return table


def show(table):
    print("Echo servers, round trips a second (processor time of the server for each)")
    print("  %-24s %s" % ("", "".join("%24s" % load for load in table)))
    for name in SERVERS:
        print("  %-24s %s" % (name, "".join(
            "%14.0f (%4.1f µs)" % (row[name]["per_s"], row[name]["cpu_us"])
            for row in table.values())))
    print("  13_epoll_server is so many times as fast as")
    for name, bar in ((BARE, "at least 0.95"), (ASYNCIO, "at least 1.6 at 100 connections"),
                      (THREADS, "")):
        print("  %-24s %s  %s" % (name, "".join(
            "%24.2f" % (row[OURS]["per_s"] / row[name]["per_s"]) for row in table.values()), bar))
