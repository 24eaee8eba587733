"""URLs, ours beside Python's urllib.parse, libcurl's URL API and Node's URL: 1,000 of them are
taken apart, a reference is joined to each, their queries are read, and each is coded as a text. The
bars: 20 times as fast as Python, and 3 times as fast as libcurl where they are taken apart. And a
robots.txt of 500 rules is asked about each, beside Python's urllib.robotparser.

By hand, in the repository's root: make build/bench/urls && python3 -B common/bench/urls.py
"""
import json
import random
import shutil
import subprocess
import tempfile
import time
import urllib.parse
import urllib.robotparser

COUNT = 1000
RULES = 500
ROUNDS = 15
BARS = {"split": 20, "join": 20, "parse_qs": 20, "quote": 20}
CURL_BAR = 3
TEXTS = {"split": "taken apart", "join": "joined with a reference",
         "parse_qs": "their queries, read", "quote": "coded"}

NODE = """
const lines = require("fs").readFileSync(process.argv[1], "utf8").trim().split("\\n");
const pairs = lines.map(line => line.split("\\t"));
const queries = pairs.map(([url]) => new URL(url).search.slice(1)).filter(query => query);
let found = 0;
function best(work, each) {
  let least = Infinity;
  for (let round = 0; round < 60; round++) {
    const start = process.hrtime.bigint();
    work();
    least = Math.min(least, Number(process.hrtime.bigint() - start));
  }
  return least / each;
}
console.log(JSON.stringify({
  split: best(() => { for (const [url] of pairs) found += new URL(url).pathname.length; },
              pairs.length),
  join: best(() => { for (const [url, more] of pairs) found += new URL(more, url).href.length; },
             pairs.length),
  parse_qs: best(() => {
    for (const query of queries) found += [...new URLSearchParams(query)].length;
  }, queries.length),
  quote: best(() => { for (const [url] of pairs) found += encodeURIComponent(url).length; },
              pairs.length),
}));
"""


def make_list():
    """Pairs of a URL and a reference, the same in every run: as pages and services have them."""
    of = random.Random(3986)
    words = "news shop api v2 users images static 2024 archive search blog index about media " \
        "networks socket lesson item review download en de assets css".split()
    hosts = ["example.org", "www.example.com", "api.example.net:8443", "cdn7.static.example.com",
             "shop.example.co.uk", "docs.example.io", "[2001:db8::7]:8080", "user@ftp.example.org"]

    def path(least):
        parts = [of.choice(words) for _ in range(of.randint(least, 5))]
        return "/".join(parts) + of.choice(("", "/", ".html", "-%d.html" % of.randrange(10 ** 6),
                                            "/caf%C3%A9", ".jpg"))

    def query():
        value = ("1", "42", "true", "red+shoes", "caf%C3%A9+au+lait", "2024-05-17", "a%26b",
                 "https%3A%2F%2Fexample.org%2F", "x" * 32)
        return "&".join("%s=%s" % (of.choice(("q", "page", "sort", "utm_source", "id", "lang")),
                                   of.choice(value)) for _ in range(of.choice((1, 2, 2, 3, 4, 6))))

    def url():
        return of.choice(("https", "https", "https", "http")) + "://" + of.choice(hosts) + "/" + \
            path(0) + ("?" + query() if of.random() < 0.5 else "") + \
            ("#" + of.choice(words) if of.random() < 0.15 else "")

    def reference():
        return of.choice((lambda: path(1), lambda: "/" + path(1), lambda: "../" + path(1),
                          lambda: "../../" + path(1), lambda: "./" + path(1), lambda: "?" + query(),
                          lambda: "#" + of.choice(words), lambda: "//" + hosts[0] + "/" + path(1),
                          url, lambda: "/" + path(2) + "?" + query()))()

    return [(url(), reference()) for _ in range(COUNT)]


