"""Why something was not done, as a program reads it: RFC 9457, in the command line's words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import click
from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

from data import failures
from forecasting import metering, operation
from forecasting.errors import (
    BadFiles,
    ConcordError,
    Conflicted,
    DatabaseBusy,
    ImpossibleSpread,
    JobFailed,
    NotAllowed,
    OutOfBounds,
    Rebuilding,
    Refused,
    StorageFailed,
    UnknownName,
)
from forecasting.governance.tokens import WrongToken

LOG = operation.log("api")
MEDIA_TYPE = "application/problem+json"
LATER_S = 5
"""Seconds after which it is worth asking again."""
STATUSES: tuple[tuple[type[ConcordError], int], ...] = (
    (WrongToken, 401),
    (NotAllowed, 403),
    (UnknownName, 404),
    (BadFiles, 400),
    (OutOfBounds, 422),
    (ImpossibleSpread, 422),
    (StorageFailed, 503),
    (Rebuilding, 503),
    (DatabaseBusy, 503),
    (JobFailed, 503),
)
"""Refusal to status, the first that fits; all else is in the way of what stands: 409."""


class BadRequest(Refused):
    """A request that is none: not of the form that is asked for."""

    title = "Not understood"

    def __init__(self, message: str, status: int = 400) -> None:
        self.status = status
        super().__init__(message)


def answer(
    status: int, title: str, detail: str, *, headers: Mapping[str, str] | None = None,
    **more: Any,
) -> JSONResponse:  # fmt: skip
    """A refusal as it is sent."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    told = {"cache-control": "no-store", **(headers or {})}
    if status == 401:
        told["www-authenticate"] = 'Bearer realm="Concord"'
    if status == 503:
        told["retry-after"] = str(LATER_S)
    return JSONResponse(body, status, headers=told, media_type=MEDIA_TYPE)


def of(
    error: BaseException, *, verb: str = "", compared: bool = False, folder: str = ""
) -> JSONResponse:
    """An error as it is sent.

    Parameters
    ----------
    verb : str
        Whose it is, for the log.
    compared : bool
        Whether the caller stated, by If-Match, which state they looked at.
    folder : str
        Where the request's files are, which nobody needs to know.
    """
    made = _of(error, verb, compared=compared)
    if folder and folder.encode() in bytes(made.body):
        told = json.loads(bytes(made.body))
        body = _without(told, folder)
        return JSONResponse(body, made.status_code, media_type=MEDIA_TYPE)
    return made


def told(made: JSONResponse) -> dict[str, Any]:
    """What a refusal says."""
    return dict(json.loads(bytes(made.body)))


def again(made: JSONResponse) -> Response:
    """The same refusal, to be sent once more."""
    kept = {
        n: v for n, v in made.headers.items() if n not in ("content-length", "content-type")
    }
    return Response(made.body, made.status_code, headers=kept, media_type=MEDIA_TYPE)


def _without(told: Any, folder: str) -> Any:
    """The same without the names of a folder of the server's."""
    match told:
        case str():
            return re.sub(rf"{re.escape(folder)}/(in/|out/)?", "", told)
        case dict():
            return {name: _without(one, folder) for name, one in told.items()}
        case list():
            return [_without(one, folder) for one in told]
    return told


def _of(error: BaseException, verb: str, *, compared: bool) -> JSONResponse:
    match error:
        case BadRequest():
            return answer(error.status, error.title, str(error))
        case BadFiles():
            problems = [asdict(problem) for problem in error.problems]
            return answer(400, error.title, str(error), problems=problems)
        case Conflicted():
            others = [
                {"by": one.name, "seq": one.theirs.seq, "now": one.now}
                for one in error.conflicts
            ]
            status = 412 if compared else 409
            return answer(status, error.title, str(error), conflicts=others)
        case ConcordError():
            status = next((s for kind, s in STATUSES if isinstance(error, kind)), 409)
            return answer(status, error.title, str(error))
        case click.ClickException():
            return answer(422, OutOfBounds.title, error.format_message())
        case ValidationError():
            return not_valid(error.errors())
    known = failures.storage_failed(error, None)
    if known is not None:
        return answer(503, known.title, str(known))
    metering.FAULTS.inc()
    LOG.fault("verb_failed", error, verb=verb)
    # What it stumbled over stays here: a program may pass on what it is told to anybody.
    text = (
        f"The verb '{verb}' failed by a fault of ours ({type(error).__name__}). It is noted in "
        "the log of the server; whoever runs it can report it."
    )
    return answer(500, ConcordError.title, text)


def not_valid(found: Sequence[Any]) -> JSONResponse:
    """Parameters that are not what a verb takes, each with its name."""
    told = []
    for one in found[:10]:
        where = ".".join(str(part) for part in one["loc"] if part not in ("query", "body"))
        told.append(f"'{where[:200]}': {one['msg']}." if where else f"{one['msg']}.")
    return answer(422, OutOfBounds.title, " ".join(told))
