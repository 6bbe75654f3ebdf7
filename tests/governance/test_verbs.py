"""Every verb, by everybody, with whatever a crafted message may hold.

Verbs are found by looking: whatever the product offers that takes `by` is one. So a new verb
has to stand in the table below, and behind the door, before this passes.
"""

import copy
import datetime as dt
import importlib
import inspect
import io
import math
import pkgutil
import shutil
from contextlib import ExitStack, suppress
from dataclasses import dataclass, fields, is_dataclass, replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import forecasting
from data import sheets
from data.shapes import Field, Shape
from forecasting.arguments import is_checked
from forecasting.calendar import as_date
from forecasting.consensus.activations import Activation, Item
from forecasting.consensus.cycle import following
from forecasting.consensus.events import Event, Scope
from forecasting.errors import ConcordError, NotAllowed, OutOfBounds, Refused
from forecasting.governance.following import Followed, What
from forecasting.governance.schedules import Does
from forecasting.governance.wishes import Rhythm
from forecasting.monthly.inputs import Change
from forecasting.outputs import calendar_return, workbook
from forecasting.vocabulary import Function, Measure
from forecasting.weekly.option import Action, Option
from forecasting.weekly.order_terms import OrderLine
from forecasting.workspace import Workspace
from tests.cycling import open_cycle

PEOPLE = {
    "marketing": "mara", "merchandising": "ines", "planning": "dana", "leadership": "victor",
    "admin": "admin",
}  # fmt: skip
EVERYBODY = tuple(PEOPLE)
INPUTS = ("marketing", "merchandising", "planning")
PLANNING, LEADERSHIP, ADMIN = ("planning",), ("leadership",), ("admin",)
MARKETING, FILES = ("marketing",), ("planning", "admin")

MATRIX = {
    "working_plan_for": EVERYBODY, "plan_for": EVERYBODY, "inputs.small": EVERYBODY,
    "inputs.input_amount": EVERYBODY,
    "inputs.large": EVERYBODY, "steps.of": EVERYBODY, "steps.step": EVERYBODY,
    "history.events": EVERYBODY, "history.since": EVERYBODY, "history.of_cells": EVERYBODY,
    "history.reviewed_since": EVERYBODY, "history.input_at": EVERYBODY,
    "history.seen_by": EVERYBODY,
    "comparisons.last_year": EVERYBODY, "comparisons.budget": EVERYBODY,
    "cycles.people": EVERYBODY, "cycles.walk": EVERYBODY, "cycles.stale": EVERYBODY,
    "cycles.preview_adoption": EVERYBODY,
    "weekly.last_week": EVERYBODY, "weekly.late_receipts": EVERYBODY,
    "weekly.what_decisions_did": EVERYBODY,
    "quarters.scorecard": EVERYBODY, "quarters.why": EVERYBODY, "quarters.cells": EVERYBODY,
    "quarters.results": EVERYBODY, "quarters.weeks": EVERYBODY, "quarters.weeks_by_class": EVERYBODY,
    "quarters.promoted": EVERYBODY, "quarters.kpis": EVERYBODY, "quarters.effect": EVERYBODY,
    "quarters.start_summing": EVERYBODY, "oddities.every": EVERYBODY, "oddities.open": EVERYBODY, "board_pack.as_html": EVERYBODY, "board_pack.as_pdf": EVERYBODY, "weekly_sheet.as_html": EVERYBODY,
    "marketing_calendar.calendar": EVERYBODY,
    "workbook.export": EVERYBODY, "workbook.judge": EVERYBODY,
    # own input, hold, comment, assumption, draft; undo own events
    "inputs.override": INPUTS, "inputs.override_all": INPUTS, "inputs.preview_override": INPUTS,
    "workbook.apply": INPUTS, "inputs.hold": INPUTS, "inputs.release": INPUTS, "inputs.comment": INPUTS,
    "threads.about": EVERYBODY, "threads.naming": EVERYBODY, "threads.write": INPUTS,
    "threads.answer": INPUTS,
    "minutes.assume": INPUTS, "minutes.judge": INPUTS, "minutes.assign": INPUTS,
    "minutes.close": INPUTS,
    "drafts.keep": INPUTS, "drafts.of": INPUTS, "drafts.drop": INPUTS,
    "views.offered": EVERYBODY, "views.opening": EVERYBODY, "views.save": EVERYBODY,
    "views.remove": EVERYBODY, "following.of": EVERYBODY, "following.add": EVERYBODY,
    "following.saw": EVERYBODY, "following.remove": EVERYBODY,
    "seen.of": EVERYBODY, "seen.mark": EVERYBODY, "inbox.items": EVERYBODY,
    "inbox.mark_seen": EVERYBODY, "wishes.of": EVERYBODY, "wishes.set": EVERYBODY,
    "feeds.of": EVERYBODY, "feeds.make": EVERYBODY, "feeds.revoke": EVERYBODY,
    "reversals.preview": INPUTS, "reversals.undo": INPUTS, "steps.back": INPUTS,
    "steps.forth": INPUTS, "reversals.undo_all": INPUTS,
    # propose any decision to the function that may take it, which answers
    "proposals.look": EVERYBODY, "proposals.propose": INPUTS, "proposals.propose_change": INPUTS,
    "proposals.propose_orders": INPUTS,
    "proposals.accept": PLANNING, "proposals.change": PLANNING, "proposals.decline": PLANNING,
    "proposals.withdraw": INPUTS,
    "calendar_return.judge": INPUTS, "calendar_return.apply": INPUTS,
    # activations, expected lift
    "calendar.save": MARKETING, "calendar.set_lift": MARKETING, "calendar.cancel": MARKETING,
    # options: the option below expedites
    "decisions.decide": PLANNING, "decisions.decide_all": PLANNING,
    "decisions.close": PLANNING, "decisions.release": PLANNING, "weekly.sense": PLANNING,
    "orders.approve": PLANNING, "orders.release": PLANNING, "orders.withdraw": PLANNING,
    "orders.close": PLANNING,
    # submit, sign
    "cycles.submit": INPUTS, "cycles.sign": INPUTS,
    # open, reveal, agree, adopt a run, publish, reopen
    "cycles.reveal": PLANNING, "cycles.agree": PLANNING, "minutes.decide": PLANNING,
    "cycles.adopt": PLANNING, "cycles.publish": PLANNING, "cycles.reopen": PLANNING,
    "cycles.open": PLANNING,
    # import, roll back, refresh
    "sources.look": (*MARKETING, *FILES), "sources.save": (*MARKETING, *FILES),
    "sources.remove": (*MARKETING, *FILES),
    "imports.preview_import": (*MARKETING, *FILES), "imports.import_files": (*MARKETING, *FILES),
    "imports.roll_back": FILES,
    "runs.refresh": FILES, "runs.start_refresh": FILES, "hindsight.backtest": FILES,
    "hindsight.start_backtest": FILES, "hindsight.stop_backtest": FILES,
    "hindsight.replay": FILES, "hindsight.start_replay": FILES,
    "hindsight.stop_replay": FILES, "reasons.save": FILES, "oddities.accept": FILES, "conventions.set": FILES,
    "oddities.show_again": FILES,
    # what is done by itself, under the rights of who saved it
    "schedules.save": FILES, "schedules.pause": FILES, "schedules.run_now": FILES,
    "schedules.remove": FILES,
    # targets, thresholds, weights, fences, calendar rules; close the quarter
    "policies.change": LEADERSHIP, "quarters.decide": LEADERSHIP,
    "quarters.settle": LEADERSHIP, "quarters.close": LEADERSHIP,
    # people, functions, delegates
    "staff.set_person": ADMIN, "staff.take_out": ADMIN, "staff.set_group": ADMIN,
    "staff.limit": ADMIN, "reading.limit": ADMIN,
    "staff.speak_for": EVERYBODY,
    "audit.read": ADMIN, "personal.export": ADMIN, "personal.anonymise": ADMIN,
    # a token of one's own; somebody else's is Admin's to make
    "tokens.make": EVERYBODY, "tokens.of": EVERYBODY, "tokens.revoke": EVERYBODY,
}  # fmt: skip
"""Verb to the functions that have it: the product's promise of who may do what, in the order
in which the verbs can be done one after the other."""

