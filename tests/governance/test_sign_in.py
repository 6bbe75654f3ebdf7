"""Who a sign-in is, what it brings, and how it ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.errors import NotAllowed, OutOfBounds, Refused
from forecasting.governance.sign_in import LONGEST_HOURS, SignedOut, SignInRules
from forecasting.rights import LOCAL_ADMIN
from forecasting.vocabulary import Function
from forecasting.workspace import Workspace

NOW = 1_000_000.0
CLAIMS = {
    "email": "Ada@Shop.example",
    "name": "Ada",
    "groups": ["mk"],
    "iat": NOW,
    "exp": NOW + 60,
}
RULES = SignInRules()


@pytest.fixture
def space():
    opened = Workspace()
    yield opened
    opened.close()


def arrived(space, rules=RULES, **claims):
    return space.staff.arrive(rules.arrival({**CLAIMS, **claims}, now=NOW), rules)


# What a token says -------------------------------------------------------------------------


def test_identities_are_the_same_in_capitals():
    assert RULES.arrival(CLAIMS, now=NOW).identity == "ada@shop.example"


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ({"email": ""}, "did not send the claim 'email'"),
        ({"email": None}, "did not send the claim 'email'"),
        ({"email": ["a"]}, "did not send the claim 'email'"),
        ({"email": "a\x00b"}, "cannot be kept"),
        ({"email": "x" * 100_000}, "cannot be kept"),
        ({"email_verified": False}, "not verified"),
        ({"iat": None}, "when this sign-in began"),
        ({"exp": "soon"}, "when this sign-in began"),
        ({"exp": True}, "when this sign-in began"),
        ({"exp": NOW}, "has ended"),
        ({"iat": NOW + 3600, "exp": NOW + 7200}, "has ended"),
    ],
)
def test_a_token_that_does_not_vouch_for_somebody_lets_nobody_in(claims, told):
    with pytest.raises(SignedOut, match=told):
        RULES.arrival({**CLAIMS, **claims}, now=NOW)


def test_a_sign_in_lasts_as_long_as_the_token_or_as_many_hours_as_are_set():
    assert RULES.arrival(CLAIMS, now=NOW + 59).until == NOW + 60
    day = SignInRules.read({"hours": 8})
    assert day.arrival(CLAIMS, now=NOW + 7.9 * 3600).until == NOW + 8 * 3600
    with pytest.raises(SignedOut):
        day.arrival(CLAIMS, now=NOW + 8 * 3600)
    brief = SignInRules.read({"hours": 0.01})
    with pytest.raises(SignedOut):
        brief.arrival(CLAIMS, now=NOW + 50)


def test_groups_may_be_one_many_or_left_out_as_too_many():
    assert RULES.arrival({**CLAIMS, "groups": "mk"}, now=NOW).groups == {"mk"}
    assert RULES.arrival({**CLAIMS, "groups": {"a": 1}}, now=NOW).groups == frozenset()
    assert RULES.hides_groups({"_claim_names": {"groups": "src1"}})
    assert RULES.hides_groups({"hasgroups": True})
    assert not RULES.hides_groups(CLAIMS)


@given(
    st.dictionaries(
        st.sampled_from(["email", "name", "groups", "iat", "exp", "email_verified"]),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text()
        | st.lists(st.text()),
    )
)
def test_whatever_a_token_holds_it_is_read_or_refused(claims):
    try:
        came = RULES.arrival({**CLAIMS, **claims}, now=NOW)
    except SignedOut:
        return
    assert came.identity.strip()
    assert came.begun - 30 <= NOW < came.until


@pytest.mark.parametrize(
    "given_",
    [
        {"identitiy": "sub"}, {"identity": ""}, {"groups": 3}, {"admins": "a@b"}, {"admins": [1]},
        {"hours": 0}, {"hours": "8"}, {"hours": True}, {"hours": LONGEST_HOURS + 1},
        {"hours": float("nan")},
    ],
)  # fmt: skip
def test_rules_that_say_something_else_are_refused_by_name(given_):
    with pytest.raises(OutOfBounds, match=next(iter(given_))):
        SignInRules.read(given_)


# What it brings ----------------------------------------------------------------------------


def test_whom_nobody_knows_does_not_come_in_and_is_not_entered(space):
    with pytest.raises(NotAllowed, match="Nobody has given you a function"):
        arrived(space)
    assert [p.id for p in space.people] == ["admin"]


def test_a_group_brings_its_function_until_it_brings_another(space):
    space.staff.set_group(LOCAL_ADMIN.id, "mk", Function.MARKETING)
    ada = arrived(space)
    assert ada.function is Function.MARKETING
    assert ada.id == ada.signs_in_as == "ada@shop.example"
    seq = space.seq
    assert arrived(space) == ada
    assert space.seq == seq  # nothing is written where nothing is new
    space.staff.set_group(LOCAL_ADMIN.id, "mk", Function.PLANNING)
    assert arrived(space).function is Function.PLANNING
    space.staff.set_group(LOCAL_ADMIN.id, "mk", None)
    with pytest.raises(NotAllowed):
        arrived(space)


def test_whom_admin_entered_has_what_admin_gave_whatever_the_groups_say(space):
    space.set_person(
        LOCAL_ADMIN.id, identity="ada", name="Ada", function=Function.LEADERSHIP,
        signs_in_as="ADA@shop.example",
    )  # fmt: skip
    space.staff.set_group(LOCAL_ADMIN.id, "mk", Function.MARKETING)
    ada = arrived(space)
    assert (ada.id, ada.function) == ("ada", Function.LEADERSHIP)


def test_of_several_functions_one_is_spoken_for_at_a_time(space):
    space.staff.set_group(LOCAL_ADMIN.id, "mk", Function.MARKETING)
    space.staff.set_group(LOCAL_ADMIN.id, "pl", Function.PLANNING)
    ada = arrived(space, groups=["pl", "mk"])
    assert ada.functions == (Function.MARKETING, Function.PLANNING)
    assert ada.may("activation")
    assert not ada.may("import")
    spoken = space.staff.speak_for(ada.id, Function.PLANNING)
    assert spoken.may("import")
    assert not spoken.may("activation")
    assert arrived(space, groups=["pl", "mk"]).function is Function.PLANNING
    with pytest.raises(NotAllowed, match="does not speak for Leadership"):
        space.staff.speak_for(ada.id, Function.LEADERSHIP)


def test_the_first_admin_is_whoever_the_rules_name(space):
    rules = SignInRules.read({"admins": ["ADA@shop.example"]})
    assert arrived(space, rules).function is Function.ADMIN


def test_nobody_comes_in_under_an_id_that_is_somebody_elses(space):
    space.set_person(
        LOCAL_ADMIN.id, identity="ada@shop.example", name="Other", function=Function.PLANNING
    )
    space.staff.set_group(LOCAL_ADMIN.id, "mk", Function.MARKETING)
    with pytest.raises(NotAllowed, match="Ask Admin to say that it is you"):
        arrived(space)
    rules = SignInRules.read({"identity": "name", "admins": ["admin"]})
    with pytest.raises(NotAllowed):  # nor as the local admin
        arrived(space, rules, name="admin")


def test_two_people_cannot_sign_in_as_one(space):
    for identity in ("ada", "eve"):
        add = dict(identity=identity, name=identity, function=Function.PLANNING)
        if identity == "eve":
            with pytest.raises(OutOfBounds, match="signs in as"):
                space.set_person(LOCAL_ADMIN.id, **add, signs_in_as="a@shop.example")
        else:
            space.set_person(LOCAL_ADMIN.id, **add, signs_in_as="a@shop.example")


# How it ends -------------------------------------------------------------------------------


def test_whoever_is_taken_out_does_nothing_more_and_keeps_what_they_did(space, tmp_path):
    space.staff.set_group(LOCAL_ADMIN.id, "mk", Function.MARKETING)
    ada = arrived(space)
    space.staff.take_out(LOCAL_ADMIN.id, identity=ada.id)
    with pytest.raises(NotAllowed, match="no access any more"):
        arrived(space)
    with pytest.raises(NotAllowed, match="no access any more"):
        space.staff.speak_for(ada.id, Function.MARKETING)
    assert not any(p.id == ada.id for p in space.people)
    assert space.person(ada.id).name == "Ada"  # what they did is still told by name
    with pytest.raises(Refused, match="out already"):
        space.staff.take_out(LOCAL_ADMIN.id, identity=ada.id)
    space.set_person(
        LOCAL_ADMIN.id, identity=ada.id, name="Ada", function=Function.MARKETING,
        signs_in_as=ada.signs_in_as,
    )  # fmt: skip
    assert arrived(space).may("activation")


def test_people_and_groups_are_the_same_after_a_restart(tmp_path):
    path = tmp_path / "people.duckdb"
    space = Workspace(path)
    space.staff.set_group(LOCAL_ADMIN.id, "mk", Function.MARKETING)
    space.staff.set_group(LOCAL_ADMIN.id, "pl", Function.PLANNING)
    ada = arrived(space, groups=["mk", "pl"])
    space.staff.speak_for(ada.id, Function.PLANNING)
    eve = arrived(space, email="eve@shop.example")
    space.staff.take_out(LOCAL_ADMIN.id, identity=eve.id)
    before = (space.people, dict(space.staff.groups), space.person(eve.id))
    space.close()
    again = Workspace(path)
    assert (again.people, dict(again.staff.groups), again.person(eve.id)) == before
    again.close()
