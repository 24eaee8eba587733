#!/usr/bin/python3 -B
"""Lesson 3.11's crawler, sanitized: on sites of the testbed, whose truth is known; on a site that
is as bad as can be; with robots.txt of every kind; its pauses, its memory; and its picture.

Options are names of tests, to try those alone: common/tests/crawler.t hostile
"""
import collections
import contextlib
import gzip
import http.server
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from urllib.parse import urljoin

from tap import Tap, run

ROOT = Path(__file__).resolve().parents[2]
PLAIN = ROOT / "build/03_urllib/11_crawler"
LIMIT = 120  # seconds: how long a machine may be slow before a test gives up
for _name in [name for name in os.environ if name.lower().endswith("_proxy")]:
    os.environ.pop(_name)

Row = collections.namedtuple("Row", "depth status links page note")


def build(folder):
    """The crawler with all modules, sanitized."""
    program = Path(folder, "11_crawler")
    sources = [str(ROOT / "03_urllib/11_crawler.c")]
    for part in ("03_urllib/urllib", "02_http/http", "common/core"):
        sources += sorted(str(path) for path in (ROOT / part).glob("*.c"))
    flags = ["-std=c11", "-D_GNU_SOURCE", "-O1", "-g", "-fsanitize=address,undefined",
             "-fno-sanitize-recover=all"]
    flags += ["-I%s" % (ROOT / part) for part in ("common", "02_http", "03_urllib")]
    objects, running = [], []
    for number, source in enumerate(sources):
        objects.append(str(Path(folder, "%d.o" % number)))
        running.append(subprocess.Popen(["gcc", *flags, "-c", source, "-o", objects[-1]]))
        if len(running) >= (os.cpu_count() or 1) and running.pop(0).wait() != 0:
            raise SystemExit("it does not compile")
    if any([one.wait() for one in running]):
        raise SystemExit("it does not compile")
    subprocess.run(["gcc", *flags, *objects, "-o", str(program), "-lssl", "-lcrypto", "-lpsl",
                    "-ljansson", "-lgumbo", "-pthread"], check=True)
    return program


class Crawl:
    """What the crawler says of a site: rows, or with --dot edges and nodes with their looks."""

    def __init__(self, program, *arguments):
        self.status, self.out, self.err = run(str(program), *(str(a) for a in arguments),
                                              timeout=LIMIT)
        self.rows, self.edges, self.first, self.looks = [], [], [], {}
        for line in self.out.splitlines():
            row = re.fullmatch(r" *(\d+) +(\d+|-) +(\d+|-)  (\S+) *(?:  (.+))?", line)
            edge = re.fullmatch(r'  "([^"]+)" -> "([^"]+)"( \[.*\])?', line)
            node = re.fullmatch(r'  "([^"]+)" \[label="\\N(?:\\n([^"]*))?"(?: (.*))?\]', line)
            if row:
                self.rows.append(Row(int(row[1]), row[2], row[3], row[4], row[5] or ""))
            elif edge:
                self.edges.append((edge[1], edge[2]))
                self.first += [] if edge[3] else [(edge[1], edge[2])]
            elif node:
                self.looks[node[1]] = (node[2] or "", node[3] or "")

    def row(self, page):
        """What its row says; there must be one and no more."""
        found = [row for row in self.rows if row.page == page]
        return (found[0].status, found[0].links, found[0].note) if len(found) == 1 else found


# ---- the testbed's sites -------------------------------------------------------------------------

class Testbed:
    def __init__(self, *options):
        self.log = tempfile.TemporaryFile("w+")  # a pipe that nobody reads would stop it
        self.process = subprocess.Popen([ROOT / "build/testbed", "--log", *options, "0"],
                                        stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()

    def stop(self):
        """How often each path was asked for."""
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=LIMIT)
        self.log.seek(0)
        return collections.Counter(re.findall(r'"GET (\S+) HTTP', self.log.read()))


