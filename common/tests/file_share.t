#!/usr/bin/python3 -B
"""Exercise 1.11: programs written independently share files, each in both roles, by the protocol
alone; and the SHA-256 that is given agrees with hashlib."""
import hashlib
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from tap import Tap, run

ROOT = Path(__file__).resolve().parents[2]
GIVEN = ROOT / "exercises/01_socket/11_file_share"
ANSWERS = ROOT / "solutions/01_socket/11_file_share"
GROUP = "239.255.1.111"
DIGESTS = """
#include <stdio.h>

#include "sha256.h"

int main(void)
{
    static unsigned char bytes[300];
    char hex[SHA256_HEX + 1];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(7 * i);
    for (size_t n = 0; n <= sizeof bytes; n++) {
        sha256_hex(bytes, n, hex);
        puts(hex);
    }
    return 0;
}
"""


def build(source, program):
    status, out, err = run("gcc", "@build/student.flags", "-iquote", str(GIVEN), str(source), "-o",
                           str(program), cwd=ROOT)
    if status != 0:
        raise RuntimeError(out + err)
    return program


def see_digests(tap, folder):
    source = folder / "digests.c"
    source.write_text(DIGESTS)
    _, out, err = run(str(build(source, folder / "digests")))
    content = bytes(7 * i % 256 for i in range(300))
    wanted = "".join(hashlib.sha256(content[:n]).hexdigest() + "\n" for n in range(301))
    tap.ok(out == wanted, "sha256.h agrees with hashlib for 0 to 300 bytes", err or out)


class Sharing:
    """Programs that have a file, until the end of the block."""

    def __init__(self, port, path, programs):
        self.started = [subprocess.Popen([str(p), "have", GROUP, port, str(path)], text=True,
                                         stdout=subprocess.PIPE) for p in programs]
        self.ids = [p.stdout.readline().split(" ")[1] for p in self.started]
        self.listening = [p.stdout.readline() for p in self.started]
        self.statuses = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for program in self.started:
            program.terminate()
            program.stdout.close()
            self.statuses.append(program.wait(10))


def fetch(program, port, name, folder):
    """Exit status and all that the program printed; it runs in folder."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run([str(program), "want", GROUP, port, name, "5000"], cwd=folder,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60,
                          check=False)
    return done.returncode, done.stdout


def see_pair(tap, folder, port, names, wants):
    """All of names have the file, wants wants it."""
    rng = random.Random(len(names))
    content = rng.randbytes(300000 + rng.randrange(20000))
    path = folder / "blob.bin"
    path.write_bytes(content)
    what = "%s from %s" % (wants.name, " and ".join(p.name for p in names))
    with Sharing(port, path, names) as sharing:
        tap.ok(len(set(sharing.ids)) == 1, what + ": one ID for one file", sharing.ids)
        received = folder / ("by_" + wants.name)
        status, said = fetch(wants, port, sharing.ids[0], received)
        got = received / "blob.bin"
        good = status == 0 and said == "saved blob.bin\n" and got.read_bytes() == content
        tap.ok(good, what + ": the file", "exit status %d, %s" % (status, said))
        tap.ok(os.listdir(received) == ["blob.bin"], what + ": and nothing else",
               os.listdir(received))
        status, said = fetch(wants, port, sharing.ids[0], received)
        tap.ok(status == 0, what + ": once more, in place of the first", said)
    tap.ok(set(sharing.statuses) == {0}, what + ": SIGTERM ends those who have it",
           sharing.statuses)


def main():
    tap = Tap()
    if not ANSWERS.exists():
        print("1..0 # SKIP a handout without solutions")
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        see_digests(tap, folder)
        programs = [build(source, folder / source.stem) for source in
                    [ANSWERS / "file_share.c", *sorted(ANSWERS.glob("other/*.c"))]]
        tap.ok(len(programs) > 1, "there is another answer to share with", programs)
        port = "71%02d" % (os.getpid() % 90 + 10)  # nobody else may share it meanwhile
        for one in programs:
            for other in programs:
                if one != other:
                    see_pair(tap, folder, port, [one], other)
                    see_pair(tap, folder, port, [one, other], one)
                    see_pair(tap, folder, port, [one, one, other], other)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
