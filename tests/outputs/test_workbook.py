"""Out to Excel and back: what was typed over, conflicts, refusals, nothing lost."""

import datetime as dt
import io
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from data import sheets
from forecasting.errors import BadFiles, NotAllowed, OutOfBounds
from forecasting.outputs import workbook
from forecasting.outputs.workbook import Verdict
from forecasting.plan import views
from forecasting.vocabulary import Function
from tests.cycling import open_cycle
from tests.monthly.test_cycle import busiest, scope, units


def grid_of(space, layer, *, level="sku", weeks=8):
    return views.grid(
        space.plan, layer=layer, level=level, skus=np.arange(len(space.plan.sku_names)),
        weeks=np.arange(weeks),
    )  # fmt: skip


def exported(space, by="mara", **more):
    layer = space.person(by).function.value
    return workbook.export(
        space, by, grid_of(space, layer, **more), level=more.get("level", "sku")
    )


def edited(file: bytes, change) -> io.BytesIO:
    book = openpyxl.load_workbook(io.BytesIO(file))
    change(book["Forecast"], book)
    back = io.BytesIO()
    book.save(back)
    back.seek(0)
    return back


def cell_of(sheet, node, week=0):
    row = next(r for r in range(3, sheet.max_row + 1) if sheet.cell(r, 1).value == node)
    return sheet.cell(row, 2 + week)


def typing(node, value, week=0):
    def change(sheet, _book):
        cell_of(sheet, node, week).value = value

    return change


def test_what_was_typed_over_becomes_the_own_input_and_the_rest_stays(space):
    name = space.plan.sku_names[busiest(space)]
    file = edited(exported(space), typing(name, 432.5, week=2))
    returned = workbook.judge(space, "mara", file, "m.xlsx")
    assert [(c.scope.product, c.value, c.verdict) for c in returned.cells] == [
        (name, 432.5, Verdict.APPLIED)
    ]
    assert returned.unchanged == len(space.plan.sku_names) * 8 - 1
    before = space.seq
    (event,) = workbook.apply(space, "mara", returned, reason="EVENT", note="from the sheet")
    assert units(space, "marketing", busiest(space), 2) == 432.5
    assert (event.reason, event.note) == ("EVENT", "from the sheet")
    workbook.apply(space, "mara", returned, reason="EVENT")
    assert space.seq == before + 1  # the same file again is answered, not written again


def test_judging_writes_nothing(space):
    before = space.seq
    name = space.plan.sku_names[busiest(space)]
    workbook.judge(space, "mara", edited(exported(space), typing(name, 999.0)), "m.xlsx")
    assert space.seq == before


def test_a_file_that_nobody_touched_has_nothing_to_write(space):
    returned = workbook.judge(space, "mara", io.BytesIO(exported(space)), "m.xlsx")
    assert returned.cells == ()


def test_a_cell_that_somebody_else_changed_since_is_a_conflict_with_a_name(space):
    space.set_person("sam", identity="lea", name="Lea Marsh", function=Function.MARKETING)
    sku = busiest(space)
    file = edited(exported(space), typing(space.plan.sku_names[sku], 432.5, week=3))
    space.override("lea", scope(space, sku, 3), "add", 11, reason="EVENT")
    returned = workbook.judge(space, "mara", file, "m.xlsx")
    (cell,) = returned.cells
    assert cell.verdict is Verdict.CONFLICT
    assert "Lea Marsh" in cell.why
    assert workbook.apply(space, "mara", returned, reason="EVENT") == []
    workbook.apply(space, "mara", returned, reason="EVENT", mine_over_theirs=True)
    assert units(space, "marketing", sku, 3) == 432.5


def test_what_cannot_be_is_refused_cell_by_cell_and_the_rest_can_go_in(space):
    open_cycle(space, "2026-12", blind=False, fence_weeks=1)
    sku = busiest(space)
    name = space.plan.sku_names[sku]

    def change(sheet, _book):
        cell_of(sheet, name, 0).value = 10  # frozen
        cell_of(sheet, name, 1).value = -5
        cell_of(sheet, name, 2).value = None
        cell_of(sheet, name, 4).value = 77

    returned = workbook.judge(space, "mara", edited(exported(space), change), "m.xlsx")
    assert [c.verdict for c in returned.cells] == [Verdict.REFUSED] * 3 + [Verdict.APPLIED]
    why = [c.why for c in returned.cells]
    assert "frozen" in why[0]
    assert "negative" in why[1]
    assert "blank" in why[2]
    workbook.apply(space, "mara", returned, reason="EVENT")
    assert units(space, "marketing", sku, 4) == 77


