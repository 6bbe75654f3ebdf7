"""What the API says of itself: answers, refusals and parameters, as OpenAPI has them."""

from __future__ import annotations

from typing import Any

from forecasting.api import answers, problems
from forecasting.api.verbs import TAKES_IF_MATCH, Verb, catalogue
from forecasting.commands.served import LONG

LONGEST_KEY = 200
"""Characters of a request's own name."""


Answers = dict[int | str, dict[str, Any]]
"""Status to what is answered with it."""


def responses(verb: Verb) -> Answers:
    """How a verb's route answers."""
    if verb.name in LONG:
        begun = {"description": "Begun; its address tells how far it is.", "content": _as(JOB)}
        leads = {"headers": _LOCATION, "links": _TO_JOB}
        return {202: {**begun, **leads}, **refusals()}
    file: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
    done = dict.fromkeys(answers.offers(verb), file)
    done[answers.JSON] = {"schema": ANSWER}
    links = _TO_PAGE if verb.answer is not None and not verb.changes else {}
    return {200: {"description": "Done.", "content": done, "links": links}, **refusals()}


def jobs() -> Answers:
    """How one's own jobs are answered."""
    every = {"type": "object", "properties": {"jobs": {"type": "array", "items": JOB}}}
    return {200: {"description": "Done.", "content": _as(every)}, **refusals()}


def job() -> Answers:
    """How one job is answered."""
    return {200: {"description": "Done.", "content": _as(JOB)}, **refusals()}


def of_jobs() -> Answers:
    """How any job's answer is sent."""
    file: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
    verbs = [verb for verb in catalogue() if verb.name in LONG]
    done = {media: file for verb in verbs for media in answers.offers(verb)}
    done |= _as(ANSWER)
    return {200: {"description": "Done.", "content": done}, **refusals()}


def _as(schema: dict[str, Any]) -> dict[str, Any]:
    return {answers.JSON: {"schema": schema}}


def refusals(**more: str) -> Answers:
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
JOB: dict[str, Any] = {
    "type": "object",
    "required": ["job", "verb", "state", "text", "share", "address"],
    "properties": {
        "job": {"type": "string"}, "verb": {"type": "string"},
        "state": {"enum": ["running", "done", "refused"]},
        "text": {"type": "string", "description": "What it is at."},
        "share": {"type": "number", "minimum": 0, "maximum": 1},
        "started": {"type": "string", "format": "date-time"},
        "seconds": {"type": "number", "description": "How long it took so far."},
        "seconds_left": {"type": ["number", "null"], "description": "By its pace; a guess."},
        "address": {"type": "string"},
        "answer": {"type": ["string", "null"],
                   "description": "Where its answer is, once it is over."},
        "result": {"type": "object"},
        "notes": {"type": "array", "items": {"type": "string"}},
        "problem": PROBLEM,
    },
}  # fmt: skip
_LOCATION = {
    "location": {"description": "The job's address.", "schema": {"type": "string"}},
}
PAGE_ID, JOB_ID, ANSWER_ID = "next_page", "one_job", "answer_of_a_job"
"""What the routes that others lead to are called in the description."""
_TO_PAGE = {"next": {"operationId": PAGE_ID, "parameters": {"cursor": "$response.body#/next"}}}
_TO_JOB = {
    name: {"operationId": name, "parameters": {"job": "$response.body#/job"}}
    for name in (JOB_ID, ANSWER_ID)
}


def headers(verb: Verb) -> list[dict[str, Any]]:
    """Headers that a request may bring."""
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


def body(verb: Verb) -> dict[str, Any]:
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
