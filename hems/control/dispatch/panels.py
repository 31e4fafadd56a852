"""What sub-panels leave for cars: each measured by a meter of its own, none wider than what it hangs on.

A panel whose meter is silent leaves nothing: nobody knows what its circuits draw.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hems.control.dispatch import standing
from hems.control.dispatch.flows import car_w, sure
from hems.control.dispatch.memory import Standing
from hems.model.cause import Cause, Value, Why
from hems.model.site import CONTINUOUS, Bay, Panel, Site
from hems.model.snapshot import Snapshot
from hems.model.units import PanelId, SourceId

SLACK = 1.05
"""Cars fill a panel up to what it carries for hours; so little above it is a meter's error, or theirs."""


@dataclass(slots=True)
class Room:
    """W that some part of the building still carries for cars, phase by phase; `bays` hang on it, None for all."""

    phase_w: list[float]
    bays: frozenset[SourceId] | None = None
    panel: PanelId | None = None

    def carries(self, bay: Bay) -> bool:
        """Whether what a car takes flows through it."""
        return self.bays is None or bay.id in self.bays


def rooms(site: Site, root: Sequence[float], known: Mapping[PanelId, tuple[Standing, ...]]) -> list[Room]:
    """That of the whole building, and of every panel with cars; `known` is what circuits behind each draw."""
    found = [Room(list(root))]
    for panel in site.panels:
        bays = below(site, panel)
        if bays:
            found.append(Room(left_w(site, panel, known), bays, panel.id))
    return found


def carries_w(site: Site, panel: Panel) -> float:
    """What each of its fuses carries for hours."""
    return CONTINUOUS * panel.rated_a * site.grid.nominal_v


def left_w(site: Site, panel: Panel, known: Mapping[PanelId, tuple[Standing, ...]]) -> list[float]:
    """What circuits behind it leave on each phase, negative where they draw too much; 0 while its meter is silent."""
    drawn = known.get(panel.id, ())
    return [carries_w(site, panel) - one.watts for one in drawn] if drawn else [0.0] * len(site.phases)


def over_s(site: Site, before: Mapping[PanelId, float], snapshot: Snapshot, now_s: float) -> Mapping[PanelId, float]:
    """Since when more flows through each panel than its fuses carry for hours, cars included; silence ends nothing."""
    found: dict[PanelId, float] = {}
    for panel in site.panels:
        measured = [reading.known(now_s) for reading in snapshot.panels.get(panel.id, ())]
        known = [abs(watts) for watts in measured if watts is not None]
        silent = not known or len(known) < len(measured)
        if (known and max(known) > SLACK * carries_w(site, panel)) or (silent and panel.id in before):
            found[panel.id] = before.get(panel.id, now_s)
    return found


def overloaded(site: Site, panel: Panel, snapshot: Snapshot, now_s: float) -> Cause:
    """What flows through its worst phase in amperes, as its fuses are known by, and what they carry for hours."""
    measured = [reading.known(now_s) for reading in snapshot.panels.get(panel.id, ())]
    facts: dict[str, Value] = {"panel": panel.name, "limit_a": CONTINUOUS * panel.rated_a}
    drawn = {phase: abs(watts) for phase, watts in zip(site.phases, measured, strict=False) if watts is not None}
    if drawn:
        worst = max(drawn, key=lambda phase: drawn[phase])
        facts |= {"phase": str(worst), "drawn_a": round(drawn[worst] / site.grid.nominal_v, 1), "w": drawn[worst]}
    return Cause(Why.PANEL_OVERLOADED, facts)


def below(site: Site, panel: Panel) -> frozenset[SourceId]:
    """The bays whose power flows through a panel."""
    return frozenset(bay.id for bay in site.bays if panel.id in way(site, bay.panel))


def way(site: Site, panel: PanelId | None) -> Iterator[PanelId]:
    """A panel and those that it hangs on, up to the main board."""
    parents = {one.id: one.parent for one in site.panels}
    while panel is not None and panel in parents:
        yield panel
        panel = parents.pop(panel)


def after(
    site: Site, before: Mapping[PanelId, tuple[Standing, ...]], snapshot: Snapshot, now_s: float
) -> Mapping[PanelId, tuple[Standing, ...]]:
    """What circuits behind each panel draw, as far as it stands; without those whose meter is silent."""
    found: dict[PanelId, tuple[Standing, ...]] = {}
    for panel in site.panels:
        measured = [reading.known(now_s) for reading in snapshot.panels.get(panel.id, ())]
        known = [watts for watts in measured if watts is not None]
        if known and len(known) == len(site.phases):
            drawn_w = _without_cars(site, panel, known, snapshot, now_s)
            known_before, falls = before.get(panel.id, ()), sure(site, snapshot)
            found[panel.id] = standing.after(known_before, drawn_w, now_s, falls=falls)
    return found


def _without_cars(
    site: Site, panel: Panel, drawn_w: Sequence[float], snapshot: Snapshot, now_s: float
) -> tuple[float, ...]:
    total, mine = list(drawn_w), below(site, panel)
    for bay in site.bays:
        if bay.id in mine:
            for place, share_w in enumerate(site.per_phase(car_w(bay, snapshot, now_s), bay.phases)):
                total[place] += share_w
    return tuple(total)


def narrow(rooms: Sequence[Room], bay: Bay, site: Site) -> PanelId | None:
    """The panel that leaves a car less than it can take, if one does."""
    part = len(bay.phases)
    return next(
        (
            room.panel
            for room in rooms
            if room.panel is not None
            and room.carries(bay)
            and min(left for left, phase in zip(room.phase_w, site.phases, strict=True) if phase in bay.phases) * part
            < bay.charge_min_w
        ),
        None,
    )
