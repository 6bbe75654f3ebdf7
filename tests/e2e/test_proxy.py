"""Behind nginx, with TLS and a path: the example of deploy/ as it stands, with other ports."""

import datetime as dt
import re
import shutil
import ssl
import subprocess
import time
import tomllib
from pathlib import Path
from urllib.request import urlopen

import oidc_provider_mock
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import expect

from forecasting.commands.serve import NEEDED
from forecasting.governance.sign_in import SignInRules
from forecasting.workspace import Workspace

from . import screen
from .conftest import Server, free_port

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def nginx():
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    return found or pytest.skip("no nginx on this machine")


def certificate(folder):
    """A certificate for localhost that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(1)).not_valid_after(now + dt.timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "concord.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "concord.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )  # fmt: skip


def proxy_settings(folder, *, listens, app):
    """The example with this test's ports and files, as one whole configuration."""
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    for old, new in {
        "127.0.0.1:8501": f"127.0.0.1:{app}", "listen 443 ssl": f"listen {listens} ssl",
        "server_name concord.example": "server_name localhost",
        "/etc/ssl/certs/concord.pem": f"{folder}/concord.pem",
        "/etc/ssl/private/concord.key": f"{folder}/concord.key",
    }.items():  # fmt: skip
        assert old in text
        text = text.replace(old, new)
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = folder / "nginx.conf"
    file.write_text(
        f"pid {folder}/nginx.pid;\nerror_log {folder}/error.log;\ndaemon off;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{temporary}{text}\n}}\n",
        encoding="utf-8",
    )
    return file


@pytest.fixture
def behind(tmp_path):
    """The address of a Concord with sign-in, TLS and a path, behind nginx."""
    program, outside, inside = nginx(), free_port(), free_port()
    certificate(tmp_path)
    settings = proxy_settings(tmp_path, listens=outside, app=inside)
    with oidc_provider_mock.run_server_in_thread(
        user_claims=[
            oidc_provider_mock.User(
                sub="boss", claims={"email": "boss@shop.example", "name": "Boss"}
            )
        ]
    ) as provider:
        url = f"https://localhost:{outside}/concord"
        file = tmp_path / "sign-in.toml"
        file.write_text(
            f'[auth]\nredirect_uri = "{url}/oauth2callback"\ncookie_secret = "{"c0ffee" * 8}"\n'
            'client_id = "concord"\nclient_secret = "secret"\nserver_metadata_url = '
            f'"http://localhost:{provider.server_port}/.well-known/openid-configuration"\n'
            '[concord]\nadmins = ["boss@shop.example"]\n',
            encoding="utf-8",
        )
        Workspace(tmp_path / "team.duckdb").close()
        app = Server(
            tmp_path / "team.duckdb", tmp_path / "server.log", port=inside, base="/concord",
            options=["--sign-in", str(file), "--base-path", "/concord"],
        )  # fmt: skip
        proxy = subprocess.Popen([program, "-c", str(settings), "-p", str(tmp_path)])
        unchecked = ssl._create_unverified_context()
        deadline = time.monotonic() + 20
        while True:
            try:
                urlopen(f"{url}/livez", context=unchecked, timeout=2).close()
                break
            except OSError:
                assert proxy.poll() is None, (tmp_path / "error.log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield url
        proxy.terminate()
        proxy.wait(10)
        app.stop()


def test_signing_in_uploads_downloads_and_reloads_work_behind_a_proxy(
    behind, browser, tmp_path
):
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, ignore_https_errors=True, accept_downloads=True
    )
    context.set_default_timeout(60_000)
    page = context.new_page()
    sockets = []
    page.on("websocket", lambda one: sockets.append(one.url))
    page.goto(f"{behind}/data")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_placeholder("sub").fill("boss")
    page.get_by_role("button", name="Authorize", exact=True).click()
    boss = page.get_by_test_id("stPopoverButton").filter(has_text="Boss (Admin)")
    expect(boss).to_be_visible()
    expect(page).to_have_url(re.compile(f"^{re.escape(behind)}/data"))
    assert any(url.startswith("wss://") and "/concord/" in url for url in sockets)

    (tmp_path / "skus.csv").write_text("sku\nA1\n", encoding="utf-8")  # lacks much
    page.locator("input[type=file]").first.set_input_files(tmp_path / "skus.csv")
    screen.settled(page)
    expect(page.get_by_text("skus.csv").first).to_be_visible()
    screen.nothing_is_broken(page)

    page.reload()
    expect(boss).to_be_visible()
    page.goto(f"{behind}/history")
    expect(boss).to_be_visible()
    cookies = [c for c in context.cookies() if c["name"].startswith("_streamlit_user")]
    assert cookies
    assert all(c["httpOnly"] and c["path"] == "/concord" for c in cookies)
    with pytest.raises(OSError, match="404"):
        urlopen(f"{behind}/metrics", context=ssl._create_unverified_context(), timeout=5)
    context.close()


def test_the_examples_say_what_the_program_reads():
    told = tomllib.loads((DEPLOY / "sign-in.example.toml").read_text(encoding="utf-8"))
    assert set(NEEDED) <= set(told["auth"])
    SignInRules.read(told["concord"])
    composed = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    assert set(composed["services"]) == {"concord", "proxy"}
    for name in ("Containerfile", "concord.service"):
        text = (DEPLOY / name).read_text(encoding="utf-8")
        assert "CONCORD_SIGN_IN" in text
        assert "serve" in text
