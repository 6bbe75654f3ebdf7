"""One company for a module, and its API as each function reaches it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from forecasting.api.app import build
from forecasting.workspace import Workspace

PEOPLE = {
    "marketing": "mara", "merchandising": "ines", "planning": "dana", "leadership": "victor",
    "admin": "admin",
}  # fmt: skip
LOCAL = "local-" + "s" * 40


class Served:
    """A workspace, its API, and a token of everybody's."""

    def __init__(self, path: Path) -> None:
        self.space = Workspace(path)
        self.app = build(lambda: self.space, local=lambda: LOCAL, most_bytes=5_000_000)
        self._clients: dict[tuple[str, str], httpx.Client] = {}

    def client(self, person: str = "dana", level: str = "write") -> TestClient:
        """A program that speaks for somebody."""
        key = (person, level)
        if key not in self._clients:
            made = self.space.tokens.make(person, label=f"{person} {level}", level=level)
            self._clients[key] = self.bearer(made.secret)
        return self._clients[key]

    def bearer(self, secret: str) -> TestClient:
        """A program with some token."""
        headers = {"authorization": f"Bearer {secret}"}
        return TestClient(self.app, headers=headers, raise_server_exceptions=False)


@pytest.fixture(scope="module")
def served(played, tmp_path_factory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("api")
    made = Served(Path(shutil.copy(played, folder / "api.duckdb")))
    yield made
    made.space.close()
