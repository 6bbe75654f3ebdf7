"""Comments: whom they name, what they are on, and that a thread stays together."""

import pytest

from forecasting.errors import NotAllowed, OutOfBounds, Refused, UnknownName
from forecasting.governance.naming import called, named_in
from forecasting.monthly.waiting import Need
from forecasting.outputs import inbox
from forecasting.rights import Person
from forecasting.vocabulary import Function
from forecasting.workspace import Workspace

PEOPLE = [
    Person(id="dana", name="Dana Okoro", function=Function.PLANNING),
    Person(id="mara", name="Mara Quill", function=Function.MARKETING),
    Person(id="m2", name="Mara Stone", function=Function.MARKETING),
    Person(id="victor", name="Victor", function=Function.LEADERSHIP),
]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("@Dana look, (@victor) too", ("dana", "victor")),
        ("@dana and @Dana Okoro are one", ("dana",)),
        ("@Mara Quill and @m2.", ("mara", "m2")),
        ("write to dana@shop.example", ()),
        ("@mara", ("mara",)),
        ("3 @ 5.00 each", ()),
        ("", ()),
    ],
)
def test_people_are_named_by_name_first_name_or_id(text, named):
    assert named_in(text, PEOPLE) == named


def test_a_name_that_nobody_has_or_several_is_refused_with_who_may_be_meant():
    with pytest.raises(UnknownName, match=r"called @Dena\. Did you mean @dana"):
        named_in("@Dena?", PEOPLE)
    with pytest.raises(UnknownName, match="@Danabert"):
        named_in("@Danabert", PEOPLE)
    assert [called(p, PEOPLE) for p in PEOPLE] == ["Dana", "Mara Quill", "Mara Stone", "Victor"]


@pytest.fixture
def space(tmp_path):
    made = Workspace(tmp_path / "threads.duckdb")
    for person in PEOPLE:
        made.set_person("admin", identity=person.id, name=person.name, function=person.function)
    calendar = tmp_path / "activations.csv"
    calendar.write_text(
        "activation,name,type,start,end\nX1,Winter,email,2026-12-06,2026-12-12\n"
    )
    made.import_files("admin", [calendar])
    yield made
    made.close()


def test_a_thread_is_on_an_activation_and_whoever_is_named_finds_it(space, tmp_path):
    first = space.threads.write("dana", "Enough stock, @Mara Quill?", about="activation/X1")
    assert first.sentence == "commented on Winter: Enough stock, @Mara Quill?"
    assert inbox.items(space, "dana") == []
    (item,) = inbox.items(space, "mara")
    assert (item.need, item.page) == (Need.MENTION, "activations")
    assert item.link == {"activation": "X1"}
    assert item.text == "Dana Okoro on Winter: Enough stock, @Mara Quill?"
    answer = space.threads.answer("mara", first.seq, "Yes @dana, and @victor knows")
    space.threads.answer("dana", answer.seq, "Thanks")
    other = space.threads.write("mara", "Another thing", about="activation/X1")
    assert [i.need for i in inbox.items(space, "victor")] == [Need.MENTION]
    space.close()
    again = Workspace(tmp_path / "threads.duckdb")
    try:
        newest, oldest = again.threads.about("dana", "activation/X1")
        assert [c.seq for c in newest] == [other.seq]
        assert [c.text for c in oldest] == [
            "Enough stock, @Mara Quill?", "Yes @dana, and @victor knows", "Thanks",
        ]  # fmt: skip
    finally:
        again.close()


def test_what_is_no_comment_is_refused_and_nothing_is_written(space):
    before = space.seq
    with pytest.raises(UnknownName, match="Nobody here is called @nobody"):
        space.threads.write("dana", "@nobody", about="activation/X1")
    with pytest.raises(UnknownName):
        space.threads.write("dana", "words", about="activation/X9")
    with pytest.raises(UnknownName, match="nothing called 'decision/7'"):
        space.threads.write("dana", "words", about="decision/7")
    with pytest.raises(OutOfBounds, match="one thing"):
        space.threads.write("dana", "words")
    with pytest.raises(OutOfBounds, match="needs words"):
        space.threads.write("dana", "  ", about="activation/X1")
    with pytest.raises(NotAllowed):
        space.threads.write("victor", "words", about="activation/X1")
    with pytest.raises(Refused, match="no comment #1"):
        space.threads.answer("dana", 1, "words")
    assert space.seq == before
