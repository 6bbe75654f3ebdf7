"""Verbs that take minutes: done in the background, asked about at an address of their own.

A request for one is answered as soon as the work has begun, or was refused. It goes on whoever
leaves; how far it is, and what it came to, is told to the person who asked, from any
connection, for an hour after its end. A restart forgets it: what it wrote is in the ledger.
"""

from __future__ import annotations

import datetime as dt
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import JSONResponse, Response

from forecasting.api import problems
from forecasting.api.answers import Form, plain, result_of
from forecasting.api.problems import BadRequest
from forecasting.api.running import Caller, Outcome, Request, check_may
from forecasting.api.verbs import Verb
from forecasting.errors import JobRunning, UnknownName

MOST_AT_ONCE = 16
"""Jobs that run at the same time, whatever they are of."""
KEPT, KEPT_S = 32, 3600.0
"""Jobs that are over and still told of, and for how many seconds."""
BEGUN_S = 20.0
"""Longest that a request waits to hear whether its job began or was refused."""
RUNNING, DONE, REFUSED = "running", "done", "refused"


@dataclass(slots=True, kw_only=True)
class Job:
    """One verb that is done in the background."""

    id: str
    verb: Verb
    whose: str
    """Id of the person who asked."""
    form: Form
    """In which its answer is sent."""
    key: str = ""
    """The ledger's id of the request; '' where it has none."""
    at: dt.datetime
    """When it began; UTC."""
    started: float = field(default_factory=time.monotonic)
    ended: float | None = None
    text: str = "starting"
    share: float = 0.0
    made: Outcome | None = None
    lease: ExitStack = field(default_factory=ExitStack)
    """Of the files of what was made."""
    refusal: JSONResponse | None = None
    begun: Future[bool] = field(default_factory=Future)
    """Whether it got as far as to tell progress; it may have ended before."""

    def tell(self, text: str, share: float) -> None:
        """Take how far it is."""
        self.text, self.share = text, share
        self._has_begun(True)

    def end(self, made: Outcome | None, refusal: JSONResponse | None) -> None:
        """Take what it came to."""
        if made is not None:
            self.lease = made.held.lease()
            self.text, self.share = "done", 1.0
        self.made, self.refusal = made, refusal
        self.ended = time.monotonic()
        self._has_begun(made is not None)

    def _has_begun(self, is_so: bool) -> None:
        if not self.begun.done():  # told by the one thread that works on it
            self.begun.set_result(is_so)

    @property
    def state(self) -> str:
        """Whether it runs, is done, or was refused."""
        if self.ended is None:
            return RUNNING
        return DONE if self.made is not None else REFUSED

    def told(self, below: str) -> dict[str, Any]:
        """How far it is and what it came to.

        Parameters
        ----------
        below : str
            The API's own path.
        """
        spent = (self.ended or time.monotonic()) - self.started
        is_over = self.ended is not None
        guess = spent / self.share - spent if self.share > 0.05 and not is_over else None
        body: dict[str, Any] = {
            "job": self.id, "verb": self.verb.name, "state": self.state, "text": self.text,
            "share": round(self.share, 3), "started": f"{self.at:%Y-%m-%dT%H:%M:%SZ}",
            "seconds": round(spent, 1), "seconds_left": guess and round(guess),
            "address": f"{below}/jobs/{self.id}",
            "answer": f"{below}/jobs/{self.id}/answer" if is_over else None,
        }  # fmt: skip
        if self.made is not None:
            body |= result_of(self.made)
        if self.refusal is not None:
            body["problem"] = problems.told(self.refusal)
        return dict(plain(body))


class Jobs:
    """Jobs of this process, those that run and the latest that are over."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: OrderedDict[str, Job] = OrderedDict()

    def start(
        self, caller: Caller, wish: Request, form: Form, work: Callable[[Job], Outcome]
    ) -> Job:
        """Begin one, or find the one that this request began before.

        Raises
        ------
        JobRunning
            If too many run.
        """
        job = Job(
            id=secrets.token_hex(8), verb=wish.verb, whose=caller.person.id, form=form,
            key=wish.key, at=dt.datetime.now(dt.UTC),
        )  # fmt: skip
        with self._lock:
            self._forget()
            before = (j for j in self._jobs.values() if wish.key and j.key == wish.key)
            if found := next(before, None):
                return found
            running = sum(one.ended is None for one in self._jobs.values())
            if running >= MOST_AT_ONCE:
                raise JobRunning(
                    f"{running} long requests are under way. Ask again when one is done; "
                    "GET jobs tells of yours."
                )
            self._jobs[job.id] = job
        lease = wish.held.lease()

        def run() -> None:
            made, refusal = None, None
            try:
                made = work(job)
            except BaseException as error:  # whatever it is, whoever asks is told
                refusal = problems.of(error, verb=wish.verb.name, folder=str(wish.folder or ""))
            job.end(made, refusal)
            lease.close()

        thread = threading.Thread(target=run, name=f"api-{wish.verb.name}", daemon=True)
        try:
            thread.start()
        except BaseException:  # the system gives no more threads
            lease.close()
            self.drop(job)
            raise
        return job

    def drop(self, job: Job) -> None:
        """Forget one that was refused before it began: whoever asked was told so."""
        with self._lock:
            self._jobs.pop(job.id, None)
        job.lease.close()

    def of(self, caller: Caller) -> list[Job]:
        """Somebody's own, the latest first."""
        with self._lock:
            self._forget()
            return [j for j in reversed(self._jobs.values()) if j.whose == caller.person.id]

    def one(self, caller: Caller, name: str) -> Job:
        """One of somebody's own.

        Raises
        ------
        UnknownName
            Also where it is somebody else's.
        NotAllowed
            If the token is not for its verb.
        """
        found = next((job for job in self.of(caller) if job.id == name), None)
        if found is None:
            raise UnknownName(
                f"There is no job '{name[:40]}' of yours. An hour after its end, or when the "
                "server was started again, a job is told of no more; look whether what it was "
                "to make is there."
            )
        check_may(caller, found.verb, to_look=True)
        return found

    def made(self, job: Job) -> tuple[Outcome, ExitStack]:
        """What a job made, and what holds its files until it is closed.

        Raises
        ------
        BadRequest
            If it is not over yet.
        UnknownName
            If it was forgotten meanwhile.
        """
        with self._lock:
            if job.ended is None:
                raise BadRequest(
                    f"It is under way: {job.text}. Ask again when it is done.", 409
                )
            if job.made is None or job.id not in self._jobs:
                raise UnknownName("This job is told of no more.")
            return job.made, job.made.held.lease()

    def _forget(self) -> None:
        """Let go of what was over long ago, and of more than is kept; the lock is held."""
        over = [job for job in self._jobs.values() if job.ended is not None]
        since = time.monotonic() - KEPT_S
        old = [job for job in over if (job.ended or 0.0) < since]
        for job in dict.fromkeys(j.id for j in [*old, *over[: max(0, len(over) - KEPT)]]):
            self._jobs.pop(job).lease.close()


def refused(job: Job) -> Response:
    """A job's refusal as it would have been answered at once."""
    assert job.refusal is not None
    return problems.again(job.refusal)
