"""The kinds of things that go wrong, each drawn by lot for a place."""

from collections.abc import Callable, Mapping
from typing import Any

from hems.model.site import Tier
from hems.sim.faults import Says
from hems.sim.scenario import WorldAct
from hil.fuzz.fault import FAULTS_END_S, LONGEST_S, Fault, Scene, act


def power_cut(scene: Scene) -> Fault:
    """The one that every story has."""
    begins_s, ends_s = scene.span()
    ends_s = round(ends_s + scene.rng.uniform(0.0, LONGEST_S), 1)
    return Fault((act(begins_s, "fail_grid"), act(min(ends_s, FAULTS_END_S), "return_grid")))


def _sag(scene: Scene) -> Fault:
    begins_s, ends_s = scene.span()
    pu = scene.rng.choice((0.05, 0.3, 0.6, 0.85, 1.07, 1.12, 1.25))
    return Fault((act(begins_s, "sag", pu=pu), act(ends_s, "return_grid")))


def _flapping(scene: Scene) -> Fault:
    """Gone and back a few times, each time for seconds."""
    t_s, acts = scene.span()[0], list[WorldAct]()
    for _ in range(scene.rng.randint(2, 5)):
        for do in ("fail_grid", "return_grid"):
            acts.append(act(round(t_s, 1), do))
            t_s += scene.rng.uniform(0.3, 30.0)
    return Fault(tuple(acts))


def _silent(scene: Scene) -> Fault:
    device, (begins_s, ends_s) = scene.rng.choice(scene.devices), scene.span()
    return Fault((act(begins_s, "silence", device=device), act(ends_s, "resume", device=device)), hinders=True)


def _lies(scene: Scene) -> Fault:
    device, (begins_s, ends_s) = scene.rng.choice(scene.devices), scene.span()
    what = scene.rng.choice([one for one in Says if one not in (Says.TRUTH, Says.NOTHING)]).value
    lie = act(begins_s, "says", device=device, what=what)
    return Fault((lie, act(ends_s, "says", device=device, what=Says.TRUTH.value)), hinders=True)


def _reboots(scene: Scene) -> Fault:
    return Fault((act(scene.span()[0], "reboot", device=scene.rng.choice(scene.devices)),), hinders=True)


def _line(scene: Scene) -> Fault:
    """A connection that is dead at one end, or broken off."""
    broken = act(scene.span()[0], scene.rng.choice(("half_open", "reset")), device=scene.rng.choice(scene.networked))
    return Fault((broken,), hinders=True)


def _partition(scene: Scene) -> Fault:
    begins_s, ends_s = scene.span()
    return Fault((act(begins_s, "partition", cut=True), act(ends_s, "partition", cut=False)), hinders=True)


def _flicker(scene: Scene) -> Fault:
    begins_s, ends_s = scene.span()
    flicker = act(begins_s, "flicker", pu=round(scene.rng.uniform(0.01, 0.06), 2))
    return Fault((flicker, act(ends_s, "flicker", pu=0.0)))


def _contact(scene: Scene) -> Fault:
    """A contactor welds, or its contacts break."""
    circuit, (begins_s, ends_s) = scene.rng.choice(scene.switched), scene.span()
    weld = act(begins_s, "weld", circuit=circuit, closed=scene.rng.random() < 0.7)
    return Fault((weld, act(ends_s, "mend", circuit=circuit)), hinders=True)


def _demand(scene: Scene) -> Fault:
    """Somebody wants much more than usual of a circuit that can be switched."""
    circuit, (begins_s, ends_s) = scene.rng.choice(scene.switched), scene.span()
    usual_kw = next(one.typical_w for one in scene.rig.site.circuits if one.id == circuit) / 1000.0
    more, less = round(usual_kw * scene.rng.uniform(1.0, 2.5), 2), round(usual_kw * 0.3, 2)
    return Fault((act(begins_s, "want", circuit=circuit, kw=more), act(ends_s, "want", circuit=circuit, kw=less)))


def _sun(scene: Scene) -> Fault:
    begins_s, ends_s = scene.span()
    return Fault((act(begins_s, "shine", pu=round(scene.rng.random(), 2)), act(ends_s, "shine", pu=0.0)))


