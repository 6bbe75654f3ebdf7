"""Bodies of events: read in every version, refused by name where nobody knows them."""

import json
import lzma
import re
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from data.store import Store
from forecasting.consensus.events import Event, Kind, reading
from forecasting.consensus.events.inputs import Commented, Overridden
from forecasting.consensus.events.minutes import Assigned, Assumed
from forecasting.consensus.events.reading import READERS, read_body, write_body
from forecasting.consensus.events.record import RunMade
from forecasting.errors import NotOurs
from forecasting.workspace import Workspace

LATER = {
    Kind.CONVENTIONS, Kind.SOURCE, Kind.ORDER, Kind.ORDERED, Kind.APPROVE, Kind.WITHDRAW,
    Kind.PROPOSE, Kind.ANSWER, Kind.VIEW, Kind.GROUP, Kind.SCHEDULE, Kind.FEED,
    Kind.TOKEN, Kind.POSTPONE, Kind.READING,
}  # fmt: skip
"""Kinds that came after the ledger in tests/governance/ledgers was written."""
LEDGER = Path(__file__).parents[1] / "governance" / "ledgers" / "2026-11.duckdb.xz"


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    path = tmp_path_factory.mktemp("events") / "old.duckdb"
    path.write_bytes(lzma.decompress(LEDGER.read_bytes()))
    return path


def stored(path: Path) -> list[tuple[int, str, str]]:
    with duckdb.connect(path, read_only=True) as file:
        return file.execute("select seq, kind, body from event order by seq").fetchall()


def test_every_kind_is_read_and_its_body_knows_it():
    assert {Kind(kind) for kind in READERS} == set(Kind)
    assert all(1 in versions for versions in READERS.values())


def test_what_is_written_now_is_what_was_written_then(database):
    """Scripts read the ledger's JSON, and queries do; a signature is over what is in it."""
    rows = stored(database)
    assert {kind for _, kind, _ in rows} == set(READERS) - LATER
    for seq, kind, text in rows:
        body = read_body(kind, text, seq=seq)
        assert body.kind == kind
        assert json.loads(write_body(body)) == json.loads(text), (seq, kind)
        assert read_body(kind, write_body(body), seq=seq) == body


@pytest.mark.parametrize(
    ("kind", "body", "told"),
    [
        ("gift", "{}", "the kind 'gift'"),
        ("override", '{"version": 9, "input": "planning"}', "version 9 of the kind 'override'"),
    ],
)
def test_what_a_newer_concord_wrote_is_refused_by_name(database, tmp_path, kind, body, told):
    path = tmp_path / "newer.duckdb"
    path.write_bytes(database.read_bytes())
    with duckdb.connect(path) as file:
        seq = file.execute("select max(seq) from event").fetchone()[0]
        file.execute("update event set kind = ?, body = ? where seq = ?", [kind, body, seq])
    before = stored(path)
    with pytest.raises(NotOurs, match=f"Event #{seq} is of {told}, which this version"):
        Workspace(path)
    assert stored(path) == before
    Store(path).close()  # it was let go


def test_a_body_that_lacks_something_is_refused_by_name():
    with pytest.raises(NotOurs, match=re.escape("Event #7 of the kind 'undo'")):
        read_body("undo", "{}", seq=7)
    with pytest.raises(NotOurs, match=re.escape("Event #8 of the kind 'cycle'")):
        read_body("cycle", '{"action": "burn"}', seq=8)


def test_bodies_from_before_a_field_was_added_read_with_what_it_meant_then():
    assert read_body("run", '{"as_of": "2026-11-15"}', seq=1) == RunMade(
        facts={"as_of": "2026-11-15"}, adopted=True
    )
    asked = {"statement": "s", "owner": "dana", "watch": "w", "review": "2026-12-01"}
    assumed = read_body("assumption", json.dumps(asked), seq=1)
    assert isinstance(assumed, Assumed)
    assert assumed.expires == assumed.review
    action = read_body("action", '{"text": "t", "owner": "dana", "due": "2026-12-01"}', seq=1)
    assert isinstance(action, Assigned)
    assert (action.is_done, action.quarter) == (False, "")


def test_a_second_version_is_written_with_its_number_and_the_first_goes_on_being_read(
    monkeypatch,
):
    """How a body comes to say something else (docs/architecture.md)."""

    class Second(Overridden):
        version = 2

    monkeypatch.setitem(
        READERS, Kind.OVERRIDE, {1: Overridden.read, 2: lambda stored: Second.read(stored)}
    )
    new = write_body(Second(input="planning", before=1.0))
    assert json.loads(new)[reading.VERSION] == 2
    assert type(read_body("override", new, seq=2)) is Second
    old = write_body(Overridden(input="planning", before=1.0))
    assert reading.VERSION not in json.loads(old)
    assert type(read_body("override", old, seq=1)) is Overridden


def test_an_event_of_one_kind_is_never_taken_for_another():
    event = Event(person="dana", function="planning", client_id="c", body=Commented())
    assert event.told(Commented) is event.body
    with pytest.raises(TypeError, match="#3 is no Overridden but Commented"):
        replace(event, seq=3).told(Overridden)
