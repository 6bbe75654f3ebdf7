"""What goes wrong by our fault is explained calmly on the page and on the command line, and noted."""

import shutil
import time
from pathlib import Path

import pytest
import streamlit as st
from click.testing import CliRunner
from streamlit.testing.v1 import AppTest

from forecasting import operation
from forecasting.commands import plan as command
from pages.components import frame

APP = Path(__file__).parents[2] / "app.py"
SECRET = "zanzibar-marmalade"


@pytest.fixture
def served(company, tmp_path, monkeypatch):
    """The app on a company of its own, with a log of its own."""
    before, operation._held = operation._held, None
    st.cache_resource.clear()
    path = Path(shutil.copy(company, tmp_path / "app.duckdb"))
    monkeypatch.setenv("CONCORD_DB", str(path))
    yield path
    st.cache_resource.clear()
    operation._held = before


def opened(page: str, by: str = "dana") -> AppTest:
    at = AppTest.from_file(str(APP), default_timeout=60)
    at.session_state["person"] = by
    at.run()
    at.switch_page(page).run()
    return at


def fails(*_arguments, **_options):
    raise KeyError(SECRET)


def test_a_page_that_fails_says_so_calmly_and_is_noted_with_its_place(served, monkeypatch):
    at = opened("pages/setup/data.py")
    assert not at.exception
    monkeypatch.setattr(frame, "title", fails)
    at.run()
    (shown,) = at.exception
    assert "the fault is ours" in shown.message
    assert f"noted in {served}.log" in shown.message
    told = Path(f"{served}.log").read_text()
    (line,) = [one for one in told.splitlines() if "page_failed" in one]
    assert "page=Data by=dana error=KeyError" in line
    assert "pages/setup/data.py:" in line
    assert SECRET not in told
    monkeypatch.undo()


def test_how_a_job_ended_is_read_by_whoever_comes_later(served):
    at = opened("pages/setup/data.py")
    job = frame.workspace().runs.refreshing
    job.in_background(fails, by="Dana Okoro")
    while job.progress is not None:
        time.sleep(0.01)
    later = opened("pages/setup/data.py", by="mara")
    assert not later.exception
    assert any(
        "The last refresh failed" in e.value and "Dana Okoro started it" in e.value
        for e in later.error
    )
    with job.running("Dana Okoro", lambda *_: None):
        pass
    at.run()
    assert not at.error
    assert any("The last refresh is done" in c.value for c in at.caption)


def test_our_fault_on_the_command_line_is_one_sentence_and_exit_1(
    served, monkeypatch, tmp_path
):
    monkeypatch.setattr(command.views, "bridge_rows", fails)
    words = [
        "export",
        "--db",
        str(served),
        "--table",
        "bridge",
        "--out",
        str(tmp_path / "x.csv"),
    ]
    done = CliRunner().invoke(command.main, words)
    assert done.exit_code == 1
    (text,) = done.stderr.splitlines()
    assert "'export' failed by a fault of ours" in text
    assert text.endswith(f"Details are in {served}.log.")
    told = Path(f"{served}.log").read_text()
    assert "ERROR cli verb_failed verb=export error=KeyError trace=" in told
    assert SECRET not in told
    shown = CliRunner().invoke(command.main, words, env={"CONCORD_DEBUG": "1"})
    assert isinstance(shown.exception, KeyError)
