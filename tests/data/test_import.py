"""Files in: what is accepted, and sixty ways of being refused with a clear reason."""

from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter

from data import files
from data.store import Store
from data.tables import TABLES

GOOD = {
    "skus": "sku,class,style,unit_price,unit_cost,lead_time_weeks\n"
    "A1,Coats,S1,120,48,6\nA2,Coats,S1,110,40,6\n007,Lamps,S2,30,12,4\n",
    "doors": "door,region,channel,kind\nD1,North,Stores,store\nD2,South,Online,online\n",
    "activations": "activation,type,start,end,status\nX1,email,2026-11-29,2026-12-05,planned\n",
    "sales": "date,sku,door,units,revenue,in_stock\n"
    "2026-11-01,A1,D1,5,600,1\n2026-11-08,007,D2,-1,-30,0.5\n",
}


def write(folder: Path, **tables: str) -> list[Path]:
    paths = []
    for name, text in tables.items():
        path = folder / f"{name}.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        paths.append(path)
    return paths


@pytest.fixture(scope="module")
def store():
    """One for all: files are judged beside what is in force, and nothing here is taken."""
    opened = Store()
    yield opened
    opened.close()


def verdicts(store: Store, paths: list[Path]):
    with files.judged(store, paths) as result:
        return result


def with_good(tmp_path: Path, **tables: str) -> list[Path]:
    return write(tmp_path, **{**GOOD, **tables})


def test_good_files_are_accepted_whole(store, tmp_path):
    result = verdicts(store, write(tmp_path, **GOOD))
    assert result.all_problems == ()
    assert {v.table: (v.read, v.accepted) for v in result.verdicts} == {
        "skus": (3, 3),
        "doors": (2, 2),
        "sales": (2, 2),
        "activations": (1, 1),
    }


def sales(row: str) -> dict[str, str]:
    return {
        "sales": "date,sku,door,units,revenue,in_stock\n2026-11-01,A1,D1,5,600,1\n" + row + "\n"
    }


def skus(
    row: str, header: str = "sku,class,unit_cost,lead_time_weeks,service_level,case_pack"
) -> dict[str, str]:
    return {"skus": f"{header}\nA1,Coats,48,6,0.9,6\n007,Lamps,12,4,0.9,6\n{row}\n"}


def act(row: str) -> dict[str, str]:
    return {
        "activations": "activation,type,start,end,status\nX1,email,2026-11-29,2026-12-05,planned\n"
        + row
        + "\n"
    }


def item(row: str) -> dict[str, str]:
    return {
        "activation_items": "activation,sku,style,door,discount,lift\nX1,A1,,,0.2,1.5\n"
        + row
        + "\n"
    }


def stock(row: str) -> dict[str, str]:
    return {
        "inventory": "date,sku,door,on_hand,in_transit\n2026-11-21,A1,D1,5,0\n" + row + "\n"
    }


def receipt(row: str) -> dict[str, str]:
    return {
        "receipts": "receipt,sku,door,eta,units,status\nP1,A1,D1,2026-12-01,60,confirmed\n"
        + row
        + "\n"
    }


