"""A calendar (RFC 5545) into events: one flat list, each with the line that it begins on.

A calendar can be written to break whoever opens it: a million events, one that repeats for
ever, components within components, lines folded inside a letter. So lines and components are
told apart here, counted as they come; of an event only the few properties that an activation
has are handed to icalendar, which reads their values. What repeats is not spread out.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from data.limits import Limits
from data.parser.staged import bad, shown

KEPT = frozenset({
    "UID", "SUMMARY", "DTSTART", "DTEND", "DURATION", "STATUS", "CATEGORIES", "SEQUENCE",
    "X-CONCORD-AS-OF",
})  # fmt: skip
"""Properties of an event that are read."""
REPEATS = frozenset({"RRULE", "RDATE", "RECURRENCE-ID", "EXRULE"})
DEEPEST = 4
"""Components inside of one another: a calendar, an event, its alarm, and one to spare."""
MOST_OF_ONE = 200
"""Lines of one event that are kept: a real one has each property once."""
SHOWN = 60
"""Characters of what was found that a message shows."""
_DAY = dt.timedelta(1)
_ENCODING = "UTF-8 text, as RFC 5545 asks for"


def events(file: int, label: str, limits: Limits, zone: str) -> list[dict[str, Any]]:
    """What stands in an open calendar, event by event, as plain values.

    Parameters
    ----------
    zone : str
        Where the company is: a time in UTC is of the day that it is there, unless the
        calendar names a zone of its own.

    Returns
    -------
    list of dict
        line, uid, name, start, end (ISO days, the last one included), status, categories,
        as_of (whole number, or nothing), repeats, wrong (field, found, expected).
    """
    found, calendar = _parsed(file, label, limits)
    for name in (calendar.get("X-WR-TIMEZONE", ""), zone):
        if where := _zone(name):
            break
    is_called_off = calendar.get("METHOD", "").strip().upper() == "CANCEL"
    return [_values(one, where, is_called_off=is_called_off) for one in found]


# Lines and components -------------------------------------------------------------------


@dataclass(slots=True)
class _Event:
    """The lines of one event that are read."""

    line: int
    lines: list[str] = field(default_factory=list)
    repeats: bool = False


def _parsed(file: int, label: str, limits: Limits) -> tuple[list[_Event], dict[str, str]]:
    """The events of a calendar, and its own properties."""
    inside: list[str] = []
    found: list[_Event] = []
    calendar: dict[str, str] = {}
    for line, text in _lines(file, label, limits):
        head, _, value = text.partition(":")
        name = head.partition(";")[0].strip().upper()
        if name == "BEGIN":
            _begin(inside, value.strip().upper(), line, label)
            if inside == ["VCALENDAR", "VEVENT"]:
                if len(found) >= limits.events:
                    raise bad(
                        label, f"more than {limits.events:,} events",
                        "fewer: have your program write a shorter span", line=line,
                    )  # fmt: skip
                found.append(_Event(line))
        elif name == "END":
            if not inside or inside.pop() != value.strip().upper():
                raise bad(
                    label, f"END:{shown(value, SHOWN)}", "the end of what began last", line=line
                )
        elif inside == ["VCALENDAR", "VEVENT"]:
            _keep(found[-1], name, text)
        elif inside == ["VCALENDAR"]:
            calendar[name] = value
        elif not inside:
            raise bad(label, shown(text, SHOWN), "BEGIN:VCALENDAR (an ICS file)", line=line)
    if inside:
        raise bad(label, f"no END:{inside[-1]}", "a calendar that is written to its end")
    if not found:
        raise bad(label, "no event", "at least one event (VEVENT)")
    return found, calendar


def _begin(inside: list[str], name: str, line: int, label: str) -> None:
    if not inside and name != "VCALENDAR":
        raise bad(label, f"BEGIN:{shown(name, SHOWN)}", "BEGIN:VCALENDAR", line=line)
    if len(inside) >= DEEPEST or name in inside:
        expected = "an event in a calendar, with nothing but alarms inside"
        raise bad(label, f"{shown(name, SHOWN)} inside of {inside[-1]}", expected, line=line)
    inside.append(shown(name, SHOWN))


def _keep(event: _Event, name: str, text: str) -> None:
    event.repeats |= name in REPEATS
    if name in KEPT and len(event.lines) < MOST_OF_ONE:
        event.lines.append(text)


def _lines(file: int, label: str, limits: Limits) -> Iterator[tuple[int, str]]:
    """Content lines without their folds, each with its number from 1."""
    with os.fdopen(os.dup(file), "rb") as opened:
        opened.seek(0)
        data = opened.read(limits.calendar + 1)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            data = data.decode("utf-16").encode()
        except UnicodeDecodeError:
            raise bad(label, "broken UTF-16 text", _ENCODING, line=1) from None
    begun, parts, size = 1, list[bytes](), 0
    # A fold may lie inside a letter: lines are joined before they are decoded.
    for number, raw in enumerate(data.removeprefix(b"\xef\xbb\xbf").splitlines(), 1):
        if raw[:1] in (b" ", b"\t"):
            parts.append(raw[1:])
        else:
            yield from _whole(begun, parts, label)
            begun, parts, size = number, [raw], 0
        size += len(raw)
        if size > limits.value:
            raise bad(
                label,
                f"a line of more than {limits.value:,} bytes",
                "a shorter one",
                line=begun,
            )
    yield from _whole(begun, parts, label)


def _whole(line: int, parts: list[bytes], label: str) -> Iterator[tuple[int, str]]:
    joined = b"".join(parts)
    if b"\0" in joined:
        raise bad(label, "a NUL byte", _ENCODING, line=line)
    try:
        text = joined.decode()
    except UnicodeDecodeError as error:
        found = f"the byte 0x{joined[error.start]:02x}"
        raise bad(label, found, _ENCODING, line=line) from None
    if text.strip():
        yield line, text


# Values ---------------------------------------------------------------------------------


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name.strip())
    except (ValueError, KeyError, OSError):  # any text may stand there, paths too
        return None


def _values(one: _Event, zone: ZoneInfo | None, *, is_called_off: bool) -> dict[str, Any]:
    # Loading it takes as long as all else: only who reads a calendar waits for it.
    from icalendar import Event

    read = Event.from_ical("\r\n".join(["BEGIN:VEVENT", *one.lines, "END:VEVENT"]))
    wrong: list[tuple[str, str, str]] = []
    start, end = _days(read, zone, wrong)
    as_of = _text(read, "X-CONCORD-AS-OF", wrong) or _text(read, "SEQUENCE", wrong)
    categories = read.get("CATEGORIES")
    cats = getattr(categories, "cats", []) if not isinstance(categories, list) else []
    status = "CANCELLED" if is_called_off else _text(read, "STATUS", wrong).strip().upper()
    return {
        "line": one.line,
        "uid": _text(read, "UID", wrong).strip(),
        "name": " ".join(_text(read, "SUMMARY", wrong).split()),
        "start": start and start.isoformat(),
        "end": end and end.isoformat(),
        "status": status,
        "categories": [str(each).strip() for each in cats][:20],
        "as_of": int(as_of)
        if as_of.isascii() and as_of.isdecimal() and len(as_of) < 16
        else None,
        "repeats": one.repeats,
        "wrong": wrong,
    }


def _text(read: Any, name: str, wrong: list[tuple[str, str, str]]) -> str:
    value = read.get(name, "")
    if isinstance(value, list):
        wrong.append((name, f"it {len(value)} times", "it once"))
        return ""
    return str(value)


def _days(
    read: Any, zone: ZoneInfo | None, wrong: list[tuple[str, str, str]]
) -> tuple[dt.date | None, dt.date | None]:
    """First and last day, both included."""
    start = _moment(read, "DTSTART", zone, wrong, is_needed=True)
    end = _moment(read, "DTEND", zone, wrong)
    if start is None or any(name == "DTEND" for name, _, _ in wrong):
        return None, None
    first = _day(start)
    try:
        if end is None and "DURATION" in read:
            lasts = _held(read["DURATION"])
            if not isinstance(lasts, dt.timedelta):
                wrong.append(("DURATION", shown(str(read["DURATION"]), SHOWN), "such as P7D"))
                return first, None
            end = start + lasts
        if end is None or end == start:
            return first, first
        # The end is the first moment that is not of it, of a day as of a time.
        last = end - (dt.timedelta(microseconds=1) if isinstance(end, dt.datetime) else _DAY)
    except OverflowError:
        wrong.append(("DURATION", "an end beyond all calendars", "a day"))
        return first, None
    if _day(last) < first:
        wrong.append(("DTEND", _day(last).isoformat(), f"a day after {first}"))
        return first, None
    return first, _day(last)


def _held(value: Any) -> Any:
    """The day, time or length that a property holds; None where it holds none."""
    from icalendar import vDDDTypes

    return value.dt if isinstance(value, vDDDTypes) else None


def _day(moment: dt.date) -> dt.date:
    return moment.date() if isinstance(moment, dt.datetime) else moment


def _moment(
    read: Any,
    name: str,
    zone: ZoneInfo | None,
    wrong: list[tuple[str, str, str]],
    *,
    is_needed: bool = False,
) -> dt.date | None:
    """A day, or a time as clocks show it where the event takes place."""
    value = read.get(name)
    found = _held(value)
    if isinstance(found, dt.date) and not isinstance(found, dt.datetime):
        return found
    if isinstance(found, dt.datetime):
        # A zone of its own shows the day as it is written; in UTC it may be another one.
        if found.tzinfo is not None and "TZID" not in value.params and zone:
            try:
                found = found.astimezone(zone)
            except OverflowError:  # the first hours of the first year
                found = None
        if found is not None:
            return found.replace(tzinfo=None)
    if value is not None or is_needed:
        seen = "nothing" if value is None else shown(str(value), SHOWN)
        expected = (
            "once, a day such as 20260503"
            if isinstance(value, list)
            else ("a day such as 20260503")
        )
        wrong.append((name, seen, expected))
    return None
