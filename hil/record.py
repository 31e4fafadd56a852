"""A power cut from the records of a real building, as a scenario that can be played on the bench.

What the records say of the world becomes acts: when the grid went and came back, which device fell silent, whose
circuit did not obey.  What hems did then becomes what is
expected, with some patience: the bench's building has other loads, and is not the one on site.
"""

from collections.abc import Iterator, Sequence

from hems.model.cause import Why
from hems.model.event import Event, EventKind
from hems.model.mode import Mode
from hems.sim.scenario import Expectation, Scenario, WorldAct

LEAD_S = 5.0
"""The story begins so long before the first thing that happened in it."""
TAIL_S = 60.0
SILENT_S = 5.0
"""A device is told to be silent when it has been so for this long."""
PATIENCE_S = 15.0
"""By so much later than on site a mode may be reached."""
SAG_PU = 0.8
"""What stands for a grid out of its window, of which the records do not keep the voltage."""
GRID = {
    "dead": ("fail_grid", {}),
    "bad": ("sag", {"pu": SAG_PU}),
    "qualifying": ("return_grid", {}),
    "good": ("return_grid", {}),
}
EXPECTED = frozenset({Mode.ISLANDED, Mode.GRID_RETURN_QUALIFYING, Mode.RECONNECTED_RESTORING})


def recorded(events: Sequence[Event], *, name: str, place: str, began: str) -> Scenario:
    """The story of these events, which are those of one power cut, in order; `began` is when, in words."""
    first_s = min((event.at.mono_s for event in events), default=0.0) - LEAD_S
    acts = _without_repeats(sorted(_acts(events, first_s), key=lambda act: act.t_s))
    modes = [(event.at.mono_s - first_s, Mode(event.subject)) for event in events if event.kind is EventKind.MODE]
    return Scenario(
        id=name,
        title=f"A power cut as it was recorded, {began}",
        proves=("recorded",),
        place=place,
        times="normal",
        rig={},
        site={},
        ends_s=round(max((event.at.mono_s - first_s for event in events), default=0.0) + TAIL_S, 1),
        acts=tuple(acts),
        expectations=tuple(_expectations(modes)),
    )


def _acts(events: Sequence[Event], first_s: float) -> Iterator[WorldAct]:
    for event in events:
        t_s = round(max(0.0, event.at.mono_s - first_s), 1)
        facts = event.cause.facts
        match event.kind:
            case EventKind.EVIDENCE if event.subject == "grid" and facts.get("is") in GRID:
                do, args = GRID[str(facts["is"])]
                yield WorldAct(t_s=t_s, do=do, args=args)
            case EventKind.ALARM_RAISED if event.cause.why is Why.DEVICE_SILENT:
                device = {"device": str(facts.get("device", event.subject.partition("/")[2]))}
                yield WorldAct(t_s=round(max(0.0, t_s - SILENT_S), 1), do="silence", args=device)
            case EventKind.ALARM_CLEARED if event.subject.count("/") == 1 and event.subject.startswith("device/"):
                yield WorldAct(t_s=t_s, do="resume", args={"device": event.subject.partition("/")[2]})
            case EventKind.ALARM_RAISED if event.cause.why is Why.SHED_NOT_OBEYED:
                circuit = {"circuit": event.subject.split("/")[1], "closed": True}
                yield WorldAct(t_s=max(0.0, t_s - SILENT_S), do="weld", args=circuit)


def _without_repeats(acts: Sequence[WorldAct]) -> Iterator[WorldAct]:
    """The grid is told to be good several times on its way back; nothing new has happened then."""
    grid = "return_grid"
    for act in acts:
        if act.do in ("fail_grid", "return_grid", "sag"):
            if act.do == grid:
                continue
            grid = act.do
        yield act


def _expectations(modes: Sequence[tuple[float, Mode]]) -> Iterator[Expectation]:
    away = False
    for t_s, mode in modes:
        away = away or mode.on_island
        if mode in EXPECTED and away:  # that hems had just been started there is no part of the power cut
            params = {
                "that": ["mode", "is", mode.value],
                "from_s": max(0.0, t_s - PATIENCE_S),
                "by_s": t_s + PATIENCE_S,
            }
            rounded = {key: round(value, 1) if isinstance(value, float) else value for key, value in params.items()}
            yield Expectation(check="by", text=f"{mode.value} as on site, at about {t_s:.0f} s", params=rounded)
    yield Expectation(check="orderly", text="hems is never about to break a rule of its own", params={})
    yield Expectation(check="floors_kept", text="no car is emptied below what its driver keeps", params={})