# table, line, column, what is found, a word of what is expected
MALFORMED = {
    "units that are a word": (sales("2026-11-01,A1,D1,many,1,1"), 3, "units", "'many'", "number"),
    "units that are blank": (sales("2026-11-01,A1,D1,,1,1"), 3, "units", "nothing", "number"),
    "units with a comma": (sales('2026-11-01,A1,D1,"1,200",1,1'), 3, "units", "'1,200'", "plain"),
    "units that are not a number": (sales("2026-11-01,A1,D1,nan,1,1"), 3, "units", "'nan'", "number"),
    "infinite units": (sales("2026-11-01,A1,D1,inf,1,1"), 3, "units", "'inf'", "number"),
    "units beyond any retailer": (sales("2026-11-01,A1,D1,1e12,1,1"), 3, "units", "'1e12'", "below"),
    "hexadecimal units": (sales("2026-11-01,A1,D1,0x10,1,1"), 3, "units", "'0x10'", "number"),
    "units with a unit": (sales("2026-11-01,A1,D1,5 pcs,1,1"), 3, "units", "'5 pcs'", "number"),
    "a day first": (sales("01-11-2026,A1,D1,5,1,1"), 3, "date", "'01-11-2026'", "YYYY-MM-DD"),
    "an American date": (sales("11/01/2026,A1,D1,5,1,1"), 3, "date", "'11/01/2026'", "YYYY-MM-DD"),
    "a day that does not exist": (sales("2026-02-30,A1,D1,5,1,1"), 3, "date", "'2026-02-30'", "date"),
    "a month that does not exist": (sales("2026-13-01,A1,D1,5,1,1"), 3, "date", "'2026-13-01'", "date"),
    "a date before 1990": (sales("1989-12-31,A1,D1,5,1,1"), 3, "date", "'1989-12-31'", "1990"),
    "a date after 2100": (sales("2101-01-01,A1,D1,5,1,1"), 3, "date", "'2101-01-01'", "2100"),
    "a blank date": (sales(",A1,D1,5,1,1"), 3, "date", "nothing", "date"),
    "a number for a date": (sales("46000,A1,D1,5,1,1"), 3, "date", "'46000'", "YYYY-MM-DD"),
    "an unknown SKU": (sales("2026-11-01,NOPE,D1,5,1,1"), 3, "sku", "'NOPE'", "skus"),
    "a SKU without its zeros": (sales("2026-11-01,7,D1,5,1,1"), 3, "sku", "'7'", "skus"),
    "a SKU in other case": (sales("2026-11-01,a1,D1,5,1,1"), 3, "sku", "'a1'", "skus"),
    "a blank SKU": (sales("2026-11-01,,D1,5,1,1"), 3, "sku", "nothing", "name"),
    "an unknown door": (sales("2026-11-01,A1,D9,5,1,1"), 3, "door", "'D9'", "doors"),
    "in_stock above one": (sales("2026-11-01,A1,D1,5,1,1.2"), 3, "in_stock", "'1.2'", "between 0 and 1"),
    "in_stock below zero": (sales("2026-11-01,A1,D1,5,1,-0.1"), 3, "in_stock", "'-0.1'", "between 0 and 1"),
    "in_stock maybe": (sales("2026-11-01,A1,D1,5,1,maybe"), 3, "in_stock", "'maybe'", "share"),
    "a row with too few values": (sales("2026-11-01,A1,D1"), 3, "", "3 values", "6 values"),
    "a row with too many values": (sales("2026-11-01,A1,D1,5,1,1,9"), 3, "", "7 values", "6 values"),
    "a quote that never closes": (sales('2026-11-01,"A1,D1,5,1,1'), 3, "", "a quote", "6 values"),
    "a class that is blank": (skus("A3,,1,2,0.9,6"), 4, "class", "nothing", "name"),
    "a SKU twice": (skus("A1,Coats,1,2,0.9,6"), 4, "sku", "again: A1", "once"),
    "a negative cost": (skus("A3,Coats,-1,2,0.9,6"), 4, "unit_cost", "'-1'", "at least 0"),
    "a fraction of a week": (skus("A3,Coats,1,2.5,0.9,6"), 4, "lead_time_weeks", "'2.5'", "whole"),
    "a negative lead time": (skus("A3,Coats,1,-2,0.9,6"), 4, "lead_time_weeks", "'-2'", "at least 0"),
    "a service level in per cent": (skus("A3,Coats,1,2,95,6"), 4, "service_level", "'95'", "between 0 and 1"),
    "an empty case": (skus("A3,Coats,1,2,0.9,0"), 4, "case_pack", "'0'", "at least 1"),
    "a SKU of 201 characters": (skus("A" * 201 + ",Coats,1,2,0.9,6"), 4, "sku", "AAA", "200"),
    "a SKU with a control character": (skus("A\x07B,Coats,1,2,0.9,6"), 4, "sku", "A\x07B", "control"),
    "a SKU of spaces": (skus('"   ",Coats,1,2,0.9,6'), 4, "sku", "'   '", "name"),
    "an exit before the launch": (
        {"skus": "sku,class,launch_date,exit_date\nA1,Coats,,\n007,Lamps,,\nA3,Coats,2026-05-01,2026-04-01\n"},
        4, "exit_date", "'2026-04-01'", "launch_date",
    ),
    "a door of no known kind": ({"doors": "door,kind\nD1,store\nD2,kiosk\n"}, 3, "kind", "'kiosk'", "store, online, dc"),
    "a door twice": ({"doors": "door,kind\nD1,store\nD2,online\nD1,store\n"}, 4, "door", "again: D1", "once"),
    "an activation that ends before it starts": (act("X2,email,2026-12-05,2026-12-01,planned"), 3, "end", "'2026-12-01'", "start"),
    "an activation of no known status": (act("X2,email,2026-12-01,2026-12-05,maybe"), 3, "status", "'maybe'", "planned"),
    "an activation without a type": (act("X2,,2026-12-01,2026-12-05,planned"), 3, "type", "nothing", "name"),
    "an activation without an end": (act("X2,email,2026-12-01,,planned"), 3, "end", "nothing", "date"),
    "an activation twice": (act("X1,email,2026-12-01,2026-12-05,planned"), 3, "activation", "again: X1", "once"),
    "an item of an unknown activation": (item("X9,A1,,,0.2,"), 3, "activation", "'X9'", "activations"),
    "an item of an unknown SKU": (item("X1,A9,,,0.2,"), 3, "sku", "'A9'", "skus"),
    "an item of an unknown style": (item("X1,,S9,,0.2,"), 3, "style", "'S9'", "skus"),
    "an item of an unknown door": (item("X1,A1,,D9,0.2,"), 3, "door", "'D9'", "doors"),
    "an item of neither SKU nor style": (item("X1,,,,0.2,"), 3, "sku", "nothing", "sku or style"),
    "a discount in per cent": (item("X1,A1,,,20,"), 3, "discount", "'20'", "between 0 and 1"),
    "a negative lift": (item("X1,A1,,,0.2,-1"), 3, "lift", "'-1'", "at least 0"),
    "stock of one place and day twice": (stock("2026-11-21,A1,D1,7,0"), 3, "date, sku, door", "again: 2026-11-21, A1, D1", "once"),
    "stock that is a word": (stock("2026-11-14,A1,D1,some,0"), 3, "on_hand", "'some'", "number"),
    "goods in transit below zero": (stock("2026-11-14,A1,D1,7,-1"), 3, "in_transit", "'-1'", "at least 0"),
    "a receipt of no known status": (receipt("P2,A1,D1,2026-12-01,60,lost"), 3, "status", "'lost'", "confirmed"),
    "a receipt without a number": (receipt(",A1,D1,2026-12-01,60,planned"), 3, "receipt", "nothing", "name"),
    "a receipt of negative units": (receipt("P2,A1,D1,2026-12-01,-60,planned"), 3, "units", "'-60'", "at least 0"),
    "a receipt without a date": (receipt("P2,A1,D1,,60,planned"), 3, "eta", "nothing", "date"),
    "a negative price": ({"prices": "date,sku,regular_price\n2026-01-01,A1,-3\n"}, 2, "regular_price", "'-3'", "at least 0"),
    "a lane to an unknown door": ({"lanes": "from_door,to_door,weeks\nD1,D9,1\n"}, 2, "to_door", "'D9'", "doors"),
    "a lane twice": ({"lanes": "from_door,to_door\nD1,D2\nD1,D2\n"}, 3, "from_door, to_door", "again: D1, D2", "once"),
    "a range that ends before it starts": ({"ranging": "sku,door,from,to\nA1,D1,2026-02-01,2026-01-01\n"}, 2, "to", "'2026-01-01'", "from"),
    "a budget for nothing": ({"budget": "date,class,sku,units\n2026-11-01,,,5\n"}, 2, "class", "nothing", "class or sku"),
    "a KPI without a value": ({"kpis": "date,metric,value\n2026-11-01,traffic,\n"}, 2, "value", "nothing", "number"),
    "a header without a required column": ({"sales": "date,sku,door\n2026-11-01,A1,D1\n"}, 1, "units", "columns date, sku, door", "'units'"),
    "a header twice": ({"doors": "door,kind,kind\nD1,store,store\nD2,store,store\n"}, 1, "", "'kind' twice", "once"),
    "an empty file": ({"kpis": ""}, 1, "", "no header", "column names"),
    "Latin-1 text": ({"doors": "door,name\nD1,Lyon\nD2,Orl\xe9ans et ses environs\n".encode("latin-1")}, 3, "", "0xe9", "UTF-8"),
    "UTF-16 text": ({"doors": "door,name\nD1,Lyon\n".encode("utf-16")}, 1, "", "UTF-16", "UTF-8"),
    "a NUL byte": ({"doors": b"door,name\nD1,Ly\0on\nD2,x\n"}, 2, "", "NUL", "UTF-8"),
}  # fmt: skip


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_file_is_refused_by_line_column_found_and_expected(store, tmp_path, case):
    tables, line, column, found, expected = MALFORMED[case]
    before = store.query("content")
    result = verdicts(store, with_good(tmp_path, **tables))
    problem = result.all_problems[0]
    assert problem.file == f"{next(iter(tables))}.csv"
    assert (problem.line, problem.column) == (line, column)
    assert found in problem.found
    assert expected in problem.expected
    pd.testing.assert_frame_equal(store.query("content"), before)


