"""Schedules: when they run, under whose rights, what a crash leaves, where files come from."""

import datetime as dt
import http.server
import threading
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.consensus.events import Kind
from forecasting.errors import NotAllowed, OutOfBounds, Refused, UnknownName
from forecasting.governance import addresses
from forecasting.governance.schedules import CUT, Does
from forecasting.governance.timetable import DAYS, Timetable, days_of
from forecasting.intake import fetching
from forecasting.outputs import inbox
from forecasting.outputs.clockwork import Clockwork
from forecasting.vocabulary import Function
from forecasting.workspace import Workspace

NIGHT = dt.datetime(2026, 11, 27, 22, 0)
CALENDAR = "activation,type,start,end\nX1,email,2026-12-06,2026-12-12\n"


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NIGHT

    def __call__(self) -> dt.datetime:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def opened(path: Path, clock: Clock) -> Workspace:
    return Workspace(path / "schedules.duckdb", clock=clock)


@pytest.fixture
def space(tmp_path, clock, monkeypatch):
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    monkeypatch.setenv(addresses.INCOMING, str(incoming))
    made = opened(tmp_path, clock)
    for identity, function in (("dana", Function.PLANNING), ("mara", Function.MARKETING)):
        made.set_person("admin", identity=identity, name=identity, function=function)
    yield made
    made.close()


def look(space: Workspace) -> bool:
    return Clockwork(lambda: space).look()


# When ---------------------------------------------------------------------------------------


@given(
    at=st.times(),
    days=st.sets(st.integers(0, 6), min_size=1),
    moment=st.datetimes(dt.datetime(2025, 1, 1), dt.datetime(2027, 12, 31)),
    zone=st.sampled_from(["UTC", "Europe/Vienna", "America/New_York", "Australia/Lord_Howe"]),
)
def test_a_time_comes_once_a_day_whatever_the_clocks_do(at, days, moment, zone):
    when = Timetable(at=at, days=tuple(days))
    last, following = when.last(moment, zone), when.after(moment, zone)
    assert last <= moment < following
    assert when.after(last - dt.timedelta(microseconds=1), zone) == last
    assert when.last(following, zone) == following
    assert when.after(last, zone) == following  # none between
    for found in (last, following):
        local = found.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(zone))
        assert local.weekday() in days
        is_skipped = local.time() != when.at  # the hour that there is none of in spring
        assert not is_skipped or local.dst() or zone == "UTC"


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("every", (0, 1, 2, 3, 4, 5, 6)),
        ("mon-fri", (0, 1, 2, 3, 4)),
        ("Sat, sunday", (5, 6)),
        ("fri-mon", (0, 4, 5, 6)),
    ],
)
def test_days_are_named_as_people_do(text, days):
    assert days_of(text) == days
    assert all(DAYS[day][:3] == DAYS[day] for day in days)


@pytest.mark.parametrize("text", ["25:00", "3", "", "12:60", "noon"])
def test_what_is_no_time_of_day_is_refused_in_words(text):
    with pytest.raises(OutOfBounds, match="like 03:15"):
        Timetable.of(text)


def test_what_was_missed_while_nobody_was_there_is_caught_up_once(space, clock):
    space.schedules.save("dana", "Nightly", Does.REFRESH, at="03:15")
    assert space.schedules.due() == []  # 03:15 of today was before it was made
    clock.now += dt.timedelta(days=5)
    assert look(space)  # it fails, as there are no sales; that is no reason to go on and on
    assert not look(space)
    (run,) = space.schedules.runs("Nightly")
    assert run.due == dt.datetime(2026, 12, 2, 3, 15)
    assert run.state == "failed"
    assert "no sales" in run.told
    assert space.schedules.next_run(space.schedules.one("Nightly")) == dt.datetime(
        2026, 12, 3, 3, 15
    )


def test_what_is_paused_rests_and_catches_nothing_up(space, clock):
    space.schedules.save("dana", "Nightly", Does.REFRESH, at="03:15")
    space.schedules.pause("dana", "Nightly")
    clock.now += dt.timedelta(days=2)
    assert not look(space)
    space.schedules.pause("admin", "Nightly", paused=False)
    assert not look(space)
    assert space.schedules.one("Nightly").person == "admin"


