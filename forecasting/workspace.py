"""Every verb that a person has, once.

Pages, the command line and tests all come through here, so all meet the same rights, the
same bounds and the same ledger. A verb checks the right, hands the ledger a function that
prepares the event when its turn comes, and answers once the event is durable and folded
into the live plan.
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data import files, runs
from data.files import Judged
from data.ledger import Ledger
from data.store import Store
from forecasting.basis import assemble
from forecasting.calendar import as_date, week_start
from forecasting.consensus.activations import Activation, Item
from forecasting.consensus.events import TOTAL, Conflict, Event, Kind, Leaves, Scope
from forecasting.consensus.overrides import (
    StackedChange,
    collisions,
    inverse,
    resolve,
)
from forecasting.errors import (
    BadFiles,
    ConcordError,
    Conflicted,
    NoForecast,
    OutOfBounds,
    RefreshRunning,
    Refused,
    UnknownName,
)
from forecasting.hierarchy import THOUSANDTHS, Bools, Floats, Ints
from forecasting.inventory.bridge import Limits
from forecasting.plan import LivePlan
from forecasting.rights import LOCAL_ADMIN, Person, require
from forecasting.vocabulary import INPUTS, Function, Operation, Reason

HORIZON_WEEKS = 52
CLEAR = "clear"
"""Operation of an override that takes the own input back to statistical."""
LONGEST_NOTE = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a running refresh is."""

    text: str
    share: float
    started: float
    """time.monotonic() at its start."""
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoPreview:
    """What taking an event back would do."""

    event: Event
    leaves: Leaves
    """Deltas that would be written."""
    n_superseded: int
    """Leaves left alone, because somebody changed them later or they are back already."""


