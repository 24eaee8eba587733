#!/usr/bin/python3 -B
"""The testbed's TLS hosts: what each of them shows is refused, or not, by program 4.12, by curl,
and by Python's requests and ssl; the impostor; rude peers. The testbed is sanitized.
"""
import concurrent.futures
import contextlib
import json
import os
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request
import warnings
from pathlib import Path

import requests

from tap import Tap, run

ROOT = Path(__file__).resolve().parents[2]
AUTHORITY = ROOT / "build/authority"
OURS = str(AUTHORITY / "authority.pem")
CLIENT = (str(AUTHORITY / "client.pem"), str(AUTHORITY / "client.key"))
STRANGER = (str(AUTHORITY / "localhost.pem"), str(AUTHORITY / "localhost.key"))
PROGRAM = str(ROOT / "build/04_requests/12_tls_verification")
LIMIT = 30  # seconds: how long a machine may be slow before a test gives up
MODULE = "server* message headers chunked status date stream forms cookies".split()
NAMES = ("good expired not-yet wrong-host unknown-ca self-signed revoked client impostor").split()
# What 4.12 says, what curl and OpenSSL say, what Python says of a name; NONE: nothing is wrong.
NONE = ("", "", "")
REASONS = {
    "good": NONE, "revoked": NONE,
    "expired": ("it has expired", "certificate has expired", "certificate has expired"),
    "not-yet": ("it is not valid yet", "not yet valid", "not yet valid"),
    "wrong-host": ("it is for another name", "no alternative certificate subject name",
                   "localhost"),
    "unknown-ca": ("nobody who is trusted signed it", "unable to get local issuer",
                   "unable to get local issuer"),
    "self-signed": ("the server has signed it itself", "self-signed", "self-signed"),
    "impostor": ("the server has signed it itself", "self-signed", "self-signed"),
    "client": ("alert certificate required", "alert certificate required",
               "CERTIFICATE_REQUIRED")}


def build(tap, folder):
    """The testbed with sanitizers."""
    parts = ["common/testbed/service/*", "common/core/*"]
    parts += ["02_http/http/" + part for part in MODULE]
    sources = [str(path) for part in parts for path in sorted(ROOT.glob(part + ".c"))]
    objects = ["%s/%d.o" % (folder, number) for number in range(len(sources))]
    flags = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]

    def compile_one(pair):
        return run("gcc", "-std=c11", "-D_GNU_SOURCE", "-O1", "-g", "-Icommon", "-I02_http", *flags,
                   "-c", pair[0], "-o", pair[1], cwd=ROOT)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        said = list(pool.map(compile_one, zip(sources, objects)))
    program = folder + "/testbed"
    said.append(run("gcc", *flags, *objects, "-lssl", "-lcrypto", "-ljansson", "-lpsl", "-lz",
                    "-lbrotlienc", "-pthread", "-o", program))
    wrong = "\n".join(one[2] for one in said if one[0] != 0)
    return program if tap.ok(not wrong, "it builds for ASan and UBSan", wrong) else None


class Server:
    def __init__(self, program):
        self.said = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([program, "0", "--tls-hosts", str(AUTHORITY), "0"],
                                        stdout=subprocess.PIPE, stderr=self.said, text=True)
        ports = [self.process.stdout.readline().rsplit(":", 1)[-1].strip() for _ in range(2)]
        self.plain, self.port = map(int, ports)
        self.at = json.loads(self.ask("/tls/hosts"))

    def ask(self, path, method="GET"):
        url = "http://localhost:%d%s" % (self.plain, path)
        wanted = urllib.request.Request(url, method=method)
        with urllib.request.urlopen(wanted, timeout=LIMIT) as answer:
            return answer.read()

    def notes(self):
        return json.loads(self.ask("/tls/impostor"))

    def stop(self):
        """Its status, and what it said on standard error."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
        with self.said:
            self.said.seek(0)
            return self.process.returncode, self.said.read()


def program(*words):
    return run(PROGRAM, *words)


def curl(*words):
    return run("curl", "-sS", "--noproxy", "*", "--max-time", str(LIMIT), *words)


def python(url, **more):
    """What requests gives: an answer's text and ""; or "" and why not."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            return session.get(url, timeout=LIMIT, **more).text, ""
        except requests.exceptions.SSLError as why:
            return "", str(why)