def test_the_companys_clock_counts(space, clock):
    space.conventions.set("admin", {"zone": "Asia/Tokyo"})
    space.schedules.save("dana", "Nightly", Does.REFRESH, at="09:00")
    clock.now = dt.datetime(2026, 11, 28, 0, 1)
    assert [due for _, due in space.schedules.due()] == [dt.datetime(2026, 11, 28, 0, 0)]


# Whose --------------------------------------------------------------------------------------


def test_it_runs_under_what_its_maker_may_do_then(space, clock):
    space.schedules.save("dana", "Nightly", Does.REFRESH, at="03:15")
    space.staff.take_out("admin", identity="dana")
    clock.now += dt.timedelta(days=1)
    assert look(space)
    run = space.schedules.last("Nightly")
    assert (run.state, run.told) == ("failed", "dana has no access any more. Ask Admin.")
    space.set_person("admin", identity="dana", name="dana", function=Function.MARKETING)
    space.schedules.run_now("admin", "Nightly")
    assert look(space)
    assert "dana speaks for Marketing" in space.schedules.last("Nightly").told
    assert space.ledger.of_kinds(Kind.RUN) == []


def test_a_failure_waits_in_its_makers_and_in_admins_inbox_until_it_went_well(
    space, clock, tmp_path
):
    space.schedules.save("dana", "Files", Does.IMPORT, at="03:15", options={"folder": "."})
    clock.now += dt.timedelta(days=1)
    assert look(space)
    for by, texts in (("dana", 1), ("admin", 1), ("mara", 0)):
        found = inbox.items(space, by)
        assert len(found) == texts
    (item,) = inbox.items(space, "dana")
    assert "no files there" in item.text
    assert item.is_new
    inbox.mark_seen(space, "dana", [item.key])
    assert not inbox.items(space, "dana")[0].is_new
    assert inbox.items(space, "admin")[0].is_new
    (tmp_path / "incoming" / "activations.csv").write_text(CALENDAR)
    space.schedules.run_now("dana", "Files")
    assert look(space)
    assert space.schedules.last("Files").state == "done"
    assert inbox.items(space, "dana") == inbox.items(space, "admin") == []


def test_only_admin_names_an_address_or_another_folder(space, tmp_path):
    for options in ({"from": str(tmp_path)}, {"from": "https://shop.example/sales.csv"}):
        with pytest.raises(NotAllowed, match="Ask Admin"):
            space.schedules.save("dana", "Files", Does.IMPORT, at="03:15", options=options)
        space.schedules.save("admin", "Files", Does.IMPORT, at="03:15", options=options)
        with pytest.raises(NotAllowed):
            space.schedules.run_now("dana", "Files")
        with pytest.raises(NotAllowed):  # nor takes over what Admin may do
            space.schedules.pause("dana", "Files")
    with pytest.raises(OutOfBounds, match="leads out"):
        space.schedules.save(
            "dana", "Out", Does.IMPORT, at="03:15", options={"folder": "../elsewhere"}
        )
    with pytest.raises(NotAllowed):
        space.schedules.save("mara", "Mine", Does.IMPORT, at="03:15", options={"folder": "."})


# What a crash leaves ------------------------------------------------------------------------


def test_a_run_that_ended_with_its_process_is_told_of_as_cut_and_not_done_again(
    space, clock, tmp_path
):
    space.schedules.save("dana", "Nightly", Does.REFRESH, at="03:15")
    clock.now += dt.timedelta(days=1)
    ((schedule, due),) = space.schedules.due()
    run = space.schedules.begin(schedule, due)
    assert space.schedules.last("Nightly") == run
    assert space.schedules.failures == []
    space.close()
    again = opened(tmp_path, clock)
    try:
        last = again.schedules.last("Nightly")
        assert (last.state, last.told, last.ended) == ("cut", CUT, None)
        assert [one.run.run for one in again.schedules.failures] == [run.run]
        assert again.schedules.due() == []
        clock.now += dt.timedelta(days=1)
        assert len(again.schedules.due()) == 1
    finally:
        again.close()


