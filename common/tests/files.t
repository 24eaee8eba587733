#!/usr/bin/python3 -B
"""The servers of lessons 1.15 and 1.16, which give out files, under clients of every kind."""
import os
import re
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tap import Tap

ROOT = Path(__file__).resolve().parents[2]
UNIX = ROOT / "build/01_socket/15_unix_sockets"
SEND = ROOT / "build/01_socket/16_send_file"
LIMIT = 20  # seconds: how long a machine may be slow before a test gives up
NOBODY = 65534
LARGE = 32 << 20  # more than the buffers of a connection hold


class Server:
    """A server that has said that it listens; its log is what it prints after that."""

    def __init__(self, *command, folder=None):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        cwd=folder)
        self.first = self.line()
        self.held = self.descriptors()

    def line(self):
        ready, _, _ = select.select([self.process.stdout], [], [], LIMIT)
        return self.process.stdout.readline().decode() if ready else ""

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.process.pid))

    def settled(self):
        until = time.monotonic() + LIMIT
        while self.descriptors() != self.held and time.monotonic() < until:
            time.sleep(0.005)  # the state of another process: nothing tells of its change
        return self.descriptors() == self.held

    def stops(self):
        """Seconds from SIGTERM to exit status 0, or None."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.process.stdout.close()
        return time.monotonic() - began if status == 0 else None


# ---- 1.15 ----


def door(name):
    client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    client.settimeout(LIMIT)
    client.connect(name)
    return client


def ask(name, size=100):
    """The verdict and so many bytes of the file, None if none was passed."""
    with door(name) as client:
        verdict, files, _, _ = socket.recv_fds(client, 100, 4)
    if not files:
        return verdict.decode(), None
    with open(files[0], "rb", buffering=0) as file:
        return verdict.decode(), file.read(size)


def as_nobody(work):
    """What work() returns in a process that belongs to another user."""
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            os._exit(0 if work() else 1)
        except BaseException:  # whatever it is, this process must end here
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def refused(name):
    try:
        door(name).close()
    except PermissionError:
        return True
    return False


def doors(tap, folder):
    os.chmod(folder, 0o755)
    letter = Path(folder, "letter")
    letter.write_bytes(b"for you\n")
    path = folder + "/door"
    server = Server(UNIX, "serve", path, letter)
    got = [ask(path, 4), ask(path), ask(path)]
    tap.ok(got == [("passed", b"for "), ("passed", b"you\n"), ("passed", b"")],
           "1.15: one open file is passed to all, with its place", got)
    for i in range(100):
        client = door(path)
        try:
            if i % 3 == 1:
                client.send(b"l" * 5000)
            elif i % 3 == 2:
                socket.send_fds(client, [b"unasked"], [0, 1, 2])
        except (BrokenPipeError, ConnectionResetError):
            pass  # the server was faster
        client.close()
    tap.ok(ask(path)[0] == "passed" and server.settled(),
           "1.15: clients that go, and send what nobody asked for")
    silent = [door(path) for _ in range(100)]
    tap.ok(ask(path)[0] == "passed" and server.settled(), "1.15: clients that never read")
    for client in silent:
        client.close()
    hard = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)[1]
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (server.held, hard))
    with door(path) as client:
        waits = select.select([client], [], [], 0.3)[0] == []
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (hard, hard))
        tap.ok(waits and client.recv(100) == b"passed" and server.settled(),
               "1.15: no descriptor for a client")
    second = subprocess.run([UNIX, "serve", path, letter], capture_output=True, check=False)
    tap.ok(second.returncode == 1 and b"EADDRINUSE" in second.stderr,
           "1.15: a second server leaves the first alone", second)
    if os.getuid() == 0:
        tap.ok(as_nobody(lambda: refused(path)), "1.15: another user may not connect to the file")
    else:
        tap.ok(True, "1.15: another user # SKIP only root can be another user")
    with door(path):
        tap.ok(server.stops() is not None and not os.path.exists(path),
               "1.15: SIGTERM with a client, and the file is gone")
    Path(path).write_text("mine")
    wrong = subprocess.run([UNIX, "serve", path, letter], capture_output=True, check=False)
    tap.ok(wrong.returncode == 1 and Path(path).read_text() == "mine",
           "1.15: an ordinary file is not taken for a stale socket", wrong)
    name = "@files.t-%d" % os.getpid()
    server = Server(UNIX, "serve", name, letter)
    abstract = "\0" + name[1:]
    tap.ok(ask(abstract)[0] == "passed", "1.15: an abstract name")
    if os.getuid() == 0:
        tap.ok(as_nobody(lambda: ask(abstract) == ("EACCES", None)),
               "1.15: another user may connect there, and is told no")
    else:
        tap.ok(True, "1.15: another user, abstract # SKIP only root can be another user")
    tap.ok(server.stops() is not None, "1.15: SIGTERM")


# ---- 1.16 ----


def connect(server, room=None):
    client = socket.socket()
    if room is not None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    client.settimeout(LIMIT)
    client.connect(("127.0.0.1", int(server.first.rsplit(":", 1)[1])))
    return client


def fetch(server):
    """The promised length and what came, of a client that reads to the end."""
    with connect(server) as client, client.makefile("rb") as reader:
        return int(reader.readline()), reader.read()


def reset(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def sends(tap, folder, options):
    name = "1.16%s" % "".join(" " + option for option in options)
    path = Path(folder, "file")
    content = os.urandom(1 << 20) + b"the end"
    path.write_bytes(content)
    server = Server(SEND, *options, path, "0")
    tap.ok(fetch(server) == (len(content), content), "%s: every byte" % name)
    path.write_bytes(b"")
    tap.ok(fetch(server) == (0, b""), "%s: an empty file" % name)
    path.unlink()
    with connect(server) as client:
        tap.ok(client.recv(100) == b"", "%s: no file" % name)
    path.write_bytes(bytes(LARGE))
    for i in range(40):
        client = connect(server, 4096)
        if i % 2:
            client.recv(1000)
        reset(client)
    tap.ok(fetch(server)[0] == LARGE and server.settled(), "%s: resets in mid-write" % name)
    with connect(server, 4096):  # it never reads, and is given up after two seconds
        tap.ok(fetch(server)[0] == LARGE, "%s: a client that never reads" % name)
    with connect(server, 4096) as client:
        client.recv(100)
        took = server.stops()
        tap.ok(took is not None and took < 1.5, "%s: SIGTERM while a client does not read" % name,
               took)


def other_files(tap):
    """What has no length beforehand, or cannot be sent as pages are, and what is no file."""
    server = Server(SEND, "/proc/version", "0")
    tap.ok(fetch(server) == (0, b""), "1.16: a file whose length nobody knows")
    server.stops()
    server = Server(SEND, "/", "0")
    with connect(server) as client:
        tap.ok(client.recv(100) == b"" and re.search("not an ordinary file", server.line()),
               "1.16: a folder")
    tap.ok(server.stops() is not None, "1.16: SIGTERM")


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        doors(tap, folder)
        for options in ([], ["--copy"]):
            sends(tap, folder, options)
        other_files(tap)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