class Workspace:
    """The product, without a screen.

    Parameters
    ----------
    path : Path or None
        The database file; None keeps it in memory.

    Raises
    ------
    DatabaseBusy
        If another process holds the file.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.store = Store(path)
        self._people: dict[str, Person] = {LOCAL_ADMIN.id: LOCAL_ADMIN}
        self._activations: dict[str, Activation] = {}
        self._taken_back: set[int] = set()
        self._plan: LivePlan | None = None
        self._progress: Progress | None = None
        self._refreshing = threading.Lock()
        self.refresh_error: str = ""
        """Why the last refresh failed, '' if it did not."""
        self.ledger = Ledger(self.store, self._fold)
        self._load_people()
        self._rebuild()

    def close(self) -> None:
        """Finish writing and release the file."""
        self.ledger.close()
        self.store.close()

    # People -----------------------------------------------------------------------------

    @property
    def people(self) -> list[Person]:
        """Everybody, by function and name."""
        order = list(Function)
        return sorted(self._people.values(), key=lambda p: (order.index(p.function), p.name))

    def person(self, identity: str) -> Person:
        """One person.

        Raises
        ------
        UnknownName
        """
        if identity not in self._people:
            raise UnknownName(f"There is nobody called '{identity}' here.")
        return self._people[identity]

    def set_person(self, by: str, *, identity: str, name: str, function: Function) -> Event:
        """Add a person, or give one another name or function."""
        actor = self._allowed(by, "people")
        if not identity.strip() or not name.strip():
            raise OutOfBounds("A person needs an id and a name.")
        if identity == LOCAL_ADMIN.id:
            raise OutOfBounds("The local admin stays as it is.")
        body = {"id": identity, "name": name.strip(), "function": function.value}
        return self._append(actor, Kind.PERSON, body=body)

    # The plan ---------------------------------------------------------------------------

    @property
    def plan(self) -> LivePlan:
        """The live plan.

        Raises
        ------
        NoForecast
            Before the first refresh.
        """
        if self._plan is None:
            raise NoForecast(
                "There is no forecast yet. Import data on the Data page, then press Refresh "
                "(or run: python -m forecasting refresh)."
            )
        return self._plan

    @property
    def has_forecast(self) -> bool:
        """Whether there is a plan to look at."""
        return self._plan is not None

    @property
    def seq(self) -> int:
        """Sequence number of the latest event."""
        return self.ledger.seq

    def touched(self, skus: Sequence[int], *, since: int) -> bool:
        """Whether any of these SKUs changed after a sequence number: one cheap look."""
        if self._plan is None:
            return False
        changed = self._plan.changed
        return any(changed.get(sku, 0) > since for sku in skus)

    # Inputs -----------------------------------------------------------------------------

    def override(
        self,
        by: str,
        scope: Scope,
        operation: Operation | str,
        value: float | None,
        *,
        reason: Reason | str,
        note: str = "",
        base: int | None = None,
        client_id: str | None = None,
    ) -> Event:
        """Change the own function's input.

        Parameters
        ----------
        by : str
            Who.
        scope : Scope
            What; `scope.activation` aims at one activation's lift instead of the total.
        operation : Operation or 'clear'
            How the value is meant.
        value : float or None
            Units for set and add, per cent for percent; None with clear.
        reason : Reason
            Why; OTHER needs a note.
        base : int, optional
            Sequence number of the state that the person looked at; the present one if
            left out. Somebody else's later change of the same cells is a conflict.
        client_id : str, optional
            The request's own id; a repeated one is answered with the first event.

        Raises
        ------
        NotAllowed, UnknownName, OutOfBounds, ImpossibleSpread, Conflicted
            Nothing is changed.
        """
        actor = self._allowed(by, "override")
        plan = self.plan
        why = _reason(reason, note)
        operation = CLEAR if operation == CLEAR else Operation(operation)
        if operation != CLEAR and value is None:
            raise OutOfBounds("Enter a number.")
        if scope.activation != TOTAL:
            plan.activation(scope.activation)
        skus, doors, weeks = self._members(plan, scope)
        seen = self.seq if base is None else base
        names = plan.base.skus["sku"].to_numpy(dtype=object)[skus]
        function = actor.function.value

        def prepare() -> Event:
            now = self.plan
            present, held, active, reference = _present(
                now, scope, function, skus, doors, weeks
            )
            keys = _leaf_keys(now, skus, doors, weeks)
            if operation == CLEAR:
                deltas = np.where(held, 0, -_own(now, scope, function, skus, doors, weeks))
            else:
                assert value is not None
                deltas = resolve(
                    present,
                    Operation(operation),
                    float(value),
                    held=held,
                    active=active,
                    reference=reference,
                )
            moved = np.flatnonzero(deltas)
            touched = moved if len(moved) else np.flatnonzero(active)
            leaves = Leaves(
                sku=tuple(keys[0][touched]),
                door=tuple(keys[1][touched]),
                week=keys[2][touched],
                delta=deltas[touched],
            )
            self._refuse_conflicts(actor, scope, leaves, seen, int(present.sum()))
            return self._event(
                actor,
                Kind.OVERRIDE,
                scope=scope,
                operation=str(operation),
                value=value,
                body={"input": function, "before": int(present.sum()) / THOUSANDTHS},
                reason=why.value,
                note=note,
                base=seen,
                client_id=client_id,
                leaves=leaves,
            )

        return self._submit(prepare, client_id, touches=frozenset(map(str, names)))

    def input_units(self, by: str, scope: Scope) -> float:
        """What the person's own input holds for a scope, in units."""
        actor = self._allowed(by, "read")
        skus, doors, weeks = self._members(self.plan, scope)
        present, *_ = _present(self.plan, scope, actor.function.value, skus, doors, weeks)
        return int(present.sum()) / THOUSANDTHS

    def hold(self, by: str, scope: Scope, *, client_id: str | None = None) -> Event:
        """Hold cells of the own input: totals above spread around them."""
        return self._hold(by, scope, Kind.HOLD, client_id)

    def release(self, by: str, scope: Scope, *, client_id: str | None = None) -> Event:
        """Let held cells move again."""
        return self._hold(by, scope, Kind.RELEASE, client_id)

    def comment(
        self, by: str, scope: Scope, text: str, *, client_id: str | None = None
    ) -> Event:
        """Say something about a part of the plan."""
        actor = self._allowed(by, "comment")
        if not text.strip():
            raise OutOfBounds("A comment needs words.")
        self._members(self.plan, scope)
        return self._append(
            actor, Kind.COMMENT, scope=scope, note=_note(text), client_id=client_id
        )

    # Activations ------------------------------------------------------------------------

    @property
    def activations(self) -> list[Activation]:
        """Every activation, past and planned, by start."""
        return sorted(self._activations.values(), key=lambda a: (a.start, a.activation))

    def save_activation(
        self, by: str, activation: Activation, *, base: int | None = None, note: str = ""
    ) -> Event:
        """Add an activation, or change one.

        Raises
        ------
        NotAllowed, UnknownName, OutOfBounds, Conflicted
        """
        actor = self._allowed(by, "activation")
        self._check_items(activation)
        seen = self.seq if base is None else base
        identity = activation.activation

        def prepare() -> Event:
            before = self._activations.get(identity)
            self._refuse_activation_conflict(actor, identity, seen)
            body = {
                "activation": identity,
                "before": before.to_dict() if before else None,
                "after": activation.to_dict(),
            }
            return self._event(actor, Kind.ACTIVATION, body=body, note=_note(note), base=seen)

        return self._submit(prepare, None)

    def cancel_activation(
        self, by: str, identity: str, *, base: int | None = None, note: str = ""
    ) -> Event:
        """Call an activation off: its lift goes, everywhere and at once."""
        self._allowed(by, "activation")
        return self.save_activation(
            by, self._activation(identity).cancelled(), base=base, note=note
        )

    def set_lift(
        self,
        by: str,
        identity: str,
        sku: str,
        lift: float | None,
        *,
        base: int | None = None,
        note: str = "",
    ) -> Event:
        """State the lift of one featured SKU as a multiplier; None: the estimate again."""
        actor = self._allowed(by, "lift")
        before = self._activation(identity)
        if sku not in {item.sku for item in before.items}:
            raise UnknownName(f"{before.name} does not feature '{sku}'.")
        before.with_lift(sku, lift)
        seen = self.seq if base is None else base

        def prepare() -> Event:
            now = self._activation(identity)
            self._refuse_activation_conflict(actor, identity, seen)
            body = {
                "activation": identity,
                "sku": sku,
                "before": now.to_dict(),
                "after": now.with_lift(sku, lift).to_dict(),
            }
            return self._event(
                actor, Kind.LIFT, body=body, value=lift, note=_note(note), base=seen
            )

        return self._submit(prepare, None)

    # Taking back ------------------------------------------------------------------------

    def preview_undo(self, by: str, seq: int) -> UndoPreview:
        """What taking one change back would do; nothing is changed."""
        actor = self._allowed(by, "undo")
        return self._undo_of(actor, seq)[0]

    def undo(self, by: str, seq: int, *, client_id: str | None = None) -> Event:
        """Take one change back; taking that back brings the change back.

        Raises
        ------
        NotAllowed
            If it is another person's change and the actor does not facilitate.
        Refused
            If nothing is left to take back.
        """
        actor = self._allowed(by, "undo")
        self._undo_of(actor, seq)

        def prepare() -> Event:
            preview, body, aim = self._undo_of(actor, seq)
            return self._event(
                actor,
                Kind.UNDO,
                scope=aim,
                body=body,
                base=self.seq,
                client_id=client_id,
                leaves=preview.leaves,
            )

        return self._submit(prepare, client_id)

    # History ----------------------------------------------------------------------------

    def events(
        self,
        by: str,
        *,
        person: str | None = None,
        function: str | None = None,
        kind: str | None = None,
        reason: str | None = None,
        sku: str | None = None,
        most: int = 300,
    ) -> list[Event]:
        """Events that match every filter, latest first."""
        self._allowed(by, "read")
        found = self.store.query(
            "ledger_of",
            person=person,
            function=function,
            kind=kind,
            reason=reason,
            sku=sku,
            most=most,
        )
        wanted = set(found["seq"].astype(int))
        if not wanted:
            return []
        return [e for e in reversed(self.ledger.tail(min(wanted) - 1)) if e.seq in wanted]

    def is_taken_back(self, seq: int) -> bool:
        """Whether a change stands taken back."""
        return seq in self._taken_back

    def cell_history(self, by: str, scope: Scope) -> list[Event]:
        """Events that touched any cell of a scope, latest first."""
        self._allowed(by, "read")
        skus, _, _ = self._members(self.plan, scope)
        found = self.store.query(
            "cell_events",
            skus=self.plan.base.skus["sku"].iloc[skus].tolist(),
            first_week=scope.first_week,
            last_week=scope.last_week,
        )
        return [e for seq in found["seq"] if (e := self.ledger.event(int(seq))) is not None]

    def input_at(self, by: str, seq: int) -> pd.DataFrame:
        """What every input added at a past moment: input, activation, sku, door, week,
        units.
        """
        self._allowed(by, "read")
        rows = self.store.query("input_at", seq=seq, first_week=dt.date(1990, 1, 1))
        return rows.assign(units=rows["delta"] / THOUSANDTHS).drop(columns="delta")

    # Data -------------------------------------------------------------------------------

    def preview_import(self, by: str, paths: Sequence[Path]) -> Judged:
        """Read and judge files; nothing is written."""
        self._allowed(by, "import")
        with files.judged(self.store, paths) as judged:
            return judged

    def import_files(
        self, by: str, paths: Sequence[Path], *, allow_rejects: bool = False
    ) -> tuple[Event, Judged]:
        """Import files, all or nothing; or all good rows, if that is allowed.

        Raises
        ------
        BadFiles
            Naming file, line, column, found and expected; the database is as before.
        """
        actor = self._allowed(by, "import")
        with files.judged(self.store, paths) as judged:
            if judged.problems or (judged.all_problems and not allow_rejects):
                raise BadFiles(judged.all_problems)
            names = [v.table for v in judged.verdicts if v.accepted]
            if not names:
                raise Refused("There is nothing in these files to import.")
            counts = {v.table: [v.read, v.accepted, v.rejected] for v in judged.verdicts}
            body = {"summary": judged.summary, "tables": counts}
            event = self._submit(
                lambda: self._event(actor, Kind.IMPORT, body=body),
                None,
                work=lambda cursor, seq: files.insert_staged(cursor, seq, names),
            )
        self._rebuild()
        return event, judged

    def roll_back(self, by: str, batch: int) -> Event:
        """Take an import out of force; its rows stay on record."""
        actor = self._allowed(by, "import")
        known = self.store.query("batches")
        row = known[known["batch"] == batch]
        if row.empty:
            raise UnknownName(f"There is no import #{batch}.")
        if bool(row["rolled_back"].iloc[0]):
            raise Refused(f"Import #{batch} is rolled back already.")
        event = self._append(actor, Kind.ROLLBACK, body={"batch": batch})
        self._rebuild()
        return event

    # Refresh ----------------------------------------------------------------------------

    @property
    def progress(self) -> Progress | None:
        """The running refresh, or None."""
        return self._progress

    def refresh(
        self,
        by: str,
        *,
        as_of: dt.date | None = None,
        tell: Callable[[str, float], None] = lambda _text, _share: None,
    ) -> Event:
        """Make a new statistical run in a process of its own, and put it in force.

        Everybody goes on reading and editing meanwhile; if the fit fails, the run before
        stays in force.

        Raises
        ------
        RefreshRunning
            If one is under way.
        Refused
            If there are no sales, or the fit failed.
        """
        actor = self._allowed(by, "refresh")
        if not self._refreshing.acquire(blocking=False):
            raise RefreshRunning("Wait until it is done; its progress is on the Data page.")
        started = time.monotonic()

        def told(text: str, share: float) -> None:
            self._progress = Progress(text=text, share=share, started=started, by=actor.name)
            tell(text, share)

        self.refresh_error = ""
        try:
            told("collecting history", 0.0)
            with self._fit_inputs(as_of) as inputs, tempfile.TemporaryDirectory() as made:
                _run_worker(inputs, Path(made), told)
                facts = runs.read_facts(Path(made))
                event = self._submit(
                    lambda: self._event(actor, Kind.RUN, body=facts),
                    None,
                    work=lambda cursor, seq: runs.load_factors(
                        cursor, seq, inputs=inputs, made=Path(made)
                    ),
                )
            told("building the plan", 0.98)
            self._rebuild()
            return event
        except ConcordError as error:
            self.refresh_error = str(error)
            raise
        finally:
            self._progress = None
            self._refreshing.release()

    def start_refresh(self, by: str) -> None:
        """Refresh in the background; progress is told to everybody."""
        self._allowed(by, "refresh")
        if self._progress is not None:
            raise RefreshRunning("Wait until it is done; its progress is on the Data page.")

        def run() -> None:
            try:
                self.refresh(by)
            except ConcordError as error:
                self.refresh_error = str(error)

        threading.Thread(target=run, name="refresh", daemon=True).start()

    @contextmanager
    def _fit_inputs(self, as_of: dt.date | None) -> Iterator[Path]:
        """A folder with everything a fit reads."""
        last = self.store.query("last_sales_week")["week"].iloc[0]
        if pd.isna(last):
            raise Refused("There are no sales to learn from. Import data first.")
        week = week_start(as_of) if as_of else pd.Timestamp(last).date()
        with tempfile.TemporaryDirectory() as folder:
            items = _items_frame(self.activations)
            runs.write_inputs(
                self.store, items, Path(folder), as_of=week, horizon=HORIZON_WEEKS
            )
            yield Path(folder)

    @contextmanager
    def fit_inputs(self, by: str, as_of: dt.date | None = None) -> Iterator[Path]:
        """The same for a backtest."""
        self._allowed(by, "read")
        with self._fit_inputs(as_of) as folder:
            yield folder

    # Inside -----------------------------------------------------------------------------

    def _allowed(self, by: str, verb: str) -> Person:
        person = self.person(by)
        require(person, verb)
        return person

    def _event(self, actor: Person, kind: Kind, **fields: Any) -> Event:
        fields["client_id"] = fields.get("client_id") or uuid.uuid4().hex
        return Event(person=actor.id, function=actor.function.value, kind=kind, **fields)

    def _append(self, actor: Person, kind: Kind, **fields: Any) -> Event:
        return self._submit(
            lambda: self._event(actor, kind, base=self.seq, **fields), fields.get("client_id")
        )

    def _submit(
        self,
        prepare: Callable[[], Event],
        client_id: str | None,
        *,
        touches: frozenset[str] = frozenset(),
        work: Any = None,
    ) -> Event:
        identity = client_id or uuid.uuid4().hex

        def prepared() -> Event:
            return replace(prepare(), client_id=identity)

        return self.ledger.submit(identity, prepared, touches=touches, work=work)

    def _members(self, plan: LivePlan, scope: Scope) -> tuple[Ints, Ints, Ints]:
        skus, doors, weeks = plan.members(scope)
        first, last = as_date(plan.base.weeks[0]), as_date(plan.base.weeks[-1])
        if not len(weeks) or scope.first_week < first or scope.last_week > last:
            raise OutOfBounds(
                f"The plan runs from {first} to {last}; {scope.first_week} to "
                f"{scope.last_week} is not inside it."
            )
        return skus, doors, weeks

    def _hold(self, by: str, scope: Scope, kind: Kind, client_id: str | None) -> Event:
        actor = self._allowed(by, "hold")
        plan = self.plan
        skus, doors, weeks = self._members(plan, scope)
        active = np.concatenate(
            [plan.sku(int(s)).active[np.ix_(doors, weeks)].ravel() for s in skus]
        )
        keys = _leaf_keys(plan, skus, doors, weeks)
        at = np.flatnonzero(active)
        leaves = Leaves(
            sku=tuple(keys[0][at]),
            door=tuple(keys[1][at]),
            week=keys[2][at],
            delta=np.zeros(len(at), np.int64),
        )
        return self._append(actor, kind, scope=scope, leaves=leaves, client_id=client_id)

    def _refuse_conflicts(
        self, actor: Person, scope: Scope, leaves: Leaves, seen: int, present: int
    ) -> None:
        if seen >= self.seq:
            return
        found = collisions(
            self.ledger.tail(seen),
            person=actor.id,
            input_of=actor.function.value,
            aim=scope.activation,
            leaves=leaves,
        )
        if found:
            theirs = found[-1]
            name = self._people[theirs.person].name
            raise Conflicted(
                [Conflict(theirs=theirs, name=name, now_units=present / THOUSANDTHS)]
            )

    def _refuse_activation_conflict(self, actor: Person, identity: str, seen: int) -> None:
        for event in reversed(self.ledger.tail(seen)):
            if event.body.get("activation") == identity and event.person != actor.id:
                name = self._people[event.person].name
                raise Conflicted([Conflict(theirs=event, name=name, now_units=float("nan"))])

    def _activation(self, identity: str) -> Activation:
        if identity not in self._activations:
            raise UnknownName(f"There is no activation '{identity}'.")
        return self._activations[identity]

    def _check_items(self, activation: Activation) -> None:
        if not activation.activation.strip() or not activation.type.strip():
            raise OutOfBounds("An activation needs an identity and a type.")
        skus = set(self.store.query("all_skus")["sku"])
        doors = set(self.store.query("all_doors")["door"])
        for item in activation.items:
            if item.sku not in skus:
                raise UnknownName(f"There is no SKU '{item.sku}'.")
            if item.door is not None and item.door not in doors:
                raise UnknownName(f"There is no door '{item.door}'.")

    def _undo_of(
        self, actor: Person, seq: int
    ) -> tuple[UndoPreview, dict[str, Any], Scope | None]:
        """Preview, body and aim of the event that takes `seq` back."""
        event = self.ledger.event(seq)
        if event is None:
            raise UnknownName(f"There is no change #{seq}.")
        if event.person != actor.id:
            require(actor, "undo others' changes")
        root = event
        if event.kind is Kind.UNDO:
            found = self.ledger.event(int(event.body["target"]))
            assert found is not None
            root = found
            if (root.seq in self._taken_back) is False:
                raise Refused(f"#{root.seq} has been brought back already.")
        elif root.seq in self._taken_back:
            raise Refused(f"#{root.seq} has been taken back already.")
        body: dict[str, Any] = {"target": root.seq}
        match root.kind:
            case Kind.OVERRIDE:
                return self._undo_override(root, body)
            case Kind.ACTIVATION | Kind.LIFT:
                preview, body = self._undo_activation(root, body)
                return preview, body, None
            case Kind.HOLD if event.kind is not Kind.UNDO:
                body["hold"] = True
                return UndoPreview(event=root, leaves=Leaves(), n_superseded=0), body, None
            case Kind.COMMENT:
                return UndoPreview(event=root, leaves=Leaves(), n_superseded=0), body, None
        raise Refused(f"A change of the kind '{root.kind.value}' cannot be taken back here.")

    def _undo_override(
        self, root: Event, body: dict[str, Any]
    ) -> tuple[UndoPreview, dict[str, Any], Scope | None]:
        rows = self.store.query("leaf_stack", seq=root.seq)
        stack = [
            StackedChange(
                seq=int(seq),
                leaf=(str(sku), str(door), np.datetime64(week, "D")),
                delta=int(delta),
                is_undo=bool(is_undo),
            )
            for seq, sku, door, week, delta, is_undo in rows.itertuples(index=False)
        ]
        leaves, superseded = inverse(stack, self._taken_back ^ {root.seq})
        preview = UndoPreview(event=root, leaves=leaves, n_superseded=len(superseded))
        body["input"] = str(root.body.get("input", root.function))
        return preview, body, root.scope

    def _undo_activation(
        self, root: Event, body: dict[str, Any]
    ) -> tuple[UndoPreview, dict[str, Any]]:
        identity = str(root.body["activation"])
        for later in self.ledger.tail(root.seq):
            if later.body.get("activation") != identity:
                continue
            if later.kind is not Kind.UNDO or later.body.get("target") != root.seq:
                name = self._people[later.person].name
                raise Refused(
                    f"{name} changed {identity} after that (#{later.seq}); "
                    "take that back first."
                )
        back = root.seq in self._taken_back
        state = root.body["after"] if back else root.body["before"]
        body |= {"activation": identity, "activation_state": state}
        return UndoPreview(event=root, leaves=Leaves(), n_superseded=0), body

    def _fold(self, events: Sequence[Event]) -> None:
        """Called by the ledger's writer after each commit."""
        for event in events:
            self._note_event(event)
        if self._plan is not None:
            self._plan.fold(events)

    def _note_event(self, event: Event) -> None:
        match event.kind:
            case Kind.PERSON:
                self._people[event.body["id"]] = Person(
                    id=event.body["id"],
                    name=event.body["name"],
                    function=Function(event.body["function"]),
                )
            case Kind.UNDO:
                self._taken_back ^= {int(event.body["target"])}
                if "activation" in event.body:
                    self._put(str(event.body["activation"]), event.body["activation_state"])
            case Kind.ACTIVATION | Kind.LIFT:
                self._put(str(event.body["activation"]), event.body["after"])

    def _put(self, identity: str, state: Mapping[str, Any] | None) -> None:
        if state is None:
            self._activations.pop(identity, None)
        else:
            self._activations[identity] = Activation.from_dict(state)

    def _load_people(self) -> None:
        for event in self.ledger.tail(0):
            if event.kind in (Kind.PERSON, Kind.UNDO):
                self._note_event(event)

    def _rebuild(self) -> None:
        """Build the plan anew from the run in force, the facts and the ledger."""
        events = self.ledger.tail(0)
        self._activations = self._load_activations(events)
        made = [e for e in events if e.kind is Kind.RUN]
        if not made:
            return
        run = made[-1]
        as_of = dt.date.fromisoformat(run.body["as_of"])
        doors = self.store.query("all_doors")
        base = assemble(
            run=run.seq,
            run_body=run.body,
            horizon=HORIZON_WEEKS,
            skus=self.store.query("all_skus"),
            doors=doors[doors["kind"] != "dc"],
            series=self.store.query("run_series_of", run=run.seq),
            sku_factors=self.store.query("run_sku_of", run=run.seq),
            stock=self.store.query("stock", as_of=as_of),
            receipts=self.store.query("open_receipts"),
            prices=self.store.query("prices_in_force", as_of=as_of),
        )
        seq = self.seq
        plan = LivePlan(
            base,
            activations=self._activations.values(),
            inputs=self.store.query("input_at", seq=seq, first_week=as_date(base.weeks[0])),
            holds=_holds(events, self._taken_back),
            limits=Limits(),
            seq=seq,
        )
        # Events that came while the plan was built are folded before it is put in force.
        plan.fold(self.ledger.tail(seq))
        self._plan = plan

    def _load_activations(self, events: Sequence[Event]) -> dict[str, Activation]:
        """Activations as imported, then as people changed them since."""
        rows = self.store.query("activation_rows")
        items: dict[str, list[Item]] = {}
        listed = self.store.query("item_rows")
        for name, sku, door, discount, lift in listed.itertuples(index=False):
            items.setdefault(str(name), []).append(
                Item(
                    sku=str(sku),
                    door=None if pd.isna(door) else str(door),
                    discount=None if pd.isna(discount) else min(float(discount), 0.99),
                    lift=None if pd.isna(lift) else min(float(lift), 50.0),
                )
            )
        found: dict[str, Activation] = {}
        batch_of: dict[str, int] = {}
        for row in rows.to_dict("records"):
            identity = str(row["activation"])
            batch_of[identity] = int(row["batch"])
            found[identity] = Activation(
                activation=identity,
                name=_text(row["name"]) or identity,
                type=str(row["type"]),
                start=pd.Timestamp(row["start"]).date(),
                end=pd.Timestamp(row["end"]).date(),
                status=str(row["status"]),
                owner=_text(row["owner"]),
                channel=_text(row["channel"]),
                spend=None if pd.isna(row["spend"]) else float(row["spend"]),
                lock_date=(
                    None if pd.isna(row["lock_date"]) else pd.Timestamp(row["lock_date"]).date()
                ),
                items=tuple(items.get(identity, ())),
            )
        for event in events:
            identity = str(event.body.get("activation", ""))
            if not identity or batch_of.get(identity, 0) > event.seq:
                continue  # a later import speaks last
            state = event.body.get("activation_state") or event.body.get("after")
            if state is not None:
                found[identity] = Activation.from_dict(state)
            elif event.kind in (Kind.ACTIVATION, Kind.LIFT, Kind.UNDO):
                found.pop(identity, None)
        return found


