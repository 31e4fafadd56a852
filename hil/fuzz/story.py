"""A story from a seed: power cuts, faults and people's wishes at random times, and then enough calm to come to rest."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from hems.config.site_file import SiteFile
from hems.sim.rig import Rig
from hems.sim.scenario import Expectation, Scenario, WorldAct
from hil.fuzz.fault import FAULTS_END_S, Fault, Scene
from hil.fuzz.kinds import KINDS, power_cut

PLACES = ("apartments", "home", "hall")
CALM_S = 1800.0
"""For a grid code's wait of five minutes, compressors' pauses, and every circuit to come back one by one."""
MOST_FAULTS = 7
MOST_KILLS = 2
"""A third within ten minutes would leave circuits off until a person comes: rightly, but that is another story."""
SECOND_MASTERS = ("foreign", "ghost")
LOOKED_INTO_S = 120.0
"""After the last fault, until somebody has seen to it and says so."""
SHORT = 0.3
"""So much of its time a story takes with shortened waits, until all is mended."""
SHORT_CALM_S = 420.0


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
            acts=tuple(act for act in (*acts, mended) if act.t_s <= self.ends_s),
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


def draw(seed: int, place: str, file: SiteFile, rig: Rig) -> Story:
    """The story of that seed; the same on every machine."""
    scene = Scene(Random(f"{place} {seed}"), file, rig)
    faults, kills = [power_cut(scene)], 0
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


def in_short(story: Story) -> Story:
    """The same faults in less time, for shortened waits: over sockets four times as many stories can be played."""

    def sooner(fault: Fault) -> Fault:
        return replace(fault, acts=tuple(replace(act, t_s=round(SHORT * act.t_s, 2)) for act in fault.acts))

    ends_s = SHORT * FAULTS_END_S + SHORT_CALM_S
    return replace(story, short=True, ends_s=ends_s, faults=tuple(map(sooner, story.faults)))


def _expect(check: str, text: str, **params: Any) -> Expectation:  # noqa: ANN401 whatever the check takes
    return Expectation(check=check, text=text, params=params)


def without(faults: Sequence[Fault], index: int) -> tuple[Fault, ...]:
    """All but one."""
    return (*faults[:index], *faults[index + 1 :])
