"""What the testbed and the real httpbin are both asked, and where they may differ.

A request is (method, target, headers, body). Its answer is taken apart into aspects, texts by
name: "status", "header location", "json args", "body". Each aspect that differs needs a rule, and
each rule a difference: one that no request shows is told of, too.
"""
import base64
import gzip
import hashlib
import http.client
import json
import random
import re
import urllib.parse
import zlib

HTTPBIN = """
from werkzeug.serving import make_server
from httpbin import app
server = make_server("127.0.0.1", 0, app, threaded=True)
print("listening on [127.0.0.1]:%d" % server.server_port, flush=True)
server.serve_forever()
"""
NO_MATTER = {"server", "date", "connection", "content-length", "transfer-encoding"}
RANDOM = {"nonce": r'nonce="[0-9a-f]+"', "opaque": r'opaque="[0-9a-f]+"'}


class Rule:
    """A difference on purpose: of which requests and aspects, what each says, and why."""

    def __init__(self, request, aspect, theirs, ours, why):
        self.patterns = (request, aspect, theirs, ours)
        self.why, self.used = why, False

    def covers(self, *said):
        fits = all(re.fullmatch(pattern, text, re.S) for pattern, text in zip(self.patterns, said))
        self.used = self.used or fits
        return fits


NONE = "<none>"
ANY = ".*"
RULES = [
    Rule(r"\w+ /.*", "json url", ANY, r"http://.*(%.*|\?)",
         "the URL as it was sent: a learner is to see the percent-coding that httpbin takes back"),
    Rule(r"\w+ /(cache|etag/.*|range/.*)", "header etag", r"[^\"]+", r"\"[^\"]+\"",
         "an entity tag stands in quotes: RFC 9110 section 8.8.3"),
    Rule(r"GET /range/.*If-Range: .other.*", "status|body|header content-range", ANY,
         r"200|abcdefghi|bytes 0-8/9",
         "If-Range is honoured: RFC 9110 section 13.1.5"),
    Rule(r"GET /range/9 .*bytes=5-99.*", "status|body|header content-(range|type)", ANY, ANY,
         "a last byte behind the end means the end: RFC 9110 section 14.1.2"),
    Rule(r"GET /range/9 .*bytes=6-3.*", "status|body|header content-(range|type)", "416.*|.*",
         "200|abc.*|.*0-8/9|application/.*",
         "a last byte before the first makes the range invalid, which is as if there were none: "
         "RFC 9110 section 14.1.1"),
    Rule(r"GET /status/308", "header location", NONE, "/redirect/1", "308 is a redirect, too"),
    Rule(r"\w+ /(status/\d+|basic-auth/.*)", "header content-type", NONE,
         "text/(html; charset=utf-8|plain)", "every page here has a type"),
    Rule(r"GET /range/.*", "header content-type", "text/plain; charset=utf-8", NONE,
         "and what has no body has none"),
    Rule(r"GET /", "header content-type", "text/html.*", "text/plain",
         "the first page is what --help prints"),
    Rule(r"\w+ /response-headers.*", "json Content-Length", r"\d+", r"\d+",
         "JSON is indented here"),
    Rule(r"GET /bearer .*abc123", "json token", "bc123", "abc123",
         "the token as it was sent; httpbin strips the letters of Bearer from its front"),
    Rule(r"POST /delay/0 .*", "status", "405", "200",
         "every method may be delayed; in httpbin, too, but not yet in Debian's version"),
    Rule(r"POST /delay/0 .*", "header .*|json .*|body", ANY, ANY, "as above"),
    Rule(r"\w+ /status/(402|418)", "header x-more-info", ANY, "https://www.rfc-editor.org/.*",
         "the link leads to the RFC"),
    Rule(r"GET /response-headers.Content-Type.*", "json .*", ANY, NONE,
         "then it is not read as JSON"),
    Rule(r"\w+ /(status/406|image .*)", "json accept", ANY,
         r'\["image/png", "image/svg\+xml", "image/\*"\]',
         "what there is of images: no JPEG and no WebP"),
    Rule(r"GET /status/(100|20000|0)", "status", "no answer", "400",
         "none of them ends a request; what httpbin sends is no HTTP"),
    Rule(r"GET /status/(100|20000|0)", "header .*", NONE, ANY, "as above"),
    Rule(r"GET /(redirect|relative-redirect|absolute-redirect)/0", "status", "500", "404",
         "no such redirect; an assertion fails in httpbin"),
    Rule(r"GET /(delay/x|delay/-1|drip\?duration=x|bytes/5\?seed=x|drip\?numbytes=x|base64/!|"
         r"base64/gICA|stream-bytes/5\?chunk_size=x|range/5\?duration=x|redirect-to\?x=1|"
         r"redirect-to\?url=%2F&status_code=x)", "status", "500|200", "400",
         "what cannot be understood is the client's error; it is an exception in httpbin"),
    Rule(r"GET /(etag|response-headers).*%0[aA].*", "status", "500", "400",
         "a line end is no part of a header; it is an exception in httpbin"),
    Rule(r"GET /response-headers.Content-Type.*", "header content-type",
         "application/json . text/plain", "text/plain",
         "one Content-Type, the one that was asked for; httpbin sends two"),
    Rule(r"GET /digest-auth/\S+ .*Digest .*other.*", "status", "200", "401",
         "the user's name counts; httpbin takes whatever the client says"),
    Rule(r"GET /digest-auth/\S+ .*Digest .*other.*", "header .*|json .*|body", ANY, ANY,
         "as above"),
    Rule(r"GET /digest-auth/\S+\?a=1 .*Digest.*", "status", "500", "200|401",
         "a query may stand behind it; httpbin adds bytes to text"),
    Rule(r"GET /digest-auth/\S+\?a=1 .*Digest.*", "header .*|json .*|body", ANY, ANY, "as above"),
    Rule(r"GET /bearer .*Basic.*", "status", "200", "401", "Basic is no bearer's token"),
    Rule(r"GET /bearer .*Basic.*", "header .*|json .*|body", ANY, ANY, "as above"),
    Rule(r"POST /post .*chunked.*", "status", "501", "200",
         "a body may come in chunks; httpbin's development server knows none"),
    Rule(r"POST /post .*chunked.*", "header .*|json .*|body", ANY, ANY, "as above"),
    Rule(r"GET /headers .*Under_Score.*", "json headers", ANY, ANY,
         "a name may have an underscore; WSGI cannot tell it from a hyphen"),
    Rule(r"GET /json", "status", "404", "200", "httpbin has it, but not yet in Debian's version"),
    Rule(r"GET /json", "header .*|json .*|body", ANY, ANY, "as above"),
    Rule(r"GET /robots.txt", "body", "User-agent: \\*\nDisallow: /deny\n",
         "User-agent: \\*\nDisallow: /deny\nDisallow: /private/\n.*",
         "the site for crawlers has rules of its own"),
]


