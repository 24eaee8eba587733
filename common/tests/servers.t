#!/usr/bin/python3 -B
"""Servers under rude clients: the program of lesson 1.04 and the solution of exercise 1.3."""
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from tap import Tap

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 20  # seconds: how long a machine may be slow before a test gives up
LINES = b"1\n" * 20000


class Server:
    """A server on a port of the system's choice; what it prints goes to a file."""

    def __init__(self, program, log, files=None):
        def limit():
            if files is not None:
                resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
        self.process = subprocess.Popen([program, "0"], stdout=subprocess.PIPE, stderr=log,
                                        preexec_fn=limit)
        line = self.process.stdout.readline().decode()
        self.port = int(line.rsplit(":", 1)[1])
        self.reader = threading.Thread(target=self.process.stdout.read)
        self.reader.start()

    def connect(self, room=None):
        client = socket.socket()
        if room is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        client.settimeout(LIMIT)
        client.connect(("127.0.0.1", self.port))
        return client

    def serves(self):
        with self.connect() as client:
            client.sendall(b"12\n")
            client.shutdown(socket.SHUT_WR)
            return client.makefile("rb").read() == b"12\n"

    def stops(self):
        """Exit status after SIGTERM, or words."""
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            status = "still running after %d s" % LIMIT
            self.process.kill()
            self.process.wait()
        self.reader.join()
        self.process.stdout.close()
        return status


def reset(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def vanishing(server):
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
    return server.serves()


def crowd(server):
    """More clients than the queue has places and a process has descriptors."""
    clients = [socket.socket() for _ in range(1100)]
    for client in clients:
        client.setblocking(False)
        client.connect_ex(("127.0.0.1", server.port))
    for i, client in enumerate(clients):
        reset(client) if i % 2 else client.close()
    return server.serves()


def fill(client):
    """Sends until nothing more fits, because nobody reads the answers."""
    client.settimeout(0.2)
    try:
        while True:
            client.send(LINES)
    except TimeoutError:
        pass


def keep_busy(client):
    """Threads that send and receive without a pause, until the server goes."""
    def send():
        try:
            while True:
                client.sendall(LINES)
        except OSError:
            pass

    def receive():
        try:
            while client.recv(1 << 20):
                pass
        except OSError:
            pass
    threads = [threading.Thread(target=send), threading.Thread(target=receive)]
    for thread in threads:
        thread.start()
    return threads


def rude(tap, name, program, log):
    server = Server(program, log)
    tap.ok(vanishing(server), "%s: clients that reset" % name)
    tap.ok(crowd(server), "%s: 1,100 clients at once" % name)
    with server.connect(room=2048) as client:
        fill(client)
        status = server.stops()
        tap.ok(status == 0, "%s: SIGTERM while a client does not read" % name, status)
    server = Server(program, log)
    with server.connect() as client:
        threads = keep_busy(client)
        status = server.stops()
        tap.ok(status == 0, "%s: SIGTERM while a client never pauses" % name, status)
        try:
            client.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the server was faster
        for thread in threads:
            thread.join()
    server = Server(program, log, files=4)  # its standard three and the listening socket
    with server.connect():
        status = server.stops()
        tap.ok(status == 0, "%s: SIGTERM without descriptors for a client" % name, status)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder, open(folder + "/log", "wb") as log:
        sums = folder + "/running_sums"
        source = ROOT / "solutions/01_socket/03_running_sums/running_sums.c"
        built = subprocess.run(["gcc", "-O2", "-o", sums, source], check=False)
        tap.ok(built.returncode == 0, "the solution builds")
        rude(tap, "1.04", ROOT / "build/01_socket/04_tcp_server", log)
        rude(tap, "1.3", sums, log)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
