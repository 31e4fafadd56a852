"""A story from a seed: power cuts, faults and people's wishes at random times, and then enough calm to come to rest."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from hems.config.site_file import SiteFile
from hems.model.site import Tier
from hems.model.units import CircuitId
from hems.model.wiring import circuit_closed
from hems.sim.faults import Says
from hems.sim.rig import Rig
from hems.sim.scenario import Expectation, Scenario, WorldAct

PLACES = ("apartments", "home", "hall")
FAULTS_END_S = 600.0
"""By then everything that breaks has been mended."""
CALM_S = 1800.0
"""For a grid code's wait of five minutes, compressors' pauses, and every circuit to come back one by one."""
SOONEST_S = 2.0
SHORTEST_S, LONGEST_S = 2.0, 240.0
MOST_FAULTS = 7
RESTS_S = 60.0
"""For so long after a fault is mended its consequences may still come."""
MOST_KILLS = 2
"""A third within ten minutes would leave circuits off until a person comes: rightly, but that is another story."""
SECOND_MASTERS = ("foreign", "ghost")
LOOKED_INTO_S = 120.0
"""After the last fault, until somebody has seen to it and says so."""
SHORT = 0.3
"""So much of its time a story takes with shortened waits, until all is mended."""
SHORT_CALM_S = 420.0

Drawn = tuple[WorldAct, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that begins and, mostly, ends: the acts that belong together."""

    acts: Drawn
    hinders: bool = False
    """Whether hems may be unable to see, or to switch, what it would have to meanwhile."""
    lasts_s: float = 0.0
    """How much longer it goes on than its last act."""
    own: bool = False
    """Whether a trip meanwhile is the island's own affair: what made it has gone, or wants what nobody can switch."""

    @property
    def window(self) -> tuple[float, float]:
        """From when to when what happens may be its consequence."""
        return (self.acts[0].t_s, self.acts[-1].t_s + self.lasts_s + RESTS_S)


@dataclass(frozen=True, slots=True)
class Story:
    """What a seed has drawn; `told` makes a scenario of it."""

    seed: int
    place: str
    faults: tuple[Fault, ...]
    ends_s: float = FAULTS_END_S + CALM_S
    short: bool = False
    """Told with shortened waits, and faults nearer together."""

    def told(self) -> Scenario:
        """As a scenario with every expectation there is."""
        acts = sorted(self._acts(), key=lambda act: act.t_s)
        mended_s = (FAULTS_END_S + LOOKED_INTO_S) * (SHORT if self.short else 1.0)
        mended = WorldAct(t_s=mended_s, do="ask", args={"request": "acknowledge"})
        return Scenario(
            id=f"fuzz-{self.place}-{self.seed}",
            title=f"Found by chance: {', '.join(dict.fromkeys(act.do for act in acts)) or 'nothing happens'}",
            proves=("fuzz",),
            place=self.place,
            times="short" if self.short else "normal",
            rig={},
            site={},
            ends_s=self.ends_s,
            acts=(*acts, mended),
            expectations=tuple(self._expectations()),
        )

    def _acts(self) -> Iterator[WorldAct]:
        return (act for fault in self.faults for act in fault.acts)

    def _expectations(self) -> Iterator[Expectation]:
        blind = [list(fault.window) for fault in self.faults if fault.hinders]
        windows = blind + [list(fault.window) for fault in self.faults if fault.own]
        yield _expect("orderly", "hems is never about to break a rule of its own, and no part of it fails")
        yield _expect("never_parallel", "no generator ever meets the grid")
        yield _expect("permits_proven", "reconnection is permitted only once the grid has really stood")
        yield _expect("island_is_real", "no island is seen where there is none", but=blind)
        yield _expect("floors_kept", "no car is emptied below what its driver keeps")
        begins = {str(act.args["bay"]) for act in self._acts() if act.do == "plug" and act.args.get("resumes")}
        yield _expect("rests_on_island", "no car begins to charge on an island", but=sorted(begins))
        yield _expect("trips_excused", "the former trips only where nobody could have helped it", but=windows)
        yield _expect("vital_on", "life safety and critical circuits have power wherever hems has a say", but=windows)
        yield _expect("spares_switches", "no switch wears itself out")
        by_hand = {
            str(act.args["circuit"]) for act in self._acts() if act.do in SECOND_MASTERS and not act.args["closed"]
        }
        told = "once all is mended, all is as before, or somebody has been told why not"
        yield _expect("ends_well", told, but=sorted(by_hand))


