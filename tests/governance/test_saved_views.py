"""Saved views and watch lists: whose they are, who is offered them, that they stay."""

import pytest

from forecasting.consensus.events import Kind
from forecasting.errors import OutOfBounds, Refused, UnknownName
from forecasting.governance.following import MOST, Followed, What
from forecasting.vocabulary import Function
from forecasting.workspace import Workspace

SCARVES = {"class": "Scarves", "group": "Owner"}


@pytest.fixture
def space(tmp_path):
    with_people = Workspace(tmp_path / "views.duckdb")
    for identity, function in (
        ("dana", Function.PLANNING), ("nora", Function.PLANNING), ("mara", Function.MARKETING),
    ):  # fmt: skip
        with_people.set_person("admin", identity=identity, name=identity, function=function)
    yield with_people
    with_people.close()


def names(space: Workspace, by: str) -> list[str]:
    return [v.name for v in space.views.offered(by, "bridge")]


def test_a_view_is_ones_own_until_it_is_shared_and_both_outlive_a_restart(space, tmp_path):
    space.views.save("dana", "bridge", "Mine", SCARVES)
    space.views.save("dana", "bridge", "Ours", {"class": "Coats"}, shared=True)
    space.views.save("dana", "consensus", "Elsewhere", SCARVES, shared=True)
    assert names(space, "dana") == ["Mine", "Ours"]
    assert names(space, "mara") == ["Ours"]
    space.close()
    again = Workspace(tmp_path / "views.duckdb")
    try:
        assert names(again, "dana") == ["Mine", "Ours"]
        assert again.views.offered("dana", "bridge")[0].link == SCARVES
        assert again.ledger.of_kinds(Kind.VIEW)[1].sentence == (
            "saved the view Ours for everybody"
        )
    finally:
        again.close()


def test_a_view_saved_again_under_its_name_gives_way_and_a_removed_one_is_gone(space):
    space.views.save("dana", "bridge", "Mine", SCARVES)
    space.views.save("dana", "bridge", "Mine", {"class": "Coats"})
    (only,) = space.views.offered("dana", "bridge")
    assert only.link == {"class": "Coats"}
    space.views.remove("dana", "bridge", "Mine")
    assert names(space, "dana") == []
    with pytest.raises(UnknownName, match="no view 'Mine'"):
        space.views.remove("dana", "bridge", "Mine")


def test_what_somebody_has_shared_nobody_else_changes_or_removes(space):
    space.views.save("dana", "bridge", "Ours", SCARVES, shared=True)
    with pytest.raises(Refused, match="a shared view of dana"):
        space.views.save("mara", "bridge", "Ours", {}, shared=True)
    with pytest.raises(Refused, match="a shared view of dana"):
        space.views.remove("mara", "bridge", "Ours", shared=True)
    space.views.save("mara", "bridge", "Ours", {})  # her own may be called so
    assert names(space, "mara") == ["Ours", "Ours"]


def test_a_function_begins_a_page_with_what_one_of_it_shared_last(space):
    assert space.views.opening("dana", "bridge") is None
    with pytest.raises(OutOfBounds, match="shared with everybody"):
        space.views.save("dana", "bridge", "First", SCARVES, opens=True)
    space.views.save("dana", "bridge", "First", SCARVES, shared=True, opens=True)
    space.views.save("nora", "bridge", "Second", {}, shared=True, opens=True)
    assert space.views.opening("dana", "bridge").name == "Second"
    assert space.views.opening("mara", "bridge") is None
    space.views.remove("nora", "bridge", "Second", shared=True)
    assert space.views.opening("nora", "bridge").name == "First"


@pytest.mark.parametrize(
    ("name", "link"),
    [
        ("", {}), (" ", {}), ("x" * 61, {}), ("x", {"No Key": "1"}), ("x", {"": "1"}),
        ("x", {"class": "y" * 201}), ("x", {f"k{'a' * n}": "1" for n in range(41)}),
    ],
)  # fmt: skip
def test_a_view_that_no_page_can_show_is_refused_and_nothing_is_written(space, name, link):
    before = space.seq
    with pytest.raises(OutOfBounds):
        space.views.save("dana", "bridge", name, link)
    assert space.seq == before


def test_a_watch_list_is_its_persons_alone_keeps_its_order_and_outlives_a_restart(
    space, tmp_path
):
    space.following.add("dana", What.SKU, "S2")
    space.following.add("dana", What.ACTIVATION, "A1")
    space.following.add("dana", What.SKU, "S2")
    space.following.saw("dana", [Followed(what=What.SKU, name="S2", seen={"short": 12.0})])
    assert space.following.of("nora") == []
    seq = space.seq
    space.close()
    again = Workspace(tmp_path / "views.duckdb")
    try:
        found = again.following.of("dana")
        assert [(f.what, f.name, dict(f.seen)) for f in found] == [
            (What.SKU, "S2", {"short": 12.0}), (What.ACTIVATION, "A1", {}),
        ]  # fmt: skip
        again.following.remove("dana", What.SKU, "S2")
        assert [f.name for f in again.following.of("dana")] == ["A1"]
        assert again.seq == seq  # nobody's decision: the ledger says nothing of it
    finally:
        again.close()


def test_a_watch_list_has_an_end(space):
    for n in range(MOST):
        space.following.add("mara", What.SKU, f"S{n}")
    with pytest.raises(OutOfBounds, match="at most"):
        space.following.add("mara", What.SKU, "one more")
