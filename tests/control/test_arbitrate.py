"""Many wishes, one command."""

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from hems.control.arbitrate import Proposal, Rank, Ruling, arbitrate
from hems.model.cause import Cause, Why
from hems.model.wiring import Role

CAR = Role("bays/bay_1/power_w")


def test_an_interlock_leaves_some_room_a_floor_less_and_a_wish_ends_inside():
    # given a car that could take or give 10 kW, an interlock against charging, and its driver's floor
    proposals = [
        Proposal(role=CAR, rank=Rank.INTERLOCK, cause=Cause(Why.NO_CHARGE_ON_ISLAND), low=0.0, high=10_000.0),
        Proposal(role=CAR, rank=Rank.LIMIT, cause=Cause(Why.CAR_AT_FLOOR), low=-10_000.0, high=0.0),
        Proposal(role=CAR, rank=Rank.ISLAND, cause=Cause(Why.SUPPORT_ISLAND), prefer=4000.0),
    ]
    # then the island's wish for 4 kW ends as 0, because of the floor
    assert arbitrate(proposals) == {CAR: Ruling(0.0, Cause(Why.CAR_AT_FLOOR))}
    # and without the floor it is met
    assert arbitrate([proposals[0], proposals[2]]) == {CAR: Ruling(4000.0, Cause(Why.SUPPORT_ISLAND))}


def test_the_order_of_asking_does_not_matter_across_ranks():
    on = Proposal(role=CAR, rank=Rank.OVERRIDE, cause=Cause(Why.OVERRIDE), low=1.0)
    off = Proposal(role=CAR, rank=Rank.LIMIT, cause=Cause(Why.OVERLOAD), high=0.0)
    saving = Proposal(role=CAR, rank=Rank.ISLAND, cause=Cause(Why.ENERGY_BAND), high=0.0)
    assert arbitrate([on, off]) == arbitrate([off, on]) == {CAR: Ruling(0.0, Cause(Why.OVERLOAD))}
    assert arbitrate([on, saving]) == arbitrate([saving, on]) == {CAR: Ruling(1.0, Cause(Why.OVERRIDE))}


def test_nobodys_role_gets_no_ruling():
    assert arbitrate([]) == {}


bounds = st.one_of(st.just(None), st.floats(-100.0, 100.0))


@st.composite
def proposals(draw: st.DrawFn) -> Proposal:
    low, high = draw(bounds), draw(bounds)
    if low is not None and high is not None:
        low, high = sorted((low, high))
    return Proposal(
        role=draw(st.sampled_from([Role("a"), Role("b")])),
        rank=draw(st.sampled_from(Rank)),
        cause=Cause(Why.EVIDENCE, {"id": draw(st.integers(0, 10**9))}),
        low=-inf if low is None else low,
        high=inf if high is None else high,
        prefer=draw(bounds),
    )


@given(st.lists(proposals(), max_size=8))
def test_every_ruling_has_the_cause_of_somebody_who_asked_about_that_actuator(wishes: list[Proposal]):
    for role, ruling in arbitrate(wishes).items():
        assert ruling.cause in [wish.cause for wish in wishes if wish.role == role]


@given(st.lists(proposals(), min_size=1, max_size=8))
def test_nobody_gets_what_a_higher_rank_forbids(wishes: list[Proposal]):
    for role, ruling in arbitrate(wishes).items():
        ranked = sorted((wish for wish in wishes if wish.role == role), key=lambda wish: wish.rank)
        low, high = -inf, inf
        for wish in ranked:
            # what is left after this rank: its bounds where they are allowed, else the nearest allowed value
            low = max(low, min(wish.low, high))
            high = min(high, max(wish.high, low))
            assert low <= high
        assert low <= ruling.value <= high
        top = ranked[0]
        assert top.low <= ruling.value <= top.high
