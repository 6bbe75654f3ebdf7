"""The API as it is mounted: a route for every verb, and its own description.

`build` makes an ASGI app of its own; `served.py` mounts it under the app's path.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
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
from starlette.types import ASGIApp, Scope

from forecasting import scratch, write
from forecasting.api import answers, described, jobs, problems
from forecasting.api.answers import Form, Page, Pages
from forecasting.api.described import LONGEST_KEY
from forecasting.api.held import Held
from forecasting.api.identity import Identity, TooLarge
from forecasting.api.jobs import Jobs
from forecasting.api.problems import BadRequest
from forecasting.api.running import (
    Caller,
    Outcome,
    Request,
    Runner,
    check_asked,
    check_may,
    read_seen,
)
from forecasting.api.verbs import (
    MOST_ROWS,
    USUAL_ROWS,
    Asked,
    Verb,
    catalogue,
)
from forecasting.commands.served import LONG
from forecasting.governance import bearer
from forecasting.governance.audit import Noted
from forecasting.version import version
from forecasting.workspace import Workspace

PATH = "/api/v1"
KEY, LINES = "idempotency-key", "concord-lines"
AT_ONCE = 32
"""Verbs that run at the same time; more wait for their turn."""
MOST_FILES, MOST_FIELDS = 200, 1_000
"""Files, and other fields, of one upload."""
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
    jobs: Jobs
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
        jobs=Jobs(), runner=lambda: runner_of(space()),
    )  # fmt: skip
    app = FastAPI(
        title="Concord", version=version(), description=ABOUT, docs_url=None, redoc_url=None,
        openapi_url="/openapi.json", redirect_slashes=False,
    )  # fmt: skip
    for verb in catalogue():
        _add(app, server, verb)
    app.get(
        "/", summary="Who asks, and which verbs there are.", tags=["about"],
        responses=described.refusals(),
    )(_about)  # fmt: skip
    app.get(
        "/pages/{cursor}", summary="The next rows of a table.", tags=["about"],
        operation_id=described.PAGE_ID,
        responses=described.refusals(_410="The table has gone; ask anew."),
    )(_next_page(server))  # fmt: skip
    _add_jobs(app, server)
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
            name, made, row, lease = server.pages.of(whose, cursor)

            def read() -> Response:
                with lease:
                    return answers.more(made, name, row, limit)

            return await run_in_threadpool(read)
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
        "responses": described.responses(verb), "response_class": Response,
    }  # fmt: skip
    if not verb.changes:
        look.__annotations__["asked"] = Annotated[model, Query()]
        app.get(f"/{verb.name}", name=verb.name, tags=["look"], **told)(look)
        return
    more = {"requestBody": described.body(verb), "parameters": described.headers(verb)}
    app.post(
        f"/{verb.name}", name=f"do {verb.name}", tags=["do"], **told, openapi_extra=more,
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
    held = Held(opened)
    mine = held.lease()
    try:
        caller = _caller(request)
        check_may(caller, verb)
        form = answers.chosen(verb, request.headers.get("accept", ""))
        seen = read_seen(verb, request.headers.get("if-match"))
        place = opened.enter_context(scratch.folder("api")) if verb.has_files else None
        folder = str(place or "")
        asked, uploaded, told = await read(place and place / "in")
        check_asked(caller, verb, asked)
        wish = Request(
            verb=verb, asked=asked, folder=place, held=held, uploaded=uploaded,
            form=form.ending, key=_key(request, caller, verb, asked, told), seen=seen,
            in_lines=request.headers.get(LINES) == "text",
        )  # fmt: skip
        if verb.name in LONG:
            return await _begun(server, caller, wish, form, request.scope)
        page = Page(whose=caller.person.id, limit=getattr(asked, "limit", USUAL_ROWS))

        def work(lease: ExitStack) -> Response:
            with lease:
                made = server.runner().run(caller, wish)
                return _sent(server, caller, verb, made, form, page)

        async with server.turns:
            return await run_in_threadpool(work, held.lease())
    except TooLarge:
        return problems.answer(413, "Too large", "A request has no more room than an upload.")
    except BaseException as error:
        if isinstance(error, asyncio.CancelledError | KeyboardInterrupt | SystemExit):
            raise
        return problems.of(error, verb=verb.name, compared=compared, folder=folder)
    finally:
        mine.close()


def _sent(
    server: Server, caller: Caller, verb: Verb, made: Outcome, form: Form, page: Page
) -> Response:
    """An outcome in its form; what leaves the company is noted once it is ready to go."""
    sent = answers.sent(verb, made, form, page, server.pages)
    if verb.takes_out:
        audit, what = server.space().desk.audit, f"{verb.name}: {verb.name}{form.ending}"
        audit.note(Noted.EXPORTED, caller.person.id, what)
    return sent


# Jobs -------------------------------------------------------------------------------------


def _below(scope: Scope) -> str:
    return str(scope.get("root_path", "")).rstrip("/")


async def _begun(
    server: Server, caller: Caller, wish: Request, form: Form, scope: Scope
) -> Response:
    """Begin a job; answered as soon as it has begun, with its refusal where it did not."""

    def work(job: jobs.Job) -> Outcome:
        return server.runner().run(caller, replace(wish, tell=job.tell))

    job = await run_in_threadpool(server.jobs.start, caller, wish, form, work)
    begun = asyncio.wrap_future(job.begun)
    await asyncio.wait({begun}, timeout=jobs.BEGUN_S)
    if begun.done() and not begun.result():
        server.jobs.drop(job)
        return jobs.refused(job)
    told = job.told(_below(scope))
    headers = {"location": told["address"], "retry-after": "1", "cache-control": "no-store"}
    return JSONResponse(told, 202, headers=headers)


def _add_jobs(app: FastAPI, server: Server) -> None:
    """The routes of jobs: one's own, one of them, and what it came to."""
    fresh = {"cache-control": "no-store"}

    async def every(request: HTTPRequest) -> Response:
        """Those that run and those that ended within the hour, the latest first."""
        below = _below(request.scope)
        told = [job.told(below) for job in server.jobs.of(_caller(request))]
        return JSONResponse({"jobs": told}, headers=fresh)

    async def one(request: HTTPRequest, job: str) -> Response:
        """How far it is, and when it is over, what it came to or why it was refused."""
        try:
            found = server.jobs.one(_caller(request), job)
            return JSONResponse(found.told(_below(request.scope)), headers=fresh)
        except Exception as error:
            return problems.of(error, verb="jobs")

    async def answer(request: HTTPRequest, job: str) -> Response:
        """As the verb would answer at once, in the form that its request asked for."""
        try:
            caller = _caller(request)
            found = server.jobs.one(caller, job)
            if found.state == jobs.REFUSED:
                return jobs.refused(found)
            made, lease = server.jobs.made(found)
            page = Page(whose=caller.person.id)

            def send() -> Response:
                with lease:
                    return _sent(server, caller, found.verb, made, found.form, page)

            return await run_in_threadpool(send)
        except Exception as error:
            return problems.of(error, verb="jobs")

    for path, does, words, answers_with, name in (
        ("/jobs", every, "Your long requests.", described.jobs(), "jobs"),
        ("/jobs/{job}", one, "How far a long request is.", described.job(), described.JOB_ID),
        (
            "/jobs/{job}/answer",
            answer,
            "What a long request came to.",
            described.of_jobs(),
            described.ANSWER_ID,
        ),
    ):
        app.get(
            path, summary=words, tags=["about"], responses=answers_with,
            response_class=Response, operation_id=name,
        )(does)  # fmt: skip


def _key(request: HTTPRequest, caller: Caller, verb: Verb, asked: Asked, told: bytes) -> str:
    """The ledger's id of a request: of its key, who asks, and what."""
    given = request.headers.get(KEY)
    if given is None:
        return ""
    if not 0 < len(given.strip()) <= LONGEST_KEY:
        raise BadRequest(f"Idempotency-Key has 1 to {LONGEST_KEY} characters.")
    what = asked.model_dump_json(by_alias=True)
    return bearer.key_of(caller.person.id, given, verb.name, what, told.hex())


async def _brought(verb: Verb, request: HTTPRequest, folder: Path | None) -> Given:
    """What a request's body asks, with the files that come with it.

    Raises
    ------
    BadRequest, ValidationError
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data" and folder is not None:
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
