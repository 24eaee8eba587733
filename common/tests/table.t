#!/usr/bin/python3 -B
"""The tables Python and C: every public name of the modules that a chapter mirrors is in one.

A name stands there in backquotes, by itself or under a pattern such as `AF_*`; "the other `SO_*`"
counts as well. What a class has beside its base counts for the classes that a chapter is about.
"""
import fnmatch
import http
import http.client
import http.cookiejar
import http.cookies
import http.server
import os
import re
import select
import socket
import socketserver
import sys
import urllib.error
import urllib.parse
import urllib.request
import urllib.response
import urllib.robotparser
from pathlib import Path

try:
    import requests.adapters
    import requests.auth
    import requests_oauthlib
except ImportError:
    requests = None
from tap import Tap

ROOT = Path(__file__).resolve().parents[2]
MADE_FOR = (3, 11)  # another Python has other names
MIRRORED = {
    "01_socket": ([socket, select, socketserver], [socket.socket]),
    "02_http": ([http, http.client, http.server, http.cookies, http.cookiejar],
                [http.client.HTTPConnection, http.client.HTTPResponse, http.client.HTTPMessage,
                 http.server.HTTPServer, http.server.BaseHTTPRequestHandler,
                 http.server.SimpleHTTPRequestHandler, http.cookies.SimpleCookie,
                 http.cookies.Morsel, http.cookiejar.CookieJar, http.cookiejar.Cookie,
                 http.cookiejar.DefaultCookiePolicy, http.cookiejar.MozillaCookieJar]),
    "03_urllib": ([urllib.parse, urllib.request, urllib.error, urllib.robotparser,
                   urllib.response],
                  [urllib.parse.SplitResult, urllib.parse.ParseResult, urllib.parse.DefragResult,
                   urllib.request.Request, urllib.request.OpenerDirector,
                   urllib.request.HTTPRedirectHandler, urllib.request.HTTPPasswordMgr,
                   urllib.request.HTTPErrorProcessor, urllib.request.ProxyHandler,
                   urllib.request.AbstractBasicAuthHandler,
                   urllib.request.AbstractDigestAuthHandler, urllib.error.URLError,
                   urllib.robotparser.RobotFileParser]),
}
if requests is not None:
    MIRRORED["04_requests"] = (
        [requests, requests.exceptions, requests.auth, requests.cookies, requests.structures,
         requests.adapters, requests_oauthlib],
        [requests.Session, requests.Response, requests.Request, requests.PreparedRequest,
         requests.adapters.HTTPAdapter])


def public(module):
    """What help() would show of a module: not what it merely imports from elsewhere."""
    for name in dir(module):
        value = getattr(module, name)
        if name.startswith("_") or type(value).__name__ == "module":
            continue
        if name in getattr(module, "__all__", [name]) or \
                getattr(value, "__module__", None) == module.__name__:
            yield name


def main():
    tap = Tap()
    if sys.version_info[:2] != MADE_FOR:
        print("1..0 # SKIP the tables are made for Python %d.%d" % MADE_FOR)
        return 0
    tap.ok(requests is not None or os.environ.get("CI") != "true",
           "requests is here" if requests is not None else
           "requests # SKIP python3-requests-oauthlib is missing: sh common/setup.sh --test")
    for chapter, (modules, classes) in MIRRORED.items():
        text = (ROOT / chapter / "README.md").read_text()
        section = re.search(r"^## Python and C$(.*?)^## Recap$", text, re.M | re.S)[1]
        cells = [line.split("|")[1] for line in section.split("\n") if line.startswith("|")]
        patterns = re.findall(r"`([^`]+)`", " ".join(cells))
        for what in modules + classes:
            names = public(what) if what in modules else \
                (n for n in vars(what) | vars(what.__base__) if not n.startswith("_"))
            missing = [n for n in sorted(names)
                       if not any(fnmatch.fnmatchcase(n, p) for p in patterns)]
            tap.ok(not missing, "every public name of %s" % what.__name__, " ".join(missing))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
