"""The browser of these tests, one for each module: no test of asyncio must meet its event loop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from browser_support import Window, chromium, window

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def desktop(browser: Browser, address: str) -> Iterator[Window]:
    """A window of that browser, on what the module serves at its `address`."""
    with window(browser, address) as opened:
        yield opened
