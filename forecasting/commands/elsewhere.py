"""A verb that a running Concord does for the command line, where that one has the database.

Either a server that was named (`--server`, with a token), or the app on this computer, found
by the note it leaves beside its database (`running`). What is printed, written and given as
exit code is as it would be without: files are sent there and come back to where they belong.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click
from click.core import ParameterSource

from data.whole import whole
from forecasting import write
from forecasting.commands import served
from forecasting.commands.served import ABSENT, LOOKS, PLACE, READS, FileIn, FileOut, public
from forecasting.errors import BadFiles, Problem, Refused

if TYPE_CHECKING:
    from httpx import Client, Response

PATH = "/api/v1"
TOKEN, TOKEN_FILE = "CONCORD_TOKEN", "CONCORD_TOKEN_FILE"
CONNECT_S = 10.0
"""Seconds to reach a server; how long a verb takes is its own business."""
LEAST_PAUSE_S, MOST_PAUSE_S = 0.2, 2.0
"""Seconds between two looks at how far a long verb is: fewer at first."""
ANSWERS_S, PATIENCE_S = 30.0, 120.0
"""Seconds for one such look, and for how long none of them may have come through."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")
_SAID = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT, ParameterSource.PROMPT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running Concord, and what opens it."""

    url: str
    token: str
    is_here: bool = False
    """It is the app on this computer, which lets whoever may read its file act as anybody."""


class FromServer(Refused):
    """What a server refused, in its words."""

    def __init__(self, title: str, message: str) -> None:
        self.title = title
        super().__init__(message)


class NotReached(Refused):
    """No Concord answers at an address."""

    title = "Not reached"


def named(url: str, token_file: Path | None) -> Server:
    """A server by its address, with the token of the environment or of a file.

    Raises
    ------
    Refused
        If the address is none, a token would go over the network in the open, or there is none.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in ("http", "https") or not host:
        raise Refused(
            f"--server is an address such as https://concord.shop.example; not '{url}'."
        )
    if parts.scheme == "http" and host not in LOOPBACK:
        raise Refused(
            f"{url} is not reached by https: whoever is on the way could read the token. Use "
            "the https address of the server."
        )
    return Server(url=url.rstrip("/"), token=_token(token_file))


def _token(file: Path | None) -> str:
    if file is None:
        token = os.environ.get(TOKEN, "").strip()
        if not token:
            raise Refused(
                f"A server is asked with a token: set {TOKEN}, or name a file that holds it "
                "with --token-file. An Admin, or you on the page People, can make one."
            )
        return token
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise Refused(f"{file} cannot be read: {why}.") from error


@dataclass(slots=True, kw_only=True)
class _Asked:
    """A verb as it is sent, and where what comes back belongs."""

    name: str
    values: dict[str, Any] = field(default_factory=dict)
    uploads: list[tuple[str, Path]] = field(default_factory=list)
    places: dict[str, Path] = field(default_factory=dict)
    """Name of a file, as the server tells it, to where it is here."""
    folder: Path | None = None
    """Where a verb that fills a folder does so."""
    form: str = ""
    person: str = ""
    in_lines: bool = True
    changes: bool = True


def through(context: click.Context, server: Server) -> None:
    """Have a server do what was asked of the command line, and answer as if it were here.

    Raises
    ------
    Refused
        In the server's words, or because it cannot be reached.
    """
    name = context.command.name or ""
    if name in ABSENT:
        raise Refused(f"A server does not do '{name}'. {ABSENT[name]}")
    import httpx  # what is done here needs none of it

    asked = _read(context, name)
    with ExitStack() as opened:
        answer = opened.enter_context(tempfile.TemporaryFile())
        try:
            _exchange(server, asked, answer, opened)
        except httpx.InvalidURL as error:
            raise Refused(f"--server is no address: {error}.") from None
        except httpx.HTTPError as error:
            raise NotReached(f"Concord at {server.url} does not answer: {error}.") from error
        answer.seek(0)
        _take(answer, asked)


