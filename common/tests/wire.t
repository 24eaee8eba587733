#!/usr/bin/python3 -B
"""
The wire on real programs: a plain one, the curl command and libuv's, each with and without the
sanitizers where there is a choice. What they do is seen, and correct ones stay correct under every
fault.
"""

import concurrent.futures
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.dirname(__file__))
import tap as tap_module  # noqa: E402

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
os.chdir(ROOT)
os.environ.pop("ASAN_OPTIONS", None)
os.environ["COLUMNS"] = "80"
WIRE = "build/wire"
SEEDS = [int(s) for s in os.environ.get("SEEDS", "1 2 3").split()]
STREAM_FAULTS = ["short-read", "short-write", "eintr", "eagain", "delay", "accept-emfile",
                 "short-read,short-write,eintr,eagain,delay",
                 "short-read,short-write,eintr,eagain,accept-emfile"]
tap = tap_module.Tap()
scratch = tempfile.mkdtemp(prefix="wire-")


def run(*command, **more):
    return tap_module.run(*command, timeout=20, **more)


def program(name, sanitized=False):
    return "build/tests/wire/" + name + (".asan" if sanitized else "")


# ---- peers -------------------------------------------------------------------------------------


class Server:
    """Accepts connections on a port of its own and serves each in a thread of its own."""

    def __init__(self, serve, family=socket.AF_INET):
        self.listener = socket.create_server(("::1" if family == socket.AF_INET6 else "127.0.0.1",
                                              0), family=family)
        self.port = str(self.listener.getsockname()[1])
        self.serve = serve
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.one, args=(connection,), daemon=True).start()

    def one(self, connection):
        try:
            self.serve(connection)
        except OSError:
            pass  # the faults reset connections, on purpose
        finally:
            connection.close()


def answer(connection):
    """One line in, twelve bytes out, then whatever else comes is read."""
    line = b""
    while not line.endswith(b"\n"):
        part = connection.recv(4096)
        if not part:
            return
        line += part
    connection.sendall(b"hello world\n")
    while connection.recv(4096):
        pass


PAGE = bytes(range(256)) * 400


def http(connection):
    request = b""
    while b"\r\n\r\n" not in request:
        part = connection.recv(4096)
        if not part:
            return
        request += part
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
                       % len(PAGE) + PAGE)


