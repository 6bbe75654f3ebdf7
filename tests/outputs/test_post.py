"""Digests: whom they reach, how often, with which links, and what becomes of a failed one."""

import datetime as dt

import pytest

from forecasting.errors import OutOfBounds
from forecasting.governance.schedules import Does
from forecasting.governance.wishes import Rhythm
from forecasting.outputs import inbox, post
from forecasting.outputs.clockwork import Clockwork
from forecasting.vocabulary import Function
from forecasting.workspace import Workspace
from tests.sink import sink, text_of

EVENING = dt.datetime(2026, 11, 27, 18, 0)
MARA = "mara@shop.example"


class Clock:
    """Time goes on by a little with every look, as it really does."""

    now = EVENING

    def __call__(self) -> dt.datetime:
        self.now += dt.timedelta(microseconds=1)
        return self.now


@pytest.fixture(scope="module")
def server():
    with sink() as made:
        yield made


@pytest.fixture
def mails(server, tmp_path, monkeypatch):
    """What arrives, of a server that is set up as docs/how-to/word.md says."""
    file = tmp_path / "channels.toml"
    file.write_text(
        'link = "https://concord.shop.example/"\n'
        f'[mail]\nhost = "127.0.0.1"\nport = {server.port}\n'
        'from = "concord@shop.example"\nsecurity = "none"\n'
    )
    monkeypatch.setenv(post.SETTINGS, str(file))
    server.mails.clear()
    server.is_shut = False
    return server.mails


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def space(tmp_path, clock):
    made = Workspace(tmp_path / "post.duckdb", clock=clock)
    for identity, function in (("dana", Function.PLANNING), ("mara", Function.MARKETING)):
        made.set_person("admin", identity=identity, name=identity, function=function)
    yield made
    made.close()


def assign(space: Workspace, text: str, to: str = "mara") -> None:
    space.minutes.assign("dana", text, owner=to, due=space.desk.today + dt.timedelta(2))


def test_nobody_is_told_anything_who_did_not_wish_it(space, mails, clock):
    assign(space, "Call the printer")
    clock.now += dt.timedelta(days=2)
    assert post.deliver(space) == (0, 0)
    assert post.deliver(space, now_too=True) == (0, 0)
    assert mails == []


def test_a_daily_digest_comes_at_its_time_with_links_and_says_a_thing_once(space, mails, clock):
    space.wishes.set("mara", Rhythm.DAILY, address=MARA, at="07:00")
    assign(space, "Call the\nprinter")
    assign(space, "Somebody else's", to="dana")
    assert post.deliver(space) == (0, 0)
    clock.now = dt.datetime(2026, 11, 28, 7, 1)
    assert post.deliver(space) == (1, 0)
    (mail,) = mails
    assert mail["to"] == MARA
    assert "concord@shop.example" in mail["from"]
    assert "Concord: Yours to do: Call the printer" in mail["subject"]
    told = text_of(mail)
    assert "Call the printer" in told
    assert "https://concord.shop.example/signals" in told
    assert "https://concord.shop.example/inbox" in told
    assert "Somebody else" not in told
    clock.now += dt.timedelta(days=1)  # nothing new: quiet
    assert post.deliver(space) == (0, 0)
    assert len(mails) == 1


def test_at_once_is_at_most_once_an_hour_and_never_what_was_seen(space, mails, clock):
    space.wishes.set("mara", Rhythm.AT_ONCE, address=MARA)
    assign(space, "First")
    assert post.deliver(space) == (1, 0)
    assign(space, "Second")
    assign(space, "Seen already")
    seen = next(i for i in inbox.items(space, "mara") if i.text == "Seen already")
    inbox.mark_seen(space, "mara", [seen.key])
    for minutes in (1, 20, 58):
        clock.now = EVENING + dt.timedelta(minutes=minutes)
        assert post.deliver(space, now_too=True) == (0, 0)
    clock.now = EVENING + dt.timedelta(minutes=61)
    assert post.deliver(space) == (1, 0)
    assert "Second" in text_of(mails[1])
    assert "First" not in text_of(mails[1])
    assert "Seen already" not in text_of(mails[1])


