#!/usr/bin/python3 -B
"""Answers that use the workbook's own modules and libraries of the system: a made-up exercise 2.90
that lists some of them, judged as a learner's own, proved, and graded in boxes.
"""
import hashlib
import hmac
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from scratch import README, environment_of
from tap import Tap, run

ROOT = Path(__file__).resolve().parents[2]
PLACE = "02_http/90_signed"
LISTED = ("`stdio.h` `string.h` `unistd.h` `core/error.h` `core/tcp.h` `http/date.h` "
          "`openssl/hmac.h` `jansson.h`")
WHEN = "Sun, 06 Nov 1994 08:49:37 GMT"
SIGNED = '{"date": "%s", "mac": "%s"}\n' % (
    WHEN, hmac.new(b"key", WHEN.encode(), hashlib.sha256).hexdigest())

ANSWER = r"""#include <jansson.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "core/tcp.h"
#include "http/date.h"

static void send_line(int fd, const char *line)
{
    if (tcp_send_all(fd, line, strlen(line)) == -1) /* the call */
        die_errno("send");
}

int main(int argc, char **argv)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    char date[HTTP_DATE_SIZE], hex[2 * EVP_MAX_MD_SIZE + 1];
    unsigned length = 0;
    struct error error = {0};

    if (argc != 3)
        die_usage("HOST PORT");
    int fd = tcp_connect(argv[1], argv[2], &error);
    if (fd == -1)
        die("%s", error.text);
    (void)http_date_format(784111777, date);
    HMAC(EVP_sha256(), "key", 3, (unsigned char *)date, strlen(date), mac, &length);
    for (unsigned i = 0; i < length; i++)
        snprintf(hex + 2 * i, 3, "%02x", mac[i]);
    json_t *object = json_pack("{s:s, s:s}", "date", date, "mac", hex);
    char *text = json_dumps(object, 0);
    send_line(fd, text);
    send_line(fd, "\n");
    free(text);
    json_decref(object);
    close(fd);
    return 0;
}
"""
CASES = r"""#include <string.h>

#include "harness/harness.h"

static void signature(struct session *s)
{
    static const char line[] = "@LINE@";
    struct peer *server = peer_listen(s, "127.0.0.1");
    struct student *p = student_start(s, peer_host(server), peer_port(server), NULL);
    struct link *link = peer_accept(server);

    link_expect(link, line, strlen(line));
    link_expect_end(link);
    link_close(link);
    expect_exit(p, 0);
}

static void quiet(struct session *s)
{
    struct peer *nobody = peer_refuse(s, "127.0.0.1");
    struct student *p = student_start(s, peer_host(nobody), peer_port(nobody), NULL);

    expect_failure(p, 1);
}

static const struct test_case CASES[] = {
    {.name = "signature", .title = "a signature", .teaches = "It is signed.", .points = 8,
     .run = signature},
    {.name = "clean", .title = "clean", .teaches = "It frees.", .points = 1, .leaks = true,
     .run = signature},
    {.name = "quiet", .title = "nobody there", .teaches = "Status 1.", .points = 1, .run = quiet},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
"""
STARTER = "int main(void)\n{\n    return 3;\n}\n"


def make_tree(tree):
    """The workbook with this exercise alone. What was made is copied: it is not made again here."""
    (tree / "build").mkdir(parents=True)
    for part in ("Makefile", "common", *(p.name for p in ROOT.glob("0[1-5]_*"))):
        (tree / part).symlink_to(ROOT / part)
    for part in ("workbook", "libwire.so", "box-init", "box.bpf", "student.flags",
                 "student.libraries", "libcore.a", "libhttp.a"):
        shutil.copy(ROOT / "build" / part, tree / "build")
    task, cases = tree / "exercises" / PLACE, tree / "build/exercises" / PLACE
    for folder in (task, cases, tree / "answers" / PLACE, tree / "solutions" / PLACE / "wrong"):
        folder.mkdir(parents=True)
    text = README % ("2.90", "Signed", "signed")
    (task / "README.md").write_text(re.sub(r"`stdio.h`.*", LISTED, text))
    (task / "signed.c").write_text(STARTER)
    (task / "cases.c").write_text(
        CASES.replace("@LINE@", SIGNED.replace('"', r'\"').replace("\n", r"\n")))
    solution = tree / "solutions" / PLACE
    (solution / "signed.c").write_text(ANSWER)
    for name in ("copied", "two", "three", "four", "five"):
        (solution / "wrong" / (name + ".c")).write_text(
            "/* fails: signature clean */\n" + ANSWER.replace('"key", 3', '"%s", 3' % name))
    status, out, err = run(
        "gcc", "-std=c11", "-D_GNU_SOURCE", "-I", ROOT / "common", str(task / "cases.c"), "-o",
        str(cases / "cases"), str(ROOT / "build/libharness.a"), "-ljansson", "-lcrypto",
        "-pthread")
    return status == 0, out + err


def check(tree, text):
    (tree / "answers" / PLACE / "signed.c").write_text(text)
    done = subprocess.run([tree / "build/workbook", "check", "2.90", "--all"], cwd=tree,
                          check=False, capture_output=True, text=True, env=environment_of())
    return done.returncode, re.sub(r"\s+", " ", done.stdout + done.stderr)


