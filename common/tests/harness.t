#!/usr/bin/python3 -B
"""The harness against one program that behaves in ninety ways: each verdict is the right one."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

from tap import Tap, run

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
os.chdir(ROOT)

# case: status, and what the verdict must say
WANTED = {
    "pieces": ("pass", ""),
    "waitall": ("pass", ""),
    "udp": ("pass", ""),
    "udp-strangers": ("pass", ""),
    "udp-refused": ("pass", ""),
    "udp-other": ("fail", r'^The other side received "ping"; "pinging" was due\.$'),
    "cork": ("pass", ""),
    "options": ("pass", ""),
    "queue-up": ("pass", ""),
    "queue-asleep": ("pass", ""),
    "listened-only": ("fail", r"^The program printed nothing on standard output behind its line "
                              r'"listening on \[address\]:port"\.$'),
    "stopped-early": ("fail", r"^After SIGTERM the program ended with exit status 0 at once, "),
    "signalled": ("fail", r"^SIGTERM ended the program on the spot"),
    "busy-writable": ("timeout", r"^poll\(\) returned at once \(student\.c:\d+\), thousands of "
                      r"times, .*always ask for writable"),
    "busy-in-vain": ("timeout", r"^poll\(\) was called with a time limit of 0 \(student\.c:\d+\)"),
    "option-value": ("fail",
                     r"^TCP_USER_TIMEOUT of the socket of this connection is 5000 ms; it should "
                     r"be from 6000 to 9000 ms: so it is\. .* set it to 5000 "
                     r"\(student\.c:\d+\)\.$"),
    "late-option": ("fail",
                    r"^TCP_NODELAY of .* was set \(student\.c:\d+\) when bytes had gone over "
                    r"the connection already: so it is, from the first byte on\.$"),
    "option-never": ("fail", r"is 0; it should be 1: so it is\. Your program never set it\.$"),
    "option-elsewhere": ("fail", r"set it on another socket, descriptor 4 \(student\.c:\d+\)\.$"),
    "option-failed": ("fail", r"setsockopt\(\) failed with EINVAL \(student\.c:\d+\)\.$"),
    "option-linger": ("fail", r"^SO_LINGER of .* is on, 7 s; it should be off: so it is\."),
    "option-gone": ("fail", r"ended|does not hold the socket of this connection any more"),
    "shape": ("pass", ""),
    "shape-other": ("fail", r'^Line 2 of the output is "0 0\.5 7"; "0 0\.5 9 #\.##" was due\.$'),
    "daemon": ("pass", ""),
    "bytes": ("pass", ""),
    "spoilt-input": ("pass", ""),
    "timed": ("pass", ""),
    "queued-read": ("pass", ""),
    "held": ("pass", ""),
    "held-close": ("pass", ""),
    "random": ("fail", r"^.{8} \d+$"),
    "read": ("timeout", r"^Still in recv\(\) on descriptor 3, and nothing more will come"),
    "join": ("timeout", r"nothing more will come"),
    "close-all": ("timeout", r"^Still in recv\(\) on descriptor 0"),
    "zombie": ("fail", r"^1 zombies, 4 descriptors$"),
    "sigpipe": ("crash", r"SIGPIPE"),
    "spin": ("timeout", r"still running after 0\.[3-9] s"),
    "flood": ("output", r"more than 16 MiB"),
    "forks": ("processes", r"without end"),
    "memory": ("memory", r"more than 512 MiB"),
    "overflow": ("sanitizer", r"Writes 1 byte past the end of a buffer of 16 bytes\..*"
                 r"student\.c:\d+, in overflow"),
    "null": ("sanitizer", r"(?i)null pointer.*student\.c:\d+"),
    "integer": ("sanitizer", r"signed integer overflow.*student\.c:\d+"),
    "stack": ("sanitizer", r"memcpy\(\) writes 136 bytes and goes past the end of place, which "
              r"has 64 bytes\..*student\.c:\d+, in overflow_stack"),
    "past": ("sanitizer", r"printf\(\) reads 1001 bytes and goes past the end of a buffer of 1000 "
             r"bytes\..*student\.c:\d+, in read_past"),
    "before": ("sanitizer", r"Reads 1 byte, 3 bytes before a buffer of 16 bytes\."),
    "table": ("sanitizer", r"memset\(\) writes 26 bytes and goes past the end of table, which "
              r"has 16 bytes\."),
    "leak": ("leak", r"123 bytes.*student\.c:\d+, in leak"),
    "quit": ("fail", r"ended by _exit\(\), so its memory could not be looked at"),
    "udp-server": ("pass", ""),
    "hole": ("timeout", r"^The program was still waiting after 0\.3 s"),
    "dig": ("pass", ""),
    "forge": ("harness", r"this case was ended by signal 9"),
    "stop": ("timeout", r"still waiting after 0\.[3-9] s"),
    "stop-parent": ("harness", r"this case was stopped"),
    "reply-rubbish": ("fail", r"^Behind the 5 bytes that recv\(\) returned \(student\.c:\d+\), "
                      r"your program printed bytes that did not come.*adds no NUL"),
    "reply-left-over": ("fail", r"^Behind the 3 bytes that recv\(\) returned.*adds no NUL"),
    "reply-whole": ("fail", r"^recv\(\) put 5 bytes .* printed all 63 bytes"),
    "reply-nul": ("fail", r"^A NUL byte is among the bytes that came"),
    "reply-line-end": ("fail", r'^Line 1 of the output is "hello"; "hello wor" was due\.$'),
    "send-string": ("fail", r"left out a NUL byte that it should have sent"),
    "give-up": ("fail", r"^Your program gave up: it closed the socket.*What it said about that"),
    "send-first": ("fail", r"^The program ended with status 0 before it sent all that was due "
                   r"\(2 of 4 bytes came\)\.$"),
    "short-exit": ("fail", r"^The program ended with status 1 before it sent all that was due "
                   r"\(2 of 4 bytes came\)\.$"),
    "short-close": ("fail", r"^Your program closed the connection after 2 of 4 bytes, and ended "
                    r"with status 1\.$"),
    "short-signal": ("crash", r"^The program was ended by signal 10 "),
    "short-line": ("fail", r"^The program ended with status 1 where a line from it was expected"),
    "last-byte": ("fail", r"^The other side received \\xb1 as byte 16 of 16; \\xb2 was due\.$"),
    "silent-due": ("fail", r"^The program ended with status 1, as it should, but wrote nothing on "
                   r"standard error\. Say there why it gave up\.$"),
    "silent-first": ("fail", r"wrote nothing on standard error\. Say there why it gave up\.$"),
    "silent-wrong": ("fail", r'^Line 2 of the output is "tow"; "two" was due\.$'),
    "silent-both": ("fail", r"wrote nothing on standard error\. Say there why it gave up\.$"),
    "other-nul": ("fail", r'^The program printed "a "b" c"; "a "\\0\\0\\0b" c" was due\.$'),
    "last-letter": ("fail", r"^The other side received '\"' as byte 16 of 16; \\n was due\.$"),
    "other-more": ("fail", r'^The output should end after line 2; "three" follows\.$'),
    "other-end": ("fail", r'^Line 2 of the output, "two", lacks its line end\.$'),
    "other-long": ("fail", r'^Line 2 of the output is "… and twenty one"; '
                   r'"… and twenty two" was due\.$'),
    "more-sent": ("fail", r'^The other side received "ab", where nothing more was due\.$'),
    "sleep-nothing": ("timeout", r"^Still in poll\(\), and nothing more will come"),
    "sleep-select": ("timeout", r"^The program was still waiting after 0\.\d s, in select\(\)\."),
    "sleep-sleep": ("timeout", r"^The program was still waiting after 0\.\d s, in sleep\(\)\."),
    "sleep-short": ("fail", r"^A signal interrupted poll\(\): it returned -1 with EINTR "
                    r"\(student\.c:\d+\), and the program ended instead of calling again\.$"),
    "sleep-pipes": ("timeout", r"^Still in poll\(\), and nothing more will come"),
    "hold-open": ("fail",
                  r"^The program holds 7 descriptors open; 4 would do\. Besides 0, 1 and 2: "
                  r"3 is from socket\(\) at student\.c:\d+ and listens, 4 is from socket\(\) at "
                  r"student\.c:\d+, 5 is a pipe, 6 is a pipe\."),
    "compare-memory": ("fail", r"^Your program compares the key by memcmp\(\) \(student\.c:\d+\), "
                       r"which stops at the first difference"),
    "compare-strings": ("fail", r"by strcmp\(\) \(student\.c:\d+\)"),
    "compare-all": ("pass", ""),
    "asked": ("pass", ""),
    "asked-line": ("fail", r'^That is no request line: "GET /a b HTTP/1\.1"\.$'),
    "asked-field": ("fail", r'^That is no header field: "Host"\.$'),
    "asked-end": ("fail", r'does not end in CR LF, or holds a NUL: "GET / HTTP/1\.1"\.$'),
    "web-length": ("pass", ""),
    "web-chunks": ("pass", ""),
    "web-close": ("pass", ""),
    "web-head": ("pass", ""),
    "web-304": ("pass", ""),
    "web-short": ("fail", r"after 5 of 50 bytes of the body that Content-Length promises"),
    "web-both": ("fail", r"^The response has both Content-Length and Transfer-Encoding\.$"),
    "web-line": ("fail", r'^The status line does not end in CR LF: "HTTP/1\.1 200 OK"\.$'),
    "web-blank": ("fail", r'^That is no header field: "Content-Length : 0"\.$'),
    "web-status-line": ("fail", r'^That is no status line: "HTTP/1\.1 20 OK"\.$'),
    "web-chunk-end": ("fail", r"^A chunk goes on behind the 3 bytes that its size says\.$"),
    "web-204": ("fail", r"^The response 204 has a Content-Length"),
    "web-status": ("fail", r"^Your program answered with status 404; 200 was due: it is there\.$"),
    "web-body": ("fail", r'"hello"; "help!" was due'),
    "web-header": ("fail", r'^The response 405 to PUT has "Allow: GET"; "POST" was due: it '
                   r"is the other\.$"),
    "web-no-header": ("fail", r"^The response 405 to PUT has no Allow: it is the one\.$"),
    "datagram": ("fail", r"datagram socket, that is UDP, for 127\.0\.0\.1:\d+.*SOCK_STREAM"),
    "beside": ("fail", r"^While the first one still ran, \"student usage\" should have begun to "
               r"listen; it ended with exit status 2\.$"),
    "after": ("fail", r"^After the first one had ended, \"student usage\" should have begun to "
              r"listen; it ended with exit status 2\.$"),
    "port-zero": ("fail", r"getsockname\(\)"),
    "not-utf8": ("fail", r"^it did not find caf\\xe9$"),
    "short-text": ("fail", r'^The output ends after line 1; line 2, "sum 2", is missing\.$'),
    "other-name": ("fail", r'does not name "127\.0\.0\.2"\.$'),
    "other-stream": ("fail",
                     r"^The program ended with status 2, as it should, but wrote nothing on "
                     r'standard error\. It printed "usage: student HOST" on standard output'),
    "narrow": ("pass", ""),
    "taken": ("pass", ""),
    "lines": ("pass", ""),
    "no-line": ("fail", r"^The program ended with status 0 where a line from it was expected"),
    "counted": ("pass", ""),
    "no-count": ("fail", r"^The program ended with status 0 after 15 of 16 bytes"),
    "echo": ("pass", ""),
    "both-ways": ("pass", ""),
    "one-way": ("timeout", r"^Still in send\(\) on descriptor 3, and nothing more will come"),
    "reset": ("pass", ""),
    "reset-unread": ("pass", ""),
    "no-reset-unread": ("fail", r"ended with status 0 while the harness waited for your "
                        r"program to reset"),
    "no-reset": ("fail", r"in order, where it should have reset"),
    "spare": ("pass", ""),
    "full-disk": ("pass", ""),
    "unready": ("fail", r"^recv\(\) returned -1 with EAGAIN, and the program ended: nothing had"),
    "become": ("fail", r"^It became cat"),
    "cost": ("pass", ""),
    "cost-time": ("fail", r"^The program ended \d+ ms after its first connect\(\); it should "
                  r"have been between 0 and 50 ms"),
    "cost-busy": ("fail", r"^The program used the processor for [3-9]\d\d ms; 250 would do"),
    "cost-calls": ("fail", r"^The program made 13 calls on its sockets; 12 would do"),
    "cost-sockets": ("fail", r"^The program held 4 sockets open at once; it may hold 3"),
    "room": ("pass", ""),
    "threads-joined": ("pass", ""),
    "threads-left": ("fail", r"^More than one stack is kept\.$"),
    "threads-waiting": ("pass", ""),
    "fat": ("fail", r"^The program takes \d+ KiB of memory; \d+ would do\. What one side"),
    "fat-input": ("fail", r"^The program takes \d+ KiB of memory; \d+ would do\. What comes can"),
    "file": ("pass", ""),
    "file-other": ("fail", r"^The file copied has 29 bytes, and not the 30"),
    "file-bytes": ("fail", r"^The file copied has 30 bytes, as it should, but not the right ones: "
                   r"the first wrong one is byte 17\.$"),
    "file-missing": ("fail", r"^There is no file other in"),
    "file-left": ("fail", r"left a file behind in its folder: copied\."),
    "file-there": ("fail", r"^There is a file copied of 30 bytes\. It is too early\."),
    "file-kept": ("pass", ""),
    "file-changed": ("fail",
                     r"^The old file second is not as it was: it had 9 bytes, and has 30\."),
    "file-gone": ("fail", r"^The old file other is gone\."),
    "file-kinds": ("pass", ""),
    "file-waits": ("timeout", r"^Still in open\(\), and nothing more will come"),
    "file-held": ("fail",
                  r"^The program holds 10 descriptors open; 3 would do\. Besides 0, 1 and 2: "
                  r"3 more, 6 is the file given/text, 7 is .*, 9 is the file given/text\."),
    "file-by-hand": ("pass", ""),
    "group": ("pass", ""),
    "group-left": ("pass", ""),
    "several": ("pass", ""),
    "several-silent": ("timeout", r"nothing more will come: the harness waits for your program to "
                       r"give up"),
    "untold": ("pass", ""),
    "told": ("fail", r'^Your program told the password, "340 1\.250", on standard output\.$'),
    "uncalled": ("pass", ""),
    "called": ("fail", r'^Your program connected to 127\.0\.0\.1 port \d+, and said "a\?"\. '),
    "stream-compared": ("pass", ""),
    "stream-other": ("fail", r"^Byte 1234568 of the output is #; t was due\.$"),
    "stream-short": ("fail", r"^The output ends after 41843040 of 41943040 bytes\.$"),
    "stream-more": ("fail", r"^The output should end after 41943040 bytes; more follows\.$"),
    "unread-right": ("pass", ""),
    "unread-less": ("fail", r"^The program read 3 bytes too far: they are the letters, and"),
    "unread-more": ("fail", r"^The program left 1 byte of its standard input unread that were "
                    r"still its own\.$"),
    "input-pieces": ("pass", ""),
    "answer-read-on": ("pass", ""),
    "answer-closed": ("fail", r"^Your program closed the connection while there were bytes in it"),
    "cost-limit": ("fail", r"^The program had used the processor for [3-9]\d\d ms and was not "
                   r"done; it is to need no more than 300\.$"),
}


# What is said to each table of common/tests/harness/tables.c, without its beginning.
TABLES = [said and 'tables: the case "%s' % said for said in (
    "", 'a-1" is there twice', 'a b" has a name of other than small letters, digits and -',
    'a/b" has a name .*', '" has a name .*', r'b" has no \.title', r'b" has no \.teaches',
    r'b" has no \.run', 'b" has -1 points', r'b" has no \.points, and others have',
    r'b" has no \.points, and others have',
    r'b" has \.faults that nobody makes: no fault is called "short-raed"; build/wire --help .*',
    "")]


# The same of common/tests/harness/evasions.c.
AGAIN = ("fail", r"^The program started itself again; it must run as it was started\.$")
EVASIONS = {
    **{"again-" + how: AGAIN for how in (
        "wired", "execv", "execl", "execle", "execlp", "fexecve", "execveat", "syscall", "spawn",
        "spawnp", "system")},
    "again-raw": ("fail", "^The program started itself again"),
    "another": ("pass", ""),
    "another-unasked": ("fail", "^The program executed another program, which this case does not"),
    "calls-past": ("fail", r"^The program calls (system|syscall)\(\), by which it could get past"),
    "nameless": ("pass", ""),
    "limit-early": ("pass", ""),
    "limit-late": ("fail", r"^The program raised its limit of descriptors \(RLIMIT_NOFILE\)"),
    "work-waited": ("fail", r"^The program used the processor for [34]\d\d ms; 250 would do"),
    "work-ignored": ("fail", r"^The program used the processor for [34]\d\d ms; 250 would do"),
    "hides": ("fail", r"^The program hides itself: since prctl\(PR_SET_DUMPABLE, 0\)"),
    "decoy": ("fail", r"^TCP_NODELAY of the socket of this connection is 0; it should be 1: so it "
              r"is\. Your program set it on another socket"),
    "leak-syscall": ("fail", r"ended by _exit\(\), so its memory could not be looked at"),
    "leak-exec": ("fail", r"^The program did not end by returning from main or by exit\(\)"),
    "leak-child": ("fail", r"^A child did the program's work and ended by _exit\(\)"),
    "leak-full": ("fail", r"^The program made so many calls on its sockets"),
    "transcript": ("pass", ""),
}


def evade(tap, flags, libraries, hider):
    """Programs that evade the harness, in a tree of its own: one that anybody can read."""
    with tempfile.TemporaryDirectory() as root:
        os.chmod(root, 0o755)
        folder = f"{root}/build/exercises/evasions"
        os.makedirs(folder)
        os.mkdir(f"{root}/scratch")
        os.chmod(f"{root}/scratch", 0o777)
        shutil.copy("build/libwire.so", f"{root}/build")
        status, _, err = run("gcc", *flags, "common/tests/harness/evasions.c", *libraries, "-o",
                             f"{folder}/cases")
        tap.ok(status == 0, "the cases of evasion build", err)
        status, _, err = run("gcc", "@build/student.flags", "-D_GNU_SOURCE",
                             "common/tests/harness/evader.c", "-o",
                             f"{folder}/evader")
        tap.ok(status == 0, "the evader builds", err)

        def judge(*words, **more):
            """More options, and what they say of each case."""
            environment = dict(os.environ, TMPDIR=f"{root}/scratch", **more.pop("env", {}))
            done = subprocess.run([f"{folder}/cases", "--program", f"{folder}/evader", *words],
                                  env=environment, text=True, capture_output=True, check=False,
                                  stdin=subprocess.DEVNULL, timeout=60, **more)
            return read_tap(done.stdout)

        def good(verdict, name):
            return verdict.get("status") == EVASIONS[name][0] and \
                re.search(EVASIONS[name][1], verdict.get("cause", ""))

        verdicts = judge()
        # The administrator sees what a program hides.
        nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        verdicts.update(judge("--case", "hides", **nobody))
        for name in EVASIONS:
            tap.ok(good(verdicts.get(name, {}), name), f"evasion {name}", verdicts.get(name))
        hidden = judge("--case", "decoy", env={"LD_PRELOAD": hider})
        tap.ok(good(hidden.get("decoy", {}), "decoy"), "the decoy, where sockets are hidden",
               hidden)

        os.makedirs(f"{root}/exercises/evasions")
        judge("--case", "transcript", "--record")
        path = f"{root}/exercises/evasions/expected/transcript.txt"
        with open(path, encoding="utf-8") as file:
            whole = file.read()
        tap.ok("\ntwo a:port2/b:port1,:port2.\\n\n" in whole, "a port by the number of its peer",
               whole)
        for change, status, words in (
                (whole, "pass", ""),
                (whole + "# received, 4 bytes\nmore\n", "fail", "^The program gave up before all"),
                ("# received, 4 bytes\nmore\n" + whole, "fail", "^The program gave up before all"),
                (whole.replace("two", "tow"), "harness", 'is "tow.*there and "two.* now')):
            with open(path, "w", encoding="utf-8") as file:
                file.write(change)
            verdict = judge("--case", "transcript").get("transcript", {})
            tap.ok(verdict.get("status") == status and re.search(words, verdict["cause"]),
                   f"another reference output: {status}", [change, verdict])


def read_tap(text):
    """Name to verdict; the plan must be whole."""
    blocks = re.findall(r"^(ok|not ok) \d+ - (\S+).*?\n  ---\n(.*?)\n  \.\.\.$", text, re.S | re.M)
    return {name: dict(json.loads(body), ok=ok) for ok, name, body in blocks}


def processes_with(word):
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                if word.encode() in file.read():
                    found.append(pid)
        except OSError:
            pass
    return found


# The same for common/tests/harness/tls_cases.c.
TLS = {
    "tls": ("pass", ""),
    "tls-cut": ("pass", ""),
    "tls-expired": ("pass", ""),
    "tls-stranger": ("pass", ""),
    "tls-other-name": ("pass", ""),
    "tls-self-signed": ("pass", ""),
    "tls-pin": ("pass", ""),
    "tls-plain": ("pass", ""),
    "tls-no-line": ("fail", r"^The program ended with status 0 where a line from it was expected|"
                    r"^Your program closed the connection where a line was expected"),
}


def speak_tls(tap, flags, libraries, folder):
    """Links under TLS, and certificates that are not to be accepted."""
    modules = ["-I02_http", "build/libhttp.a", "build/libcore.a"]
    openssl = ["-lssl", "-lcrypto"]
    status, _, err = run("gcc", *flags, "common/tests/harness/tls_cases.c", *libraries, *openssl,
                         "-o", f"{folder}/tls_cases")
    tap.ok(status == 0, "the cases under TLS build", err)
    status, _, err = run("gcc", "@build/student.flags", "-Icommon",
                         "common/tests/harness/tls_student.c", *modules, *openssl, "-o",
                         f"{folder}/tls_student")
    tap.ok(status == 0, "the program for them builds", err)
    _, out, err = run(f"{folder}/tls_cases", "--program",
                      os.path.abspath(f"{folder}/tls_student"))
    verdicts = read_tap(out)
    tap.ok(list(verdicts) == list(TLS), "each of them has a verdict", out + err)
    for name, (wanted, words) in TLS.items():
        verdict = verdicts.get(name, {})
        good = verdict.get("status") == wanted and re.search(words, verdict.get("cause", ""))
        tap.ok(good, f"{name}: {wanted}", json.dumps(verdict, indent=1))

    # What play says is done to the letter; the case has files and a hosts table of its own.
    play = subprocess.Popen([f"{folder}/tls_cases", "--program",
                             os.path.abspath(f"{folder}/tls_student"), "--play", "tls"],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    said = ""
    while "or under gdb" not in said and (line := play.stdout.readline()):
        said += line
    command = re.search(r"(?m)^  cd .*\n  .*$", said)
    out = subprocess.run(["sh", "-e", "-c", command[0]] if command else ["false"], text=True,
                         capture_output=True, check=False, timeout=60)
    if out.returncode != 0:
        play.kill()  # nobody will call it
    rest, _ = play.communicate("\n\n\n", timeout=60)
    tap.ok(out.stdout.startswith("welcome\nend\n") and "TLS has begun" in rest,
           "play under TLS, with a name of its own", said + out.stdout + out.stderr + rest)


# The same for common/tests/harness/curl_cases.c: libcurl's own calls are nobody's mistake.
CURL = {
    "whole": ("pass", ""),
    "first-piece": ("fail", r"^The output ends after line 1; line 2, \"two\", is missing\.$"),
    "impatient": ("fail", r"^The output ends after line 1; line 2, \"two\", is missing\.$"),
    "spins": ("timeout", r"^libcurl was called again and again \(curl_student\.c:\d+\), thousands "
              r"of times, .* curl_multi_poll\(\) waits\.$"),
}


def speak_by_libcurl(tap, flags, libraries, folder):
    """Programs on libcurl, of whose calls they know nothing."""
    status, _, err = run("gcc", *flags, "common/tests/harness/curl_cases.c", *libraries, "-o",
                         f"{folder}/curl_cases")
    tap.ok(status == 0, "the cases for libcurl build", err)
    status, _, err = run("gcc", "@build/student.flags", "common/tests/harness/curl_student.c",
                         "-lcurl", "-o", f"{folder}/curl_student")
    tap.ok(status == 0, "the program for them builds", err)
    _, out, err = run(f"{folder}/curl_cases", "--program",
                      os.path.abspath(f"{folder}/curl_student"))
    verdicts = read_tap(out)
    tap.ok(list(verdicts) == list(CURL), "each of them has a verdict", out + err)
    for name, (wanted, words) in CURL.items():
        verdict = verdicts.get(name, {})
        good = verdict.get("status") == wanted and re.search(words, verdict.get("cause", ""))
        tap.ok(good, f"libcurl, {name}: {wanted}", json.dumps(verdict, indent=1))
    steps = verdicts.get("first-piece", {}).get("steps", [])
    calls = [step for step in steps if step["where"]]
    tap.ok(len(calls) > 2 and all(step["text"].startswith("libcurl: ") for step in calls),
           "its steps name libcurl, and the line that called it", steps)


def main():
    tap = Tap()
    ok = tap.ok
    folder = "build/exercises/tests/harness"
    os.makedirs(folder, exist_ok=True)
    flags = "-std=c11 -D_GNU_SOURCE -g -Wall -Wextra -Werror -Icommon".split()
    libraries = ["build/libharness.a", "-ljansson", "-pthread"]
    status, _, err = run("gcc", *flags, "common/tests/harness/cases.c", *libraries, "-o",
                         f"{folder}/cases")
    ok(status == 0, "the cases build", err)
    status, _, err = run("gcc", "@build/student.flags", "-Wno-unused-but-set-variable",
                         "common/tests/harness/student.c", "-o", f"{folder}/student")
    ok(status == 0, "the program builds", err)

    with tempfile.TemporaryDirectory() as scratch:
        environment = dict(os.environ, TMPDIR=scratch)
        command = [f"{folder}/cases", "--program", os.path.abspath(f"{folder}/student")]
        status, out, err = run(*command, env=environment)
        verdicts = read_tap(out)
        ok(status == 1, "exit status 1: some failed", out + err)
        for name, (status, words) in WANTED.items():
            verdict = verdicts.get(name, {})
            told = verdict.get("cause", "")
            if "sanitizer" in verdict:
                told += json.dumps(verdict["sanitizer"])
            good = verdict.get("status") == status and re.search(words, told, re.S)
            ok(good, f"{name}: {status}", json.dumps(verdict, indent=1))
        told = verdicts["short-text"]
        ok(told.get("expected") == "".join(f"sum {i}\\n" for i in range(1, 6)) and
           told.get("got") == "sum 1\\n" and told.get("mark") == 7, "short texts are whole", told)
        ok(told.get("input") == "1\\n\n2\\r\\n\n3\\n\n4\\n\n5\\n\n6\\n\n…" and
           "input" not in verdicts["other-name"], "six lines of the input are shown", told)
        ok(told.get("files") == [{"name": f"{i}.txt", "text": "a\\rb" if i == 1 else "a\\rb\\n\nc"}
                                 for i in range(3)] and "files" not in verdicts["other-name"],
           "so are three files that the case is about", told)
        ok(told.get("command") == "student sum 'it'\\''s two'", "the command is in quotes", told)
        ok(verdicts["not-utf8"].get("command") == "student sum 'caf\\xe9'",
           "an argument that is not UTF-8 is shown all the same", verdicts["not-utf8"])
        named = verdicts["other-name"]
        ok(named.get("expected") == "a line with 127.0.0.2" and "mark" not in named and
           named.get("got") == "127.0.0.1: Connection refused" and "message" not in named,
           "a message is not compared byte by byte", named)
        shaped = verdicts["shape-other"]
        ok(shaped.get("expected") == "12 340 1.250\\n0 0.5 9 #.##\\n" and shaped.get("mark") == 20,
           "a shape is shown with the program's own numbers", shaped)
        ok(shaped.get("key", "").startswith("# is any") and "key" not in verdicts["short-text"],
           "what # means is said where it is shown", shaped)
        other = verdicts["udp-other"]
        ok(other.get("sent") is True and other.get("got") == "ping",
           "a datagram is compared as sent, not as printed", other)
        for name, last in {
                "sleep-nothing": ("is still in poll(), on no descriptor", r"student\.c:\d+"),
                "sleep-select": ("is still in select(), on no descriptor", r"student\.c:\d+"),
                "sleep-pipes": ("is still in poll(), on descriptors 3 and 5", r"student\.c:\d+"),
                "sleep-sleep": ("is still in sleep()", "$"),
                "leak": ("ended by itself; then its memory was looked at", "$")}.items():
            step = verdicts[name]["steps"][-1]
            ok(step["text"] == last[0] and re.match(last[1], step["where"]),
               f"the last step of {name}: {last[0]}", verdicts[name]["steps"])
        generic = {name for name, verdict in verdicts.items() if verdict.get("generic")}
        ok(generic == {"reply-line-end", "short-text", "other-name", "udp-other",
                       "shape-other", "file-other", "file-bytes", "send-first", "short-exit",
                       "short-close", "last-byte", "silent-wrong", "other-more", "other-end",
                       "other-long", "more-sent", "other-nul", "last-letter", "listened-only"},
           "sentences that name no cause say so", generic)
        texts = [step["text"] for step in verdicts["signalled"]["steps"]]
        ok(texts[-2:] == ["the harness sent it SIGTERM", "was ended by SIGTERM"] and
           texts[-3] == "was in accept() on descriptor 3",
           "a signal of the harness is a step", texts)
        places = [step["where"] for step in verdicts["become"]["steps"]]
        ok(re.match(r"student\.c:\d+", places[0]) and set(places[1:]) == {""},
           "the calls of a program that it became have no place in its file", verdicts["become"])
        ok(any("(UDP)" in step["text"] for step in verdicts["datagram"]["steps"]),
           "a step by UDP says so", verdicts["datagram"])
        ok(os.listdir(scratch) == [], "no folder is left behind", os.listdir(scratch))
        ok(processes_with(scratch) == [], "no process is left behind")
        slow = [n for n in ("read", "join", "close-all")
                if verdicts.get(n, {}).get("ms", 9999) > 1500]
        ok(not slow, "a program that cannot move has its verdict at once", slow)

        again = read_tap(run(*command, "--case", "random", env=environment)[1])
        other = read_tap(run(*command, "--case", "random", "--seed", "2", env=environment)[1])
        ok(again["random"]["cause"] == verdicts["random"]["cause"],
           "the same seed, the same numbers")
        ok(other["random"]["cause"] != verdicts["random"]["cause"], "another seed, other numbers")

    # Functions by which leaks could be hidden. A program without them is told of no such thing.
    for name, words in {
            "": "",
            "__lsan_disable": "void __lsan_disable(void);\n",
            "__sanitizer_set_report_path": "void __sanitizer_set_report_path(const char *);\n",
            "__asan_default_options": "const char *__asan_default_options(void);\n"
                                      "const char *__asan_default_options(void) { return \"\"; }\n",
            "__ubsan_on_report": "int __ubsan_on_report(void);\n"
                                 "int __ubsan_on_report(void) { return 0; }\n",
            "quick_exit": "#include <stdlib.h>\n"}.items():
        use = "(void)&%s;" % name
        if "void %s" % name in words:
            use = "if (argc > 9) %s(%s);" % (name, "0" if "char" in words else "")
        elif name == "quick_exit":
            use = "if (argc > 9) quick_exit(0);"
        with open(f"{folder}/hides.c", "w", encoding="utf-8") as file:
            file.write("#include <stdio.h>\n%sint main(int argc, char **argv)\n{\n"
                       "    (void)argv;\n    %s\n    return puts(\"done\") == EOF || !argc;\n}\n"
                       % (words, use if name else ""))
        status, _, err = run("gcc", "@build/student.flags", f"{folder}/hides.c", "-o",
                             f"{folder}/hides")
        ok(status == 0, "a program with %s builds" % (name or "nothing"), err)
        told = read_tap(run(command[0], "--program", os.path.abspath(f"{folder}/hides"), "--case",
                            "leak")[1])["leak"]
        if name:
            ok(told["status"] == "fail" and
               told["cause"].startswith("The program has or calls %s(), by which" % name),
               "%s could hide leaks" % name, told)
        else:
            ok(told["status"] == "pass", "a program that hides nothing passes", told)

    status, out, err = run(*command, "--case", "bytes", "--case", "bytes")
    ok(status == 0 and "ok 2 - bytes" in out, "one case twice", out + err)

    # Where the system hides the program's sockets, its wire tells their options.
    hider = os.path.abspath(f"{folder}/no_getfd.so")
    status, _, err = run("gcc", *flags, "-shared", "-fPIC", "common/tests/harness/no_getfd.c", "-o",
                         hider, "-ldl")
    ok(status == 0, "the hider builds", err)
    names = [name for name in WANTED if re.match("options?(?!.*gone)", name)]
    hidden = read_tap(run(*command, *[w for name in names for w in ("--case", name)],
                          env=dict(os.environ, LD_PRELOAD=hider))[1])
    wrong = [n for n in names if hidden.get(n, {}).get("status") != WANTED[n][0] or
             not re.search(WANTED[n][1], hidden[n]["cause"])]
    ok(len(names) > 4 and not wrong, "options of sockets that are hidden", [hidden, wrong])

    evade(tap, flags, libraries, hider)

    # Play: what it says to run is run, and the conversation comes to its end.
    with tempfile.TemporaryDirectory() as scratch:
        play = subprocess.Popen([*command, "--play", "pieces"], stdin=subprocess.PIPE, text=True,
                                stdout=subprocess.PIPE, env=dict(os.environ, TMPDIR=scratch))
        told = []
        for line in play.stdout:
            told.append(line)
            if "another terminal" in line:
                break
        told += [play.stdout.readline(), play.stdout.readline()]
        printed = subprocess.Popen(told[-1], shell=True, stdout=subprocess.DEVNULL)
        rest, _ = play.communicate("\n" * 5)
        ok(printed.wait() == 0 and play.returncode == 0, "the command that play prints runs", told)
        ok('sends 4 B  "ghij"' in rest and "The conversation is over." in rest,
           "play shows what is sent, and ends", rest)

    # Where there is no peer, play says how to run the program before what it should do.
    alone = subprocess.run([*command, "--play", "silent-due"], input="\n", text=True,
                           capture_output=True, check=False).stdout
    ok(0 < alone.find("another terminal") < alone.find("should end with exit status 1\n") <
       alone.find("should print 9 bytes") < alone.find("  Enter goes on: \n\nThat was all") and
       alone.count("another terminal") == 1 and "peer" not in alone,
       "play of a program that is alone", alone)
    ended = run(*command, "--play", "silent-due")[1]
    ok(ended.endswith("Enter goes on: \n"), "play ends with its input", ended)

    folder_told = run(*command, "--play", "file-by-hand")[1]
    ok(re.search(r"(?m)^  cd /\S+\n  /\S", folder_told),
       "a program that writes files is to be run in the folder of the case", folder_told)

    with tempfile.TemporaryDirectory(prefix="a blank, a colon: ") as scratch:
        odd = read_tap(run(*command, "--case", "overflow",
                           env=dict(os.environ, TMPDIR=scratch))[1])
        ok(odd["overflow"]["status"] == "sanitizer", "TMPDIR with a blank and a colon", odd)

    listed = run(f"{folder}/cases", "--list")[1]
    names = [json.loads(line)["case"] for line in listed.splitlines()]
    ok(names == list(WANTED), "--list names every case in order", names)
    ok(run(f"{folder}/cases")[0] == 2, "no program: exit status 2")
    status, _, err = run(*command, "--case", "nonsense")
    ok(status == 2 and "nonsense" in err, "an unknown case: exit status 2, named")

    speak_tls(tap, flags, libraries, folder)
    speak_by_libcurl(tap, flags, libraries, folder)
    status, _, err = run("gcc", *flags, "common/tests/harness/tables.c", *libraries, "-o",
                         f"{folder}/tables")
    ok(status == 0, "cases may be called report, die and finish", err)
    for table, wanted in enumerate(TABLES):
        status, _, err = run(f"{folder}/tables", "--list", env=dict(os.environ, TABLE=str(table)))
        ok(status == (2 if wanted else 0) and re.fullmatch(wanted, err.removesuffix("\n")),
           "a table of cases: %s" % (wanted or "a good one"), err)
    return tap.done()


sys.exit(main())
