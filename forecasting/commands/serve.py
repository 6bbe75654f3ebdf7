"""The verb that serves the app: on this computer, or on a company's network with sign-in."""

from __future__ import annotations

import ipaddress
import os
import re
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from forecasting.commands.door import database, main
from forecasting.errors import OutOfBounds, Refused
from forecasting.governance.sign_in import SignInRules

SIGN_IN = "CONCORD_SIGN_IN"
HEADER_BYTES = 65_536
"""Bytes that the head of a websocket request may have. People in 200 groups carry 16 kB of
signed cookies; the server's own bound, 8 kB, would leave their page white for good."""
NEEDED = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
"""What the provider's section must say; the last three may stand in `[auth.NAME]`."""
LEAST_SECRET = 32
"""Characters of the secret that signs cookies: 32 random ones cannot be guessed."""
CALLBACK = "/oauth2callback"


@main.command()
@database
@click.option(
    "--host", default="localhost", help="Address to listen on (default: this computer)."
)
@click.option("--port", default=8501, type=click.IntRange(1, 65535))
@click.option("--base-path", default="", help="Path behind a proxy, such as /concord.")
@click.option(
    "--sign-in", "file", default=lambda: os.environ.get(SIGN_IN) or None,
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"File with the identity provider's settings (default: {SIGN_IN}).",
)  # fmt: skip
@click.option("--name", "names", multiple=True, help="Name under which browsers reach it.")
@click.option(
    "--insecure", is_flag=True,
    help="Listen beyond this computer although anybody may choose to be anybody.",
)  # fmt: skip
def serve(
    db: Path,
    host: str,
    port: int,
    base_path: str,
    file: Path | None,
    names: tuple[str, ...],
    insecure: bool,
) -> None:
    """Start the app: on this computer, or for a team that signs in."""
    from streamlit.runtime.pages_manager import PagesManager
    from streamlit.web import cli

    base = _checked_base(base_path)
    auth = sign_in_file(file, base=base) if file else {}
    refuse_strangers(host, signs_in=bool(auth), insecure=insecure)
    # Until app.py has run once, Streamlit takes pages/ for its own folder of pages and
    # answers a first deep link with "Page not found". Say beforehand that it is not.
    PagesManager.uses_pages_directory = False
    os.environ["CONCORD_DB"] = str(db.resolve())  # it was reported where one stands now
    os.environ.setdefault("WEBSOCKETS_MAX_LINE_LENGTH", str(HEADER_BYTES))
    if insecure and not auth:
        os.environ["CONCORD_INSECURE"] = "1"  # the front page says so
    root = Path(__file__).parents[2]
    told = [f"--server.port={port}", f"--server.address={host}", f"--server.baseUrlPath={base}"]
    told += [f"--server.allowedHosts={name}" for name in _reached_as(host, names, auth)]
    if file:
        told.append(f"--secrets.files={file.resolve()}")
    os.chdir(root)  # .streamlit/config.toml is read from here
    sys.argv = ["streamlit", "run", str(root / "served.py"), *told]
    sys.exit(cli.main())


def is_this_computer(host: str) -> bool:
    """Whether nobody else can reach an address."""
    name = host.strip("[]").lower()
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def refuse_strangers(host: str, *, signs_in: bool, insecure: bool) -> None:
    """Refuse to listen where others are, if nobody would be asked who they are.

    Raises
    ------
    Refused
    """
    if is_this_computer(host) or signs_in or insecure:
        return
    raise Refused(
        f"Concord would be reached by others under {host}, and nobody would be asked who they "
        "are. Give it your identity provider's settings with --sign-in FILE "
        "(docs/how-to/server.md), or say --insecure if anybody there may be anybody."
    )


def sign_in_file(path: Path, *, base: str = "") -> Mapping[str, Any]:
    """The provider's section of a sign-in file, checked before anybody meets it.

    Parameters
    ----------
    path : Path
        TOML: `[auth]` as Streamlit reads it, `[concord]` with Concord's own rules.
    base : str
        Path that the app has behind a proxy; '' where it has none.

    Raises
    ------
    OutOfBounds
        Naming what is missing or not as expected.
    """
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise OutOfBounds(f"There is no sign-in file {path}.") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise OutOfBounds(f"{path} cannot be read as TOML: {error}.") from None
    auth = told.get("auth")
    if not isinstance(auth, dict):
        raise OutOfBounds(
            f"{path} has no section [auth] with the identity provider's settings."
        )
    provider = next(
        (one for one in auth.values() if isinstance(one, dict) and "client_id" in one), {}
    )
    missing = [
        key for key in NEEDED if not str(auth.get(key) or provider.get(key) or "").strip()
    ]
    if missing:
        raise OutOfBounds(f"{path}, [auth] lacks {', '.join(missing)}.")
    if len(str(auth["cookie_secret"])) < LEAST_SECRET:
        raise OutOfBounds(
            f"{path}, cookie_secret has {len(str(auth['cookie_secret']))} characters; whoever "
            f"guesses it is anybody. Give it {LEAST_SECRET} random ones or more."
        )
    public = urlsplit(str(auth["redirect_uri"]))
    if not public.hostname or public.path != f"{base}{CALLBACK}":
        raise OutOfBounds(
            f"{path}, redirect_uri is the address under which browsers reach Concord, ending "
            f"in {base}{CALLBACK}; not '{auth['redirect_uri']}'."
        )
    if public.scheme != "https" and not is_this_computer(public.hostname):
        raise OutOfBounds(
            f"{path}, redirect_uri begins with https:// wherever others reach it: without it "
            "everybody on the way can read who signs in."
        )
    SignInRules.read(told.get("concord", {}))
    return auth


def _checked_base(path: str) -> str:
    """A path as it stands before every page, '' or '/path'."""
    base = "/" + path.strip("/") if path.strip("/") else ""
    if not re.fullmatch(r"(/[A-Za-z0-9_.~-]+)*", base) or "/.." in base:
        raise OutOfBounds(f"--base-path is a path such as /concord; not '{path[:80]}'.")
    return base


def _reached_as(host: str, names: tuple[str, ...], auth: Mapping[str, Any]) -> list[str]:
    """Names under which browsers may reach the app: another page's name is refused."""
    known = ["localhost", "127.0.0.1", "::1", *names]
    if host not in ("0.0.0.0", "::"):  # noqa: S104  (an address to compare with)
        known.append(host)
    public = urlsplit(str(auth.get("redirect_uri", ""))).hostname
    return list(dict.fromkeys([*known, *([public] if public else [])]))