def udp_echo():
    """Echoes datagrams; returns the port."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def serve():
        while True:
            data, sender = server.recvfrom(2048)
            server.sendto(data, sender)

    threading.Thread(target=serve, daemon=True).start()
    return str(server.getsockname()[1])


def closed_port():
    """A port on which nothing listens; the socket keeps it so."""
    holder = socket.socket()
    holder.bind(("127.0.0.1", 0))
    return holder, str(holder.getsockname()[1])


# ---- the ladder --------------------------------------------------------------------------------


def lines(*rows):
    return "\n".join(rows) + "\n"


def test_ladder():
    port = Server(answer).port
    script = [port, "send:hello\n", "recv:5", "recv:5", "close"]
    for sanitized in False, True:
        kind = "sanitized" if sanitized else "plain"
        talk = program("talk", sanitized)
        name = os.path.basename(talk)
        left = len(name) // 2
        status, out, err = run(WIRE, "--no-times", talk, "127.0.0.1", *script)
        rails = [
            "|--- connect ----------------------------->|",
            '|--- 6 B  "hello\\n" ---------------------->|'.replace(" ----------------------",
                                                                  " ---------------------", 0),
            '|<-- 5 B  "hello" ------------------------|',
            '|<-- 5 B  " worl" ------------------------|',
            '|<-- 2 B  "d\\n" --------------------------|  never read',
            "|--- close ------------------------------->|  reset",
        ]
        got = [row[left:] for row in err.splitlines()[1:]]
        shapes = [row.replace("-", "") for row in got]
        tap.ok(status == 0 and out == "hello worl" and
               shapes == [row.replace("-", "") for row in rails], "a ladder, " + kind,
               out + err)
        widths = {row.rindex("|") for row in got}
        tap.ok(len(widths) == 1, "its rails are straight, " + kind, err)
        tap.ok(err.splitlines()[0].split() == [name, "server"], "its title, " + kind, err)


def test_refused():
    holder, port = closed_port()
    status, _, err = run(WIRE, "--no-times", program("talk"), "127.0.0.1", port)
    tap.ok(status == 1 and "X   |  refused" in err, "a refused connection", err)
    holder.close()


def test_curl():
    if shutil.which("curl") is None:
        if os.environ.get("CI") == "true":
            tap.ok(False, "curl under the wire", "curl is missing")
        else:
            tap.ok(True, "curl under the wire # SKIP curl is not installed")
        return
    port = Server(http).port
    command = ["curl", "-s", "-S", "http://127.0.0.1:%s/" % port]
    done = subprocess.run([WIRE, "--no-times", *command], capture_output=True, check=False)
    err = done.stderr.decode()
    rows = err.splitlines()
    tap.ok(done.returncode == 0 and done.stdout == PAGE, "curl under the wire", err)
    tap.ok(len(rows) > 3 and "|--- connect" in rows[1] and '"GET / HTTP/1.1\\r\\n' in rows[2] and
           '"HTTP/1.1 200 OK\\r\\n' in rows[3] and "|--- close" in rows[-1], "its ladder", err)
    path = os.path.join(scratch, "curl.log")
    run(WIRE, "--log", path, *command)
    by = {e["name"]: e["by"] for e in read_log(path) if e["peer"].startswith("127.0.0.1")}
    tap.ok(by.get("connect") == by.get("send") == by.get("recv") == "library",
           "its calls are libcurl's", by)
    for fault in "short-read", "short-write", "eintr", "eagain", "delay":
        done = subprocess.run([WIRE, "--fault", fault, "--seed", "7", *command],
                              capture_output=True, check=False)
        tap.ok(done.returncode == 0 and done.stdout == PAGE, "curl under " + fault,
               done.stderr.decode())
    for fault in "reset", "half-close":
        done = subprocess.run([WIRE, "--fault", fault, *command], capture_output=True, check=False)
        tap.ok(done.returncode in (52, 55, 56, 18), "curl reports a " + fault, done.returncode)


# ---- what the log says -------------------------------------------------------------------------


def read_log(path):
    names = ("index phase call name fd asked result error caller local peer socket unread entry "
             "faults by").split()
    _, out, _ = run(program("dump"), path)
    return [dict(zip(names, line.split("\t"))) for line in out.splitlines()]


EXPECTED = """
    socket bind listen socket connect accept send recv write read sendto recvfrom writev readv
    sendmsg recvmsg dprintf recv sendto recvfrom write read dup close dup dup fflush fgets fclose
    fclose send select pselect poll ppoll epoll_wait epoll_pwait recv send select poll read write
    recv fcntl dup2 dup2 close fork fork sendfile recv send recv recv dup setsockopt dup2 dup2 fcntl
    close close_range fork fork shutdown close close close socketpair sendmmsg sendmmsg recvmmsg
    recvmmsg sendmmsg sendmmsg recvmmsg recvmmsg closefrom closefrom