def test_there_are_more_than_sixty_of_them():
    assert len(MALFORMED) >= 60


def test_a_line_number_counts_lines_of_the_file_not_rows(store, tmp_path):
    text = 'sku,class,description\nA1,Coats,"two\nlines"\n\n007,Lamps,plain\n,Coats,x\n'
    result = verdicts(store, with_good(tmp_path, skus=text, sales=GOOD["sales"]))
    assert [p.line for p in result.all_problems] == [6]


def test_many_problems_of_one_kind_are_shown_five_times_and_counted(store, tmp_path):
    rows = "".join(f"2026-11-01,A1,D1,x{i},1,1\n" for i in range(300))
    result = verdicts(store, with_good(tmp_path, sales=GOOD["sales"] + rows))
    lines = [p.line for p in result.all_problems]
    assert lines == [4, 5, 6, 7, 8]
    assert sum(p.count for p in result.all_problems) == 300
    assert result.verdicts[2].rejected == 300


def test_column_order_is_free_and_unknown_columns_are_reported(store, tmp_path):
    text = "units,door,sku,colour,date\n5,D1,A1,red,2026-11-01\n"
    result = verdicts(store, with_good(tmp_path, sales=text))
    assert result.all_problems == ()
    assert "'colour' is not known" in result.verdicts[2].notes[0]