def make_robots():
    """Rules as sites have them, the longest first, so that Python answers as RFC 9309 would."""
    of = random.Random(9309)
    words = "news shop api v2 users images static 2024 archive search blog index about media " \
        "networks socket lesson item review download en de assets css".split()
    rules = set()
    while len(rules) < RULES:
        rules.add("/" + "/".join(of.choice(words) for _ in range(of.choice((1, 2, 2, 3)))) +
                  of.choice(("", "/", "/", "/%d" % of.randrange(100), "?q=")))
    return "User-agent: other\nDisallow: /\n\nUser-agent: *\n" + "".join(
        "%s: %s\n" % (of.choice(("Disallow", "Disallow", "Allow")), rule)
        for rule in sorted(rules, key=lambda rule: (-len(rule), rule)))


def best(work, each):
    """Nanoseconds for each, in the round that was disturbed least."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) / each)
    return 1e9 * min(times)


def python(pairs):
    urls = [url for url, _ in pairs]
    queries = [query for query in (urllib.parse.urlsplit(url).query for url in urls) if query]

    def each(call, *lists):
        def work():
            urllib.parse.clear_cache()  # which would know what it has seen before
            for arguments in zip(*lists):
                call(*arguments)
        return best(work, len(lists[0]))

    robots = urllib.robotparser.RobotFileParser()
    robots.parse(make_robots().splitlines())
    found = {"can_fetch": each(lambda url: robots.can_fetch("workbook", url), urls),
             "allowed": sum(robots.can_fetch("workbook", url) for url in urls)}
    return {**found, "split": each(urllib.parse.urlsplit, urls),
            "join": each(urllib.parse.urljoin, urls, [reference for _, reference in pairs]),
            "parse_qs": each(urllib.parse.parse_qs, queries),
            "quote": each(urllib.parse.quote, urls)}


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def compare():
    """Nanoseconds each, and how many times as fast ours is."""
    pairs = make_list()
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file, \
            tempfile.NamedTemporaryFile("w", suffix=".txt") as robots:
        file.write("".join("%s\t%s\n" % pair for pair in pairs))
        file.flush()
        robots.write(make_robots())
        robots.flush()
        lines = output("build/bench/urls", file.name, robots.name).splitlines()
        node = json.loads(output("node", "-e", NODE, file.name)) if shutil.which("node") else {}
    ours = {name.removesuffix("_ns"): float(took) for name, took in map(str.split, lines)}
    found = {"ours": ours, "python": python(pairs), "node": node}
    if found["python"].pop("allowed") != ours.pop("allowed"):
        raise SystemExit("robots.txt: Python and ours do not allow the same")
    found["times"] = {what: found["python"][what] / ours[what] for what in [*BARS, "can_fetch"]}
    found["curl_times"] = ours["curl_split"] / ours["split_all"]
    return found


def show(found):
    ours, python_s, node = found["ours"], found["python"], found["node"]
    print("%d URLs, beside Python's urllib.parse, libcurl's URL API, Node's URL" % COUNT)
    for what, text in TEXTS.items():
        others = ["Python %.0f ns; %.0f times as fast, at least %d" % (
            python_s[what], found["times"][what], BARS[what])]
        if what in node:
            others.append("Node %.0f" % node[what])
        if "curl_" + what in ours:
            others.append("libcurl %.0f" % ours["curl_" + what])
        print("  %-32s %8.1f ns  %s" % (text, ours[what], "; ".join(others)))
    print("  %-32s %8.1f ns  libcurl %.0f ns; %.1f times as fast, at least %d; "
          "its set alone %.0f" % (
              "with user, host and port", ours["split_all"], ours["curl_split"],
              found["curl_times"], CURL_BAR, ours["curl_set"]))
    print("  %-32s %8.1f ns  Python %.0f ns; %.0f times as fast" % (
        "asked of a robots.txt, %d rules" % RULES, ours["can_fetch"], python_s["can_fetch"],
        found["times"]["can_fetch"]))


if __name__ == "__main__":
    show(compare())
