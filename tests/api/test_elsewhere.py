"""The command line through a server: what is printed, written and answered is as without it."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from forecasting.commands import running
from forecasting.workspace import Workspace
from tests.api.conftest import a_process_that_is_gone
from tests.calling import called

BAD = "date,metric,channel,value\nno day,traffic,,5\n"
SAME = [
    ("export", "--table", "skus", "--out", "{0}/a.csv"),
    ("export", "--table", "skus", "--out", "{0}/a.parquet", "--json"),
    ("export", "--table", "skus", "--out", "{0}/a.txt"),
    ("bridge", "--weeks", "4", "--out", "{0}/a.csv", "--best-mix", "{0}/mix.csv"),
    ("pack", "--out", "{0}/a.docx"),
    ("calendar", "--out", "{0}/a.ics"),
    ("proposals",),
    ("odd",),
    ("sources",),
    ("conventions", "--set", "nothing"),
    ("input", "--week", "2026-12-20"),
    ("override", "add", "1", "--of", "sku=nothing", "--week", "2026-12-20", "--reason", "TREND"),
    ("override", "add", "--week", "2026-12-20", "--reason", "NONE"),
    ("answer", "7", "accept"),
    ("import", "{1}/bad.csv"),
    ("import", "{1}/not-there.csv"),
]  # fmt: skip


@pytest.fixture(scope="module")
def address(served):
    with served.listening() as url:
        yield url


@pytest.fixture(scope="module")
def alike(served, tmp_path_factory):
    """A copy of the company, for the command line without a server."""
    path = tmp_path_factory.mktemp("alike") / "alike.duckdb"
    served.secret("dana", "admin")  # what the copy does not have changes nothing that is asked
    served.space.store.backup(path)
    return path


def files_of(folder: Path) -> dict[str, bytes]:
    """By name, what stands in them; not the second in which a calendar was written."""
    return {
        str(p.relative_to(folder)): re.sub(rb"DTSTAMP:\w+", b"DTSTAMP", p.read_bytes())
        for p in folder.rglob("*")
        if p.is_file()
    }


@pytest.mark.parametrize("words", SAME, ids=" ".join)
def test_a_server_answers_as_the_file_does(served, address, alike, tmp_path, words):
    told = []
    for way in ("file", "server"):
        place, given = tmp_path / way / "out", tmp_path / way / "in"
        place.mkdir(parents=True)
        given.mkdir()
        (given / "bad.csv").write_text(BAD)
        asked = [word.format(place, given) for word in words]
        if way == "file":
            more = ["--as", "dana"] if words[0] in ACTING else []
            answer = called(*asked, "--db", alike, *more)
        else:
            env = {"CONCORD_TOKEN": served.secret("dana", "admin")}
            answer = called(*asked, "--server", address, env=env)
        here = str(tmp_path / way)
        told.append(
            (
                answer.returncode, answer.stdout.replace(here, ""),
                answer.stderr.replace(here, "").replace("/in/", ""), files_of(place).keys(),
                {n: b for n, b in files_of(place).items() if n.endswith((".csv", ".ics"))},
            )
        )  # fmt: skip
    file, server = told
    if words[-1].endswith(("not-there.csv", ".txt", ".docx")):
        assert (server[0], file[0]) == (2, 2)  # each looks for it in its own words
    else:
        assert server == file


ACTING = {
    "odd", "sources", "conventions", "input", "override", "answer", "import", "publish",
    "approve", "proposals", "revoke-token", "calendar",
}  # fmt: skip


def test_what_is_refused_of_a_file_stands_beside_it_here(served, address, tmp_path):
    (tmp_path / "kpis.csv").write_text(BAD + "2026-01-04,traffic,,5\n")
    env = {"CONCORD_TOKEN": served.secret("dana", "write")}
    answer = called(
        "import", tmp_path, "--allow-rejects", "--json", "--server", address, env=env
    )
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["tables"]["kpis"]["rejected"] == 1
    rejects = tmp_path / "kpis.csv.rejects.csv"
    assert "no day" in rejects.read_text()
    assert str(rejects) in answer.stderr


@pytest.mark.parametrize(
    ("url", "env", "words"),
    [
        ("http://shop.example", {"CONCORD_TOKEN": "x"}, "https"),
        ("shop.example", {"CONCORD_TOKEN": "x"}, "address"),
        ("http://127.0.0.1:9", {"CONCORD_TOKEN": "x"}, "does not answer"),
        ("http://127.0.0.1:9", {}, "CONCORD_TOKEN"),
        ("{address}", {"CONCORD_TOKEN": "concord_wrong"}, "not known here"),
        ("{address}/elsewhere", {"CONCORD_TOKEN": "x"}, "is not Concord"),
    ],
)
def test_a_server_that_cannot_be_asked_is_told_in_words(address, url, env, words):
    answer = called("proposals", "--server", url.format(address=address), env=env)
    assert answer.returncode == 2
    assert words in answer.stderr


def test_a_token_comes_from_a_file_too_and_speaks_for_nobody_else(served, address, tmp_path):
    file = tmp_path / "token"
    file.write_text(served.secret("dana", "write") + "\n")
    asked = ("proposals", "--server", address, "--token-file", file)
    assert called(*asked).returncode == 0
    other = called(*asked, "--as", "mara")
    assert other.returncode == 2
    assert "its own person" in other.stderr
    gone = called("proposals", "--server", address, "--token-file", tmp_path / "none")
    assert gone.returncode == 2
    assert "cannot be read" in gone.stderr


def test_what_a_server_does_not_do_is_refused_by_saying_why(address):
    answer = called("sample", "--server", address, env={"CONCORD_TOKEN": "x"})
    assert answer.returncode == 2
    assert "made-up company" in answer.stderr


# The running app, found by itself ---------------------------------------------------------


@pytest.fixture
def held(served, address):
    """The database is held here, and the note says so; as `concord serve` has it."""
    db = served.space.store.path
    before = served.local
    running.announce(db, address)
    served.local = running.secret()
    yield db
    running.leave()
    served.local = before
    running.beside(db).unlink(missing_ok=True)


def test_the_running_app_is_found_by_its_database_and_anybody_may_act(served, held):
    answer = called("input", "--week", "2026-12-20", "--json", "--db", held, "--as", "mara")
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["seen"] == served.space.seq
    assert oct(running.beside(held).stat().st_mode & 0o777) == "0o600"


def test_when_the_app_ends_its_note_goes(held):
    running.leave()
    assert not running.beside(held).exists()
    assert running.secret() == ""
    answer = called("proposals", "--db", held)
    assert answer.returncode == 2
    assert "The database is in use" in answer.stderr


@pytest.mark.parametrize("kind", ["gone", "other port", "open", "link", "nonsense", "wrong"])
def test_a_note_that_is_stale_or_not_ours_is_not_followed(held, tmp_path, kind):
    """After a kill -9 the file of the database is free; here somebody else has it."""
    note = running.beside(held)
    told = json.loads(note.read_text())
    match kind:
        case "gone":
            note.write_text(json.dumps(told | {"process": a_process_that_is_gone()}))
        case "other port":
            note.write_text(json.dumps(told | {"url": "http://127.0.0.1:9"}))
        case "open":
            note.chmod(0o644)
        case "link":
            note.rename(tmp_path / "note")
            note.symlink_to(tmp_path / "note")
        case "nonsense":
            note.write_text("{")
        case "wrong":
            note.write_text(json.dumps(told | {"secret": "another"}))
    answer = called("proposals", "--db", held)
    assert answer.returncode == 2
    assert "The database is in use" in answer.stderr


def test_a_stale_note_is_in_nobodys_way(played, tmp_path):
    db = Path(shutil.copy(played, tmp_path / "x.duckdb"))
    note = {"url": "http://127.0.0.1:9", "secret": "s", "process": os.getpid()}
    running.beside(db).write_text(json.dumps(note))
    assert called("proposals", "--db", db).returncode == 0
    space = Workspace(db)
    running.announce(db, "http://127.0.0.1:9")
    assert json.loads(running.beside(db).read_text())["secret"] == running.secret()
    running.leave()
    space.close()