def test_what_somebody_is_at_already_waits_for_its_turn(space, clock):
    space.schedules.save("dana", "Nightly", Does.REFRESH, at="03:15")
    clock.now += dt.timedelta(days=1)
    with space.runs.refreshing.running("Dana", lambda *_: None):
        assert not look(space)
        assert space.schedules.runs("Nightly") == []
    assert look(space)


def test_a_schedule_asked_for_is_done_once_and_before_the_clock(space, clock):
    space.schedules.save("dana", "First", Does.REFRESH, at="03:15")
    space.schedules.save("dana", "Second", Does.REFRESH, at="03:15")
    clock.now += dt.timedelta(days=1)
    space.schedules.run_now("dana", "Second")
    with pytest.raises(Refused, match="waits for its turn"):
        space.schedules.run_now("dana", "Second")
    done = []
    while look(space):
        done.append(max(
            (r for n in ("First", "Second") for r in space.schedules.runs(n)),
            key=lambda r: (r.ended, len(done)),
        ))  # fmt: skip
    assert len(done) == 3  # asked for, and both by the clock
    assert [run.due is None for run in space.schedules.runs("Second")] == [False, True]


def test_runs_outlive_a_restart_and_what_was_removed_is_gone(space, clock, tmp_path):
    space.schedules.save("dana", "Nightly", Does.REFRESH, at="03:15", days=[5])
    clock.now += dt.timedelta(days=1)
    assert look(space)
    space.close()
    again = opened(tmp_path, clock)
    try:
        assert again.schedules.last("Nightly").state == "failed"
        assert str(again.schedules.one("Nightly").when) == "03:15 Sat"
        again.schedules.remove("dana", "Nightly")
        with pytest.raises(UnknownName):
            again.schedules.one("Nightly")
        assert again.schedules.failures == []
    finally:
        again.close()


# Where from ---------------------------------------------------------------------------------


def run(space: Workspace, name: str = "Files"):
    space.schedules.run_now("admin", name)
    assert look(space)
    return space.schedules.last(name)


def test_files_are_imported_once_and_a_bad_one_is_named_and_leaves_everything(space, tmp_path):
    folder = tmp_path / "incoming"
    space.schedules.save("dana", "Files", Does.IMPORT, at="03:15", options={"folder": "."})
    (folder / "activations.csv").write_text(CALENDAR)
    (folder / "notes.txt").write_text("not of ours")
    assert run(space).told.startswith("1 file, 1 rows")
    assert run(space).told == "Nothing new there since the last time."
    (folder / "activations.csv").write_text(CALENDAR + "X2,email,nonsense,2026-12-12\n")
    bad = run(space)
    assert bad.state == "failed"
    assert "activations.csv, line 3, column start" in bad.told
    assert len(space.ledger.of_kinds(Kind.IMPORT)) == 1


REFUSED = (
    "postgresql://reader:hunter2@db/shop",
    "https://files.example/sales.csv?token=hunter2",
    "https://reader:hunter2@files.example/sales.csv",
    "https://hunter2@files.example/sales.csv",
    "ftp://files.example/sales.csv",
    "gopher://files.example/sales.csv",
    "simplecache::s3://bucket/x",
    "incoming",
    "https:///sales.csv",
    "http://[::1/sales.csv",
)


def test_an_address_that_is_none_of_ours_or_holds_a_secret_reaches_no_ledger(space):
    before = space.seq
    for address in REFUSED:
        options = {"from": address} | (
            {"statement": "select 1", "table": "sales"} if "postgres" in address else {}
        )
        with pytest.raises(OutOfBounds) as refused:
            space.schedules.save("admin", "Files", Does.IMPORT, at="03:15", options=options)
        assert "hunter2" not in str(refused.value)
    assert space.seq == before


@pytest.mark.parametrize(
    "reference",
    [
        "hunter2",
        "env:PATH",
        "env:CONCORD_SIGN_IN",
        "file:/etc/passwd",
        "file:/run/secrets/../x",
    ],
)
def test_a_secret_is_named_by_its_place_and_only_by_those_meant_for_it(reference):
    with pytest.raises(OutOfBounds, match="env:CONCORD_SECRET_NAME"):
        addresses.check_secret(reference)


