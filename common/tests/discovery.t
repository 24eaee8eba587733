#!/usr/bin/python3 -B
"""Discovery, lesson 1.17: by group and by broadcast, on this machine's loopback and on that of a
network namespace, where there is nothing else."""
import ctypes
import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

from tap import Tap

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build/01_socket/17_discovery"
LIMIT = 20  # seconds: how long a machine may be slow before a test gives up
GROUP, NEAR, LOCAL = "239.255.71.70", "127.255.255.255", "255.255.255.255"
IP_RECVTTL, IP_TTL = 12, 2
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000


class Offer:
    """A program that offers something."""

    def __init__(self, address, port, service, service_port, name):
        self.process = subprocess.Popen(
            [PROGRAM, "offer", "lo", address, str(port), service, str(service_port), name],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.first = self.process.stdout.readline().decode()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        rest = self.process.communicate(timeout=LIMIT)[0]
        return self.process.returncode, rest


def start_find(address, port, service, ms, count=None):
    more = [] if count is None else [str(count)]
    return subprocess.Popen([PROGRAM, "find", "lo", address, str(port), service, str(ms), *more],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def find(*arguments):
    process = start_find(*arguments)
    out, error = process.communicate(timeout=LIMIT)
    return process.returncode, sorted(out.splitlines()), error


def free_port(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((address, 0))
        return s.getsockname()[1]


def membership(group):
    return struct.pack("4s4si", socket.inet_aton(group), socket.inet_aton("127.0.0.1"),
                       socket.if_nametoindex("lo"))


def answerer(address, port):
    """A socket that hears the questions, as the program's own."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(LIMIT)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\0")
    s.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
    s.bind((address, port))
    if address == GROUP:
        s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership(address))
    return s


def asker(address):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(LIMIT)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\0")
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    if address == GROUP:
        s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, membership("0.0.0.0"))
    return s


def found_all(tap, address):
    port = free_port(address)
    offers = [Offer(address, port, "chat", 7180 + i, name)
              for i, name in enumerate(("ann", "bob", "cid"))]
    offers.append(Offer(address, port, "print", 631, "laser"))
    want = "listening on [%s]:%d\n" % (address, port)
    tap.ok(all(o.first == want for o in offers), "%s: four wait at one port" % address,
           [o.first for o in offers])
    status, lines, error = find(address, port, "chat", 8000, 3)
    where = lines[0].split(":")[0] if lines else ""
    tap.ok((status, lines, error) ==
           (0, ["%s:%d %s" % (where, 7180 + i, n)
                for i, n in enumerate(("ann", "bob", "cid"))], ""),
           "%s: three of a kind are found" % address, (status, lines, error))
    tap.ok(where == "127.0.0.1" or address == LOCAL, "%s: at 127.0.0.1" % address, where)
    status, lines, error = find(address, port, "chat", 400)
    tap.ok(status == 0 and len(lines) == len(set(lines)) == 3,
           "%s: asked several times until the deadline, and each is named once" % address, lines)
    got = find(address, port, "print", 8000, 1)
    tap.ok(got == (0, ["%s:631 laser" % where], ""), "%s: one of another kind" % address, got)
    got = find(address, port, "fax", 100)
    tap.ok(got == (1, [], "17_discovery: nobody offers fax\n"), "%s: nobody" % address, got)
    ends = [o.stop() for o in offers]
    tap.ok(ends == [(0, b"")] * 4, "%s: SIGTERM gives 0" % address, ends)


def answers(tap, address):
    """What comes back to a question, good and bad."""
    port = free_port(address)
    with answerer(address, port) as s, answerer(address, port) as other:
        process = start_find(address, port, "chat", 8000, 4)
        first, control, _, peer = s.recvmsg(200, 100)
        hops = [struct.unpack("i", d)[0] for level, kind, d in control
                if (level, kind) == (socket.IPPROTO_IP, IP_TTL)]
        tap.ok(address != GROUP or hops == [1], "%s: no further than one hop" % address, hops)
        second, again = s.recvfrom(200)  # nobody answered the first
        tap.ok(first == second and peer == again and len(first) == 26 and
               first.startswith(b"find ") and first.endswith(b" chat"),
               "%s: asks again, with the same words" % address, (first, second))
        head = b"here " + first[5:21] + b" chat "
        wrong = b"here " + bytes(reversed(first[5:21])) + b" chat "
        for bad in (wrong + b"1 late", b"here " + first[5:21] + b" print 1 other",
                    head + b"0 zero", head + b"65536 high", head + b"x none", head + b"-1 minus",
                    head + b"7nearly", head, b"", b"find", first, os.urandom(100),
                    head + b"7 \x1b[2J", head + b"7 a\nb", head + b"7 " + b"z" * 500,
                    head.upper() + b"7 upper", head + b"00000000007 long"):
            s.sendto(bad, peer)
        for good in (b"7 one", b"7 one", b"7 two", b"8 one", b"7 two", b"7 one"):
            s.sendto(head + good, peer)
        other.sendto(head + b"7 one", peer)
        s.sendto(head + b"65535 last one", peer)
        out, error = process.communicate(timeout=LIMIT)
        where = out.split(":")[0]
        want = "".join("%s:%s\n" % (where, line) for line in
                       ("7 one", "7 two", "8 one", "65535 last one"))
        tap.ok((process.returncode, out, error) == (0, want, ""),
               "%s: good answers once each, bad ones not at all" % address,
               (process.returncode, out, error))
        process = start_find(address, port, "flood", 8000)
        question, peer = s.recvfrom(200)
        while question[-6:] != b" flood":
            question, peer = s.recvfrom(200)
        for i in range(70):
            s.sendto(b"here " + question[5:21] + b" flood %d x" % (i + 1), peer)
        out = process.communicate(timeout=LIMIT)[0]
        tap.ok(len(out.splitlines()) == 64, "%s: 64 answers are enough" % address, out)


def questions(tap, address):
    """What a program that offers something is asked, well and badly."""
    port = free_port(address)
    offer = Offer(address, port, "chat", 7180, "ann")
    with asker(address) as s:
        for bad in (b"", b"find", b"find ", b"find 0123456789abcdef",
                    b"find 0123456789abcdef chats", b"find 0123456789abcdef cha",
                    b"find 0123456789ABCDEF chat",
                    b"find 0123456789abcdef0 chat", b"here 0123456789abcdef chat 1 x",
                    b"find 0123456789abcdef chat\n", b"find 0123456789abcdef chat\0",
                    b"find 0123456789abcdef chat" + b" " * 2000, os.urandom(500)):
            s.sendto(bad, (address, port))
        s.sendto(b"find 0123456789abcdef chat", (address, port))
        got = s.recv(200)
        tap.ok(got == b"here 0123456789abcdef chat 7180 ann", "%s: a good question among bad ones"
               % address, got)
        s.setblocking(False)
        try:
            got = s.recv(200)
        except BlockingIOError:
            got = None
        tap.ok(got is None, "%s: and no answer to those" % address, got)
    end = offer.stop()
    tap.ok(end == (0, b""), "%s: which end nothing" % address, end)


def other_group(tap):
    """The machine is a member of the other group too; what is sent there is not for the program."""
    port = free_port(GROUP)
    offer = Offer(GROUP, port, "chat", 7180, "ann")
    other = "239.255.71.71"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as member, asker(GROUP) as s:
        member.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership(other))
        s.sendto(b"find 0123456789abcdef chat", (other, port))
        s.sendto(b"find 0123456789abcdef chat", ("127.0.0.1", port))
        s.sendto(b"find fedcba9876543210 chat", (GROUP, port))
        got = s.recv(200)
        tap.ok(got == b"here fedcba9876543210 chat 7180 ann", "what is sent elsewhere is not heard",
               got)
    end = offer.stop()
    tap.ok(end == (0, b""), "SIGTERM gives 0", end)


def arguments(tap):
    good = ["find", "lo", GROUP, "7170", "chat", "100"]
    wrong = [[], ["seek"] + good[1:], good[:5], good + ["0"], good + ["1", "2"], good + ["65"],
             good[:2] + ["localhost"] + good[3:], good[:3] + ["0"] + good[4:],
             good[:3] + ["65536"] + good[4:], good[:4] + ["a b"] + good[5:],
             good[:4] + ["c" * 33] + good[5:], good[:5] + ["0"], good[:1] + ["i" * 16] + good[2:],
             ["offer", "lo", GROUP, "7170", "chat", "0", "ann"],
             ["offer", "lo", GROUP, "7170", "chat", "1", "a\nb"]]
    got = [subprocess.run([PROGRAM, *a], capture_output=True, check=False, timeout=LIMIT).returncode
           for a in wrong]
    tap.ok(got == [2] * len(wrong), "usage", got)
    done = subprocess.run([PROGRAM, "find", "no-such", GROUP, "7170", "chat", "100"], check=False,
                          capture_output=True, text=True, timeout=LIMIT)
    tap.ok(done.returncode == 1 and "no-such" in done.stderr, "an interface that is not there",
           done.stderr)


def all_tests(tap):
    for address in (GROUP, NEAR, LOCAL):
        found_all(tap, address)
        answers(tap, address)
        questions(tap, address)
    other_group(tap)
    arguments(tap)


def enter_namespace():
    """A network of one's own, with nothing but a loopback that is up. False if it is refused."""
    libc = ctypes.CDLL(None)
    user, group = os.getuid(), os.getgid()
    if libc.unshare(CLONE_NEWNET) != 0:
        if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
            return False
        try:
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text("%d %d 1" % (user, user))
            Path("/proc/self/gid_map").write_text("%d %d 1" % (group, group))
        except OSError:
            return False
    with socket.socket() as s:
        try:
            flags = fcntl.ioctl(s, 0x8913, struct.pack("16sH14x", b"lo", 0))  # SIOCGIFFLAGS
            flags = struct.unpack("16sH14x", flags)[1] | 1  # IFF_UP
            fcntl.ioctl(s, 0x8914, struct.pack("16sH14x", b"lo", flags))
            s.bind(("127.0.0.1", 0))
        except OSError:
            return False
    routes = Path("/proc/net/route").read_text().splitlines()
    return len([line for line in routes[1:] if line.strip()]) == 0


def main():
    tap = Tap()
    if sys.argv[1:] == ["--inside"]:
        if not enter_namespace():
            return 3
        all_tests(tap)
        return tap.done()
    inside = []
    thread = threading.Thread(target=lambda: inside.append(subprocess.run(
        [sys.executable, "-B", __file__, "--inside"], capture_output=True, text=True, check=False)))
    thread.start()
    all_tests(tap)
    thread.join()
    if inside[0].returncode == 3:
        print("# no network namespace to be had: tried on this machine's loopback alone")
    else:
        tap.ok(inside[0].returncode == 0, "the same where there is nothing but loopback",
               inside[0].stdout + inside[0].stderr)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
