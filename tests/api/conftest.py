"""One company for a module, and its API as each function reaches it."""

import os
import shutil
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from forecasting.api.app import PATH, build
from forecasting.workspace import Workspace

with warnings.catch_warnings():  # it asks for a successor of httpx that is not out
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

PEOPLE = {
    "marketing": "mara", "merchandising": "ines", "planning": "dana", "leadership": "victor",
    "admin": "admin",
}  # fmt: skip
LOCAL = "local-" + "s" * 40


class Served:
    """A workspace, its API, and a token of everybody's."""

    def __init__(self, path: Path) -> None:
        self.space = Workspace(path)
        self.local = LOCAL
        self.app = self.built()
        self._secrets: dict[tuple[str, str], str] = {}

    def built(self):
        """The API anew, as after a restart."""
        return build(lambda: self.space, local=lambda: self.local, most_bytes=5_000_000)

    def secret(self, person: str = "dana", level: str = "write") -> str:
        """A token of somebody's, made once."""
        key = (person, level)
        if key not in self._secrets:
            made = self.space.tokens.make(person, label=f"{person} {level}", level=level)
            self._secrets[key] = made.secret
        return self._secrets[key]

    def client(self, person: str = "dana", level: str = "write") -> httpx.Client:
        """A program that speaks for somebody."""
        return self.bearer(self.secret(person, level))

    def bearer(self, secret: str) -> httpx.Client:
        """A program with some token."""
        headers = {"authorization": f"Bearer {secret}"}
        return TestClient(self.app, headers=headers, raise_server_exceptions=False)

    @contextmanager
    def listening(self) -> Iterator[str]:
        """The API at an address of its own."""
        app = Starlette(routes=[Mount(PATH, self.app)])
        config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
        server.should_exit = True
        thread.join(10)


def ended(client: httpx.Client, answer: httpx.Response) -> httpx.Response:
    """What a request came to: of a long one, once its job is over."""
    if answer.status_code != 202:
        return answer
    job = answer.json()["job"]
    while client.get(f"/jobs/{job}").json()["state"] == "running":
        time.sleep(0.05)
    return client.get(f"/jobs/{job}/answer")


@pytest.fixture(scope="module")
def served(played, tmp_path_factory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("api")
    made = Served(Path(shutil.copy(played, folder / "api.duckdb")))
    yield made
    made.space.close()


def a_process_that_is_gone() -> int:
    """The number of a process that ended."""
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    with pytest.raises(ProcessLookupError):
        os.kill(done.pid, 0)
    return done.pid
