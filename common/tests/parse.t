#!/usr/bin/python3 -B
"""urllib/parse.h beside Python's urllib.parse: RFC 3986's tables, the hard URLs of parse_urls.txt
and 20,000 generated ones, every field and every function, and errors where Python raises.

What differs on purpose stands in KEPT, each difference as the lines of Python's own source that it
replaces: what is due is then what Python does with those lines. A difference that no URL meets is
an error too.  parse.t SEED  repeats a run.
"""
import random
import struct
import subprocess
import sys
import types
import unicodedata
import urllib.parse as python
from pathlib import Path

from tap import Tap, run

ROOT = Path(__file__).resolve().parents[2]
DRIVER = ROOT / "build/tests/parse_driver"
MADE_FOR = (3, 11)
GENERATED = 20000

# RFC 3986 section 5.4.1 and 5.4.2, with the base of section 5.4. The last is the strict reading of
# "http:g"; Python and we take the other, which the section allows for the sake of old documents.
BASE = "http://a/b/c/d;p?q"
NORMAL = {
    "g:h": "g:h", "g": "http://a/b/c/g", "./g": "http://a/b/c/g", "g/": "http://a/b/c/g/",
    "/g": "http://a/g", "//g": "http://g", "?y": "http://a/b/c/d;p?y", "g?y": "http://a/b/c/g?y",
    "#s": "http://a/b/c/d;p?q#s", "g#s": "http://a/b/c/g#s", "g?y#s": "http://a/b/c/g?y#s",
    ";x": "http://a/b/c/;x", "g;x": "http://a/b/c/g;x", "g;x?y#s": "http://a/b/c/g;x?y#s",
    "": "http://a/b/c/d;p?q", ".": "http://a/b/c/", "./": "http://a/b/c/", "..": "http://a/b/",
    "../": "http://a/b/", "../g": "http://a/b/g", "../..": "http://a/", "../../": "http://a/",
    "../../g": "http://a/g"}
ABNORMAL = {
    "../../../g": "http://a/g", "../../../../g": "http://a/g", "/./g": "http://a/g",
    "/../g": "http://a/g", "g.": "http://a/b/c/g.", ".g": "http://a/b/c/.g",
    "g..": "http://a/b/c/g..", "..g": "http://a/b/c/..g", "./../g": "http://a/b/g",
    "./g/.": "http://a/b/c/g/", "g/./h": "http://a/b/c/g/h", "g/../h": "http://a/b/c/h",
    "g;x=1/./y": "http://a/b/c/g;x=1/y", "g;x=1/../y": "http://a/b/c/y",
    "g?y/./x": "http://a/b/c/g?y/./x", "g?y/../x": "http://a/b/c/g?y/../x",
    "g#s/./x": "http://a/b/c/g#s/./x", "g#s/../x": "http://a/b/c/g#s/../x",
    "http:g": "http://a/b/c/g"}

