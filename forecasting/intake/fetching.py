"""Files that come from elsewhere, brought into a folder of ours before they are imported.

Whatever the place, the same bounds hold: kinds of files that Concord reads, so many bytes,
so many seconds. What was brought has a mark, by which the next night sees that nothing is
new. An address may be Admin's, but what answers there is anybody's: a web address is not
followed to another host, and never to the machine's own services.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import re
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, unquote, urljoin, urlsplit

import fsspec
import httpx

from forecasting import write
from forecasting.errors import Refused
from forecasting.governance import addresses

ENDINGS = (".csv", ".xlsx", ".parquet")
MOST_BYTES = 4_000_000_000
"""Of all files of one import together."""
MOST_FILES = 200
CHUNK = 1 << 20
CONNECT_S, READ_S, ALL_S = 10.0, 60.0, 1_800.0
"""Seconds to connect, between two pieces, and for everything."""
MOST_MOVES = 3
"""How often an address may send on, within its own host."""
LOOPBACK = "CONCORD_LOOPBACK_SOURCES"
"""Variable that lets web addresses of this very computer be fetched from."""
NEEDS = {
    "s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs",
    "abfss": "adlfs",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What was brought."""

    files: tuple[Path, ...]
    mark: str
    """Equal where names and content are."""
    bytes: int


class _Bound:
    """How much may still be brought, and until when."""

    def __init__(self) -> None:
        self.bytes = 0
        self.until = time.monotonic() + ALL_S
        self.digest = hashlib.sha256()

    def keep(self, name: str, pieces: Iterator[bytes], into: Path) -> Path:
        """Write one file, within the bounds."""
        self.digest.update(f"\0{name}\0".encode())
        target = into / name
        with target.open("xb") as file:
            for piece in pieces:
                self.bytes += len(piece)
                if self.bytes > MOST_BYTES:
                    raise Refused(
                        f"More than {write.number(MOST_BYTES / 1e9)} GB: an import takes at "
                        "most so much. Nothing was imported; have it in parts."
                    )
                if time.monotonic() > self.until:
                    raise Refused(
                        f"It took longer than {write.number(ALL_S / 60)} minutes. Nothing "
                        "was imported."
                    )
                self.digest.update(piece)
                file.write(piece)
        return target


def fetch(options: Mapping[str, str], into: Path) -> Fetched:
    """Bring the files of an import's origin into a folder.

    Parameters
    ----------
    options : mapping
        folder, or from with secret (governance.schedules.OPTIONS).
    into : Path
        An empty folder.

    Raises
    ------
    Refused
        If there is nothing, too much, or no way to it; in words, without any secret.
    """
    bound = _Bound()
    address = options.get("from") or str(addresses.incoming(options["folder"]))
    kind = addresses.kind_of(addresses.check_address(address))
    secret = addresses.secret(options.get("secret", ""))
    named = quote(secret, safe="") if "://" in address else secret
    place = address.replace(addresses.GAP, named) if secret else address
    try:
        if kind in addresses.WEB:
            # One that has no gap for the secret sends it as a bearer's.
            bearer = secret if addresses.GAP not in address else ""
            files = [_from_web(place, into, bound, bearer=bearer)]
        elif kind == "file":
            files = _from_folder(Path(unquote(place.removeprefix("file://"))), into, bound)
        else:
            files = _from_store(kind, place, into, bound)
    except Refused:
        raise
    except Exception as error:  # of a driver or the network, each in words of its own
        told = f"{type(error).__name__}: {error}"[:300]
        for hidden in (secret, named):
            told = told.replace(hidden, "…") if hidden else told
        raise Refused(f"Nothing could be fetched: {told}") from error
    return Fetched(files=tuple(files), mark=bound.digest.hexdigest(), bytes=bound.bytes)


def _from_folder(place: Path, into: Path, bound: _Bound) -> list[Path]:
    """Files of a folder of the server, or one file; no folders within it, no links."""
    if not place.exists():
        raise Refused(f"There is no folder or file {place.name} where the schedule says.")
    found = sorted(place.iterdir()) if place.is_dir() else [place]
    chosen = [
        p for p in found
        if p.suffix.lower() in ENDINGS and p.is_file() and not p.is_symlink()
        and not p.name.endswith(".rejects.csv")
    ]  # fmt: skip
    _check_count(len(chosen))
    kept = []
    for path in chosen:
        with path.open("rb") as file:
            kept.append(bound.keep(path.name, _pieces(file), into))
    return kept


def _from_store(kind: str, place: str, into: Path, bound: _Bound) -> list[Path]:
    """Files of an object store, by the package that fsspec has for it."""
    try:
        filesystem: Any = fsspec.filesystem(kind)
    except ImportError:
        raise Refused(
            f"The server cannot read {kind}:// yet: whoever runs it installs {NEEDS[kind]} "
            "beside Concord (pip install)."
        ) from None
    path = place.partition("://")[2]
    entries = filesystem.ls(path, detail=True)
    chosen = sorted(
        str(one["name"]) for one in entries
        if one["type"] == "file" and str(one["name"]).lower().endswith(ENDINGS)
    )  # fmt: skip
    _check_count(len(chosen))
    kept = []
    for name in chosen:
        with filesystem.open(name, "rb") as file:
            kept.append(bound.keep(_plain(name), _pieces(file), into))
    return kept


