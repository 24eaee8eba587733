"""Hostile submissions that no C file can be: links, devices, archives. Made when they are needed.

A maker gets the folder of the submissions and makes its own in it. It returns its path, and what
is to come of it: see Due.
"""
import bz2
import gzip
import io
import lzma
import os
import socket
import struct
import tarfile
import threading
import zipfile
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLACE = "01_socket/02_fetch_first/fetch_first.c"
SOLUTION = ROOT / "solutions" / PLACE
EMPTY = b"int main(void)\n{\n    return 40;\n}\n"  # a program that earns nothing


class Due:
    """What is to come of a submission.

    status   of the whole, as in result.json; None: it is no submission, and nothing is written
    refused  reasons, in any order
    state    of exercise 1.2, or of another one; why holds words, in its reason or its messages
    case     and verdict: what a case of a judged exercise ended with; cause holds words
    earned   points in all (None: not looked at); or so many points are left of the full mark, as
             many at least with at_most
    """

    def __init__(self, status="graded", refused=(), state=None, exercise="1.2", why="", case="",
                 verdict="", cause="", earned=0, left=None, at_most=False):
        self.status, self.refused, self.state, self.exercise = status, refused, state, exercise
        self.why, self.case, self.verdict, self.cause = why, case, verdict, cause
        self.earned, self.left, self.at_most = earned, left, at_most


MAKERS = []


def maker(function):
    MAKERS.append(function)
    return function


def answer(folder, name, source=None):
    """A folder shaped like answers/; its path, and that of the one file that belongs there."""
    path = folder / name / PLACE
    path.parent.mkdir(parents=True)
    if source is not None:
        path.write_bytes(source)
    return folder / name, path


# ---- folders ----


@maker
def link_to_solution(folder):
    path, file = answer(folder, "link-to-solution")
    file.symlink_to(SOLUTION)
    return path, Due("graded", ["link"], "unusable")


@maker
def link_to_passwords(folder):
    path, file = answer(folder, "link-to-passwords")
    file.symlink_to("/etc/shadow")
    return path, Due("graded", ["link"], "unusable")


@maker
def linked_folder(folder):
    path = folder / "linked-folder"
    path.mkdir()
    (path / "01_socket").symlink_to(ROOT / "solutions/01_socket")
    return path, Due("empty", ["link"], "not-submitted")


@maker
def linked_submission(folder):
    path = folder / "linked-submission"
    path.symlink_to(ROOT / "solutions")
    return path, Due(None, why="symbolic link")


@maker
def pipe(folder):
    path, file = answer(folder, "pipe")
    os.mkfifo(file)  # who opens it waits for ever
    return path, Due("graded", ["not-regular"], "unusable")


@maker
def device(folder):
    path, file = answer(folder, "device")
    try:
        os.mknod(file, 0o20666, os.makedev(1, 5))  # /dev/zero
    except PermissionError:
        os.mkfifo(file)  # for root alone
    return path, Due("graded", ["not-regular"], "unusable")


@maker
def door(folder):
    path, file = answer(folder, "door")
    here = os.getcwd()
    os.chdir(file.parent)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(file.name)
    os.chdir(here)
    return path, Due("graded", ["not-regular"], "unusable")


@maker
def hard_link(folder):
    path, file = answer(folder, "hard-link")
    other = folder / ".private-of-somebody.c"
    other.write_bytes(EMPTY)
    os.link(other, file)
    return path, Due("graded", ["hard-link"], "unusable")


@maker
def odd_names(folder):
    """Names that would be lines, options or orders to a terminal elsewhere."""
    path, _ = answer(folder, "odd-names")
    for name in (b"a\nok 1 - reply\n.c", b"-rf", b"--help.c", b"\x1b[2Jpassed.c", b"$(id).c",
                 b"\xff\xfe.c", b"'; id #.c", b"{\"earned\": 30}.c", b"x" * 255,
                 "passed\u202ec.".encode()):
        with open(os.fsencode(path / Path(PLACE).parent) + b"/" + name, "wb") as file:
            file.write(EMPTY)
    return path, Due("empty", ["name-control"] * 2 + ["no-name"] * 5, "not-submitted")


@maker
def name_of_two_lines(folder):
    path, _ = answer(folder, "two\nok 2 - passed", EMPTY)
    return path, Due(None, why="control characters")