# name, reason, then pairs: what stands in Python's urllib/parse.py, what would have to stand there.
KEPT = [
    ("an empty query stays",
     "RFC 3986 section 5.3: a query that is there but empty is written: it may mean another page",
     "    if '?' in url:\n", "    query = None\n    if '?' in url:\n",
     "    if query:\n", "    if query is not None:\n"),
    ("an empty fragment stays",
     "the same section; \"#\" leads to the top of the document, and nothing to where one was",
     "    if allow_fragments and '#' in url:\n",
     "    fragment = None\n    if allow_fragments and '#' in url:\n",
     "    if fragment:\n        url = url + '#'",
     "    if fragment is not None:\n        url = url + '#'"),
    ("an empty host stays, and none is made up",
     "the same section: \"x:///p\" has a host, an empty one; \"http:p\" and \"file:/p\" have none",
     "    if url[:2] == '//':\n", "    netloc = None\n    if url[:2] == '//':\n",
     "    if netloc or (scheme and scheme in uses_netloc and url[:2] != '//'):\n",
     "    if netloc is not None:\n"),
    ("a path of two slashes is not taken for a host",
     "where no host is, \"//evil\" would name one; later Pythons write \"////evil\" as well",
     "        url = '//' + (netloc or '') + url\n",
     "        url = '//' + (netloc or '') + url\n"
     "    elif url[:2] == '//':\n        url = '//' + url\n"),
    ("a path with a colon is not taken for a scheme",
     "section 4.2: \"./javascript:x\" is a path; without the dot it is something else",
     "    if scheme:\n        url = scheme + ':' + url\n",
     "    if not scheme and not netloc and re.match('[A-Za-z][A-Za-z0-9+.-]*:', url):\n"
     "        url = './' + url\n"
     "    if scheme:\n        url = scheme + ':' + url\n"),
    ("empty parameters stay",
     "section 3.3: a semicolon is a character of the path like others, so \"a;\" is not \"a\"",
     "    else:\n        params = ''\n", "    else:\n        params = None\n",
     "            return url, ''\n", "            return url, None\n",
     "    if params:\n", "    if params is not None:\n",
     "    if not path and not params:\n", "    if not path and params is None:\n"),
    ("an empty query of a reference counts",
     "section 5.2.2 asks whether it is there: \"?\" takes the base's query away",
     "        if not query:\n            query = bquery",
     "        if query is None:\n            query = bquery"),
    ("nothing is above the root",
     "section 5.2.4: \"/..\" is \"/\"; Python takes the root back: \"/a\" and \"../b\" make \"b\"",
     "                resolved_path.pop()\n",
     "                if resolved_path != ['']:\n                    resolved_path.pop()\n"),
]
# These need no lines of Python's, for the tests say them where they compare:
#   a tab, CR or LF is an error, and blanks in front are part of the path: url_strip() comes first
#   scheme, host: spelled as they were; urlunsplit() and urljoin() write the scheme in small letters
#   urldefrag(): cuts at "#", and neither rewrites what is in front nor looks whether it is a URL
#   urljoin(): both must be URLs, even when the other is empty


def kept(leave_out=None):
    """Python's module with what is kept different, all or all but one."""
    source = Path(python.__file__).read_text()
    for name, _, *pairs in KEPT:
        for old, new in zip(pairs[::2], pairs[1::2]):
            if source.count(old) != 1:
                raise LookupError("%s: where is %r?" % (name, old))
            if name != leave_out:
                source = source.replace(old, new)
    module = types.ModuleType("kept")
    exec(compile(source, "kept", "exec"), module.__dict__)  # Python's own file, but for our lines
    return module


# ---- the driver ----------------------------------------------------------------------------------

def as_bytes(text):
    return text if text is None or isinstance(text, bytes) else text.encode()


def packed(what, texts):
    record = [what.encode(), bytes([len(texts)])]
    for text in texts:
        record.append(b"\xff\xff\xff\xff" if text is None else struct.pack("<I", len(text)) + text)
    return b"".join(record)


class Failed(str):
    """An error, and what the module says."""


