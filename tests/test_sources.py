"""Files as shops have them, through sources, against the same facts in our own form."""

from dataclasses import replace

import pytest

from data.looking import look
from data.parsing import private_folder
from data.shapes import Shape
from data.tables import TABLES
from forecasting.errors import BadFiles, NotAllowed, OutOfBounds
from forecasting.intake import dialogue, matching
from forecasting.intake.dialogue import FileOptions
from forecasting.workspace import Workspace
from tests import shop_exports as shop

TEN = {
    "skus": (shop.product_master, FileOptions(table="skus")),
    "doors": (
        shop.store_master,
        FileOptions(table="doors", read=("sheet=Liste",), constants=("channel=Stores",)),
    ),
    "sales": (shop.till, FileOptions(table="sales")),
    "inventory": (shop.warehouse, FileOptions(table="inventory", added_up=True)),
    "receipts": (shop.order_lines, FileOptions(table="receipts")),
    "activations": (
        shop.campaigns,
        FileOptions(table="activations", constants=("type=email",)),
    ),
    "activation_items": (shop.campaign_items, FileOptions(table="activation_items")),
    "budget": (shop.finance, FileOptions(table="budget", read=("across=value",))),
}


@pytest.fixture
def space(tmp_path):
    made = Workspace(None)
    yield made
    made.close()


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    made = Workspace(None)
    made.import_files("admin", shop.own(folder))
    yield made
    made.close()


def facts(space: Workspace, table: str) -> list[tuple]:
    frame = space.store.table(table).drop(columns="batch", errors="ignore")
    frame = frame.astype(object).where(frame.notna(), None)
    rows = [
        tuple(round(v, 6) if isinstance(v, float) else v for v in row)
        for row in frame.itertuples(index=False)
    ]
    return sorted(rows, key=str)


def by_source(space, paths, name, options=None, by="admin"):
    paths = paths if isinstance(paths, tuple) else (paths,)
    one, told = dialogue.mapped(space.sources, by, paths, name, options or FileOptions())
    space.import_files(by, [], mapped=[one])
    return told


def test_what_shops_export_becomes_the_same_facts_as_our_own_files(space, ours, tmp_path):
    for table, (write, options) in TEN.items():
        by_source(space, write(tmp_path), f"our {table}", options)
        assert facts(space, table) == facts(ours, table), table
    # And again under the same names, without another word.
    for table, (write, _) in TEN.items():
        by_source(space, write(tmp_path), f"our {table}")
        assert facts(space, table) == facts(ours, table), table


def test_a_web_shop_with_returns_and_a_week_by_number_with_a_second_file(space, ours, tmp_path):
    space.import_files("admin", shop.own(tmp_path)[:2])
    by_source(
        space,
        shop.web_shop(tmp_path),
        "web",
        FileOptions(table="sales", constants=("door=web",)),
    )
    expected = Workspace(None)
    (tmp_path / "sales.csv").write_text(shop.WEB, encoding="utf-8")
    expected.import_files("admin", shop.own(tmp_path)[:2])
    (tmp_path / "sales.csv").write_text(shop.WEB, encoding="utf-8")
    expected.import_files("admin", [tmp_path / "sales.csv"])
    assert facts(space, "sales") == facts(expected, "sales")
    expected.close()

    paths = shop.weekly(tmp_path)
    options = FileOptions(table="sales", on="Article=Article", columns=("sku=articles.GTIN",))
    with pytest.raises(BadFiles, match="Which calendar"):
        by_source(space, paths, "weekly", options)
    told = FileOptions(
        table="sales", on="Article=Article", columns=("sku=articles.GTIN",),
        read=("calendar=iso",),
    )  # fmt: skip
    by_source(space, paths, "weekly", told)
    got = {(str(r[0])[:10], r[1], r[3]) for r in facts(space, "sales") if r[2] == "012"}
    assert got == {
        (day, shop.SKUS[n - 1], 10.0 * n + w)
        for day, w in (("2026-03-30", 14), ("2026-04-06", 15))
        for n in (1, 2)
    }


