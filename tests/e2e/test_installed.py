"""Concord as somebody installs it: the wheel in a new environment, far from the repository."""

import json
import os
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import pytest

from forecasting.version import version

ROOT = Path(__file__).parents[2]
SHIPPED = ("pages", "forecasting", "data", ".streamlit", "concord")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    build += ["--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, cwd=folder)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def concord(wheel, tmp_path_factory) -> Path:
    """The command, in an environment of its own.

    Other packages are borrowed from the environment of the tests, so that nothing is fetched.
    """
    home = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    (site,) = home.glob("lib/python*/site-packages")
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    install = [sys.executable, "-m", "pip", "--python", str(home / "bin" / "python"), "install"]
    subprocess.run([*install, "--quiet", "--no-deps", "--no-index", str(wheel)], check=True)
    return home / "bin" / "concord"


def ran(concord: Path, *words: object, at: Path, **env: str) -> str:
    """What a verb printed, run in a folder; no setting of the tests reaches it."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("CONCORD_", "PYTHON"))}
    done = subprocess.run(
        [concord, *map(str, words)],
        cwd=at,
        env=clean | env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_every_file_of_the_product_and_nobodys_data(wheel):
    with zipfile.ZipFile(wheel) as opened:
        inside = {n for n in opened.namelist() if ".dist-info/" not in n}
    files = [p for folder in SHIPPED for p in (ROOT / folder).rglob("*") if p.is_file()]
    files += [ROOT / "app.py", ROOT / "served.py"]
    names = [p.relative_to(ROOT).as_posix() for p in files]
    ours = [n for n in names if "__pycache__" not in n and not n.startswith("data/local/")]
    assert inside == {n if n.startswith("concord/") else f"concord/house/{n}" for n in ours}


def test_only_one_name_is_taken_from_other_packages(wheel):
    with zipfile.ZipFile(wheel) as opened:
        tops = {name.split("/")[0] for name in opened.namelist()}
    assert tops == {"concord", f"concord-{version()}.dist-info"}


def test_the_command_says_its_version_and_its_verbs(concord, tmp_path):
    assert ran(concord, "--version", at=tmp_path) == f"concord, version {version()}\n"
    assert ran(concord, "--help", at=tmp_path).startswith("Usage: concord ")


def test_an_installed_concord_builds_a_company_where_one_works_and_reads_it(concord, tmp_path):
    size = ("--skus", 9, "--doors", 3, "--weeks", 60)
    made = json.loads(ran(concord, "sample", *size, "--json", at=tmp_path))
    assert made["series"] > 0  # the fit ran, in a process of its own
    database = tmp_path / "data" / "local" / "concord.duckdb"
    assert database.is_file()
    assert f"version={version()}" in database.with_name("concord.duckdb.log").read_text()
    told = ran(concord, "export", "--table", "skus", "--out", "s.csv", "--json", at=tmp_path)
    assert json.loads(told)["rows"] == 9
    ran(concord, "template", "files", at=tmp_path)
    assert (tmp_path / "files" / "COLUMNS.md").is_file()


@pytest.mark.browser
def test_an_installed_concord_serves_the_app_from_any_folder(
    concord, company, tmp_path, browser
):
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    (tmp_path / "here.duckdb").write_bytes(company.read_bytes())
    command = [concord, "serve", "--db", "here.duckdb", "--port", str(port)]
    log = (tmp_path / "log").open("w")
    server = subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log)
    try:
        address = f"http://localhost:{port}"
        health = answered(f"{address}/_stcore/health", server)
        assert health == b"ok"
        with pytest.raises(urllib.error.HTTPError, match="403"):  # its settings came along
            urllib.request.urlopen(
                urllib.request.Request(address, headers={"Host": "elsewhere.example"})
            )
        page = browser.new_page()
        page.goto(address)
        page.get_by_role("button", name="Continue as").first.click()
        page.get_by_role("heading", name="Home").first.wait_for()
        page.close()
    finally:
        server.terminate()
        server.wait(20)
        log.close()
    assert not list(concord.parents[1].rglob("*.duckdb"))


def answered(address: str, server: subprocess.Popen[bytes]) -> bytes:
    """The first answer of a server that is still starting."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2) as found:
                return found.read()
        except OSError:
            time.sleep(0.2)
    pytest.fail("it did not start")