def ask(records):
    """Hands all records to the driver; a list of texts for each, or a Failed."""
    sent = b"".join(packed(what, [as_bytes(text) for text in texts]) for what, *texts in records)
    done = subprocess.run([str(DRIVER)], input=sent, capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError("the driver: %d, %s" % (done.returncode, done.stderr.decode()[-2000:]))
    out, at, results = done.stdout, 0, []
    for _ in records:
        count, at, texts = out[at], at + 1, []
        for _ in range(1 if count == 255 else count):
            length, = struct.unpack_from("<I", out, at)
            at += 4
            absent = length == 0xffffffff
            texts.append(None if absent else out[at:at + length].decode("utf-8", "surrogateescape"))
            at += 0 if absent else length
        results.append(Failed(texts[0]) if count == 255 else texts)
    if at != len(out):
        raise RuntimeError("the driver wrote more than it was asked")
    return results


def raised(call, *arguments, **options):
    """What a call returns, or a Failed where it raises ValueError."""
    try:
        return call(*arguments, **options)
    except ValueError as error:
        return Failed(error)


class Differences:
    """Collects what differs from what is due, and shows the first few."""

    def __init__(self):
        self.list, self.count = [], 0

    def compare(self, given, found, due):
        self.count += 1
        same = isinstance(due, Failed) if isinstance(found, Failed) else found == due
        if not same or isinstance(due, Failed) != isinstance(found, Failed):
            self.list.append("%a\n    is   %a\n    due  %a" % (given, found, due))

    def tell(self, tap, name, least=1):
        detail = "%d of %d differ\n%s" % (len(self.list), self.count, "\n".join(self.list[:8]))
        tap.ok(not self.list and self.count >= least, "%s (%d)" % (name, self.count), detail)


# ---- URLs ----------------------------------------------------------------------------------------

def hard_urls():
    lines = Path(__file__).with_name("parse_urls.txt").read_text().split("\n")[:-1]
    return [line.encode().decode("unicode_escape") for line in lines if not line.startswith(";; ")]


class Maker:
    """URLs that nobody wrote: put together from likely parts, then spoilt."""

    SCHEMES = ["http", "https", "file", "ftp", "HTTP", "x", "svn+ssh", "mailto", "data", "ws",
               "sip", "tel", "1x", "h\u00e9", "urn", "git", "javascript", ""]
    HOSTS = ["host", "example.org", "EXAMPLE.Org", "", "127.0.0.1", "a.b.c", "b\u00fccher",
             "\u2100", "x\uff0fy", "\uff21", "[::1]", "[v1.a]", "[fe80::1%E0]", "[", "]",
             "[::1]x", "x[::1]", "[1.2.3.4]", "\u0130"]
    SEGMENTS = ["", ".", "..", "a", "b", "c;p", ";", ";x=1", "..;x", "%2e", "%2F", "a:b", "\u00e9",
                "%C3%A9", "...", "a b", "@", "%", "[", "g;x=1", "%zz", "+"]
    VALUES = ["", "a", "b=", "=b", "a=1", "a=1", "a=2", "b=%20+", "c=%E2%82%AC", "d=%E2%82",
              "%00=1", "e=f=g", "\u00e9=\u00fc%C3", "a;b=1", "?", "/", "[", "%F0%9F%98%80=%80",
              "%ED%A0%80=x"]
    UTF_8 = b"\xe2\x82\xac\xf0\x9f\x98\x80\xed\xa0\xc3\xf4\x90\xe0\xc0\xf5"
    SPOILT = "/?#[]@:;%&=+.-\\|\"<> \t\r\n\x00\x1f\x7faZ09\u00e9\u2100\uff0f\uff1a\U0001f600\ufffd"

    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, *choices):
        return self.random.choice(choices)

    def address(self):
        """Something like an IPv6 address."""
        of = self.random
        parts = ["%x" % of.choice((0, 1, 15, 255, 4096, 65535, 65536))
                 for _ in range(of.randint(0, 9))]
        for _ in range(of.choice((0, 1, 1, 1, 2))):
            parts.insert(of.randint(0, len(parts)), "")
        if of.random() < 0.3:
            parts.append(of.choice(("1.2.3.4", "1.2.3", "01.2.3.4", "1.2.3.256", "0.0.0.0")))
        text = ":".join(parts)
        text = of.choice(("", "", "", ":")) + text + of.choice(("", "", "", ":", "%1", "%", "%a%"))
        return "[%s]" % text

    def netloc(self):
        of = self.random
        host = self.address() if of.random() < 0.25 else of.choice(self.HOSTS)
        user = of.choice(("", "", "", "u@", "u:p@", "@", ":@", "u:@", "a@b:c:d@", "[@",
                          "\u00fc:%40@"))
        port = of.choice(("", "", ":80", ":", ":0080", ":65535", ":65536", ":x", ":-1", ":80:90",
                          ":\u0668", ":99999999999999999999"))
        return user + host + port

    def path(self):
        of = self.random
        return of.choice(("", "/", "/", "//")) * (of.random() < 0.8) + \
            "/".join(of.choice(self.SEGMENTS) for _ in range(of.choice((0, 1, 1, 2, 3, 5))))

    def query(self):
        of = self.random
        return of.choice("&&&&&;").join(of.choice(self.VALUES) for _ in range(of.randint(0, 6)))

    def url(self):
        of = self.random
        url = of.choice(self.SCHEMES) + ":" if of.random() < 0.55 else ""
        if of.random() < 0.55:
            url += "//" + self.netloc()
        url += self.path()
        if of.random() < 0.4:
            url += "?" + self.query()
        if of.random() < 0.3:
            url += "#" + of.choice(("", "f", "#", "?x", "\u00e9", "/../g"))
        for _ in range(of.choice((0, 0, 0, 0, 1, 2))):
            at = of.randint(0, len(url))
            url = url[:at] + of.choice(("", of.choice(self.SPOILT))) + url[at + of.randint(0, 1):]
        return url

    def text(self):
        """Any text, with what looks like percent-coding."""
        of = self.random
        return "".join(of.choice(("%%%02x" % of.randrange(256), "%%%02X" % of.choice(self.UTF_8),
                                  chr(of.randrange(128)),
                                  of.choice("a+ %/~\u00e9\u20ac\U0001f600")))
                       for _ in range(of.randint(0, 12)))


