#!/usr/bin/python3 -B
"""robots.txt beside Python's urllib.robotparser, asked by lesson 3.09's program, which is sanitized
here. Where both follow the same rule they must agree on what was generated. Where Python follows
another, the difference stands in DIFFERENCES with its reason, and is shown; and what follows
RFC 9309 is translated into a file that Python reads as the RFC would have it: then they must agree
again."""
import http.client
import http.server
import random
import re
import sys
import tempfile
import threading
from pathlib import Path
from urllib.parse import quote
from urllib.robotparser import RobotFileParser

from tap import Tap, run

ROOT = Path(__file__).resolve().parents[2]
FILES, URLS = 200, 60

# The reason, a file, an agent, what is asked (a URL, "delay" or "map"), Python's answer and ours.
DIFFERENCES = [
    ("Python takes the first rule that matches; section 2.2.2: the longest",
     "User-agent: *\nDisallow: /\nAllow: /open/\n", "me", "/open/x", False, True),
    ("as above: an empty Disallow is a first match for everything",
     "User-agent: *\nDisallow:\nDisallow: /x\n", "me", "/x", True, False),
    ("to Python * is a character; section 2.2.3: any number of any octets",
     "User-agent: *\nDisallow: /*.gif\n", "me", "/a.gif", True, False),
    ("to Python $ is a character; section 2.2.3: the end of the URL",
     "User-agent: *\nDisallow: /a$\n", "me", "/a", True, False),
    ("Python takes the first group of an agent; section 2.2.1: all of them, merged",
     "User-agent: me\nDisallow: /a\n\nUser-agent: me\nDisallow: /b\n", "me", "/b", True, False),
    ("as above for *", "User-agent: *\nDisallow: /a\n\nUser-agent: *\nDisallow: /b\n",
     "me", "/b", True, False),
    ("in Python a name counts that is part of the agent's; section 2.2.1: it must be the same",
     "User-agent: bot\nDisallow: /\n", "robot", "/", False, True),
    ("in Python a version in the file must match; section 2.2.1: the product token does",
     "User-agent: me/1.0\nDisallow: /\n", "me", "/", True, False),
    ("in Python an empty line ends a group; section 2.2: it means nothing",
     "User-agent: me\n\nDisallow: /\n", "me", "/", True, False),
    ("in Python a Crawl-delay ends a list of agents; section 2.2.4: other records do not",
     "User-agent: me\nCrawl-delay: 1\nUser-agent: you\nDisallow: /\n", "me", "/", True, False),
    ("Python decodes every %; section 2.2.2: no reserved character",
     "User-agent: *\nDisallow: /a%2Fb\n", "me", "/a/b", False, True),
    ("Python drops a ? without a query; section 2.2.2: every octet counts",
     "User-agent: *\nDisallow: /a?\n", "me", "/a", False, True),
    ("section 2.2.2: /robots.txt itself is always allowed",
     "User-agent: *\nDisallow: /\n", "me", "/robots.txt", False, True),
    ("to Python a byte order mark is part of the first line",
     "\ufeffUser-agent: *\nDisallow: /\n", "me", "/", True, False),
    ("Python compares the fragment, too; it is no part of what is requested",
     "User-agent: *\nDisallow: /a%23b\n", "me", "/a#b", False, True),
    ("Python reads files of any size; section 2.5: 500 KiB are enough",
     "User-agent: *\n#" + 512000 * "x" + "\nDisallow: /\n", "me", "/", False, True),
    ("Python knows whole seconds only, and would not wait at all",
     "User-agent: *\nCrawl-delay: 0.5\n", "me", "delay", None, "0.5"),
    ("Python decodes the URL of a site map, which then is none",
     "Sitemap: http://h/a%20b\n", "me", "map", ["http://h/a b"], ["http://h/a%20b"]),
]


class Ours:
    """What the program says of a file."""

    def __init__(self, program, source, agent, urls=()):
        status, out, err = run(program, str(source), agent, *urls)
        if status != 0:
            raise SystemExit("the program failed: %s%s" % (out, err))
        lines = out.splitlines()
        self.status = int(lines.pop(0)[len("status "):]) if "://" in str(source) else None
        self.delay, self.rate, self.maps = None, None, []
        self.allowed = [not line.startswith("may not ") for line in lines if line[:3] == "may"]
        for line in lines[1:]:
            if line.endswith(" s between two requests"):
                self.delay = line.split()[0]
            elif line.startswith("at most "):
                words = line.split()
                self.rate = (int(words[2]), int(words[4]))
            elif line.startswith("site map "):
                self.maps.append(line[len("site map "):])
        if len(self.allowed) != len(urls):
            raise SystemExit("not a line for each URL: " + out)