def _from_web(address: str, into: Path, bound: _Bound, *, bearer: str) -> Path:
    """One file of a web address."""
    headers = {"authorization": f"Bearer {bearer}"} if bearer else {}
    timeout = httpx.Timeout(READ_S, connect=CONNECT_S)
    # No proxy or password of the server's own environment goes along.
    with httpx.Client(timeout=timeout, follow_redirects=False, trust_env=False) as client:
        for _ in range(MOST_MOVES + 1):
            _check_host(address)
            with client.stream("GET", address, headers=headers) as answer:
                _check_peer(answer)
                if answer.is_redirect:
                    address = _moved(address, answer.headers.get("location", ""))
                    continue
                if answer.status_code != 200:
                    raise Refused(f"The address answers {answer.status_code}, not 200.")
                name = _named(address, answer.headers.get("content-disposition", ""))
                return bound.keep(name, answer.iter_bytes(CHUNK), into)
    raise Refused(f"The address sends on more than {MOST_MOVES} times.")


def _moved(address: str, location: str) -> str:
    """Where an address sends on to, if that is within its own host."""
    there, before = urlsplit(urljoin(address, location)), urlsplit(address)
    if (there.scheme, there.netloc) != (before.scheme, before.netloc):
        raise Refused(
            f"The address sends on to another place ({there.scheme}://{there.hostname}), and "
            "is not followed there. If that is right, put the new address into the schedule."
        )
    return there.geturl()


def _check_host(address: str) -> None:
    """Refuse an address that leads to services of this machine or its network's own."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(host, port)}
    except OSError:
        raise Refused(f"There is no host called {host}.") from None
    for number in found:
        _check_number(number)


def _check_peer(answer: httpx.Response) -> None:
    """The same of whoever has really answered: a name may lead elsewhere the second time."""
    stream = answer.extensions.get("network_stream")
    peer = stream.get_extra_info("server_addr") if stream is not None else None
    if peer:
        _check_number(str(peer[0]))


def _check_number(number: str) -> None:
    at = ipaddress.ip_address(number.partition("%")[0])
    at = getattr(at, "ipv4_mapped", None) or at
    if at.is_loopback and os.environ.get(LOOPBACK):
        return
    if at.is_loopback or at.is_link_local or at.is_multicast or at.is_unspecified:
        raise Refused(
            "The address leads to this machine itself, or to its network's own services; "
            "nothing is fetched from there."
        )


def _named(address: str, disposition: str) -> str:
    """What a file is called: as its address ends, else as the answer says."""
    for found in (
        urlsplit(address).path,
        *re.findall(r'filename="?([^";]+)"?', disposition),
    ):
        name = _plain(unquote(found))
        if name.lower().endswith(ENDINGS):
            return name
    raise Refused(
        f"The address has to end in a file's name ({', '.join(ENDINGS)}), since the name says "
        "which table it is."
    )


def _plain(name: str) -> str:
    """The last part of a path, as a file of ours may be called."""
    last = re.split(r"[/\\]", name.rstrip("/"))[-1]
    return re.sub(r"[^\w.() -]", "_", last).lstrip(".")[-120:] or "file"


def _check_count(count: int) -> None:
    if not count:
        raise Refused(f"There are no files there ({', '.join(ENDINGS)}).")
    if count > MOST_FILES:
        raise Refused(f"There are {count} files there; an import takes at most {MOST_FILES}.")


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(CHUNK):
        yield piece


def ask(options: Mapping[str, str], into: Path) -> Fetched:
    """Bring the rows that a database answers to a statement, as one file.

    Parameters
    ----------
    options : mapping
        from, statement, and table or source.

    Raises
    ------
    Refused
    """
    try:
        import sqlalchemy
    except ImportError:
        raise Refused(
            "The server cannot ask databases yet: whoever runs it installs SQLAlchemy and the "
            "database's own driver beside Concord (pip install)."
        ) from None
    secret = addresses.secret(options.get("secret", ""))
    address = addresses.check_address(options["from"], is_database=True)
    hidden = quote(secret, safe="")
    bound, name = _Bound(), f"{options.get('table') or 'rows'}.parquet"
    try:
        engine = sqlalchemy.create_engine(
            address.replace(addresses.GAP, hidden), poolclass=sqlalchemy.pool.NullPool
        )
        with closing(engine.connect()) as connection:
            rows = connection.execution_options(stream_results=True).execute(
                sqlalchemy.text(options["statement"])
            )
            _as_parquet(rows, into / f"asked-{name}", bound)
    except Refused:
        raise
    except Exception as error:
        told = f"{type(error).__name__}: {getattr(error, 'orig', None) or error}"[:300]
        for text in (secret, hidden):
            told = told.replace(text, "…") if text else told
        raise Refused(f"The database did not answer: {told}") from error
    path = into / f"asked-{name}"
    with path.open("rb") as file:
        kept = bound.keep(name, _pieces(file), into)
    with suppress(OSError):
        path.unlink()
    return Fetched(files=(kept,), mark=bound.digest.hexdigest(), bytes=bound.bytes)


ROWS_AT_ONCE = 100_000
MOST_ROWS = 100_000_000


def _as_parquet(rows: Any, target: Path, bound: _Bound) -> None:
    """Write what a database answers, piece by piece: the kinds of the first piece hold."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = list(map(str, rows.keys()))
    writer, count = None, 0
    try:
        while piece := rows.fetchmany(ROWS_AT_ONCE):
            count += len(piece)
            if count > MOST_ROWS or time.monotonic() > bound.until:
                raise Refused("The database answers with more than an import takes.")
            columns = list(zip(*piece, strict=True))
            made = pa.table(dict(zip(names, map(list, columns), strict=True)))
            if writer is None:
                writer = pq.ParquetWriter(target, made.schema)
            writer.write_table(made.cast(writer.schema))
    finally:
        if writer is not None:
            writer.close()
    if not count:
        raise Refused("The database answers with no rows.")