def stripped(url):
    url = url.lstrip(python._WHATWG_C0_CONTROL_OR_SPACE)
    return url.translate({9: None, 10: None, 13: None})


def has_break(text):
    return any(c in text for c in "\t\r\n")


# ---- urlsplit, urlparse, urlunsplit, urlunparse, the netloc --------------------------------------

FIELDS = ("scheme", "netloc", "path", "query", "fragment", "geturl", "username", "password",
          "hostname", "port", "path of urlparse", "params")


def lowered(host):
    """As Python's attribute hostname spells it."""
    if not host:
        return None
    name, percent, zone = host.partition("%")
    return name.lower() + percent + zone


def port_of(parts):
    port = raised(lambda: parts.port)
    return "-1" if isinstance(port, Failed) else "-2" if port is None else str(port)


def python_fields(module, url):
    """What urlsplit() and urlparse() of a module say; Failed where they raise."""
    parts = raised(module.urlsplit, url)
    if isinstance(parts, Failed):
        return parts
    more, real = module.urlparse(url), python.urlsplit(url)
    return [parts.scheme, parts.netloc, parts.path, parts.query, parts.fragment,
            module.urlunsplit(parts), real.username, real.password, real.hostname, port_of(real),
            more.path, more.params]


def our_fields(texts):
    if isinstance(texts, Failed):
        return texts
    _, scheme, netloc, path, query, fragment, whole, *parts = texts
    user, password, host, port, number, *more = parts
    if number == "-2" and port:
        raise RuntimeError("a port without a number: %a" % port)
    return [(scheme or "").lower(), netloc, path, query, fragment, whole, user, password,
            lowered(host), number, *more]


def test_split(tap, module, urls, name):
    """Every field is what Python finds; where one is not there Python says that it is empty."""
    split, plain, strict = Differences(), Differences(), Differences()
    alike = ask([("S", url) for url in urls]), ask([("s", url) for url in urls])
    for url, texts, raw in zip(urls, *alike):
        found, due = our_fields(texts), python_fields(python, url)
        split.compare(url, found, python_fields(module, url))
        if not isinstance(found, Failed) and not isinstance(due, Failed):
            geturl = FIELDS.index("geturl")
            user, more = slice(geturl + 1, geturl + 5), slice(geturl + 5, None)
            plain.compare(url, [f or "" for f in found[:geturl] + found[more]] + found[user],
                          due[:geturl] + due[more] + due[user])
            plain.compare(url, texts[0], stripped(url))
        if has_break(url):
            strict.compare(url, raw, Failed())
        elif url == stripped(url):
            strict.compare(url, raw, texts)
        else:
            strict.compare(url, None if isinstance(raw, Failed) else raw[1:4],
                           [None, None, url.partition("#")[0].partition("?")[0]])
    split.tell(tap, "urlsplit, urlparse, urlunsplit: %s, as kept" % name)
    plain.tell(tap, "urlsplit, urlparse: %s, as Python has every field" % name)
    strict.tell(tap, "without url_strip(): %s, tab, CR, LF refused, blanks in front kept" % name)