def test_ids_keep_leading_zeros_formulas_sql_and_letters_of_the_world(store, tmp_path):
    ids = ["007", "=1+1", "x'; drop table event; --", "Überwurf-Ω-毛衣", "<b>bold</b>"]
    text = "sku,class\n" + "".join(f'"{i}",Coats\n' for i in [*ids, "A1"])
    with files.judged(store, with_good(tmp_path, skus=text)) as result, store.cursor() as cur:
        assert result.all_problems == ()
        staged = [
            r[0] for r in cur.execute("select sku from staging.skus order by _row").fetchall()
        ]
    assert staged == [*ids, "A1"]


def test_a_byte_order_mark_is_fine(store, tmp_path):
    result = verdicts(
        store, with_good(tmp_path, doors=b"\xef\xbb\xbf" + GOOD["doors"].encode())
    )
    assert result.all_problems == ()


def test_an_unknown_file_name_is_refused_alone_and_ignored_in_a_folder(store, tmp_path):
    (alone,) = write(tmp_path, turnover="a,b\n1,2\n")
    (problem,) = verdicts(store, [alone]).all_problems
    assert "turnover" in str(problem)
    write(tmp_path, **GOOD)
    assert verdicts(store, [tmp_path]).notes == (
        "turnover.csv: not a table of Concord, ignored",
    )


def test_a_table_in_two_files_is_refused(store, tmp_path):
    write(tmp_path, **GOOD)
    pd.read_csv(tmp_path / "doors.csv").to_parquet(tmp_path / "doors.parquet")
    problems = verdicts(store, [tmp_path]).all_problems
    assert any("doors.parquet: found table doors again" in str(p) for p in problems)


