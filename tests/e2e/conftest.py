"""A real server and a real browser."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.e2e import screen
from tests.e2e.screen import PATIENCE

expect.set_options(timeout=PATIENCE)

ROOT = Path(__file__).parents[2]
ARGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium_path() -> str:
    names = ("chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("CONCORD_CHROMIUM") or next(
        filter(None, map(shutil.which, names)), None
    )
    if found:
        return found
    why = "no Chromium on this machine (install it, or set CONCORD_CHROMIUM)"
    if os.environ.get("CONCORD_REQUIRE_BROWSER") == "1":
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(scope="session")
def browser():
    path = chromium_path()
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=ARGS)
        yield opened
        opened.close()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("localhost", 0))
        return int(free.getsockname()[1])


class Server:
    """`python -m forecasting serve` on a free port."""

    def __init__(
        self,
        database: Path,
        log: Path,
        *,
        start: Sequence[str] = ("-m", "forecasting"),
        port: int = 0,
        options: Sequence[str] = (),
        base: str = "",
    ) -> None:
        port = port or free_port()
        self.url = f"http://localhost:{port}{base}"
        self._log = log.open("w")
        command = [
            sys.executable,
            *start,
            "serve",
            "--db",
            str(database),
            "--port",
            str(port),
            *options,
        ]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=self._log, stderr=self._log)
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1).close()
                return
            except OSError:
                assert self._process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.1)

    @property
    def process(self) -> int:
        """Its number."""
        return self._process.pid

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._log.close()


@pytest.fixture
def serve(tmp_path):
    """Start servers; they stop with the test."""
    started: list[Server] = []

    def start(database: Path) -> Server:
        started.append(Server(database, tmp_path / f"server{len(started)}.log"))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def visit(browser, tmp_path):
    """Open the app as a person in a browser window of their own."""
    windows = []

    def open_as(url: str, person: str, *, path: str = "bridge", dark: bool = False):
        context = browser.new_context(
            viewport={"width": 1440, "height": 900}, color_scheme="dark" if dark else "light",
            accept_downloads=True,
        )  # fmt: skip
        context.set_default_timeout(PATIENCE)
        context.add_init_script(screen.COUNTING)
        windows.append(context)
        page = context.new_page()
        page.goto(f"{url}/{path}")
        page.get_by_role("button", name=f"Continue as {person}").click()
        page.get_by_text(f"{person} (").first.wait_for()
        return page

    yield open_as
    for window in windows:
        window.close()
