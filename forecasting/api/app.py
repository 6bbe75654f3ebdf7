"""The API as it is mounted: a route for every verb, and its own description.

`build` makes an ASGI app of its own; `served.py` mounts it under the app's path.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Query
from fastapi import Request as HTTPRequest
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from forecasting import scratch, write
from forecasting.api import answers, problems
from forecasting.api.answers import Page, Pages
from forecasting.api.identity import Identity, TooLarge
from forecasting.api.problems import BadRequest
from forecasting.api.running import Caller, Request, Runner, check_asked, check_may, read_seen
from forecasting.api.verbs import (
    MOST_ROWS,
    TAKES_IF_MATCH,
    USUAL_ROWS,
    Asked,
    Verb,
    catalogue,
)
from forecasting.governance import bearer
from forecasting.version import version
from forecasting.workspace import Workspace

PATH = "/api/v1"
KEY, LINES = "idempotency-key", "concord-lines"
AT_ONCE = 32
"""Verbs that run at the same time; more wait for their turn."""
MOST_FILES, MOST_FIELDS = 200, 1_000
"""Files, and other fields, of one upload."""
LONGEST_KEY = 200
JSON_BYTES = 2_000_000
ABOUT = (
    "The verbs of Concord's command line, for programs. Each request brings a token: "
    "`Authorization: Bearer concord_...`. It speaks for one person, with the rights that they "
    "have. What is refused is answered as application/problem+json, in words."
)
"""What the description says first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """What every route stands on."""

    space: Callable[[], Workspace]
    """The workspace; waits until it is open."""
    turns: asyncio.Semaphore
    pages: Pages
    runner: Callable[[], Runner]


def build(
    space: Callable[[], Workspace],
    *,
    local: Callable[[], str] = str,
    most_bytes: int = 200_000_000,
) -> ASGIApp:
    """The API over a workspace, with its gate before it.

    Parameters
    ----------
    space : callable
        The workspace that the app has open; waits until it is.
    local : callable
        The secret of this computer's command line; '' where there is none.
    most_bytes : int
        Bytes that a request may have.
    """

    @lru_cache(maxsize=2)
    def runner_of(opened: Workspace) -> Runner:
        return Runner(opened)

    server = Server(
        space=space, turns=asyncio.Semaphore(AT_ONCE), pages=Pages(),
        runner=lambda: runner_of(space()),
    )  # fmt: skip
    app = FastAPI(
        title="Concord", version=version(), description=ABOUT, docs_url=None, redoc_url=None,
        openapi_url="/openapi.json", redirect_slashes=False,
    )  # fmt: skip
    for verb in catalogue():
        _add(app, server, verb)
    app.get(
        "/", summary="Who asks, and which verbs there are.", tags=["about"],
        responses=_refusals(),
    )(_about)  # fmt: skip
    app.get(
        "/pages/{cursor}", summary="The next rows of a table.", tags=["about"],
        responses=_refusals(_410="The table has gone; ask anew."),
    )(_next_page(server))  # fmt: skip
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(HTTPException, _no_such_route)
    return Identity(app, space=space, local=local, most_bytes=most_bytes)


def _caller(request: HTTPRequest) -> Caller:
    caller: Caller = request.state.caller
    return caller


async def _about(request: HTTPRequest) -> Response:
    """Whom the token speaks for, how far it goes, and the verbs of this version."""
    caller = _caller(request)
    told = {
        "concord": version(),
        "person": caller.person.id,
        "name": caller.person.name,
        "function": caller.person.function.value,
        "level": caller.level.value,
        "only": list(caller.commands),
        "verbs": [
            {"verb": v.name, "method": "POST" if v.changes else "GET", "help": v.help}
            for v in catalogue()
        ],
    }
    return JSONResponse(told, headers={"cache-control": "no-store"})


def _next_page(server: Server) -> Callable[..., Any]:
    async def next_page(
        request: HTTPRequest,
        cursor: str,
        limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = USUAL_ROWS,
    ) -> Response:
        """`next` of an answer, as it is; a table waits ten minutes for its next page."""
        try:
            whose = _caller(request).person.id
            name, made, row = server.pages.of(whose, cursor)
            return await run_in_threadpool(answers.more, made, name, row, limit)
        except Exception as error:
            return problems.of(error, verb="pages")

    return next_page


def _add(app: FastAPI, server: Server, verb: Verb) -> None:
    """A route for one verb."""
    model = verb.model

    async def look(request: HTTPRequest, asked: Any) -> Response:
        return await _answered(server, verb, request, lambda _: _given(asked))

    async def do(request: HTTPRequest) -> Response:
        return await _answered(server, verb, request, lambda *at: _brought(verb, request, *at))

    first, *rest = verb.help.partition("\n\n")
    told: dict[str, Any] = {
        "summary": first, "description": "".join(rest).strip() or first,
        "responses": _responses(verb), "response_class": Response,
    }  # fmt: skip
    if not verb.changes:
        look.__annotations__["asked"] = Annotated[model, Query()]
        app.get(f"/{verb.name}", name=verb.name, tags=["look"], **told)(look)
        return
    app.post(
        f"/{verb.name}", name=f"do {verb.name}", tags=["do"], **told,
        openapi_extra={"requestBody": _body(verb), "parameters": _headers(verb)},
    )(do)  # fmt: skip


