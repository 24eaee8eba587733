#!/usr/bin/python3 -B
"""Servers under rude clients: the same clients for all servers, and what differs in one table.

Options are names from the table, to try those alone: common/tests/servers.t 1.13
"""
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
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tap import Tap, run

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
CHAPTER = "01_socket/"
SUMS = "solutions/01_socket/03_running_sums/running_sums"
LIMIT = 20  # seconds: how long a machine may be slow before a test gives up
CROWD = 1100
LINES = b"1\n" * 20000
CAPITALS = (b"hello\n", rb"HELLO\n", 250)
ECHO = (b"hello\n", rb"hello\n", 250)
SUM = (b"12\n", rb"12\n", 25)
CHAT = (b"hello\n", rb"guest \d+: hello\n", 25)
FULL = b"The chat is full. Please come again.\n"

# name, program and its options; a line that a client says, the line that it hears, and how often
# LINES are more than the kernel keeps for it; how many are served side by side; what the others are
# told (None: they wait until there is a place).
SERVERS = (
    ("1.04", [CHAPTER + "04_tcp_server"], CAPITALS, 1, None),
    ("1.3", [SUMS], SUM, 1, None),
    ("1.11", [CHAPTER + "11_select_chat"], CHAT, 1020, FULL),
    ("1.12", [CHAPTER + "12_poll_server"], CAPITALS, CROWD, None),
    ("1.13", [CHAPTER + "13_epoll_server"], ECHO, CROWD, None),
    ("1.13 by edge", [CHAPTER + "13_epoll_server", "--edge"], ECHO, CROWD, None),
    ("1.14", [CHAPTER + "14_threaded_server"], CAPITALS, 1000, None),
    ("1.14 with forks", [CHAPTER + "14_threaded_server", "--fork"], CAPITALS, 1000, None),
)


class Server:
    """A server on a port of the system's choice; what it prints goes to a file."""

    def __init__(self, row, folder, log):
        _, command, (self.says, self.hears, self.much), self.places, self.refusal = row
        self.log = log
        self.sanitized = folder != BUILD
        self.process = subprocess.Popen([folder / command[0]] + command[1:] + ["0"], stderr=log,
                                        stdout=subprocess.PIPE)
        line = self.process.stdout.readline().decode()
        self.port = int(line.rsplit(":", 1)[1])
        self.reader = threading.Thread(target=self.process.stdout.read)
        self.reader.start()
        self.proc = Path("/proc/%d" % self.process.pid)
        self.first = self.held()
        self.one_by_one = self.places == 1

    def connect(self, room=None):
        client = socket.socket()
        if room is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        client.settimeout(LIMIT)
        client.connect(("127.0.0.1", self.port))
        return client

    def heard(self, text, times=1):
        return len(re.findall(self.hears, text)) == times

    def serves(self, times=1):
        """What is wrong with how it serves a new client, or None."""
        try:
            with self.connect() as client:
                reader = Reader(client)
                client.sendall(self.says * times)
                client.shutdown(socket.SHUT_WR)
                wrong, text = reader.end()
        except OSError as why:
            wrong = repr(why)
        if wrong:
            return "a new client: %s" % wrong
        return None if self.heard(text, times) else "a new client heard %.60r" % text

    def children(self):
        return (self.proc / "task" / self.proc.name / "children").read_text().split()

    def held(self):
        """How many descriptors, threads and children it has."""
        return (len(os.listdir(self.proc / "fd")), len(os.listdir(self.proc / "task")),
                len(self.children()))

    def memory(self):
        """KiB in use."""
        return int(re.search(r"VmRSS:\s+(\d+)", (self.proc / "status").read_text()).group(1))

    def busy(self, seconds=0.3):
        """What is wrong if it never rests, although there is nothing to do, or None."""
        def wanted():  # running, and waiting to run: others may be at work here too
            fields = (self.proc / "schedstat").read_text().split()
            return (int(fields[0]) + int(fields[1])) / 1e9
        until = time.monotonic() + LIMIT
        while True:
            before, began = wanted(), time.monotonic()
            time.sleep(seconds)  # long enough to be measured
            share = (wanted() - before) / (time.monotonic() - began)
            if share < 0.5:
                return None
            if time.monotonic() > until:  # else it may still be at what it was sent before
                return "it kept a processor busy for %.0f %%" % (share * 100)

    def settled(self):
        """What it holds on to although all clients have gone, or None."""
        until = time.monotonic() + LIMIT
        while self.held() != self.first and time.monotonic() < until:
            time.sleep(0.005)  # the state of another process: nothing tells of its change
        if self.held() == self.first:
            return None
        return "descriptors, threads, children: %s at first, %s now" % (self.first, self.held())

    def allow(self, files):
        """So many more descriptors than it holds with no client; None: plenty."""
        hard = resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE)[1]
        files = hard if files is None else self.first[0] + files
        resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE, (files, hard))

    def stops(self):
        """What is wrong with how it ends on SIGTERM, or None."""
        children = self.children() if self.process.poll() is None else []
        self.process.send_signal(signal.SIGTERM)
        try:
            wrong = self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            wrong = "still running after %d s" % LIMIT
            self.process.kill()
            self.process.wait()
        left = [child for child in children if Path("/proc/" + child).exists()]
        self.reader.join()
        self.process.stdout.close()
        if wrong == 0:
            return "children left: %s" % left if left else None
        self.log.seek(0)
        return "%s\n%s" % (wrong, self.log.read()[-2000:].decode(errors="replace"))


