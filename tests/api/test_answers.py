"""What programs get: tables page by page or whole, each edit once, conflicts by name."""

import io
import threading

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from data import files
from forecasting import errors
from forecasting.api import problems
from forecasting.api.answers import PAGES_KEPT
from forecasting.api.identity import MOST_WRONG, WITHIN_S, Doubts
from forecasting.calendar import as_date
from forecasting.consensus.events import Kind
from forecasting.governance.audit import Noted
from forecasting.governance.tokens import WrongToken
from tests.cycling import open_cycle

ARROW, PARQUET = "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet"


@pytest.fixture(scope="module")
def cell(served):
    """Where demand can stand and everybody who has an input may change it."""
    space = served.space
    if space.cycles.current.closed:
        open_cycle(space, "2027-01")
    plan = space.plan
    sku = int(np.argmax(plan.totals["draft"][:, 10:20].sum(axis=1)))
    space.staff.set_person("admin", identity="dora", name="Dora Lund", function="planning")
    return lambda week=10, n=0: {
        "of": f"sku={plan.sku_names[(sku + n) % len(plan.sku_names)]}",
        "week": str(as_date(plan.base.weeks[week])),
    }


def change(client, cell, value=5.0, **headers):
    asked = {**cell, "how": "add", "value": value, "reason": "TREND"}
    names = {name.replace("_", "-"): text for name, text in headers.items()}
    return client.post("/override", json=asked, headers=names)


def overrides(served) -> int:
    return len(served.space.ledger.of_kinds(Kind.OVERRIDE))


# Tables -----------------------------------------------------------------------------------


def test_a_table_comes_page_by_page_and_every_row_once(served):
    client = served.client()
    whole = client.get("/export", params={"table": "ranging"}, headers={"accept": PARQUET})
    expected = pd.read_parquet(io.BytesIO(whole.content))
    answer = client.get("/export", params={"table": "ranging", "limit": 100}).json()
    rows = answer["rows"]
    assert answer["of"] == len(expected) > 300
    while answer["next"]:
        answer = client.get(f"/pages/{answer['next']}", params={"limit": 100}).json()
        assert 0 < len(answer["rows"]) <= 100
        rows += answer["rows"]
    assert [(r["sku"], r["door"]) for r in rows] == list(
        zip(expected["sku"], expected["door"], strict=True)
    )


def test_a_page_is_its_askers_own_and_a_cursor_is_not_made_up(served):
    asked = {"table": "ranging", "limit": 100}
    cursor = served.client("dana").get("/export", params=asked).json()["next"]
    assert served.client("mara").get(f"/pages/{cursor}").status_code == 410
    assert served.client("dana").get(f"/pages/{cursor}").status_code == 200
    for wrong in ("nothing.5", f"{cursor.partition('.')[0]}.x", "x"):
        assert served.client("dana").get(f"/pages/{wrong}").status_code in (400, 410)


def test_a_page_that_is_read_is_read_to_its_end_and_one_that_has_gone_says_so(served):
    """Others ask for so many tables meanwhile that none of the first ones is kept."""
    asked, clients = {"table": "skus", "limit": 5}, [served.client() for _ in range(3)]
    found, done = [], threading.Event()

    def read(client) -> None:
        while not done.is_set():
            cursor = client.get("/export", params=asked).json()["next"]
            for _ in range(4):
                answer = client.get(f"/pages/{cursor}")
                found.append(answer)

    readers = [threading.Thread(target=read, args=(client,)) for client in clients]
    for reader in readers:
        reader.start()
    first = served.client().get("/export", params=asked).json()["next"]
    for _ in range(PAGES_KEPT + 1):
        served.client().get("/export", params=asked)
    done.set()
    for reader in readers:
        reader.join()
    found.append(served.client().get(f"/pages/{first}"))
    assert found[-1].status_code == 410
    assert "Ask anew" in found[-1].json()["detail"]
    assert {answer.status_code for answer in found} <= {200, 410}


def test_an_answer_that_is_given_again_comes_in_every_form(served, cell):
    """Its first answer's folder has gone by then."""
    client = served.client()
    for media in ("application/zip", "application/zip", "application/json"):
        again = change(client, cell(week=16), idempotency_key="again", accept=media)
        assert again.status_code == 200
        assert again.headers["content-type"] == media


def exported(served) -> int:
    audit = served.space.audit.read("admin", kind=Noted.EXPORTED, most=1_000)
    return int((audit["what"] == "export: export.csv").sum())


def test_an_export_is_noted_once_its_file_is_there_and_not_where_the_disk_is_full(
    served, monkeypatch
):
    client = served.client("ines")
    asked, csv = {"table": "skus"}, {"accept": "text/csv"}
    with monkeypatch.context() as patch:

        def full(_frame, out):
            out.write_bytes(b"half of")
            raise OSError(28, "No space left on device")

        patch.setattr(files, "export", full)
        assert client.get("/export", params=asked, headers=csv).status_code == 503
    assert exported(served) == 0
    assert client.get("/export", params=asked, headers=csv).status_code == 200
    assert exported(served) == 1


