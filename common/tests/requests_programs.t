#!/usr/bin/python3 -B
"""Chapter 4's programs, sanitized: beside the testbed by default, without it, and with a URL that
nobody answers. None leaves a handle, a list or a buffer behind, and its exit status tells.

They run in a network namespace of their own, where the ports that they ask by default are free.
"""
import concurrent.futures
import http.server
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from tap import Tap, run

ROOT = Path(__file__).resolve().parents[2]
AUTHORITY = ROOT / "build/authority"
NOBODY = "http://localhost:1/"
LIMIT = 60  # seconds: how long a machine may be slow before a test gives up

# What each is given with the testbed at its default ports, and where nobody listens. None: not
# tried.
PROGRAMS = {
    "00_errors": ([], [NOBODY]),
    "01_get": ([], [NOBODY]),
    "02_params_and_headers": ([], None),
    "03_methods": (["POST"], ["POST", NOBODY]),
    "04_json": ([], None),
    "05_session": ([], None),
    "06_cookies": ([], None),
    "07_basic_and_digest_auth": (["digest", "user:secret",
                                  "http://localhost:10000/digest-auth/auth/user/secret"],
                                 ["basic", "user:secret", NOBODY]),
    "08_oauth1": (["GET", "http://localhost:10000/get"], ["GET", NOBODY]),
    "10_upload": (["http://localhost:10000/post", "FILE"], [NOBODY, "FILE"]),
    "11_download": (["http://localhost:10000/file/100000", "copy"], [NOBODY, "other"]),
    "12_tls_verification": (None, ["https://localhost:1/"]),
    "13_proxies": ([], [NOBODY]),
    "14_redirects_timeouts_retries": ([], ["--base", "1", NOBODY]),
    "15_encodings": ([], [NOBODY]),
    "16_hooks": ([], [NOBODY]),
    "17_requests_layer": ([], None),
    "18_rest_client": (["--cache", "items.json"], None),
    "19_api_tests": (None, [NOBODY]),
    "20_scraper": (["--links"], None),
    "21_service_call": ([], None),
}


def build(folder):
    """All programs with sanitizers; what the compilers said."""
    includes = ["-I" + str(ROOT / name) for name in
                ("common", "02_http", "03_urllib", "04_requests")]
    flags = ["-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", *includes]
    modules = [*sorted(ROOT.glob("04_requests/requests/*.c")),
               *sorted(ROOT.glob("03_urllib/urllib/*.c")), *sorted(ROOT.glob("02_http/http/*.c")),
               *sorted(ROOT.glob("common/core/*.c"))]

    def compile_one(pair):
        number, source = pair
        return run("gcc", "-std=c11", "-D_GNU_SOURCE", *flags, "-c", str(source), "-o",
                   str(folder / ("%d.o" % number)))

    def link(name):
        return run("gcc", "-std=c11", "-D_POSIX_C_SOURCE=200809L", *flags,
                   str(ROOT / "04_requests" / (name + ".c")), "-o", str(folder / name),
                   str(folder / "all.a"), "-lcurl", "-lssl", "-lcrypto", "-ljansson", "-lpsl",
                   "-lgumbo", "-pthread")

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        said = list(pool.map(compile_one, enumerate(modules)))
        said.append(run("ar", "rcs", str(folder / "all.a"),
                        *[str(folder / ("%d.o" % n)) for n in range(len(modules))]))
        said += pool.map(link, PROGRAMS)
    return "\n".join(one[2] for one in said if one[0] != 0)


def call(folder, name, arguments):
    arguments = [str(folder / "FILE") if one == "FILE" else one for one in arguments]
    known = {**os.environ, "OAUTH_KEY": "me", "OAUTH_SECRET": "mine"}
    return run(folder / name, *arguments, cwd=folder, env=known, timeout=LIMIT)[::2]


def try_limits(tap, folder):
    """4.14, beside the testbed: what it must not repeat, and when it must end."""
    base = "http://localhost:10000"
    status, out, said = run(folder / "14_redirects_timeouts_retries", "--method", "POST", "--base",
                            "1", base + "/redirect-to?status_code=303&url=" + NOBODY,
                            timeout=LIMIT)
    tap.ok(status == 1 and out.count("try ") == 1, "4.14: a POST that led to a dead server is not "
           "made again", out + said)
    status, out, said = run(folder / "14_redirects_timeouts_retries", "--total", "9000",
                            "--budget", "200", base + "/delay/9", timeout=LIMIT)
    took = re.search(r"after (\d+) milliseconds", out)
    tap.ok(status == 1 and took and int(took[1]) < 8000, "4.14: no try outlasts the budget",
           out + said)