""".split()


def test_forms():
    source = open("common/tests/wire_programs/forms.c", encoding="utf-8").read().splitlines()
    plain = run(program("forms"))
    for sanitized in False, True:
        kind = "sanitized" if sanitized else "with the checked forms"
        path = os.path.join(scratch, "forms.log")
        watched = run(WIRE, "--log", path, program("forms", sanitized))
        tap.ok(watched[:2] == plain[:2], "every form of every call still works, " + kind,
               watched[1] + watched[2])
        events = read_log(path)
        exits = [e for e in events if e["phase"] == "exit"]
        tap.ok([e["name"] for e in exits] == EXPECTED, "all of them are seen, " + kind,
               " ".join(e["name"] for e in exits))
        tap.ok(all(events[int(e["entry"])]["name"] == e["name"] and
                   events[int(e["entry"])]["phase"] == "enter" for e in exits),
               "each exit names its entry, " + kind)
        _, out, _ = run("addr2line", "-ia", "-e", program("forms", sanitized),
                        *(e["caller"] for e in exits))
        places = [part.splitlines() for part in out.split("0x")[1:]]
        wrong = []
        for event, place in zip(exits, places):
            numbers = [int(line.split(":")[1].split()[0]) for line in place
                       if "wire_programs/forms.c:" in line]
            if not any(event["name"] in source[n - 1] for n in numbers):
                wrong.append("%s: %s" % (event["name"], place))
        tap.ok(len(places) == len(exits) and not wrong, "each has its source line, " + kind,
               "\n".join(wrong))
    tap.ok({e["by"] for e in exits} == {"program"}, "all of them are the program's own", exits)
    data = {e["name"]: e for e in exits}
    tap.ok(data["recv"]["error"] == "EAGAIN" and data["recv"]["result"] == "-1",
           "an error is told", data["recv"])
    tap.ok(data["sendto"]["peer"] == data["connect"]["peer"] != "family 0",
           "so are addresses", data["sendto"])


def test_unread():
    path = os.path.join(scratch, "unread.log")
    run(WIRE, "--log", path, program("talk"), "127.0.0.1", Server(answer).port, "send:x\n",
        "recv:5", "close")
    closes = [e for e in read_log(path) if e["name"] == "close" and e["phase"] == "exit"]
    tap.ok([e["unread"] for e in closes] == ["7"], "what nobody read is told at close", closes)


# ---- faults ------------------------------------------------------------------------------------


def start_server(prefix, *command):
    server = subprocess.Popen([*prefix, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, start_new_session=True)
    return server, server.stdout.readline().strip()


def talk_to(process, data):
    """What it printed to standard output and to standard error, if it comes to an end."""
    try:
        return process.communicate(data, timeout=20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        return out, b"it did not end\n" + err


def round_trip(server_command, clients, fault, seed, data):
    """Runs clients against a server, all under the wire; what went wrong, or an empty text."""
    prefix = [WIRE, "--fault", fault, "--seed", str(seed)]
    server, port = start_server(prefix, *server_command, str(len(clients)))
    processes = [subprocess.Popen([*prefix, *(port if a == "PORT" else a for a in client)],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, start_new_session=True)
                 for client in clients]
    try:
        return what_went_wrong(server, processes, data)
    finally:
        for process in server, *processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)  # the wire and its command
                process.communicate()


def what_went_wrong(server, processes, data):
    wrong = ""
    with concurrent.futures.ThreadPoolExecutor(len(processes)) as pool:
        for process, (out, err) in zip(processes, pool.map(lambda p: talk_to(p, data), processes)):
            if process.returncode != 0 or out != data:
                wrong += "%d bytes of %d, status %d\n%s" % (len(out), len(data), process.returncode,
                                                            err.decode()[:2000])
    try:
        _, err = server.communicate(timeout=5)
        if server.returncode != 0:
            wrong += "server: status %d\n%s" % (server.returncode, err[:2000])
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGTERM)
        wrong += "the server did not end\n" + server.communicate()[1][:2000]
    return wrong


def test_streams():
    data = b"".join(hashlib.sha256(b"%d" % i).digest() for i in range(3000))
    plain = [[program("transfer"), "PORT"], [program("uv"), "client", "PORT"],
             [program("transfer"), "PORT", "blocking"]]
    small = data[:2000]  # a blocking client does not read while it sends
    for fault in STREAM_FAULTS:
        for seed in SEEDS:
            asan = seed == SEEDS[-1]
            wrong = round_trip([program("echo", asan)], plain[:2], fault, seed, data)
            tap.ok(not wrong, "edge-triggered epoll under %s, seed %d" % (fault, seed), wrong)
        if "emfile" in fault:
            continue  # libuv answers EMFILE by dropping a connection
        wrong = round_trip([program("uv"), "server"], plain, fault, 4, small)
        tap.ok(not wrong, "libuv under " + fault, wrong)
        wrong = round_trip([program("uv", True), "server"],
                           [[program("uv", True), "client", "PORT"]],
                           fault, 5, small)
        tap.ok(not wrong, "libuv, sanitized, under " + fault, wrong)


def test_cuts():
    """The faults do strike: each shows in the log of a client that is correct."""
    port = Server(answer).port
    for fault, steps, call in (("short-read", ["send:x\n", "exact:12"], "recv"),
                               ("short-write", ["send:hello, hello, hello\n", "exact:12"], "send"),
                               ("eintr", ["send:x\n", "exact:12"], "recv"),
                               ("delay", ["send:x\n", "exact:12"], "recv")):
        logs = []
        for seed in (1, 1, 2):
            path = os.path.join(scratch, "cuts.log")
            status, out, err = run(WIRE, "--fault", fault, "--seed", str(seed), "--log", path,
                                   program("talk"), "127.0.0.1", port, *steps, "close")
            events = [e for e in read_log(path) if e["phase"] == "exit"]
            logs.append([(e["name"], e["result"], e["error"], e["faults"]) for e in events
                         if e["name"] in ("send", "recv")])
            if seed == 1 and len(logs) == 1:
                tap.ok(status == 0 and out == "hello world\n", "talk under " + fault, out + err)
                tap.ok(any(e["faults"] == fault + "," and e["call"] == call for e in events),
                       fault + " strikes", logs[-1])
        tap.ok(logs[0] == logs[1], fault + ": the same seed, the same calls", logs)
        if fault.startswith("short"):
            tap.ok(logs[0] != logs[2], fault + ": another seed, other calls", logs)
    big = Server(lambda c: (c.sendall(PAGE * 11), c.shutdown(socket.SHUT_WR), c.recv(1))).port
    path = os.path.join(scratch, "big.log")
    status, out, _ = run(WIRE, "--fault", "short-read,eintr", "--log", path, program("talk"),
                         "127.0.0.1", big, "drain", "close")
    calls = len([e for e in read_log(path) if e["name"] == "recv"]) // 2
    tap.ok(status == 0 and 280 < calls < 1000, "a long transfer stays short", calls)


def test_whole():
    """eintr ends a recv() with MSG_WAITALL with nothing or with a part; the rest is not lost."""
    port = Server(answer).port
    path = os.path.join(scratch, "whole.log")
    seen = set()
    for seed in range(12):
        for fault in "eintr", "short-read":
            status, out, err = run(WIRE, "--fault", fault, "--seed", str(seed), "--log", path,
                                   program("talk"), "127.0.0.1", port, "send:x\n", "whole:12",
                                   "close")
            reads = [(int(e["result"]), e["faults"]) for e in read_log(path)
                     if e["phase"] == "exit" and e["name"] == "recv"]
            if status != 0 or out != "hello world\n":
                tap.ok(False, "MSG_WAITALL under %s, seed %d" % (fault, seed), out + err)
            if fault == "short-read":
                seen.add("cut" if reads != [(12, "")] else "whole")
            else:
                seen.update("nothing" if n == -1 else "part" for n, faults in reads
                            if "eintr" in faults and n < 12)
    tap.ok(seen == {"whole", "nothing", "part"}, "MSG_WAITALL: cut by a signal alone", seen)


def test_broken():
    """reset and half-close: a correct client reports the one and ends early by the other."""
    port = Server(answer).port
    steps = ["send:hi\n", "end", "drain", "close"]
    for sanitized in False, True:
        status, out, err = run(WIRE, "--fault", "reset", "--seed", "2", program("talk", sanitized),
                               "127.0.0.1", port, *steps)
        tap.ok(status == 1 and "Connection reset by peer" in err and len(out) < 12,
               "a reset is reported", out + err)
    for seed in SEEDS:
        status, out, err = run(WIRE, "--fault", "half-close", "--seed", str(seed), program("talk"),
                               "127.0.0.1", port, *steps)
        tap.ok(status == 0 and "|<-- end" in err and 0 < len(out) < 12 and
               "hello world\n".startswith(out),
               "half-close ends the stream early, seed %d" % seed, out + err)
    seen = []
    peer = Server(lambda c: (c.recv(4096), seen.append(reset_seen(c)))).port
    run(WIRE, "--fault", "reset", program("talk"), "127.0.0.1", peer, "send:0123456789012345678\n",
        "drain")
    for _ in range(500):
        if seen:
            break
        threading.Event().wait(0.01)  # for the thread of the server, which has its answer by now
    tap.ok(seen == [True], "the peer of a reset connection sees a reset", seen)


def reset_seen(connection):
    try:
        while connection.recv(4096):
            pass
        return False
    except ConnectionResetError:
        return True


def test_udp():
    port = udp_echo()
    words = ["alpha", "beta", "gamma", "delta"]
    for fault in "udp-drop", "udp-duplicate", "udp-reorder", "udp-drop,udp-duplicate,udp-reorder", \
            "eintr,eagain,udp-drop":
        for seed in SEEDS:
            status, out, err = run(WIRE, "--fault", fault, "--seed", str(seed),
                                   program("datagrams", seed == SEEDS[-1]), port, *words)
            tap.ok(status == 0 and out.split() == words,
                   "UDP under %s, seed %d" % (fault, seed), out + err)
    results = {}
    many = [str(n) for n in range(12)]
    for fault in "udp-drop", "udp-duplicate", "udp-reorder":
        _, out, err = run(WIRE, "--no-times", "--fault", fault, program("datagrams"), "-", *many)
        results[fault] = out.split(), err
    got, err = results["udp-drop"]
    tap.ok(len(got) < 12 and got == [n for n in many if n in got] and "X   |" in err and
           "  lost" in err, "some are lost", err)
    tap.ok(not any(str(n) not in got and str(n + 1) not in got for n in range(11)),
           "but never two in a row", got)
    got, err = results["udp-duplicate"]
    tap.ok(len(got) > 12 and list(dict.fromkeys(got)) == many, "some arrive twice", got)
    got, err = results["udp-reorder"]
    tap.ok(got != many and sorted(got, key=int) == many, "some are overtaken, none is lost", got)


# ---- names -------------------------------------------------------------------------------------


def test_names():
    hosts = os.path.join(scratch, "hosts")
    with open(hosts, "w", encoding="ascii") as file:
        file.write("# a table\n127.0.0.2 first.test one  # comment\n::1\tboth.test\n\n"
                   "127.0.0.3 both.test\r\n127.0.0.4 both.test alias.test\n")
    both = "both.test\n::1 %s\n127.0.0.3 %s\n127.0.0.4 %s\nboth.test\n"
    for args, want in (
            (("first.test", "80"), "first.test\n127.0.0.2 http\nfirst.test\n"),
            (("FIRST.test", "http"), "FIRST.test\n127.0.0.2 http\nfirst.test\n"),
            (("both.test", "7001"), both % (("7001",) * 3)),
            (("both.test", "7001", "4"),
             "both.test\n127.0.0.3 7001\n127.0.0.4 7001\nboth.test\n"),
            (("both.test", "7001", "6"), "both.test\n::1 7001\nboth.test\n"),
            (("alias.test", "7001"), "alias.test\n127.0.0.4 7001\nboth.test\n"),
            (("one", "7001", "6"), "Address family for hostname not supported\n"),
            (("localhost", "7001"), "EAI_NONAME\n"),
            (("nowhere.test", "7001"), "EAI_NONAME\n"),
            (("127.0.0.9", "7001"), "127.0.0.9\n127.0.0.9 7001\nno name\n"),
            (("one", "no-such-service"), "Servname not supported for ai_socktype\n")):
        for sanitized in False, True:
            _, out, err = run(WIRE, "--hosts", hosts, program("names", sanitized), *args)
            tap.ok(out == want, "names: %s%s" % (" ".join(args), ", sanitized" * sanitized),
                   out + err)
    server = Server(answer)
    with open(hosts, "w", encoding="ascii") as file:
        file.write("127.0.0.2 server.test\n127.0.0.1 server.test\n")
    status, out, err = run(WIRE, "--no-times", "--hosts", hosts, program("talk"), "server.test",
                           server.port, "send:x\n", "exact:12", "close")
    tap.ok(status == 0 and out == "hello world\n" and "  refused, 127.0.0.2:" in err,
           "a name's addresses are tried in the table's order", out + err)


# ---- build/wire itself -------------------------------------------------------------------------


def test_command():
    tap.ok(run(WIRE, "sh", "-c", "exit 3")[0] == 3, "the command's exit status")
    tap.ok(run(WIRE, "sh", "-c", "kill -9 $$")[0] == 137, "128 and the signal that killed it")
    status, out, err = run(WIRE, "no-such-command")
    tap.ok((status, out, err) == (127, "", "wire: no-such-command: not found\n"),
           "127 for a command that is not there", err)
    tap.ok(run(WIRE, "/etc/passwd")[0] == 126, "126 for one that cannot be run")
    for args in [], ["--fault", "bad", "true"], ["--seed", "x", "true"], ["--nothing", "true"], \
            ["--seed"], ["--fault", "eintr,", "true"]:
        status, out, err = run(WIRE, *args)
        tap.ok(status == 2 and out == "" and "usage: wire" in err, "wire " + " ".join(args), err)
    status, out, err = run(WIRE, "--help")
    tap.ok(status == 0 and err == "" and max(map(len, out.splitlines())) <= 80 and
           out.count("\n  udp-") == 3, "--help", out)
    _, out, _ = run(WIRE, "sh", "-c", "echo $ASAN_OPTIONS",
                    env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
    tap.ok(out == "detect_leaks=0:verify_asan_link_order=0\n", "ASAN_OPTIONS are kept", out)
    status, out, err = run(WIRE, "cat", "/etc/hostname")
    tap.ok(status == 0 and err == "wire: nothing went over the wire\n", "no sockets, no ladder",
           err)
    for number in signal.SIGTERM, signal.SIGINT:
        process, port = start_server([WIRE], program("echo"), "1")
        process.send_signal(number)
        talk_to(process, None)
        tap.ok(port.isdigit() and process.returncode == 128 + number,
               "%s reaches the command" % number.name, process.returncode)


STARTS = """
import errno, os, sys, _thread
failed = [0, 0]
while True:
    try:
        child = os.fork()
    except OSError as error:
        failed[0] += error.errno == errno.EAGAIN
        continue
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    break
ended = _thread.allocate_lock()
ended.acquire()
for _ in range(2):
    try:
        _thread.start_new_thread(ended.release, ())
        ended.acquire()
    except RuntimeError:
        failed[1] += 1