def python_ssl(port, name, crl=None, version=None, client=None):
    """The same with the module ssl, and another name in the handshake."""
    trust = ssl.create_default_context(cafile=OURS)
    if crl:
        trust.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
        trust.load_verify_locations(crl)
    if version:
        trust.set_ciphers("ALL:@SECLEVEL=0")
        trust.minimum_version = trust.maximum_version = version
    if client:
        trust.load_cert_chain(*client)
    try:
        with socket.create_connection(("127.0.0.1", port), LIMIT) as plain, \
                trust.wrap_socket(plain, server_hostname=name) as secret:
            return secret.getpeercert(), ""
    except ssl.SSLError as why:
        return None, str(why)


# ---- certificates -----------------------------------------------------------------------------

def judged(status, out, err, reason):
    """Whether a program refused for this reason, with nothing on standard output; or did not."""
    return status == 0 and '"version"' in out if reason == "" else \
        status != 0 and reason in err and out == ""


def each_host(tap, server):
    tap.ok(sorted(server.at) == sorted(NAMES) and server.at["good"] == server.port,
           "the nine hosts are there", server.at)
    for name in NAMES:
        ours, openssl, theirs = REASONS[name]
        for where in ("https://%s.localhost:%d/tls" % (name, server.port),
                      "https://localhost:%d/tls" % server.at[name]):
            said = program("--trust", OURS, where)
            tap.ok(judged(*said, ours) and said[0] in (0, 1), "4.12: %s" % where.split(":")[1][2:] +
                   ("" if name in where else ", " + name), said)
            said = curl("--cacert", OURS, where)
            tap.ok(judged(*said, openssl), "curl: %s" % name, said)
        said = python("https://localhost:%d/tls" % server.at[name], verify=OURS)
        tap.ok(('"version"' in said[0]) == (theirs == "") and theirs in said[1],
               "requests: %s" % name, said)
        if name != "client":  # TLS 1.3 tells behind the handshake
            said = python_ssl(server.port, name + ".localhost")
            tap.ok((said[0] is not None) == (theirs == "") and
                   (name == "wrong-host" and "mismatch" in said[1] or theirs in said[1]),
                   "ssl: %s" % name, said)
    good = "https://good.localhost:%d/tls" % server.port
    said = program(good)
    tap.ok(judged(*said, "nobody who is trusted signed it"), "4.12 trusts the system's alone", said)
    said = program("--trust", str(AUTHORITY / "clients.pem"), good)
    tap.ok(judged(*said, "nobody who is trusted signed it"), "4.12 trusts whom it is told", said)
    said = program("--trust", "/none", good)
    tap.ok(said[0] == 1 and "SSLError" in said[2], "4.12 without the file", said)


def names(tap, server):
    for port in server.at.values():
        certificate = python_ssl(port, "good.localhost")[0]
        tap.ok(certificate and ("DNS", "good.localhost") in certificate["subjectAltName"],
               "the name decides, at port %d of nine" % (port - server.port), certificate)
    certificate = python_ssl(server.at["good"], "GOOD.localhost")
    tap.ok(certificate[0] is not None, "in either case", certificate)
    said = python_ssl(server.at["expired"], "unknown.localhost")
    tap.ok("expired" in said[1] or "mismatch" in said[1], "another name: the port decides", said)


def revoked(tap, server):
    crl = str(AUTHORITY / "revoked.crl")
    for name, reason in (("revoked", "its authority has called it back"), ("good", "")):
        url = "https://%s.localhost:%d/tls" % (name, server.port)
        said = program("--trust", OURS, "--revoked", crl, url)
        tap.ok(judged(*said, reason), "4.12 with the list: %s" % name, said)
        said = curl("--cacert", OURS, "--crlfile", crl, url)
        tap.ok(judged(*said, reason and "revoked"), "curl with the list: %s" % name, said)
        said = python_ssl(server.port, name + ".localhost", crl)
        tap.ok((said[0] is None) == ("revoked" in said[1]) == (name == "revoked"),
               "ssl with the list: %s" % name, said)
    url = "https://good.localhost:%d/tls" % server.port
    said = program("--trust", OURS, "--staple", url)
    tap.ok(judged(*said, "No OCSP response"), "4.12 demands a stapled answer", said)
    said = curl("--cacert", OURS, "--cert-status", url)
    tap.ok(said[0] == 91, "curl, too", said)


