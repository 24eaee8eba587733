#!/usr/bin/python3 -B
"""A short run of what `make fuzz` does, for the parsers of chapters 2 and 3: they are fed with what
no author would write. And the same for parsers broken on purpose, which the targets must notice."""
import re
import shutil
import sys
import tempfile
from pathlib import Path

from tap import Tap, run

ROOT = Path(__file__).resolve().parents[2]
FUZZ = ROOT / "common/fuzz"
SECONDS = 5
# What the targets below are made of, in chapter 3 each of its own, and mistakes in it:
# target, file, what stands there, what a tired author writes. The corpus alone shows each, so that
# finding it is no matter of luck.
PARTS = ["02_http/http/%s.c" % name for name in ("headers", "message", "chunked", "status")] \
    + ["common/core/buffer.c"]
URL_PARTS = {
    "fuzz_url_data": ["03_urllib/urllib/%s.c" % name for name in (
        "handle_data", "challenge", "internal", "response", "error", "parse", "quote")]
                     + PARTS + ["common/core/error.c", "-lcrypto"],
    "fuzz_url_parse": ["03_urllib/urllib/%s.c" % name
                       for name in ("parse", "join", "quote", "query")]
    + ["common/core/buffer.c", "common/core/error.c"],
    "fuzz_url_robots": ["03_urllib/urllib/robotparser.c"],
    "fuzz_requests_response": ["build/lib%s.a" % name
                               for name in ("requests", "urllib", "http", "core")]
    + ["-lcurl", "-lssl", "-lcrypto", "-lpsl", "-ljansson"],
}
BROKEN = [
    ("fuzz_http_message", "02_http/http/message.c", "head->scanned = window;",
     "head->scanned = window + 1;", "the end of a line that was cut is overlooked"),
    ("fuzz_http_message", "02_http/http/message.c", "seen->codings && seen->length",
     "seen->codings && seen->length && head->kind == HTTP_RESPONSE",
     "both Content-Length and Transfer-Encoding are let pass"),
    ("fuzz_http_chunked", "02_http/http/chunked.c", "(INT64_MAX - digit) / 16",
     "(INT64_MAX - digit)", "a chunk's size overflows"),
    ("fuzz_http_chunked", "02_http/http/chunked.c", "if (end != NULL && take_trailer_line",
     "if (end != NULL && end > data && take_trailer_line", "a trailer that was cut is misread"),
    ("fuzz_http_forms", "02_http/http/forms.c",
     "    while (i < length && form->matched < delimiter->length &&",
     "    form->matched = form->borrowed;\n"
     "    while (i < length && form->matched < delimiter->length &&",
     "a boundary that was cut is overlooked"),
    ("fuzz_url_data", "03_urllib/urllib/handle_data.c",
     "(rest == 2 ? 4 : 10)", "4", "the bits of the last bytes are misplaced"),
    ("fuzz_url_data", "03_urllib/urllib/challenge.c",
     "text[i] == '\\\\' && i + 1 < length", "text[i] == '\\\\'",
     "a backslash ends the text"),
    ("fuzz_url_parse", "03_urllib/urllib/parse.c", "if (length >= sizeof text || ", "if (",
     "an address in brackets has no limit"),
    ("fuzz_url_parse", "03_urllib/urllib/parse.c", "        return \"//\";\n",
     "        return \"\";\n", "a path is let pass for a host"),
    ("fuzz_url_parse", "03_urllib/urllib/quote.c", "if (end - at < 3", "if (end - at < 2",
     "what is behind a cut escape is read"),
    ("fuzz_url_parse", "03_urllib/urllib/query.c", "value.length + 2;", "value.length + 1;",
     "there is no room for a NUL"),
    ("fuzz_url_robots", "03_urllib/urllib/robotparser.c",
     "left >= size && memcmp", "memcmp",
     "the end of a pattern is compared with what stands in front of the path"),
    ("fuzz_url_robots", "03_urllib/urllib/robotparser.c",
     "stop[0] == '\\r' && stop[1] == '\\n' ? 2 : 1", "1", "CR LF are two line ends"),
    ("fuzz_requests_response", "04_requests/requests/links.c", "(size_t)(close - at - 1));",
     "(size_t)(close - at));", "the end of a link's URL is a part of it"),
    ("fuzz_requests_response", "04_requests/requests/links.c", "if (quoted && *at == '\\\\'",
     "if (*at == 1 && *at == '\\\\'", "a quote behind a backslash ends a text"),
    ("fuzz_requests_response", "04_requests/requests/text.c",
     "text[0] == 0xED && text[1] >= 0xA0", "text[0] == 0xED && text[1] >= 0xC0",
     "half of a pair passes for a character"),
    ("fuzz_requests_response", "04_requests/requests/retry.c",
     "when > now ? difftime(when, now) : 0", "difftime(when, now)",
     "a date that has passed is waited for"),
]


