"""A small workbook of its own for the runner's tests, with fake_cases in place of a harness."""
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

README = """# %s %s

Core · 20 minutes · needs 1.01

## Task

Do it.

## Headers

`stdio.h` `stdlib.h` `string.h` `unistd.h` `signal.h`

## Hints

<details><summary>Hint 1</summary>

The first hint of %s.
</details>

<details><summary>Hint 2</summary>

The second hint.
</details>
<details><summary>Hint 3</summary>

The third hint, with code:

```c
recv(fd, buffer, sizeof buffer, 0);
```
</details>
"""
STARTER = "/* Write me. */\nint main(void)\n{\n    return 3;\n}\n"
PASSES = "int main(void)\n{\n    return 0;\n}\n"


def failing(*names):
    """An answer that fails these cases."""
    tests = "".join('    if (strcmp(name, "%s") == 0)\n        return 1;\n' % n for n in names)
    return ("#include <string.h>\n\nint main(int argc, char **argv)\n{\n"
            "    const char *name = argc > 1 ? argv[1] : \"\";\n%s"
            "    return strlen(name) > 99;\n}\n" % tests)


HANGS = "#include <unistd.h>\n\nint main(void)\n{\n    return pause();\n}\n"
WRONG = {"copied": ("half-close", "reply-in-pieces"), "one": ("plain",),
         "two": ("reply-in-pieces",),
         "three": ("half-close",), "four": ("plain", "half-close")}


class Workbook:
    """Two exercises, 1.1 alpha and 1.2 beta, and one lesson, in folder."""

    def __init__(self, folder, solutions=True):
        self.folder = Path(folder)
        self.put("01_socket/README.md", "# 1 Sockets\n")
        self.put("01_socket/01_first.md",
                 "# 1.01 The first\n\nCore · 5 minutes · needs nothing\n\nText.\n")
        self.put("01_socket/01_first.c", "/*\n * 1.01  The first\n *\n * Shows it.\n */\n")
        for number, name in ((1, "alpha"), (2, "beta")):
            part = "01_socket/0%d_%s" % (number, name)
            title = {"alpha": "The first exercise of this test", "beta": "Another one"}[name]
            self.put("exercises/%s/README.md" % part, README % ("1.%d" % number, title, name))
            self.put("exercises/%s/%s.c" % (part, name), STARTER)
            self.put("exercises/%s/cases.c" % part, "/* fake_cases stands for what it makes. */\n")
            cases = self.folder / "build/exercises" / part
            cases.mkdir(parents=True)
            shutil.copy(ROOT / "common/tests/fake_cases", cases / "cases")
            if solutions:
                self.put("solutions/%s/%s.c" % (part, name), PASSES)
                for wrong, fails in WRONG.items():
                    self.put("solutions/%s/wrong/%s.c" % (part, wrong), "/* fails: %s */\n%s" % (
                        " ".join(fails), failing(*fails)))
        shutil.copy(ROOT / "build/workbook", self.folder / "build")
        self.put("build/student.flags", "-std=gnu11 -Wall -Wextra\n")  # no sanitizers: quicker
        self.put("build/student.libraries", "")
        self.program = self.folder / "build/workbook"
        self.alpha = self.folder / "answers/01_socket/01_alpha/alpha.c"
        self.beta = self.folder / "answers/01_socket/02_beta/beta.c"

    def put(self, path, text):
        path = self.folder / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def answer(self, text):
        """What the learner wrote for exercise 1.1."""
        self.put(self.alpha, text)

    def run(self, *words, folder=None, **environment):
        """Exit status and both outputs of the runner, without a terminal."""
        done = subprocess.run([str(self.program), *words], cwd=folder or self.folder,
                              env=environment_of(**environment), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout.decode(errors="backslashreplace")


def environment_of(**more):
    """The environment, without what would change what the runner prints."""
    leave = ("NO_COLOR", "COLUMNS", "LINES", "CC", "COURSE", "VISUAL", "EDITOR", "PAGER",
             "FAKE_CASES", "WORKBOOK_POLL", "LANGUAGE")
    return {**{k: v for k, v in os.environ.items() if k not in leave}, "LC_ALL": "C.UTF-8", **more}


def processes_marked(mark):
    """Command lines of the processes that have mark, "NAME=value", in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if mark.encode() in (entry / "environ").read_bytes().split(b"\0"):
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            pass  # it has just ended
    return found