def test_unsplit(tap, module, maker, count):
    """Parts that no URL was split into."""
    written, records, dues = Differences(), [], []
    for _ in range(count):
        parts = (maker.pick("", "http", "x", "file", "HTTP"),
                 maker.pick(None, "", "host", "u@h:1"),
                 maker.pick("", maker.path()), maker.pick(None, "", "p"), maker.pick(None, "", "q"),
                 maker.pick(None, "", "f"))
        records.append(("U", parts[0] or None, *parts[1:]))
        dues.append(module.urlunparse((parts[0].lower(), *parts[1:])))
    for record, found, due in zip(records, ask(records), dues):
        written.compare(record, found, [due])
    written.tell(tap, "urlunsplit, urlunparse: parts of the caller's own")


def test_disguises(tap):
    """Every letter that NFKC changes, in a host: refused where Python refuses it, only there."""
    letters = [chr(c) for c in range(0x80, 0x110000) if not 0xd800 <= c < 0xe000 and
               unicodedata.normalize("NFKC", chr(c)) != chr(c)]
    hosts, refused = Differences(), 0
    for letter, found in zip(letters, ask([("s", "//a%sb/" % letter) for letter in letters])):
        due = raised(python.urlsplit, "//a%sb/" % letter)
        refused += isinstance(due, Failed)
        hosts.compare(letter, isinstance(found, Failed), isinstance(due, Failed))
    hosts.tell(tap, "letters that NFKC changes, %d of them into a delimiter" % refused, 4000)


# ---- urljoin, urldefrag --------------------------------------------------------------------------

def due_of_join(module, base, reference):
    for url in (base, reference):
        if has_break(url) or isinstance(raised(python.urlsplit, url), Failed):
            return Failed()
    return [module.urljoin(base, reference)]


def test_tables(tap):
    joined = Differences()
    for table in (NORMAL, ABNORMAL):
        for (reference, due), found in zip(table.items(), ask([("j", BASE, r) for r in table])):
            joined.compare(reference, found, [due])
            joined.compare(reference, [python.urljoin(BASE, reference)], [due])
    joined.tell(tap, "urljoin: RFC 3986 sections 5.4.1 and 5.4.2, Python's and ours", 84)


def test_join(tap, module, pairs, name):
    joined = Differences()
    for (base, reference), found in zip(pairs, ask([("j", *pair) for pair in pairs])):
        joined.compare((base, reference), found, due_of_join(module, base, reference))
    joined.tell(tap, "urljoin: %s" % name)


def test_defrag(tap, urls):
    cut = Differences()
    for url, found in zip(urls, ask([("d", url) for url in urls])):
        due = raised(python.urldefrag, stripped(url))
        before, hash_, behind = url.partition("#")
        cut.compare(url, found, [before, behind if hash_ else None])
        if not isinstance(due, Failed) and url == stripped(url):
            rewritten = python.urlparse(found[0]).geturl() if hash_ else found[0]
            cut.compare(url, (rewritten, found[1] or ""), tuple(due))
    cut.tell(tap, "urldefrag: what stands before and behind \"#\"")


# ---- quote and its kin ---------------------------------------------------------------------------

SAFE = ("/", "", None, "/:@!$&'()*+,;=", "~ %\u00e9", "\x00\x7f /")


def test_quote(tap, texts, blocks):
    quoted, plus = Differences(), Differences()
    for safe in SAFE:
        ours = safe and safe.replace("\x00", "")  # which no C string holds
        safe = (safe or "").replace("\x00", "")
        for text, found in zip(texts, ask([("q", text, ours) for text in texts])):
            quoted.compare((text, safe), found, [python.quote(text, safe)])
        for text, found in zip(texts, ask([("+", text, ours) for text in texts])):
            plus.compare((text, safe), found, [python.quote_plus(text, safe)])
        for block, found in zip(blocks, ask([("q", block, ours) for block in blocks])):
            quoted.compare((block, safe), found, [python.quote_from_bytes(block, safe)])
        for block, found in zip(blocks, ask([("+", block, ours) for block in blocks])):
            plus.compare((block, safe), found, [python.quote_plus(block, safe)])
    quoted.tell(tap, "quote, quote_from_bytes, with %d sets of safe bytes" % len(SAFE))
    plus.tell(tap, "quote_plus, likewise")