print(*failed)
"""


def test_starts():
    """start-eagain: the first tries fail, and from then on all is well. option-refused: all do."""
    status, out, err = run(WIRE, "--fault", "option-refused", "/usr/bin/python3", "-c", """
import errno, socket
s = socket.socket()
try:
    s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
except OSError as e:
    print(errno.errorcode[e.errno], s.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))
""")
    tap.ok((status, out) == (0, "ENOPROTOOPT 0\n"), "option-refused: nothing is set", [out, err])
    counts = set()
    for seed in range(8):
        status, out, err = run(WIRE, "--fault", "start-eagain", "--seed", str(seed),
                               "/usr/bin/python3", "-c", STARTS)
        if status == 0:
            counts.add(out)
    tap.ok(counts == {"1 0\n", "2 0\n", "3 0\n"}, "start-eagain: fork() fails 1 to 3 times", counts)
    threads = STARTS.replace("os.fork()", "os.getpid()").replace("os.waitpid(child, 0)", "pass")
    counts = {run(WIRE, "--fault", "start-eagain", "--seed", str(seed), "/usr/bin/python3", "-c",
                  threads)[1] for seed in range(8)}
    tap.ok(counts == {"0 1\n", "0 2\n"}, "start-eagain: so does pthread_create()", counts)
    tap.ok(run(WIRE, "/usr/bin/python3", "-c", STARTS)[1] == "0 0\n", "and not without it")


def test_yield():
    """yield: threads that look and act under two locks, or none, overtake one another."""
    for way, sanitized in (("whole", False), ("whole", True), ("torn", False), ("torn", True),
                           ("bare", True), ("raw", True)):
        outs = [run(WIRE, "--fault", "yield", program("turns", sanitized), way)[1]
                for _ in range(5)]
        right = set(outs) == {"1\n"} if way == "whole" else max(outs) > "1\n"
        tap.ok(right, "yield: %s%s" % (way, ", sanitized" * sanitized), outs)


def test_inert():
    """Without WIRE_LOG, or with one that is none, the library does nothing."""
    library = os.path.abspath("build/libwire.so")
    wrong = os.path.join(scratch, "no-log")
    with open(wrong, "w", encoding="ascii") as file:
        file.write("x" * 4096)
    for log in None, wrong, "/nowhere/log":
        env = dict(os.environ, LD_PRELOAD=library, WIRE_FAULTS="reset,short-read", WIRE_HOSTS=wrong)
        if log:
            env["WIRE_LOG"] = log
        status, out, err = run(program("forms"), env=env)
        tap.ok((status, out) == run(program("forms"))[:2], "inert with WIRE_LOG=%s" % log, err)
    tap.ok(open(wrong, encoding="ascii").read() == "x" * 4096, "and nothing was written")


def main():
    # A job in the background ignores SIGINT, and would hand that on.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for test in (test_ladder, test_refused, test_curl, test_forms, test_unread, test_streams,
                 test_cuts, test_whole, test_broken, test_udp, test_names, test_command,
                 test_starts, test_yield, test_inert):
        try:
            test()
        except Exception as error:  # pylint: disable=broad-except
            tap.ok(False, test.__name__, repr(error))
    shutil.rmtree(scratch)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