OF_A_PART = {
    "inputs.override", "inputs.override_all", "inputs.preview_override",
    "inputs.hold", "inputs.release", "inputs.comment", "minutes.assume", "minutes.judge",
    "minutes.assign", "minutes.close", "minutes.decide", "reversals.undo", "reversals.undo_all",
    "steps.back", "steps.forth", "proposals.propose", "proposals.propose_change",
    "proposals.propose_orders", "proposals.accept", "proposals.change", "proposals.decline",
    "proposals.withdraw", "calendar.save", "calendar.set_lift", "calendar.cancel",
    "decisions.decide", "decisions.decide_all", "decisions.close", "decisions.release",
    "weekly.sense", "orders.approve", "orders.release", "orders.withdraw", "orders.close",
    "cycles.sign", "cycles.agree", "calendar_return.apply",
}  # fmt: skip
"""Verbs that whoever is limited has for their part of the company."""
OF_THE_COMPANY = {
    "cycles.submit", "cycles.reveal", "cycles.adopt", "cycles.publish", "cycles.reopen",
    "cycles.open", "sources.look", "sources.save", "sources.remove", "imports.preview_import",
    "imports.import_files", "imports.roll_back", "runs.refresh", "runs.start_refresh",
    "hindsight.backtest", "hindsight.start_backtest", "hindsight.stop_backtest",
    "hindsight.replay", "hindsight.start_replay", "hindsight.stop_replay", "reasons.save",
    "oddities.accept", "oddities.show_again", "conventions.set", "schedules.save",
    "schedules.pause", "schedules.run_now", "schedules.remove",
}  # fmt: skip
"""Verbs that whoever is limited does not have. Of the rest, nothing but what somebody keeps
for themselves changes anything (`workbook.apply` has nothing to write here: test_reach.py)."""
OF_ONESELF = {
    "views.save", "views.remove", "staff.speak_for", "tokens.make", "tokens.revoke",
    "threads.write", "threads.answer", "feeds.make", "feeds.revoke",
}  # fmt: skip
"""A thread on an activation that departments share is talk, and whoever is asked answers."""

MADE = (Event, workbook.Return, calendar_return.Returned)
"""What the product made and a caller only hands back."""
NEVER_DONE = {
    "runs.refresh", "runs.start_refresh", "hindsight.backtest", "hindsight.start_backtest",
    "hindsight.replay", "hindsight.start_replay", "cycles.adopt", "cycles.publish",
    "cycles.reopen", "quarters.start_summing", "cycles.preview_adoption", "cycles.walk",
    "cycles.open", "cycles.reveal", "decisions.release",
}  # fmt: skip
"""What this company's state, or work under way, keeps from being done here; other tests do it."""