@pytest.mark.parametrize("week", ["{}", "{:02d}", "KW{:02d}", "Wk {}", "Sem. {}"])
def test_a_week_beside_its_year_is_read_however_its_number_is_written(
    space, ours, tmp_path, week
):
    rows = [f"2026;{week.format(w)};012;{shop.SKUS[0]};{w}" for w in (14, 15)]
    path = tmp_path / "weeks.csv"
    path.write_text("Year;Week;Store;SKU;Qty\n" + "\n".join(rows) + "\n")
    space.import_files("admin", shop.own(tmp_path)[:2])
    with pytest.raises(BadFiles, match="week 14 of 2026"):
        by_source(space, path, "weekly", FileOptions(table="sales"))
    by_source(space, path, "weekly", FileOptions(table="sales", read=("calendar=iso",)))
    got = {(str(r[0])[:10], r[3]) for r in facts(space, "sales")}
    assert got == {("2026-03-30", 14.0), ("2026-04-06", 15.0)}


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Date;Store;SKU;Qty\n03/04/2026;012;A;1\n04/05/2026;012;A;2\n", "date:Date"),
        ("Date;Store;SKU;Qty\n2026-04-03;012;A;1.234\n2026-04-04;012;A;2.000\n", "decimal:Qty"),
        ("Year;Week;Store;SKU;Qty\n2026;14;012;A;1\n2026;15;012;A;4\n", "calendar"),
    ],
)
def test_where_two_readings_differ_none_is_taken_and_the_option_is_named(
    space, tmp_path, text, key
):
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(BadFiles) as refused:
        by_source(space, path, "till", FileOptions(table="sales"))
    assert f"--read '{key}=" in str(refused.value)
    assert space.sources.all == []


def test_the_table_that_an_export_holds_is_proposed(tmp_path):
    with private_folder() as folder:
        for table, (write, options) in TEN.items():
            reading = dialogue.reading_of(dialogue.pairs(options.read, "--read"))
            seen = look(write(tmp_path), folder, reading=reading)
            assert matching.likely_table(seen) == table
        assert matching.likely_table(look(shop.web_shop(tmp_path), folder)) == "sales"
        assert matching.likely_table(look(shop.weekly(tmp_path)[0], folder)) == "sales"


@pytest.mark.parametrize("table", shop.UNKNOWN)
def test_so_is_the_table_of_files_whose_names_nobody_knew(tmp_path, table):
    path = tmp_path / "x.csv"
    with private_folder() as folder:
        for text in shop.UNKNOWN[table]:
            path.write_text(text, encoding="utf-8")
            assert matching.likely_table(look(path, folder)) == table