def month_links(url, start):
    """The truth names the first month alone: the others are like it."""
    year, month = map(int, re.search(r"(\d+)-(\d+)\.html", url).groups())
    count = year * 12 + month - 1
    return [re.sub(r"\d+-\d+\.html", "%04d-%02d.html" % (n // 12, n % 12 + 1), url)
            for n in (count - 1, count + 1)] + [start]


def due(truth, place, depth, most):
    """What the crawler is to find, by the truth alone: rows and edges."""
    start, pages = urljoin(place, truth["start"]), {}
    for page in truth["pages"]:
        pages[urljoin(place, page["url"])] = page
    queue, found, edges, asked = [start], {start: 0}, [], 0
    rows, notes = [], {"endless": "cut: too slow", "cut": "the body ended"}

    def name(url):
        return (url[len(start):] or "./") if url.startswith(start) else url

    for url in queue:
        page = pages.get(url) or {"kind": "calendar", "status": 200, "robots": True,
                                  "location": None, "links": month_links(url, start)}
        if not url.startswith(place):
            rows.append((found[url], "-", "-", name(url), "another host"))
        elif not page["robots"]:
            rows.append((found[url], "-", "-", name(url), "forbidden"))
        elif found[url] <= depth and asked < most:
            asked += 1
            links = [page["location"]] if page["location"] else page["links"]
            links = [to for to in (urljoin(place, link) for link in links) if to != url]
            links = list(dict.fromkeys(links)) if page["status"] < 400 else []
            rows.append((found[url], str(page["status"]), str(len(links)), name(url),
                         "to" if page["location"] else notes.get(page["kind"], "")))
            for link in links:
                edges.append((name(url), name(link)))
                if link not in found:
                    found[link] = found[url] + 1
                    queue.append(link)
    return rows, edges


def test_truth(tap, program, _):
    with Testbed() as testbed:
        limits = ["--delay", 0, "--wait", 1500, "--pages"]
        sites = [("localhost", 11, 1, 3, 100), ("localhost", 12, 8, 9, 30),
                 ("127.0.0.1", 13, 24, 5, 1000), ("localhost", 14, 120, 6, 1000)]
        wanted = {"/robots.txt": 2 * len(sites)}
        for host, seed, size, depth, most in sites:
            place = "http://%s:%d" % (host, testbed.port)
            site = "%s/site/%d/%d/" % (place, seed, size)
            truth = json.loads(urllib.request.urlopen(site + "truth.json").read())
            wanted["/site/%d/%d/truth.json" % (seed, size)] = 1
            rows, edges = due(truth, place + "/", depth, most)
            table = Crawl(program, *limits, most, "--depth", depth, site)
            got = [(*row[:4], re.sub(r"^(to|the body ended) .*", r"\1", row.note))
                   for row in table.rows]
            tap.ok(table.status == 0 and not table.err and got == rows,
                   "%s: %d rows as truth.json has it, in their order" % (site, len(rows)),
                   [pair for pair in zip(got, rows) if pair[0] != pair[1]] or table.err)
            graph = Crawl(program, *limits, most, "--depth", depth, "--dot", site)
            tap.ok(graph.edges == edges and len(set(b for _, b in graph.first)) ==
                   len(graph.first) == len(graph.looks) - 1,
                   "and %d links, a tree of them black" % len(edges),
                   [pair for pair in zip(graph.edges, edges) if pair[0] != pair[1]])
            for _, status, _, page, _ in rows:
                if status != "-":
                    wanted[urljoin("/site/%d/%d/" % (seed, size), page)] = 2
        seen = testbed.stop()
        tap.ok(seen == wanted, "each page was asked for once in a crawl, and no other",
               {path: (seen[path], wanted.get(path)) for path in {*seen, *wanted}
                if seen[path] != wanted.get(path)})
        tap.ok(not [path for path in seen if path.startswith("/private/")] and
               any("/private/" in to for _, to in graph.edges), "nothing that robots.txt forbids")


def peak(*command):
    """The most memory that it had, in KiB, and seconds of the processor; its output."""
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen([str(word) for word in command], stdout=out)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        return used.ru_maxrss, used.ru_utime + used.ru_stime, out.read()


def test_large(tap, _program, _):
    with Testbed() as testbed:
        site = "http://localhost:%d/site/21/10000/" % testbed.port
        few = peak(PLAIN, "--delay", 0, "--wait", 1500, "--pages", 300, site)
        seen = testbed.stop()
    tap.ok(few[2].endswith("\n300 asked for, %s left\n" % few[2].split()[-2]) and
           sum(seen.values()) == 301, "10,000 pages, and a limit of 300", few[2][-200:])
    rows, held = 0, {}
    with Testbed() as testbed:
        process = subprocess.Popen(
            [PLAIN, "--delay", "0", "--wait", "1500", "--pages", "2500", "--depth", "100",
             "http://localhost:%d/site/21/10000/" % testbed.port], stdout=subprocess.PIPE)
        for line in process.stdout:
            rows += 1
            if rows in (300, 2400):  # it goes on, so it is there
                held[rows] = int(re.search(r"VmRSS:\s+(\d+)", Path(
                    "/proc/%d/status" % process.pid).read_text())[1])
        process.wait(LIMIT)
        seen = testbed.stop()
    tap.ok(rows > 2500 and max(seen.values()) == 1 and sum(seen.values()) == 2501,
           "2,500 of them, each once", line)
    tap.ok(held[2400] < held[300] + 5120, "memory does not grow with what was read",
           "KiB after so many rows: %s" % held)


# ---- a server that says what it is told to -------------------------------------------------------

class Site:
    """Answers with pages[path], (status, fields, body), body by pieces if it is a generator; or a
    function that is given the handler. What was asked for stands in seen, with when it began and
    when it was answered."""

    def __init__(self, pages, robots=(404, {}, b"")):
        site = self
        self.pages, self.seen, self.agents = {**pages, "/robots.txt": robots}, [], set()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                began = time.monotonic()
                # http.server makes one slash of two; this is what came.
                self.path = self.raw_requestline.split()[1].decode("latin-1")
                site.agents.add(self.headers["User-Agent"])
                entry = [self.path, began, None]
                site.seen.append(entry)
                answer = site.pages.get(self.path, (404, {"Content-Type": "text/html"},
                                                    b"<a href=/never>no</a>"))
                with contextlib.suppress(OSError):
                    site.send(self, answer)
                entry[2] = time.monotonic()
                self.close_connection = True

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.place = "http://127.0.0.1:%d" % self.server.server_port
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))

    @staticmethod
    def send(handler, answer):
        if callable(answer):
            answer(handler)
            return
        status, fields, body = answer
        handler.send_response_only(status)
        whole = isinstance(body, bytes)
        for name, value in {**({"Content-Length": len(body)} if whole else {}), **fields}.items():
            handler.send_header(name, value)
        handler.end_headers()
        for piece in [body] if whole else body():
            handler.wfile.write(piece)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.server.shutdown()
        self.server.server_close()

    def paths(self):
        return sorted(path for path, *_ in self.seen)


