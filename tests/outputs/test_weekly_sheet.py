"""The weekly review on one page: what the review lists, nothing hidden, text as text."""

import re

import pytest

from forecasting.consensus.events import Kind
from forecasting.outputs import weekly_sheet
from forecasting.weekly import best_mix


def test_the_sheet_has_the_five_lists_and_says_how_much_it_leaves_out(space):
    space.minutes.assign("dana", "Ask <the> mill", owner="ines", due=space.desk.today)
    page = weekly_sheet.as_html(space, "dana")
    assert len(re.findall("<h2>", page)) == 5
    assert "Ask &lt;the&gt; mill" in page
    assert not re.search(r"(src|href)=|@import|url\(", page)
    watched = best_mix.watch_list(space.working_plan_for("dana"))
    assert f"{len(watched)} featured SKUs to decide on" in page
    risks = page.split("3 · What will run out")[1].split("<h2>")[0]
    assert risks.count("<tr>") == 1 + min(len(watched), weekly_sheet.ROWS)
    left = len(watched) - weekly_sheet.ROWS
    assert (f"{left} more, $" in risks) == (left > 0)


@pytest.mark.parametrize("who", ["mara", "victor"])
def test_everybody_may_print_it_and_printing_decides_nothing(space, who):
    before = space.seq
    assert "Weekly review" in weekly_sheet.as_html(space, who)
    assert space.seq == before
    assert not space.ledger.of_kinds(Kind.VIEW)