ODD = "budget_names: Coatts"
"""What looks odd in the company's data."""
SHAPE = Shape(
    table="activations",
    fields=tuple(
        Field(target=name, column=name) for name in ("activation", "type", "start", "end")
    ),
)
HUGE = "x" * 10_000_000
DEEP: list = []
for _ in range(2_000):
    DEEP = [DEEP]
ABSURD = [
    None, "", " ", "abc", "-1", "\x00", "a\x00b", "\ud800", "'; drop table event; --", HUGE,
    "2026-13", "clear", True, False, 0, -1, 7, 10**400, -(10**400), 2**63, 1e30, -1e30,
    math.nan, math.inf, -math.inf, np.nan, np.int64(-1), np.float64("inf"), 1 + 2j,
    Decimal("NaN"), b"bytes", [], [None], DEEP, {}, {"a": {"b": []}}, (), ("a", "b"), set(),
    object(), dt.date.min, dt.date.max, dt.datetime(2026, 1, 1), pd.NaT, pd.Timestamp.max,
    dt.datetime(2026, 1, 1, tzinfo=dt.UTC), pd.DataFrame(), np.array([-1]), np.array([10**9]),
    np.array([[0.5]]), np.array(["x"]), Path("/dev/null"), Path("x\x00"), Function.ADMIN,
    Measure.MARGIN, lambda *_: None, [Path("/nowhere/at/all")], ["abc", 3], [-1], [10**9],
]  # fmt: skip
STRANGERS = [
    "nobody",
    "",
    " ",
    None,
    0,
    True,
    "\x00",
    "\ud800",
    HUGE,
    ["dana"],
    b"dana",
    object(),
]


