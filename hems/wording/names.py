"""What modes, tiers, circuits, cars and the three axes are called on screens and in reports."""

from collections.abc import Mapping, Sequence

from hems.model.mode import Bus, Grid, Mode, TiePosition
from hems.model.site import Site, Tier
from hems.wording.language import N_, say, translated

MODES: Mapping[Mode, str] = {
    Mode.INIT: N_("starting, nothing is switched on yet"),
    Mode.GRID_CONNECTED: N_("on the grid"),
    Mode.GRID_CONNECTED_DEGRADED: N_("on the grid, but the grid side cannot be seen"),
    Mode.GRID_DISTURBED: N_("on the grid, but the grid is disturbed"),
    Mode.ISLANDED_STABILIZING: N_("power cut, settling on own power"),
    Mode.ISLANDED: N_("power cut, running on own power"),
    Mode.GRID_RETURN_QUALIFYING: N_("power cut, the grid is back and must stay"),
    Mode.RECONNECTING: N_("reconnecting to the grid"),
    Mode.RECONNECTED_RESTORING: N_("on the grid, circuits come on one by one"),
    Mode.BLACKOUT: N_("blackout"),
    Mode.BLACKOUT_GRID_AVAILABLE: N_("blackout, the grid is back"),
    Mode.ISLANDING_PLANNED: N_("on the grid, about to leave it on purpose"),
    Mode.BLACK_START: N_("blackout, starting on own power"),
    Mode.MAINTENANCE: N_("people work on the plant, nothing is switched on"),
    Mode.FAULT_SAFE: N_("holding still, because measurements are missing or contradict each other"),
}

TIERS: Mapping[Tier, str] = {
    Tier.LIFE_SAFETY: N_("Life safety"),
    Tier.CRITICAL: N_("Critical"),
    Tier.ESSENTIAL: N_("Essential"),
    Tier.COMFORT: N_("Comfort"),
    Tier.NON_ESSENTIAL: N_("Non-essential"),
    Tier.FLEXIBLE: N_("Flexible"),
}

PRIORITIES: Mapping[str, str] = {"HIGH": N_("HIGH"), "MED": N_("MED"), "LOW": N_("LOW")}
"""Of alarms: act within ten minutes, today, this week."""

AXES: Mapping[str, Mapping[str, str]] = {
    "grid": {
        Grid.GOOD: N_("good"),
        Grid.QUALIFYING: N_("not yet good for long enough"),
        Grid.BAD: N_("out of its window"),
        Grid.DEAD: N_("dead"),
        Grid.UNKNOWN: N_("not known"),
    },
    "tie": {
        TiePosition.CLOSED: N_("closed"),
        TiePosition.OPEN: N_("open"),
        TiePosition.MOVING: N_("moving"),
        TiePosition.INVALID: N_("contradicting itself"),
        TiePosition.UNKNOWN: N_("not known"),
    },
    "bus": {
        Bus.LIVE: N_("live"),
        Bus.DEAD: N_("dead"),
        Bus.UNKNOWN: N_("not known"),
    },
}
AXIS_NAMES: Mapping[str, str] = {
    "grid": N_("the grid side"),
    "tie": N_("the grid switch"),
    "bus": N_("the building's supply"),
}
WITNESSES: Mapping[str, str] = {
    "auxiliary contacts": N_("auxiliary contacts"),
    "grid flag": N_("grid flag"),
    "a person": N_("a person"),
}
"""Who tells of an axis beside the points that the site file names."""
SHOWN: Mapping[str, str] = {
    "in window": N_("in window"),
    "out of window": N_("out of window"),
    "dead": N_("dead"),
    "all zero": N_("all zero"),
    "live": N_("live"),
    "no answer": N_("no answer"),
    "voltage is there": N_("voltage is there"),
    "repeats itself": N_("repeats itself"),
    "shows the building": N_("shows the building"),
    "on the grid": N_("on the grid"),
    "islanded": N_("islanded"),
    "lost": N_("lost"),
}
"""What they say, where it is not the axis' own word."""
ALONE = (
    N_("the load goes off"),
    N_("the load goes on"),
    N_("it stops: no power"),
    N_("it stays as last told"),
    N_("it goes back to its own rules"),
    N_("nothing limits it any more"),
    N_("only read"),
)
"""What becomes of a device without HEMS: the words that its profile's page is made of."""
BANDS: Mapping[str, str] = {
    "surplus": N_("plenty"),
    "normal": N_("enough"),
    "conserve": N_("to be saved"),
    "critical": N_("short"),
    "floor": N_("nearly gone"),
    "shutdown": N_("gone"),
}


