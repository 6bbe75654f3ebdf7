"""Marketing proposes on the Bridge; Planning accepts, changes or declines on Home."""

import re
import shutil

from forecasting.weekly.option import Action
from forecasting.workspace import Workspace
from tests.e2e.screen import settled
from tests.weekly.test_decisions import first_open


def answer(page, how: str, why: str) -> None:
    """Answer the first proposal that waits."""
    page.get_by_role("button", name="Look and answer").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Your answer").wait_for()
    if how != "Accept":
        dialog.get_by_role("radio", name=how).or_(
            dialog.get_by_role("button", name=how, exact=True)
        ).first.click()
        settled(page)
    reason = dialog.get_by_label("Why", exact=True)
    reason.fill(why)
    reason.press("Tab")
    settled(page)
    dialog.get_by_test_id("stBaseButton-primary").click()
    dialog.wait_for(state="hidden")
    settled(page)


def test_what_marketing_proposes_is_answered_and_read(company, tmp_path, serve, visit):
    path = shutil.copy(company, tmp_path / "proposals.duckdb")
    space = Workspace(path)
    option = first_open(space, Action.TRANSFER)
    act = next(a for a in space.plan.activations() if a.is_live and a.items)
    space.proposals.propose_change("ines", act.cancelled(), note="Too close to the last")
    space.close()
    server = serve(path)

    mara = visit(server.url, "Mara Quill", path=f"bridge?activation={option.activation}")
    mara.get_by_role("button", name="Preview and propose to Planning").first.click()
    dialog = mara.get_by_role("dialog")
    dialog.get_by_role("button", name="Propose to Planning").click()
    dialog.wait_for(state="hidden")
    mara.get_by_text("Waits for an answer").first.wait_for()

    dana = visit(server.url, "Dana Okoro", path="")
    answer(dana, "Accept", "The stock is there")
    assert dana.get_by_role("button", name="Look and answer").count() == 0

    mara = visit(server.url, "Mara Quill", path="")
    mara.get_by_text(re.compile("Accepted.*The stock is there")).wait_for()
    answer(mara, "Decline", "It is sold already")

    ines = visit(server.url, "Ines Falk", path="signals")
    ines.get_by_text(re.compile("Declined.*It is sold already")).wait_for()
