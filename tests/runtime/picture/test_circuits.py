"""Groups of circuits as screens show them: how many are on is what their switches say."""

from dataclasses import replace

from hems.control.memory.acting import Sent
from hems.model import wiring
from hems.model.cause import Cause, Why
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
