"""How an outcome is sent: as JSON a page at a time, as a file in the form asked for, or whole.

JSON is for few rows and for people; Arrow and Parquet are for many; an archive has everything
that a verb wrote and told, as the command line would leave it.
"""

from __future__ import annotations

import json
import math
import secrets
import threading
import time
import zipfile
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from forecasting import scratch
from forecasting.api.problems import BadRequest
from forecasting.api.running import Outcome
from forecasting.api.verbs import USUAL_ROWS, Verb
from forecasting.commands.served import PLACE

ARROW, PARQUET = "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet"
ZIP, JSON = "application/zip", "application/json"
KINDS: Mapping[str, str] = {
    ".parquet": PARQUET,
    ".csv": "text/csv",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".html": "text/html",
    ".pdf": "application/pdf",
    ".ics": "text/calendar",
    ".duckdb": "application/octet-stream",
    ".zip": "application/octet-stream",  # as itself; as application/zip with what was told
}
"""Form of a file to its media type."""
PAGES_KEPT, PAGES_S = 32, 600.0
"""Tables that wait for their next page, and for how many seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """In which form an answer is sent."""

    media: str
    ending: str
    """Of the file that the verb writes for it."""


def chosen(verb: Verb, accept: str) -> Form:
    """The form that a caller asks for, among those that a verb has.

    Raises
    ------
    BadRequest
        406, naming the forms that there are.
    """
    offered = offers(verb)
    for part in accept.split(","):
        media, _, parameters = part.strip().partition(";")
        if media in ("", "*/*", "application/*"):
            media = next(iter(offered))
        if media in offered:
            ending = offered[media]
            told = parameters.strip().removeprefix("form=")
            if media == ZIP and told:  # which of its forms the file in the archive has
                ending = f".{told}" if f".{told}" in verb.forms else ending
            return Form(media=media, ending=ending)
    raise BadRequest(f"'{verb.name}' is answered as {', '.join(offered)}.", 406)


def offers(verb: Verb) -> Mapping[str, str]:
    """Media type to the ending of the file that a verb writes for it."""
    first = verb.forms[0] if verb.forms else ""
    table = ".parquet" if ".parquet" in verb.forms else first
    own = {KINDS[form]: form for form in verb.forms}
    arrow = {ARROW: ".parquet"} if ".parquet" in verb.forms else {}
    usual = own if first and table == first else {}  # a document is what was asked for
    return {**usual, JSON: table, ZIP: first, **arrow, **own}


class Pages:
    """Tables whose next page may still be asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, str, Outcome, ExitStack]] = OrderedDict()

    def keep(self, whose: str, made: Outcome) -> str:
        """Keep a table for somebody; under which name."""
        name = secrets.token_hex(8)
        with self._lock:
            self._kept[name] = (time.monotonic(), whose, made, made.held.lease())
            since = time.monotonic() - PAGES_S
            gone = [n for n, (at, *_) in self._kept.items() if at < since]
            gone += list(self._kept)[: max(0, len(self._kept) - PAGES_KEPT)]
            leases = [self._kept.pop(old)[3] for old in dict.fromkeys(gone)]
        for lease in leases:  # whoever reads one of them now reads it to its end
            lease.close()
        return name

    def of(self, whose: str, cursor: str) -> tuple[str, Outcome, int, ExitStack]:
        """The table of a cursor, the row where its page begins, and what holds its file.

        Raises
        ------
        BadRequest
        """
        name, _, row = cursor.partition(".")
        with self._lock:
            _, owner, made, _ = self._kept.get(name, (0.0, "", None, None))
            if made is None or owner != whose:
                raise BadRequest(
                    "The pages of this cursor have gone. Ask anew, without it.", 410
                )
            if not (row.isascii() and row.isdigit() and len(row) < 12):
                raise BadRequest("A cursor is the 'next' of an answer, as it is.")
            return name, made, int(row), made.held.lease()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which rows of a table are asked for."""

    whose: str
    limit: int = USUAL_ROWS


def sent(verb: Verb, made: Outcome, form: Form, page: Page, pages: Pages) -> Response:
    """An outcome in the form that was asked for."""
    headers = {"etag": f'"{made.seq}"', "cache-control": "no-store"}
    if form.media == ZIP:
        return _archive(verb, made, headers)
    if form.media == JSON:
        return _as_json(made, page, pages, headers)
    with made.held.lease() as opened:
        path = made.files[0]
        if form.media == ARROW:
            path = _as_arrow(path, opened)
        ending = ".arrow" if form.media == ARROW else form.ending
        return _File(
            path, opened.pop_all(), media_type=form.media, filename=f"{verb.name}{ending}",
            headers=headers,
        )  # fmt: skip


def more(made: Outcome, name: str, row: int, limit: int) -> Response:
    """A later page of a table."""
    body, after = _rows(made.files[0], row, limit)
    body["next"] = f"{name}.{after}" if after else None
    return JSONResponse(plain(body), headers={"cache-control": "no-store"})


def result_of(made: Outcome) -> dict[str, Any]:
    """What a verb came to, without the server's own folders."""
    result = {name: value for name, value in made.result.items() if name != "file"}
    notes = _without_places(made.notes, made)
    return {"result": _without_places(result, made), "notes": notes}


