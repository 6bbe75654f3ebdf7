"""What sends digests: by mail, Slack, Teams, a webhook; kept until it was sent.

A message is written into the database together with what its person was told by it, and only
then sent. What could not be sent is tried again, later each time, and stands in the inbox of
its person and of Admin until it was. Nobody gets more than one message an hour, and nobody
gets one that says nothing.

Where and how is the server's business: a TOML file that `CONCORD_CHANNELS` names
(docs/how-to/word.md). Passwords and addresses of channels stay there.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import tomllib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from data.letters import Letter
from forecasting import conventions, operation
from forecasting.errors import ConcordError, OutOfBounds, Refused
from forecasting.governance import addresses
from forecasting.governance.wishes import MAIL, Rhythm, Wish
from forecasting.outputs import digest, inbox
from forecasting.workspace import Workspace

LOG = operation.log("post")
SETTINGS = "CONCORD_CHANNELS"
"""Variable that names the file of the server's ways to send."""
APART = dt.timedelta(hours=1)
"""Between two messages to one person, at least."""
FIRST_WAIT, LONGEST_WAIT = dt.timedelta(minutes=5), dt.timedelta(hours=6)
"""Before a message is tried again: twice as long each time."""
GIVEN_UP = dt.timedelta(3)
"""After so long nobody tries to send a message any more; that it was not sent stays told."""
SECURITY = {"none": "insecure", "starttls": "starttls", "tls": "ssl"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """How the server sends."""

    link: str = ""
    """Address under which browsers reach Concord."""
    mail: Mapping[str, Any] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    """Name to the address that apprise knows it by."""

    @property
    def names(self) -> list[str]:
        """What somebody may wish to be told by."""
        return [*([MAIL] if self.mail else []), *sorted(self.channels)]

    @classmethod
    def of_server(cls) -> Self:
        """As the server's file says; no way where there is none.

        Raises
        ------
        OutOfBounds
        """
        named = os.environ.get(SETTINGS, "").strip()
        if not named:
            return cls()
        try:
            told = tomllib.loads(Path(named).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise OutOfBounds(f"{named} ({SETTINGS}) cannot be read: {error}.") from None
        return cls.read(told)

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Self:
        """As a file says.

        Raises
        ------
        OutOfBounds
            Naming what is not known or not as expected.
        """
        unknown = sorted(set(told) - {"link", "mail", "channels"})
        if unknown:
            raise OutOfBounds(f"{SETTINGS} does not know '{unknown[0]}': link, mail, channels.")
        link = str(told.get("link", "")).rstrip("/")
        if link and not re.fullmatch(r"https?://[^\s]+", link):
            raise OutOfBounds(f"link is the address of Concord, https://…; not '{link[:80]}'.")
        mail = dict(told.get("mail", {}))
        if mail and not (mail.get("host") and mail.get("from")):
            raise OutOfBounds("[mail] needs host and from.")
        if mail.get("security", "starttls") not in SECURITY:
            raise OutOfBounds(f"[mail] security is one of {', '.join(SECURITY)}.")
        channels = {str(k): str(v) for k, v in dict(told.get("channels", {})).items()}
        wrong = [k for k in channels if not re.fullmatch(r"[a-z0-9_-]{1,40}", k) or k == MAIL]
        if wrong:
            raise OutOfBounds(f"[channels] '{wrong[0][:40]}': small letters, and not 'mail'.")
        return cls(link=link, mail=mail, channels=channels)

    def send(self, letter: Letter, wish: Wish | None) -> None:
        """Send one message.

        Raises
        ------
        Refused
            If it was not taken; in words without any secret.
        """
        import apprise  # takes half a second to load, and few servers send anything

        if letter.channel == MAIL:
            if not self.mail or wish is None or not wish.address:
                raise Refused("The server has no way to send mail, or the address is gone.")
            target = apprise.Apprise.instantiate(self._mail_to(wish.address))
        elif letter.channel in self.channels:
            target = apprise.Apprise.instantiate(self.channels[letter.channel])
        else:
            raise Refused(f"The server has no channel '{letter.channel}' any more.")
        if not target:
            raise Refused(f"The server's way '{letter.channel}' is not one that can be used.")
        # apprise says only whether; why stands in its own log lines, which may hold secrets.
        if not target.notify(body=letter.body, title=letter.title, body_format="text"):
            raise Refused(f"The {letter.channel} server did not take it.")

    def _mail_to(self, address: str) -> dict[str, Any]:
        told = self.mail
        security = SECURITY[told.get("security", "starttls")]
        password = str(told.get("password", ""))
        if password.startswith(("env:", "file:")):
            password = addresses.secret(password)
        login = {"user": str(told["user"]), "password": password} if told.get("user") else {}
        return {
            "schema": "mailto" if security == "insecure" else "mailtos",
            "host": str(told["host"]), "smtp_host": str(told["host"]), "targets": [address],
            "port": int(told.get("port", 587)), "from_addr": str(told["from"]),
            "secure": security != "insecure", "secure_mode": security, **login,
        }  # fmt: skip


def deliver(space: Workspace, *, now_too: bool = False) -> tuple[int, int]:
    """Write the messages that are due, and send what is to be sent.

    Parameters
    ----------
    now_too : bool
        Daily and weekly digests are due now, whatever their time.

    Returns
    -------
    tuple of int
        Messages sent, and those that wait for another try.
    """
    now = space.desk.now
    ways = Ways.of_server()
    for person, wish in space.wishes.everybody.items():
        until = _due(wish, now, now_too=now_too)
        if until is not None and not _is_too_soon(space, person, now):
            _write(space, person, wish, ways, until=until, now=now)
    sent = waits = 0
    wishes = space.wishes.everybody
    for letter in space.wishes.letters:
        if letter.next_try is None or letter.next_try > now:
            waits += letter.next_try is not None
            continue
        if letter.person not in wishes:  # taken out, or wishes no more to be told
            space.wishes.tried(replace(letter, next_try=None, failed="Nobody is to be told."))
            continue
        try:
            ways.send(letter, wishes[letter.person])
        except ConcordError as error:
            waits += 1
            space.wishes.tried(_again(letter, str(error), now))
            LOG.warning("not_sent", channel=letter.channel, tries=letter.tries + 1)
        else:
            sent += 1
            space.wishes.tried(
                replace(letter, tries=letter.tries + 1, sent_at=now, next_try=None, failed="")
            )
    return sent, waits


def _due(wish: Wish, now: dt.datetime, *, now_too: bool) -> dt.datetime | None:
    """Up to when somebody is told now; None where it is not their time."""
    if wish.rhythm is Rhythm.OFF:
        return None
    if wish.rhythm is Rhythm.AT_ONCE or now_too:
        return now
    slot = wish.when.last(now, conventions.in_force().zone)
    return slot if slot > wish.since else None


def _is_too_soon(space: Workspace, person: str, now: dt.datetime) -> bool:
    """Whether they got a message within the hour, or one still waits to be sent."""
    mine = [one for one in space.wishes.letters if one.person == person]
    return any(
        one.next_try is not None or (one.sent_at is not None and now - one.sent_at < APART)
        for one in mine
    )


def _write(
    space: Workspace,
    person: str,
    wish: Wish,
    ways: Ways,
    *,
    until: dt.datetime,
    now: dt.datetime,
) -> None:
    """Put down what somebody has not been told; nothing where there is nothing new."""
    told = set(wish.told)
    new = [one for one in inbox.items(space, person) if one.is_new and one.key not in told]
    if not new:
        if wish.rhythm is not Rhythm.AT_ONCE:
            space.wishes.nothing_for([person], until=until)
        return
    letter = Letter(
        letter=uuid.uuid4().hex, person=person, channel=wish.channel,
        title=digest.title_of(new), body=digest.body_of(new, base=ways.link),
        made_at=now, next_try=now,
    )  # fmt: skip
    space.wishes.told(letter, [one.key for one in new], until=until)


def _again(letter: Letter, why: str, now: dt.datetime) -> Letter:
    """The same message, to be tried again later, or not any more."""
    wait = min(FIRST_WAIT * 2**letter.tries, LONGEST_WAIT)
    over = now - letter.made_at > GIVEN_UP
    return replace(
        letter, tries=letter.tries + 1, failed=why, next_try=None if over else now + wait
    )