@dataclass
class World:
    """A company in the middle of its work, and arguments that each verb can be done with."""

    space: Workspace
    scope: Scope
    option: Option
    activation: Activation
    mine: dict[str, int]
    others: dict[str, int]
    """A second change of each, for the verb that takes several back."""
    files: list[Path]
    """Activations, which Marketing may import too."""
    quarter: str
    seqs: dict[str, int]
    """Also of three proposals to Planning, each for the verb that answers it, and of one of
    everybody's own."""
    made: Event
    """An override that was written."""
    scheduled: dict[str, str]
    """Schedules, each for the verb that does something with it."""

    def arguments(self, name: str, by: str) -> tuple[tuple, dict]:
        """What a verb is called with after `by`."""
        s, scope, given = self.space, self.scope, {"reason": "TREND"}
        days = {"due": s.desk.today + dt.timedelta(7)}
        base = s.plan.base
        some = np.array([0, 1])
        made, version = self.made, s.cycles.published()[-1]
        match name:
            case "inputs.override":
                return (scope, "percent", 1.0), given | {
                    "measure": "units", "note": "n", "evidence": "https://example.com",
                    "base": s.seq, "client_id": f"id {s.seq}",
                }  # fmt: skip
            case "inputs.override_all":
                one = Change(scope=scope, operation="percent", value=1.0, base=s.seq)
                return ([one],), given | {"measure": "units", "note": "", "base": s.seq}
            case "inputs.preview_override":
                return ([scope], "percent", 1.0), {"measure": "units", "base": s.seq}
            case "inputs.small" | "inputs.large":
                return (made,), {}
            case "inputs.input_amount":
                return (scope, "units"), {}
            case "inputs.hold" | "inputs.release":
                return (scope,), {"client_id": f"{name} {s.seq}"}
            case "inputs.comment":
                return (scope, "words"), {"client_id": f"c {s.seq}"}
            case "threads.about":
                return ("activation/NEW",), {}
            case "threads.write":
                return ("words",), {
                    "about": "activation/NEW", "scope": None, "client_id": f"t {s.seq}"
                }  # fmt: skip
            case "threads.answer":
                return (self.seqs["comment"], "words"), {"client_id": f"a {s.seq}"}
            case "staff.set_person":
                return (), {
                    "identity": "zoe", "name": "Zoe", "function": Function.MARKETING,
                    "delegate_for": None, "also": [Function.PLANNING], "signs_in_as": "zoe@shop.example",
                }  # fmt: skip
            case "staff.limit":
                return (), {"identity": "zoe", **self.limits("inside")}
            case "reading.limit":
                return (True,), {}
            case "staff.take_out":
                return (), {"identity": "zoe"}
            case "staff.set_group":
                return ("marketing people", Function.MARKETING), self.limits("inside")
            case "audit.read":
                return (), {
                    "person": None, "kind": "refused", "since": s.desk.today,
                    "until": s.desk.today, "most": 5,
                }  # fmt: skip
            case "personal.export" | "personal.anonymise":
                return ("zoe",), {}
            case "tokens.make":
                return (), {
                    "label": "nightly", "level": "read", "days": 30, "person": by,
                    "commands": ["export"],
                }  # fmt: skip
            case "tokens.revoke":
                mine = [t.id for t in s.tokens.alive if t.person == by]
                return (mine[0] if mine else "none",), {}
            case "staff.speak_for":
                return (s.person(by).function,), {}
            case "imports.preview_import":
                return (self.files,), {}
            case "imports.import_files":
                return (self.files,), {"allow_rejects": False}
            case "imports.roll_back":
                batches = s.store.query("batches")
                return (int(batches[~batches["rolled_back"]]["batch"].max()),), {}
            case "history.events":
                return (), {
                    "person": None, "function": None, "kind": None, "reason": None,
                    "product": ("all", "all"), "location": ("all", "all"),
                    "activation": None, "most": 5,
                }  # fmt: skip
            case "history.since" | "history.input_at":
                return (s.seq - 1,), {}
            case "history.reviewed_since":
                return (dt.datetime(2026, 1, 1),), {}
            case "history.of_cells":
                return (scope,), {}
            case "history.seen_by":
                return ([made],), {}
            case "comparisons.last_year" | "comparisons.budget":
                return (some, some, Measure.UNITS), {}
            case "cycles.people":
                return (self.scored, "planning"), {}
            case "cycles.walk":
                return (version, [0]), {}
            case "cycles.stale":
                return ([made],), {}
            case "cycles.preview_adoption" | "cycles.adopt":
                return (base.run,), {}
            case "cycles.open":
                return (following(version.cycle),), {"rules": s.cycles.rules()}
            case "cycles.reopen":
                return (), {"note": "words"}
            case "cycles.submit":
                return (), {"note": "words"}
            case "cycles.agree":
                return (scope,), {
                    "column": None, "units": 500.0, "note": "", "base": s.seq, "client_id": None,
                }  # fmt: skip
            case "cycles.sign":
                return (self.department,), {"function": None}
            case "weekly.sense":
                return (scope.product, 1.6), {"note": "", "client_id": None}
            case "quarters.scorecard":
                return (self.quarter,), {"live": True}
            case "quarters.why":
                return ("turn_cost", "class"), {"department": None}
            case "quarters.cells":
                return (self.quarter,), {"department": None}
            case "quarters.weeks":
                return (), {"department": None}
            case "quarters.results":
                return (), {}
            case "quarters.effect":
                return ("red_probability", 0.31), {}
            case "quarters.close":
                return (self.quarter,), {"note": ""}
            case "quarters.decide":
                return ("2026-Q4", "words"), {"owner": "dana", **days}
            case "quarters.settle":
                return (self.seqs["review"],), {}
            case "board_pack.as_html" | "board_pack.as_pdf":
                return (self.quarter,), {}
            case "weekly_sheet.as_html":
                return (), {"found": None}
            case "marketing_calendar.calendar":
                return (), {"weeks": 8}
            case "calendar_return.judge":
                return (self.calendar, "c.csv"), {"missing": False, "kind": "email"}
            case "calendar_return.apply":
                came = calendar_return.judge(s, by, self.calendar, "c.csv")
                return (came,), {"take": ["NEW"], "note": ""}
            case "workbook.export":
                return (self.grid,), {
                    "level": "department", "location_level": "all", "location": "all",
                    "measure": Measure.UNITS,
                }  # fmt: skip
            case "workbook.judge":
                return (self.book(by), "m.xlsx"), {}
            case "workbook.apply":
                returned = workbook.judge(s, by, self.book(by), "m.xlsx")
                return (returned,), given | {
                    "note": "", "evidence": "", "mine_over_theirs": True,
                }  # fmt: skip
            case "minutes.assume":
                return ("words",), {
                    "owner": "dana", "watch": "words", "review": days["due"],
                    "expires": days["due"], "scope": scope,
                }  # fmt: skip
            case "minutes.judge":
                return (self.seqs["assumption"], "held"), {}
            case "minutes.assign":
                return ("words",), {"owner": "dana", "scope": scope, **days}
            case "minutes.close":
                return (self.seqs["action"],), {}
            case "minutes.decide":
                return ("words",), {"scope": scope}
            case "drafts.keep":
                return ("consensus", {"note": "words"}), {}
            case "views.offered" | "views.opening":
                return ("bridge",), {}
            case "views.save":
                return ("bridge", f"Mine {by}", {"class": "Coats"}), {
                    "shared": False, "opens": False,
                }  # fmt: skip
            case "views.remove":
                return ("bridge", f"Mine {by}"), {"shared": False}
            case "following.add" | "following.remove":
                return (What.CLASS, "Coats"), {}
            case "following.saw":
                seen = Followed(what=What.CLASS, name="Coats", seen={"short": 3.0})
                return ([seen],), {}
            case "seen.mark":
                return (["action/1"],), {"there": ["action/1", "action/2"]}
            case "feeds.make":
                return (f"Link {s.seq}",), {"function": Function.PLANNING, "klass": ""}
            case "feeds.revoke":
                return (s.feeds.of(by)[0].name if s.feeds.of(by) else "none",), {}
            case "wishes.set":
                return (Rhythm.DAILY,), {
                    "channel": "mail", "address": "x@shop.example", "at": "07:00", "day": 0
                }  # fmt: skip
            case "inbox.mark_seen":
                return (["action/1"],), {}
            case "schedules.save":
                return (f"Nightly {by}", Does.REFRESH), {
                    "at": "03:15", "days": [0, 1], "options": {"full": "yes"}
                }  # fmt: skip
            case "schedules.pause":
                return (self.scheduled[name],), {"paused": True}
            case "schedules.run_now" | "schedules.remove":
                return (self.scheduled[name],), {}
            case "drafts.of" | "drafts.drop":
                return ("consensus",), {}
            case "reversals.preview" | "reversals.undo":
                mine = self.mine.get(by, self.mine["dana"])
                more = {"client_id": None} if name == "reversals.undo" else {}
                return (mine,), more
            case "reversals.undo_all":
                return ([self.others.get(by, self.others["dana"])],), {}
            case "steps.step":
                return (made.seq,), {}
            case "calendar.save":
                return (self.activation,), {"base": s.seq, "note": ""}
            case "calendar.set_lift":
                lift = (self.activation.activation, self.activation.items[0].sku, 1.5)
                return lift, {"base": s.seq, "note": ""}
            case "calendar.cancel":
                return (self.activation.activation,), {"base": s.seq, "note": ""}
            case "decisions.decide":
                return (self.option,), {
                    "owner": "sam", **days, "note": "words", "client_id": None
                }  # fmt: skip
            case "decisions.decide_all":
                return ([self.option],), {"owner": "sam", "note": "words"}
            case "decisions.release":
                return (s.decisions.all[0].seq,), {"note": ""}
            case "decisions.close":
                return (s.decisions.all[0].seq,), {"note": ""}
            case "orders.approve":
                return (self.lines,), {"note": "words", "base": s.seq, "client_id": None}
            case "orders.release" | "orders.withdraw" | "orders.close":
                # Each meets an order that the verbs before it left as it needs it.
                state = "released" if name == "orders.close" else "approved"
                able = [o for o in s.orders.all if o.state == state]
                return ([able[0].id if able else "1/1"],), {"note": "words"}
            case "proposals.look":
                return (self.seqs["accept"],), {}
            case "proposals.propose":
                text = f"words {s.seq}"
                return (replace(self.option, text=text),), {"note": "n", "client_id": None}
            case "proposals.propose_change":
                other = replace(self.activation, activation="NEWER", name=f"N {s.seq}")
                return (other,), {"note": "", "client_id": None}
            case "proposals.propose_orders":
                line = self.lines[0]
                more = replace(line, units=line.units * (1 + s.seq % 997))
                return ([more],), {"note": "n", "base": s.seq, "client_id": None}
            case "proposals.accept":
                return (self.seqs["accept"],), self.answer | {
                    "seen": s.proposals.look(by, self.seqs["accept"]).mark
                }
            case "proposals.change":
                mark = s.proposals.look(by, self.seqs["change"]).mark
                return (self.seqs["change"],), self.answer | {
                    "option": self.option, "activation": None, "lines": [], "seen": mark
                }  # fmt: skip
            case "proposals.decline":
                return (self.seqs["decline"],), {"note": "words", "client_id": None}
            case "proposals.withdraw":
                return (self.seqs[f"withdraw {by}"],), {"note": "", "client_id": None}
            case "runs.refresh":
                return (), {"as_of": None, "workers": 1, "full": False}
            case "hindsight.backtest":
                return (), {
                    "origins": 2,
                    "step": 4,
                    "horizon": 4,
                    "workers": 1,
                    "rows_to": None,
                }
            case "hindsight.start_backtest":
                return (), {"origins": 2, "step": 4, "horizon": 4}
            case "hindsight.replay":
                return (), {"weeks_ahead": 6, "last": 2, "workers": 1}
            case "hindsight.start_replay":
                return (), {"weeks_ahead": 6, "last": 2}
            case "policies.change":
                return ("red_probability", 0.32), {"why": "words", "effective": s.desk.today}
            case "oddities.accept":
                return (ODD,), {"note": "words"}
            case "oddities.show_again":
                return (ODD,), {}
            case "sources.look":
                return (self.files[0], self.files[0].parent), {"reading": None}
            case "sources.save":
                return ("plan", SHAPE), {}
            case "sources.remove":
                return ("plan",), {}
            case "conventions.set":
                return ({"currency": "CHF"},), {}
            case "reasons.save":
                return ("NEW_STORE", "New store"), {"needs_note": False, "in_use": True}
            case _:
                return (), {}

    def limits(self, where: str) -> dict:
        """A part of the company that holds all that the verbs are done with, or lacks it."""
        names, (mine, other) = self.space.desk.places.names, self.departments
        sells = [r for r in names("region") if r != "Supply"]
        match where:
            case "inside":
                return {"departments": [mine], "classes": [], "regions": [*sells, "Supply"]}
            case "other products":
                return {"departments": [other], "classes": [], "regions": []}
            case "other doors":
                return {"departments": [], "classes": [], "regions": ["Supply"]}
        return {}

    @property
    def departments(self) -> list[str]:
        return [str(d) for d in self.space.plan.products.names("department")[:2]]

    @property
    def answer(self) -> dict:
        due = self.space.desk.today + dt.timedelta(7)
        return {"note": "words", "owner": "dana", "due": due, "client_id": None}

    def book(self, by: str) -> io.BytesIO:
        return io.BytesIO(
            workbook.export(
                self.space, by, self.grid, level="department", measure=Measure.UNITS
            )
        )

    @property
    def calendar(self) -> io.BytesIO:
        """One activation, under another name at every look."""
        act = self.activation
        row = f"NEW,N {self.space.seq},{act.type},{act.start},{act.end}\n"
        return io.BytesIO(f"activation,name,type,start,end\n{row}".encode())

    @property
    def grid(self) -> pd.DataFrame:
        weeks = [as_date(w) for w in self.space.plan.base.weeks[4:6]]
        return pd.DataFrame([[10.0, 11.0]], index=[self.department], columns=weeks)

    @property
    def lines(self) -> list[OrderLine]:
        """Two orders that can be placed: for the first door, a lead time ahead and later."""
        plan, at = self.space.plan, self.space.plan.sku_index[self.scope.product]
        base = plan.base
        case, least = base.stated(at, "case_pack", 1.0), base.stated(at, "moq", 0.0)
        units = case * float(np.ceil(max(least, case) / case))
        first = int(base.lead_time[at])
        return [
            OrderLine(
                sku=self.scope.product, place=plan.door_names[0], units=units,
                arrives=as_date(base.weeks[week]),
            )
            for week in (first, first + 1)
        ]  # fmt: skip

    @property
    def scored(self) -> pd.DataFrame:
        return self.space.cycles.scored()

    @property
    def department(self) -> str:
        return str(self.space.plan.products.names("department")[0])


