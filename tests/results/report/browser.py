"""A headless Chromium for tests of pages, which are skipped where there is none."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


@contextmanager
def browser(profile: Path) -> Iterator[Any]:
    """Give a driver of a fresh browser that notes what it logs and what it asks the network."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("chromium and chromium-driver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chrome = webdriver.Chrome(options, webdriver.ChromeService(driver))
    try:
        yield chrome
    finally:
        chrome.quit()


def resize(chrome: Any, width: int, height: int = 900) -> None:
    """Let the page believe in a screen of this size."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def requests(chrome: Any) -> list[str]:
    """Return the addresses asked for since the last call."""
    told = [json.loads(entry["message"])["message"] for entry in chrome.get_log("performance")]
    sent = [one["params"] for one in told if one["method"] == "Network.requestWillBeSent"]
    return [one["request"]["url"] for one in sent]


def complaints(chrome: Any) -> list[str]:
    """Return what the browser's console complained of since the last call."""
    return [entry["message"] for entry in chrome.get_log("browser")]
