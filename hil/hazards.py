"""What a controller like this could do to people and buildings, and what in hems forbids it, as sentences.

The safety case puts rules, tests and scenarios beside them by their tags, such as UCA-12; the report of a run puts
beside them what came of the stories that bear their tag.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Unsafe:
    """One way in which a controller like this does harm, and what forbids it."""

    number: int
    action: str
    hazards: tuple[int, ...]
    constraint: str
    unplayed: str = ""
    """Why no scenario plays it, where none does."""


LOSSES = (
    "somebody is hurt: a line is fed that was thought dead",
    "something vital is without power",
    "equipment or a battery is damaged, or burns",
    "a car cannot be driven when it is needed",
    "power is lost, or shared unfairly, without need",
    "nobody trusts the thing any more",
)
HAZARDS: Mapping[int, tuple[str, str]] = {
    1: ("a source feeds a line that is not known to be separate", "L1"),
    2: ("the island is overloaded and collapses", "L2, L5"),
    3: ("a critical circuit is off although there is energy", "L2"),
    4: ("stored energy falls below what is kept", "L2, L4"),
    5: ("two live systems are joined at the wrong time or out of phase", "L1, L3"),
    6: ("hems acts on something that is not true", "L2, L5, L6"),
}
UNSAFE = (
    Unsafe(1, "deciding on old readings", (6,), "too old counts as unknown: it may shed, it gives power to nothing"),
    Unsafe(
        2,
        "trusting a meter whose sign or scale is wrong",
        (2, 4),
        "signs are proven before a device is armed; while powers do not add up, no car gives more",
        "a scenario begins with proven devices; proving refuses a wrong sign, as its tests show",
    ),
    Unsafe(
        3, "taking a command for its effect", (2,), "believed when read back or measured; else the next circuit goes"
    ),
    Unsafe(4, "waking up in an outage and switching on", (2,), "after a start nothing is given power before its time"),
    Unsafe(5, "waiting by a clock that jumps", (2,), "durations are counted by boot time only"),
    Unsafe(
        6,
        "fighting a second master",
        (6,),
        "it is told; switching on is repeated three times at most, a power is left for an hour",
    ),
    Unsafe(7, "keeping an override for ever", (2, 3), "each ends by itself, and protection goes first"),
    Unsafe(
        8,
        "switching to and fro",
        (3,),
        "pauses, hysteresis, a budget of operations, and a person after three tries",
        "wear needs weeks and noise: a property over random histories proves it",
    ),
    Unsafe(9, "reading a failed meter's zero as a fact", (6,), "zeros and sentinels need somebody who agrees"),
    Unsafe(
        10, "making voltage onto a line that is not separate", (1,), "both contacts just read open, nothing against it"
    ),
    Unsafe(11, "switching everything on at once", (2,), "one circuit at a time, into room that is there"),
    Unsafe(12, "emptying a car below what its driver keeps", (4,), "never below the floor, never on an unknown charge"),
    Unsafe(
        13,
        "letting a generator meet the grid",
        (5,),
        "asked to run only where the two cannot meet; no permit while it runs",
    ),
    Unsafe(14, "starting a dark building with its circuits on", (2,), "what is not seen off counts as cold load"),
    Unsafe(
        15, "taking a shifted frequency for an outage", (3,), "on an open tie frequency tells of the sun, nothing else"
    ),
    Unsafe(16, "reconnecting while cars give", (5,), "cars rest first; a permit that led to nothing is withdrawn"),
    Unsafe(
        17,
        "taking the island for the grid",
        (5,),
        "what follows the building's own voltage with the tie open is not believed",
    ),
    Unsafe(
        18,
        "taking silence for an outage, or for its end",
        (2, 6),
        "silence is unknown: nothing begins and nothing ends",
    ),
    Unsafe(
        19,
        "switching the wrong thing",
        (3,),
        "a switch whose circuit goes on drawing is left alone; life safety has none",
    ),
    Unsafe(
        20, "obeying a stranger, or an echo", (1, 3), "retained and unknown requests are refused, and all have limits"
    ),
)
INVARIANTS: Mapping[int, str] = {
    1: "hems never closes the tie: it permits",
    2: "the former is asked for voltage on a tie proven open only",
    3: "no permit before the whole wait, no circuit on the strength of a grid that has not stood",
    4: "doubt can be entered from everywhere, and is left by looking around afresh only",
    5: "each mode allows what it was made for: off always, on and giving in some",
    6: "nothing is given power in the first moments of a process",
}
NO_SCENARIO = {
    1: "no scenario could show what has no command",
    4: "an exhaustive walk of all modes shows it",
    5: "checked at each command of each scenario",
}
"""Invariants that no scenario stands for, and why."""
