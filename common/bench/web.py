"""Web servers side by side: ours of lessons 2.08 and 2.11, Python's http.server with and without
TCP_NODELAY, aiohttp, nginx, and a bare responder as the limit. They all send the same answer.

Each server has one core and wrk, which makes the load, the other. The servers take turns, round
after round, so that whatever else the machine does meets all of them alike; the figures are medians
over the rounds.
"""
import http.client
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from echo import PEERS, PYTHON, on_core, processor_seconds

OURS = "08_server"
POOL = "11_threaded_server"
NGINX = "nginx"
BARE = "a bare responder"
LOADS = (1, 32, 256)
ROUNDS = 3
SECONDS = 1
ANSWER = "hello, world\n"  # what 08_server says at /hello

NGINX_CONF = """
daemon off; master_process off; worker_processes 1; pid %(folder)s/pid;
error_log %(folder)s/error.log crit;
events { worker_connections 1024; }
http {
    access_log off; keepalive_requests 1000000000; server_tokens off; default_type text/plain;
    client_body_temp_path %(folder)s/body; proxy_temp_path %(folder)s/proxy;
    fastcgi_temp_path %(folder)s/fastcgi; uwsgi_temp_path %(folder)s/uwsgi;
    scgi_temp_path %(folder)s/scgi;
    server {
        listen 127.0.0.1:%(port)d backlog=1024;
        location / { return 200 "%(answer)s"; }
    }
}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A server that runs, and the port where it answers."""

    def __init__(self, name, folder):
        port = free_port() if name == NGINX else 0
        command = {
            OURS: ["build/02_http/08_server", "--quiet", "0"],
            POOL: ["build/02_http/11_threaded_server", "--quiet", "0"],
            "http.server": [PYTHON, str(PEERS / "http_server.py"), ANSWER],
            "http.server, TCP_NODELAY": [PYTHON, str(PEERS / "http_server.py"), ANSWER, "nodelay"],
            "aiohttp": [PYTHON, str(PEERS / "aiohttp_server.py"), ANSWER],
            NGINX: ["/usr/sbin/nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")],
            BARE: ["build/bench/bare_responder", ANSWER],
        }[name]
        if name == NGINX:
            (folder / "nginx.conf").write_text(NGINX_CONF % {
                "folder": folder, "port": port, "answer": ANSWER.replace("\n", "\\n")})
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        text=True, preexec_fn=on_core(0))
        self.port = port or int(re.search(r":(\d+)$", self.process.stdout.readline())[1])
        self.await_answer(name)

    def await_answer(self, name):
        """What all of them are asked must be answered by all of them alike."""
        for _ in range(500):
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/hello")
                answer = connection.getresponse().read().decode()
                connection.close()
                break
            except ConnectionRefusedError:
                time.sleep(0.01)  # nginx does not say when it listens
        if answer != ANSWER:
            self.end()
            sys.exit("bench: %s answers %r" % (name, answer))

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def measure(name, connections, folder):
    """Requests a second, and processor microseconds of the server for each."""
    server = Server(name, folder)
    try:
        before = processor_seconds(server.process.pid)
        wrk = subprocess.run(["wrk", "-t1", "-c%d" % connections, "-d%ds" % SECONDS,
                              "http://127.0.0.1:%d/hello" % server.port],
                             capture_output=True, text=True, preexec_fn=on_core(1), check=False)
        used = processor_seconds(server.process.pid) - before
    finally:
        server.end()
    done = re.search(r"(\d+) requests in ([\d.]+)(m?s)", wrk.stdout)
    if wrk.returncode != 0 or done is None or "Non-2xx" in wrk.stdout:
        sys.exit("bench: wrk against %s: %s%s" % (name, wrk.stdout, wrk.stderr))
    requests = max(int(done[1]), 1)
    return requests / (float(done[2]) / (1000 if done[3] == "ms" else 1)), 1e6 * used / requests


NAMES = (OURS, POOL, "http.server", "http.server, TCP_NODELAY", "aiohttp", NGINX, BARE)


def compare():
    """{connections: {server: {"per_s", "cpu_us"}}}"""
    table = {}
    with tempfile.TemporaryDirectory() as name:
        for connections in LOADS:
            runs = {server: [] for server in NAMES}
            for _ in range(ROUNDS):
                for server in NAMES:
                    runs[server].append(measure(server, connections, Path(name)))
            table[connections] = {server: {"per_s": statistics.median(run[0] for run in all_runs),
                                           "cpu_us": statistics.median(run[1] for run in all_runs)}
                                  for server, all_runs in runs.items()}
    return table


def show(table):
    print("Web servers, requests a second (processor time of the server for each)")
    print("  %-26s%s" % ("", "".join("%14d connection%s" % (n, " " if n == 1 else "s")
                                     for n in table)))
    for name in NAMES:
        print("  %-26s%s" % (name, "".join(
            "%12.0f (%6.1f µs)" % (row[name]["per_s"], row[name]["cpu_us"])
            for row in table.values())))
    print("  Processor time a request, so many times that of nginx (bar: 1.3 at 32 connections)")
    for name in (OURS, POOL, BARE):
        print("  %-26s%s" % (name, "".join(
            "%24.2f" % (row[name]["cpu_us"] / row[NGINX]["cpu_us"]) for row in table.values())))


if __name__ == "__main__":
    show(compare())