def python(text):
    parser = RobotFileParser()
    parser.parse(text.splitlines())
    return parser


def write(folder, text):
    path = Path(folder, "robots.txt")
    path.write_bytes(text.encode())
    return path


def test_differences(tap, program, folder):
    for reason, text, agent, asked, theirs, wanted in DIFFERENCES:
        parser, ours = python(text), Ours(program, write(folder, text), agent,
                                          [] if asked in ("delay", "map") else [asked])
        if asked == "delay":
            found = parser.crawl_delay(agent), ours.delay
        elif asked == "map":
            found = parser.site_maps(), ours.maps
        else:
            found = parser.can_fetch(agent, asked), ours.allowed[0]
        tap.ok(found == (theirs, wanted), reason, "Python and ours: %r" % (found,))


# ---- files on which both follow the same rules ----

WORDS = ["a", "b", "ab", "page", "~x", "%7Ex", "%41", "A", "\u00e9", "%C3%A9", "%c3%a9", "a b",
         "a%20b", "100%", "x.y", "a-b_c", "a:b", "a+b", "(x)", "'", "!", "@"]


def plain_path(number):
    path = "".join("/" + number.choice(WORDS) for _ in range(number.randrange(1, 4)))
    path += number.choice(["", "", "/"])
    if number.random() < 0.3:
        path += "?" + number.choice(["a=b", "a", "a=b&c=d", "%C3%A9=~"])
    return path


def field(number, name, value):
    """A line, with the freedoms that both allow."""
    name = number.choice([name, name.lower(), name.upper()])
    return (number.choice(["", "", " ", "\t"]) + name + number.choice(["", "", " "]) + ":" +
            number.choice(["", " ", "  \t"]) + value + number.choice(["", "", " ", " # note"]))


def normal(text, is_rule):
    """The octets that are compared: RFC 9309 section 2.2.2 in other words than ours."""
    path, mark, query = text.partition("?")
    done = []
    for part, same in ((path, ""), (query, ":/?@")):
        part = re.sub("%(?![0-9A-Fa-f]{2})", "%25", part)
        part = quote(part, safe="%:/?#[]@!&'()*+,;=~")
        part = re.sub("%([0-9A-Fa-f]{2})",
                      lambda m, same=same: chr(int(m[1], 16))
                      if re.match("[A-Za-z0-9._~%s-]" % same, chr(int(m[1], 16)), re.A)
                      else m[0].upper(), part)
        done.append(part if is_rule else part.replace("*", "%2A"))
    return done[0] + mark + done[1]


def plain_file(number):
    """The rules of a group stand longest first, so that the first that matches is the longest."""
    names = ["me", "you", "*"]
    lines = []
    number.shuffle(names)
    for name in names[:number.randrange(1, 4)]:
        lines.append(field(number, "User-agent", number.choice([name, name.upper()])))
        rules = [(number.choice(["Allow", "Disallow"]), plain_path(number)) for _ in range(9)]
        rules.sort(key=lambda rule: (-len(normal(rule[1], True)), rule[0]))
        lines += [field(number, *rule) for rule in rules]
        if number.random() < 0.6:
            lines.append(field(number, "Crawl-delay", number.choice(["3", "10", "x", "-1", "0"])))
        if number.random() < 0.6:
            lines.append(field(number, "Request-rate",
                               number.choice(["1/5", "3 / 10", "1", "1/x", "/", "1/2/3"])))
        if number.random() < 0.4:
            lines.append(field(number, "Sitemap", "http://h/%d.xml" % number.randrange(99)))
        lines += number.choice([[""], ["", ""], ["", "# next"]])
    return number.choice(["\n", "\r\n", "\r"]).join(lines)


def plain_urls(number):
    return [number.choice(["", "http://h", "https://u:p@h:8/"[:-1]]) + plain_path(number)
            for _ in range(URLS)]


def delay_of(text):
    return None if text is None else "%g" % text