def page(*links, fields=None, before=b""):
    body = "".join('<a href="%s">x</a>' % link for link in links).encode()
    return 200, {"Content-Type": "text/html", **(fields or {})}, before + body


def away(status, to):
    return status, {"Location": to}, b""


def test_hostile(tap, program, _):
    def silent(_handler):
        site.stopped.wait(LIMIT)

    def drip():
        while not site.stopped.wait(0.02):
            yield b"<p>"

    def flood():
        yield b"<a href=/from-flood>x</a>"
        while True:
            yield b"<p>water" * 1000

    def late():
        yield b"<a href=/from-slow>x</a>"
        yield from drip()

    html = {"Content-Type": "text/html"}
    formats = "".join("<b x=%d>" % n for n in range(3000)).encode()
    pages = {
        # what is not read
        "/gzip": page(fields={"Content-Encoding": "gzip"})[:2] +
        (gzip.compress(b"<a href=/never>x</a>"),),
        "/png": page("/never", fields={"Content-Type": "image/png"}),
        "/plain": page("/never", fields={"Content-Type": "text/plain"}),
        "/like": page("/never", fields={"Content-Type": "text/htmlish"}),
        "/untyped": (200, {}, b"<a href=/never>x</a>"),
        "/broken": (500, html, b"<a href=/never>x</a>"),
        "/nothing": (204, {}, b""),
        "/empty": (200, html, b""),
        # what is
        "/capitals": page("/from-capitals", fields={"Content-Type": "TEXT/HTML; charset=x"}),
        "/noise": (200, html, bytes(range(256)) * 40 + b"<a href=/from-noise>x"),
        "/soup": (200, html, b"<table><a href='/from-soup' href=/never><tr></b><!-- <a href=/never>"
                  b"--><script>'<a href=/never>'</script><A HREF = /from-soup2><a href=\"/never"),
        # what does not end
        "/flood": (200, html, flood),
        "/slow": (200, html, late),
        "/silent": silent,
        "/closes": lambda handler: None,
        "/short": (200, {**html, "Content-Length": "99"}, b"<a href=/from-short>x</a>"),
        "/memory": (200, html, b"<a href=/never>x</a><p>" + formats + b"</p><p>x" * 3000),
        "/time": (200, html, b"<div>" * 200000),
        "/deep": (200, html, b"<i>" * 2000 + b"<a href=/from-deep>x</a>"),
        # redirects
        "/out": away(302, "http://localhost:1/x"),
        "/forbid": away(301, "/private/y"),
        "/ring": away(302, "/ring2"),
        "/ring2": away(307, "ring"),
        "/self": away(302, "self"),
        "/script": away(302, "javascript:go()"),
        "/nowhere": (302, {}, b""),
        "/moved": away(308, "../from-moved#part"),
        # bases
        "/based": (200, html, b"<base href='/sub/'><base href='/never/'><a href=x>x</a>"),
        "/late": (200, html, b"<a href=y>x</a><base href='/sub/'>"),
        "/abroad": (200, html, b"<base href='//localhost:1/'><a href=z>x</a>"),
        "/useless": (200, html, b"<base href='mailto:x'><a href=from-useless>x</a>"),
    }
    pages.update({"/n%d" % n: away(302, "/n%d" % (n + 1)) for n in range(99)})
    odd = ["#top", "", "mailto:a@b", "javascript:x()", "tel:1", "data:,x", "ftp://h/x", "http:",
           "http://", "http://[x/", "//me:pass@127.0.0.1/x", "x" * 3000, "file:///etc/passwd"]
    same = ["/same", "/same#a", "../same", "/./x/../same", " /same \n", "/sa\tme", "%s/same",
            "%s/x/../same", "HTTP://127.0.0.1:%s/same", "//127.0.0.1:%s/same"]
    strange = ["/a b", "/\u00e9", "/&quot;q\\", "/\x1b[31m", "//127.0.0.1:%s//d", "/same?", "/Same"]
    pages["/same"] = pages["/same?"] = page("./")
    with Site(pages, (200, {}, b"User-agent: *\nDisallow: /private/\n")) as site:
        port = site.place.rsplit(":", 1)[1]
        links = [link.replace("HTTP://127.0.0.1:%s", "HTTP://127.0.0.1:" + port)
                 .replace("//127.0.0.1:%s", "//127.0.0.1:" + port).replace("%s/", site.place + "/")
                 for link in same + strange]
        hidden = {"/same", "/same?", "/ring2", *("/n%d" % n for n in range(1, 99))}
        links += odd + [path for path in pages if path not in hidden]
        site.pages["/"] = page(*links)
        began = time.monotonic()
        crawl = Crawl(program, "--delay", 0, "--wait", 500, "--depth", 5, site.place + "/")
        took = time.monotonic() - began
        wanted = {"/", "/robots.txt", "/same", "/same?", "/Same", "/a%20b", "/%C3%A9",
                  "/%22q%5C", "/%EF%BF%BD[31m", "//d", "/ring2", "/n1", "/n2", "/n3", "/n4",
                  "/sub/x", "/sub/y", "/from-capitals", "/from-noise", "/from-soup", "/from-soup2",
                  "/from-flood", "/from-slow", "/from-short", "/from-deep", "/from-moved",
                  "/from-useless", *(path for path in pages if path not in hidden)}
        tap.ok(crawl.status == 0 and not crawl.err and site.paths() == sorted(wanted),
               "what there is, each once, and nothing else",
               (crawl.status, crawl.err[-2000:], set(site.paths()) ^ wanted,
                [path for path, n in collections.Counter(site.paths()).items() if n > 1]))
        tap.ok(took < 30, "nothing holds it up for ever", took)
        for name, row in {
                "gzip": ("200", "0", "gzip"), "png": ("200", "0", "image/png"),
                "untyped": ("200", "0", "of no type"), "like": ("200", "0", "text/htmlish"),
                "broken": ("500", "0", ""), "nothing": ("204", "0", "of no type"),
                "empty": ("200", "0", ""), "noise": ("200", "1", ""), "soup": ("200", "2", ""),
                "flood": ("200", "1", "cut: too long"), "slow": ("200", "1", "cut: too slow"),
                "silent": ("-", "-", "nothing happened within the time limit"),
                "memory": ("200", "0", "the parser was stopped"),
                "time": ("200", "0", "the parser was stopped"), "deep": ("200", "1", ""),
                "out": ("302", "1", "to http://localhost:1/x"),
                "forbid": ("301", "1", "to /private/y"), "self": ("302", "0", "to self"),
                "script": ("302", "0", "to javascript:go()"), "nowhere": ("302", "0", ""),
                "late": ("200", "1", ""), "abroad": ("200", "1", ""),
                "http://localhost:1/x": ("-", "-", "another host"),
                "http://localhost:1/z": ("-", "-", "another host"),
                "private/y": ("-", "-", "forbidden"), "n4": ("302", "1", "to /n5")}.items():
            tap.ok(crawl.row(name) == row, "%s: %s" % (name, " ".join(row)), crawl.row(name))
        abroad = [row.page for row in crawl.rows if row.note == "another host"]
        tap.ok(abroad == ["http://localhost:1/x", "http://localhost:1/z"],
               "no other host but those", abroad)
        tap.ok(crawl.row("short")[:2] == ("200", "1") and "25 of 99" in crawl.row("short")[2] and
               crawl.row("closes")[0] == "-" and crawl.row("closes")[2], "half a page, and none",
               (crawl.row("short"), crawl.row("closes")))
        tap.ok(all(" " <= c <= "~" or c == "\n" for c in crawl.out),
               "no byte for a terminal to obey")
        tap.ok(crawl.out.endswith(" asked for, 1 left\n"), "a row of redirects without an end",
               crawl.out[-60:])