def test_unquote(tap, texts, blocks):
    for name, what, call in (("unquote", "u", python.unquote),
                             ("unquote_plus", "p", python.unquote_plus)):
        found = Differences()
        for text, ours in zip(texts, ask([(what, text) for text in texts])):
            found.compare(text, ours, [call(text)])
        found.tell(tap, name)
    found = Differences()
    for text, ours in zip(texts + blocks, ask([("b", text) for text in texts + blocks])):
        found.compare(text, as_bytes_of(ours[0]), python.unquote_to_bytes(text))
    found.tell(tap, "unquote_to_bytes")


def as_bytes_of(text):
    return text.encode("utf-8", "surrogateescape")


# ---- queries -------------------------------------------------------------------------------------

QUERIES = ["", "&", "&&", "=", "==", "=&=", "a", "a=", "=a", "a=b", "a=b=c", "a=&b=", "a&b", "&a=1",
           "a=1&", "a=1&&b=2", "a=1;b=2", "a=1&a=2&a=1", "a+b=c+d", "a%20b=%2B", "a%26b=c%3Dd",
           "%=%", "%zz=1", "\u00e9=\u00fc", "%C3%A9=%FC", "a\x00b=\x00", "a=%00", "a b=c d",
           "&" * 50, "a=1&" * 50, "=".join("abc"), "a=b;c=d&e=f",
           "+=+", "%2", "a=%e2%82&b=%ac", "a==",
           "?a=1", "a=1#b", "a[]=1&a[]=2", "a.b=1", "A=1&a=2"]


def test_queries(tap, queries):
    lists, values = Differences(), Differences()
    for keep in (False, True):
        for strict in (False, True):
            for most in (None, 1, 3):
                for separator in ("&", ";", "="):
                    some = queries if most is None and separator == "&" else queries[::7]
                    flags = "k" * keep + "s" * strict
                    ours = ask([("Q", query, flags, str(most or 0),
                                 None if separator == "&" else separator) for query in some])
                    for query, found in zip(some, ours):
                        due = raised(python.parse_qsl, query, keep, strict, max_num_fields=most,
                                     separator=separator)
                        if not isinstance(due, Failed):
                            due = [text for pair in due for text in pair]
                        lists.compare((query, flags, most, separator), found, due)
    for query in queries[:200]:
        due = python.parse_qs(query)
        names = [name for name in due if "\x00" not in name]  # asked for as a C string
        for name, found in zip(names, ask([("v", query, name) for name in names]) if names else ()):
            values.compare((query, name), found, due[name])
    lists.tell(tap, "parse_qsl, with every option")
    values.tell(tap, "parse_qs: the values of each name")


def test_encode(tap, maker, count):
    encoded, records, dues = Differences(), [], []
    for i in range(count):
        safe = maker.pick("", "/", ":/?", "~ +")
        pairs = [(maker.pick(maker.text(), as_bytes(maker.text())),
                  maker.pick(maker.text(), as_bytes(maker.text()),
                             [maker.text(), maker.text()], []))
                 for _ in range(maker.random.randint(0, 4))]
        flat = [(k, v) for k, vs in pairs for v in (vs if isinstance(vs, list) else [vs])]
        records.append(("e", safe, *[text for pair in flat for text in pair]))
        dues.append(python.urlencode(pairs, doseq=True, safe=safe))
        if not any(isinstance(v, list) for _, v in pairs):
            records.append(records[-1])
            dues.append(python.urlencode(pairs, safe=safe))
    for record, found, due in zip(records, ask(records), dues):
        encoded.compare(record, found, [due])
    encoded.tell(tap, "urlencode, with and without doseq and safe")
    encoded = Differences()
    for record in records[:500]:
        texts = [found[0] for found in ask([("q", text, record[1]) for text in record[2:]])] \
            if len(record) > 2 else []
        due = python.urlencode(list(zip(record[2::2], record[3::2])), safe=record[1],
                               quote_via=python.quote)
        encoded.compare(record, "&".join(map("=".join, zip(texts[::2], texts[1::2]))), due)
    encoded.tell(tap, "urlencode with quote_via=quote, made of url_quote()")


