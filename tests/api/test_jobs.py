"""Long verbs over HTTP: begun or refused at once, done whoever leaves, told of to who asked."""

import io
import threading
import time
from contextlib import ExitStack, contextmanager

import httpx
import pandas as pd
import pytest

from forecasting import scratch
from forecasting.api import jobs
from forecasting.api.answers import Form, chosen
from forecasting.api.app import PATH
from forecasting.api.held import Held
from forecasting.api.problems import BadRequest
from forecasting.api.running import Caller, Outcome, Request
from forecasting.api.verbs import catalogue
from forecasting.commands.served import LONG
from forecasting.consensus.events import Kind
from forecasting.errors import JobRunning, NotAllowed, OutOfBounds, UnknownName
from forecasting.governance.bearer import Level
from forecasting.rights import LOCAL_ADMIN
from tests.api.conftest import ended
from tests.calling import called

PARQUET = "application/vnd.apache.parquet"
LITTLE = {"last": 1, "weeks_ahead": 1}


@contextmanager
def another_under_way(served):
    """A refresh of somebody's, for as long as this lasts."""
    with served.space.runs.refreshing.running("Somebody", lambda _text, _share: None):
        yield


def listed(client) -> list[str]:
    return [job["job"] for job in client.get("/jobs").json()["jobs"]]


# Over HTTP --------------------------------------------------------------------------------


def test_a_long_verb_is_a_job_that_goes_on_when_whoever_asked_has_left(served):
    runs = len(served.space.ledger.of_kinds(Kind.RUN))
    secret = served.secret("dana", "write")
    with served.listening() as url:
        headers = {"authorization": f"Bearer {secret}"}
        with httpx.Client(base_url=url + PATH, headers=headers, timeout=60) as first:
            begun = first.post("/refresh", json={"workers": 1})
        assert begun.status_code == 202
        told = begun.json()
        assert told["state"] == "running"
        assert begun.headers["location"] == told["address"] == f"{PATH}/jobs/{told['job']}"
        shares = [told["share"]]
        with httpx.Client(base_url=url, headers=headers, timeout=60) as later:
            while told["state"] == "running":
                time.sleep(0.05)
                told = later.get(begun.headers["location"]).json()
                shares.append(told["share"])
            answer = later.get(told["answer"])
    assert told["state"] == "done"
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(served.space.ledger.of_kinds(Kind.RUN)) == runs + 1
    assert answer.status_code == 200
    assert answer.json()["result"] == told["result"]
    assert told["result"]["run"] == served.space.ledger.of_kinds(Kind.RUN)[-1].seq


def test_the_answer_of_a_job_is_in_the_form_that_was_asked_for_as_often_as_it_is_asked(served):
    client = served.client("dana")
    begun = client.post("/replay", json=LITTLE, headers={"accept": PARQUET})
    once = ended(client, begun)
    again = client.get(f"/jobs/{begun.json()['job']}/answer")
    assert once.headers["content-type"] == again.headers["content-type"] == PARQUET
    first, second = (pd.read_parquet(io.BytesIO(a.content)) for a in (once, again))
    assert first.equals(second)
    assert not first.empty


def test_what_is_refused_before_it_began_is_refused_at_once_and_is_no_job(served):
    client, before = served.client("dana"), listed(served.client("dana"))
    with another_under_way(served):
        answer = client.post("/refresh", json={})
    assert answer.status_code == 409
    assert "under way" in answer.json()["detail"]
    assert served.client("mara").post("/refresh", json={}).status_code == 403
    assert client.post("/refresh", json={"as_of": "no day"}).status_code == 422
    assert listed(client) == before


def test_a_job_is_refused_later_in_words_where_it_began(served):
    client = served.client("dana")
    begun = client.post("/refresh", json={"as_of": "1999-01-03"})  # looked at once it began
    answer = ended(client, begun)
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"
    told = client.get(f"/jobs/{begun.json()['job']}").json()
    assert told["state"] == "refused"
    assert told["problem"] == answer.json()


def test_a_job_is_told_of_to_who_asked_and_to_nobody_else(served):
    client = served.client("dana")
    begun = client.post("/replay", json=LITTLE, headers={"idempotency-key": "once"})
    job = begun.json()["job"]
    assert job in listed(client)
    for path in (f"/jobs/{job}", f"/jobs/{job}/answer"):
        assert served.client("mara").get(path).status_code == 404
        other = served.space.tokens.make("dana", label="odd only", commands=["odd"])
        assert served.bearer(other.secret).get(path).status_code == 403
    assert job not in listed(served.client("mara"))
    # Asked again under the same name it is the same one, running or over.
    for _ in range(2):
        again = client.post("/replay", json=LITTLE, headers={"idempotency-key": "once"})
        assert again.json()["job"] == job
        ended(client, again)


