"""Files of any making that do harm, through the tasks that look at them and shape them."""

import random
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from data import looking
from data.limits import LIMITS, MB
from data.parsing import private_folder
from data.shapes import Field, Join, Reading, Shape
from forecasting.errors import BadFiles, Problem
from tests import shop_exports as shop
from tests.hostile import ATTACKS, evil

MAKERS = (
    shop.till, shop.web_shop, shop.store_master, shop.warehouse, shop.campaigns, shop.finance,
)  # fmt: skip


def shape_of(look: looking.Look) -> Shape:
    """The columns of a file, in any order, as sales."""
    targets = ("date", "sku", "door", "units", "revenue")
    return Shape(
        table="sales",
        fields=tuple(
            Field(
                target=target, column=name, decimal=",", date="dmy" if target == "date" else ""
            )
            for target, name in zip(targets, look.header, strict=False)
        ),
    )


def taken_or_refused(path: Path, folder: Path, limits=LIMITS) -> str:
    """What became of a file: taken, or a refusal in words."""
    problems: tuple[Problem, ...] = ()
    try:
        seen = looking.look(path, folder, limits=limits)
        looking.shaped(seen, shape_of(seen), folder, limits=limits)
    except BadFiles as error:
        problems = tuple(error.problems)
    assert all(p.file and p.found and p.expected for p in problems)
    return "; ".join(map(str, problems)) or "taken"


def mutated(content: bytes, draw: random.Random) -> bytes:
    """A file with some of it cut, doubled, or overwritten."""
    found = bytearray(content)
    for _ in range(draw.randrange(1, 6)):
        at = draw.randrange(len(found))
        match draw.randrange(4):
            case 0:
                del found[at : at + draw.randrange(1, 40)]
            case 1:
                found[at:at] = found[at : at + draw.randrange(1, 200)] * draw.randrange(1, 9)
            case 2:
                found[at] = draw.randrange(256)
            case _:
                evil = draw.choice(
                    [b"\0", b'"', b"\xff\xfe", b"\r", b"\x1b", b"=1+1", b"'; --"]
                )
                found[at:at] = evil
        if not found:
            return b"x"
    return bytes(found)


def test_dozens_of_mutated_exports_are_taken_or_refused_in_words(tmp_path):
    draw = random.Random(7)
    with private_folder() as folder:
        for maker, _ in product(MAKERS, range(8)):
            path = maker(tmp_path)
            path.write_bytes(mutated(path.read_bytes(), draw))
            told = taken_or_refused(path, folder)
            assert "Error" not in told, (path, told)
        assert taken_or_refused(shop.till(tmp_path), folder) == "taken"


HARM = (
    "'; drop table first_file; --", "x' or 1=1 --", 'a"; copy (select 1) to \'{trap}\'; --',
    "c0", "_row", "t0", "@name", "{{1+1}}", "$said", "a.b.c", "select 1", "%s{}",
    *(evil("{trap}", str(n)) for n in range(len(ATTACKS))),
)  # fmt: skip


@pytest.mark.parametrize("text", HARM)
def test_no_name_of_a_column_and_no_value_is_ever_run(tmp_path, text):
    trap = tmp_path / "trap"
    harm = text.replace("{trap}", str(trap))
    quoted = '"' + harm.replace('"', '""') + '"'
    path = tmp_path / "x.csv"
    path.write_text(f"Datum;{quoted};EAN;Menge\n03.04.2026;{quoted};A;1\n04.04.2026;b;A;2\n")
    with private_folder() as folder:
        seen = looking.look(path, folder)
        assert seen.count == 2
        made = replace(shape_of(seen), leave_out=((seen.header[1], harm),))
        looking.shaped(seen, made, folder)
        with pytest.raises(BadFiles, match="as the source says"):
            looking.shaped(
                seen, replace(made, fields=(Field(target="sku", column=harm + "x"),)), folder
            )
    assert not trap.exists()


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (replace(LIMITS, file=1_000), "more than"),
        (replace(LIMITS, rows=10), "rows"),
        (replace(LIMITS, columns=3), "columns"),
        (replace(LIMITS, value=2), "value of more than"),
    ],
)
def test_more_than_a_limit_is_refused_by_the_limit(tmp_path, limits, words):
    with private_folder() as folder:
        told = taken_or_refused(shop.till(tmp_path), folder, limits)
        assert words in told
        assert taken_or_refused(shop.till(tmp_path), folder) == "taken"


def test_a_join_that_multiplies_rows_is_refused(tmp_path):
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text("day,k,n\n" + "2026-04-03,x,1\n" * 2_000)
    second.write_text("k,sku\n" + "x,A\n" * 2_000)
    made = Shape(
        table="sales",
        fields=(Field(target="sku", column="b.sku"), Field(target="units", column="n")),
        join=Join(name="b", left="k", right="k", reading=Reading()),
    )
    with private_folder() as folder:
        looks = [looking.look(path, folder) for path in (first, second)]
        with pytest.raises(BadFiles, match="k"):
            looking.shaped(looks[0], made, folder, second=looks[1])


def test_columns_across_count_towards_the_limit_of_rows(tmp_path):
    path = tmp_path / "x.csv"
    days = [f"2026-{month:02d}-{day:02d}" for month in (1, 2, 3) for day in range(1, 29)]
    path.write_text("sku," + ",".join(days) + "\n" + ("A" + ",1" * len(days) + "\n") * 50)
    made = Shape(
        table="sales",
        fields=(Field(target="sku", column="sku"), Field(target="units", column="@value")),
        across=tuple(days),
    )
    limits = replace(LIMITS, rows=1_000, memory=512 * MB)
    with private_folder() as folder:
        seen = looking.look(path, folder, limits=limits)
        with pytest.raises(BadFiles, match="rows"):
            looking.shaped(seen, made, folder, limits=limits)