def test_parser(tap, _program, _):
    """A page of 40 KB that wants gigabytes, and one that wants minutes."""
    bold = "".join("<b x=%d>" % n for n in range(3000))
    with Site({"/": page("memory", "time"),
               "/memory": page(before=("<p>" + bold + "</p><p>x" * 3000).encode()),
               "/time": page(before=b"<div>" * 200000)}) as site:
        most, used, said = peak(PLAIN, "--delay", 0, site.place)
    tap.ok(said.count("the parser was stopped") == 2, "pages made to harm", said)
    tap.ok(most < 230 << 10, "a parser has no more than its memory", "%d KiB" % most)
    tap.ok(used < 6, "nor than its time", used)


def test_names(tap, program, _):
    """One host by many names."""
    with Site({"/": page("x")}) as site:
        place = site.place.replace("127.0.0.1", "LocalHost")
        site.pages["/x"] = page(place.lower() + "/", place.upper() + "/x", place + "?")
        crawl = Crawl(program, "--delay", 0, place.replace("http", "HTTP"))
        tap.ok([row.page for row in crawl.rows] == ["./", "x", "?"] and
               site.paths() == ["/", "/?", "/robots.txt", "/x"], "letters of a host", crawl.out)
    for url, plain in (("http://X.invalid:80", "http://x.invalid/"),
                       ("HTTPS://x.invalid:443/a", "https://x.invalid/"),
                       ("http://x.invalid:/", "http://x.invalid/"),
                       ("http://x.invalid:443/", "http://x.invalid:443/")):
        crawl = Crawl(program, url)
        tap.ok(crawl.err.startswith("11_crawler: %srobots.txt: " % plain), url, crawl.err)