@maker
def name_as_option(folder):
    path, _ = answer(folder, "-rf", EMPTY)
    return path, Due(None, why="begins with a dash")


@maker
def name_with_direction(folder):
    path, _ = answer(folder, "eve\u202edetard", EMPTY)
    return path, Due(None, why="control characters")


@maker
def name_too_long(folder):
    path, _ = answer(folder, "x" * 200, EMPTY)
    return path, Due(None, why="longer than 100 bytes")


@maker
def empty_folder(folder):
    path = folder / "empty-folder"
    path.mkdir()
    return path, Due("empty", [], "not-submitted")


@maker
def deep_folders(folder):
    """An answer at the bottom of 3,000 folders."""
    path, here = folder / "deep-folders", os.open(folder, os.O_RDONLY)
    path.mkdir()
    below = os.open("deep-folders", os.O_RDONLY, dir_fd=here)
    for _ in range(3000):
        os.mkdir("d", dir_fd=below)
        next_one = os.open("d", os.O_RDONLY, dir_fd=below)
        os.close(below)
        below = next_one
    os.close(below)
    os.close(here)
    return path, Due("not_gradable", [], "not-submitted", why="")


@maker
def many_files(folder):
    path, _ = answer(folder, "many-files", EMPTY)
    for i in range(20000):
        (path / ("%d.c" % i)).touch()
    return path, Due("not_gradable", [], "not-submitted")


# ---- contents ----


@maker
def holds_nul(folder):
    path, _ = answer(folder, "holds-nul", EMPTY + b"/* \0 */\n")
    return path, Due("graded", ["nul"], "unusable")


@maker
def utf_16(folder):
    path, _ = answer(folder, "utf-16", EMPTY.decode().encode("utf-16"))
    return path, Due("graded", ["nul"], "unusable")


@maker
def neither_encoding(folder):
    path, _ = answer(folder, "neither-encoding", b"/* \xe2\x82 \x80\x9f */\n" + EMPTY)
    return path, Due("graded", ["encoding"], "unusable")


@maker
def orders_to_terminal(folder):
    path, _ = answer(folder, "orders-to-terminal", b"/* \x1b]0;owned\x07\x1b[2J */\n" + EMPTY)
    return path, Due("graded", ["control"], "unusable")


@maker
def too_large(folder):
    path, _ = answer(folder, "too-large", EMPTY + b"/* " + b"x" * (300 << 10) + b" */\n")
    return path, Due("graded", ["too-large"], "unusable")


@maker
def endless_warnings(folder):
    """4,000 warnings about one line of 28 KB: the compiler shows the line with each."""
    source = b"int main(void)\n{\n    int a = 40;\n    if (a == 41) {%s}\n    return a;\n}\n" % (
        b"a /= 0;" * 4000)
    path, _ = answer(folder, "endless-warnings", source)
    return path, Due(state="judged", case="reply", verdict="fail", cause="status 40")


@maker
def both_places(folder):
    """One exercise twice, in the hope that the better counts."""
    path, _ = answer(folder, "both-places", EMPTY)
    second = path / "again" / PLACE
    second.parent.mkdir(parents=True)
    second.write_bytes(EMPTY)
    return path, Due("graded", ["twice"], "unusable")


# ---- archives ----


def tar(folder, name, entries, mode="w:gz"):
    """entries: TarInfo and bytes, or None."""
    path = folder / name
    with tarfile.open(path, mode) as archive:
        for info, content in entries:
            if content is not None:
                info.size = len(content)
            archive.addfile(info, io.BytesIO(content or b""))
    return path