def clients(tap, server):
    url = "https://client.localhost:%d/tls" % server.port
    for pair, reason in ((CLIENT, ""), (STRANGER, "alert")):
        who = "the client's certificate" if reason == "" else "a stranger's"
        said = program("--trust", OURS, "--cert", pair[0], "--key", pair[1], url)
        tap.ok(judged(*said, reason), "4.12 shows %s" % who, said)
        said = curl("--cacert", OURS, "--cert", pair[0], "--key", pair[1], url)
        tap.ok(judged(*said, reason), "curl shows %s" % who, said)
        said = python("https://localhost:%d/tls" % server.at["client"], verify=OURS, cert=pair)
        tap.ok((said[1] == "") == (reason == "") and ("Ann" in said[0]) == (reason == ""),
               "requests shows %s" % who, said)
    said = program("--trust", OURS, "--cert", CLIENT[0], "--key", STRANGER[1], url)
    tap.ok(said[0] == 1 and "private key" in said[2], "4.12 with a key of another", said)


def pins(tap, server):
    good = AUTHORITY / "good.pin"
    key = subprocess.check_output(["openssl", "x509", "-in", str(AUTHORITY / "hosts/good.pem"),
                                   "-noout", "-pubkey"])
    der = subprocess.check_output(["openssl", "pkey", "-pubin", "-outform", "der"], input=key)
    digest = subprocess.check_output(["openssl", "dgst", "-sha256", "-binary"], input=der)
    text = subprocess.check_output(["openssl", "base64"], input=digest).decode()
    tap.ok(good.read_text() == "sha256//" + text, "good.pin is its key's hash", text)
    url = "https://good.localhost:%d/tls" % server.port
    for file, reason in ((good, ""), (AUTHORITY / "localhost.pin", "does not match pinned")):
        pin = file.read_text().strip()
        said = program("--trust", OURS, "--pin", pin, url)
        tap.ok(judged(*said, reason), "4.12 with %s" % file.name, said)
        said = program("--insecure", "--pin", pin, url)
        tap.ok(judged(*said, reason), "unverified, a pin still holds: %s" % file.name, said)
        said = curl("--cacert", OURS, "--pinnedpubkey", pin, url)
        tap.ok(judged(*said, reason), "curl with %s" % file.name, said)
    tap.ok(not list(AUTHORITY.glob("**/*authority*.key")) and
           not list(AUTHORITY.glob("**/clients.key")), "the authorities' keys are gone")