def test_the_command_line_waits_for_a_job_and_tells_how_far_it_is(served, tmp_path):
    out = tmp_path / "replay.csv"
    with served.listening() as url:
        env = {"CONCORD_TOKEN": served.secret("dana", "write")}
        asked = ("replay", "--last", "1", "--weeks-ahead", "1", "--server", url, "--out")
        answer = called(*asked, out, env=env)
        assert answer.returncode == 0, answer.stderr
        assert "%" in answer.stderr
        assert f"rows: {len(pd.read_csv(out))}\n" in answer.stdout
        with another_under_way(served):
            refused = called("refresh", "--server", url, env=env)
    assert refused.returncode == 2
    assert "under way" in refused.stderr


# What is kept -----------------------------------------------------------------------------

VERB = next(verb for verb in catalogue() if verb.name == "refresh")
CALLER = Caller(person=LOCAL_ADMIN, level=Level.ADMIN)
FORM = chosen(VERB, "")


def wish() -> Request:
    opened = ExitStack()
    folder = opened.enter_context(scratch.folder("api"))
    asked = VERB.model()
    return Request(verb=VERB, asked=asked, folder=folder, held=Held(opened))


def waits_for(go: threading.Event, wished: Request):
    def work(job: jobs.Job) -> Outcome:
        job.tell("half of it", 0.5)
        assert go.wait(60)
        return Outcome(result={"done": True}, folder=wished.folder, held=wished.held)

    return work


def over(job: jobs.Job) -> jobs.Job:
    while job.ended is None:
        time.sleep(0.005)
    return job


def test_a_job_that_runs_has_no_answer_yet_and_says_what_it_is_at():
    known, go, wished = jobs.Jobs(), threading.Event(), wish()
    job = known.start(CALLER, wished, FORM, waits_for(go, wished))
    assert job.begun.result(60)
    told = job.told("")
    assert (told["state"], told["text"], told["share"]) == ("running", "half of it", 0.5)
    assert told["answer"] is None
    with pytest.raises(BadRequest, match="half of it"):
        known.made(job)
    go.set()
    assert over(job).told("")["result"] == {"done": True}


def test_so_many_jobs_run_at_once_and_no_more(monkeypatch):
    monkeypatch.setattr(jobs, "MOST_AT_ONCE", 3)
    known, go = jobs.Jobs(), threading.Event()
    started = []
    for _ in range(3):
        wished = wish()
        started.append(known.start(CALLER, wished, FORM, waits_for(go, wished)))
    with pytest.raises(JobRunning):
        known.start(CALLER, wish(), FORM, waits_for(go, wish()))
    go.set()
    for job in started:
        over(job)
    known.start(CALLER, wished, FORM, waits_for(go, wished))


def test_what_was_over_long_ago_is_let_go_of_but_not_while_it_is_read(monkeypatch):
    monkeypatch.setattr(jobs, "KEPT", 2)
    known, go = jobs.Jobs(), threading.Event()
    go.set()
    wished = wish()
    first = over(known.start(CALLER, wished, FORM, waits_for(go, wished)))
    _, lease = known.made(first)
    for _ in range(3):
        other = wish()
        over(known.start(CALLER, other, FORM, waits_for(go, other)))
    assert first.id not in {job.id for job in known.of(CALLER)}
    assert wished.folder.exists()  # somebody reads it
    lease.close()
    deadline = time.monotonic() + 60  # the thread that made it may still be at its end
    while wished.folder.exists():
        assert time.monotonic() < deadline
    with pytest.raises(UnknownName):
        known.one(CALLER, first.id)
    with pytest.raises(UnknownName):
        known.made(first)


@pytest.mark.parametrize(
    ("error", "status"),
    [(OutOfBounds("no"), 422), (NotAllowed("no"), 403), (KeyError("/srv"), 500),
     (OSError(28, "No space left on device"), 503), (SystemExit(3), 500)],
)  # fmt: skip
def test_however_a_job_fails_its_asker_is_told(error, status):
    known = jobs.Jobs()

    def work(job: jobs.Job) -> Outcome:
        raise error

    job = over(known.start(CALLER, wish(), Form(media="application/json", ending=""), work))
    assert not job.begun.result(60)
    assert job.told("")["problem"]["status"] == status
    assert jobs.refused(job).status_code == status
    assert "/srv" not in str(job.told(""))


def test_every_verb_that_tells_progress_is_a_job():
    """Whoever writes a verb that takes minutes names it as one, or it holds its connection."""
    from inspect import getsource

    telling = {
        verb.name for verb in catalogue() if "teller()" in getsource(verb.command.callback)
    }
    assert telling == LONG
