#!/usr/bin/python3 -B
"""common/setup.sh: what it says, when it asks, what it runs.

apt-get, sudo and id are stand-ins here, in a PATH of their own; common/tests/fresh_machine.sh tries
the real ones.
"""
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tap import Tap

ROOT = Path(__file__).resolve().parents[2]
REAL = ("sh getent tee mktemp grep head sed tr rm cp cat env ls gcc make addr2line pkg-config "
        "prove clang clang-tidy clang-format curl git strace tcpdump nc ss gdb chromium sim_c "
        "bwrap openssl uname parallel shellcheck jq wrk tinyproxy microsocks dot patch").split()
REAL += ["linux.uml"] if os.uname().machine == "x86_64" else []
LIBRARIES = ("libjansson-dev libuv1-dev libmd4c-dev libmd4c-html0-dev libarchive-dev "
             "libssl-dev libpsl-dev libgumbo-dev libcurl4-openssl-dev zlib1g-dev libbrotli-dev "
             "libseccomp-dev")
INSTALL = "apt-get -o DPkg::Lock::Timeout=120 install --yes --no-install-recommends " + LIBRARIES
UPDATE = "apt-get -o DPkg::Lock::Timeout=120 update"


class Machine:
    """A machine that lacks the libraries until its apt-get brings them."""

    def __init__(self, folder, *, user="0", apt="cp \"$MODULES\"/*.pc \"$PKG_CONFIG_LIBDIR\"",
                 sudo=True):
        self.bin, self.pc, self.calls = folder / "bin", folder / "pc", folder / "calls"
        shutil.rmtree(folder, ignore_errors=True)
        self.bin.mkdir(parents=True)
        self.pc.mkdir()
        self.calls.touch()
        for name in REAL:
            (self.bin / name).symlink_to(shutil.which(name))
        self.tool("id", "echo " + user)
        if apt is not None:
            self.tool("apt-get", "echo \"apt-get $*\" >>'%s'\n%s" % (self.calls, apt))
        if sudo:
            self.tool("sudo", "echo \"sudo ${1##*/}\" >>'%s'\nexec \"$@\"" % self.calls)
        modules = subprocess.run(["pkg-config", "--variable=pcfiledir", "jansson"], check=True,
                                 capture_output=True, text=True).stdout.strip()
        self.wanted = folder / "modules"
        self.wanted.mkdir()
        for file in Path(modules).glob("*.pc"):
            shutil.copy(file, self.wanted)

    def tool(self, name, text):
        (self.bin / name).write_text("#!/bin/sh\n%s\n" % text)
        (self.bin / name).chmod(0o755)

    def setup(self, *words, typed=None):
        """Runs setup.sh, on a terminal if something is typed. Returns status, output, calls."""
        self.calls.write_text("")
        environment = {"PATH": str(self.bin), "PKG_CONFIG_LIBDIR": str(self.pc),
                       "MODULES": str(self.wanted)}
        terminal, stdin = os.openpty() if typed is not None else (None, subprocess.DEVNULL)
        if typed is not None:
            os.write(terminal, typed.encode())
        done = subprocess.run(["sh", str(ROOT / "common/setup.sh"), *words], stdin=stdin, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment,
                              check=False)
        if typed is not None:
            os.close(terminal)
            os.close(stdin)
        return done.returncode, done.stdout, self.calls.read_text().splitlines()


def as_root(tap, folder):
    machine = Machine(folder)
    status, said, calls = machine.setup()
    tap.ok(status == 0 and calls == [INSTALL] and "libuv1-dev       event loop" in said and
           said.endswith("Done.\n"), "root: installed without a question and without sudo",
           (status, said, calls))
    status, said, calls = machine.setup()
    tap.ok(status == 0 and not calls and said == "Every package that is needed is here.\n",
           "when all is there nothing is run", (status, said, calls))

    machine = Machine(folder, apt="grep -q update '%s' || { echo 'E: Unable to locate package'; "
                      "exit 100; }\ncp \"$MODULES\"/*.pc \"$PKG_CONFIG_LIBDIR\""
                      % (folder / "calls"))
    status, said, calls = machine.setup()
    tap.ok(status == 0 and calls == [INSTALL, UPDATE, INSTALL],
           "package lists are fetched when they are needed", (status, said, calls))

    machine = Machine(folder, apt="echo 'E: No space left'; exit 100")
    status, said, calls = machine.setup()
    last = said.splitlines()[-1]
    tap.ok(status == 1 and last == "The packages could not be installed; apt-get says: E: No space"
           " left", "a failing apt-get is one sentence", (status, said, calls))

    machine = Machine(folder, apt="true")
    status, said, calls = machine.setup()
    tap.ok(status == 1 and last == "The packages could not be installed; apt-get says: E: No "
           "space left", "a failing apt-get is one sentence", (status, said, calls))


def as_user(tap, folder):
    machine = Machine(folder, user="1000")
    status, said, calls = machine.setup()
    tap.ok(status == 1 and not calls and said.endswith(
        "Run: sudo sh -c \"apt-get install --no-install-recommends %s\"\n" % LIBRARIES),
        "user without a terminal: the command is said, nothing is run", (status, said, calls))
    status, said, calls = machine.setup(typed="n\n")
    tap.ok(status == 1 and not calls and said.endswith("Nothing was changed.\n"),
           "user who says no: nothing is run", (status, said, calls))
    status, said, calls = machine.setup(typed="\4")
    tap.ok(status == 1 and not calls, "user who ends the input: nothing is run",
           (status, said, calls))
    status, said, calls = machine.setup(typed="\n")
    tap.ok(status == 0 and calls == ["sudo env", INSTALL] and "Do it now?" in said,
           "user who presses Enter: installed by sudo", (status, said, calls))
    machine = Machine(folder, user="1000")
    status, said, calls = machine.setup("--yes")
    tap.ok(status == 0 and calls == ["sudo env", INSTALL] and "now?" not in said,
           "--yes asks nothing", (status, said, calls))
    machine = Machine(folder, user="1000", sudo=False)
    status, said, calls = machine.setup()
    tap.ok(status == 1 and not calls and "There is no sudo here. Run as root: apt-get install" in
           said, "user without sudo: what root must run", (status, said, calls))


def elsewhere(tap, folder):
    machine = Machine(folder, apt=None)
    status, said, _ = machine.setup()
    tap.ok(status == 1 and "libmd4c-dev" in said and "this system has no apt-get" in said,
           "without apt-get the packages are named", (status, said))
    shutil.copytree(machine.wanted, machine.pc, dirs_exist_ok=True)
    status, said, _ = machine.setup("--test")
    tap.ok(status == 0, "and nothing is asked for when all is there", (status, said))
    (machine.bin / "clang-tidy").unlink()
    status, said, _ = machine.setup("--test")
    tap.ok(status == 1 and "  clang-tidy       " in said, "--test looks for the tests' tools too",
           (status, said))
    status, said, _ = machine.setup()
    tap.ok(status == 0, "which a learner does not need", (status, said))
    status, said, _ = machine.setup("--tset")
    tap.ok(status == 2 and said.startswith("usage:"), "an unknown option is a usage error", said)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "machine"
        as_root(tap, folder)
        as_user(tap, folder)
        elsewhere(tap, folder)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
