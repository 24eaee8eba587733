#!/usr/bin/python3 -B
"""Lessons 1.05 to 1.07 and 1.09, sanitized: what no lesson has room to show."""
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from tap import Tap, run

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ("05_message_framing", "06_udp_server", "07_udp_client", "09_nonblocking")
LIMIT = 20  # seconds: how long a machine may be slow before a test gives up
WIRE = ["build/wire", "--no-times", "--seed", "3", "--fault"]
RESET = struct.pack("ii", 1, 0)


class Server:
    """A server on a port of the system's choice; what it prints is kept."""

    def __init__(self, *command):
        self.process = subprocess.Popen(list(command) + ["0"], stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, cwd=ROOT)
        self.port = int(self.process.stdout.readline().decode().rsplit(":", 1)[1])
        self.log = []
        self.reader = threading.Thread(target=lambda: self.log.extend(self.process.stdout))
        self.reader.start()

    def stop(self):
        """Its exit status after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(LIMIT)
        self.reader.join()
        return status


def connect(port):
    return socket.create_connection(("127.0.0.1", port), LIMIT)


def talk(port, data):
    """What the server answers to all of it; None if it resets the connection."""
    with connect(port) as client:
        answer = b""
        try:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            for piece in iter(lambda: client.recv(65536), b""):
                answer += piece
        except ConnectionError:
            return None
        except OSError:  # the reset came before shutdown()
            return None
        return answer


def prefixed(*messages):
    return b"".join(struct.pack("!I", len(message)) + message for message in messages)


def answer_text(count, over=0):
    return b"%d messages, %d bytes over" % (count, over)


def test_framing(tap, program):
    server = Server(program)
    number = random.Random(7)
    words = [bytes(number.choices(b"abc ", k=number.randrange(1000))) for _ in range(1000)]
    lines = b"".join(word + b"\n" for word in words)
    for name, data, expected in (
            ("nothing at all", b"", prefixed(answer_text(0))),
            ("messages that fill the buffer many times", prefixed(*words),
             prefixed(answer_text(1000))),
            ("lines that fill the buffer many times", lines, answer_text(1000) + b"\n"),
            ("empty lines", b"\n\n", answer_text(2) + b"\n"),
            ("empty messages", prefixed(b"", b""), prefixed(answer_text(2))),
            ("a line of 1000 bytes", b"x" * 1000 + b"\n", answer_text(1) + b"\n"),
            ("a line of 1001 bytes", b"x" * 1001, b"refused: a message of 1001 bytes or more\n"),
            ("a message of 1000 bytes", prefixed(bytes(1000)), prefixed(answer_text(1))),
            ("a length of 1001", struct.pack("!I", 1001),
             prefixed(b"refused: a message of 1001 bytes")),
            ("a length of 4 GiB", b"\xff" * 4, prefixed(b"refused: a message of 4294967295 bytes")),
            ("the end in a head", prefixed(b"a") + b"\0\0", prefixed(answer_text(1, 2))),
            ("the end in a message", prefixed(b"abc")[:-1], prefixed(answer_text(0, 6)))):
        got = talk(server.port, data)
        tap.ok(got == expected, "1.05: " + name, got)
    for i in range(40):
        with connect(server.port) as client:
            client.sendall(prefixed(b"lost")[:i % 8])
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        talk(server.port, os.urandom(3000))
    tap.ok(talk(server.port, b"one\n") == answer_text(1) + b"\n",
           "1.05 outlives resets and rubbish")
    with connect(server.port) as client:
        client.sendall(b"\0\0")
        tap.ok(server.stop() == 0, "1.05 stops while a client is silent", server.log[-3:])


def test_faults(tap, program):
    for fault in ("short-read", "short-write", "eintr", "eagain", "accept-emfile"):
        server = Server(*WIRE, fault, program)
        got = [talk(server.port, b"one\ntwo\n") for _ in range(4)]
        status, out, err = run(*WIRE, fault, program, "127.0.0.1", str(server.port), "a", "", "b",
                               cwd=ROOT)
        tap.ok(got == [answer_text(2) + b"\n"] * 4 and out == "3 messages, 0 bytes over\n",
               "1.05, both ends under " + fault, "%s\n%s\n%d %s" % (got, out, status, err))
        tap.ok(server.stop() == 0, "it stops", server.log)


def test_datagrams(tap, program):
    server = Server(program)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(LIMIT)
        for data, expected in ((b"", b""), (b"hi", b"HI"), (b"x" * 512, b"X" * 512),
                               (b"x" * 513, b"too long: 513 bytes"),
                               (b"x" * 65507, b"too long: 65507 bytes"), (b"\0a\xff", b"\0A\xff")):
            client.sendto(data, ("127.0.0.1", server.port))
            got = client.recv(65536)
            tap.ok(got == expected, "1.06: a datagram of %d bytes" % len(data), got)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
            gone.sendto(b"anybody?", ("127.0.0.1", server.port))
        client.sendto(b"still there", ("127.0.0.1", server.port))
        tap.ok(client.recv(512) == b"STILL THERE", "1.06 answers after one who did not wait")
    second = run(program, str(server.port))
    tap.ok(second[0] == 1 and "EADDRINUSE" in second[2], "1.06: the port is taken", second)
    tap.ok(server.stop() == 0, "1.06 stops", server.log)


def test_lost(tap, server_program, program):
    words = ["one", "two", "three", "four", "five"]
    for fault in ("udp-drop", "udp-duplicate", "udp-reorder", "eintr", "delay"):
        disturbed = WIRE + [fault]
        for side, before, after in (("server", disturbed, []), ("client", [], disturbed)):
            server = Server(*before, server_program)
            result = run(*after, program, "127.0.0.1", str(server.port), *words, cwd=ROOT)
            tap.ok(result[:2] == (0, "ONE\nTWO\nTHREE\nFOUR\nFIVE\n"),
                   "1.07, the %s under %s" % (side, fault), result)
            tap.ok(server.stop() == 0, "1.06 stops", server.log)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        mute.bind(("127.0.0.1", 0))
        mute.settimeout(LIMIT)
        client = subprocess.Popen([program, "127.0.0.1", str(mute.getsockname()[1]), "hello"],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        asked = [mute.recvfrom(512)]
        stranger.sendto(b"1 FORGED", asked[0][1])
        mute.sendto(b"7 OTHER", asked[0][1])
        mute.sendto(b"1 " + b"x" * 600, asked[0][1])
        mute.sendto(b"", asked[0][1])
        asked += [mute.recvfrom(512), mute.recvfrom(512)]
        out, err = client.communicate(timeout=LIMIT)
        tap.ok({data for data, _ in asked} == {b"1 hello"} and client.returncode == 1 and out == "",
               "1.07 asks three times, and takes no stranger's reply", err)
        tap.ok(err.count("ignored: ") == 3 and "in 150 ms" in err and "in 600 ms" in err,
               "1.07 says what it ignored, and how long it waited", err)


def test_flood(tap, program):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flooder:
        flooder.bind(("127.0.0.1", 0))
        flooder.settimeout(LIMIT)
        client = subprocess.Popen([program, "127.0.0.1", str(flooder.getsockname()[1]), "hello"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, bufsize=0)
        who = flooder.recvfrom(512)[1]
        by = time.monotonic() + LIMIT
        while client.poll() is None and time.monotonic() < by:
            for _ in range(20):  # more than it can say before a line of it is read
                flooder.sendto(b"9 OTHER", who)
            client.stderr.readline()
        ended = client.poll()
        client.kill()
        client.communicate()
        tap.ok(ended == 1, "1.07 gives up although wrong replies come without a pause", ended)


def test_reset(tap, program):
    with socket.create_server(("127.0.0.1", 0)) as listener, open("/dev/zero", "rb") as zeros:
        client = subprocess.Popen([program, "-v", "127.0.0.1", str(listener.getsockname()[1])],
                                  stdin=zeros, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        conn, _ = listener.accept()
        with conn:
            for line in iter(client.stderr.readline, b""):
                if b"-1, EAGAIN" in line:  # it has bytes to send, and no room for them
                    break
            conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        err = client.communicate(timeout=LIMIT)[1].decode().splitlines()
        tap.ok(client.returncode == 1 and len(err) == 1 and "receiving: ECONNRESET" in err[0],
               "1.09 tells of a reset, once and by its name", err)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="messages.") as folder:
        for name in PROGRAMS:
            built = run("gcc", "-std=gnu11", "-fsanitize=address,undefined",
                        "-fno-sanitize-recover=all", "-g", "-Icommon", "-o", folder + "/" + name,
                        "01_socket/%s.c" % name, "build/libcore.a", cwd=ROOT)
            if not tap.ok(built[0] == 0, name + " builds", built[2]):
                return tap.done()
        framing, server, client, both = (folder + "/" + name for name in PROGRAMS)
        os.environ["ASAN_OPTIONS"] = "verify_asan_link_order=0"
        test_framing(tap, framing)
        test_faults(tap, framing)
        test_datagrams(tap, server)
        test_lost(tap, server, client)
        test_flood(tap, client)
        test_reset(tap, both)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