def _tie_jams(scene: Scene) -> Fault:
    begins_s, ends_s = scene.span()
    return Fault((act(begins_s, "jam_tie"), act(ends_s, "free_tie")), hinders=True)


def _tie_contacts(scene: Scene) -> Fault:
    """Both open, both closed, or the wrong one."""
    begins_s, ends_s = scene.span()
    closed, is_open = scene.rng.random() < 0.5, scene.rng.random() < 0.5
    broken = act(begins_s, "contacts", closed=closed, open=is_open)
    return Fault((broken, act(ends_s, "mend_contacts")), hinders=True)


def _second_master(scene: Scene) -> Fault:
    circuits = [name for name in scene.switched if name not in scene.plugs]
    move = act(scene.span()[0], "foreign", circuit=scene.rng.choice(circuits), closed=scene.rng.random() < 0.5)
    return Fault((move,), hinders=True)


def _ghost(scene: Scene) -> Fault:
    begins_s, ends_s = scene.span()
    ghost = act(begins_s, "ghost", circuit=scene.rng.choice(scene.plugs), closed=scene.rng.random() < 0.5)
    return Fault((ghost, act(ends_s, "kill_broker"), act(round(ends_s + 5.0, 1), "start_broker")), hinders=True)


def _broker(scene: Scene) -> Fault:
    begins_s, ends_s = scene.span()
    return Fault((act(begins_s, "kill_broker"), act(ends_s, "start_broker")), hinders=True)


def _killed(scene: Scene) -> Fault:
    after_s = scene.rng.choice((0.0, 0.0, 1.0, 10.0, 90.0))
    killed = act(scene.span()[0], "kill_hems", after_s=after_s)
    return Fault((killed,), hinders=True, lasts_s=after_s)


def _clock(scene: Scene) -> Fault:
    return Fault((act(scene.span()[0], "clock", years=scene.rng.choice((-30.0, -1.0, 0.5, 20.0))),))


def _override(scene: Scene) -> Fault:
    """Somebody keeps a circuit on, or off; an order for on may be refused."""
    (begins_s, ends_s), circuit = scene.span(), scene.rng.choice(scene.switched)
    want = scene.rng.choice(("on", "off"))
    args = {"request": "override", "circuit": circuit, "reason": "chance", "refused": True}
    kept = act(begins_s, "ask", **args, want=want, duration_s=round(ends_s - begins_s + 60.0, 1))
    vital = next(one.tier for one in scene.file.site.circuits if one.id == circuit) <= Tier.CRITICAL
    return Fault((kept, act(round(ends_s + 60.0, 1), "ask", **args, want="auto")), own=vital)


def _car_leaves(scene: Scene) -> Fault:
    bay, (begins_s, ends_s) = scene.rng.choice(scene.bays), scene.span()
    back = act(ends_s, "plug", bay=bay, soc_pct=float(scene.rng.randint(15, 95)))
    forms = bay == scene.file.site.former.source
    return Fault((act(begins_s, "unplug", bay=bay), back), own=forms)


def _car_comes(scene: Scene) -> Fault:
    """Another one, which may lie about its charge, refuse, or begin by itself."""
    rng, bay, (begins_s, ends_s) = scene.rng, scene.rng.choice(scene.bays), scene.span()
    soc_pct = float(rng.randint(10, 95))
    car: dict[str, Any] = {"soc_pct": soc_pct, "resumes": rng.random() < 0.4, "gives": rng.random() < 0.8}
    car |= {"gives_when_asked": rng.random() < 0.8}
    leaves, comes = act(begins_s, "unplug", bay=bay), act(ends_s, "plug", bay=bay, **car)
    return Fault((leaves, comes), own=bay == scene.file.site.former.source)


def _generator_ill(scene: Scene) -> Fault:
    begins_s, ends_s = scene.span()
    return Fault((act(begins_s, "generator_ill"), act(ends_s, "generator_mended")), own=True)


KINDS: Mapping[str, Callable[[Scene], Fault]] = {
    "power_cut": power_cut,
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