def test_what_stands_in_columns_speaks_where_names_do_not(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("p,q,Promo Code,Promo Mechanic\n2026-05-04,2026-05-10,SP1,email\n")
    with private_folder() as folder:
        found = matching.matched(look(path, folder), TABLES["activations"])
    assert {target: name for target, (name, _) in found.items()} == {
        "activation": "Promo Code", "type": "Promo Mechanic", "start": "p", "end": "q",
    }  # fmt: skip


def test_a_day_above_twelve_far_below_settles_the_order_of_all(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("Date,SKU\n" + "03/04/2026,A\n" * 30_000 + "04/13/2026,A\n")
    with private_folder() as folder:
        (date, _) = look(path, folder).columns
    assert date.forms == ("mdy",)


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-8", "cp1252", "utf-16", "utf-16-le", "utf-16-be"]
)
@pytest.mark.parametrize("sign", [";", "\t", ",", "|"])
def test_every_encoding_and_sign_between_columns_is_found(tmp_path, encoding, sign):
    path = tmp_path / "x.csv"
    lines = ["Größe", "Artikel", "Preis"], ["süß", "Öl", '"1.234,50"'], ["é", "x", '"2,00"']
    path.write_bytes("\n".join(sign.join(line) for line in lines).encode(encoding))
    with private_folder() as folder:
        seen = look(path, folder)
    assert seen.header == ("Größe", "Artikel", "Preis")
    assert seen.sample[0] == ("süß", "Öl", "1.234,50")
    assert seen.columns[2].decimal == ","


def test_a_code_that_lost_its_digits_is_refused_in_words(space, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(
        "EAN;Warengruppe\n4,00638E+12;Küche\n4006381333948;Küche\n", encoding="cp1252"
    )
    with pytest.raises(BadFiles, match="a spreadsheet has lost the last ones") as refused:
        by_source(space, path, "articles", FileOptions(table="skus"))
    assert refused.value.problems[0].line == 2


def test_a_source_says_how_a_table_is_replaced_and_a_roll_back_brings_it_back(space, tmp_path):
    space.import_files("admin", shop.own(tmp_path)[:3])
    whole = facts(space, "sales")
    path = tmp_path / "x.csv"
    path.write_text(f"Datum;Filiale;EAN;Menge\n13.04.2026;012;{shop.SKUS[0]};7\n")
    by_source(space, path, "days", FileOptions(table="sales", replaces="dates"))
    after = facts(space, "sales")
    assert [r for r in after if str(r[0])[:10] == "2026-04-13"] != []
    assert len(after) == len(whole) - 6 + 1
    by_source(space, path, "all", FileOptions(table="sales", replaces="whole"))
    assert len(facts(space, "sales")) == 1
    space.roll_back("admin", space.seq)
    assert facts(space, "sales") == after


def test_marketing_keeps_sources_of_its_calendar_and_of_nothing_else(space, ours, tmp_path):
    space.set_person("admin", identity="mara", name="Mara", function="marketing")
    write, options = TEN["activations"]
    by_source(space, write(tmp_path), "plan", options, by="mara")
    assert facts(space, "activations") == facts(ours, "activations")
    with pytest.raises(NotAllowed):
        by_source(space, shop.till(tmp_path), "till", FileOptions(table="sales"), by="mara")
    with pytest.raises(OutOfBounds):
        space.sources.save("admin", "x", Shape(table="sales", fields=()))
    space.sources.remove("mara", "plan")
    assert space.sources.all == []


def test_one_file_that_is_wrong_hides_nothing_of_the_others(space, tmp_path):
    (tmp_path / "turnover.csv").write_text("a,b\n1,2\n")
    (tmp_path / "doors.csv").write_text("door,kind\nD1,castle\n")
    judged = space.preview_import("admin", [tmp_path / "turnover.csv", tmp_path / "doors.csv"])
    assert {p.file for p in judged.all_problems} == {"turnover.csv", "doors.csv"}


REPORT = (
    "Tag;Filiale;Artikel;Kartons;Status\n"
    "2026-11-01;D1;A1;2;ok\n"
    "2026-11-01;D1;A1;1;ok\n"
    "Summe Filiale D1;;;3;\n"
    "2026-11-01;D1;A2;4;storniert\n"
    "2026-11-01;D1;A2;5;test\n"
    "2026-11-01;D1;;7;ok\n"
    "2026-11-02;D1;A2;1;ok\n"
    "Gesamt;;;22;\n"
)
"""A till's report with totals between, rows called off, tests, and cases of six."""
MEANT = FileOptions(
    table="sales",
    columns=("date=Tag", "sku=Artikel", "door=Filiale", "units=Kartons"),
    factors=("units=6",),
    leave_out=("Tag=Summe*", "Status=test", "Status=storniert", "Artikel="),
    added_up=True,
)


@pytest.fixture
def report(space, tmp_path):
    (tmp_path / "skus.csv").write_text("sku,class\nA1,Cups\nA2,Cups\n")
    (tmp_path / "doors.csv").write_text("door,name\nD1,Mill\n")
    space.import_files("admin", [tmp_path / "skus.csv", tmp_path / "doors.csv"])
    path = tmp_path / "till.csv"
    path.write_text(REPORT)
    return path


def test_rows_are_left_out_added_up_and_counted_in_units_and_it_is_stated(space, report):
    one, _ = dialogue.mapped(space.sources, "admin", (report,), "till", MEANT)
    (verdict,) = space.preview_import("admin", [], mapped=[one]).verdicts
    assert verdict.notes[:2] == (
        "rows left out, as the source says: 4",
        "rows added to others of the same key: 1",
    )
    by_source(space, report, "till")
    sold = space.store.table("sales")[["date", "sku", "units"]]
    assert [(f"{d:%m-%d}", s, u) for d, s, u in sold.itertuples(index=False)] == [
        ("11-01", "A1", 18.0), ("11-02", "A2", 6.0),
    ]  # fmt: skip


def test_rows_that_look_called_off_count_where_somebody_says_so(space, report):
    kept = ("Status=storniert", "Status=test")
    options = replace(MEANT, leave_out=("Tag=Summe*", "Artikel="), keep=kept)
    one, _ = dialogue.mapped(space.sources, "admin", (report,), "till", options)
    assert ("Status", "storniert") not in one.shape.leave_out
    (verdict,) = space.preview_import("admin", [], mapped=[one]).verdicts
    assert verdict.notes[0] == "rows left out, as the source says: 2"
    assert verdict.accepted == 3


def test_a_file_of_others_that_is_named_like_a_table_says_what_to_do(space, report):
    named = report.rename(report.with_name("sales.csv"))
    judged = space.preview_import("admin", [named])
    first = judged.problems[0]
    assert (first.file, first.line) == ("sales.csv", 1)
    assert "read by a source" in first.expected
    assert "--map NAME --table sales" in first.expected
    one, _ = dialogue.mapped(space.sources, "admin", (named,), "till", MEANT)
    assert space.preview_import("admin", [], mapped=[one]).all_problems == ()


def test_a_report_of_doors_is_no_budget_though_it_names_classes(tmp_path):
    rows = "".join(
        f"{n:02d}.10.2026;D1;A{n % 3};Schal;{n};30,00;Schals\n" for n in range(1, 29)
    )
    path = tmp_path / "kasse.csv"
    path.write_text(
        f"Buchungstag;Filiale;Artikelnummer;Bezeichnung;Menge;Umsatz;Warengruppe\n{rows}"
    )
    with private_folder() as folder:
        assert matching.likely_table(look(path, folder)) == "sales"