def test_notes(tap, program, _):
    """Texts of others in the graph."""
    evil = 'text/x"]\\n[\xe9'
    with Site({"/": page("x"), "/x": page(fields={"Content-Type": evil})}) as site:
        graph = Crawl(program, "--delay", 0, "--dot", site.place)
        said = graph.looks.get("x", ("", ""))
        tap.ok(graph.status == 0 and said[0] == "text/x?]?n[?",
               "a type with quotes and bytes that are no text", graph.out + graph.err)
        if shutil.which("dot"):
            drawn = subprocess.run(["dot", "-Tsvg"], input=graph.out, capture_output=True,
                                   text=True, check=False)
            tap.ok(drawn.returncode == 0 and ">x</title>" in drawn.stdout, "dot can draw it",
                   drawn.stderr)


# ---- robots.txt, pauses, identity ----------------------------------------------------------------

def test_rules(tap, program, _):
    def silent(handler):
        site.stopped.wait(LIMIT)

    rules = b"User-agent: mybot\nDisallow: /b\n\nUser-agent: *\nDisallow: /a\n"
    for name, robots, agent, wanted in (
            ("by the group of all", (200, {}, rules), "x/1.0", "/ /b /robots.txt"),
            ("by a group of its own", (200, {}, rules), "mybot/1.0 (+http://me)",
             "/ /a /robots.txt"),
            ("404: no rules", (404, {}, rules), "x", "/ /a /b /robots.txt"),
            ("redirected", away(301, "/rules"), "x", "/ /b /robots.txt /rules"),
            ("500 KiB and more", (200, {}, rules + b"#" * 600000), "x", "/ /b /robots.txt"),
            ("500: nothing", (500, {}, b""), "x", "/robots.txt"),
            ("503: nothing", (503, {}, rules), "x", "/robots.txt"),
            ("half a file: nothing", (200, {"Content-Length": 999}, rules), "x", "/robots.txt"),
            ("silence: nothing", silent, "x", "/robots.txt"),
            ("hours: nothing", (200, {}, b"User-agent: *\nCrawl-delay: 61\n"), "x", "/robots.txt")):
        with Site({"/": page("a", "b"), "/rules": (200, {}, rules), "/a": page(), "/b": page()},
                  robots) as site:
            crawl = Crawl(program, "--delay", 0, "--wait", 1000, "--agent", agent, site.place)
            fine = crawl.status == (wanted == "/robots.txt") and bool(crawl.err) == crawl.status
            tap.ok(site.paths() == wanted.split() and fine and site.agents == {agent},
                   "robots.txt: " + name, (site.paths(), site.agents, crawl.out, crawl.err))


