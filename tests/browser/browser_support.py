"""A browser for the tests, Debian's Chromium driven by Playwright, and what it complains of.

    apt install chromium; pip install -e .[browser]; pytest tests/browser

STATUSKIT_SCREENSHOTS names a directory to write screenshots to.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from integrations.incident_support import missing
from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from flask import Flask
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response

#: A telephone and a desktop, in CSS pixels.
SIZES = {390: 844, 1280: 800}
SCHEMES = ("light", "dark")

#: Nothing that Chromium does by itself is to send a request, or to need what a container lacks.
_ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser. Where it or Playwright is absent, tests are skipped, or fail in .ci/run."""
    program = shutil.which("chromium")
    if program is None:
        missing("These tests need Chromium: apt install chromium")
    try:
        from axe_playwright_python.sync_playwright import Axe  # noqa: F401
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("These tests need Playwright: pip install playwright axe-playwright-python")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


class _Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        pass


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serve an application on this machine, and yield its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Window:
    """A page in a browser, with all that it complained of.

    Attributes:
        page: Playwright's page.
        address: of the server.
        complaints: console messages, errors of scripts, failed requests, requests to other hosts.
    """

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Response:
        """Follow a link to a path of the server."""
        response = self.page.goto(self.address + path)
        assert response is not None
        return response

    def _hear(self, message: ConsoleMessage) -> None:
        # That a page is an error, and that there is no icon where no page has named one.
        expected = (self.page.url.partition("#")[0], f"{self.address}/favicon.ico")
        url = message.location["url"]
        if not (message.text.startswith("Failed to load resource") and url in expected):
            self.complaints.append(f"{message.type}: {message.text} {url}")

    def listen(self) -> None:
        page = self.page
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        page.on("requestfailed", lambda r: self.complaints.append(f"failed: {r.url} {r.failure}"))
        page.on("request", lambda r: self._look(r.url))

    def _look(self, url: str) -> None:
        if not url.startswith((self.address + "/", "about:", "data:")):
            self.complaints.append(f"request to {url}")


@contextmanager
def window(
    browser: Browser, address: str, width: int = 1280, scheme: Any = "light", **options: Any
) -> Iterator[Window]:
    """Open a window of its own, and check when it closes that nothing was complained of.

    Parameters:
        browser: the browser.
        address: of the server.
        width: in CSS pixels; a key of `SIZES`.
        scheme: "light" or "dark".
        options: more of Playwright's, such as `locale`.
    """
    context: BrowserContext = browser.new_context(
        viewport={"width": width, "height": SIZES[width]},
        color_scheme=scheme,
        reduced_motion="reduce",  # Playwright waits until nothing moves any more
        **options,
    )
    try:
        opened = Window(context.new_page(), address)
        opened.listen()
        yield opened
        assert not opened.complaints, opened.complaints
    finally:
        context.close()


def assert_accessible(page: Page) -> None:
    """axe-core finds nothing; what it cannot decide by itself does not count."""
    from axe_playwright_python.sync_playwright import Axe

    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def assert_fits(page: Page) -> None:
    """Nobody has to scroll sideways."""
    wide, width = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= width


def assert_reads_well(page: Page) -> None:
    assert_fits(page)
    assert_accessible(page)


def screenshot(page: Page, name: str, width: int, scheme: str) -> None:
    """Write what can be seen, if STATUSKIT_SCREENSHOTS says where to."""
    directory = os.environ.get("STATUSKIT_SCREENSHOTS")
    if directory:
        Path(directory).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(directory, f"{name}-{width}-{scheme}.png"))