@pytest.fixture(scope="module")
def world(played, tmp_path_factory):
    """One company for all of this: what one call leaves behind, the next one meets."""
    folder = tmp_path_factory.mktemp("verbs")
    space = Workspace(Path(shutil.copy(played, folder / "verbs.duckdb")))
    plan = space.plan
    mine = plan.products.members("department", plan.products.names("department")[0])
    sku = int(mine[np.argmax(plan.totals["draft"][mine, 4:8].sum(axis=1))])
    week, later = as_date(plan.base.weeks[5]), as_date(plan.base.weeks[7])
    scope = Scope(
        product_level="sku", product=plan.sku_names[sku], first_week=week, last_week=week
    )
    if space.cycles.current.closed:
        last = space.cycles.current.name
        space.cycles.open("dana", following(last), space.cycles.rules())
        space.cycles.reveal("dana")
    mine, others = (
        {
            by: space.override(by, where, "add", 5.0, reason="TREND").seq
            for by in ("mara", "ines", "dana")
        }
        for where in (scope, replace(scope, first_week=later, last_week=later))
    )
    today = space.desk.today
    activation = Activation(
        activation="NEW", name="New", type="email", start=week, end=week + dt.timedelta(6),
        items=(Item(sku=plan.sku_names[sku]),),
    )  # fmt: skip
    space.calendar.save("mara", activation)
    seqs = {
        "assumption": space.minutes.assume(
            "dana", "It holds", owner="victor", watch="it", review=today, scope=scope
        ).seq,
        "action": space.minutes.assign(
            "dana", "Do it", owner="victor", due=today, scope=scope
        ).seq,
        "comment": space.comment("dana", scope, "words").seq,
        "review": space.quarters.decide(
            "victor", "2026-Q4", "Do it", owner="victor", due=today
        ).seq,
    }
    calendar = folder / "activations.csv"
    calendar.write_text("activation,type,start,end\nX1,email,2026-01-04,2026-01-10\n")
    odd = folder / "budget.csv"
    odd.write_text("date,class,units\n2026-12-06,Coatts,9\n")
    space.import_files("admin", [odd])
    option = Option(
        action=Action.ACCEPT, activation="NEW", sku=scope.product, text="live with it"
    )
    space.decisions.decide("dana", option, owner="sam", note="so it is")
    for verb in ("accept", "change", "decline", "withdraw mara"):
        asked = replace(option, text=f"to {verb}")
        seqs[verb] = space.proposals.propose("mara", asked).seq
    seqs["withdraw ines"] = space.proposals.propose("ines", option).seq
    off = activation.cancelled()
    seqs["withdraw dana"] = space.proposals.propose_change("dana", off).seq
    scheduled = {f"schedules.{verb}": verb for verb in ("pause", "run_now", "remove")}
    for name in scheduled.values():
        space.schedules.save("dana", name, Does.REFRESH, at="03:15")
    made = World(
        space=space, scheduled=scheduled, scope=scope, option=option, activation=activation, mine=mine,
        others=others,
        files=[calendar], quarter=str(space.quarters.usual()), seqs=seqs,
        made=space.ledger.event(mine["dana"]),
    )  # fmt: skip
    with ExitStack() as busy:  # long work is under way: nobody starts another
        for job in (
            space.runs.refreshing, space.hindsight.backtesting, space.hindsight.replaying,
            space.quarters.summing,
        ):  # fmt: skip
            busy.enter_context(job.running("Dana", lambda *_: None))("at it", 0.5)
        yield made
    space.close()


