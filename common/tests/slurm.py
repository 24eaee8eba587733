"""A Slurm cluster of one node: on 127.0.0.1, its files in one folder, and gone afterwards."""
import os
import pwd
import shutil
import socket
import subprocess
import time

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch")
PACKAGES = "slurmctld slurmd munge"

# No control groups and no plugin that a container may refuse: what is tested is how jobs depend.
CONFIGURATION = """ClusterName=loopback
SlurmctldHost={host}(127.0.0.1)
NodeName=node NodeAddr=127.0.0.1 CPUs=2
PartitionName=all Nodes=node Default=YES
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser={user}
SlurmdUser={user}
AuthInfo=socket={folder}/munge.socket
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/builtin
MailProg=/bin/true
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
"""


def missing():
    """The first program of Slurm that is not here, or None."""
    return next((name for name in PROGRAMS if not program(name)), None)


def program(name):
    """Where it is. A user's PATH does not lead to the daemons."""
    return shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


def free_ports(count):
    """Ports that were free a moment ago."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def until(what, condition, seconds=300):
    """Waits until condition() is true. Slurm announces nothing, so it is asked again and again."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("not within %d s: %s" % (seconds, what))
        time.sleep(0.05)


class Slurm:
    """Started on entry and ended on exit, by their process ids, what is still running included."""

    def __init__(self, folder):
        self.folder, self.daemons = folder, []
        self.user = pwd.getpwuid(os.getuid()).pw_name
        folder.mkdir()
        (folder / "state").mkdir()
        (folder / "spool").mkdir()
        (folder / "munge.key").write_bytes(os.urandom(128))
        (folder / "munge.key").chmod(0o600)
        self.mark = "SLURM_CONF=%s/slurm.conf" % folder
        self.environment = {**os.environ, "SLURM_CONF": "%s/slurm.conf" % folder}
        (folder / "slurm.conf").write_text(CONFIGURATION.format(
            folder=folder, host=socket.gethostname(), user=self.user, ports=free_ports(2)))

    def start(self, name, *words):
        with open(self.folder / (name + ".log"), "wb") as log:
            self.daemons.append(subprocess.Popen(
                [program(name), *words], env=self.environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT))

    def ask(self, *words):
        """What a command of Slurm prints; nothing where it fails."""
        for daemon in self.daemons:
            if daemon.poll() is not None:
                raise RuntimeError("%s has ended:\n%s" % (daemon.args[0], self.logs()))
        return subprocess.run(words, env=self.environment, stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, check=False).stdout.strip()

    def state(self, job):
        """The states of a job's tasks, a set: PENDING, RUNNING, COMPLETED, FAILED …"""
        return set(self.ask("squeue", "--noheader", "--states=all", "--jobs", job, "--format=%T")
                   .split())

    def ended(self, job):
        """Waits for the end of a job, and returns its states."""
        until("the end of job " + job,
              lambda: not self.state(job) & {"PENDING", "RUNNING", "COMPLETING"})
        return self.state(job)

    def logs(self):
        return "\n".join("%s: %s" % (log.name, log.read_text(errors="replace"))
                         for log in sorted(self.folder.glob("*.log")))

    def __enter__(self):
        try:
            self.start("munged", "--foreground", "--force", *(
                "--%s=%s/munge.%s" % (option, self.folder, file) for option, file in (
                    ("key-file", "key"), ("socket", "socket"), ("pid-file", "pid"),
                    ("log-file", "log"), ("seed-file", "seed"))))
            until("munge's socket", (self.folder / "munge.socket").exists)
            self.start("slurmctld", "-D", "-c")
            until("slurmctld", lambda: "is UP" in self.ask("scontrol", "ping"))
            self.start("slurmd", "-D", "-N", "node")
            until("slurmd", lambda: self.ask("sinfo", "--noheader", "--format=%T") == "idle")
        except BaseException:
            self.end()
            raise
        return self

    def end(self):
        for daemon in reversed(self.daemons):
            daemon.terminate()
        for daemon in self.daemons:
            daemon.wait()

    def __exit__(self, *_):
        try:
            self.ask("scancel", "--user", self.user)
            until("the end of all jobs", lambda: self.ask("squeue", "--noheader") == "")
        finally:
            self.end()
