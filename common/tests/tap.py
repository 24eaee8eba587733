"""TAP, as prove reads it, for the tests that are written in Python."""
import os
import signal
import subprocess

# Under `make test` the variables of that make would reach every make that a test runs.
for _name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
    os.environ.pop(_name, None)
# A shell lets what it starts in the background ignore Ctrl-C, which some tests send.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Tap:
    """Counts; done() prints the plan and is what the test exits with."""

    def __init__(self):
        self.count = self.failed = 0

    def ok(self, passed, name, detail=""):
        self.count += 1
        self.failed += not passed
        print("%s %d - %s" % ("ok" if passed else "not ok", self.count, name), flush=True)
        if not passed and detail:
            print("\n".join("# " + line for line in str(detail).splitlines()), flush=True)
        return passed

    def done(self):
        print("1..%d" % self.count)
        return 1 if self.failed else 0


def run(*command, **more):
    """Runs a command; its exit status, standard output and standard error."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          errors="replace", check=False, **more)
    return done.returncode, done.stdout, done.stderr
