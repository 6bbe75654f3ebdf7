"""A company whose every text is an attack: on the page that shows it, on the sheet that opens it.

Made as the sample is and imported as files are; then its people say and decide something, in
the same words. `trap` is an address that somebody listens on: nothing may ever ask it.
"""

import datetime as dt
import tempfile
import zlib
from pathlib import Path

from forecasting.calendar import as_date
from forecasting.consensus.events import Scope
from forecasting.rights import LOCAL_ADMIN
from forecasting.sample.company import make_sample
from forecasting.vocabulary import INPUTS, Function
from forecasting.weekly import best_mix, options
from forecasting.weekly.option import Action
from forecasting.workspace import Workspace

PEOPLE = {
    "mara": Function.MARKETING,
    "ines": Function.MERCHANDISING,
    "dana": Function.PLANNING,
    "victor": Function.LEADERSHIP,
}
ATTACKS = (
    'HYPERLINK("{trap}/f","x")',
    "![i]({trap}/i.png)",
    '<img src="{trap}/h.png"><script>fetch("{trap}/s")</script>',
    "[l]({trap}/l) {trap}/bare www.evil.example me@evil.example",
    ':red[r] $x^2$ :material/home: <a href="{trap}/a">a</a>',
    "`c` **b** | a | :smile: &lt;b&gt; -> {{7*7}}",
)
TEXTS = {
    "skus": ("sku", "description", "style", "class", "department", "colour", "size", "supplier"),
    "doors": ("door", "name", "region", "channel"),
    "ranging": ("sku", "door"),
    "lanes": ("from_door", "to_door"),
    "prices": ("sku", "door"),
    "activations": ("activation", "name", "type", "owner", "channel"),
    "activation_items": ("activation", "sku", "style", "door"),
    "sales": ("sku", "door"),
    "inventory": ("sku", "door"),
    "receipts": ("receipt", "sku", "door", "supplier"),
    "budget": ("class", "sku"),
    "kpis": ("channel",),
}  # fmt: skip
"""Table to its columns of text; the rest has words of the contract's own."""


def evil(trap: str, text: str) -> str:
    """The text after two of the attacks, the same ones every time."""
    at = zlib.crc32(text.encode()) % len(ATTACKS)
    both = ATTACKS[at] + ATTACKS[(at + 1) % len(ATTACKS)]
    return f"={both.replace('{trap}', trap)} {text}"


def evidence(trap: str) -> str:
    """The one kind of address that may be a link."""
    return f"{trap}/evidence?![i]({trap}/e.png)<img>"


def hostile_company(path: Path, trap: str) -> Workspace:
    """A workspace of such a company, with a published cycle and the next one open."""
    space = Workspace(path)
    tables = make_sample(skus=24, doors=4, weeks=110).tables
    with tempfile.TemporaryDirectory() as folder:
        for name, frame in tables.items():
            for column in TEXTS[name]:
                known = {v: evil(trap, v) for v in frame[column].dropna().unique()}
                frame[column] = frame[column].map(known, na_action="ignore").astype(object)
            frame.to_parquet(Path(folder) / f"{name}.parquet", index=False)
        space.import_files(LOCAL_ADMIN.id, sorted(Path(folder).glob("*.parquet")))
    for identity, function in PEOPLE.items():
        space.set_person(
            LOCAL_ADMIN.id, identity=identity, name=evil(trap, identity), function=function
        )
    space.runs.refresh(LOCAL_ADMIN.id, workers=1)
    space.quarters.sum_up()
    _spoken(space, trap)
    return space


def _spoken(space: Workspace, trap: str) -> None:
    """What its people have entered and decided, every field in the same words."""
    text = evil(trap, "text")
    space.policies.change("victor", "quorum", 1, why=text)
    space.policies.change("victor", "blind", 0, why=text)
    space.reasons.save("dana", "EVIL", f"=![i]({trap}/r)**r**")
    space.cycles.open("dana", "2026-11")
    _inputs(space, trap)
    space.cycles.reveal("dana")
    _minuted(space, trap)
    for department in space.plan.products.names("department"):
        for person in list(PEOPLE)[: len(INPUTS)]:
            space.cycles.sign(person, department)
    space.cycles.publish("dana")
    space.cycles.open("dana", "2026-12")
    _inputs(space, trap)
    space.cycles.sign("mara", space.plan.products.names("department")[0])
    _minuted(space, trap)
    _inputs(space, trap)  # which voids the signature
    quarter = space.quarters.quarters()["quarter"].iloc[-2]
    due = dt.date(2026, 12, 30)
    space.quarters.decide("victor", quarter, text, owner="dana", due=due)
    for one in best_mix.watch_list(space.working_plan_for("dana"), weeks=8)[:2]:
        plan = space.working_plan_for("dana")
        ways = options.for_shortage(plan, one.activation, one.sku)
        option = next(way for way in ways if way.action is Action.ACCEPT)
        space.decisions.decide("dana", option, owner="dana", due=due, note=text)


def _inputs(space: Workspace, trap: str) -> None:
    weeks = space.plan.base.weeks
    busiest = int(space.plan.totals["statistical"].sum(axis=1).argmax())
    scope = Scope(
        product_level="sku", product=space.plan.sku_names[busiest],
        first_week=as_date(weeks[4]), last_week=as_date(weeks[8]),
    )  # fmt: skip
    for person, units in (("mara", 900), ("ines", -10), ("dana", 300)):
        space.override(
            person, scope, "add", units, reason="EVIL", note=evil(trap, "note"),
            evidence=evidence(trap),
        )  # fmt: skip
    space.comment("dana", scope, evil(trap, "comment"))


def _minuted(space: Workspace, trap: str) -> None:
    text, due = evil(trap, "minuted"), dt.date(2026, 12, 4)
    space.minutes.decide("dana", text)
    space.minutes.assign("dana", text, owner="ines", due=due)
    space.minutes.assume("dana", text, watch=text, owner="ines", review=due)