def _present(
    plan: LivePlan, scope: Scope, function: str, skus: Ints, doors: Ints, weeks: Ints
) -> tuple[Ints, Bools, Bools, Floats]:
    """Present leaves of an input, which are held, which are active, and a profile."""
    at = np.ix_(doors, weeks)
    present, held, active, profile = [], [], [], []
    for sku in skus:
        computed = plan.sku(int(sku))
        if scope.activation == TOTAL:
            value = computed.input_of(function)
        else:
            lift = dict(computed.lifts).get(scope.activation)
            own = plan.aimed(int(sku), function, scope.activation)
            value = np.maximum((0 if lift is None else lift) + own, 0)
        usable = computed.active
        if scope.activation != TOTAL:
            usable = usable & plan.exposed(int(sku), scope.activation)
        present.append(value[at].ravel())
        held.append(plan.held(function, int(sku))[at].ravel())
        active.append(usable[at].ravel())
        profile.append(computed.statistical[at].ravel().astype(float))
    return (
        np.concatenate(present),
        np.concatenate(held),
        np.concatenate(active),
        np.concatenate(profile),
    )


def _own(
    plan: LivePlan, scope: Scope, function: str, skus: Ints, doors: Ints, weeks: Ints
) -> Ints:
    """What an input adds with this aim, leaf by leaf."""
    at = np.ix_(doors, weeks)
    aimed = [plan.aimed(int(s), function, scope.activation)[at].ravel() for s in skus]
    return np.concatenate(aimed)