TASKS: Mapping[str, str] = {
    "maintenance": N_("Maintenance"),
    "island": N_("Planned island"),
    "evacuation": N_("Evacuation"),
    "fire": N_("Fire alarm"),
    "return": N_("Grid expected back"),
    "drill": N_("Drill"),
    "storm": N_("Storm watch"),
    "hold": N_("Hold everything"),
    "grid_lost": N_("Somebody says that the grid is lost"),
    "grid_present": N_("Somebody says that the grid is there"),
}


def mode_words(mode: Mode) -> str:
    """A mode in a few words, for the middle of a line."""
    return translated(MODES[mode])


def listed(names: Sequence[str]) -> str:
    """`L1`, or `L1, L2 and L3`."""
    if len(names) < 2:
        return "".join(names)
    return translated(N_("{first} and {last}")).format(first=", ".join(names[:-1]), last=names[-1])


def priority_word(priority: str) -> str:
    """How urgent an alarm is, in a word of at most five letters."""
    return translated(PRIORITIES.get(priority, priority))


def task_name(task: str) -> str:
    """An order as people call it."""
    return translated(TASKS.get(task, task))


def tier_name(tier: Tier) -> str:
    """A tier as people know it."""
    return translated(TIERS[tier])


def axis_name(axis: str) -> str:
    """`grid`, `tie` or `bus` as the thing it is."""
    return translated(AXIS_NAMES.get(axis, axis))


def axis_words(axis: str, value: str) -> str:
    """What an axis says."""
    return translated(AXES.get(axis, {}).get(value, value))


def witness_name(name: str) -> str:
    """Who tells of an axis; a point is called as the site file calls it."""
    return translated(WITNESSES.get(name, name))


def witness_words(axis: str, says: str) -> str:
    """What a witness of an axis says."""
    return translated(SHOWN[says]) if says in SHOWN else axis_words(axis, says)


def witnesses_words(axis: str, told: str) -> str:
    """What all of them say, as a cause keeps it: `auxiliary contacts: open; grid flag: on the grid`."""
    each = (one.partition(": ") for one in told.split("; "))
    return "; ".join(f"{witness_name(name)}{colon}{witness_words(axis, says)}" for name, colon, says in each)


def alone_words(fails_safe: str) -> str:
    """What becomes of a device without HEMS, as `Product.fails_safe` has it, in the reader's language."""
    return f" {say('or')} ".join(_alone(one) for one in fails_safe.split(" or "))


def _alone(end: str) -> str:
    does, _, time = end.partition(" after ")
    return say("{does} after {time}", does=translated(does), time=time) if time else translated(does)


def names_of(site: Site) -> dict[str, str]:
    """Names of everything in a building, for `sentence`: `{"circuits/laundry": "Laundry"}`."""
    names = {f"circuits/{circuit.id}": circuit.name for circuit in site.circuits}
    names |= {f"batteries/{battery.id}": battery.name for battery in site.batteries}
    names |= {f"pvs/{pv.id}": pv.name for pv in site.pvs}
    return names | {f"bays/{bay.id}": bay.name for bay in site.bays}


def called(subject: str, names: Mapping[str, str]) -> str:
    """The name of a role, of an alarm's key or of a device; the bare key, made readable, when it has none."""
    parts = subject.split("/")
    if subject in names or len(parts) == 1:
        return names.get(subject, translated(AXIS_NAMES.get(subject, subject)))
    if parts[0] == "device":
        return parts[1]
    made = parts[1].replace("_", " ")
    return names.get("/".join(parts[:2])) or made[:1].upper() + made[1:]
