"""Starting the app for others: refused wherever nobody would be asked who they are."""

import pytest
from click.testing import CliRunner

from forecasting.__main__ import main
from forecasting.commands.serve import is_this_computer, refuse_strangers, sign_in_file
from forecasting.errors import OutOfBounds, Refused

GOOD = {
    "redirect_uri": "https://concord.shop.example/oauth2callback", "cookie_secret": "s" * 32,
    "client_id": "concord", "client_secret": "secret",
    "server_metadata_url": "https://id.shop.example/.well-known/openid-configuration",
}  # fmt: skip


def written(path, auth=GOOD, more=""):
    lines = [f'{key} = "{value}"' for key, value in auth.items()]
    path.write_text("\n".join(["[auth]", *lines, more]), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1", "[::1]"]
)
def test_on_this_computer_anybody_may_choose(host):
    assert is_this_computer(host)
    refuse_strangers(host, signs_in=False, insecure=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "concord.shop.example", ""])
def test_elsewhere_it_does_not_listen_unless_people_sign_in_or_it_is_asked_for(host):
    with pytest.raises(Refused, match="--sign-in FILE"):
        refuse_strangers(host, signs_in=False, insecure=False)
    refuse_strangers(host, signs_in=True, insecure=False)
    refuse_strangers(host, signs_in=False, insecure=True)


def test_the_command_says_so_and_starts_nothing(tmp_path):
    told = CliRunner().invoke(
        main, ["serve", "--db", str(tmp_path / "x.duckdb"), "--host", "0.0.0.0"]
    )
    assert told.exit_code == 2
    assert "nobody would be asked who they are" in told.output


def test_a_good_file_is_taken(tmp_path):
    assert sign_in_file(written(tmp_path / "a.toml")) == GOOD
    below = {**GOOD, "redirect_uri": "https://shop.example/concord/oauth2callback"}
    assert sign_in_file(written(tmp_path / "b.toml", below), base="/concord") == below
    own = {**GOOD, "redirect_uri": "http://localhost:8501/oauth2callback"}
    assert sign_in_file(written(tmp_path / "c.toml", own)) == own


@pytest.mark.parametrize("key", sorted(GOOD))
def test_what_a_file_lacks_is_named(tmp_path, key):
    with pytest.raises(OutOfBounds, match=key):
        sign_in_file(written(tmp_path / "a.toml", {k: v for k, v in GOOD.items() if k != key}))


@pytest.mark.parametrize(
    ("auth", "more", "told"),
    [
        ({"cookie_secret": "short"}, "", "5 characters"),
        ({"redirect_uri": "http://concord.shop.example/oauth2callback"}, "", "https://"),
        ({"redirect_uri": "https://concord.shop.example/"}, "", "ending in /oauth2callback"),
        ({"redirect_uri": "nonsense"}, "", "ending in /oauth2callback"),
        ({}, "[concord]\nadmin = 'x'", "does not know admin"),
        ({}, "[concord", "cannot be read as TOML"),
    ],
)
def test_a_file_that_would_not_do_is_refused_before_anybody_meets_it(
    tmp_path, auth, more, told
):
    with pytest.raises(OutOfBounds, match=told):
        sign_in_file(written(tmp_path / "a.toml", {**GOOD, **auth}, more))


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path):
    with pytest.raises(OutOfBounds, match="no sign-in file"):
        sign_in_file(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(OutOfBounds, match="cannot be read"):
        sign_in_file(tmp_path / "bytes.toml")
    (tmp_path / "other.toml").write_text("[other]\n", encoding="utf-8")
    with pytest.raises(OutOfBounds, match=r"no section \[auth\]"):
        sign_in_file(tmp_path / "other.toml")


@pytest.mark.parametrize("path", ["/a b", "/../x", "/x?y", "/<x>"])
def test_a_base_path_is_a_path(tmp_path, path):
    told = CliRunner().invoke(
        main, ["serve", "--db", str(tmp_path / "x.duckdb"), "--base-path", path]
    )
    assert told.exit_code == 2
    assert "--base-path" in told.output
