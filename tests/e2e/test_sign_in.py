"""Signing in by a real OIDC provider, in Chromium: who comes in, as what, and who is out."""

import re
import time
import uuid
from datetime import timedelta
from urllib.request import Request, urlopen

import oidc_provider_mock
import pytest
from playwright.sync_api import expect

from forecasting.rights import LOCAL_ADMIN
from forecasting.vocabulary import Function
from forecasting.workspace import Workspace

from . import screen
from .conftest import Server, free_port

pytestmark = pytest.mark.browser

GROUPS = {"mk": Function.MARKETING, "pl": Function.PLANNING}
PEOPLE = {
    "ada": ["pl"], "both": ["pl", "mk"], "stranger": ["lunch"], "boss": [],
    "wide": [*(str(uuid.uuid5(uuid.NAMESPACE_DNS, str(n))) for n in range(199)), "mk"],
    "brief": ["mk"],
}  # fmt: skip
"""Subject to groups at the provider; each signs in as NAME@shop.example."""


def users():
    return [
        oidc_provider_mock.User(
            sub=name,
            claims={"email": f"{name}@shop.example", "name": name.title(), "groups": groups},
        )
        for name, groups in PEOPLE.items()
    ]


def company(path):
    space = Workspace(path)
    for group, function in GROUPS.items():
        space.staff.set_group(LOCAL_ADMIN.id, group, function)
    space.set_person(
        LOCAL_ADMIN.id, identity="lea", name="Lea Lind", function=Function.LEADERSHIP,
        signs_in_as="lea@shop.example",
    )  # fmt: skip
    space.close()
    return path


def served(tmp_path, provider, **rules):
    """A server with a sign-in file of its own."""
    port = free_port()
    told = {
        "admins": ["boss@shop.example"],
        "ask": "the service desk",
        "metrics_token": "m" * 20,
    }
    file = tmp_path / "sign-in.toml"
    file.write_text(
        f"""[auth]
redirect_uri = "http://localhost:{port}/oauth2callback"
cookie_secret = "{"c0ffee" * 8}"
client_id = "concord"
client_secret = "secret"
server_metadata_url = "http://localhost:{provider.server_port}/.well-known/openid-configuration"
client_kwargs = {{ scope = "openid email profile groups" }}
[concord]
"""
        + "\n".join(f"{key} = {value!r}" for key, value in {**told, **rules}.items()),
        encoding="utf-8",
    )
    return Server(
        company(tmp_path / "team.duckdb"), tmp_path / "server.log", port=port,
        options=["--sign-in", str(file)],
    )  # fmt: skip


@pytest.fixture(scope="module")
def provider():
    with oidc_provider_mock.run_server_in_thread(user_claims=users()) as server:
        yield server


@pytest.fixture(scope="module")
def server(tmp_path_factory, provider):
    started = served(tmp_path_factory.mktemp("team"), provider)
    yield started
    started.stop()


@pytest.fixture
def window(browser):
    """A browser of somebody's own."""
    opened = []

    def new():
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.set_default_timeout(60_000)
        opened.append(context)
        return context.new_page()

    yield new
    for context in opened:
        context.close()


def at_provider(page, name):
    page.get_by_placeholder("sub").fill(name)
    page.get_by_role("button", name="Authorize", exact=True).click()


def sign_in(page, server, name, *, path=""):
    page.goto(f"{server.url}/{path}")
    page.get_by_role("button", name="Sign in").click()
    at_provider(page, name)


def who(page):
    return page.get_by_test_id("stPopoverButton").filter(has_text="(")


