"""What is worked out before somebody comes is what their first page shows, and costs it nothing."""

import shutil

import pytest

from forecasting.monthly import buying
from forecasting.rights import LOCAL_ADMIN
from pages.components import frame, options, warm


@pytest.fixture
def served(played, tmp_path, monkeypatch):
    path = shutil.copy(played, tmp_path / "warm.duckdb")
    monkeypatch.setenv("CONCORD_DB", str(path))
    yield frame.workspace()
    frame._open.clear()


def fails(*_, **__):
    raise AssertionError("worked out again")


def test_the_first_page_asks_for_what_is_there_already(served, monkeypatch):
    warm.up()
    plan = served.working_plan_for(LOCAL_ADMIN.id)
    monkeypatch.setattr(buying, "_netted", fails)
    monkeypatch.setattr(frame.best_mix, "watch_list", fails)
    monkeypatch.setattr(options.excess, "offered", fails)
    monkeypatch.setattr(type(served.store), "query", fails)
    assert len(buying.rows(plan))
    for one in frame.watch_list(plan)[: warm.RISKS]:
        assert options.offered(plan, one.activation, one.sku)
    assert served.weekly.last_week("dana") is not None
    served.weekly.what_decisions_did("dana")


def test_a_large_company_is_not_worked_out_before_somebody_asks(served, monkeypatch):
    monkeypatch.setattr(warm, "FOR", 1)
    monkeypatch.setattr(warm, "_work_out", fails)
    warm.up()