def line(client):
    """The next line, however it comes."""
    text = b""
    while not text.endswith(b"\n"):
        more = client.recv(1)
        if not more:
            break
        text += more
    return text


def push(client, data):
    """Sends as often as it goes without waiting."""
    client.setblocking(False)
    try:
        while True:
            client.send(data)
    except OSError:
        pass  # full, or the server has closed
    client.settimeout(LIMIT)


def fill(client):
    """Sends until nothing more fits, because nobody reads the answers; 64 MB at most."""
    client.settimeout(0.2)
    try:
        for _ in range(64000000 // len(LINES)):
            client.send(LINES)
    except OSError:
        pass


def reset(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


class Reader:
    """Reads all that a client is sent, beside whatever else is done."""

    def __init__(self, client):
        self.client, self.wrong, self.pieces = client, None, []
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self):
        try:
            while self.pieces[-1:] != [b""]:
                self.pieces.append(self.client.recv(1 << 20))
        except OSError as why:
            self.wrong = repr(why)

    def end(self):
        """What was wrong, or None, and what came."""
        self.thread.join()
        return self.wrong, b"".join(self.pieces)


# ---- the rude clients: each returns what was wrong, or None ----------------------------------

def resets(server):
    """Clients that reset, in every state that they can be in."""
    for i in range(100):
        client = server.connect()
        if i % 4 == 1:
            client.sendall(os.urandom(5000))
        elif i % 4 == 2:
            client.sendall(LINES)
        elif i % 4 == 3:
            client.sendall(b"1\n" * 10)
            client.shutdown(socket.SHUT_WR)
        reset(client)


def resets_in_mid_write(server):
    """40 clients that reset when the answer has begun and much more is to come."""
    for _ in range(40):
        client = server.connect(room=2048)
        push(client, LINES)
        if client.recv(1) == b"":
            return "no answer"
        push(client, LINES)
        reset(client)
    return None


def garbage(server):
    """Bytes of all kinds, in one line and in many. It may say good-bye to such a client."""
    for _ in range(5):
        with server.connect() as client:
            reader = Reader(client)
            try:
                client.sendall(os.urandom(100000))
                client.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            wrong, _ = reader.end()
            if wrong and "timed out" in wrong:
                return "the client was left waiting for the end"
    return None


def crowd(server):
    """1,100 at once. As many as there are places are served; the others wait, or are told."""
    clients = [socket.socket() for _ in range(CROWD)]
    for client in clients:
        client.setblocking(False)
        client.connect_ex(("127.0.0.1", server.port))
    try:
        for client in clients:
            connected = select.poll()  # select() would refuse the higher ones
            connected.register(client, select.POLLOUT)
            connected.poll(LIMIT * 1000)
            client.settimeout(LIMIT)
        wrong = told(server, clients) if server.refusal else served(server, clients)
    except OSError as why:
        wrong = str(why)
    for i, client in enumerate(clients):
        if i % 2 and client.fileno() != -1:
            reset(client)
        client.close()
    return wrong


def served(server, clients):
    for i, client in enumerate(clients):
        if i >= server.places:
            clients[i - server.places].close()
        client.sendall(server.says)
        if not server.heard(line(client)):
            return "client %d was not served" % i
    return None


def told(server, clients):
    """A chat: those too many are told so, and each of the others hears what one says."""
    for i, client in enumerate(clients[server.places:]):
        if line(client) != server.refusal or client.recv(1) != b"":
            return "number %d of those too many was not refused" % i
    clients[0].sendall(server.says)
    for i, client in enumerate(clients[:server.places]):
        if not server.heard(line(client)):
            return "client %d did not hear it" % i
    return None


def silent(server):
    """Clients that never send."""
    clients = [server.connect() for _ in range(min(server.places, 100))]
    wrong = None if server.one_by_one else server.serves()
    for client in clients:
        client.close()
    return wrong


def unread(server):
    """Clients that never read what they are sent; one of them has sent its end."""
    before = server.memory()
    with server.connect(room=2048) as one, server.connect(room=2048) as two:
        push(two, LINES)
        two.shutdown(socket.SHUT_WR)
        fill(one)
        wrong = server.busy()
        for times in () if server.one_by_one else (1, 1, 1, 5000):
            wrong = wrong or server.serves(times)
        if wrong:
            return wrong
        grown = server.memory() - before
    return "%d KiB more memory" % grown if grown > 4096 and not server.sanitized else None


def late(server):
    """A client that sends until nothing more fits, and reads only then, to the last line."""
    with server.connect(room=2048) as client:
        sender = threading.Thread(target=client.sendall, args=(LINES * server.much,))
        sender.start()
        sender.join(0.2)
        left, last = LINES.count(b"\n") * server.much, b""
        while left > 0:
            last = client.recv(1 << 20)
            if not last:
                return "the end came %d lines too early" % left
            left -= last.count(b"\n")
        sender.join()
    return None if left == 0 else "%d lines too many" % -left


def without_descriptors(server):
    """None left for any client: no busy loop, and all goes on when there are some again."""
    server.allow(0)
    with server.connect() as client:
        client.sendall(server.says)
        wrong = server.busy()
        server.allow(None)
        text = line(client)
    return wrong or (None if server.heard(text) else "the one who waited heard %.60r" % text)


def few_descriptors(server):
    """Four clients at a time, and twelve want in: each has its turn when one leaves."""
    places = min(server.places, 4)
    server.allow(places)
    clients = [server.connect() for _ in range(12)]
    wrong = server.busy()
    for i, client in enumerate(clients):
        if i >= places:
            clients[i - places].close()
        client.sendall(server.says)
        if not wrong and not server.heard(line(client)):
            wrong = "client %d was not served" % i
    for client in clients:
        client.close()
    server.allow(None)
    return wrong


PEERS = (
    ("clients that reset", resets),
    ("40 resets in mid-write", resets_in_mid_write),
    ("garbage", garbage),
    ("1,100 clients at once", crowd),
    ("clients that never send", silent),
    ("clients that never read", unread),
    ("a client that reads late", late),
    ("no descriptor for a client", without_descriptors),
    ("descriptors for a few clients", few_descriptors),
)


# ---- SIGTERM at a bad moment ---------------------------------------------------------------------

def stop_unread(server):
    with server.connect(room=2048) as client:
        fill(client)
        return server.stops()


def stop_busy(server):
    def send():
        try:
            while True:
                client.sendall(LINES)
        except OSError:
            pass  # the server has gone
    with server.connect() as client:
        sender, reader = threading.Thread(target=send), Reader(client)
        sender.start()
        wrong = server.stops()
        try:
            client.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the server was faster
        sender.join()
        reader.end()
    return wrong


def stop_without_descriptors(server):
    server.allow(0)
    with server.connect():
        return server.stops()


STOPS = (
    ("SIGTERM while a client does not read", stop_unread),
    ("SIGTERM while a client never pauses", stop_busy),
    ("SIGTERM without descriptors for a client", stop_without_descriptors),
)


def ten_thousand(tap, row, folder, log):
    """10,000 clients of 1.13 at once, each of them with an answer."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard < 10100:
        tap.ok(True, "10,000 clients at once # SKIP a process may have %d descriptors here" % hard)
        return
    server = Server(row, folder, log)
    before = server.memory()
    with subprocess.Popen([BUILD / "crowd", "--hold", "10000", "127.0.0.1", str(server.port)],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as clients:
        said = clients.stdout.readline()
        tap.ok(said.startswith(b"10000 connections, 10000 round trips"), "10,000 clients at once",
               said)
        held, each = server.held()[0] - server.first[0], (server.memory() - before) * 1024 // 10000
        tap.ok(held == 10000, "all of them are held", held)
        tap.ok(each < 100 or server.sanitized, "in under 100 bytes each", each)
        wrong = server.serves()
        clients.stdin.close()
        wrong = wrong or server.settled() or server.stops()
        tap.ok(wrong is None, "one more, none left, and SIGTERM", wrong)


class Row:
    """What one server did, to be told later: several are tried at the same time."""

    def __init__(self, row, folder):
        self.results = []
        self.name = row[0] + (", sanitized" if folder != BUILD else "")
        with tempfile.TemporaryFile() as log:
            self.rude(row, folder, log)

    def ok(self, passed, name, detail):
        self.results.append((passed, "%s: %s" % (self.name, name), detail))

    def rude(self, row, folder, log):
        server = Server(row, folder, log)
        for name, peer in PEERS:
            try:
                wrong = peer(server) or server.serves() or server.settled()
            except (OSError, AttributeError) as why:
                wrong = repr(why)
            if server.process.poll() is not None:
                wrong = "%s\nIt has ended: %s" % (wrong, server.stops())
                server = Server(row, folder, log)
            self.ok(wrong is None, name, wrong)
        for name, stop in STOPS:
            try:
                wrong = stop(server)
            except OSError as why:
                wrong = "%r\n%s" % (why, server.stops())
            self.ok(wrong is None, name, wrong)
            server = None if name == STOPS[-1][0] else Server(row, folder, log)
        if "epoll" in row[1][0]:
            ten_thousand(self, row, folder, log)


def build(folder, program, options):
    """Builds a program into folder, under its own name. Returns what the compiler said, or None."""
    (folder / program).parent.mkdir(parents=True, exist_ok=True)
    status, out, err = run("gcc", "-Icommon", "-O1", "-g", *options, program + ".c",
                           "build/libcore.a", "-pthread", "-o", folder / program, cwd=ROOT)
    return out + err if status != 0 else None


def main():
    tap = Tap()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    rows = [row for row in SERVERS if len(sys.argv) == 1 or row[0] in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(3) as pool:
        sanitized = Path(temporary)
        options = ["-std=gnu11", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
        programs = sorted({row[1][0] for row in rows})
        built = pool.map(lambda program: build(sanitized, program, options), programs)
        wrong = dict(zip(programs, built))
        for program in programs:
            tap.ok(wrong[program] is None, "%s, sanitized, builds" % program, wrong[program])
        tries = [(row, BUILD) for row in rows if row[1][0] != SUMS]  # which make does not build
        tries += [(row, sanitized) for row in rows if wrong[row[1][0]] is None]
        for done in pool.map(lambda each: Row(*each), tries):
            for result in done.results:
                tap.ok(*result)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