def port_of(address):
    return re.search(r"\]:(\d+)", address)[1]


def ask(port, method, target, headers=(), body=None):
    """One request on a connection of its own: status, fields, body."""
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=30)
    has_host = any(name == "Host" for name, _ in headers)
    connection.putrequest(method, target, skip_host=has_host, skip_accept_encoding=True)
    for name, value in headers:
        connection.putheader(name, value)
    if body is not None and not any(name.lower() == "transfer-encoding" for name, _ in headers):
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, answer.headers, content


def unpacked(headers, body):
    coding = headers.get("content-encoding")
    if coding == "br":
        import brotli  # it comes with httpbin
        return brotli.decompress(body)
    return {"gzip": gzip.decompress, "deflate": zlib.decompress}.get(coding, bytes)(body)


def aspects(port, bare, request):
    """What an answer says, as texts. bare: its body does not count."""
    try:
        status, headers, body = ask(port, *request)
    except http.client.HTTPException:
        return {"status": "no answer"}
    said = {"status": str(status)}
    for name in {name.lower() for name in headers}:
        values = headers.get_all(name)
        if name == "allow":
            values = [", ".join(sorted(values[0].split(", ")))]
        if name == "last-modified":
            values = [re.sub(r"\w+, \d\d \w+ \d+ \d\d:\d\d:\d\d GMT", "DATE", values[0])]
        said["header " + name] = " | ".join(sorted(values))
    body = unpacked(headers, body)
    if said.get("header content-type", "").startswith("application/json"):
        lines = [json.loads(line) for line in body.splitlines()] \
            if "/stream/" in request[1] else [json.loads(body)] if body else []
        for number, line in enumerate(lines):
            for key, value in line.items():
                name = "json " + (key if number == 0 else "%d %s" % (number, key))
                said[name] = json.dumps(value, sort_keys=True) if not isinstance(value, str) \
                    else value
    elif not bare and status // 100 != 3:  # a redirect's page is everybody's own
        said["body"] = body.decode("latin-1")
    for name in NO_MATTER:
        said.pop("header " + name, None)
    for name, text in said.items():
        for word, pattern in RANDOM.items():
            text = re.sub(pattern, '%s="?"' % word, text)
        text = text.replace('Digest realm="me@kennethreitz.com"', 'Digest realm="workbook"')
        said[name] = re.sub(r"\b%s\b" % port, "PORT", text)
    if "/cache" in request[1] and "header etag" in said:
        said["header etag"] = re.sub(r"[0-9a-f]{32}", "TAG", said["header etag"])
    if "/uuid" in request[1] and re.fullmatch(
            r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
            said["json uuid"]):
        said["json uuid"] = "UUID"
    return said