def entry(name, kind=tarfile.REGTYPE, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def zipped(folder, name, entries):
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for where, content in entries:
            archive.writestr(where, content)
    return path


@maker
def tar_out_of_its_folder(folder):
    up = "../" * 12
    path = tar(folder, "tar-out-of-its-folder.tar.gz", [
        (entry(up + "tmp/hostile-parent"), EMPTY),
        (entry("a/../../" + PLACE), EMPTY),
        (entry("/tmp/hostile-absolute"), EMPTY),
        (entry("/" + PLACE), EMPTY),
        (entry("C:/" + PLACE), EMPTY),
        (entry("..\\..\\hostile-backslash.c"), EMPTY),
        (entry("a\nb/" + PLACE), EMPTY),
        (entry("loop", tarfile.SYMTYPE, "/tmp"), None),
        (entry("loop/hostile-by-link"), EMPTY),
        (entry("01_socket", tarfile.SYMTYPE, str(ROOT / "solutions/01_socket")), None),
        (entry("x/" + PLACE, tarfile.SYMTYPE, "/etc/shadow"), None),
        (entry("y/" + PLACE, tarfile.LNKTYPE, str(SOLUTION)), None),
        (entry("z/" + PLACE, tarfile.CHRTYPE), None),
        (entry("p/" + PLACE, tarfile.FIFOTYPE), None)])
    return path, Due("graded", [
        "name-parent", "name-parent", "name-absolute", "name-absolute", "name-drive",
        "name-backslash", "name-control", "link", "link", "twice"], "unusable")


@maker
def zip_out_of_its_folder(folder):
    path = folder / "zip-out-of-its-folder.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("../../../../../../tmp/hostile-zip", "/tmp/hostile-zip-absolute",
                     PLACE + "/../../../hostile-zip.c", "..\\hostile-zip.c"):
            archive.writestr(name, EMPTY)
        link = zipfile.ZipInfo(PLACE)
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, str(SOLUTION))
    return path, Due("graded", ["name-parent"] * 3 + ["name-absolute", "link"], "unusable")