def compare(parser, ours, agent, theirs, urls):
    """What they do not agree on."""
    wrong = [(url, mine) for url, mine in zip(urls, ours.allowed)
             if parser.can_fetch(agent, theirs(url)) != mine]
    if delay_of(parser.crawl_delay(agent)) != ours.delay:
        wrong.append(("delay", parser.crawl_delay(agent), ours.delay))
    if (parser.request_rate(agent) or None) != ours.rate:
        wrong.append(("rate", parser.request_rate(agent), ours.rate))
    if (parser.site_maps() or []) != ours.maps:
        wrong.append(("maps", parser.site_maps(), ours.maps))
    return wrong


def test_plain(tap, program, folder):
    number, wrong, answers = random.Random(9309), [], []
    for _ in range(FILES):
        text, urls = plain_file(number), plain_urls(number)
        agent = number.choice(["me", "Me/2.0", "you", "other"])
        ours = Ours(program, write(folder, text), agent, urls)
        answers += ours.allowed
        wrong += [(text, agent, what) for what in compare(python(text), ours, agent, str, urls)]
    tap.ok(not wrong, "%d questions on %d files: the same answers as Python's" % (
        len(answers), FILES), wrong[:2])
    tap.ok(len(answers) / 20 < answers.count(False) < len(answers) * 19 / 20,
           "and among them enough of each", answers.count(False))


# ---- files that need RFC 9309, and their translation ----

PIECES = ["/", "a", "b", "*", "$", "/", "a", "%2F", "%2f", "%61", "?", "%3F", "=", "%3D", "%2A",
          "%24", ":", "%3A", "\u00e9", " ", ";", "~", "%7e", "%"]
AGENTS = ["me", "ME", "me/1.0", "m", "men", "*", "* x", "you", "me you", ""]


def wild_file(number):
    lines = []
    for _ in range(number.randrange(2, 30)):
        kind = number.random()
        if kind < 0.3:
            lines.append("User-agent:" + number.choice(AGENTS))
        elif kind < 0.85:
            lines.append(number.choice(["Allow: ", "Disallow:"]) +
                         number.choice(["/", "/", "/", "", "*"]) +
                         "".join(number.choice(PIECES) for _ in range(number.randrange(5))))
        else:
            lines.append(number.choice(["", "#", "Crawl-delay: 4", "Crawl-delay: 7", "Noindex: /",
                                        "Request-rate: 2/3", "Request-rate: 5/9", "Disallow /",
                                        "Crawl-delay: x", "Sitemap: http://h/m"]))
    return number.choice(["", "\ufeff"]) + number.choice(["\n", "\r", "\r\n"]).join(lines)


def wild_urls(number):
    urls = ["http://h/" + "".join(number.choice(PIECES) for _ in range(number.randrange(6)))
            for _ in range(URLS - 2)]
    return urls + ["/robots.txt", "http://h"]


def rules_of(text, agent):
    """Groups merged: the lines of the agent's own groups, or else of those for all."""
    blocks, naming = [], False
    for line in re.split("\r\n|\r|\n", text.removeprefix("\ufeff")):
        name, colon, value = line.partition("#")[0].partition(":")
        name, value = name.strip(" \t").lower(), value.strip(" \t")
        if colon and name == "user-agent":
            if not naming:
                blocks.append((set(), []))
            blocks[-1][0].add(re.split("[/ \t]", value)[0].lower())
            naming = True
        elif colon and blocks:
            blocks[-1][1].append((name, value))
            naming = naming and name not in ("allow", "disallow")
    named = [lines for names, lines in blocks if agent.lower() in names]
    named = named or [lines for names, lines in blocks if "*" in names]
    return [line for lines in named for line in lines]


def wild_matches(pattern, url):
    ends = pattern.endswith("$")
    pieces = pattern[:len(pattern) - ends].replace("$", "%24").split("*")
    return re.match(".*".join(map(re.escape, pieces)) + (r"\Z" if ends else ""), url)


def private(text):
    """Each octet as a letter that Python takes for itself, whatever it means in a URL."""
    return "/" + "".join(chr(0xe000 + ord(c)) for c in text)


def translate(text, agent, url):
    """The file as Python has to be told of it, for this one URL."""
    rules, others = [], []
    for name, value in rules_of(text, agent):
        if name not in ("allow", "disallow"):
            others.append("%s: %s" % (name, value))
        elif value != "":
            pattern = normal(value, True)
            ends = pattern.endswith("$")
            length = len(pattern[:len(pattern) - ends].replace("$", "%24")) + ends
            if wild_matches(pattern, url):  # then the URL stands for it, to its end
                rules.append((-length, name, private(url)))
    return ["User-agent: *", *others, *("%s: %s" % (name, value) for _, name, value
                                        in sorted(rules))]


