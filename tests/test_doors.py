"""One door for text on a page, one for text in a file that leaves: proved from the source."""

import ast
import io
import textwrap

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import nodes

from data import leaving
from forecasting.outputs import printed
from pages.components import download, text
from tests.doors import DOOR, FORBIDDEN, PAGES, ROOT, Page, called, sources

HOUSE = [ROOT / "app.py", *sources("pages", "forecasting", "data")]


def calls(path):
    return [
        n
        for n in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(n, ast.Call)
    ]


def where_called(*names: str, among=HOUSE) -> set[str]:
    return {
        path.relative_to(ROOT).as_posix()
        for path in among
        for call in calls(path)
        if called(call) in names
    }


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_what_a_page_shows_is_ours_or_came_through_the_door(path):
    if path == DOOR:
        return
    doubtful = [str(found) for found in Page(path).unproved()]
    assert not doubtful, "\n".join(doubtful)


@pytest.mark.parametrize(
    ("source", "doubtful"),
    [
        ('st.markdown("ours")', 0),
        ('st.markdown(f"**{plain(name)}**")', 0),
        ('st.markdown(f"{count:,} cells, {when:%b %d}")', 0),
        ('st.markdown(name)', 1),
        ('st.markdown(f"**{name}**")', 1),
        ('st.caption("by " + person.name)', 1),
        ('row[0].button(f"Undo {event.note}", key="k")', 1),
        ('st.metric("Draft", value, help=note)', 2),
        ('st.error(str(error))', 1),
        ('st.tabs([label, "Second"])', 1),
        ('st.segmented_control("How", options, format_func=names.get)', 1),
        ('st.selectbox("Which", options, format_func=names.get)', 0),
        ('text = f"x {name}"\nst.info(text)', 1),
        ('text = plain(name)\ntext += other\nst.info(text)', 1),
        ('parts = []\nparts.append(name)\nst.info(" · ".join(parts))', 1),
        ('for name in people:\n    st.info(name)', 1),
        ('for word in ("a", "b"):\n    st.info(word)', 0),
        ('st.info(f"{name:%<9}")', 1),
        ('st.info("{}".format(name))', 1),
        ('st.info("%s" % name)', 1),
        ('ours(name)', 1),
        ('st.column_config.Column("x", help=name)', 1),
        ('frame.title("Bridge", said_by_a_person)', 1),
    ],
)  # fmt: skip
def test_the_proof_finds_what_is_doubtful(source, doubtful, tmp_path):
    body = textwrap.indent(source, "    ")
    path = tmp_path / "page.py"
    path.write_text(
        "from pages.components.text import ours, plain\n"
        "def page(name, other, note, value, label, names, options, people, error, event, person,\n"
        f"         count, when, row, said_by_a_person):\n{body}\n"
    )
    found = list(Page(path).unproved())
    assert len(found) == doubtful, [ast.unparse(f.node) for f in found]


def test_no_page_has_another_way_to_markup_or_to_an_address():
    for path in PAGES:
        for call in calls(path):
            named = {k.arg for k in call.keywords}
            assert not named & {"unsafe_allow_html", "unsafe_allow_javascript"}, path
            owner = ast.unparse(call.func).rpartition(".")[0]
            if called(call) in FORBIDDEN and (owner == "st" or owner.endswith("column_config")):
                shown = f"{path.relative_to(ROOT)}: {ast.unparse(call)}"
                assert shown in {
                    "app.py: st.html(COMPONENTS / 'style.css')",
                    "app.py: st.image(loop(), width=980, alt=LOOP)",
                    "app.py: st.image(str(COMPONENTS / 'icon.png'), width=40, "
                    'alt="Concord\'s mark")',
                    "pages/components/text.py: "
                    "st.column_config.LinkColumn(display_text='open', **options)",
                }


def test_the_doors_types_are_made_at_the_doors_only():
    assert where_called("Markdown", among=PAGES) == {
        "pages/components/text.py",
        "pages/components/theme.py",
    }
    assert where_called("Leaving") == {"data/leaving.py", "data/sheets.py"}


def test_tables_and_workbooks_are_written_at_one_door_only():
    assert where_called("to_csv") == {"data/leaving.py", "data/runs.py"}  # there: a digest
    assert where_called("to_excel", "ExcelWriter", "writer", "writerow") == {"data/leaving.py"}
    # The parser's own Workbook reads; none of another's writes.
    assert where_called("Workbook") - {
        "data/parser/xlsx_file.py",
        "data/parser/foreign.py",
    } == {"data/sheets.py"}
    assert where_called("download_button") == {"pages/components/download.py"}
    text_only = {call.func.attr for call in calls(ROOT / "data" / "sheets.py")
                 if isinstance(call.func, ast.Attribute) and call.func.attr.startswith("write")}  # fmt: skip
    assert text_only == {"write_string", "write_number", "write_datetime"}


