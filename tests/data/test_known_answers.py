"""What copies of one company answer once must be what each would have answered (tests/answers.py)."""

import shutil

import pytest

from data.store import Store
from tests import answers

ASKED = "select year(applied_at) as year from migration order by name"
WRITTEN = "update migration set applied_at = '{}-01-01'"


@pytest.fixture
def asked(monkeypatch):
    """What was really put to a database."""
    put = []
    with monkeypatch.context() as patch, answers.known():
        known = Store.ask
        execute = Store.cursor

        def cursor(self):
            put.append(self)
            return execute(self)

        patch.setattr(Store, "cursor", cursor)
        yield lambda store, **given: (known(store, ASKED, given), len(put))[0], put


def test_a_copy_is_asked_once_and_anew_after_every_write(tmp_path, asked):
    ask, put = asked
    one = Store(tmp_path / "first.duckdb")
    with one.transaction() as cursor:
        cursor.execute(WRITTEN.format(2001))
    one.close()
    shutil.copy(tmp_path / "first.duckdb", tmp_path / "second.duckdb")
    first, second = Store(tmp_path / "first.duckdb"), Store(tmp_path / "second.duckdb")
    put.clear()
    rows = ask(first)
    assert put == [first]
    rows["year"] = 1999  # whoever asked may change them
    assert set(ask(second)["year"]) == {2001}
    assert put == [first]  # the second was not even asked
    with second.transaction() as cursor:
        cursor.execute(WRITTEN.format(2002))
    assert set(ask(second)["year"]) == {2002}
    with first.cursor() as cursor:  # however it is written to
        cursor.execute(WRITTEN.format(2003))
    assert set(ask(first)["year"]) == {2003}
    second.close()
    again = Store(tmp_path / "second.duckdb")
    assert set(ask(again)["year"]) == {2002}
    for store in (first, again):
        store.close()


def test_what_was_never_kept_in_a_file_is_asked_every_time(asked):
    ask, put = asked
    store = Store()
    put.clear()
    assert ask(store).equals(ask(store))
    assert put == [store, store]
    store.close()