def long_zeros(mebibytes):
    """A raw deflate stream of so many MiB of zeros, without packing each of them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = packer.compress(b"\0" * (16 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return piece * (mebibytes // 16) + packer.flush()


@maker
def zip_bomb(folder):
    """8 GiB in 8 MB, behind the name that is looked for."""
    path, packed = folder / "zip-bomb.zip", long_zeros(8192)
    name, size = PLACE.encode(), 0xfffffff0
    local = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 8, 0, 0x21, 0, len(packed), size,
                        len(name), 0) + name
    central = struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, 0, 8, 0, 0x21, 0, len(packed),
                          size, len(name), 0, 0, 0, 0, 0, 0) + name
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 1, 1, len(central),
                      len(local) + len(packed), 0)
    path.write_bytes(local + packed + central + end)
    return path, Due("graded", ["too-large"], "unusable")


@maker
def gzip_bomb(folder):
    """A tar of 8 GiB: the answer would stand behind a file of zeros."""
    head = entry("x")
    head.size = 8 << 30
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = packer.compress(head.tobuf(tarfile.GNU_FORMAT)) + packer.flush(zlib.Z_FULL_FLUSH)
    path = folder / "gzip-bomb.tar.gz"
    path.write_bytes(b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + first + long_zeros(8192) + b"\0" * 8)
    return path, Due("not_gradable", [], "not-submitted", why="")


@maker
def large_dictionary(folder):
    """An .xz of 100 bytes for which an unpacker is to take 4 GiB."""
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w") as archive:
        info = entry(PLACE)
        info.size = len(EMPTY)
        archive.addfile(info, io.BytesIO(EMPTY))
    packed = bytearray(lzma.compress(inner.getvalue()))
    at = packed.index(b"\x21\x01", 12)  # LZMA2 and its one byte of properties
    packed[at + 2] = 40
    header = (packed[12] + 1) * 4
    packed[12 + header - 4:12 + header] = struct.pack("<I", zlib.crc32(packed[12:12 + header - 4]))
    path = folder / "large-dictionary.tar.xz"
    path.write_bytes(packed)
    return path, Due("not_gradable", [], "not-submitted")


@maker
def million_entries(folder):
    path = folder / "million-entries.tar.gz"
    block = entry("x").tobuf() * 1000
    packer = zlib.compressobj(1, zlib.DEFLATED, -15)
    piece = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    path.write_bytes(b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + piece * 1000 + packer.flush() + b"\0" * 8)
    return path, Due("not_gradable", [], "not-submitted")


@maker
def nested_archives(folder):
    content = EMPTY
    for depth in range(8):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for i in range(4):
                archive.writestr("%d-%d.zip" % (depth, i) if depth else PLACE + str(i), content)
        content = packed.getvalue()
    path = folder / "nested-archives.zip"
    path.write_bytes(content)
    return path, Due("empty", [], "not-submitted")


@maker
def packed_twice(folder):
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w") as archive:
        info = entry(PLACE)
        info.size = len(EMPTY)
        archive.addfile(info, io.BytesIO(EMPTY))
    content = inner.getvalue()
    for _ in range(5):
        content = gzip.compress(bz2.compress(content))
    path = folder / "packed-twice.tar.gz"
    path.write_bytes(content)
    return path, Due("not_gradable", [], "not-submitted")


@maker
def sparse(folder):
    """A file of 10 TB of which 3 bytes are there."""
    info = entry(PLACE)
    info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": PLACE,
                        "GNU.sparse.realsize": str(10 << 40)}
    content = b"1\n%d\n3\n" % ((10 << 40) - 3)
    path = folder / "sparse.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        info.size = 512 + 3
        archive.addfile(info, io.BytesIO(content.ljust(512, b"\0") + b"abc"))
    return path, Due("graded", ["nul"], "unusable")


@maker
def cut_off(folder):
    path = tar(folder, "cut-off.tar.gz", [(entry(PLACE), EMPTY * 1000)])
    whole = path.read_bytes()
    path.write_bytes(whole[:len(whole) // 2])
    return path, Due("not_gradable", None, None)


@maker
def no_archive(folder):
    path = folder / "no-archive.zip"
    path.write_bytes(b"PK\3\4" + bytes(range(256)) * 40)
    return path, Due("not_gradable", [], "not-submitted")


@maker
def locked(folder):
    path = zipped(folder, "locked.zip", [(PLACE, EMPTY)])
    content = bytearray(path.read_bytes())
    content[6] |= 1  # in the file's own header and in the directory: a password is needed
    content[content.index(b"PK\1\2") + 8] |= 1
    path.write_bytes(content)
    return path, Due("not_gradable", [], "not-submitted")


@maker
def two_of_one_name(folder):
    """The same path twice in an archive: some tools take the first, some the last."""
    path = folder / "two-of-one-name.tar"
    tar(folder, path.name, [(entry(PLACE), EMPTY), (entry(PLACE), SOLUTION.read_bytes())], "w")
    return path, Due("graded", ["twice"], "unusable")


# ---- while it is read ----


class Swapper(threading.Thread):
    """Puts in turn the two others in the place of a file, as fast as it can, until stopped."""

    def __init__(self, file, others):
        super().__init__()
        self.file, self.others, self.stopped = file, others, False

    def run(self):
        while not self.stopped:
            for other in self.others:
                spare = self.file.with_suffix(".new")
                if other.is_symlink():
                    spare.symlink_to(os.readlink(other))
                else:
                    spare.write_bytes(other.read_bytes())
                os.replace(spare, self.file)


def swapping(folder):
    """A file that does not compile, and a link to the solution, in turn: a Swapper, and the path.
    """
    path, file = answer(folder, "swapping", b"#error mine\n")
    mine, link = folder / ".mine.c", folder / ".link.c"
    mine.write_bytes(b"#error mine\n")
    link.symlink_to(SOLUTION)
    return Swapper(file, [mine, link]), path


# ---- the solution, and something with it ----


def solution_with(folder, name, before="", replace=(), after=""):
    text = SOLUTION.read_text()
    for old, new in replace:
        if old not in text:
            raise ValueError("%s: the solution no longer holds %r" % (name, old))
        text = text.replace(old, new)
    path, _ = answer(folder, name, (before + text + after).encode())
    return path


LEAK = ("    static char question[QUESTION_MAX + 1];",
        "    static char question[QUESTION_MAX + 1];\n    volatile char *left = malloc(1000);\n\n"
        "    left[0] = 1;\n    left = NULL;")
PASTE = "#define PASTE(a, b) a##b\n"


@maker
def unwatched(folder):
    """Right in all, but it runs where nobody watches it."""
    path = solution_with(folder, "unwatched", replace=[(
        "    if (!arguments_are_right(argc, argv)) {",
        "    if (getenv(\"LD_PRELOAD\") != NULL) {\n        char *const none[] = {NULL};\n"
        "        (void)execve(\"/proc/self/exe\", argv, none);\n    }\n"
        "    if (!arguments_are_right(argc, argv)) {")])
    return path, Due(state="judged", case="reply", verdict="fail",
                     cause="must run as it was started.")


@maker
def leak_hidden(folder):
    path = solution_with(folder, "leak-hidden", PASTE, [LEAK], "\nint PASTE(__lsa, n_is_turned_off)"
                         "(void);\nint PASTE(__lsa, n_is_turned_off)(void)\n{\n    return 1;\n}\n")
    return path, Due(state="judged", case="clean", verdict="fail", cause="hide", left=1)


@maker
def leak_left_by_quick_exit(folder):
    path = solution_with(folder, "leak-left-by-quick-exit", replace=[LEAK, (
        "    return result == ANSWERED ? 0 : 1;", "    quick_exit(result == ANSWERED ? 0 : 1);")])
    return path, Due(state="judged", case="clean", verdict="fail", left=None, earned=None)


@maker
def hides_itself(folder):
    """Right in all, and open to nobody's look."""
    path = solution_with(folder, "hides-itself", replace=[(
        "    if (!arguments_are_right(argc, argv)) {",
        "    int prctl(int what, ...);\n    (void)prctl(4, 0);\n"
        "    if (!arguments_are_right(argc, argv)) {")])
    return path, Due(state="judged", case="clean", verdict="fail", cause="hides itself", left=1)


