"""A program on a pseudo-terminal, and the screen that a person would see: for tests of what is
interactive. Nothing here waits for a time to pass, but for a text, a process or an end."""
import errno
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

try:
    import pyte
except ImportError:
    if os.environ.get("CI") == "true":
        sys.exit("Bail out! python3-pyte is missing: sh common/setup.sh --test")
    print("1..0 # SKIP python3-pyte is missing: sh common/setup.sh --test")
    sys.exit(0)

from scratch import environment_of, processes_marked

LIMIT = 30  # seconds: how long a machine may be slow before a test gives up


class Lost(Exception):
    """What was awaited did not come."""


class Terminal:
    marks = 0

    def __init__(self, folder, *command, columns=80, rows=24, **environment):
        Terminal.marks += 1
        self.mark = "TERMINAL_TEST=%d.%d" % (os.getpid(), Terminal.marks)
        self.screen = pyte.HistoryScreen(columns, rows, history=5000)
        self.stream = pyte.ByteStream(self.screen)
        self.status, self.bytes = None, b""
        env = environment_of(**{"TERM": "xterm-256color", **environment})
        env.update([self.mark.split("=")])
        self.master, self.slave = pty.openpty()
        self.resize(columns, rows)
        self.before = self.mode()
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
            for fd in range(3):
                os.dup2(self.slave, fd)
            os.close(self.master)
            os.chdir(folder)
            os.execvpe(command[0], command, env)

    def mode(self):
        """The terminal's mode, and whether reading from it blocks."""
        return (termios.tcgetattr(self.master),
                fcntl.fcntl(self.slave, fcntl.F_GETFL) & os.O_NONBLOCK)

    def resize(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)

    def read(self, timeout):
        """Takes what came."""
        if not select.select([self.master], [], [], timeout)[0]:
            return
        try:
            data = os.read(self.master, 65536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            data = b""
        self.bytes += data
        self.stream.feed(data)

    def text(self):
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    def await_true(self, what, told):
        limit = time.monotonic() + LIMIT
        while not what():
            if time.monotonic() > limit:
                raise Lost("waited for %s, the screen shows\n%s" % (told, self.text()))
            self.read(0.01)
        return self

    def expect(self, *wanted, without=()):
        """Waits until all of wanted stand on the screen, and none of without.

        Line ends count as blanks.
        """
        def there():
            flat = " ".join(self.text().split())
            return all(" ".join(w.split()) in flat for w in wanted) and \
                not any(w in flat for w in without)
        return self.await_true(there, "%r without %r" % (wanted, without))

    def send(self, keys):
        os.write(self.master, keys.encode())
        return self

    def processes(self):
        """Command lines of all that descends from the program, wherever it hides."""
        return processes_marked(self.mark)

    def end(self):
        """Waits until the program has ended; its status as Python's subprocess gives it."""
        def ended():
            pid, status = os.waitpid(self.pid, os.WNOHANG) if self.status is None else (0, 0)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            return self.status is not None
        self.await_true(ended, "the end")
        while select.select([self.master], [], [], 0)[0]:
            before = len(self.bytes)
            self.read(0)
            if len(self.bytes) == before:
                break
        return self.status

    def is_restored(self):
        return self.mode() == self.before

    def close(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.slave)
        os.close(self.master)