def in_short(story: Story) -> Story:
    """The same faults in less time, for shortened waits: over sockets four times as many stories can be played."""

    def sooner(fault: Fault) -> Fault:
        return replace(fault, acts=tuple(replace(act, t_s=round(SHORT * act.t_s, 2)) for act in fault.acts))

    ends_s = SHORT * FAULTS_END_S + SHORT_CALM_S
    return replace(story, short=True, ends_s=ends_s, faults=tuple(map(sooner, story.faults)))


def _expect(check: str, text: str, **params: Any) -> Expectation:  # noqa: ANN401 whatever the check takes
    return Expectation(check=check, text=text, params=params)


@dataclass(frozen=True, slots=True)
class Scene:
    """What there is to break."""

    rng: Random
    file: SiteFile
    rig: Rig

    @property
    def devices(self) -> list[str]:
        """Every device on the wire."""
        return sorted(str(spec.id) for spec in self.file.wiring.devices)

    @property
    def networked(self) -> list[str]:
        """Those that speak over a connection of their own."""
        return sorted(str(spec.id) for spec in self.file.wiring.devices if spec.link.startswith("tcp:"))

    @property
    def switched(self) -> list[str]:
        """Circuits that hems has a switch for."""
        return sorted(str(circuit.id) for circuit in self.file.site.circuits if circuit.sheddable)

    @property
    def plugs(self) -> list[str]:
        """Circuits behind a broker."""
        mqtt = {spec.id for spec in self.file.wiring.devices if spec.driver == "mqtt"}
        ports = {name: self.file.wiring.writes.get(circuit_closed(CircuitId(name))) for name in self.switched}
        return [name for name, port in ports.items() if port is not None and port.device in mqtt]

    @property
    def bays(self) -> list[str]:
        """Where cars stand."""
        return sorted(str(bay) for bay in self.rig.start.cars)

    def span(self) -> tuple[float, float]:
        """When a fault begins and ends, rounded to what a file shows."""
        begins_s = self.rng.uniform(SOONEST_S, FAULTS_END_S - LONGEST_S)
        lasts_s = min(LONGEST_S, max(SHORTEST_S, self.rng.expovariate(1.0 / 50.0)))
        return round(begins_s, 1), round(begins_s + lasts_s, 1)


def draw(seed: int, place: str, file: SiteFile, rig: Rig) -> Story:
    """The story of that seed; the same on every machine."""
    scene = Scene(Random(f"{place} {seed}"), file, rig)
    faults, kills = [_power_cut(scene)], 0
    for _ in range(scene.rng.randint(1, MOST_FAULTS)):
        kind = scene.rng.choice(sorted(_possible(scene)))
        kills += kind == "kill_hems"
        if kind != "kill_hems" or kills <= MOST_KILLS:
            faults.append(KINDS[kind](scene))
    return Story(seed, place, tuple(faults))


def _possible(scene: Scene) -> Iterator[str]:
    lacking = set() if scene.plugs else {"broker", "ghost"}
    lacking |= set() if scene.bays else {"car_leaves", "car_comes"}
    lacking |= {"generator_ill"} if scene.rig.site.generator is None else set()
    return (kind for kind in KINDS if kind not in lacking)


def _act(t_s: float, do: str, **args: Any) -> WorldAct:  # noqa: ANN401 whatever the act takes
    return WorldAct(t_s=t_s, do=do, args=args)


def _power_cut(scene: Scene) -> Fault:
    begins_s, ends_s = scene.span()
    ends_s = round(ends_s + scene.rng.uniform(0.0, LONGEST_S), 1)
    return Fault((_act(begins_s, "fail_grid"), _act(min(ends_s, FAULTS_END_S), "return_grid")))


