"""What pages make is made once for what it is made of."""

import pandas as pd

from pages.components.kept import Kept


def asked_of(kept, made, *of):
    def make():
        made.append(of)
        return len(made)

    return kept.made(make, *of)


def test_what_says_the_same_is_made_once_and_what_says_something_else_anew():
    kept, made = Kept(8), []
    for rows in ([1, 2], [1, 2], [1, 3]):
        asked_of(kept, made, "a", pd.DataFrame({"units": rows}), {"high": 1.0})
    asked_of(kept, made, "a", pd.DataFrame({"units": [1, 2]}), {"high": 2.0})
    asked_of(kept, made, "b", pd.DataFrame({"units": [1, 2]}), {"high": 1.0})
    assert len(made) == 4


def test_one_and_true_and_a_word_of_it_are_three_values():
    kept = Kept(8)
    assert [asked_of(kept, [], value) for value in (1, True, "1", 1.0)] == [1, 1, 1, 1]
    assert len(kept._known) == 4


def test_those_that_were_asked_for_last_are_kept_and_no_more():
    kept, made = Kept(2), []
    for value in ("a", "b", "a", "c", "a", "b"):
        asked_of(kept, made, value)
    assert made == [("a",), ("b",), ("c",), ("b",)]
    kept.clear()
    asked_of(kept, made, "b")
    assert made[-1] == ("b",)
    assert len(made) == 5