def differences(theirs, ours, bare, request):
    """What no rule covers, each a line."""
    title = " ".join([*request[:2], *("%s: %s" % pair for pair in (*request, ())[2])])
    one, other = aspects(theirs, bare, request), aspects(ours, bare, request)
    for name in sorted({*one, *other}):
        both = one.get(name, NONE), other.get(name, NONE)
        if bare and name == "header content-type" and other["status"] >= "400":
            continue  # the page that explains an error
        if both[0] != both[1] and not any([rule.covers(title, name, *both) for rule in RULES]):
            yield "%s: %s: httpbin %r, here %r" % (title, name, both[0][:300], both[1][:300])


# ---- what is asked ----------------------------------------------------------------------------

FORM = ("Content-Type", "application/x-www-form-urlencoded")
JSON = ("Content-Type", "application/json")


def multipart(*parts):
    """Headers and body of a form; a part is (its header lines, its bytes)."""
    body = b"".join(b"--bound\r\n%s\r\n\r\n%s\r\n" % part for part in parts) + b"--bound--\r\n"
    return [("Content-Type", "multipart/form-data; boundary=bound")], body


UPLOAD = multipart(
    (b'Content-Disposition: form-data; name="a"', b"one"),
    (b'Content-Disposition: form-data; name="a"', b"two"),
    (b'Content-Disposition: form-data; name="t"; filename="t.txt"\r\nContent-Type: text/plain',
     "zoë\n".encode()),
    (b'Content-Disposition: form-data; name="b"; filename="b.bin"', bytes(range(256))),
    (b'Content-Disposition: form-data; name="i"; filename="i.png"\r\nContent-Type: image/png',
     b"\x89PNG"))


TWICE = multipart(
    (b'Content-Disposition: form-data; name="f"; filename="1"', b"one"),
    (b'Content-Disposition: form-data; name="f"; filename="2"', b"two"))


def basic(text):
    return ("Authorization", "Basic " + base64.b64encode(text.encode()).decode())


