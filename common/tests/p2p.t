#!/usr/bin/python3 -B
"""The peer-to-peer chat of lesson 1.18: five nodes in a line and in a ring, and rude neighbours."""
import os
import queue
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

from tap import Tap

ROOT = Path(__file__).resolve().parents[2]
NODE = ROOT / "build/01_socket/18_p2p_chat"
LIMIT = 20  # seconds: how long a machine may be slow before a test gives up
NAMES = ["ann", "bob", "cid", "dan", "eve"]


class Node:
    """A node on a port of the system's choice, its output in a queue."""

    def __init__(self, name, *neighbours, files=None):
        def limit():
            if files is not None:
                resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
        command = [NODE, name, "0"]
        for neighbour in neighbours:
            command += ["127.0.0.1", str(neighbour.port)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, preexec_fn=limit)
        self.port = int(self.process.stdout.readline().decode().rsplit(":", 1)[1])
        self.lines, self.notes = queue.Queue(), queue.Queue()
        self.threads = [threading.Thread(target=self.read, args=pair) for pair in (
            (self.process.stdout, self.lines), (self.process.stderr, self.notes))]
        for thread in self.threads:
            thread.start()

    @staticmethod
    def read(pipe, lines):
        for line in pipe:
            lines.put(line.decode("utf-8", "replace").rstrip("\n"))

    def say(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def hear(self, count):
        """The next lines printed, as many as asked for, or those that came in time."""
        return take(self.lines, count)

    def note(self):
        return "".join(take(self.notes, 1))

    def ticks(self):
        """Processor time used so far, in hundredths of a second."""
        fields = Path("/proc/%d/stat" % self.process.pid).read_text().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    def kill(self):
        self.process.kill()
        return self.ended()

    def stop(self):
        """Exit status after SIGTERM, or words; and what was printed that nobody asked for."""
        self.process.send_signal(signal.SIGTERM)
        return self.ended()

    def ended(self):
        try:
            status = self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            status = "still running after %d s" % LIMIT
            self.process.kill()
            self.process.wait()
        for thread in self.threads:
            thread.join()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                pipe.close()
            except BrokenPipeError:
                pass  # a line that it did not read any more
        return status, list(self.lines.queue)


def take(lines, count):
    taken = []
    try:
        while len(taken) < count:
            taken.append(lines.get(timeout=LIMIT))
    except queue.Empty:
        pass
    return taken


def peer(node, room=None):
    """A neighbour made by hand."""
    s = socket.socket()
    if room is not None:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    s.settimeout(LIMIT)
    s.connect(("127.0.0.1", node.port))
    return s


def message(number, hops, body):
    return b"%016x %02d %s\n" % (number, hops, body)


def line_of(names):
    nodes = []
    for name in names:
        nodes.append(Node(name, *nodes[-1:]))
    return nodes


def ring_of(names):
    nodes = line_of(names[:-1])
    return nodes + [Node(names[-1], nodes[0], nodes[-1])]


def stop_all(tap, nodes, what):
    """Every node ends with 0, and printed nothing but what was asked for."""
    ends = [node.stop() for node in nodes]
    tap.ok(all(end == (0, []) for end in ends), what + ": nothing twice, and SIGTERM gives 0", ends)


def everybody(nodes, rounds, say):
    """Each node says so many lines; says whether every other one printed each of them once."""
    for k in range(rounds):
        for i, node in enumerate(nodes):
            node.say("%s %d from %d\n" % (say, k, i))
    wrong = []
    for i, node in enumerate(nodes):
        want = sorted("%s: %s %d from %d" % (NAMES[j], say, k, j) for k in range(rounds)
                      for j in range(len(nodes)) if nodes[j] is not node)
        heard = sorted(node.hear(len(want)))
        if heard != want:
            wrong.append("node %d heard %d of %d: %s" % (i, len(heard), len(want), heard[:5]))
    return wrong


def nets(tap):
    nodes = line_of(NAMES)
    wrong = everybody(nodes, 100, "line")
    tap.ok(not wrong, "a line of five: everybody hears everything", wrong)
    stop_all(tap, nodes, "a line of five")

    nodes = ring_of(NAMES)
    wrong = everybody(nodes, 100, "ring")
    tap.ok(not wrong, "a ring of five: everybody hears everything", wrong)
    died = nodes[2].kill()
    tap.ok(died == (-signal.SIGKILL, []), "the killed node had heard nothing twice", died)
    notes = [nodes[1].note(), nodes[3].note()]
    tap.ok(all("left" in note for note in notes), "its two neighbours say that it left", notes)
    rest = nodes[:2] + nodes[3:]
    for i, node in enumerate(rest):
        node.say("after %d\n" % i)
    want = [sorted("%s: after %d" % (NAMES[nodes.index(rest[j])], j) for j in range(4) if j != i)
            for i in range(4)]
    heard = [sorted(node.hear(3)) for node in rest]
    tap.ok(heard == want, "the rest of the ring goes on without the killed node", heard)
    stop_all(tap, rest, "the rest of the ring")


def dense(tap):
    """Everybody beside everybody, and one beside itself."""
    nodes = []
    for name in NAMES:
        nodes.append(Node(name, *nodes, *nodes))  # each edge twice
    wrong = everybody(nodes, 40, "all")
    tap.ok(not wrong, "five, all connected twice: everybody hears everything", wrong)
    stop_all(tap, nodes, "five, all connected twice")


def protocol(tap):
    node = Node("ann")
    with peer(node) as left, peer(node) as right:
        back = right.makefile("rb")
        left.sendall(message(1, 9, b"x: one"))
        first = back.readline()
        tap.ok(first == message(1, 8, b"x: one"), "a message is sent on with one hop less", first)
        left.sendall(message(1, 9, b"x: one") + message(2, 99, b"x: two"))
        second = back.readline()
        tap.ok(second == message(2, 14, b"x: two"), "not a second time; 99 hops become 14", second)
        left.sendall(message(3, 0, b"x: three") + message(4, 1, b"x: four"))
        third = back.readline()
        tap.ok(third == message(4, 0, b"x: four"), "no hops left: printed, not sent on", third)
        tap.ok(node.hear(4) == ["x: one", "x: two", "x: three", "x: four"], "each printed once")
        for part in (message(5, 3, b"x: in"), message(6, 3, b"x: pieces")):
            for i in range(len(part)):
                left.sendall(part[i:i + 1])
        tap.ok(back.readline() + back.readline() ==
               message(5, 2, b"x: in") + message(6, 2, b"x: pieces"), "a message byte by byte")
        tap.ok(node.hear(2) == ["x: in", "x: pieces"], "and printed")
        left.sendall(message(7, 3, b"x: \x1b[2J\x07 \xc3\xa9"))
        tap.ok(node.hear(1) == ["x: ?[2J? \u00e9"], "nothing that steers a terminal is printed")
        tap.ok(back.readline() == message(7, 2, b"x: \x1b[2J\x07 \xc3\xa9"), "but sent unchanged")
        node.say("mine\n")
        mine = back.readline()
        tap.ok(mine[16:] == b" 15 ann: mine\n", "its own line, with 15 hops", mine)
        right.sendall(mine)
        node.say("y" * 401 + "\n\nlast, without an end")
        node.process.stdin.close()
        mine = [back.readline() for _ in range(3)]
        tap.ok([m[20:] for m in mine] == [b"ann: " + b"y" * 400 + b"\n", b"ann: y\n",
                                          b"ann: last, without an end\n"],
               "a long line in two, an empty one not at all, the last without its end", mine)
        tap.ok(len({m[:16] for m in mine}) == 3, "each with a number of its own", mine)
        left.sendall(message(8, 0, b"x: still here"))
        heard = node.hear(1)
        tap.ok(heard == ["x: still here"], "its own line that comes back is not printed; "
               "a node whose input has ended goes on", heard)
        back.close()
    stop_all(tap, [node], "a node")


def memory(tap):
    """1,024 messages are remembered, and no more."""
    node = Node("ann")
    with peer(node) as left:
        for i in range(1024):
            left.sendall(message(i, 0, b"%d" % i))
        left.sendall(message(0, 0, b"again") + message(1024, 0, b"1024") + message(0, 0, b"0"))
        heard = node.hear(1026)
        want = [str(i) for i in range(1025)] + ["0"]
        tap.ok(heard == want, "the table is full: the oldest is forgotten, no other",
               heard[-5:])
    stop_all(tap, [node], "a node whose table is full")


def reset(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def rude(tap):
    nodes = line_of(NAMES[:3])
    middle = nodes[1]
    bad = [b"GET / HTTP/1.1\r\n\r\n", os.urandom(300).replace(b"\n", b"") + b"\n", b"\n",
           message(1, 1, b"a\0b"), message(2, 1, b"ok").replace(b" ", b"\t", 1), b"0" * 5000,
           b"0123456789abcde 01 short\n", b"0123456789ABCDEF 01 upper\n",
           b"0123456789abcdef +1 x\n",
           b"0123456789abcdef0 1 long\n", message(3, 1, b"a" * 500)]
    closed = []
    for data in bad:
        with peer(middle) as s:
            try:
                s.sendall(data)
                closed.append(s.recv(100))
            except ConnectionResetError:
                closed.append(b"")
        note = middle.note()
        if "no message" not in note and "no end" not in note:
            closed.append(note)
    tap.ok(set(closed) == {b""}, "what is no message ends its connection, with a word", closed)
    for i in range(40):
        s = peer(middle)
        if i % 2:
            s.sendall(message(1000 + i, 1, b"half").rstrip(b"\n"))
        reset(s)
    silent = [peer(middle) for _ in range(20)]
    sleeper = peer(middle, room=2048)
    nodes[0].say("before\n")
    heard = [nodes[1].hear(1), nodes[2].hear(1)]
    tap.ok(heard == [["ann: before"]] * 2, "resets and silent neighbours end nothing", heard)
    for s in silent:
        s.close()
    with peer(nodes[2]) as source:  # until the one that never reads is put out
        noted, number = threading.Event(), 1 << 32

        def look():
            while "does not read" not in middle.notes.get():
                pass
            noted.set()
        thread = threading.Thread(target=look, daemon=True)
        thread.start()
        until = time.monotonic() + LIMIT
        while not noted.is_set() and time.monotonic() < until:
            burst = b"".join(message(number + i, 3, b"b" * 400) for i in range(50))
            number += 50
            source.sendall(burst)
            for node in nodes:
                node.hear(50)
        tap.ok(noted.is_set(), "a neighbour that never reads is put out")
    sleeper.close()
    nodes[0].say("after\n")
    heard = [nodes[1].hear(1), nodes[2].hear(1)]
    tap.ok(heard == [["ann: after"]] * 2, "and it held up nobody", heard)
    stop_all(tap, nodes, "three nodes and rude ones")


def flood(tap):
    """A file as standard input: typing waits for the neighbours, so that nobody is put out."""
    nodes = line_of(NAMES[:2])
    lines = ["%06d %s" % (i, "z" * 90) for i in range(20000)]
    writer = threading.Thread(target=nodes[1].say, args=("\n".join(lines) + "\n",))
    writer.start()
    heard = nodes[0].hear(len(lines))
    writer.join()
    tap.ok(heard == ["bob: " + line for line in lines], "20,000 lines at once, all heard in order",
           len(heard))
    sleeper = peer(nodes[1], room=2048)
    writer = threading.Thread(target=nodes[1].say, args=("\n".join(lines * 3) + "\n",))
    writer.start()
    heard = nodes[0].hear(3 * len(lines))
    writer.join()
    tap.ok(len(heard) == 3 * len(lines), "also when another never reads", len(heard))
    sleeper.close()
    stop_all(tap, nodes, "two nodes and a flood")


def busy(tap):
    """SIGTERM while a neighbour sends without a pause, another never reads, and a third is new."""
    node = Node("ann")
    with peer(node) as source, peer(node, room=2048), peer(node):
        def send():
            number = 0
            try:
                while True:
                    source.sendall(b"".join(message(number + i, 2, b"b" * 400) for i in range(50)))
                    number += 50
            except OSError:
                pass
        thread = threading.Thread(target=send)
        thread.start()
        heard = node.hear(1000)
        node.process.send_signal(signal.SIGTERM)
        status, _ = node.ended()
        source.close()
        thread.join()
    tap.ok((len(heard), status) == (1000, 0), "SIGTERM while a neighbour never pauses",
           (len(heard), status))


def crowd(tap):
    node = Node("ann")
    with peer(node) as first:
        many = [socket.socket() for _ in range(1100)]
        for s in many:
            s.setblocking(False)
            s.connect_ex(("127.0.0.1", node.port))
        first.sendall(message(1, 0, b"x: in the crowd"))
        tap.ok(node.hear(1) == ["x: in the crowd"], "1,100 neighbours: those that are in go on")
        for i, s in enumerate(many):
            reset(s) if i % 2 else s.close()
        with peer(node) as late:
            late.sendall(message(2, 0, b"x: late"))
            tap.ok(node.hear(1) == ["x: late"], "and when they have left, others come in")
    stop_all(tap, [node], "a node and a crowd")
    node = Node("ann", files=6)  # its standard three, the listener, and two neighbours
    with peer(node) as one, peer(node) as two, peer(node) as three:
        note = node.note()
        tap.ok("EMFILE" in note, "out of descriptors: it says so", note)
        one.sendall(message(1, 0, b"x: one"))
        tap.ok(node.hear(1) == ["x: one"], "and serves those that it has")
        used = node.ticks()
        time.sleep(0.5)  # nothing is awaited: the time itself is what is looked at
        busy = node.ticks() - used
        tap.ok(busy < 10, "without keeping the processor busy", "%d ticks of 50" % busy)
        two.close()
        three.sendall(message(2, 0, b"x: three"))
        tap.ok(node.hear(1) == ["x: three"], "and takes the next one when one has left")
    stop_all(tap, [node], "a node without descriptors")


def arguments(tap):
    gone = Node("ann")
    gone.stop()
    alone = Node("bob", gone)
    note = alone.note()
    tap.ok("ECONNREFUSED" in note, "a neighbour that is not there: it says so and goes on", note)
    stop_all(tap, [alone], "a node alone")
    for wrong in ([], ["ann"], ["ann", "70000"], ["ann", "0", "localhost"], ["", "0"],
                  ["a:b", "0"], ["a" * 17, "0"], ["a\nb", "0"]):
        done = subprocess.run([NODE, *wrong], capture_output=True, check=False,
                              stdin=subprocess.DEVNULL, timeout=LIMIT)
        tap.ok(done.returncode == 2, "usage: %r" % wrong, done.returncode)


def main():
    tap = Tap()
    for test in (nets, dense, protocol, memory, rude, flood, busy, crowd, arguments):
        test(tap)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
