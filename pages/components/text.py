"""The one door through which text comes onto a page.

Streamlit takes nearly every string that it shows for Markdown: a name such as
`![](https://example.org/x.png)` would fetch a picture, `:red[x]` would be coloured, `$x$`
would be a formula. So whatever was typed by a person or stood in a file goes through
`plain` and means itself; sentences of ours, which may use markup, are of the type `Markdown`.
tests/test_doors.py proves from the source that nothing else reaches a page. Cells of tables,
options of select boxes and texts in charts are drawn as they are and must not come here: the
escapes would be seen.
"""

import re
import unicodedata
from typing import Any, NewType

import streamlit as st

Markdown = NewType("Markdown", str)
"""Markdown of ours: our own words and what `plain` returned."""

_MARKS = re.compile(r"[\\`*_\[\]<>#|~$&{}!:^]")
_BEGINS = re.compile(r"^([-+=]|\d+(?=[.)]))")
_JOINER = "\u2060"
"""Not seen and without width: keeps what stands beside it apart for whoever looks for links,
signs of emotion and arrows, after escapes were already undone."""
_LINKS = re.compile(
    r"(?<=:)(?=[\w+/-])|(?<=@)(?=\S)|(?<=[wW]{3})(?=\.)|(?<=[<>=~-])(?=[<>=~-])"
)
_UNSEEN = {"Cc", "Cs", "Zl", "Zp"}
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Turn the direction of whatever follows them, also of what is not theirs."""


def plain(value: object) -> Markdown:
    """Text that means itself wherever Markdown is shown: no markup, no link, one line."""
    seen = "".join(
        " " if unicodedata.category(sign) in _UNSEEN else sign
        for sign in str(value)
        if sign not in _TURNING
    )
    apart = _LINKS.sub(_JOINER, " ".join(seen.split()))
    escaped = _MARKS.sub(r"\\\g<0>", apart)
    return Markdown(_BEGINS.sub(_escaped_begin, escaped))


def unmarked(shown: Markdown | str) -> str:
    """Markdown of ours as it is spoken: without emphasis, without what escapes a sign."""
    spoken = re.sub(r"(?<!\\)\*\*|  \n", "", shown).replace(_JOINER, "")
    return re.sub(r"\\(.)", r"\1", spoken)


def _escaped_begin(found: re.Match[str]) -> str:
    """A list, a rule or a heading begins like this; 2026 is no list, and 1) is one."""
    begun = found.group()
    return f"{begun}{_JOINER}" if begun[0].isdigit() else f"\\{begun}"


def ours(sentence: str) -> Markdown:
    """A sentence of ours: literals, and what the door returned (proved from the source)."""
    return Markdown(sentence)


def of_files(markdown: str) -> Markdown:
    """Markdown that the house itself writes about its tables; no data is in it."""
    return Markdown(markdown)


def link(words: Markdown, address: str) -> Markdown:
    """The one kind of link that leads out: evidence, checked when it was given.

    What is no address of the web is no link.
    """
    if not is_address(address):
        return Markdown("")
    # A bracket or an angle would end the link early, a backslash would escape its end.
    for sign, code in {"(": "%28", ")": "%29", "<": "%3C", ">": "%3E", "\\": "%5C"}.items():
        address = address.replace(sign, code)
    return Markdown(f"[{words}](<{address}>)")


def is_address(text: str) -> bool:
    """Whether it leads to the web and does nothing else."""
    return re.fullmatch(r"https?://[^\s/]\S*", text, re.IGNORECASE) is not None


def evidence_column(**options: Any) -> Any:
    """The column of a table that leads to evidence; its cells are addresses or None."""
    return st.column_config.LinkColumn(display_text="open", **options)