def _sag(scene: Scene) -> Fault:
    begins_s, ends_s = scene.span()
    pu = scene.rng.choice((0.05, 0.3, 0.6, 0.85, 1.07, 1.12, 1.25))
    return Fault((_act(begins_s, "sag", pu=pu), _act(ends_s, "return_grid")))


def _flapping(scene: Scene) -> Fault:
    """Gone and back a few times, each time for seconds."""
    t_s, acts = scene.span()[0], list[WorldAct]()
    for _ in range(scene.rng.randint(2, 5)):
        for do in ("fail_grid", "return_grid"):
            acts.append(_act(round(t_s, 1), do))
            t_s += scene.rng.uniform(0.3, 30.0)
    return Fault(tuple(acts))


def _silent(scene: Scene) -> Fault:
    device, (begins_s, ends_s) = scene.rng.choice(scene.devices), scene.span()
    return Fault((_act(begins_s, "silence", device=device), _act(ends_s, "resume", device=device)), hinders=True)


def _lies(scene: Scene) -> Fault:
    device, (begins_s, ends_s) = scene.rng.choice(scene.devices), scene.span()
    what = scene.rng.choice([one for one in Says if one not in (Says.TRUTH, Says.NOTHING)]).value
    lie = _act(begins_s, "says", device=device, what=what)
    return Fault((lie, _act(ends_s, "says", device=device, what=Says.TRUTH.value)), hinders=True)


def _reboots(scene: Scene) -> Fault:
    return Fault((_act(scene.span()[0], "reboot", device=scene.rng.choice(scene.devices)),), hinders=True)


def _line(scene: Scene) -> Fault:
    """A connection that is dead at one end, or broken off."""
    act = _act(scene.span()[0], scene.rng.choice(("half_open", "reset")), device=scene.rng.choice(scene.networked))
    return Fault((act,), hinders=True)


def _partition(scene: Scene) -> Fault:
    begins_s, ends_s = scene.span()
    return Fault((_act(begins_s, "partition", cut=True), _act(ends_s, "partition", cut=False)), hinders=True)


def _flicker(scene: Scene) -> Fault:
    begins_s, ends_s = scene.span()
    flicker = _act(begins_s, "flicker", pu=round(scene.rng.uniform(0.01, 0.06), 2))
    return Fault((flicker, _act(ends_s, "flicker", pu=0.0)))


def _contact(scene: Scene) -> Fault:
    """A contactor welds, or its contacts break."""
    circuit, (begins_s, ends_s) = scene.rng.choice(scene.switched), scene.span()
    weld = _act(begins_s, "weld", circuit=circuit, closed=scene.rng.random() < 0.7)
    return Fault((weld, _act(ends_s, "mend", circuit=circuit)), hinders=True)


def _demand(scene: Scene) -> Fault:
    """Somebody wants much more than usual of a circuit that can be switched."""
    circuit, (begins_s, ends_s) = scene.rng.choice(scene.switched), scene.span()
    usual_kw = next(one.typical_w for one in scene.rig.site.circuits if one.id == circuit) / 1000.0
    more, less = round(usual_kw * scene.rng.uniform(1.0, 2.5), 2), round(usual_kw * 0.3, 2)
    return Fault((_act(begins_s, "want", circuit=circuit, kw=more), _act(ends_s, "want", circuit=circuit, kw=less)))


def _sun(scene: Scene) -> Fault:
    begins_s, ends_s = scene.span()
    return Fault((_act(begins_s, "shine", pu=round(scene.rng.random(), 2)), _act(ends_s, "shine", pu=0.0)))


def _tie_jams(scene: Scene) -> Fault:
    begins_s, ends_s = scene.span()
    return Fault((_act(begins_s, "jam_tie"), _act(ends_s, "free_tie")), hinders=True)


def _tie_contacts(scene: Scene) -> Fault:
    """Both open, both closed, or the wrong one."""
    begins_s, ends_s = scene.span()
    closed, is_open = scene.rng.random() < 0.5, scene.rng.random() < 0.5
    broken = _act(begins_s, "contacts", closed=closed, open=is_open)
    return Fault((broken, _act(ends_s, "mend_contacts")), hinders=True)


