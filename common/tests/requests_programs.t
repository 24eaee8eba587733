#!/usr/bin/python3 -B
"""Chapter 4's programs, sanitized: beside the testbed by default, without it, and with a URL that
nobody answers. None leaves a handle, a list or a buffer behind, and its exit status tells.

They run in a network namespace of their own, where the ports that they ask by default are free.
"""
import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile
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
    finally:
        testbed.terminate()
        testbed.communicate(timeout=LIMIT)
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