def test_rows_of_a_database_come_by_sql_with_a_secret_that_nothing_tells(
    space, tmp_path, monkeypatch
):
    sqlalchemy = pytest.importorskip("sqlalchemy")
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path}/shop.db")
    with engine.begin() as connection:
        connection.execute(
            sqlalchemy.text("create table promo (id text, first text, last text)")
        )
        connection.execute(
            sqlalchemy.text("insert into promo values ('X9', '2026-12-06', '2026-12-12')")
        )
    engine.dispose()
    monkeypatch.setenv("CONCORD_SECRET_SHOP", "shop")
    ask = "select id as activation, 'email' as type, first as start, last as \"end\" from promo"
    options = {
        "from": f"sqlite:///{tmp_path}/{{secret}}.db", "statement": ask,
        "table": "activations", "secret": "env:CONCORD_SECRET_SHOP",
    }  # fmt: skip
    space.schedules.save("admin", "Files", Does.IMPORT, at="03:15", options=options)
    assert run(space).told.startswith("1 file, 1 rows")
    assert [a.activation for a in space.calendar.activations] == ["X9"]
    assert run(space).told == "Nothing new there since the last time."
    for secret in ("p@ss/word", "nowhere"):
        monkeypatch.setenv("CONCORD_SECRET_SHOP", secret)
        wrong = options | {"statement": "select * from nothing_there"}
        space.schedules.save("admin", "Files", Does.IMPORT, at="03:15", options=wrong)
        told = run(space).told
        assert "The database did not answer" in told
        assert secret not in told
    monkeypatch.delenv("CONCORD_SECRET_SHOP")
    assert "no secret at env:CONCORD_SECRET_SHOP" in run(space).told


class _Answers(http.server.BaseHTTPRequestHandler):
    """A web server of a test: a file, places that send on, and one who asks for a secret."""

    def do_GET(self) -> None:
        moved = {"/on/activations.csv": "/activations.csv", "/out/activations.csv":
                 "http://169.254.169.254/activations.csv", "/file/activations.csv":
                 "file:///etc/passwd", "/round/activations.csv": "/round/activations.csv"}  # fmt: skip
        if self.path in moved:
            self.send_response(302)
            self.send_header("location", moved[self.path])
            self.end_headers()
            return
        is_shut = self.path.startswith("/shut") and (
            self.headers["authorization"] != "Bearer open sesame"
        )
        self.send_response(403 if is_shut else 200)
        self.end_headers()
        self.wfile.write(CALENDAR.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def web():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_web_address_is_fetched_from_its_own_host_only(space, web, monkeypatch):
    def told(path: str, **more: str) -> str:
        options = {"from": f"{web}{path}", **more}
        space.schedules.save("admin", "Files", Does.IMPORT, at="03:15", options=options)
        return run(space).told

    assert "this machine itself" in told("/activations.csv")
    monkeypatch.setenv(fetching.LOOPBACK, "1")
    assert told("/activations.csv").startswith("1 file, 1 rows")
    assert told("/on/activations.csv").startswith("1 file, 1 rows")
    assert "sends on to another place" in told("/out/activations.csv")
    assert "sends on to another place" in told("/file/activations.csv")
    assert "more than 3 times" in told("/round/activations.csv")
    assert "answers 403" in told("/shut/activations.csv")
    monkeypatch.setenv("CONCORD_SECRET_SHUT", "open sesame")
    assert told("/shut/activations.csv", secret="env:CONCORD_SECRET_SHUT").startswith("1 file")
    assert "open sesame" not in str([e.body for e in space.ledger.of_kinds(Kind.SCHEDULE)])
    monkeypatch.setattr(fetching, "MOST_BYTES", 10)
    assert "at most so much" in told("/activations.csv?new")


@pytest.mark.parametrize(
    "number",
    ["169.254.169.254", "127.0.0.1", "::1", "0.0.0.0", "::ffff:127.0.0.1", "fe80::1%eth0"],
)
def test_no_number_of_the_machines_own_is_asked(number):
    with pytest.raises(Refused, match="nothing is fetched from there"):
        fetching._check_number(number)