def written():
    """The requests whose answers count in full."""
    get = [("GET", target) for target in """
        /get /get?a=1 /get?a=1&a=2&b=&c&=d&&e=%20+%2B%C3%A9 /get?a=%FF /get?x=%zz%4 /headers /ip
        /user-agent /uuid /cookies /cookies/set?a=1&b=2 /cookies/set/n/v /cookies/set?n=a%20b%22
        /cookies/delete?a=1&b /redirect/1 /redirect/2 /redirect/3?absolute=true
        /relative-redirect/1 /relative-redirect/5 /absolute-redirect/1 /absolute-redirect/3
        /redirect-to?url=%2Fget%3Fa%3D1 /redirect-to?url=http://localhost:1/&status_code=301
        /redirect-to?URL=/x&status_code=303 /redirect-to?url=/x&status_code=307
        /redirect-to?url=/x&status_code=308 /redirect-to?url=/x&status_code=200
        /basic-auth/u/p /hidden-basic-auth/u/p /bearer /digest-auth/auth/u/p
        /digest-auth/auth-int/u/p /digest-auth/x/u/p /digest-auth/auth/u/p/SHA-256
        /digest-auth/auth/u/p/SHA-512/3 /digest-auth/auth/u/p/none
        /digest-auth/auth/u/p?require-cookie=1 /delay/0 /delay/0.01?a=1
        /drip?duration=0 /drip?duration=0.01&numbytes=3&code=404&delay=0.01
        /bytes/0 /bytes/10?seed=1 /bytes/1000?seed=0 /bytes/5?seed=-7 /bytes/5?SEED=99999999999
        /bytes/200000?seed=2 /stream-bytes/20000?seed=5&chunk_size=7 /stream-bytes/0?seed=1
        /stream/0 /stream/3?a=1 /range/26 /range/100?chunk_size=7 /range/102400
        /gzip?a=1 /deflate /brotli
        /cache /cache/60 /etag/abc /response-headers?a=1 /response-headers?X-A=1&X-A=2&Y=z
        /links/3/0 /links/5/2 /links/1000/9 /base64/aGFsbG8= /base64/8J-Zgg==
        /robots.txt /anything /anything/a/b?c=d /anything/%C3%A9/a%20b%2Fc?x=%C3%A9""".split()]
    get += [("GET", "/headers", list(more.items())) for more in (
        {"X-One": "1", "x-TWO-three": "a b", "X-9a": "x"}, {"User-Agent": "tester/1.0"},
        {"Under_Score": "1"}, {"X-Forwarded-For": "192.0.2.1", "Via": "1.0 x", "Accept": "a,b"},
        {"X-Latin": "zo\xeb"})]
    get += [("GET", "/headers", [("X-A", "1"), ("X-A", "2")]),
            ("GET", "/headers?show_env=1", [("Via", "1.1 x")]),
            ("GET", "/user-agent", [("User-Agent", "tester/1.0")]),
            ("GET", "/ip", [("X-Forwarded-For", "192.0.2.1")]),
            ("GET", "/get", [("X-Forwarded-Proto", "https")]),
            ("GET", "/get", [("Origin", "http://example.com")]),
            ("GET", "/cookies", [("Cookie", "a=1; b=two words; c=\"q\"; a=3")]),
            ("GET", "/basic-auth/u/p", [basic("u:p")]), ("GET", "/basic-auth/u/p", [basic("u:x")]),
            ("GET", "/basic-auth/u/p", [basic("x:p")]), ("GET", "/basic-auth/u/p", [basic("up")]),
            ("GET", "/basic-auth/u/p", [("Authorization", "Basic !")]),
            ("GET", "/basic-auth/u/a%3Ab", [basic("u:a:b")]),
            ("GET", "/hidden-basic-auth/u/p", [basic("u:p")]),
            ("GET", "/bearer", [("Authorization", "Bearer abc123")]),
            ("GET", "/bearer", [("Authorization", "Bearer 0123.xyz")]),
            ("GET", "/bearer", [basic("u:p")]),
            ("GET", "/cache", [("If-None-Match", "x")]),
            ("GET", "/cache", [("If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT")])]
    get += [("GET", "/etag/abc", [pair]) for pair in (
        ("If-None-Match", '"abc"'), ("If-None-Match", '"x", W/"abc"'), ("If-None-Match", "*"),
        ("If-None-Match", '"x"'), ("If-Match", '"abc"'), ("If-Match", '"x"'), ("If-Match", "*"))]
    get += [("GET", "/range/9", [("Range", value)]) for value in (
        "bytes=0-8", "bytes=0-0", "bytes=2-4", "bytes=5-", "bytes=-3", "bytes=-99", "bytes=5-99",
        "bytes=9-", "bytes=6-3", "lines=1-2", "bytes=x")]
    get += [("GET", "/range/9", [("Range", "bytes=2-4"), ("If-Range", '"range9"')]),
            ("GET", "/range/9", [("Range", "bytes=2-4"), ("If-Range", '"other"')])]
    return get + bodies() + other_methods()