def _read(context: click.Context, name: str) -> _Asked:
    asked = _Asked(name=name)
    told = {
        one.name: one
        for one in context.command.params
        if context.get_parameter_source(one.name or "") in _SAID and one.expose_value
    }
    asked.changes = name not in READS and (
        name not in LOOKS or bool(LOOKS[name] & {n for n in told if n})
    )
    for key, one in told.items():
        value = context.params[key or ""]
        match one.type:
            case _ if key == "db":
                continue
            case _ if key == "person":
                asked.person = value
            case _ if key == "as_json":
                asked.in_lines = not value
            case FileIn():
                _to_upload(asked, public(one), value)
            case FileOut():
                _to_write(asked, one, value)
            case served.FolderOut():
                asked.folder = value
            case _:
                asked.values[public(one)] = _plain(value)
    return asked


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value.date().isoformat() if isinstance(value, dt.datetime) else value


def _to_upload(asked: _Asked, name: str, value: Any) -> None:
    for path in value if isinstance(value, tuple) else (value,):
        try:
            inside = sorted(path.iterdir()) if path.is_dir() else [path]
            found = [p for p in inside if not p.name.startswith(".") and not p.is_dir()]
            for each in found:
                each.stat()
        except OSError as error:
            raise Refused(f"{path} cannot be read: {error.strerror}.") from error
        if not found:
            raise Refused(f"{path} holds no file.")
        asked.uploads += [(name, each) for each in found]
        asked.places |= {each.name: each for each in found}


def _to_write(asked: _Asked, one: click.Parameter, target: Path) -> None:
    assert isinstance(one.type, FileOut)
    forms, ending = one.type.forms, target.suffix.lower()
    if len(forms) > 1 and ending not in forms:
        raise Refused(
            f"'{ending}' is not a kind of file that '{asked.name}' writes: use "
            f"{', '.join(forms[:-1])} or {forms[-1]}."
        )
    if one.required:
        asked.form = ending if ending in forms else forms[0]
        asked.places[f"{asked.name}{asked.form}"] = target
    else:
        stem = public(one).replace("_", "-")
        asked.values[public(one)] = True
        asked.places |= {f"{stem}{form}": target for form in forms}


def _exchange(server: Server, asked: _Asked, answer: IO[bytes], opened: ExitStack) -> None:
    """Send it, and keep what comes back."""
    import httpx

    headers = {
        "authorization": f"Bearer {server.token}",
        "accept": "application/zip" + (f";form={asked.form[1:]}" if asked.form else ""),
        "concord-lines": "text" if asked.in_lines else "json",
    }  # fmt: skip
    if asked.person:
        headers["concord-as"] = asked.person
    more: dict[str, Any] = {}
    if not asked.changes:
        more["params"] = asked.values
    elif asked.uploads:
        more["data"] = asked.values
        more["files"] = [
            (name, (path.name, opened.enter_context(path.open("rb"))))
            for name, path in asked.uploads
        ]
    else:
        more["json"] = asked.values
    method = "POST" if asked.changes else "GET"
    url = f"{server.url}{PATH}/{asked.name}"
    limits = httpx.Timeout(None, connect=CONNECT_S)
    with (
        httpx.Client(timeout=limits, trust_env=not server.is_here) as client,
        client.stream(method, url, headers=headers, **more) as response,
    ):
        if response.status_code == 202:
            url = _waited(client, server, asked, response, headers)
        else:
            _keep(response, server, asked, answer)
            return
        with client.stream("GET", url, headers=headers) as made:
            _keep(made, server, asked, answer)


def _keep(response: Response, server: Server, asked: _Asked, answer: IO[bytes]) -> None:
    """Keep what was answered, or say no."""
    if response.status_code != 200:
        response.read()
        _refuse(response, server, asked)
    for block in response.iter_bytes():
        answer.write(block)


