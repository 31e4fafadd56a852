"""Groups of circuits as screens show them: how many are on is what their switches say."""

from dataclasses import replace

from hems.control.memory.acting import Sent
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.mode import TiePosition
from hems.model.picture import Picture
from hems.model.reading import Reading, missing
from hems.model.site import Tier
from hems.model.units import CircuitId
from hems.runtime.picture.building import paint
from hems.runtime.scene import Scene
from tests.outlook.given import present, scene

GYM = CircuitId("gym")


def non_essential(now: Scene, closed: bool | None, *, told: bool) -> tuple[int, int]:
    """How many of the group are on, and how many there are, with the gym's switch like this and all others off."""
    circuits = {
        one.id: replace(
            now.snapshot.circuits[one.id],
            closed=missing()
            if one.id == GYM and closed is None
            else Reading(one.id == GYM and bool(closed), now.now_s),
        )
        for one in now.site.circuits
    }
    command = Sent(value=told, cause=Cause(Why.ROOM_ON_ISLAND), sent_s=0.0, last_s=0.0)
    sent = {**now.state.sent, wiring.circuit_closed(GYM): command}
    seen = replace(
        now,
        snapshot=replace(now.snapshot, circuits=circuits),
        step=replace(now.step, state=replace(now.state, sent=sent)),
    )
    group = next(one for one in paint(seen).tiers if one.tier is Tier.NON_ESSENTIAL)
    return group.on, group.circuits


def test_a_group_is_on_as_far_as_its_switches_say_whatever_they_were_told():
    now = scene(present(fails=True))
    # given one of two circuits that was told off and is on: the screen says "1 of 2 ON", with what it draws
    assert non_essential(now, True, told=False) == (1, 2)
    # and one that was told on and is off yet does not count
    assert non_essential(now, False, told=True) == (0, 2)
    # and where its switch is silent, what it was told
    assert non_essential(now, None, told=True) == (1, 2)


def test_what_was_read_before_the_tie_opened_is_not_added_to_what_was_read_after():
    # given an island whose former was read a second ago, and took power then
    now = scene(present(fails=True))
    snapshot = replace(now.snapshot, former_phase_w=(Reading(-3_000.0, now.now_s - 1.0),) * 3)
    seen = replace(now.state.evidence, tie=replace(now.state.evidence.tie, value=TiePosition.OPEN))

    def painted(apart_since_s: float) -> Picture:
        state = replace(now.state, evidence=replace(seen, apart_since_s=apart_since_s))
        return paint(replace(now, snapshot=snapshot, step=replace(now.step, state=state)))

    # when the tie had opened before that it counts, and else what circuits are taken to draw
    assert painted(now.now_s - 60.0).load_w == -9_000.0
    after = painted(now.now_s - 0.5)
    assert after.load_w == sum(one.power_w or 0.0 for one in after.circuits) > 0.0


def test_what_was_never_sent_because_nothing_is_armed_is_no_disobedience():
    # given a circuit that is on, and that hems, which only watches, would have off
    now = scene(present(fails=True))
    command = Sent(
        value=False, cause=Cause(Why.ISLAND_CAPACITY), sent_s=0.0, last_s=0.0, contradicted_since_s=0.0, observed=True
    )
    sent = {**now.state.sent, wiring.circuit_closed(GYM): command}
    circuits = {**now.snapshot.circuits, GYM: replace(now.snapshot.circuits[GYM], closed=Reading(True, now.now_s))}
    snapshot, state = replace(now.snapshot, circuits=circuits), replace(now.state, sent=sent)
    gym = next(
        one
        for one in paint(replace(now, snapshot=snapshot, step=replace(now.step, state=state))).circuits
        if one.id == GYM
    )
    assert (gym.unsent, gym.disobeys) == (True, False)