# ---- what is kept different ----------------------------------------------------------------------

def test_kept(tap, urls, pairs):
    """Each difference is met, so that none stands there for nothing."""
    module = kept()
    for name, reason, *_ in KEPT:
        without = kept(leave_out=name)
        met = [u for u in urls if python_fields(without, u) != python_fields(module, u)] + \
            [p for p in pairs if due_of_join(without, *p) != due_of_join(module, *p)]
        tap.ok(met, "kept: %s (%d)" % (name, len(met)), reason)


def test_programs(tap):
    """Input that cannot be read is not the same as none."""
    for name, *arguments in (("01_split_url",), ("02_quote", "quote"), ("03_query_strings",),
                             ("04_join_urls", BASE), ("10_libcurl_urls",)):
        with subprocess.Popen(["sh", "-c", 'exec "$@" </', "sh", ROOT / "build/03_urllib" / name,
                               *arguments], stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE) as process:
            err = process.stderr.read().decode()
        tap.ok(process.returncode == 1 and "standard input: EISDIR" in err,
               "%s says that it cannot read its input" % name, (process.returncode, err))


def main():
    tap = Tap()
    if sys.version_info[:2] != MADE_FOR or not hasattr(python, "_check_bracketed_netloc"):
        print("1..0 # SKIP made for Python %d.%d as Debian mends it" % MADE_FOR)
        return 0
    status, out, err = run("make", "build/tests/parse_driver", cwd=ROOT)
    if not tap.ok(status == 0, "the driver is built", out + err):
        return tap.done()
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.SystemRandom().randrange(10 ** 6)
    print("# seed %d" % seed)
    maker, module = Maker(seed), kept()
    hard, made = hard_urls(), [maker.url() for _ in range(GENERATED)]
    texts = [maker.text() for _ in range(2000)] + hard
    blocks = [maker.random.randbytes(maker.random.randint(0, 20)) for _ in range(500)] + \
        [bytes(range(256))]
    bases = [BASE, "http://h", "http://h/", "http://h/a//b/c;p", "file:///a/b", "/a/b", "a/b",
             "a", "", "//h", "?q", "mailto:a@b", "http:a/b", "http:/a/b?q#f", "x://h/a",
             "svn://h/a;p/b;q#f"]
    hard_pairs = [(base, stripped(u)) for base in bases for u in hard] + \
        [(stripped(u), r) for u in hard
         for r in ("", "g", "?y", "#s", ";x", "../g", "//h/p", "/.//g")]
    made_pairs = [tuple(map(stripped, maker.random.sample(made, 2))) for _ in range(GENERATED)]
    tap.ok(len(set(hard)) >= 300, "at least 300 hard URLs are written down", len(set(hard)))
    test_split(tap, module, hard, "the hard URLs")
    test_split(tap, module, made, "the generated ones")
    test_unsplit(tap, module, maker, 3000)
    test_disguises(tap)
    test_tables(tap)
    test_join(tap, module, hard_pairs, "the hard URLs, to %d bases and as bases" % len(bases))
    test_join(tap, module, made_pairs, "the generated ones")
    test_join(tap, module, [("http://h/a", u) for u in hard if has_break(u)], "with tab, CR, LF")
    test_defrag(tap, hard + made)
    test_quote(tap, texts, blocks)
    test_unquote(tap, texts + made, blocks)
    test_queries(tap, QUERIES + [maker.query() for _ in range(3000)])
    test_encode(tap, maker, 2000)
    test_kept(tap, hard + made[:2000], hard_pairs + made_pairs[:4000])
    test_programs(tap)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