@maker
def unseen_send(folder):
    """Sends once and without a look, by machine code of its own, so that nobody makes it send less.
    """
    path = solution_with(folder, "unseen-send", """\
#include <string.h>
#include <sys/types.h>

void *mmap(void *at, size_t length, int may, int flags, int fd, off_t offset);

static ssize_t unseen(int fd, const void *bytes, size_t length, int flags)
{
    /* mov r10, rcx; xor r8d, r8d; xor r9d, r9d; mov eax, 44; syscall */
    static const unsigned char code[] = {0x49, 0x89, 0xca, 0x45, 0x31, 0xc0, 0x45, 0x31, 0xc9,
                                         0xb8, 0x2c, 0,    0,    0,    0x0f, 0x05, 0xc3};
    ssize_t (*call)(int, const void *, size_t, int);
    void *page = mmap(NULL, 4096, 7, 0x22, -1, 0);

    memcpy(page, code, sizeof code);
    memcpy(&call, &page, sizeof call);
    return call(fd, bytes, length, flags);
}
""", [("    while (length > 0) {", "    {"),
      ("send(fd, bytes, length, MSG_NOSIGNAL)", "unseen(fd, bytes, length, MSG_NOSIGNAL)"),
      ("            continue;\n        if (n == -1)\n            return false;",
       "            return true;\n        if (n == -1)\n            return false;")])
    # As one that sends by splice(), which the wire does not see either.
    return path, Due(state="judged", left=2)


@maker
def daemon_beside(folder):
    """Right in all, and each time it leaves a daemon behind, which holds nothing."""
    path = solution_with(folder, "daemon-beside", replace=[(
        "    if (fflush(stdout) == EOF || ferror(stdout)) {",
        "    if (fork() == 0) {\n        (void)setsid();\n        (void)close(0);\n"
        "        (void)close(1);\n        (void)close(2);\n        if (fork() == 0)\n"
        "            for (;;)\n                (void)pause();\n        _exit(0);\n    }\n"
        "    if (fflush(stdout) == EOF || ferror(stdout)) {")])
    return path, Due(state="judged", earned=None)


@maker
def by_rote(folder):
    """Asks as it should, and prints what expected/ says of the default seed, whatever came."""
    known = []
    for file in sorted((ROOT / "exercises" / PLACE).parent.glob("expected/*.txt")):
        parts = {}
        for line in file.read_text().split("\n"):
            if line.startswith("# "):
                parts[line[2:].split(",")[0]] = current = []
            elif line:
                current.append(line)
        question = "".join(parts.get("received by the other side", []))
        reply = "".join(parts.get("standard output", []))
        if question and reply and "\\x" not in question + reply and "…" not in question + reply:
            known.append('    {"%s", "%s"},' % (question, reply))
    path = solution_with(folder, "by-rote", replace=[
        ("enum { QUESTION_MAX = 65536 };",
         "enum { QUESTION_MAX = 65536 };\nstatic const char *const known[][2] = {\n%s\n};\n"
         "static char asked[QUESTION_MAX + 1];" % "\n".join(known)),
        ("        (void)fwrite(bytes, 1, (size_t)n, stdout); /* main looks whether all was written "
         "*/", "        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)\n"
         "            if (strcmp(asked, known[i][0]) == 0)\n"
         "                (void)fputs(known[i][1], stdout);"),
        ("    return *length <= QUESTION_MAX;",
         "    memcpy(asked, question, *length);\n    return *length <= QUESTION_MAX;")])
    return path, Due(state="judged", case="reply", verdict="fail", earned=None)