def test_a_table_is_the_same_in_every_form(served):
    client, found = served.client(), {}
    for media, read in {
        PARQUET: lambda body: pd.read_parquet(io.BytesIO(body)),
        ARROW: lambda body: pa.ipc.open_stream(body).read_pandas(),
        "text/csv": lambda body: pd.read_csv(io.BytesIO(body)),
    }.items():
        answer = client.get("/export", params={"table": "skus"}, headers={"accept": media})
        assert answer.headers["content-type"].startswith(media)
        found[media] = read(answer.content)
    for one in found.values():
        assert list(one["sku"]) == list(found[PARQUET]["sku"])
        assert np.allclose(one["unit_price"], found[PARQUET]["unit_price"])


def test_a_form_that_there_is_not_is_refused_by_naming_those_that_there_are(served):
    answer = served.client().get("/proposals", headers={"accept": "image/png"})
    assert answer.status_code == 406
    assert "application/json" in answer.json()["detail"]


# Edits ------------------------------------------------------------------------------------


def test_a_request_that_is_sent_again_is_done_once_also_after_a_restart(served, cell):
    before = overrides(served)
    first = change(served.client(), cell(), idempotency_key="k1")
    again = change(served.client(), cell(), idempotency_key="k1")
    assert first.json() == again.json()
    served.app = served.built()  # what the process remembered is gone; the ledger is not
    later = change(served.client(), cell(), idempotency_key="k1")
    assert later.json()["result"]["event"] == first.json()["result"]["event"]
    assert overrides(served) == before + 1
    other = change(served.client("mara"), cell(), idempotency_key="k1")  # hers, not his
    assert other.status_code == 200
    assert other.json()["result"]["event"] != first.json()["result"]["event"]
    assert overrides(served) == before + 2


def test_what_somebody_else_changed_meanwhile_is_kept_and_they_are_named(served, cell):
    client = served.client()
    where = cell(week=12)
    looked = client.get("/input", params=where)
    tag = looked.headers["etag"]
    assert tag == f'"{looked.json()["result"]["seen"]}"'
    assert change(served.client("dora"), where).status_code == 200
    before = served.space.seq
    refused = change(client, where, if_match=tag)
    assert refused.status_code == 412
    assert [one["by"] for one in refused.json()["conflicts"]] == ["Dora Lund"]
    seen = looked.json()["result"]["seen"]
    asked = {**where, "how": "add", "value": 1, "reason": "TREND", "seen": seen}
    plain = client.post("/override", json=asked)
    assert plain.status_code == 409
    assert "Dora Lund" in plain.json()["detail"]
    assert served.space.seq == before
    fresh = client.get("/input", params=where).headers["etag"]
    assert change(client, where, if_match=fresh).status_code == 200


@pytest.mark.parametrize("tag", ["*", '"x"', '""', '"9" or so', '"999999999"'])
def test_a_state_that_never_was_is_not_compared_with(served, cell, tag):
    assert change(served.client(), cell(), if_match=tag).status_code in (400, 422)


def test_if_match_is_refused_where_it_would_mean_nothing(served):
    answer = served.client().post("/sources", json={"remove": "x"}, headers={"if-match": '"1"'})
    assert answer.status_code == 400