def test_a_group_brings_a_function_and_nobody_is_asked_twice(server, window):
    page = window()
    sign_in(page, server, "ada", path="people")
    expect(who(page)).to_contain_text("Ada (Planning)")
    expect(page).to_have_url(f"{server.url}/people")  # the page she asked for
    page.reload()
    expect(who(page)).to_contain_text("Ada (Planning)")
    second = page.context.new_page()
    second.goto(f"{server.url}/cycle")
    expect(who(second)).to_contain_text("Ada (Planning)")
    screen.nothing_is_broken(second)
    # Signed out in one window is signed out in the other, at the next click.
    who(second).click()
    second.get_by_role("button", name="Sign out").click()
    page.bring_to_front()
    page.get_by_role("link", name="Home").first.click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_stranger_learns_whom_to_ask_and_sees_nothing(server, window):
    page = window()
    sign_in(page, server, "stranger")
    expect(page.get_by_text("You are not in Concord yet")).to_be_visible()
    expect(page.get_by_text("the service desk")).to_be_visible()
    expect(page.get_by_text(re.compile("stranger@.?shop.example"))).to_be_visible()
    page.goto(f"{server.url}/people")
    expect(page.get_by_text("You are not in Concord yet")).to_be_visible()
    assert page.get_by_text("Lea Lind").count() == 0


def test_somebody_with_two_functions_chooses_between_them(server, window):
    page = window()
    sign_in(page, server, "both", path="people")
    expect(who(page)).to_contain_text("Both (Marketing)")
    who(page).click()
    page.get_by_test_id("stRadio").get_by_text("Planning").click()
    expect(who(page)).to_contain_text("Both (Planning)")
    page.reload()
    expect(who(page)).to_contain_text("Both (Planning)")


def test_people_of_200_groups_get_in(server, window):
    page = window()
    sign_in(page, server, "wide")
    expect(who(page)).to_contain_text("Wide (Marketing)")
    size = sum(len(c["name"]) + len(c["value"]) for c in page.context.cookies())
    assert size > 8_192  # more than a websocket may bring by default


def test_the_first_admin_takes_somebody_out_who_is_out_at_the_next_click(server, window):
    worker, boss = window(), window()
    sign_in(worker, server, "brief", path="people")
    expect(who(worker)).to_contain_text("Brief (Marketing)")
    sign_in(boss, server, "boss", path="people")
    expect(who(boss)).to_contain_text("Boss (Admin)")
    boss.get_by_role("tab", name="Take out").click()
    boss.get_by_role("combobox", name="Who").click()
    boss.get_by_role("option", name="Brief").click()
    boss.get_by_role("button", name="Take out").click()
    expect(boss.get_by_text(re.compile("brief@.?shop.example"))).to_have_count(0)
    worker.get_by_role("link", name="Home").first.click()
    expect(worker.get_by_text("has no access any more")).to_be_visible()


def test_a_sign_in_that_has_ended_is_over_at_the_next_click(tmp_path, window):
    with oidc_provider_mock.run_server_in_thread(
        user_claims=users(), access_token_max_age=timedelta(seconds=12)
    ) as brief:
        started = served(tmp_path, brief)
        try:
            page = window()
            sign_in(page, started, "ada", path="people")
            expect(who(page)).to_contain_text("Ada (Planning)")
            # Nobody touches it: the page shuts by itself.
            expect(page.get_by_text("Your sign-in has ended")).to_be_visible()
        finally:
            started.stop()


def status(url, **headers):
    try:
        with urlopen(Request(url, headers=headers), timeout=10) as answer:
            return answer.status, answer.read().decode()
    except OSError as error:
        return error.code, ""


def test_a_monitor_sees_whether_it_lives_and_with_its_token_how_it_goes(server):
    assert status(f"{server.url}/livez") == (200, "alive\n")
    deadline = time.monotonic() + 30
    while status(f"{server.url}/readyz")[0] != 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert status(f"{server.url}/metrics")[0] == 404
    assert status(f"{server.url}/metrics", Authorization="Bearer wrong")[0] == 404
    code, text = status(f"{server.url}/metrics", Authorization=f"Bearer {'m' * 20}")
    assert code == 200
    assert "concord_edit_seconds_count" in text
    assert "concord_ledger_events" in text


def test_no_route_of_ours_brings_somebody_in_without_the_provider(server):
    """The chooser's way in is shut where people sign in."""
    request = Request(f"{server.url}/concord/who", data=b"x", method="POST")
    with pytest.raises(OSError, match=r"404|403"):
        urlopen(request, timeout=10)