def _leaf_keys(plan: LivePlan, skus: Ints, doors: Ints, weeks: Ints) -> tuple[Any, Any, Any]:
    """Names of every leaf, in the order in which leaves are stacked."""
    sku = plan.base.skus["sku"].to_numpy(dtype=object)[skus]
    door = plan.base.doors["door"].to_numpy(dtype=object)[doors]
    week = plan.base.weeks[weeks]
    block = len(doors) * len(weeks)
    return (
        np.repeat(sku, block),
        np.tile(np.repeat(door, len(weeks)), len(skus)),
        np.tile(week, len(skus) * len(doors)),
    )


def _holds(
    events: Sequence[Event], taken_back: set[int]
) -> dict[str, list[tuple[Leaves, int]]]:
    """Leaves held now, by function: later holds and releases win over earlier ones."""
    held: dict[str, dict[tuple[str, str, Any], int]] = {f.value: {} for f in INPUTS}
    for event in events:
        if event.kind is Kind.HOLD and event.seq not in taken_back:
            held[event.function].update(dict.fromkeys(event.leaves.keys(), event.seq))
        elif event.kind is Kind.RELEASE:
            for key in sorted(event.leaves.keys()):
                held[event.function].pop(key, None)
    return {
        function: [
            (
                Leaves(
                    sku=tuple(k[0] for k in keys),
                    door=tuple(k[1] for k in keys),
                    week=np.array([k[2] for k in keys], dtype="datetime64[D]"),
                    delta=np.zeros(len(keys), np.int64),
                ),
                seq,
            )
            for seq in set(cells.values())
            if (keys := [k for k, s in cells.items() if s == seq])
        ]
        for function, cells in held.items()
    }


