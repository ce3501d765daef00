"""Chromium without a window, driven through the pipe of its DevTools protocol: no other package is needed."""

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import time

CHROMIUM = shutil.which("chromium")
MISSING = "no chromium; install it with: apt-get install chromium"
_OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-extensions", "--disable-sync", "--disable-dev-shm-usage"),
)

# Chromium reads from descriptor 3 and writes to 4.
_LAUNCHER = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(one), fcntl.F_DUPFD, 10) for one in sys.argv[1:3]]
for end, wanted in zip(ends, (3, 4)):
    os.dup2(end, wanted)
os.execvp(sys.argv[3], sys.argv[3:])
"""


class Browser:
    """One page in one Chromium; `requests` and `console` have what it asked for and wrote."""

    def __init__(self, process, to_chromium, from_chromium):
        self.process, self._to, self._from = process, to_chromium, from_chromium
        self._buffer, self._number, self._session = b"", 0, None
        self.requests, self.console, self._size = [], [], {}
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method, **parameters):
        """Send a command and return its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def _next(self, timeout=60):
        while b"\0" not in self._buffer:
            assert select.select([self._from], [], [], timeout)[0], "Chromium does not answer"
            piece = os.read(self._from, 1 << 20)
            assert piece, "Chromium has ended"
            self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\0")
        event = json.loads(line)
        self._note(event.get("method"), event.get("params", {}))
        return event

    def _note(self, method, what):
        if method == "Network.requestWillBeSent":
            self.requests.append(what["request"]["url"])
        elif method == "Runtime.consoleAPICalled":
            self.console.append(str(what["args"]))
        elif method == "Runtime.exceptionThrown":
            details = what["exceptionDetails"]
            self.console.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Log.entryAdded":
            self.console.append(what["entry"]["text"])

    def open(self, path, width=1600, height=1000, dark=False, wait="globalThis.explorer !== undefined"):
        """Show a file at a size, in light or dark, and wait until an expression is true."""
        self.requests.clear()
        self.console.clear()
        self.look(width, height, dark)
        self.call("Page.navigate", url=path.as_uri())
        self.until(wait)

    def look(self, width, height, dark=False):
        """Change the size and the theme."""
        self._size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **self._size)
        theme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[theme])

    def run(self, expression):
        """Return the value of an expression of JavaScript, which may be a promise."""
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, expression, seconds=60):
        """Wait until an expression is true."""
        end = time.monotonic() + seconds
        while not self.run(expression):
            assert time.monotonic() < end, f"never true: {expression}"
            time.sleep(0.02)

    def drawn(self):
        """Wait until what was changed is drawn."""
        self.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")

    def key(self, key, text=None, modifiers=0):
        """Press a key."""
        how = {"key": key, "modifiers": modifiers} | ({"text": text} if text else {})
        self.call("Input.dispatchKeyEvent", type="keyDown", **how)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, modifiers=modifiers)
        self.drawn()

    def mouse(self, kind, x, y, **how):
        """Send one event of the mouse."""
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **how)

    def click(self, x, y):
        """Click at a place of the window."""
        for kind in ("mousePressed", "mouseReleased"):
            self.mouse(kind, x, y, button="left", clickCount=1)
        self.drawn()

    def drag(self, x, y, to_x, to_y):
        """Press, move and release."""
        self.mouse("mousePressed", x, y, button="left", clickCount=1)
        for share in (0.5, 1):
            self.mouse("mouseMoved", x + share * (to_x - x), y + share * (to_y - y), button="left", buttons=1)
        self.mouse("mouseReleased", to_x, to_y, button="left", clickCount=1)
        self.drawn()

    def box(self, selector):
        """Return left, top, width and height of an element, after moving it into view."""
        script = f"""(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: "center"}});
            const b = e.getBoundingClientRect(); return [b.left, b.top, b.width, b.height]; }})()"""
        return self.run(script)

    def text(self, selector):
        """Return the text of an element."""
        return self.run(f"document.querySelector({json.dumps(selector)}).textContent")

    def picture(self, path, whole=False):
        """Write what the window shows, or the whole page after making the window as high, as a PNG."""
        if whole:
            size = self.call("Page.getLayoutMetrics")["cssContentSize"]
            self.call("Emulation.setDeviceMetricsOverride", **self._size | {"height": int(size["height"])})
            self.run("new Promise((done) => setTimeout(done, 200))")  # the page draws what has come into view
        shot = self.call("Page.captureScreenshot")
        path.write_bytes(base64.b64decode(shot["data"]))


@contextlib.contextmanager
def browser(profile, *options):
    """Start Chromium with an empty profile in this folder and these further options, and end it."""
    child_in, to_chromium = os.pipe()
    from_chromium, child_out = os.pipe()
    command = [CHROMIUM, *_OPTIONS, *options, f"--user-data-dir={profile}", "about:blank"]
    launcher = [sys.executable, "-c", _LAUNCHER, str(child_in), str(child_out), *map(str, command)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(launcher, pass_fds=(child_in, child_out), **quiet)
    os.close(child_in)
    os.close(child_out)
    try:
        yield Browser(process, to_chromium, from_chromium)
    finally:
        process.terminate()
        process.wait(timeout=30)
        os.close(to_chromium)
        os.close(from_chromium)