def fuzz(program, corpus, seconds, folder):
    """Runs a target. Its exit status, how many runs there were, and what it said."""
    status, out, err = run(str(program), "-max_total_time=%d" % seconds, "-max_len=4096",
                           "-print_final_stats=1", "-artifact_prefix=%s/" % folder,
                           str(folder), str(corpus), cwd=ROOT, timeout=120 + seconds)
    runs = re.search(r"number_of_executed_units: *(\d+)", out + err)
    return status, int(runs[1]) if runs else 0, (out + err)[-6000:]


def corpus_of(target):
    return FUZZ / target.removeprefix("fuzz_")


def targets(tap):
    for source in sorted([*FUZZ.glob("fuzz_http_*.c"), *FUZZ.glob("fuzz_url_*.c"),
                          *FUZZ.glob("fuzz_requests_*.c")]):
        target, corpus = source.stem, corpus_of(source.stem)
        status, out, err = run("make", "build/fuzz/" + target, cwd=ROOT)
        if not tap.ok(status == 0, "%s is built" % target, out + err):
            continue
        with tempfile.TemporaryDirectory() as folder:
            status, runs, said = fuzz(ROOT / "build/fuzz" / target, corpus, SECONDS, folder)
        tap.ok(status == 0 and runs > len(list(corpus.iterdir())),
               "%s finds nothing in %d s" % (target, SECONDS),
               "%d runs\n%s" % (runs, said))


def broken(tap, target, source, right, wrong, what):
    text = (ROOT / source).read_text()
    name = "%s notices when %s" % (target, what)
    if text.count(right) != 1:
        tap.ok(False, name, "%s has changed: break it in another way" % source)
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "broken.c")
        copy.write_text(text.replace(right, wrong))
        program = Path(folder, target)
        status, out, err = run(
            "clang", "-std=c11", "-D_GNU_SOURCE", "-g", "-O1",
            "-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all", "-Icommon",
            "-I02_http", "-I03_urllib", "-I04_requests", str(FUZZ / (target + ".c")), str(copy),
            *[part for part in URL_PARTS.get(target, PARTS) if part != source],
            "-o", str(program), cwd=ROOT)
        if status != 0:
            tap.ok(False, name, out + err)
            return
        found = Path(folder, "found")
        found.mkdir()
        status, runs, said = fuzz(program, corpus_of(target), 60, found)
        tap.ok(status != 0 and "SUMMARY" in said, name,
               "%d runs\n%s" % (runs, said))


def main():
    status, _, err = run("sh", "common/setup.sh", "--require", "clang", "libclang-rt-dev", cwd=ROOT)
    if status != 0 or shutil.which("clang") is None:
        print("1..0 # SKIP nothing is fuzzed here: " + " ".join(err.split()))
        return 0
    tap = Tap()
    targets(tap)
    for mistake in BROKEN:
        broken(tap, *mistake)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
