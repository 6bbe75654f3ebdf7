"""Who came, who was refused, what left: noted for a while, and stopping nobody."""

import datetime as dt
import json
import time
from collections import Counter

import pytest
from click.testing import CliRunner

from data import audit
from data.audit import AuditLog
from data.store import Store
from forecasting.__main__ import main
from forecasting.errors import NotAllowed, StorageFailed
from forecasting.governance.audit import Noted
from forecasting.governance.sign_in import Arrival, SignInRules
from forecasting.vocabulary import Function
from forecasting.workspace import Workspace

NOW = dt.datetime(2026, 11, 28, 12)


@pytest.fixture(scope="module")
def space():
    opened = Workspace()
    opened.set_person("admin", identity="mara", name="Mara", function=Function.MARKETING)
    yield opened
    opened.close()


@pytest.fixture
def kept():
    store = Store()
    log = AuditLog(store, clock=lambda: NOW)
    yield log, store
    log.close()
    store.close()


def rows(store):
    found = store.query(
        "audit_rows", person=None, kind=None, since=dt.date(1970, 1, 1),
        until=dt.date(9999, 1, 1), most=99_999,
    )  # fmt: skip
    return list(found[["kind", "person", "what"]].itertuples(index=False, name=None))


def test_a_refusal_is_noted_by_whom_and_of_what_and_only_admin_reads_it(space):
    for _ in range(3):  # a page asks again and again
        with pytest.raises(NotAllowed):
            space.staff.take_out("mara", identity="admin")
    found = space.audit.read("admin", person="mara", kind=Noted.REFUSED)
    (text,) = found["what"]
    assert text.startswith("people: Mara speaks for Marketing")
    with pytest.raises(NotAllowed):
        space.audit.read("mara")
    day = space.desk.today
    assert space.audit.read("admin", until=day - dt.timedelta(2)).empty
    assert len(space.audit.read("admin", since=day, kind="refused", most=1)) == 1


def test_a_stranger_who_is_not_let_in_is_noted(space):
    arrival = Arrival(
        identity="who@shop.example", name="Who", groups=frozenset(), begun=0, until=1
    )
    with pytest.raises(NotAllowed):
        space.staff.arrive(arrival, SignInRules())
    found = space.audit.read("admin", kind=Noted.KEPT_OUT)
    assert list(found["person"]) == ["who@shop.example"]


def test_notes_are_written_by_themselves(kept):
    log, store = kept
    for n in range(500):
        log.note("downloaded", "mara", f"{n}.csv")
    deadline = time.monotonic() + 30
    while len(rows(store)) < 500:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_full_disk_stops_nobody_and_what_waits_is_written_later(kept, monkeypatch):
    log, store = kept
    write = log._write
    monkeypatch.setattr(log, "_write", lambda _: (_ for _ in ()).throw(StorageFailed("full")))
    log.note("signed in", "mara", "Marketing")
    log.flush()
    assert log.is_behind
    assert rows(store) == []
    monkeypatch.setattr(log, "_write", write)
    log.note("signed in", "dana", "Planning")
    log.flush()
    assert not log.is_behind
    assert [person for _, person, _ in rows(store)] == ["dana", "mara"]


def test_what_waits_is_bounded_and_every_row_once(kept, monkeypatch):
    monkeypatch.setattr(audit, "MOST_WAITING", 5)
    _, store = kept
    log = AuditLog(store, clock=lambda: NOW)
    monkeypatch.setattr(audit, "WRITES_EVERY_S", 60)
    for n in range(9):
        log.note("downloaded", "mara", str(n))
    log.flush()
    log.flush()
    assert sorted(what for *_, what in rows(store)) == ["4", "5", "6", "7", "8"]


def test_old_notes_go_after_the_days_that_are_stated(kept, monkeypatch):
    _, store = kept
    for days in (audit.USUAL_DAYS + 1, audit.USUAL_DAYS - 1, 31):
        past = AuditLog(store, clock=lambda days=days: NOW - dt.timedelta(days))
        past.note("downloaded", "mara", str(days))
        past.close()
    now = AuditLog(store, clock=lambda: NOW)
    now.note("downloaded", "mara", "now")
    now.close()
    assert {what for *_, what in rows(store)} == {str(audit.USUAL_DAYS - 1), "31", "now"}
    monkeypatch.setenv(audit.DAYS_SETTING, "30")
    later = AuditLog(store, clock=lambda: NOW)
    later.note("downloaded", "mara", "later")
    later.close()
    assert {what for *_, what in rows(store)} == {"now", "later"}
    monkeypatch.setenv(audit.DAYS_SETTING, "soon")
    assert audit.days_kept() == audit.USUAL_DAYS


def test_the_command_line_notes_what_it_exports_and_shows_it_to_admin(company_copy, tmp_path):
    def concord(*words):
        return CliRunner().invoke(main, [*words, "--db", str(company_copy)])

    def noted():
        told = json.loads(concord("audit", "--json").stdout)["notes"]
        return Counter((n["kind"], n["person"]) for n in told)

    out, before = tmp_path / "doors.csv", noted()
    assert concord("export", "--table", "doors", "--out", str(out)).exit_code == 0
    assert concord("import", str(out), "--as", "victor").exit_code == 2
    assert noted() - before == Counter([("exported", "admin"), ("refused", "victor")])
    assert "export: doors.csv" in concord("audit", "--kind", "exported").output
    before, nowhere = noted(), str(out / "below-a-file.csv")
    assert concord("export", "--table", "doors", "--out", nowhere).exit_code == 2
    assert noted() == before  # nothing left
    assert concord("audit", "--as", "mara").exit_code == 2