Given = tuple[Asked, dict[str, Sequence[Path]], bytes]
"""What was asked, the files, and what tells one request from another."""


async def _given(asked: Asked) -> Given:
    return asked, {}, b""


async def _answered(
    server: Server,
    verb: Verb,
    request: HTTPRequest,
    read: Callable[..., Any],
) -> Response:
    """Run one verb for one request, and answer it whatever happens."""
    opened, compared, folder = ExitStack(), "if-match" in request.headers, ""
    try:
        caller = _caller(request)
        check_may(caller, verb)
        form = answers.chosen(verb, request.headers.get("accept", ""))
        seen = read_seen(verb, request.headers.get("if-match"))
        place = opened.enter_context(scratch.folder("api"))
        folder = str(place)
        asked, uploaded, told = await read(place / "in")
        check_asked(caller, verb, asked)
        wish = Request(
            verb=verb, asked=asked, folder=place, opened=opened, uploaded=uploaded,
            form=form.ending, key=_key(request, caller, verb, asked, told), seen=seen,
            in_lines=request.headers.get(LINES) == "text",
        )  # fmt: skip
        page = Page(whose=caller.person.id, limit=getattr(asked, "limit", USUAL_ROWS))

        def work() -> Response:
            made = server.runner().run(caller, wish)
            if made.opened is not opened:  # the answer of before is given again
                opened.close()
            return answers.sent(verb, made, form, page, server.pages)

        async with server.turns:
            return await run_in_threadpool(work)
    except TooLarge:
        opened.close()
        return problems.answer(413, "Too large", "A request has no more room than an upload.")
    except BaseException as error:
        opened.close()
        if isinstance(error, asyncio.CancelledError | KeyboardInterrupt | SystemExit):
            raise
        return problems.of(error, verb=verb.name, compared=compared, folder=folder)


def _key(request: HTTPRequest, caller: Caller, verb: Verb, asked: Asked, told: bytes) -> str:
    """The ledger's id of a request: of its key, who asks, and what."""
    given = request.headers.get(KEY)
    if given is None:
        return ""
    if not 0 < len(given.strip()) <= LONGEST_KEY:
        raise BadRequest(f"Idempotency-Key has 1 to {LONGEST_KEY} characters.")
    what = asked.model_dump_json(by_alias=True)
    return bearer.key_of(caller.person.id, given, verb.name, what, told.hex())


async def _brought(verb: Verb, request: HTTPRequest, folder: Path) -> Given:
    """What a request's body asks, with the files that come with it.

    Raises
    ------
    BadRequest, ValidationError
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _uploaded(verb, request, folder)
    if kind not in ("", "application/json"):
        raise BadRequest("Send application/json, or files as multipart/form-data.", 415)
    body = await request.body()
    if len(body) > JSON_BYTES:
        raise BadRequest(f"What is no file has at most {write.number(JSON_BYTES)} bytes.", 413)
    try:
        told = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise BadRequest("The body is not JSON.") from None
    if not isinstance(told, dict):
        raise BadRequest("The body is a JSON object with the verb's parameters.")
    return _modelled(verb, told), {}, b""


def _modelled(verb: Verb, told: dict[str, Any]) -> Asked:
    missing = [n for n, one in verb.uploads.items() if one.required]
    if missing:
        raise BadRequest(f"Upload {' and '.join(missing)} as multipart/form-data.", 415)
    return verb.model.model_validate(told)


async def _uploaded(verb: Verb, request: HTTPRequest, folder: Path) -> Given:
    try:
        form = await request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS)
    except (MultiPartException, HTTPException) as error:
        why = getattr(error, "detail", None) or getattr(error, "message", "")
        raise BadRequest(f"The upload cannot be read: {why}") from None
    told: dict[str, Any] = {}
    files: dict[str, list[Path]] = {}
    digest = bearer.Digest()
    many = {n for n, f in verb.taken.items() if getattr(f, "multiple", False) or f.nargs == -1}
    folder.mkdir(exist_ok=True)
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            if name not in verb.uploads:
                raise BadRequest(f"'{verb.name}' takes no file '{name[:80]}'.", 422)
            path = await run_in_threadpool(_saved, value, folder, digest)
            files.setdefault(name, []).append(path)
        elif name in many:
            told.setdefault(name, []).append(value)
        else:
            told[name] = value
    for name, one in verb.uploads.items():
        if one.required and not files.get(name):
            raise BadRequest(f"Upload {name}.", 422)
        if len(files.get(name, ())) > 1 and name not in many:
            raise BadRequest(f"Upload one file as {name}.", 422)
    single: dict[str, Sequence[Path]] = {**files}
    return verb.model.model_validate(told), single, digest.value


def _saved(upload: UploadFile, folder: Path, digest: bearer.Digest) -> Path:
    """An uploaded file under its own name, in this request's folder and nowhere else."""
    name = re.sub(r"[^\w.()+ -]", "_", Path(upload.filename or "file").name)[-120:].lstrip(".")
    path = folder / (name or "file")
    if path.exists():
        raise BadRequest(f"Two files are called '{name}'.", 422)
    digest.add(name.encode())
    with path.open("xb") as target:
        while block := upload.file.read(1 << 20):
            digest.add(block)
            target.write(block)
    return path