def test_the_charts_have_no_links_no_pictures_and_no_expressions_of_data():
    charts = sorted((ROOT / "pages" / "components" / "charts").glob("*.py"))
    assert charts
    for call in (call for path in charts for call in calls(path)):
        assert called(call) not in {"Href", "Url", "mark_image", "transform_calculate", "expr"}
        assert not {k.arg for k in call.keywords} & {"href", "url", "expr"}


@pytest.mark.parametrize("name", ["paper", "weekly"])
def test_a_template_escapes_everything_and_fetches_nothing(name):
    page = printed.template(name)
    assert page.environment.autoescape is True
    source = (ROOT / "forecasting" / "outputs" / "templates" / f"{name}.html").read_text(
        encoding="utf-8"
    )
    tree = page.environment.parse(source)
    assert not {f.name for f in tree.find_all(nodes.Filter)} & {"safe", "xmlattr", "urlize"}
    assert not list(tree.find_all(nodes.MarkSafe))
    assert not [
        word for word in ("href=", "src=", "url(", "@import", "<script") if word in source
    ]


def test_markup_is_made_of_numbers_and_our_own_words_only():
    assert where_called("Markup") == {
        "forecasting/outputs/drawings.py",
    }


FORMULA = st.builds(
    "{}{}{}{}".format,
    st.text(" \t\r\n\"'\u00a0\u200b\ufeff", max_size=3),
    st.sampled_from("=+-@＝＋－＠"),
    st.text(max_size=8),
    st.sampled_from(["", ";=1+1", "\n@SUM(1)", "\t-2+3", ",=cmd|' /C calc'!A0", "|=1"]),
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | FORMULA


def begins_a_formula(cell: str) -> bool:
    return (
        cell.lstrip(' \t\r\n"\u00a0\u200b\ufeff')[:1] in tuple("=+-@＝＋－＠")
        if cell.strip()
        else False
    )


@given(st.lists(TEXT, min_size=1, max_size=4), TEXT)
def test_no_cell_and_no_heading_that_leaves_is_a_formula(values, name):
    frame = pd.DataFrame({name: values, "number": [-1.5] * len(values)})
    frame["kind"] = pd.Categorical(values)
    for column in leaving.table(frame).columns[[0, 2]]:
        assert not begins_a_formula(str(column))
    for cell in leaving.table(frame).iloc[:, [0, 2]].to_numpy().ravel():
        assert not begins_a_formula(cell)
        for sign in ";\t\n\r|":
            assert not any(begins_a_formula(part) for part in cell.split(sign)[1:])
    assert leaving.table(frame)["number"].eq(-1.5).all()


@given(st.text(st.characters(categories=["L", "N", "Zs"], include_characters="-.,()/'é#"), max_size=20).filter(lambda t: t.strip()[:1].isalnum()))  # fmt: skip
def test_an_ordinary_text_leaves_as_it_is(value):
    held = value if not any(f"{s}-" in value for s in ",;|") else "x"
    assert leaving.defused(held) == held


def test_a_workbook_holds_texts_and_no_formulas_or_links():
    evil = ['=HYPERLINK("http://127.0.0.1/","x")', "http://127.0.0.1/x", "+1", "\n=1"]
    made = leaving.as_workbook({"=a[b]:c": pd.DataFrame({"=h": evil})})
    sheet = openpyxl.load_workbook(io.BytesIO(made)).active
    assert [cell.data_type for row in sheet for cell in row] == ["s"] * 5
    assert not any(cell.hyperlink for row in sheet for cell in row)


@given(TEXT)
def test_plain_text_is_one_line_whose_signs_are_all_escaped(value):
    shown = text.plain(value)
    assert "\n" not in shown
    bare = shown.replace("\\\\", "")
    for sign in "`*_[]<>#|~$&:":
        assert f"{sign}" not in bare.replace(f"\\{sign}", "")


@pytest.mark.parametrize(
    ("address", "leads"),
    [
        ("https://example.org/a", "[evidence](<https://example.org/a>)"),
        ("https://example.org/(a)>b", "[evidence](<https://example.org/%28a%29%3Eb>)"),
        ("javascript:alert(1)", ""),
        ("https://a b", ""),
        ("", ""),
    ],
)
def test_only_an_address_of_the_web_is_a_link(address, leads):
    assert text.link(text.ours("evidence"), address) == leads


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("bridge.csv", "bridge.csv"),
        ("consensus-2026-11.xlsx", "consensus-2026-11.xlsx"),
        ('=x("../../etc/passwd").csv', "x--..-..-etc-passwd.csv"),
        (f"{'x' * 300}.csv", f"{'x' * 100}.csv"),
        ("../.csv", "concord.csv"),
    ],
)
def test_a_file_that_leaves_is_named_without_what_a_system_would_read_into_it(given_name, kept):
    assert download.named(given_name) == kept