def old_versions(tap, server):
    said = python_ssl(server.port, "good.localhost", version=ssl.TLSVersion.TLSv1_1)
    tap.ok(said[0] is None, "the testbed does not speak TLS 1.1", said)
    said = python_ssl(server.port, "good.localhost", version=ssl.TLSVersion.TLSv1_2)
    tap.ok(said[0] is not None, "it speaks TLS 1.2", said)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*STRANGER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = "https://127.0.0.1:%d/" % listener.getsockname()[1]
        with subprocess.Popen([PROGRAM, "--trust", OURS, url], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as process:
            listener.settimeout(LIMIT)
            peer, _ = listener.accept()
            with peer, contextlib.suppress(ssl.SSLError, OSError):
                context.wrap_socket(peer, server_side=True)
            out, err = process.communicate(timeout=LIMIT)
    tap.ok(process.returncode == 1 and "SSLError" in err and out == "",
           "nor does 4.12", (out, err))


# ---- the impostor -----------------------------------------------------------------------------

def impostor(tap, server):
    url = "https://impostor.localhost:%d" % server.port
    mail = url + "/basic-auth/ann/tulip"
    said = program("--trust", OURS, "--login", "ann:tulip", mail)
    curl("--cacert", OURS, "-u", "ann:tulip", mail)
    python("https://localhost:%d/" % server.at["impostor"], verify=OURS, auth=("ann", "tulip"))
    tap.ok(said[0] == 1 and server.notes() == [], "who verifies tells nothing", server.notes())
    said = program("--insecure", "--login", "ann:tulip", mail)
    tap.ok(said[0] == 0 and '"authenticated": true' in said[1] and
           [one.get("password") for one in server.notes()] == ["ann:tulip"],
           "4.12 unverified: the password arrives", (said, server.notes()))
    tap.ok(server.ask("/tls/impostor", "DELETE") and server.notes() == [], "it forgets when told")
    curl("-k", "-b", "id=1", "-d", "user=ann&password=tulip", url + "/login")
    tap.ok(server.notes() == [{"method": "POST", "target": "/login", "cookie": "id=1",
                               "body": "user=ann&password=tulip"}],
           "curl -k: a form and a cookie", server.notes())
    said = python("https://localhost:%d/x" % server.at["impostor"], verify=False,
                  headers={"Authorization": "Bearer abc"})
    tap.ok("authenticated" in said[0] and server.notes()[-1]["authorization"] == "Bearer abc",
           "requests with verify=False: a token", said)
    for _ in range(40):
        curl("-k", url + "/")
    tap.ok(len(server.notes()) == 32, "it keeps the last 32", len(server.notes()))
    said = curl("-k", "-o", "/dev/null", "-w", "%{http_code}", "-d", "x" * 70000, url + "/")
    tap.ok(said[1] == "413", "no more than 64 KiB of a body", said)


# ---- rude peers -------------------------------------------------------------------------------

def hello(port):
    """The first record that a client sends."""
    out = ssl.MemoryBIO()
    trust = ssl.create_default_context(cafile=OURS)
    talk = trust.wrap_bio(ssl.MemoryBIO(), out, server_hostname="good.localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        talk.do_handshake()
    return out.read()


def rude(tap, server):
    first = hello(server.port)
    held = []
    for port in server.at.values():
        for what in (b"", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", first[:5], first[:-1],
                     first, first + first, b"\x16\x03\x01\xff\xff" * 99,
                     b"\x15\x03\x03\x00\x02\x02\x2a"):
            peer = socket.create_connection(("127.0.0.1", port), LIMIT)
            peer.sendall(what)
            held.append(peer)
            peer = socket.create_connection(("127.0.0.1", port), LIMIT)
            peer.sendall(what)
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.close()
    plain = socket.create_connection(("127.0.0.1", server.port), LIMIT)
    plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
    answer = b""
    with plain, contextlib.suppress(ConnectionError):  # one that does not end raises TimeoutError
        while more := plain.recv(100):
            answer += more
    tap.ok(answer == b"" or answer[:1] == b"\x15", "plain text gets an end, and no page", answer)
    begin = time.monotonic()
    wrong = [said for port in server.at.values() for said in
             [program("--trust", OURS, "https://good.localhost:%d/tls" % port)] if said[0] != 0]
    tap.ok(not wrong and time.monotonic() - begin < LIMIT / 2,
           "%d handshakes that stall hold nobody up" % len(held), wrong)
    return held


def command_line(tap, testbed):
    with tempfile.TemporaryDirectory() as empty:
        said = [run(testbed, *words)[0] for words in (
            ("0", "--tls-hosts", str(AUTHORITY)), ("0", "--tls-hosts", str(AUTHORITY), "65528"),
            ("0", "--tls-hosts", empty, "0"), ("0", "--tls-hosts", "/none", "x"))]
    tap.ok(said == [2, 2, 1, 2], "a wrong command line", said)
    said = [run(PROGRAM, *words)[0] for words in (
        ("--cert", "x"), ("--key", "x"), ("--pin",), ("a", "b"), ("--none",))]
    tap.ok(said == [2, 2, 2, 2, 2], "a wrong command line of 4.12", said)


def main():
    tap = Tap()
    warnings.simplefilter("ignore")  # of TLS 1.1, and of verify=False
    os.chdir(ROOT)
    subprocess.run(["make", "-s", "build/authority/localhost.pem",
                    "build/04_requests/12_tls_verification"], check=True)
    with tempfile.TemporaryDirectory() as folder:
        testbed = build(tap, folder)
        if testbed is None:
            return tap.done()
        server = Server(testbed)
        held = []
        for test in (each_host, names, revoked, clients, pins, old_versions, impostor):
            test(tap, server)
        held = rude(tap, server)
        status, said = server.stop()
        tap.ok(status == 0 and said == "", "it ends in order, and clean", (status, said))
        for peer in held:
            peer.close()
        command_line(tap, testbed)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