def test_formulas_are_values_and_never_run(space):
    name = space.plan.sku_names[busiest(space)]
    file = edited(exported(space), typing(name, '=WEBSERVICE("http://example.org")', week=1))
    returned = workbook.judge(space, "mara", file, "m.xlsx")
    assert [c.verdict for c in returned.cells] == [Verdict.REFUSED]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda sheet, _: sheet.cell(3, 2, "lots"), "'lots'"),
        (lambda sheet, _: sheet.cell(3, 1, "NO-SUCH-SKU"), "NO-SUCH-SKU"),
        (lambda _, book: book.remove(book["about"]), "no such sheet"),
        (lambda sheet, _: sheet.cell(2, 2, "2031-01-05"), "another week"),
        (lambda sheet, _: sheet.cell(2, 2, "soon"), "no date"),
    ],
)
def test_a_workbook_that_is_not_as_it_was_is_refused_by_sheet_and_row(space, change, found):
    file = edited(exported(space), change)
    with pytest.raises(BadFiles, match=found):
        workbook.judge(space, "mara", file, "m.xlsx")


def test_nobody_brings_back_the_input_of_another_function(space):
    file = exported(space, by="mara")
    with pytest.raises(OutOfBounds, match="Marketing"):
        workbook.judge(space, "ines", io.BytesIO(file), "m.xlsx")
    name = space.plan.sku_names[busiest(space)]
    returned = workbook.judge(space, "mara", edited(file, typing(name, 50.0)), "m.xlsx")
    with pytest.raises(NotAllowed):
        workbook.apply(space, "victor", returned, reason="EVENT")


def test_not_a_workbook_at_all_is_refused_as_such(space):
    with pytest.raises(BadFiles, match="exported from Concord"):
        workbook.judge(space, "mara", io.BytesIO(b"hello"), "m.xlsx")


def test_what_identifies_a_row_is_locked_and_the_weeks_are_open(space):
    book = openpyxl.load_workbook(io.BytesIO(exported(space)))
    sheet = book["Forecast"]
    assert sheet.protection.sheet
    assert sheet["A3"].protection.locked
    assert not sheet["B3"].protection.locked
    assert book["about"].sheet_state == book["as exported"].sheet_state == "hidden"


def test_a_file_edited_and_saved_by_libreoffice_comes_back():
    path = Path(__file__).parents[1] / "fixtures" / "libreoffice.xlsx"
    with path.open("rb") as file:
        sheet = sheets.read(file, path.name)
    assert sheet.about["base"] == "41"
    assert sheet.about["input"] == "marketing"
    assert sheet.typed.index.tolist() == ["KN011-BLA-M", "007", "=odd"]
    assert sheet.typed.columns.tolist() == sheet.before.columns.tolist()
    moved = (sheet.typed - sheet.before).fillna(0.0)
    assert sheet.typed.iloc[0, 0] == 12
    assert sheet.typed.iloc[1, 2] == 5  # a formula: its value
    assert np.isnan(sheet.typed.iloc[2, 3])
    assert (moved.to_numpy() != 0).sum() == 2


def test_fifty_thousand_cells_go_out_and_come_back_as_they_were():
    weeks = [dt.date(2026, 11, 22) + dt.timedelta(7 * k) for k in range(50)]
    values = np.round(np.random.default_rng(1).gamma(2, 30, (1000, 50)), 3)
    grid = pd.DataFrame(values, index=[f"S{n:04}" for n in range(1000)], columns=weeks)
    about = {"base": "1", "input": "planning"}
    sheet = sheets.read(io.BytesIO(sheets.write(grid, about)), "p.xlsx")
    np.testing.assert_allclose(sheet.typed.to_numpy(), values)
    assert sheet.typed.index.tolist() == grid.index.tolist()