def test_what_could_not_be_sent_is_kept_over_a_restart_told_of_and_sent_later(
    space, mails, server, clock, tmp_path
):
    space.wishes.set("mara", Rhythm.AT_ONCE, address=MARA)
    assign(space, "Call the printer")
    server.is_shut = True
    assert post.deliver(space) == (0, 1)
    failed = [i.text for i in inbox.items(space, "admin")]
    assert failed == ["A digest to mara was not sent: The mail server did not take it."]
    space.close()
    again = Workspace(tmp_path / "post.duckdb", clock=clock)
    try:
        server.is_shut = False
        assert post.deliver(again) == (0, 1)  # its time has not come
        clock.now += dt.timedelta(minutes=6)
        assert post.deliver(again) == (1, 0)
        assert len(mails) == 1
        assert inbox.items(again, "admin") == []
        assert post.deliver(again) == (0, 0)
    finally:
        again.close()


def test_whoever_was_taken_out_or_wishes_no_more_is_told_nothing_more(
    space, mails, server, clock
):
    for person, address in (("mara", MARA), ("dana", "dana@shop.example")):
        space.wishes.set(person, Rhythm.AT_ONCE, address=address)
        assign(space, "Call", to=person)
    server.is_shut = True
    assert post.deliver(space) == (0, 2)
    server.is_shut = False
    space.staff.take_out("admin", identity="dana")
    space.wishes.set("mara", Rhythm.OFF)
    clock.now += dt.timedelta(days=1)
    assert post.deliver(space) == (0, 0)
    assert mails == []
    assert space.store.query("word_wishes")["person"].tolist() == ["dana"]


def test_a_schedule_sends_digests_and_fails_in_words_without_a_way(
    space, mails, clock, monkeypatch
):
    space.wishes.set("mara", Rhythm.WEEKLY, address=MARA, day=3)
    assign(space, "Call the printer")
    space.schedules.save("dana", "Digests", Does.DIGEST, at="06:30")
    for times, told in ((1, "1 sent."), (2, "0 sent.")):
        space.schedules.run_now("dana", "Digests")
        assert Clockwork(lambda: space).look()
        assert space.schedules.last("Digests").told == told
        assert len(mails) == 1, times
    monkeypatch.delenv(post.SETTINGS)
    space.schedules.run_now("dana", "Digests")
    assert Clockwork(lambda: space).look()
    assert "no way to send" in space.schedules.last("Digests").told


def test_what_is_no_address_is_refused(space):
    for address in ("", "mara", "a@b c", "a@b,c@d", "a@b?to=x", "a@b\r\nBcc: c@d", "<a@b>"):
        with pytest.raises(OutOfBounds):
            space.wishes.set("mara", Rhythm.DAILY, address=address)
    assert space.wishes.everybody == {}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"mails": {}}, "does not know 'mails'"),
        ({"mail": {"host": "x"}}, "host and from"),
        ({"mail": {"host": "x", "from": "a@b", "security": "some"}}, "none, starttls, tls"),
        ({"channels": {"mail": "slack://x"}}, "small letters"),
        ({"link": "concord"}, "https://"),
    ],
)
def test_a_file_of_channels_that_is_not_as_expected_is_refused_in_words(told, words):
    with pytest.raises(OutOfBounds, match=words):
        post.Ways.read(told)


def test_a_channel_of_the_servers_is_a_webhook_too(space, clock, tmp_path, monkeypatch):
    import http.server
    import threading

    bodies: list[bytes] = []

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Hook) as hook:
        threading.Thread(target=hook.serve_forever, daemon=True).start()
        file = tmp_path / "channels.toml"
        file.write_text(f'[channels]\nteam = "json://127.0.0.1:{hook.server_port}/x"\n')
        monkeypatch.setenv(post.SETTINGS, str(file))
        space.wishes.set("mara", Rhythm.AT_ONCE, channel="team")
        assign(space, "Call the printer")
        assert post.deliver(space) == (1, 0)
        hook.shutdown()
    assert b"Call the printer" in bodies[0]