def bodies():
    """Requests that bring something."""
    chunked = [("Transfer-Encoding", "chunked")]
    return [("POST", "/post"), ("POST", "/post", [], b"plain text"),
            ("POST", "/post", [], b"\xff\xfe\x00"), ("POST", "/post", [], "zoë".encode()),
            ("POST", "/post?q=1", [FORM], b"a=1&b=x+y%21&a=2&c"),
            ("POST", "/post", [FORM], b""),
            ("POST", "/post", [JSON], b'{"k": [1, null, "\\u00e9"]}'),
            ("POST", "/post", [JSON], b'"text"'), ("POST", "/post", [JSON], b"{broken"),
            ("POST", "/post", [JSON], b"[1.5, -2e3, true, 9007199254740993]"),
            ("POST", "/post", [("Content-Type", "text/plain")], b"[1]"),
            ("POST", "/post", *UPLOAD), ("PUT", "/put", *UPLOAD),
            ("POST", "/post", *TWICE),
            ("PUT", "/put", [JSON], b"{}"), ("PATCH", "/patch", [JSON], b"{}"),
            ("DELETE", "/delete"), ("DELETE", "/delete", [], b"x"),
            ("POST", "/delay/0", [FORM], b"a=1"), ("PUT", "/anything/x", *UPLOAD),
            ("DELETE", "/anything"), ("PATCH", "/anything", [FORM], b"a=b"),
            ("POST", "/response-headers?x=1"), ("POST", "/redirect-to?url=/x"),
            ("POST", "/post", chunked, b"3\r\nabc\r\n0\r\n\r\n")]


def other_methods():
    return [("HEAD", "/get"), ("HEAD", "/bytes/10?seed=1"), ("HEAD", "/range/9"),
            ("OPTIONS", "/get"), ("OPTIONS", "/post"), ("OPTIONS", "/anything"),
            ("OPTIONS", "/get", [("Origin", "http://a"),
                                 ("Access-Control-Request-Headers", "x-a, x-b")]),
            ("TRACE", "/anything")]


def bare():
    """Those of which the bodies are pages, and each has its own."""
    return [("GET", target) for target in """
        / /image/png /html /json /xml /forms/post /encoding/utf8 /deny /image/svg /nowhere
        /get/ /get/x
        /redirect/x /bytes/x /bytes/-1 /cookies/set/n /basic-auth/u
        /redirect/0 /relative-redirect/0 /absolute-redirect/0 /links/4
        /delay/x /delay/-1 /drip?duration=x /drip?numbytes=0 /drip?numbytes=x /bytes/5?seed=x
        /base64/! /base64/gICA /stream-bytes/5?chunk_size=x /range/5?duration=x /range/0
        /range/102401 /redirect-to?x=1 /redirect-to?url=%2F&status_code=x
        /etag/a%0Ab /response-headers?a=b%0Ac
        /response-headers?Content-Type=text/plain""".split()] + \
        [("GET", "/status/%s" % code) for code in (
            *range(200, 210), *range(300, 309), *range(400, 420), 422, 429, 451, 500, 503, 599, 100,
            0, 20000, "x", "200,x", "404,404", "404:1,404:0.5", "200:x")] + \
        [(method, "/status/204") for method in ("POST", "PUT", "DELETE", "PATCH")] + \
        [("POST", "/get"), ("GET", "/post"), ("DELETE", "/put"), ("PUT", "/cookies"),
         ("GET", "/image", [("Accept", "image/png")]),
         ("GET", "/image", [("Accept", "text/plain")])]