def test_wild(tap, program, folder):
    number, wrong, answers, differ = random.Random(2022), [], [], 0
    for _ in range(FILES):
        text, urls, agent = wild_file(number), wild_urls(number), number.choice(["me", "you"])
        ours = Ours(program, write(folder, text), agent, urls)
        raw = python(text)
        answers += ours.allowed
        for url, mine in zip(urls, ours.allowed):
            octets = normal(url.removeprefix("http://h") or "/", False)
            parser = RobotFileParser()
            parser.parse(translate(text, agent, octets))
            if (octets == "/robots.txt" or parser.can_fetch(agent, private(octets))) != mine:
                wrong.append((text, agent, url, mine))
            differ += raw.can_fetch(agent, url) != mine
        if delay_of(parser.crawl_delay(agent)) != ours.delay or \
                parser.request_rate(agent) != ours.rate:
            wrong.append((text, agent, ours.delay, ours.rate))
    tap.ok(not wrong, "%d questions that need RFC 9309: as Python answers when it is told" %
           len(answers), wrong[:2])
    tap.ok(differ > len(answers) / 20, "and untold it would often not", differ)
    tap.ok(len(answers) / 20 < answers.count(False) < len(answers) * 19 / 20,
           "and among them enough of each", answers.count(False))


# ---- what the answer to the request for the file makes of it ----

class Site(http.server.BaseHTTPRequestHandler):
    """/STATUS/robots.txt has that status; one that is cut short is promised in full."""

    def do_GET(self):
        status = int(self.path.split("/")[1])
        body = b"User-agent: *\nDisallow: /no\n"
        self.send_response(status)
        if status in (301, 307):
            self.send_header("Location", "/200/robots.txt")
        self.send_header("Content-Length", str(len(body) + 99 * (status == 203)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        pass


# A status, and whether / and /no may be fetched: to Python, and to us. None: Python raises.
STATUSES = [
    (200, (True, False), (True, False), "the file counts"),
    (301, (True, False), (True, False), "it is followed"),
    (307, (True, False), (True, False), "it is followed"),
    (400, (True, True), (True, True), "there are no rules"),
    (404, (True, True), (True, True), "there are no rules"),
    (410, (True, True), (True, True), "there are no rules"),
    (401, (False, False), (True, True), "section 2.3.1.3: no rules; to Python all is forbidden"),
    (403, (False, False), (True, True), "section 2.3.1.3: no rules; to Python all is forbidden"),
    (500, (False, False), (False, False), "nothing is allowed"),
    (503, (False, False), (False, False), "nothing is allowed"),
    (203, None, (False, False), "half a file is none: nothing is allowed; Python raises"),
]


def test_statuses(tap, program):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    site = "http://127.0.0.1:%d" % server.server_port
    for status, theirs, wanted, what in STATUSES:
        url = "%s/%d/robots.txt" % (site, status)
        parser, found = RobotFileParser(url), None
        try:
            parser.read()
            found = tuple(parser.can_fetch("me", site + path) for path in ("/", "/no"))
        except http.client.IncompleteRead:
            pass
        ours = Ours(program, url, "me", [site + "/", site + "/no"])
        tap.ok((found, tuple(ours.allowed)) == (theirs, wanted), "%d: %s" % (status, what),
               "Python %r, ours %r" % (found, ours.allowed))
    server.shutdown()
    server.server_close()
    ours = Ours(program, site + "/robots.txt", "me", ["/", "/robots.txt"])
    tap.ok((ours.status, ours.allowed) == (0, [False, True]), "nobody answers: nothing is allowed",
           "%r %r" % (ours.status, ours.allowed))


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="robots.") as folder:
        program = folder + "/robots"
        built = run("gcc", "-std=gnu11", "-D_GNU_SOURCE", "-g", "-fsanitize=address,undefined",
                    "-fno-sanitize-recover=all", "-Icommon", "-I02_http", "-I03_urllib", "-o",
                    program, "03_urllib/09_robots.c", "03_urllib/urllib/robotparser.c",
                    "build/liburllib.a", "build/libhttp.a", "build/libcore.a", "-lssl", "-lcrypto",
                    "-lpsl", "-ljansson", "-pthread", cwd=ROOT)
        if not tap.ok(built[0] == 0, "the program builds", built[2]):
            return tap.done()
        for test in (test_differences, test_plain, test_wild):
            test(tap, program, folder)
        test_statuses(tap, program)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
