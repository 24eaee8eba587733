"""Chromium without a window, driven over a pipe, for the tests of pages.

    with Browser() as browser:
        browser.open(path, width=400)
        browser.run("document.title")

What a page says on its console, and every address it asks for, is kept in browser.said and
browser.asked until the next one is opened.
"""
import base64
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

PROGRAM = shutil.which("chromium")
FLAGS = ("--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
         "--disable-background-networking --disable-component-update --disable-sync "
         "--disable-default-apps --disable-extensions --disable-dev-shm-usage "
         "--remote-debugging-pipe").split()
LIMIT = 60  # seconds for one answer; a loaded machine is slow


class Browser:
    """One page at a time."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="browser.")
        self.count, self.rest, self.said, self.asked, self.events = 0, b"", [], [], []
        # Chromium reads orders from descriptor 3, and writes answers to 4.
        theirs_in, self.orders = os.pipe()
        self.answers, theirs_out = os.pipe()
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (theirs_in, theirs_out)]
        os.close(theirs_in)
        os.close(theirs_out)
        self.process = subprocess.Popen(
            [PROGRAM, *FLAGS, "--user-data-dir=" + self.folder, "about:blank"], close_fds=False,
            preexec_fn=lambda: (os.dup2(high[0], 3), os.dup2(high[1], 4)),
            start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        for fd in high:
            os.close(fd)
        self.session = None
        page = [t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page"][0]
        self.session = self.call("Target.attachToTarget", targetId=page["targetId"],
                                 flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for fd in (self.orders, self.answers):
            os.close(fd)  # it ends when its orders do
        try:
            self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def read(self, deadline):
        """The next message."""
        while b"\0" not in self.rest:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.answers], [], [], left)[0]:
                raise TimeoutError("Chromium gave no answer within %d s" % LIMIT)
            got = os.read(self.answers, 1 << 20)
            if not got:
                raise EOFError("Chromium ended")
            self.rest += got
        message, self.rest = self.rest.split(b"\0", 1)
        message = json.loads(message)
        if "method" in message:
            self.note(message["method"], message["params"])
        return message

    def note(self, method, params):
        if method == "Network.requestWillBeSent":
            self.asked.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.said.append(params["exceptionDetails"]["text"])
        elif method == "Log.entryAdded":
            self.said.append(params["entry"]["text"])
        elif method == "Runtime.consoleAPICalled":
            self.said.append(" ".join(str(a.get("value")) for a in params["args"]))
        elif method == "Page.javascriptDialogOpening":
            self.said.append("a dialog: " + params["message"])
        self.events.append(method)

    def call(self, method, **params):
        """One order, and its result."""
        self.count += 1
        order = {"id": self.count, "method": method, "params": params}
        if self.session:
            order["sessionId"] = self.session
        data = json.dumps(order).encode() + b"\0"
        while data:
            data = data[os.write(self.orders, data):]
        deadline = time.monotonic() + LIMIT
        while True:
            message = self.read(deadline)
            if message.get("id") == self.count:
                if "error" in message:
                    raise RuntimeError("%s: %s" % (method, message["error"]["message"]))
                return message["result"]

    def wait(self, event):
        deadline = time.monotonic() + LIMIT
        while event not in self.events:
            self.read(deadline)

    def look(self, width=1280, height=900, dark=False, paper=False, script=True):
        """How the next page is shown."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", media="print" if paper else "screen", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Emulation.setScriptExecutionDisabled", value=not script)

    def open(self, path, anchor="", **how):
        self.look(**how)
        for url in ("about:blank", Path(path).resolve().as_uri() + anchor):
            self.said, self.asked, self.events = [], [], []
            self.call("Page.navigate", url=url)
            self.wait("Page.loadEventFired")

    def run(self, expression):
        """The value of an expression in the page."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                           awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(json.dumps(result["exceptionDetails"])[:500])
        return result["result"].get("value")

    def click(self, selector):
        """As a mouse does, where the element is; a page that it leads to is waited for."""
        x, y = self.run("(function(){var e=document.querySelector(%s);e.scrollIntoView({block:"
                        "'center',inline:'center'});var r=e.getBoundingClientRect();"
                        "return [r.x+r.width/2,r.y+r.height/2]})()" % json.dumps(selector))
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def follow(self, selector):
        """Clicks on a link, and waits for the page behind it."""
        self.events = []
        self.click(selector)
        self.wait("Page.loadEventFired")

    def screenshot(self, path, whole=False):
        """For people; no test looks at it."""
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        Path(path).write_bytes(base64.b64decode(shot["data"]))