def made(count):
    """Queries, forms and headers that nobody thought of."""
    chance = random.Random(6)
    letters = "abc123 &=+%#/?:;é漢\"'\\<>"

    def text():
        return "".join(chance.choices(letters, k=chance.randrange(6)))

    for _ in range(count):
        pairs = [(text(), text()) for _ in range(chance.randrange(5))]
        coded = urllib.parse.urlencode(pairs) if chance.random() < 0.7 else \
            urllib.parse.quote("&".join(map("=".join, pairs)), safe="&=+%;")
        headers = [("X-" + "".join(chance.choices("abC19-", k=4)).strip("-") + "z",
                    urllib.parse.quote(text(), safe=" &=+%;\"'").strip())
                   for _ in range(chance.randrange(3))]
        yield "POST", "/anything?" + urllib.parse.quote(coded, safe="&=+%;/?"), [*headers, FORM], \
            coded.encode()


# ---- digest -----------------------------------------------------------------------------------

def digest_answer(challenge, method, target, user, password, body=b""):
    """The Authorization of a client that answers a challenge. RFC 7616 section 3.4."""
    fields = dict(re.findall(r'(\w+)="?([^",]*)"?', challenge))
    name = fields["algorithm"]
    kind = {"SHA-256": hashlib.sha256, "SHA-512": hashlib.sha512}.get(name, hashlib.md5)

    def h(*parts):
        return kind(":".join(parts).encode()).hexdigest()

    qop = fields["qop"].split(", ")[0]
    last = [kind(body).hexdigest()] if qop == "auth-int" else []
    proof = h(h(user, fields["realm"], password), fields["nonce"], "00000001", "c0ffee", qop,
              h(method, target, *last))
    return ('Digest username="%s", realm="%s", nonce="%s", uri="%s", qop=%s, nc=00000001, '
            'cnonce="c0ffee", response="%s", opaque="%s", algorithm=%s' % (
                user, fields["realm"], fields["nonce"], target, qop, proof, fields["opaque"], name))


def digests(theirs, ours):
    """Whole conversations: what each server says to the answer of its own challenge."""
    for target in ("/digest-auth/auth/u/p", "/digest-auth/auth-int/u/p", "/digest-auth/x/u/p",
                   "/digest-auth/auth/u/p/SHA-256", "/digest-auth/auth/u/p/SHA-512",
                   "/digest-auth/auth/u/p/MD5/0", "/digest-auth/auth/u/p/MD5/2",
                   "/digest-auth/auth/u/p?a=1"):
        for user, password in (("u", "p"), ("u", "wrong"), ("other", "p"), ("u as x", "p")):
            for cookies in ("", "stale_after=0", "stale_after=2; fake=fake_value"):
                yield from one_digest(theirs, ours, target, user, password, cookies)


def one_digest(theirs, ours, target, user, password, cookies):
    said = []
    for port in (theirs, ours):
        _, headers, _ = ask(port, "GET", target)
        proof = digest_answer(headers["WWW-Authenticate"], "GET", target, user.split()[0], password)
        if user.endswith(" as x"):  # whom the proof is not for
            proof = proof.replace('username="u"', 'username="x"')
        more = [("Authorization", proof)] + ([("Cookie", cookies)] if cookies else [])
        said.append(aspects(port, False, ("GET", target, more)))
    title = "GET %s Authorization: Digest %s:%s, Cookie: %s" % (target, user, password, cookies)
    for one in said:
        one["header set-cookie"] = re.sub("last_nonce=[0-9a-f]+", "last_nonce=?",
                                          one.get("header set-cookie", NONE))
    for name in sorted({*said[0], *said[1]}):
        both = said[0].get(name, NONE), said[1].get(name, NONE)
        if both[0] != both[1] and not any([rule.covers(title, name, *both) for rule in RULES]):
            yield "%s: %s: httpbin %r, here %r" % (title, name, *both)