def found(space: Workspace) -> dict[str, object]:
    """Every verb that there is: whatever is public and takes `by`."""
    verbs = {}
    for part, owner in [("", space), *sorted(vars(space).items())]:
        if part.startswith("_") or not type(owner).__module__.startswith("forecasting"):
            continue
        if part in ("desk", "ledger"):  # what verbs are made of
            continue
        for name in (n for n in dir(type(owner)) if not n.startswith("_")):
            method = inspect.getattr_static(type(owner), name)
            if callable(method) and "by" in inspect.signature(method).parameters:
                verbs[f"{part}.{name}" if part else name] = getattr(owner, name)
    for module in pkgutil.walk_packages(forecasting.__path__, "forecasting."):
        if module.name.endswith("__main__"):
            continue
        for name, made in vars(importlib.import_module(module.name)).items():
            if name.startswith("_") or not inspect.isfunction(made):
                continue
            takes = inspect.signature(made).parameters
            if made.__module__ == module.name and {"space", "by"} <= set(takes):
                short = module.name.rpartition(".")[2]
                verbs[f"{short}.{name}"] = lambda *a, _made=made, **k: _made(space, *a, **k)
                verbs[f"{short}.{name}"].is_checked = is_checked(made)
                verbs[f"{short}.{name}"].__signature__ = inspect.signature(made).replace(
                    parameters=[p for n, p in takes.items() if n != "space"]
                )
    return verbs


@pytest.fixture(scope="module")
def verbs(world):
    """Every verb of that company, looked for once."""
    return found(world.space)


def outcome(verb, by, args, kwargs) -> str:
    try:
        verb(by, *args, **kwargs)
    except NotAllowed:
        return "not allowed"
    except ConcordError:
        return "refused"
    return "done"


