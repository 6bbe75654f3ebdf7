"""Many questions are asked of one state of the data, and each is answered once."""

import duckdb
import pytest

from data import looks
from tests.company import imported
from tests.odd import company, week


@pytest.fixture
def store():
    space = imported(company())
    yield space.store
    space.close()


def test_what_is_asked_twice_is_answered_once_and_may_be_changed(store):
    with looks.at_once(store):
        first = store.query("series", as_of=week(0))
        first["sku"] = "nothing"
        again = store.query("series", as_of=week(0))
    assert set(again["sku"]) == {"CUP", "TRAY"}
    assert store.query("series", as_of=week(0)).equals(again)


def test_what_could_be_sold_is_kept_for_the_week_that_is_asked_about_and_no_other(store):
    with looks.at_once(store):
        assert len(store.query("series", as_of=week(0))) == 4
        with pytest.raises(duckdb.Error, match="is kept of"):
            store.query("series", as_of=week(3))
    assert len(store.query("series", as_of=week(3))) == 4


def test_a_cursor_that_says_nothing_more_is_left_for_another(store, monkeypatch):
    with looks.at_once(store) as _:
        monkeypatch.setattr(
            store._here.asked, "rows", lambda *_: (_ for _ in ()).throw(duckdb.FatalException())
        )
        assert len(store.query("series", as_of=week(0))) == 4