def test_pauses(tap, _program, _):
    pages = {"/": page("a", "b", "c"), "/a": page("d"), "/b": away(302, "/d"), "/c": page(),
             "/d": page()}
    for name, robots, delay, least in (
            ("the site's", b"User-agent: *\nCrawl-delay: 0.4\n", 100, 0.4),
            ("its own", b"User-agent: *\nCrawl-delay: 0.1\n", 300, 0.3),
            ("its own, where the site has none", b"", 300, 0.3)):
        with Site(pages, (200, {}, robots)) as site:
            _, used, _ = peak(PLAIN, "--delay", delay, site.place)
            gaps = [later[1] - earlier[2] for earlier, later in zip(site.seen, site.seen[1:])]
            tap.ok(len(gaps) == 5 and min(gaps) >= least - 0.002,
                   "a pause behind every answer, redirects and robots.txt too: " + name, gaps)
            tap.ok(used < 0.5, "asleep, not busy", used)


def test_usage(tap, program, _):
    for words in ([], ["--depth", "x", "http://h/"], ["--wait", "0", "http://h/"], ["a", "b"]):
        tap.ok(Crawl(program, *words).status == 2, "usage: %s" % " ".join(words))
    for url in ("ftp://h/", "/x", "http://", "mailto:x"):
        crawl = Crawl(program, url)
        tap.ok(crawl.status == 1 and "no URL of http or https" in crawl.err, "no site: " + url,
               crawl.err)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    crawl = Crawl(program, "http://127.0.0.1:%d/" % port)
    tap.ok(crawl.status == 1 and "nobody knows the rules" in crawl.err, "nobody there", crawl.err)


# ---- the lesson's picture ------------------------------------------------------------------------

def test_picture(tap, _program, folder):
    lesson = (ROOT / "03_urllib/11_crawler.md").read_text()
    picture = (ROOT / "03_urllib/11_crawler.svg").read_text()
    graph = re.search(r"^digraph site \{\n.*?^\}\n", lesson, re.S | re.M)[0]
    said = re.findall(r'^  "([^"]+)" (?:-> "([^"]+)"|\[label)', graph, re.M)
    drawn = re.findall(r"<title>(.*?)</title>", picture)
    wanted = ["%s->%s" % pair if pair[1] else pair[0] for pair in said]
    drawn = [re.sub(r"&#(\d+);", lambda m: chr(int(m[1])), name).replace("&gt;", ">")
             .replace("&amp;", "&") for name in drawn]
    tap.ok(sorted(drawn) == sorted(["site", *wanted]),
           "11_crawler.svg shows the graph that the lesson's session prints",
           set(drawn) ^ {"site", *wanted})
    tap.ok("](11_crawler.svg)" in lesson, "the lesson shows it")
    version = re.search(r"graphviz version (\S+)", picture)[1]
    if shutil.which("dot") and version in subprocess.run(
            ["dot", "-V"], capture_output=True, text=True, check=False).stderr:
        again = subprocess.run(["dot", "-Tsvg"], input=graph, capture_output=True, text=True,
                               check=True).stdout
        Path(folder, "picture.svg").write_text(again)
        tap.ok(again == picture, "to the byte: else dot -Tsvg makes it anew from that session")
    else:
        tap.ok(True, "to the byte # SKIP dot %s is not here" % version)


TESTS = {name[len("test_"):]: test for name, test in list(globals().items())
         if name.startswith("test_")}


def main():
    chosen = sys.argv[1:] or list(TESTS)
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        program = build(folder)
        for name in chosen:
            TESTS[name](tap, program, folder)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