def own(tap, tree):
    status, said = check(tree, ANSWER)
    tap.ok(status == 0 and "10 of 10 points" in said, "an answer uses what is listed", said)
    status, said = check(tree, ANSWER.replace('"core/tcp.h"', "<core/tcp.h>"))
    tap.ok(status == 0, "in angle brackets, too", said)
    program = tree / "build/answers" / PLACE / "signed"
    for text, name in ((STARTER, "nothing"), (ANSWER, "libjansson libcrypto")):
        check(tree, text)
        loaded = run("ldd", str(program))[1]
        wrong = [w for w in ("libjansson", "libcrypto", "libssl", "libpsl")
                 if (w in loaded) != (w in name)]
        tap.ok(not wrong, "a program that uses %s is linked with no more" % name, loaded)


REFUSED = (
    ('#include "core/stop.h"\n', "a header of the module that is not listed",
     'signed.c:1 includes "core/stop.h". This exercise allows only what'),
    ("#include <openssl/sha.h>\n", "one of the library's",
     "signed.c:1 includes <openssl/sha.h>. This exercise allows only what"),
    ('#include "http/headers.h"\n', "one of the other module",
     'signed.c:1 includes "http/headers.h". This exercise allows only what'),
    ("#define WHICH <core/stop.h>\n#include WHICH\n", "one behind a macro",
     "signed.c:2 includes WHICH. This exercise allows only what"),
    ("#define JOIN(a, b) a##b\n#if JOIN(__has_, include)(</*>)\n#endif\n"
     "#include <core/stop.h>\n/* */\n", "one that only the compiler sees",
     "signed.c includes common/core/stop.h, which is neither"),
    ('#include "harness/harness.h"\n', "the harness's header",
     'signed.c:1 includes "harness/harness.h". This exercise allows only what'))


def refused(tap, tree):
    for line, what, sentence in REFUSED:
        status, said = check(tree, line + ANSWER)
        tap.ok(status == 1 and sentence in said, "refused: " + what, said)
    shadow = tree / "answers" / PLACE / "core"
    shadow.mkdir()
    (shadow / "tcp.h").write_text("int tcp_connect(const char *, const char *, void *);\n")
    status, said = check(tree, ANSWER)
    tap.ok(status == 1 and "signed.c includes answers/%s/core/tcp.h, which is neither" % PLACE in
           said, "refused: a file of one's own in the module's name", said)
    shutil.rmtree(shadow)
    for name in ("student.libraries", "libcore.a"):
        kept = (tree / "build" / name).rename(tree / "build/away")
        status, said = check(tree, ANSWER)
        tap.ok(status == 2 and "build/%s is missing; run make first" % name in said,
               "build/%s is missed" % name, said)
        kept.rename(tree / "build" / name)


def place_of(text, words):
    """The line of the first place where words stand: "signed.c:16"."""
    return "signed.c:%d" % (text[:text.index(words)].count("\n") + 1)


def placed(tap, tree):
    """What a module does is told of the line that asked for it."""
    wrong = ANSWER.replace('"key", 3', '"two", 3')
    _, said = check(tree, wrong)
    lines = [place_of(wrong, words) for words in ("tcp_connect(argv", "tcp_send_all(fd")]
    tap.ok(re.search(r"1 connected to \S+ %s 2 send\(\) .*? %s" % tuple(lines), said) and
           not re.search(r"(tcp|date)\.c:", said), "steps name the learner's lines", said)
    wrong = ANSWER.replace("    free(text);", "    tcp_send_all(fd, text, 500);")
    _, said = check(tree, wrong)
    tap.ok("send() reads 500 bytes" in said and place_of(wrong, "tcp_send_all(fd, text") in said,
           "so does what the sanitizer says", said)
    wrong = ANSWER.replace("    free(text);", "")
    _, said = check(tree, wrong)
    tap.ok("Never freed: 117 bytes, allocated at " + place_of(wrong, "char *text") in said,
           "and leaks", said)


def proved(tap, tree):
    status, out, err = run("build/workbook", "prove", "2.90", cwd=tree)
    tap.ok(status == 0 and not re.search("^not ok", out, re.M), "the exercise is proved", out + err)


def boxed(tap, tree, folder):
    """Solution, wrong answer and a header that is not listed, graded as a class."""
    status, said, err = run("build/workbook", "grade", "doctor", cwd=tree)
    if status != 0:
        tap.ok(True, "in boxes # SKIP no boxes here", said + err)
        return
    wrong = ANSWER.replace('"key", 3', '"two", 3')
    students = {"right": ANSWER, "wrong": wrong, "stop": REFUSED[0][0] + ANSWER}
    for name, text in students.items():
        path = folder / "hand-in" / name / PLACE / "signed.c"
        path.parent.mkdir(parents=True)
        path.write_text(text)
    for level in ("B", "C"):
        out = folder / ("marks-" + level)
        status, said, err = run("build/workbook", "grade", "class", "--isolation", level,
                                str(folder / "hand-in"), str(out), cwd=tree)
        marks = {}
        for name in students if status == 0 else ():
            done = json.loads((out / "results" / name / "result.json").read_text())["exercises"][0]
            marks[name] = done["state"], done["earned"], done["report"].count('"core/stop.h"')
        tap.ok(marks == {"right": ("judged", 10, 0), "wrong": ("judged", 1, 0),
                         "stop": ("refused", 0, 1)}, "graded at level " + level,
               "%s %s%s" % (marks, said, err))


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name) / "tree"
        if tap.ok(*make_tree(tree)[:1], "the cases are built"):
            own(tap, tree)
            refused(tap, tree)
            placed(tap, tree)
            proved(tap, tree)
            boxed(tap, tree, Path(name))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
