#!/usr/bin/python3 -B
"""
Control groups on systems other than this one. build/tests/unit_group.t runs on Linux kernels that
are started for it as programs (user-mode-linux), with the files of this machine and control groups
of their own: version 1 and version 2, of root's, of a user's, in a container, and none.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tap import Tap

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = (ROOT / "build/tests/unit_group.t", ROOT / "build/tests/box/power_off")
MEMORY = 256  # MiB that such a machine has

SETUP = """
set -u
export PATH="${0%/*}:$PATH"
mount -t proc proc /proc
mount -t sysfs sysfs /sys

# Says which system is tried, runs a command on it and says how that ended.
try() {
    echo "@ $1"
    shift
    "$@" 2>&1
    echo "@@ $?"
}

# Makes a group at $1 in version 2, whose own groups may limit memory and tasks.
share() {
    mkdir -p "$cgroup/$1"
    echo '+memory +pids' >"$cgroup/$1/cgroup.subtree_control"
}

# Gives the group $1 to user 1000, as systemd does.
give() {
    chown 1000:1000 "$cgroup/$1" "$cgroup/$1/cgroup.procs" "$cgroup/$1/cgroup.subtree_control" \\
        "$cgroup/$1/cgroup.threads"
}

# Runs a command from within the group $1.
within() {
    mkdir -p "$cgroup/$1"
    sh -c 'echo 0 >"$1/cgroup.procs" && shift && "$@"' sh "$cgroup/$1" "${@:2}"
}

user='setpriv --reuid 1000 --regid 1000 --clear-groups'
export cgroup=/sys/fs/cgroup
"""

VERSION_2 = """
export BOX_GROUPS=v2
mount -t cgroup2 cgroup2 $cgroup
try 'root, in the root group' unit_group.t

share ''
share session
try "root, in a session's group" within session/shell unit_group.t

share manager
give manager
mkdir $cgroup/manager/shell
give manager/shell
try 'a user with a manager' within manager/shell $user unit_group.t

share scopes
mkdir $cgroup/scopes/scope
give scopes/scope
/usr/bin/python3 -c "import os; os.setxattr('$cgroup/scopes/scope', 'user.delegate', b'1')"
# Others are in a scope, too: here the shell, which sees itself brought back.
try 'a user with a scope' within scopes/scope \\
    $user sh -c 'unit_group.t && grep -qx 0::/scopes/scope /proc/self/cgroup'
# Root could go anywhere, and keeps to what it was given.
BOX_PLACE=$cgroup/scopes/scope try 'root, with a scope' within scopes/scope unit_group.t

try 'root, in a container' within container unshare --mount --cgroup sh -c \\
    'umount $cgroup && mount -t cgroup2 cgroup2 $cgroup && unit_group.t'

BOX_STARVE=1 try 'root, without memory' unit_group.t

export BOX_GROUPS='run it as root, or where systemd is'
try 'a user without groups' within session/user $user unit_group.t
export BOX_GROUPS='docker run'
try 'a container that may not write' unshare --mount sh -c \\
    'mount -o remount,bind,ro $cgroup && unit_group.t'
export BOX_GROUPS='no control groups are mounted'
umount $cgroup
try 'nothing mounted' unit_group.t
"""

VERSION_1 = """
export BOX_GROUPS=v1
mount -t tmpfs tmpfs $cgroup
mkdir $cgroup/memory $cgroup/pids
mount -t cgroup -o memory memory $cgroup/memory
mount -t cgroup -o pids pids $cgroup/pids
try 'root, version 1' unit_group.t
"""

VERSION_1_IN_ONE = """
export BOX_GROUPS=v1
mount -t cgroup -o memory,pids both $cgroup
try 'root, version 1 with one tree' unit_group.t
mkdir $cgroup/user
chown -R 1000:1000 $cgroup/user
echo $$ >$cgroup/user/cgroup.procs
try 'a user, version 1' $user unit_group.t
"""

WITHOUT = """
export BOX_GROUPS='boot it with cgroup_enable=memory'
mount -t cgroup2 cgroup2 $cgroup
try 'a kernel without a limit of memory' unit_group.t
"""


def boot(folder, name, script, *options):
    """Starts a machine that runs script and then ends."""
    init = folder / (name + ".sh")
    init.write_text("#!/bin/bash\n%s%s\nexec power_off\n" % (SETUP, script))
    init.chmod(0o755)
    return subprocess.Popen(
        ["linux.uml", "rootfstype=hostfs", "ro", "loglevel=1", "mem=%dM" % MEMORY, "con=null",
         "con0=null,fd:1", "umid=" + name, "uml_dir=" + str(folder), "init=" + str(init), *options],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace", cwd=folder, env={**os.environ, "TMPDIR": str(folder)})


def judge(tap, name, machine, script):
    try:
        said = machine.communicate(timeout=300)[0].replace("\r", "")
    except subprocess.TimeoutExpired:
        machine.kill()
        said = machine.communicate()[0]
    systems = re.findall(r"^(?:BOX_\w+=\S+ )?try (['\"])(.*?)\1", script, re.M)
    found = re.findall(r"^@ (.*)\n((?:.*\n)*?)@@ (\d+)$", said, re.M)
    tap.ok([system for system, _, _ in found] == [system for _, system in systems],
           "%s: each system was tried" % name, said)
    for system, lines, status in found:
        tap.ok(status == "0" and "not ok" not in lines and "\nok 1 " in "\n" + lines,
               system, lines + "exit " + status)


def main():
    tap = Tap()
    if shutil.which("linux.uml") is None:
        if os.environ.get("CI") == "true":
            tap.ok(False, "user-mode-linux is installed")
            return tap.done()
        print("1..0 # SKIP linux.uml is missing: sh common/setup.sh --test")
        return 0
    machines = (("v2", VERSION_2), ("v1", VERSION_1), ("v1-one", VERSION_1_IN_ONE),
                ("without", WITHOUT, "cgroup_disable=memory"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # there are other users on those machines
        for program in PROGRAMS:
            shutil.copy(program, folder)
        started = [boot(folder, *machine) for machine in machines]
        for machine, process in zip(machines, started):
            judge(tap, machine[0], process, machine[1])
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
