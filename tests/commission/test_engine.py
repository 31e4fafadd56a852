"""The walk through the steps, with a person that answers and a building wired rightly or wrongly."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from hems.commission.engine import LOOKS, Engine, Stopped
from hems.commission.measure import Judged, Look, judge_switch, level, series
from hems.commission.steps import Kind, Step, phases_of, steps
from hems.model import wiring
from hems.model.proof import Verdict
from hems.model.site import Phase, Site
from hems.model.units import CircuitId, DeviceId
from hems.model.wiring import DeviceSpec, Port, Wiring
from tests.given import flats

LAUNDRY, GYM, FREEZER = CircuitId("laundry"), CircuitId("gym"), CircuitId("freezer")
METER = DeviceId("meter")


def wires(site: Site) -> Wiring:
    """One relay for each circuit, and a meter at the grid with a value for each phase."""
    relay = DeviceId("relays")
    switched = [one for one in site.circuits if one.switchable]
    switches = {wiring.circuit_closed(one.id): Port(relay, f"coil_{n}") for n, one in enumerate(switched, start=1)}
    reads = {**switches, wiring.GRID_POWER: Port(METER, "power_w")}
    specs = tuple(DeviceSpec(id=one, driver="paper", profile="any", link="here") for one in (relay, METER))
    return Wiring(devices=specs, reads=reads, writes=switches)


@dataclass
class Panel:
    """A building that may be wired otherwise than the site file says: `really` says which circuit a switch moves."""

    site: Site
    watts: dict[CircuitId, float]
    really: dict[CircuitId, CircuitId] = field(default_factory=dict)
    phases: dict[CircuitId, tuple[Phase, ...]] = field(default_factory=dict)
    stuck: set[CircuitId] = field(default_factory=set)
    noise: list[float] = field(default_factory=list)
    closed: dict[CircuitId, bool] = field(default_factory=dict)
    did: list[tuple[str, ...]] = field(default_factory=list)
    proven: dict[str, Judged] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.closed = {one.id: True for one in self.site.circuits} | self.closed

    async def look(self) -> Look:
        seen: dict[str, bool | float] = {wiring.circuit_closed(one): on for one, on in self.closed.items()}
        extra = self.noise.pop(0) if self.noise else 0.0
        for index, phase in enumerate(self.site.phases):
            seen[f"meter/l{index + 1}_w"] = extra + sum(
                self.watts.get(one.id, 0.0) / len(self._on(one.id))
                for one in self.site.circuits
                if phase in self._on(one.id) and self._powered(one.id)
            )
        seen |= {f"plug_{name}/closed": on for name, on in self.closed.items()}  # the same, by place
        seen[wiring.GRID_POWER] = sum(seen[f"meter/l{index + 1}_w"] for index in range(len(self.site.phases)))
        return seen

    def _on(self, circuit: CircuitId) -> tuple[Phase, ...]:
        return self.phases.get(circuit) or self.site.circuit(circuit).phases

    def _powered(self, circuit: CircuitId) -> bool:
        switch = next((told for told, moved in self.really.items() if moved == circuit), circuit)
        return self.closed[switch]

    async def trial(self, device: str) -> None:
        self.did.append(("trial", device))

    async def override(self, circuit: CircuitId, want: str, seconds: float) -> None:
        self.did.append((want, circuit))
        if circuit not in self.stuck:
            self.closed[circuit] = want != "off"

    async def prove(self, step: str, judged: Judged, before: Mapping[str, float], after: Mapping[str, float]) -> None:
        self.proven[step] = judged

    async def rest(self, seconds: float) -> None:
        await asyncio.sleep(0)


@dataclass
class Scripted:
    """Answers in order; `y` when nothing is left."""

    answers: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def tell(self, text: str) -> None:
        self.asked.append(text)

    async def ask(self, question: str, answers: Mapping[str, str]) -> str:
        self.asked.append(question)
        answer = self.answers.pop(0) if self.answers else "y"
        if answer == "q":
            raise Stopped
        assert answer in answers
        return answer


def relay_step(circuit: CircuitId, site: Site) -> Step:
    return next(one for one in steps(site, wires(site)) if one.id == wiring.circuit_closed(circuit))


async def tried(panel: Panel, *circuits: CircuitId, answers: str = "") -> dict[str, Verdict | None]:
    person = Scripted(list(answers))
    engine = Engine(panel.site, wires(panel.site), panel, person)
    return await engine.walk([relay_step(circuit, panel.site) for circuit in circuits])


async def test_a_switch_is_proven_by_the_fall_on_its_own_phase():
    panel = Panel(flats(), {LAUNDRY: 2000.0, GYM: 1500.0})
    ends = await tried(panel, LAUNDRY)
    assert list(ends.values()) == [Verdict.PROVEN]
    # and the circuit is handed back and on again, after a trial of its device
    assert panel.did == [("trial", "relays"), ("off", LAUNDRY), ("auto", LAUNDRY)]
    assert panel.closed[LAUNDRY] is True


async def test_a_switch_that_moves_another_phase_fails_with_both_names():
    site = flats()
    panel = Panel(site, {LAUNDRY: 2000.0}, phases={LAUNDRY: (Phase.L1,)})
    await tried(panel, LAUNDRY)
    judged = panel.proven[wiring.circuit_closed(LAUNDRY)]
    assert judged.verdict is Verdict.FAILED
    assert judged.note == "L1 fell where L2 and L3 should have (L1 -2000 W)"


async def test_another_circuit_on_the_same_phases_is_told_by_the_person_alone():
    # given a relay that moves another circuit than the site file says
    panel = Panel(flats(), {LAUNDRY: 2000.0})
    # when the right phases fall, and the person has seen something else go off
    ends = await tried(panel, LAUNDRY, answers="yn")
    # then it is not proven
    assert list(ends.values()) == [Verdict.FAILED]
    assert panel.proven[wiring.circuit_closed(LAUNDRY)].note.endswith("not what was seen at the panel")


async def test_a_measurement_during_which_another_circuit_switched_is_done_again():
    panel = Panel(flats(), {LAUNDRY: 2000.0, GYM: 1500.0})
    rests = 0

    async def rest(seconds: float) -> None:
        nonlocal rests
        rests += 1
        if rests == LOOKS:  # the gym goes off by somebody else's hand, right after the laundry
            panel.closed[GYM] = False

    panel.rest = rest  # type: ignore[method-assign]
    ends = await tried(panel, LAUNDRY)
    assert list(ends.values()) == [Verdict.PROVEN]
    assert panel.did.count(("off", LAUNDRY)) == 2
    assert panel.proven[wiring.circuit_closed(LAUNDRY)].note.startswith("L2 -1000 W, L3 -1000 W")


async def test_a_relay_that_does_not_follow_fails():
    panel = Panel(flats(), {LAUNDRY: 2000.0}, stuck={LAUNDRY})
    await tried(panel, LAUNDRY)
    assert panel.proven[wiring.circuit_closed(LAUNDRY)].note == "its switch did not go OFF when told to"


@pytest.mark.parametrize(("answer", "verdict"), [("y", Verdict.PROVEN), ("n", Verdict.FAILED), ("s", None)])
async def test_where_the_meters_cannot_tell_a_person_does(answer: str, verdict: Verdict | None):
    panel = Panel(flats(), {LAUNDRY: 10.0})
    ends = await tried(panel, LAUNDRY, answers=f"y{answer}")
    assert list(ends.values()) == [verdict]
    assert (wiring.circuit_closed(LAUNDRY) in panel.proven) is (verdict is not None)


async def test_a_building_that_moves_by_itself_proves_nothing():
    # given loads that jump by more than the circuit draws
    panel = Panel(flats(), {LAUNDRY: 400.0}, noise=[0.0, 900.0] * 30)
    ends = await tried(panel, LAUNDRY, answers="ys")
    assert list(ends.values()) == [None]


async def test_what_is_off_is_switched_on_only_if_the_person_says_so():
    # given a new relay board with all its coils off
    panel = Panel(flats(), {LAUNDRY: 2000.0}, closed={LAUNDRY: False})
    # when the person does not agree, nothing at all is done
    assert list((await tried(panel, LAUNDRY, answers="s")).values()) == [None]
    assert panel.did == []
    assert panel.closed[LAUNDRY] is False
    # and when he does, the rise proves it
    assert list((await tried(panel, LAUNDRY, answers="yy")).values()) == [Verdict.PROVEN]


async def test_nothing_is_switched_before_the_person_has_agreed_and_stopping_keeps_the_rest():
    panel = Panel(flats(), {LAUNDRY: 2000.0, GYM: 1500.0})
    with pytest.raises(Stopped):
        await tried(panel, LAUNDRY, GYM, answers="yyq")
    assert list(panel.proven) == [wiring.circuit_closed(LAUNDRY)]
    assert ("off", GYM) not in panel.did


async def test_a_fault_in_the_middle_hands_the_circuit_back():
    panel = Panel(flats(), {LAUNDRY: 2000.0})

    async def fails(seconds: float) -> None:
        if ("off", LAUNDRY) in panel.did:
            raise ConnectionError

    panel.rest = fails  # type: ignore[method-assign]
    with pytest.raises(ConnectionError):
        await tried(panel, LAUNDRY)
    assert panel.did[-1] == ("auto", LAUNDRY)


@pytest.mark.parametrize("former_w", [pytest.param(6000.0, id="passes on"), pytest.param(2000.0, id="its own")])
def test_what_an_inverter_passes_on_is_not_counted_beside_the_grid(former_w: float):
    # given 12 kW from the grid and 6 kW from the battery, and an inverter that shows both, or only its own
    site = flats()
    look = {wiring.GRID_POWER: 12_000.0, wiring.battery_power(site.former.source): 6_000.0}
    look |= {wiring.former_phase_w(index): former_w for index in range(3)}
    look |= {f"meter/l{index}_w": 4_000.0 for index in (1, 2, 3)}
    # when the load is measured, then it is 18 kW either way
    assert series(look, site, wires(site)) == {"L1": 6_000.0, "L2": 6_000.0, "L3": 6_000.0, "total": 18_000.0}


def test_its_own_meter_must_fall_too():
    site = flats()
    circuit = site.circuit(LAUNDRY)
    own, phase = wiring.circuit_power(LAUNDRY), circuit.phases[0].value
    before = level([{phase: 5000.0, own: 2000.0}] * LOOKS)
    after = level([{phase: 3000.0, own: 1990.0}] * LOOKS)
    judged = judge_switch(circuit, site, before, after, on=False)
    assert judged.verdict is Verdict.FAILED
    assert "its own meter still shows 1990 W" in judged.note


def test_a_fall_that_is_a_rise_is_left_to_a_person():
    site = flats()
    phase = site.circuit(LAUNDRY).phases[0].value
    judged = judge_switch(site.circuit(LAUNDRY), site, level([{phase: 1000.0}]), level([{phase: 3000.0}]), on=False)
    assert judged.verdict is None
    assert "the wrong way" in judged.note


def test_every_command_of_a_building_has_a_step_that_is_needed():
    site = flats()
    found = steps(site, wires(site))
    assert {one.id for one in found if one.needed} == set(wires(site).writes)
    assert {one.kind for one in found} == {Kind.RELAY, Kind.READING}


def test_phases_are_named_as_people_do():
    circuit = flats().circuit(LAUNDRY)
    assert phases_of(replace(circuit, phases=(Phase.L3, Phase.L1))) == "L1 and L3"


@pytest.mark.parametrize(("name", "span"), [("laundry", "1 min"), ("heat_pump", "5 min"), ("freezers", "5 min")])
async def test_whoever_is_asked_is_told_for_how_long_the_circuit_is_off_a_compressor_rests(name: str, span: str):
    panel, person = Panel(flats(), {CircuitId(name): 2000.0}), Scripted(["s"])
    await Engine(panel.site, wires(panel.site), panel, person).walk([relay_step(CircuitId(name), panel.site)])
    assert any(f"OFF for about {span}?" in question for question in person.asked)
