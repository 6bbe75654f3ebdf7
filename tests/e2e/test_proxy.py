"""Behind nginx, with TLS and a path: the example of deploy/ as it stands, with other ports."""

import datetime as dt
import re
import shutil
import socket
import ssl
import subprocess
import time
import tomllib
from contextlib import contextmanager, suppress
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
from forecasting.rights import LOCAL_ADMIN
from forecasting.vocabulary import Function
from forecasting.weekly.option import Action
from forecasting.workspace import Workspace
from tests.weekly.test_decisions import first_open

from . import screen
from .conftest import Server, free_port
from .test_proposals import answer

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def nginx():
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    return found or pytest.skip("no nginx on this machine")


def certificate(folder, host):
    """A certificate for a host that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(1)).not_valid_after(now + dt.timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "concord.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "concord.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )  # fmt: skip


def proxy_settings(folder, *, listens, app, host):
    """The example with this test's ports and files, as one whole configuration."""
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    for old, new in {
        "127.0.0.1:8501": f"127.0.0.1:{app}", "listen 443 ssl": f"listen {listens} ssl",
        "server_name concord.example": f"server_name {host}",
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


@contextmanager
def proxied(folder, database, people, *, host="localhost"):
    """The address of a Concord with sign-in, TLS and a path, behind nginx.

    `people` are name by subject at the provider; the first is Admin.
    """
    program, outside, inside = nginx(), free_port(), free_port()
    certificate(folder, host)
    settings = proxy_settings(folder, listens=outside, app=inside, host=host)
    with oidc_provider_mock.run_server_in_thread(
        user_claims=[
            oidc_provider_mock.User(
                sub=sub, claims={"email": f"{sub}@shop.example", "name": name}
            )
            for sub, name in people.items()
        ]
    ) as provider:
        url = f"https://{host}:{outside}/concord"
        file = folder / "sign-in.toml"
        file.write_text(
            f'[auth]\nredirect_uri = "{url}/oauth2callback"\ncookie_secret = "{"c0ffee" * 8}"\n'
            'client_id = "concord"\nclient_secret = "secret"\nserver_metadata_url = '
            f'"http://localhost:{provider.server_port}/.well-known/openid-configuration"\n'
            f'[concord]\nadmins = ["{next(iter(people))}@shop.example"]\n',
            encoding="utf-8",
        )
        app = Server(
            database, folder / "server.log", port=inside, base="/concord",
            options=["--sign-in", str(file), "--base-path", "/concord"],
        )  # fmt: skip
        proxy = subprocess.Popen([program, "-c", str(settings), "-p", str(folder)])
        unchecked = ssl._create_unverified_context()
        deadline = time.monotonic() + 20
        while True:
            try:
                urlopen(f"{url}/livez", context=unchecked, timeout=2).close()
                break
            except OSError:
                assert proxy.poll() is None, (folder / "error.log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield url
        proxy.terminate()
        proxy.wait(10)
        app.stop()


@pytest.fixture
def behind(tmp_path):
    """The address of a new company, with an Admin."""
    Workspace(tmp_path / "team.duckdb").close()
    with proxied(tmp_path, tmp_path / "team.duckdb", {"boss": "Boss"}) as url:
        yield url


def address() -> str:
    """Under which address other computers reach this one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, suppress(OSError):
        probe.connect(("192.0.2.1", 9))  # nothing is sent
        found = str(probe.getsockname()[0])
        if not found.startswith("127."):
            return found
    return pytest.skip("this machine has no address but its own")


def computer(browser, url, name):
    """The browser of somebody at a computer of their own, signed in."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, ignore_https_errors=True, accept_downloads=True
    )
    context.set_default_timeout(screen.PATIENCE)
    page = context.new_page()
    page.goto(url)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_placeholder("sub").fill(name)
    page.get_by_role("button", name="Authorize", exact=True).click()
    return page


def test_two_people_at_two_computers_run_the_weekly_review_together(company, browser, tmp_path):
    path = shutil.copy(company, tmp_path / "team.duckdb")
    space = Workspace(path)
    option = first_open(space, Action.TRANSFER)
    for who, function in (("dana", Function.PLANNING), ("mara", Function.MARKETING)):
        space.set_person(
            LOCAL_ADMIN.id, identity=who, name=space.person(who).name, function=function,
            signs_in_as=f"{who}@shop.example",
        )  # fmt: skip
    space.close()
    people = {"boss": "Boss", "dana": "Dana", "mara": "Mara"}
    with proxied(tmp_path, path, people, host=address()) as url:
        dana = computer(browser, f"{url}/signals", "dana")
        dana.get_by_role("heading", level=1, name="Weekly review").wait_for()
        mara = computer(browser, f"{url}/signals", "mara")
        mara.get_by_role("heading", level=1, name="Weekly review").wait_for()
        screen.go(mara, "Home")
        screen.go(dana, "Home")
        for page, name in ((dana, "Dana Okoro"), (mara, "Mara Quill")):
            here = page.get_by_test_id("stPopoverButton").filter(has_text=f"{name} (")
            expect(here).to_contain_text("2 here")
        mara.goto(f"{url}/bridge?activation={option.activation}")

        mara.get_by_role("button", name="Preview and propose to Planning").first.click()
        asked = mara.get_by_role("dialog")
        asked.get_by_role("button", name="Propose to Planning").click()
        asked.wait_for(state="hidden")
        mara.get_by_text("Waits for an answer").first.wait_for()

        answer(dana, "Accept", "The stock is there")  # it came to her page by itself
        expect(mara.get_by_text("Waits for an answer")).to_have_count(0)
        screen.go(mara, "Home")
        mara.get_by_text(re.compile("Accepted.*The stock is there")).first.wait_for()
        for page in (dana, mara):
            screen.nothing_is_broken(page)
            page.context.close()
    space = Workspace(path)
    assert {decided.person for decided in space.decisions.all} == {"dana"}
    space.close()


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