def test_every_verb_stands_in_the_table_and_behind_the_door(verbs):
    assert set(verbs) == set(MATRIX)
    assert [name for name, verb in verbs.items() if not is_checked(verb)] == []


def test_the_matrix_of_rights_holds_for_every_verb_and_function(world, verbs):
    wrong, never = [], []
    for name, holders in MATRIX.items():
        asked = [f for f in EVERYBODY if f not in holders] + list(holders)
        results = {}
        # What lies outside is tried first: done once, a verb may have nothing left to do.
        for by, where in outside_of(name, holders):
            results[by, where] = limited(world, verbs[name], name, by, where)
        for function in asked:
            by = PEOPLE[function]
            is_held = name in OF_A_PART | OF_THE_COMPANY
            if is_held and function in INPUTS and function in holders:
                results[by, "inside"] = limited(world, verbs[name], name, by, "inside")
            args, kwargs = world.arguments(
                name,
                by
                if function in INPUTS or name.startswith(("staff.speak_for", "tokens."))
                else "dana",
            )
            before = world.space.seq
            results[function] = outcome(verbs[name], by, args, kwargs)
            if (results[function] == "not allowed") != (function not in holders):
                results[function, ""] = f"wrong: {results[function]}"
            if results[function] != "done":
                assert world.space.seq == before, f"{name} by {function} left something"
        for who, found in results.items():
            if found.startswith("wrong") and not (
                # Proposed to oneself, or nothing of one's own to take back: so inside, too.
                found == "wrong: refused" and results[who[0], "inside"] == "refused"
            ):
                wrong.append(f"{name} {' '.join(who)} {found}")
        if name in OF_A_PART - NEVER_DONE:
            kept_out = [results.get((by, "other doors")) for by in PEOPLE.values()]
            if "not allowed" not in kept_out:
                wrong.append(f"{name} kept nobody out: {kept_out}")
        if "done" not in results.values() and name not in NEVER_DONE:
            never.append((name, results))
    assert "\n".join(wrong) == ""
    assert never == []


def outside_of(name, holders) -> list[tuple[str, str]]:
    """Who tries a verb while limited to other products or doors than it is done with."""
    people = [PEOPLE[f] for f in INPUTS if f in holders]
    if name in OF_A_PART:
        return [(by, where) for by in people for where in ("other products", "other doors")]
    if name in OF_THE_COMPANY:
        return []  # tried by whoever is limited to what it is done with
    return [(by, "other products") for by in people[:1]]


def limited(world, verb, name, by, where) -> str:
    """How a verb ends for somebody with the right who is limited to a part of the company."""
    space = world.space
    space.staff.limit("admin", identity=by, **world.limits(where))
    try:
        args, kwargs = world.arguments(name, by)
        before = space.seq
        result = outcome(verb, by, args, kwargs)
    finally:
        space.staff.limit("admin", identity=by)
    changed = space.seq > before + 1  # the limit was taken away
    may_not = name in OF_THE_COMPANY or (name in OF_A_PART and where != "inside")
    is_right = (result == "not allowed") == may_not or (may_not and name in NEVER_DONE)
    is_right &= not changed or (result == "done" and name in OF_A_PART | OF_ONESELF)
    return result if is_right else f"wrong: {result}"


def crafted(valid) -> list:
    """Anything at all in the place of a valid value; of a value of ours, in each field too."""
    found = list(ABSURD)
    inside = valid[0] if isinstance(valid, list) and valid else valid
    if is_dataclass(inside) and not isinstance(inside, MADE):
        for field in fields(inside):
            for value in ABSURD:
                forged = copy.copy(inside)  # as no constructor would make it
                object.__setattr__(forged, field.name, value)
                found.append([forged] if isinstance(valid, list) else forged)
    return found


def digest(space: Workspace) -> tuple:
    with space.store.cursor() as cursor:
        return cursor.execute(
            "select (select (count(*), bit_xor(hash(event))) from event), "
            "(select (count(*), bit_xor(hash(leaf))) from leaf)"
        ).fetchone()


@pytest.mark.parametrize("name", MATRIX)
def test_no_stranger_reaches_anything(world, verbs, name):
    verb = verbs[name]
    args, kwargs = world.arguments(name, "dana")
    before = digest(world.space)
    for stranger in STRANGERS:
        with pytest.raises(ConcordError):
            verb(stranger, *args, **kwargs)
    assert digest(world.space) == before


def test_whoever_was_taken_out_reaches_nothing(world, verbs):
    """Not by a right, not as a delegate, not as the owner of what is to be done."""
    space, dana = world.space, world.space.person("dana")
    asked = {name: world.arguments(name, "dana") for name in MATRIX}
    space.staff.take_out("admin", identity="dana")
    try:
        before = digest(space)
        found = {name: outcome(verbs[name], "dana", *asked[name]) for name in MATRIX}
        assert digest(space) == before
    finally:
        space.set_person("admin", identity="dana", name=dana.name, function=dana.function)
    assert {name: told for name, told in found.items() if told != "not allowed"} == {}