async def _not_valid(_: HTTPRequest, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problems.not_valid(error.errors())


async def _no_such_route(_: HTTPRequest, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    titles = {404: "There is no such verb", 405: "This verb is not asked so"}
    detail = "GET /api/v1/ lists the verbs and how each is asked."
    headers = dict(error.headers or {})
    title = titles.get(error.status_code, "Not understood")
    return problems.answer(error.status_code, title, detail, headers=headers)


# The description -------------------------------------------------------------------------


def _responses(verb: Verb) -> dict[int | str, dict[str, Any]]:
    file: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
    done = dict.fromkeys(answers.offers(verb), file)
    done[answers.JSON] = {"schema": ANSWER}
    return {200: {"description": "Done.", "content": done}, **_refusals()}


def _refusals(**more: str) -> dict[int | str, dict[str, Any]]:
    """Every way in which a route says no."""
    problem = {problems.MEDIA_TYPE: {"schema": PROBLEM}}
    every = {**WHY, **{int(status[1:]): words for status, words in more.items()}}
    return {
        status: {"description": words, "content": problem} for status, words in every.items()
    }


WHY: dict[int, str] = {
    400: "The request or a file cannot be read.",
    401: "No token, or one that is good no more.",
    403: "The person or the token may not.",
    404: "Something that is named does not exist.",
    406: "No such form of an answer.",
    409: "Something stands in the way; a conflict names who.",
    412: "Somebody changed it since the state of If-Match; it is named who.",
    413: "Larger than an upload may be.",
    415: "Neither JSON nor an upload.",
    422: "A parameter is out of bounds.",
    429: "Too many wrong tokens.",
    503: "Not now: the disk is full, or the plan is being made anew.",
}
"""Status to why, as far as every verb has it."""
PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["title", "status", "detail"],
    "properties": {
        "type": {"type": "string"}, "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened, and what to do."},
        "problems": {"type": "array", "items": {"type": "object"},
                     "description": "Of files: file, line, column, found, expected, count."},
        "conflicts": {"type": "array", "items": {"type": "object"},
                      "description": "Of conflicts: by, seq, now."},
    },
}  # fmt: skip
ANSWER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "result": {"type": "object", "description": "As the verb says it with --json."},
        "notes": {"type": "array", "items": {"type": "string"}},
        "rows": {"type": "array", "items": {"type": "object"},
                 "description": "The first rows of the table that it writes."},
        "of": {"type": "integer", "description": "Rows that there are in all."},
        "next": {"type": ["string", "null"],
                 "description": "Cursor of GET /pages/{cursor}; null: there are no more."},
    },
}  # fmt: skip


def _headers(verb: Verb) -> list[dict[str, Any]]:
    text = {"type": "string", "maxLength": LONGEST_KEY, "minLength": 1}
    found = [{
        "name": "Idempotency-Key", "in": "header", "required": False, "schema": text,
        "description": "A name of your own for this request: sent again, it is done once.",
    }]  # fmt: skip
    if verb.name in TAKES_IF_MATCH:
        found.append({
            "name": "If-Match", "in": "header", "required": False, "schema": {"type": "string"},
            "description": "The ETag of what you looked at: what others changed since is kept.",
        })  # fmt: skip
    return found


def _body(verb: Verb) -> dict[str, Any]:
    """What a body may hold: JSON, and where there are files an upload."""
    schema = verb.model.model_json_schema(by_alias=True)
    content: dict[str, Any] = {}
    if not any(one.required for one in verb.uploads.values()):
        content["application/json"] = {"schema": schema}
    if verb.uploads:
        file = {"type": "string", "format": "binary"}
        files = {
            name: {"type": "array", "items": file} if one.nargs == -1 else file
            for name, one in verb.uploads.items()
        }
        needed = [name for name, one in verb.uploads.items() if one.required]
        content["multipart/form-data"] = {"schema": {
            **schema,
            "properties": {**schema.get("properties", {}), **files},
            "required": [*schema.get("required", []), *needed],
        }}  # fmt: skip
    return {"content": content, "required": bool(schema.get("required") or not content)}
