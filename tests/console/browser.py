"""A headless Chromium, the console in a thread for it to visit, and what it asked and said."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest

from graphray.console.server import serve
from graphray.console.source import ConsoleSource

Found = TypeVar("Found")

DEADLINE_S = 30.0
DESKTOP, PHONE = (1280, 900), (375, 800)
_INSTALL = "on Debian: apt-get install chromium chromium-driver"


def start_chromium() -> Any:
    """A driver of a headless Chromium; skips the test where there is none."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="needs the package selenium")
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if binary is None or driver is None:
        pytest.skip(f"needs the programs chromium and chromedriver; {_INSTALL}")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    # Without the last, a container's small /dev/shm ends it; the first but one is for root.
    for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))


@contextmanager
def served(source: ConsoleSource) -> Iterator[str]:
    """The address of a console that is served by a thread meanwhile."""
    addresses: list[str] = []
    opened = threading.Event()
    loop = asyncio.new_event_loop()

    def ready(address: str) -> None:
        addresses.append(address)
        opened.set()

    task = loop.create_task(serve(source, "127.0.0.1", 0, ready=ready))
    task.add_done_callback(lambda _: loop.stop())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    assert opened.wait(DEADLINE_S)
    try:
        yield addresses[0]
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()
        loop.close()


class Page:
    """The console in the browser."""

    def __init__(self, driver: Any, address: str) -> None:
        self.driver, self.address = driver, address

    def visit(
        self, size: tuple[int, int] = DESKTOP, words: str = "", scheme: str = "light"
    ) -> None:
        """Open the page anew, and wait until it has drawn."""
        width, height = size
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        self.driver.get("about:blank")
        self.forget()
        self.driver.get(self.address + words)
        self.wait(lambda: self.all(".node.middle") and self.text("#node"))

    def run(self, script: str, *arguments: Any) -> Any:
        """What a script returns."""
        return self.driver.execute_script(script, *arguments)

    def attribute(self, selector: str, name: str) -> str | None:
        """An attribute of the first element that a selector finds."""
        script = "return document.querySelector(arguments[0])?.getAttribute(arguments[1])"
        return self.run(script, selector, name)

    def all(self, selector: str) -> list[Any]:
        """The elements that a selector finds."""
        return self.driver.find_elements("css selector", selector)

    def one(self, selector: str) -> Any:
        """The first of them."""
        return self.driver.find_element("css selector", selector)

    def text(self, selector: str) -> str:
        """What a reader sees of an element."""
        return self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def press(self, *keys: str) -> None:
        """Type where the focus is."""
        from selenium.webdriver import ActionChains

        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    def focused(self, attribute: str) -> str | None:
        """An attribute of the element that has the focus."""
        return self.run("return document.activeElement.getAttribute(arguments[0])", attribute)

    def wait(self, holds: Callable[[], Found]) -> Found:
        """Wait until something is true."""
        deadline = time.monotonic() + DEADLINE_S
        pause = threading.Event()
        while not (found := holds()):
            assert time.monotonic() < deadline, "it did not come to be"
            pause.wait(0.02)
        return found

    def forget(self) -> None:
        """Forget what was asked and complained of so far."""
        self.complaints()
        self.asked()

    def complaints(self) -> list[str]:
        """Errors and warnings in the browser's console since the last look."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def asked(self) -> list[str]:
        """Every URL that was asked for since the last look."""
        messages = [json.loads(e["message"])["message"] for e in self.driver.get_log("performance")]
        return [
            message["params"]["request"]["url"]
            for message in messages
            if message["method"] == "Network.requestWillBeSent"
        ]
