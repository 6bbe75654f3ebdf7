"""What people said of an activation stands until the file itself says something else."""

import datetime as dt
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.consensus.activations import Activation, Item
from forecasting.vocabulary import Function
from forecasting.weekly.stated_since import Account, parts_of
from tests.company import imported
from tests.odd import activation, company, item, week

START = dt.date(2026, 12, 6)
OFFER = Activation(
    activation="A", name="Lights", type="price", start=START, end=START + dt.timedelta(6),
    items=(Item(sku="CUP", discount=0.2), Item(sku="TRAY", door="MILL")),
)  # fmt: skip


@pytest.fixture
def space():
    made = imported(company())
    made.set_person("admin", identity="mara", name="Mara", function=Function.MARKETING)
    yield made
    made.close()


def loaded(space, tmp_path, **tables):
    """Import rows of the calendar; what the result says of them."""
    paths = []
    for name, rows in tables.items():
        path = tmp_path / f"{name}.csv"
        pd.DataFrame(rows).to_csv(path, index=False, date_format="%Y-%m-%d")
        paths.append(path)
    _, judged = space.import_files("admin", paths)
    return " ".join(judged.notes)


def test_a_lift_stated_on_the_page_survives_the_same_file_and_that_is_told(space, tmp_path):
    space.calendar.set_lift("mara", "NEXT", "CUP", 3.0)
    told = loaded(space, tmp_path, activations=[activation("NEXT", -3)])
    assert "lift" not in told
    told = loaded(space, tmp_path, activation_items=[item("NEXT")])
    (one,) = space.calendar.one("NEXT").items
    assert (one.lift, one.discount) == (3.0, 0.1)
    assert "stands as people left it: Next (lift of CUP)" in told
    told = loaded(space, tmp_path, activations=[activation("NEXT", -3, owner="Bo")])
    assert space.calendar.one("NEXT").owner == "Bo"
    assert space.calendar.one("NEXT").items[0].lift == 3.0


def test_items_that_a_file_changes_count_although_people_moved_the_days(space, tmp_path):
    before = space.calendar.one("NEXT")
    later = replace(before, end=before.end + dt.timedelta(7))
    space.calendar.save("mara", later)
    told = loaded(
        space, tmp_path, activation_items=[item("NEXT", discount=0.3), item("NEXT", sku="TRAY")]
    )
    now = space.calendar.one("NEXT")
    assert now.end == later.end
    assert {(i.sku, i.discount) for i in now.items} == {("CUP", 0.3), ("TRAY", 0.1)}
    assert "last day" not in told


def test_a_file_that_says_something_new_counts_and_names_what_people_had_said(space, tmp_path):
    before = space.calendar.one("NEXT")
    space.calendar.save("mara", replace(before, end=before.end + dt.timedelta(7)))
    far = week(-6)
    told = loaded(space, tmp_path, activations=[activation("NEXT", -3, end=far)])
    assert space.calendar.one("NEXT").end == far
    assert "counts from now on: Next (last day)" in told
    # From now on the file is what people start from, and the same file again changes nothing.
    space.calendar.cancel("mara", "NEXT")
    loaded(space, tmp_path, activations=[activation("NEXT", -3, end=far)])
    assert not space.calendar.one("NEXT").is_live


def test_what_a_file_took_over_from_the_page_can_be_changed_again(space, tmp_path):
    for lift in (2.0, 3.0):
        space.calendar.set_lift("mara", "NEXT", "CUP", lift)
        told = loaded(space, tmp_path, activation_items=[item("NEXT", lift=2.0)])
        assert space.calendar.one("NEXT").items[0].lift == lift
    assert "lift of CUP" in told


def test_an_activation_made_on_the_page_is_the_files_once_a_file_brings_it(space, tmp_path):
    space.calendar.save("mara", OFFER)
    rows = activation("A", -3) | {"name": "Lamps"}
    loaded(space, tmp_path, activations=[rows], activation_items=[item("A")])
    now = space.calendar.one("A")
    assert now.name == "Lamps"
    assert [i.sku for i in now.items] == ["CUP"]


OFFERS = st.builds(
    replace,
    st.just(OFFER),
    status=st.sampled_from(["planned", "cancelled"]),
    end=st.sampled_from([START, START + dt.timedelta(6)]),
    items=st.lists(
        st.builds(
            Item, sku=st.sampled_from("AB"), door=st.sampled_from([None, "M"]),
            lift=st.sampled_from([None, 2.0]), discount=st.sampled_from([None, 0.2]),
        ),
        max_size=3,
    ).map(tuple),
)  # fmt: skip


@given(st.lists(st.tuples(st.booleans(), OFFERS), min_size=1, max_size=6))
def test_whatever_is_said_each_part_is_of_who_changed_it_last(story):
    known = Account()
    file: Activation | None = None
    expected: dict = {}
    for of_file, offer in [(True, OFFER), *story]:
        now = parts_of(offer)
        before = parts_of(file) if of_file else expected
        for part in before.keys() | now.keys():
            if before.get(part, "none") != now.get(part, "none"):
                expected[part] = now.get(part, "none")
        if of_file:
            known.told(offer)
            file = offer
        else:
            known.changed(offer)
        expected = {p: v for p, v in expected.items() if v != "none"}
        assert known.parts == expected
        assert parts_of(known.standing()).keys() >= {("name",), ("end",)}