class Site(http.server.BaseHTTPRequestHandler):
    """A site for 4.20: texts that are orders to a terminal, and redirects to where none may go."""
    asked = []
    rules = b"User-agent: *\nDisallow: /private\n"
    page = ("<table><tr><td>a&#27;[2Jb&#x9d;c</table>"
            '<a href="x&#27;[2Jy\u009dz">link</a>').encode()

    def do_GET(self):
        self.asked.append(self.headers["Host"] + self.path)
        place = {"/to-private": "/private", "/away": "http://127.0.0.1:%d/there" %
                 self.server.server_port}.get(self.path)
        body = self.rules if self.path == "/robots.txt" else self.page
        self.send_response(200 if place is None else 302)
        if place is not None:
            self.send_header("Location", place)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def try_scraper(tap, folder):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = "http://localhost:%d" % server.server_port
    for words in (["20_scraper"], ["20_scraper", "--links"]):
        status, out, said = run(folder / words[0], *words[1:], base + "/", timeout=LIMIT)
        tap.ok(status == 0 and out and "\033" not in out and "\u009d" not in out,
               "4.20: %s: no orders to the terminal" % " ".join(words), ascii(out + said))
    for path, words in (("/to-private", "robots.txt does not allow it"),
                        ("/away", "robots.txt was not read")):
        status, out, said = run(folder / "20_scraper", base + path, timeout=LIMIT)
        tap.ok(status == 1 and not out and words in said and
               not any(one.endswith(("/private", "/there")) for one in Site.asked),
               "4.20: no redirect to %s" % path[1:], "%s%s%s" % (out, said, Site.asked))
    server.shutdown()
    server.server_close()


def try_all(tap, folder):
    said = build(folder)
    if not tap.ok(not said, "all are built for ASan and UBSan", said[-3000:]):
        return
    (folder / "FILE").write_text("some text\n" * 1000)
    testbed = subprocess.Popen([ROOT / "build/testbed", "10000", "--tls",
                                AUTHORITY / "localhost.pem", AUTHORITY / "localhost.key", "10001"],
                               stdout=subprocess.PIPE, text=True)
    try:
        for _ in range(2):
            testbed.stdout.readline()
        for name, (here, nowhere) in PROGRAMS.items():
            if here is not None:
                tap.ok(call(folder, name, here) == (0, ""), "%s with the testbed" % name,
                       call(folder, name, here)[1][-2000:])
            if nowhere is not None:
                status, said = call(folder, name, nowhere)
                tap.ok(status == 1 and "ERROR" not in said and "runtime error" not in said,
                       "%s where nobody answers" % name, "%d\n%s" % (status, said[-2000:]))
        try_limits(tap, folder)
    finally:
        testbed.terminate()
        testbed.communicate(timeout=LIMIT)
    try_scraper(tap, folder)
    for name, (here, _) in PROGRAMS.items():
        if here == [] and name not in ("00_errors", "21_service_call"):  # they ask nobody
            status, said = call(folder, name, [])
            tap.ok(status == 1 and said and "Sanitizer" not in said and
                   "runtime error" not in said, "%s without the testbed" % name,
                   "%d\n%s" % (status, said[-2000:]))


def main():
    tap = Tap()
    if len(sys.argv) == 1:
        if run("unshare", "-rn", "ip", "link", "set", "lo", "up")[0] == 0:
            os.execvp("unshare", ["unshare", "-rn", "sh", "-c", 'ip link set lo up && exec "$@"',
                                  "sh", sys.executable, "-B", __file__, "inside"])
        tap.ok(os.environ.get("CI") != "true" or shutil.which("unshare") is None,
               "programs # SKIP no network namespace here: their ports may be taken")
        return tap.done()
    names = {path.stem for path in ROOT.glob("04_requests/[0-9]*.c")}
    tap.ok(names - set(PROGRAMS) <= {"09_oauth2"}, "every program is tried (4.09 in oauth.t)",
           names - set(PROGRAMS))
    with tempfile.TemporaryDirectory() as folder:
        try_all(tap, Path(folder))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
