"""Where files and secrets of the nightly work are: what is accepted, before anything is asked.

The ledger is read by everybody and kept for good, so no secret may stand in it. An address
has `{secret}` where one belongs, and names where the server keeps it: a variable of its
environment or a file. Both are bounded: whoever may make a schedule could otherwise send
anything that the server knows to an address of their choice.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from forecasting.errors import OutOfBounds, Refused

INCOMING = "CONCORD_INCOMING"
"""Variable that names the folder from which whoever imports may schedule imports."""
SECRETS = "CONCORD_SECRETS"
"""Variable that names the folder in which files with secrets are."""
USUAL_SECRETS = "/run/secrets"
OF_SECRETS = "CONCORD_SECRET_"
"""How the name of a variable begins that holds a secret for schedules."""
GAP = "{secret}"
WEB = ("http", "https")
STORES = ("s3", "gs", "gcs", "az", "abfs", "abfss")
"""Object stores that fsspec reads, given the package of each."""
_SECRET_KEYS = re.compile(
    r"(pass(word|wd)?|pwd|token|sig(nature)?|secret|key|apikey|api_key|access_?key|credential|auth)$",
    re.IGNORECASE,
)
_DATABASE = re.compile(r"[a-z][a-z0-9]*(\+[a-z0-9_]+)?")


def check_address(address: str, *, is_database: bool = False) -> str:
    """An address without blanks around it, if files or rows may be fetched from there.

    Parameters
    ----------
    address : str
        A folder or file of the server, or a URL.
    is_database : bool
        It is a database that is asked by SQL.

    Raises
    ------
    OutOfBounds
        If it is of no kind that is known, or holds a secret.
    """
    address = address.strip()
    scheme, is_url = kind_of(address), "://" in address
    if not address.isprintable() or "::" in address:
        raise OutOfBounds("An address is one line and names one place.")
    if is_database:
        if not is_url or not _DATABASE.fullmatch(scheme) or scheme in (*WEB, *STORES, "file"):
            raise OutOfBounds(
                "A database is named as SQLAlchemy does: "
                f"postgresql+psycopg://reader:{GAP}@host/name; not '{_short(address)}'."
            )
    elif not is_url:
        if not Path(address).is_absolute():
            raise OutOfBounds(
                f"A folder is named from the root, like /srv/incoming; not '{_short(address)}'."
            )
        return address
    elif scheme not in ("file", *WEB, *STORES):
        raise OutOfBounds(
            f"Files are fetched from a folder, file, {', '.join((*WEB, *STORES))}; not "
            f"'{_short(scheme)}'."
        )
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise OutOfBounds(f"'{_short(address)}' is no address.") from None
    del port
    if scheme in WEB and not parts.hostname:
        raise OutOfBounds(f"'{_short(address)}' names no host.")
    asked = parse_qsl(parts.query, keep_blank_values=True)
    hidden = [key for key, value in asked if _SECRET_KEYS.search(key) and value != GAP]
    user_info = parts.netloc.rpartition("@")[0]
    is_open = scheme in WEB and user_info not in ("", GAP) and not user_info.endswith(f":{GAP}")
    if hidden or parts.password not in (None, GAP) or is_open:
        raise OutOfBounds(
            "Everybody reads schedules in the ledger, so no password or key stands in an "
            f"address: write {GAP} there, and say where the server keeps it "
            f"(env:{OF_SECRETS}NAME or file:{USUAL_SECRETS}/NAME)."
        )
    return address


def kind_of(address: str) -> str:
    """Its scheme in lower case; 'file' of a plain path."""
    scheme, sign, _ = address.partition("://")
    return scheme.lower() if sign else "file"


def check_secret(reference: str) -> str:
    """Where a secret is kept, if it may be there.

    Raises
    ------
    OutOfBounds
    """
    kind, _, name = reference.strip().partition(":")
    if kind == "env" and re.fullmatch(rf"{OF_SECRETS}[A-Z0-9_]{{1,60}}", name):
        return f"env:{name}"
    if kind == "file" and _within(Path(name), _secrets()):
        return f"file:{name}"
    raise OutOfBounds(
        f"A secret is named by where the server keeps it: env:{OF_SECRETS}NAME, or a file in "
        f"{_secrets()}, file:{_secrets()}/NAME."
    )


def secret(reference: str) -> str:
    """The secret itself, read at the moment when it is needed; '' for no reference.

    Raises
    ------
    Refused
        If it is not where it should be.
    """
    if not reference:
        return ""
    kind, _, name = check_secret(reference).partition(":")
    try:
        found = os.environ[name] if kind == "env" else Path(name).read_text(encoding="utf-8")
    except (KeyError, OSError, UnicodeDecodeError):
        raise Refused(
            f"The server has no secret at {reference}. Ask whoever runs it."
        ) from None
    if not found.strip():
        raise Refused(f"The secret at {reference} is empty. Ask whoever runs the server.")
    return found.strip()


def has_incoming() -> bool:
    """Whether the server names a folder for files that come in."""
    return bool(os.environ.get(INCOMING, "").strip())


def incoming(name: str) -> Path:
    """A folder within the one that the server has for files that come in.

    Raises
    ------
    Refused
        If the server names none.
    OutOfBounds
        If it leads out of it.
    """
    root = os.environ.get(INCOMING, "").strip()
    if not root:
        raise Refused(
            f"The server names no folder for files that come in ({INCOMING}). Ask whoever "
            "runs it, or have Admin make this schedule."
        )
    found = Path(root) / name
    if not _within(found, Path(root)):
        raise OutOfBounds(f"'{_short(name)}' leads out of the folder for files that come in.")
    return found


def _within(path: Path, folder: Path) -> bool:
    """Whether a path is in a folder, also after every link is followed."""
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):
        return False


def _secrets() -> Path:
    return Path(os.environ.get(SECRETS, USUAL_SECRETS))


def _short(text: str) -> str:
    """As much of a text as is shown; what may be a password is not."""
    return re.sub(r"//[^/@]*@", "//…@", text)[:80]