@pytest.mark.parametrize("name", ["nowhere.csv", "sales.xlsm", "sales.json"])
def test_a_file_that_is_missing_or_of_another_kind_is_refused(store, tmp_path, name):
    if name != "nowhere.csv":
        (tmp_path / name).write_text("x")
    assert verdicts(store, [tmp_path / name]).all_problems


def test_parquet_and_workbooks_say_the_same_as_csv(store, tmp_path):
    book = xlsxwriter.Workbook(tmp_path / "all.xlsx")
    for name, text in GOOD.items():
        sheet = book.add_worksheet(name)
        for r, line in enumerate(text.splitlines()):
            for c, value in enumerate(line.split(",")):
                as_text = (
                    value.startswith("00") or not value.replace(".", "").lstrip("-").isdigit()
                )
                sheet.write_string(r, c, value) if as_text else sheet.write_number(
                    r, c, float(value)
                )
    book.close()
    result = verdicts(store, [tmp_path / "all.xlsx"])
    assert result.all_problems == ()
    assert [v.accepted for v in result.verdicts] == [3, 2, 2, 1]
    folder = tmp_path / "parquet"
    folder.mkdir()
    for name in GOOD:
        write(tmp_path, **{name: GOOD[name]})
        frame = pd.read_csv(tmp_path / f"{name}.csv", dtype={"sku": str})
        for column in ("date", "start", "end"):
            if column in frame:
                frame[column] = pd.to_datetime(frame[column])
        frame.to_parquet(folder / f"{name}.parquet")
    result = verdicts(store, [folder])
    assert result.all_problems == ()
    assert [v.accepted for v in result.verdicts] == [3, 2, 2, 1]


def test_parquet_numbers_that_are_not_finite_are_refused(store, tmp_path):
    write(tmp_path, **GOOD)
    (tmp_path / "sales.csv").unlink()
    frame = pd.DataFrame(
        {"date": ["2026-11-01"] * 2, "sku": "A1", "door": "D1", "units": [1.0, float("inf")]}
    )
    frame.to_parquet(tmp_path / "sales.parquet")
    problem = verdicts(store, [tmp_path]).all_problems[0]
    assert (problem.line, problem.column, problem.found) == (2, "units", "'inf'")


def test_a_formula_without_a_stored_value_is_refused(store, tmp_path):
    book = xlsxwriter.Workbook(tmp_path / "kpis.xlsx")
    sheet = book.add_worksheet("kpis")
    for c, name in enumerate(("date", "metric", "value")):
        sheet.write_string(0, c, name)
        sheet.write_string(1, c, ("2026-11-01", "traffic", "")[c])
    sheet.write_formula(1, 2, "=1+1", None, "")
    sheet.write_string(2, 0, "2026-11-08")
    sheet.write_string(2, 1, "traffic")
    sheet.write_formula(2, 2, "=1+1", None, 2)
    book.close()
    result = verdicts(store, [tmp_path / "kpis.xlsx"])
    assert [(p.line, p.found) for p in result.all_problems] == [
        (2, "a formula without a stored value in C2")
    ]
    assert result.verdicts[0].accepted == 1


def test_templates_are_importable_and_explain_every_column(store, tmp_path):
    files.write_templates(tmp_path)
    result = verdicts(store, [tmp_path])
    assert result.all_problems == ()
    assert {v.table for v in result.verdicts} == set(TABLES)
    guide = (tmp_path / "COLUMNS.md").read_text()
    for table in TABLES.values():
        for column in table.columns:
            assert f"| {column.name}" in guide


def test_exports_defuse_what_a_spreadsheet_would_run(tmp_path):
    frame = pd.DataFrame({"sku": ["=cmd()", "007", "-5"], "units": [1.5, -2.0, 0.0]})
    files.export(frame, tmp_path / "out.csv")
    back = pd.read_csv(tmp_path / "out.csv", dtype=str)
    assert back["sku"].tolist() == ["'=cmd()", "007", "'-5"]
    assert back["units"].tolist() == ["1.5", "-2.0", "0.0"]
    files.export(frame, tmp_path / "out.parquet")
    assert pd.read_parquet(tmp_path / "out.parquet")["sku"].tolist() == ["=cmd()", "007", "-5"]