def _waited(
    client: Client, server: Server, asked: _Asked, begun: Response, headers: dict[str, str]
) -> str:
    """Wait for what goes on at the server, telling how far it is; where its answer then is."""
    import httpx

    begun.read()
    job = _told(begun, server)
    url = f"{server.url}{PATH}/jobs/{job['job']}"
    told, heard_at, pause = "", time.monotonic(), LEAST_PAUSE_S
    while job["state"] == "running":
        if (line := _line(job)) != told:
            click.echo(told := line, err=True)
        try:
            time.sleep(pause)
            pause = min(pause * 1.5, MOST_PAUSE_S)
            response = client.get(url, headers=headers, timeout=ANSWERS_S)
        except httpx.TransportError:  # a proxy or a network that is gone for a moment
            if time.monotonic() - heard_at > PATIENCE_S:
                raise
            continue
        except KeyboardInterrupt:
            click.echo(f"It goes on at the server. How far it is: {url}", err=True)
            raise
        if response.status_code in (502, 504) and time.monotonic() - heard_at < PATIENCE_S:
            continue
        if response.status_code != 200:
            _refuse(response, server, asked)
        job, heard_at = _told(response, server), time.monotonic()
    return f"{url}/answer"


def _told(response: Response, server: Server) -> dict[str, Any]:
    """A job as a server tells of it."""
    try:
        told = response.json()
        return {**told, "job": str(told["job"]), "state": str(told["state"])}
    except (ValueError, KeyError, TypeError):
        raise NotReached(
            f"What answers at {server.url} is not Concord, or an older one."
        ) from None


def _line(job: Mapping[str, Any]) -> str:
    """How far a job is, as the command line tells it of its own work."""
    left = job.get("seconds_left")
    more = "" if left is None else f", {write.number(left)} s left"
    return f"  {write.percent(job.get('share') or 0.0):>4}  {job.get('text')}{more}"


def _refuse(response: Response, server: Server, asked: _Asked) -> None:
    """Say no as the server does."""
    try:
        told = response.json()
        title, detail = str(told["title"]), str(told["detail"])
    except (ValueError, KeyError, TypeError):
        raise NotReached(
            f"What answers at {server.url} is not Concord, or an older one "
            f"(status {response.status_code})."
        ) from None
    if response.status_code == 401 and server.is_here:
        raise NotReached(detail)
    if told.get("problems"):
        raise BadFiles([Problem(**one) for one in told["problems"]])
    if response.status_code == 500:
        click.echo(_placed(detail, asked), err=True)
        sys.exit(1)
    raise FromServer(title, _placed(detail, asked))


def _take(answer: IO[bytes], asked: _Asked) -> None:
    """Put files where they belong, then tell what was told."""
    with zipfile.ZipFile(answer) as archive:
        told = json.loads(archive.read("told.json"))
        for name in archive.namelist():
            if name.startswith("files/"):
                _put(archive, name, _place(name.removeprefix("files/"), asked))
    for text, is_note in told["told"]:
        click.echo(_placed(text, asked), err=is_note)


def _place(name: str, asked: _Asked) -> Path:
    """Where a file that came back belongs here: never above the folder that it is for."""
    if name in asked.places:
        return asked.places[name]
    if asked.folder is not None:
        return asked.folder / Path(name).name
    beside = asked.uploads[0][1].parent if asked.uploads else Path()
    return beside / Path(name).name  # such as refused rows, beside what was sent


def _put(archive: zipfile.ZipFile, name: str, target: Path) -> None:
    with whole(target) as partial, archive.open(name) as source, partial.open("wb") as sink:
        shutil.copyfileobj(source, sink)


def _placed(text: str, asked: _Asked) -> str:
    """A line that names files, with the names that they have here."""
    for name, place in _names(asked):
        text = text.replace(f"{PLACE}{name}", place)
    return text.replace(PLACE, "")


def _names(asked: _Asked) -> Iterator[tuple[str, str]]:
    if asked.folder is not None:
        yield f"{asked.name}/", f"{asked.folder}/"
    places: Mapping[str, Path] = asked.places
    for name in sorted(places, key=len, reverse=True):
        yield name, str(places[name])
