"""What both crawls of the pages share: which pages, who, what a control is, what was visited.

Nothing here names a page or a control of the app: pages come from its front door, people from
the sample company, controls from what is on the screen, and the places where controls are made
from the source, so that a new one is tried, or missed aloud, without a word here.
"""

import ast
import fcntl
import io
import json
import os
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pandas as pd

from forecasting.sample.build import STAFF

ROOT = Path(__file__).parents[1]
FULL = os.environ.get("CONCORD_CRAWL") == "full"
"""Every function tries every option of everything, and rows that are alike are all tried."""
ALIKE = 12 if FULL else 2
"""So many controls that differ only in a number or a name are tried."""
REPORT = ROOT / "build" / "crawl.json"
PEOPLE = {function.value: identity for identity, _, function in STAFF}
NAMES = {function.value: name for _, name, function in STAFF}
MAKERS = frozenset(
    [
        "button",
        "checkbox",
        "data_editor",
        "dataframe",
        "date_input",
        "download_button",
        "expander",
        "file_uploader",
        "form_submit_button",
        "menu_button",
        "multiselect",
        "number_input",
        "pills",
        "popover",
        "radio",
        "segmented_control",
        "select_slider",
        "selectbox",
        "slider",
        "tabs",
        "text_area",
        "text_input",
        "toggle",
    ]
)
"""Calls that put a control on a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An entry of the app's menus."""

    url: str
    path: str
    title: str

    @property
    def is_called_as_its_file(self) -> bool:
        """Whether Streamlit's test driver knows its address before the app has run."""
        return Path(self.path).stem == self.url


def pages() -> list[Page]:
    """Every page, as the front door lists it."""
    for node in ast.parse((ROOT / "app.py").read_text(encoding="utf-8")).body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        )
        if any(isinstance(t, ast.Name) and t.id == "PAGES" for t in targets):
            entries = ast.literal_eval(node.value)
            return [
                Page(url=url, path=f"pages/{path}", title=title)
                for section in entries.values()
                for url, path, title, *_ in section
            ]
    raise AssertionError("app.py has no PAGES")


def sources() -> list[Path]:
    return [ROOT / "app.py", *sorted((ROOT / "pages").rglob("*.py"))]


def makers() -> dict[tuple[str, int], str]:
    """Places of the source that make a control: (file, line) of every line of the call."""
    found = {}
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in MAKERS
            ):
                where = f"{path.relative_to(ROOT)}:{node.lineno} {node.func.attr}"
                for line in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                    found.setdefault((str(path), line), where)
    return found


_SOMEBODY = re.compile(rf"(?:{'|'.join(map(re.escape, NAMES.values()))})(?: \(\w+\))?")


def alike(text: str) -> str:
    """A label without what differs between rows: numbers, codes, amounts, and who it names.

    What stands in one's own name on every page is one thing of that page, whoever opens it.
    """
    text = _SOMEBODY.sub("#", text)
    return re.sub(r"\s+", " ", re.sub(r"[\w$−+-]*\d[\w.,:%-]*", "#", text)).strip()


def spread(count: int) -> list[int]:
    """Which of so many options are tried."""
    if FULL or count <= 2:
        return list(range(count))
    return [count - 1, 0]


@dataclass(slots=True)
class Seen:
    """What was tried; remembers it by what a person would call the same."""

    most: int = ALIKE
    tried: set[tuple[str, ...]] = field(default_factory=set)
    alike: Counter[tuple[str, ...]] = field(default_factory=Counter)

    def is_new(self, kind: tuple[str, ...], exactly: tuple[str, ...]) -> bool:
        """Whether it is to be tried; if so it counts as tried."""
        if exactly in self.tried or self.alike[kind] >= self.most:
            return False
        self.tried.add(exactly)
        self.alike[kind] += 1
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing done to a page, and what became of it."""

    company: str
    page: str
    function: str
    control: str
    choice: str
    outcome: str


@dataclass(slots=True)
class Visit:
    """All steps of one crawl."""

    by: str
    steps: list[Step] = field(default_factory=list)

    def say(
        self, company: str, page: str, function: str, control: str, choice: str, outcome: str
    ) -> None:
        self.steps.append(
            Step(
                company=company,
                page=page,
                function=function,
                control=control,
                choice=choice,
                outcome=outcome,
            )
        )

    def write(self, **more: object) -> None:
        """Put the steps into the report, beside the other crawl's."""
        REPORT.parent.mkdir(exist_ok=True)
        with REPORT.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                report = json.loads(REPORT.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                report = {}
            report[self.by] = [asdict(step) for step in self.steps]
            report |= more
            REPORT.write_text(json.dumps(report, indent=1), encoding="utf-8")


def faults(steps: Sequence[Step]) -> list[str]:
    """What went wrong, once each."""
    found: dict[tuple[str, str, str], Step] = {}
    for step in steps:
        if step.outcome not in ("fine", "refused"):
            found.setdefault((step.page, alike(step.control), step.outcome[:60]), step)
    return [
        f"{s.company}: {s.page} as {s.function}, {s.control} = {s.choice!r}: {s.outcome}"
        for s in found.values()
    ]


TEXTS = (
    "A crawl *was* here, [see](https://out.example) $x$ =1+1 <b>",
    *(("x" * 3000,) if FULL else ()),
)
"""What is written into every field of text."""


CALENDAR = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:crawl@example.com\r\nSUMMARY:Fair\r\n"
    b"CATEGORIES:event\r\nDTSTART;VALUE=DATE:20270111\r\nDTEND;VALUE=DATE:20270114\r\n"
    b"END:VEVENT\r\nEND:VCALENDAR\r\n"
)
"""What another program's calendar holds that Concord has not."""


def files(allowed: Sequence[str], given: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Files for an upload: what the same page gave, a strange one and a broken one."""
    suffixes = [kind.lstrip(".") for kind in allowed]
    for name, content in given.items():
        if name.rsplit(".", 1)[-1] in suffixes:
            yield name, content
    if "csv" in suffixes:
        yield "doors.csv", b"door,name,region,kind\nCRAWL,New place,North,store\n"
        yield "strange.csv", b"one,two\n1,2\n"
    if "ics" in suffixes:
        yield "fair.ics", CALENDAR
    yield f"broken.{suffixes[0]}", b"\x00 this is no such file"


def problem_of(name: str, content: bytes) -> str:
    """What is wrong with a file that a page gave; '' if it opens and holds something."""
    if not content.strip():
        return f"{name} is empty"
    kind = name.rsplit(".", 1)[-1]
    try:
        if kind == "csv":
            held = len(pd.read_csv(io.BytesIO(content)).columns)
        elif kind == "xlsx":
            held = len(pd.read_excel(io.BytesIO(content), engine="openpyxl").columns)
        elif kind == "zip":
            held = len(zipfile.ZipFile(io.BytesIO(content)).namelist())
        elif kind == "html":
            held = len(re.findall(r"<body[^>]*>\s*\S", content.decode()))
        else:
            held = len(content)
    except Exception as error:
        return f"{name} does not open: {type(error).__name__}: {error}"
    return "" if held else f"{name} holds nothing"