def _as_json(made: Outcome, page: Page, pages: Pages, headers: Mapping[str, str]) -> Response:
    body = result_of(made)
    table = next((path for path in made.files if path.suffix == ".parquet"), None)
    if table is not None and table == made.files[0]:
        rows, after = _rows(table, 0, page.limit)
        body |= rows
        body["next"] = f"{pages.keep(page.whose, made)}.{after}" if after else None
    return JSONResponse(plain(body), headers=dict(headers))


def _rows(path: Path, first: int, limit: int) -> tuple[dict[str, Any], int]:
    """Rows of a table from one on, and where the next page begins; 0: nowhere."""
    table = pq.read_table(path, memory_map=True)
    rows = table.slice(first, limit).to_pylist()
    after = first + len(rows)
    return {"rows": rows, "of": table.num_rows}, after if after < table.num_rows else 0


def _as_arrow(path: Path, opened: ExitStack) -> Path:
    """The same table in another form, in a folder of this one answer: others may read, too."""
    target = opened.enter_context(scratch.folder("api")) / path.with_suffix(".arrow").name
    with (
        pq.ParquetFile(path) as source,
        pa.OSFile(str(target), "wb") as sink,
        pa.ipc.new_stream(sink, source.schema_arrow) as stream,
    ):
        for batch in source.iter_batches():
            stream.write_batch(batch)
    return target


def _archive(verb: Verb, made: Outcome, headers: Mapping[str, str]) -> Response:
    """Everything that a verb wrote and told, as the command line would leave it."""
    told = [[_placed(text, made), is_note] for text, is_note in made.told]
    result = plain(_placed_all(made.result, made))
    with made.held.lease() as opened:
        path = opened.enter_context(scratch.folder("api")) / "answer.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr("told.json", json.dumps({"told": told, "result": result}))
            for file in made.files:
                archive.write(file, f"files/{_name_of(file, made)}")
        return _File(
            path, opened.pop_all(), media_type=ZIP, filename=f"{verb.name}.zip",
            headers=dict(headers),
        )  # fmt: skip


def _name_of(file: Path, made: Outcome) -> str:
    """A file's name below its folder, as it is called in what is told."""
    assert made.folder is not None
    return _placed(str(file), made, "")


def _placed(text: str, made: Outcome, place: str = PLACE) -> str:
    """What is told, without the server's own folders."""
    if made.folder is None:
        return text
    return text.replace(f"{made.folder}/out/", place).replace(f"{made.folder}/in/", place)


def _placed_all(value: Any, made: Outcome, place: str = PLACE) -> Any:
    match value:
        case str():
            return _placed(value, made, place)
        case Path():
            return _placed(str(value), made, place)
        case Mapping():
            return {name: _placed_all(one, made, place) for name, one in value.items()}
        case list() | tuple():
            return [_placed_all(one, made, place) for one in value]
    return value


def _without_places(value: Any, made: Outcome) -> Any:
    return _placed_all(value, made, "")


def plain(value: Any) -> Any:
    """A value as JSON has it: what is no number is nothing, a day is its text."""
    match value:
        case None | bool() | str() | int():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {str(name): plain(one) for name, one in value.items()}
        case Sequence() | set() | frozenset():
            return [plain(one) for one in value]
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return plain(value.item()) if hasattr(value, "item") else str(value)


class _File(FileResponse):
    """A file that is let go of once it was sent, or whoever asked has gone."""

    def __init__(self, path: Path, opened: ExitStack, **more: Any) -> None:
        super().__init__(path, **more)
        self._opened = opened

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._opened.close()