def test_32_writers_at_once_lose_nothing_and_are_told_of_conflicts_by_name(served, cell):
    """A small run of tests/load/api.py; half of them change the same cell as another one."""
    before, made, refused = overrides(served), [], []
    tags = {}
    for n in range(16):
        where = cell(week=30 + n % 8, n=n // 8)
        tags[n] = (where, served.client().get("/input", params=where).headers["etag"])

    def write(who: str, n: int) -> None:
        where, tag = tags[n]
        answer = change(served.client(who), where, 3.0, if_match=tag)
        (made if answer.status_code == 200 else refused).append(answer)

    threads = [
        threading.Thread(target=write, args=(who, n))
        for n in range(16) for who in ("dana", "dora")
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 16  # one of each two, whoever came first
    assert overrides(served) == before + 16
    assert {answer.status_code for answer in refused} == {412}
    names = {served.space.person(who).name for who in ("dana", "dora")}
    assert {one["by"] for a in refused for one in a.json()["conflicts"]} <= names
    assert all(answer.json()["conflicts"] for answer in refused)


# Files ------------------------------------------------------------------------------------


def upload(client, *files, **headers):
    return client.post("/import", files=[("paths", file) for file in files], headers=headers)


def test_a_file_that_is_wrong_is_refused_with_file_line_and_column(served):
    answer = upload(served.client(), ("kpis.csv", b"date,metric,channel,value\nx,traffic,,5\n"))
    assert answer.status_code == 400
    (problem,) = answer.json()["problems"]
    assert (problem["file"], problem["line"], problem["column"]) == ("kpis.csv", 2, "date")
    assert "/tmp" not in answer.text


@pytest.mark.parametrize(
    "name", ["../../kpis.csv", "/etc/passwd", "..", "a\x00b.csv", ".hidden", "x" * 300 + ".csv"]
)
def test_a_files_name_leads_nowhere_on_the_server(served, name):
    answer = upload(served.client(), (name, b"date,metric\n"))
    assert answer.status_code in (400, 422)
    assert "concord-work" not in answer.text


def test_what_is_larger_than_an_upload_is_refused_whether_it_says_so_or_not(served):
    large = b"x" * 6_000_000
    assert upload(served.client(), ("kpis.csv", large)).status_code == 413

    def pieces():
        yield from (large[:1_000_000] for _ in range(6))

    unstated = served.client().post(
        "/import", content=pieces(), headers={"content-type": "multipart/form-data; boundary=b"}
    )
    assert unstated.status_code in (400, 413)
    assert unstated.headers["content-type"] == problems.MEDIA_TYPE


def test_a_server_folder_is_gone_when_the_answer_is_sent(served):
    from forecasting import scratch

    with scratch.folder("probe") as probe:

        def left():
            return {p for p in probe.parent.glob("api-*")}

        held = left()  # pages that wait for their next one
        served.client().get("/template")
        served.client().get("/backup")
        served.client().get("/export", params={"table": "skus"}, headers={"accept": "text/csv"})
        upload(served.client(), ("kpis.csv", b"nothing\n"))
        assert left() <= held


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"nothing", b"{", b"9" * 5000, b'{"a":' * 5000, b"\xff\xfe", b"null"]
)
def test_a_body_that_is_none_is_refused(served, body):
    answer = served.client().post(
        "/override", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code in (400, 422)
    assert answer.json()["detail"]


# Refusals ---------------------------------------------------------------------------------


def kinds(of=errors.Refused):
    return {of, *(kind for below in of.__subclasses__() for kind in kinds(below))}


def test_every_refusal_has_a_status_of_its_own_kind():
    """Never 500: that is for what is our fault."""
    for kind in kinds() - {errors.Conflicted, errors.BadFiles, errors.JobFailed}:
        error = kind.__new__(kind)
        Exception.__init__(error, "words")
        if isinstance(error, problems.BadRequest):
            error.status = 400
        answer = problems.of(error)
        assert 400 <= answer.status_code < 500 or answer.status_code == 503, kind
    assert problems.of(WrongToken("x")).status_code == 401
    assert problems.of(OSError(28, "No space left on device")).status_code == 503
    assert problems.of(MemoryError()).status_code == 503
    assert problems.of(errors.StorageFailed("x")).headers["retry-after"]


def test_while_the_ledger_cannot_be_written_an_edit_is_refused_for_now(served, cell, tmp_path):
    """The database's own words for a full disk, where the writer meets them."""
    store = served.space.store
    real = store.transaction

    def full():
        raise OSError(28, "No space left on device")

    store.transaction = full
    try:
        answer = change(served.client(), cell(week=14))
    finally:
        store.transaction = real
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert change(served.client(), cell(week=14)).status_code == 200


def test_a_fault_of_ours_is_500_in_words_and_quotes_nothing_of_the_server():
    answer = problems.of(KeyError("/srv/secret"), verb="odd")
    assert answer.status_code == 500
    assert b"/srv" not in answer.body


def test_wrong_tokens_are_counted_by_address_and_forgotten_after_a_minute():
    doubts = Doubts()
    assert not any(doubts.another("a", now=float(n) / 100) for n in range(MOST_WRONG))
    assert doubts.another("a", now=1.0)
    assert not doubts.another("b", now=1.0)
    assert not doubts.another("a", now=WITHIN_S + 2)


def test_when_a_token_was_used_is_known_and_not_in_the_ledger(served):
    client, before = served.client("ines"), served.space.seq
    client.get("/")
    listed = client.get("/tokens").json()["result"]["tokens"]
    assert any(one["last_used"] for one in listed)
    assert {one["person"] for one in listed} == {"ines"}
    assert served.space.seq == before


def test_no_secret_is_in_the_log_or_the_ledger(served, caplog):
    with caplog.at_level("DEBUG"):
        made = served.client("admin", "admin").post("/make-token", json={"label": "new"})
        secret = made.json()["result"]["secret"]
        served.bearer(secret).get("/")
        served.bearer(secret + "x").get("/")
    assert secret not in caplog.text
    with served.space.store.cursor() as cursor:
        rows = cursor.execute("select * from event").fetchall()
    assert secret not in repr(rows)
