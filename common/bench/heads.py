"""The head of a request, parsed: ours measured here, and what others publish of theirs.

By hand, in the repository's root: make build/bench/heads && python3 -B common/bench/heads.py
"""
import subprocess

# From the README of llhttp: MB/s and requests a second, of it and of http_parser, the one before
# it. Other machines, and requests of about 520 bytes: no race, a scale.
PUBLISHED = [("llhttp", 1777.24, 3583799.39), ("http_parser", 694.66, 1406180.33)]


def measure():
    said = subprocess.run(["build/bench/heads"], capture_output=True, text=True, check=True)
    return {name: float(value) for name, value in map(str.split, said.stdout.splitlines())}


def show(found):
    print("The head of a request, parsed: %d bytes, ten fields" % found["bytes"])
    for text, took in (("in one piece", found["whole_ns"]), ("in 16 pieces", found["pieces_ns"])):
        print("  %-44s %5.0f ns  %5.0f MB/s" % (text, took, found["bytes"] * 1e3 / took))
    for name, megabytes, requests in PUBLISHED:
        print("  %-44s %5.0f ns  %5.0f MB/s" % (name + ", as published, elsewhere", 1e9 / requests,
                                                megabytes))


if __name__ == "__main__":
    show(measure())