@pytest.mark.parametrize("name", MATRIX)
def test_nothing_absurd_becomes_more_than_a_refusal(world, verbs, name):
    """Each argument in turn is anything at all, by everybody: done, or refused in words."""
    space, verb = world.space, verbs[name]
    known = digest(space)
    # What everybody may read is the same way for everybody.
    people = ("victor",) if MATRIX[name] == EVERYBODY else PEOPLE.values()
    for by in people:
        args, kwargs = world.arguments(name, by if by in ("mara", "ines") else "dana")
        given = {**dict(enumerate(args)), **kwargs}
        for place in given:
            for value in crafted(given[place]):
                told = {**given, place: value}
                before, refusal = space.seq, None
                try:
                    verb(by, *(told.pop(n) for n in range(len(args))), **told)
                except ConcordError as error:
                    refusal = str(error)
                except Exception as error:
                    pytest.fail(f"{name}({place}={ascii(value)[:90]}) by {by}: {error!r}")
                if refusal is not None:
                    assert 0 < len(refusal.strip()) < 2_000, refusal[:90]
                    assert space.seq == before, refusal
        now = digest(space)
        assert now == known or space.seq > known[0][0]
        known = now


def change(space, by="dana", *, value=5.0, week=5, **more) -> Event:
    day = as_date(space.plan.base.weeks[week])
    scope = Scope(
        product_level="sku", product=space.plan.sku_names[0], first_week=day, last_week=day
    )
    return space.override(by, scope, "add", value, reason="TREND", **more)


def test_a_request_sent_again_is_answered_with_its_first_event(space):
    event = change(space, client_id="r1")
    assert change(space, client_id="r1").seq == event.seq == space.seq


def test_the_id_of_a_request_is_not_good_for_another_one(space):
    """Not another person's, another number, another cell, or another verb."""
    change(space, client_id="r1")
    before = digest(space)
    for other in (
        lambda: change(space, "mara", client_id="r1"),
        lambda: change(space, value=6.0, client_id="r1"),
        lambda: change(space, week=6, client_id="r1"),
        lambda: space.comment("dana", space.ledger.event(space.seq).scope, "x", client_id="r1"),
        lambda: space.reversals.undo("dana", space.seq, client_id="r1"),
    ):
        with pytest.raises(Refused, match="used before, for another one"):
            other()
    assert digest(space) == before


def test_of_changes_made_together_none_is_written_where_one_id_is_anothers(space):
    event = change(space, "mara", client_id="r1")
    day = as_date(space.plan.base.weeks[6])
    two = [
        Change(
            scope=Scope(
                product_level="sku", product=space.plan.sku_names[sku], first_week=day,
                last_week=day,
            ),
            operation="add", value=5.0, client_id=client,
        )
        for sku, client in ((1, "new"), (2, "r1"))
    ]  # fmt: skip
    with pytest.raises(Refused, match="used before, for another one"):
        space.override_all("dana", two, reason="TREND")
    assert space.seq == event.seq
    with pytest.raises(Refused, match="the same request id"):
        space.override_all("dana", [replace(c, client_id="r2") for c in two], reason="TREND")
    assert space.seq == event.seq


@pytest.mark.parametrize("base", [-1, 10**9])
def test_nobody_has_looked_at_a_state_that_never_was(space, base):
    """From a later one on nothing conflicts: somebody else's change would be overwritten."""
    change(space)
    item = next(a for a in space.calendar.activations if a.items)
    sku, day = item.items[0].sku, as_date(space.plan.base.weeks[5])
    open_cycle(space, "2026-12")
    before = space.seq
    for verb in (
        lambda: change(space, base=base),
        lambda: space.calendar.save("mara", item, base=base),
        lambda: space.calendar.cancel("mara", item.activation, base=base),
        lambda: space.calendar.set_lift("mara", item.activation, sku, 1.5, base=base),
        lambda: space.cycles.agree(
            "dana", Scope(first_week=day, last_week=day), units=5, base=base
        ),
    ):
        with pytest.raises(OutOfBounds, match="to look at"):
            verb()
    assert space.seq == before


def test_a_forged_workbook_is_refused_in_words(space):
    day = as_date(space.plan.base.weeks[5])
    grid = pd.DataFrame([[10.0]], index=["Apparel"], columns=[day])
    right = {
        "base": str(space.seq), "input": "planning", "level": "department",
        "location_level": "all", "location": "all", "measure": "units",
    }  # fmt: skip
    wrong = [
        {"base": "1e30"}, {"base": "-1"}, {"base": "²"}, {"base": "9" * 300}, {"base": ""},
        {"measure": "gold"}, {"input": "nobody"}, {"level": "x", "base": "0"},
    ]  # fmt: skip
    books = [sheets.write(grid, right | one) for one in wrong]
    books += [
        sheets.write(grid, {n: v for n, v in right.items() if n != name}) for name in right
    ]
    before = digest(space)
    for book in books:
        with suppress(ConcordError):
            returned = workbook.judge(space, "dana", io.BytesIO(book), "m.xlsx")
            workbook.apply(space, "dana", returned, reason="TREND")
    assert digest(space) == before


def test_marketing_imports_its_calendar_and_nothing_else(space, tmp_path):
    kpis, calendar = tmp_path / "kpis.csv", tmp_path / "activations.csv"
    kpis.write_text("date,metric,channel,value\n2026-01-04,traffic,,5\n")
    calendar.write_text("activation,type,start,end\nX1,email,2026-01-04,2026-01-10\n")
    before = digest(space)
    for files in ([kpis], [calendar, kpis]):
        with pytest.raises(NotAllowed, match="cannot import data"):
            space.preview_import("mara", files)
        with pytest.raises(NotAllowed, match="cannot import data"):
            space.import_files("mara", files)
    assert digest(space) == before
    space.import_files("mara", [calendar])
    assert space.calendar.one("X1").type == "email"
    with pytest.raises(NotAllowed):
        space.roll_back("mara", space.seq)
