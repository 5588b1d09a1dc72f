"""A page in headless Chromium, through two pipes: opened from disk, used with the mouse and the keys, looked at.

No driver and no port: the browser is spoken to in its own protocol, each message JSON that a zero byte ends.
"""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_OPTIONS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-extensions", "--hide-scrollbars")
_PATIENCE = 60  # seconds


class Browser:
    """One tab. `happened` holds what nobody should have caused: requests, dialogs, errors and messages."""

    def __init__(self):
        self.happened = []
        self.number = 0
        self.folder = tempfile.mkdtemp(prefix="chromium-")
        theirs, self.out = os.pipe()
        self.into, ours = os.pipe()
        options = [*_OPTIONS, f"--user-data-dir={self.folder}", "--remote-debugging-pipe", "about:blank"]
        # They want the numbers 3 and 4, which here may be in use.
        script = f'exec "$0" "$@" 3<&{theirs} 4>&{ours}'
        self.process = subprocess.Popen(
            ["bash", "-c", script, CHROMIUM, *options],
            pass_fds=(theirs, ours),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs)
        os.close(ours)
        self.buffer = b""
        self.session = None
        pages = [each for each in self.send("Target.getTargets")["targetInfos"] if each["type"] == "page"]
        self.session = self.send("Target.attachToTarget", targetId=pages[0]["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        os.close(self.out)
        self.process.terminate()
        self.process.wait(timeout=_PATIENCE)
        os.close(self.into)
        shutil.rmtree(self.folder, ignore_errors=True)

    def send(self, method, **parameters):
        """One command and its answer."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self.number:
            self._note(answer)
        assert "error" not in answer, answer
        return answer["result"]

    def _next(self):
        while b"\0" not in self.buffer:
            assert select.select([self.into], [], [], _PATIENCE)[0], "the browser does not answer"
            block = os.read(self.into, 1 << 20)
            assert block, "the browser is gone"
            self.buffer += block
        message, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(message)

    def _note(self, event):
        method, told = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent" and not told["request"]["url"].startswith(self.allowed):
            self.happened.append(("request", told["request"]["url"][:200]))
        elif method in ("Page.javascriptDialogOpening", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"):
            self.happened.append((method, json.dumps(told)[:500]))
        elif method == "Log.entryAdded":
            self.happened.append((method, told["entry"]["text"]))

    def open(self, path, *, width=1200, height=900, dark=False, media="screen"):
        """Open a file, or a page of a server, which may ask that server; in a window of so many pixels."""
        served = str(path).startswith("http://")
        self.url = str(path) if served else Path(path).resolve().as_uri()
        self.allowed = self.url.partition("#")[0] if served else self.url
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", media=media, features=[scheme])
        self.send("Page.navigate", url=self.url)
        end = time.monotonic() + _PATIENCE
        while self.run("document.readyState + location.href") != f"complete{self.url}":
            assert time.monotonic() < end, "the page does not load"
            time.sleep(0.02)

    def run(self, script):
        """The value of an expression in the page."""
        answer = self.send("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def drag(self, selector, share):
        """Press the mouse in the middle of a slider, and let it go at a share of its width."""
        left, top, width, height = self.run(
            f"(() => {{ const one = document.querySelector({json.dumps(selector)}); one.scrollIntoView();"
            " const box = one.getBoundingClientRect(); return [box.x, box.y, box.width, box.height]; })()"
        )
        points = [("mousePressed", 0.5), ("mouseMoved", share), ("mouseReleased", share)]
        for kind, place in points:
            self.send(
                "Input.dispatchMouseEvent",
                type=kind,
                x=left + width * place,
                y=top + height / 2,
                button="left",
                buttons=0 if kind == "mouseReleased" else 1,
                clickCount=1,
            )

    def press(self, key, code):
        """Press a key where the focus is."""
        for kind in ("keyDown", "keyUp"):
            self.send("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)

    def picture(self, path, *, whole=True):
        """A PNG of the page."""
        told = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole, **self._clip(whole))
        Path(path).write_bytes(base64.b64decode(told["data"]))

    def _clip(self, whole):
        if not whole:
            return {}
        size = self.send("Page.getLayoutMetrics")["cssContentSize"]
        return {"clip": {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}}

    def print(self, path):
        """A PDF of the page."""
        self.send("Emulation.setEmulatedMedia", media="print")
        told = self.send("Page.printToPDF", printBackground=True, preferCSSPageSize=True)
        Path(path).write_bytes(base64.b64decode(told["data"]))