def _second_master(scene: Scene) -> Fault:
    circuits = [name for name in scene.switched if name not in scene.plugs]
    move = _act(scene.span()[0], "foreign", circuit=scene.rng.choice(circuits), closed=scene.rng.random() < 0.5)
    return Fault((move,), hinders=True)


def _ghost(scene: Scene) -> Fault:
    begins_s, ends_s = scene.span()
    ghost = _act(begins_s, "ghost", circuit=scene.rng.choice(scene.plugs), closed=scene.rng.random() < 0.5)
    return Fault((ghost, _act(ends_s, "kill_broker"), _act(round(ends_s + 5.0, 1), "start_broker")), hinders=True)


def _broker(scene: Scene) -> Fault:
    begins_s, ends_s = scene.span()
    return Fault((_act(begins_s, "kill_broker"), _act(ends_s, "start_broker")), hinders=True)


def _killed(scene: Scene) -> Fault:
    after_s = scene.rng.choice((0.0, 0.0, 1.0, 10.0, 90.0))
    killed = _act(scene.span()[0], "kill_hems", after_s=after_s)
    return Fault((killed,), hinders=True, lasts_s=after_s)


def _clock(scene: Scene) -> Fault:
    return Fault((_act(scene.span()[0], "clock", years=scene.rng.choice((-30.0, -1.0, 0.5, 20.0))),))


def _override(scene: Scene) -> Fault:
    """Somebody keeps a circuit on, or off; an order for on may be refused."""
    (begins_s, ends_s), circuit = scene.span(), scene.rng.choice(scene.switched)
    want = scene.rng.choice(("on", "off"))
    args = {"request": "override", "circuit": circuit, "reason": "chance", "refused": True}
    kept = _act(begins_s, "ask", **args, want=want, duration_s=round(ends_s - begins_s + 60.0, 1))
    vital = next(one.tier for one in scene.file.site.circuits if one.id == circuit) <= Tier.CRITICAL
    return Fault((kept, _act(round(ends_s + 60.0, 1), "ask", **args, want="auto")), own=vital)


def _car_leaves(scene: Scene) -> Fault:
    bay, (begins_s, ends_s) = scene.rng.choice(scene.bays), scene.span()
    back = _act(ends_s, "plug", bay=bay, soc_pct=float(scene.rng.randint(15, 95)))
    forms = bay == scene.file.site.former.source
    return Fault((_act(begins_s, "unplug", bay=bay), back), own=forms)


def _car_comes(scene: Scene) -> Fault:
    """Another one, which may lie about its charge, refuse, or begin by itself."""
    rng, bay, (begins_s, ends_s) = scene.rng, scene.rng.choice(scene.bays), scene.span()
    soc_pct = float(rng.randint(10, 95))
    car: dict[str, Any] = {"soc_pct": soc_pct, "resumes": rng.random() < 0.4, "gives": rng.random() < 0.8}
    car |= {"gives_when_asked": rng.random() < 0.8}
    leaves, comes = _act(begins_s, "unplug", bay=bay), _act(ends_s, "plug", bay=bay, **car)
    return Fault((leaves, comes), own=bay == scene.file.site.former.source)


def _generator_ill(scene: Scene) -> Fault:
    begins_s, ends_s = scene.span()
    return Fault((_act(begins_s, "generator_ill"), _act(ends_s, "generator_mended")), own=True)


KINDS: Mapping[str, Callable[[Scene], Fault]] = {
    "power_cut": _power_cut,
    "sag": _sag,
    "flapping": _flapping,
    "silent": _silent,
    "lies": _lies,
    "reboots": _reboots,
    "line": _line,
    "partition": _partition,
    "flicker": _flicker,
    "contact": _contact,
    "demand": _demand,
    "sun": _sun,
    "tie_jams": _tie_jams,
    "tie_contacts": _tie_contacts,
    "second_master": _second_master,
    "ghost": _ghost,
    "broker": _broker,
    "kill_hems": _killed,
    "clock": _clock,
    "override": _override,
    "car_leaves": _car_leaves,
    "car_comes": _car_comes,
    "generator_ill": _generator_ill,
}
"""What can happen."""


def without(faults: Sequence[Fault], index: int) -> tuple[Fault, ...]:
    """All but one."""
    return (*faults[:index], *faults[index + 1 :])