def _run_worker(inputs: Path, made: Path, tell: Callable[[str, float], None]) -> None:
    """Fit in another process; its progress comes line by line."""
    root = Path(__file__).parents[1]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as trouble:
        process = subprocess.Popen(  # noqa: S603 - our own module, our own folders
            [sys.executable, "-m", "forecasting.demand.worker", str(inputs), str(made)],
            stdout=subprocess.PIPE,
            stderr=trouble,
            text=True,
            cwd=root,
        )
        assert process.stdout is not None
        for line in process.stdout:
            told = json.loads(line)
            tell(str(told["text"]), float(told["share"]))
        if process.wait() != 0:
            trouble.seek(0)
            last = trouble.read().strip().splitlines()[-1:] or ["no reason given"]
            raise Refused(
                f"The fit stopped ({last[0]}). The forecast before it stays in force."
            )


def _items_frame(activations: Sequence[Activation]) -> pd.DataFrame:
    """Featured SKUs of every live activation, in the calendar's order."""
    rows = [
        (n, a.type, i.sku, i.door, a.start, a.end, i.discount, i.lift)
        for n, a in enumerate(activations)
        if a.is_live
        for i in a.items
    ]
    names = ["activation", "type", "sku", "door", "start", "end", "discount", "lift"]
    frame = pd.DataFrame(rows, columns=names)
    frame[["discount", "lift"]] = frame[["discount", "lift"]].astype(float)
    for name in ("start", "end"):
        frame[name] = pd.to_datetime(frame[name])
    for name in ("type", "sku", "door"):
        frame[name] = frame[name].astype("string")
    return frame


def _reason(reason: Reason | str, note: str) -> Reason:
    try:
        why = Reason(reason)
    except ValueError as error:
        raise OutOfBounds(f"'{reason}' is not a reason; choose one of the list.") from error
    if why is Reason.OTHER and not note.strip():
        raise OutOfBounds("The reason 'Other' needs a note that says what it is.")
    _note(note)
    return why


def _note(text: str) -> str:
    if len(text) > LONGEST_NOTE:
        raise OutOfBounds(f"A note has at most {LONGEST_NOTE:,} characters.")
    return text.strip()


def _text(value: object) -> str:
    return "" if value is None or (isinstance(value, float) and np.isnan(value)) else str(value)
