"""What is done to a building and to hems in a story, in sentences for people who were not there."""

from collections.abc import Iterator, Mapping
from string import Formatter
from typing import Any

from hems.sim.scenario import WorldAct

DONE: Mapping[str, str] = {
    "fail_grid": "the grid fails",
    "return_grid": "the grid comes back",
    "sag": "the voltage of the grid goes to {pu} of what it should be",
    "flicker": "the voltage of the grid flickers by {pu} of what it should be",
    "unplug": "the car at {bay} is unplugged",
    "plug": "a car is plugged in at {bay}, charged to {soc_pct} %",
    "weld": "the contacts of {circuit} stick",
    "mend": "the contacts of {circuit} move again",
    "want": "{circuit} wants {kw} kW",
    "shine": "the sun gives {pu} of the most",
    "jam_tie": "the switch to the grid jams",
    "free_tie": "the switch to the grid moves again",
    "silence": "{device} falls silent",
    "resume": "{device} answers again",
    "reboot": "{device} loses its power for a moment",
    "half_open": "{device} forgets its connections and tells nobody",
    "reset": "{device} breaks off its connections",
    "foreign": "something else moves the relay of {circuit}",
    "second_master": "something else tells {source} to give {kw} kW, each second for {for_s} s",
    "ghost": "an old command for {circuit} waits with the message broker",
    "kill_broker": "the message broker is killed",
    "start_broker": "the message broker is started",
    "kill_hems": "HEMS is killed and started again",
    "freeze_hems": "HEMS stands still for {for_s} s",
    "clock": "the clock of the gateway is set off by {years} years",
    "generator_ill": "the generator falls ill: it turns and does not fire",
    "generator_mended": "the generator is well again",
    "hertz": "the frequency of the grid is off by {off_hz} Hz",
    "contacts": "the auxiliary contacts of the switch to the grid break",
    "mend_contacts": "the auxiliary contacts of the switch to the grid work again",
}
"""What is done to a building; the rest is told by its own words."""
TURNED: Mapping[str, tuple[str, str, str]] = {
    "fire_alarm": ("on", "the fire alarm goes off", "the fire alarm falls silent"),
    "red_button": ("on", "somebody presses the red button", "the red button is released"),
    "dark_start": ("charged", "what starts the inverter in the dark is charged", "what starts it in the dark is empty"),
    "utility_silent": ("silent", "the utility falls silent", "the utility is heard again"),
    "reduce": ("on", "the utility closes its contact: draw less", "the utility opens its contact"),
    "partition": ("cut", "the network to the devices is cut", "the network to the devices is whole again"),
    "disk": ("full", "the disk is full", "the disk has room again"),
}
"""What is one way or the other, and by which word of the story."""
SAYS: Mapping[str, str] = {
    "truth": "{device} tells the truth again",
    "nothing": "{device} falls silent",
    "zeros": "{device} says 0 of everything",
    "sentinels": "{device} says of everything that it does not know",
    "same": "{device} says what it said last, for ever",
    "garbage": "{device} answers with octets that mean nothing",
    "cut": "{device} breaks off in the middle of each answer",
    "mixed": "{device} answers what nobody has asked",
    "refuses": "{device} answers that it cannot, whatever it is asked",
    "late": "{device} answers too late",
    "slow": "{device} answers slowly",
    "octets": "{device} answers one octet at a time",
}
SOLVER: Mapping[str, str] = {
    "works": "the plan's process works again",
    "dies": "the plan's process is killed whenever it is asked",
    "hangs": "the plan's process hangs whenever it is asked",
    "missing": "the plan's process cannot be started any more",
}
ORDERS: Mapping[str, str] = {
    "storm": "to be ready for a storm",
    "island": "to leave the grid on purpose",
    "drill": "to practise a power cut",
    "evacuation": "to keep cars ready for people who may have to leave",
    "fire": "to act as in a fire",
    "maintenance": "to leave alone what people work on",
    "hold": "to leave all as it is",
    "return": "to make energy last until the grid is to come back",
    "grid_lost": "to take the grid to be gone",
    "grid_present": "to take the grid to be there",
}
WANTS: Mapping[str, str] = {"on": "on", "off": "off", "auto": "as hems thinks best, again"}


def sentence(act: WorldAct) -> str:
    """What happens; empty where nobody has written a sentence for it."""
    args = act.args
    match act.do:
        case do if do in TURNED and TURNED[do][0] in args:
            return TURNED[do][1 if args[TURNED[do][0]] else 2]
        case "says":
            return SAYS.get(str(args["what"]), "").format(**args)
        case "solver":
            return SOLVER.get(str(args["fares"]), "")
        case "limit":
            return _limit(args)
        case "ask":
            return _asked(args)
        case do if do in DONE and not set(_named(DONE[do])) - set(args):
            return DONE[do].format(**args)
    return ""


def plain(act: WorldAct) -> str:
    """The words of the story itself."""
    args = ", ".join(f"{name} {value}" for name, value in act.args.items())
    return act.do.replace("_", " ") + (f" ({args})" if args else "")


def _limit(args: Mapping[str, Any]) -> str:
    ways = {"import_kw": "drawn", "export_kw": "fed in"}
    told = [f"{args[key]:g} kW may be {way}" for key, way in ways.items() if args.get(key) is not None]
    return f"the utility says: {' and '.join(told) or 'no limit'}"


def _asked(args: Mapping[str, Any]) -> str:
    match args.get("request"):
        case "acknowledge":
            return "somebody has seen to the alarms, and says so"
        case "override":
            return f"somebody asks for {args['circuit']} to be {WANTS.get(str(args['want']), args['want'])}"
        case "car":
            leaves = "leaves soon" if args.get("leaving") else "says what the car shall have"
            return f"the driver at {args['bay']} {leaves}"
        case "prices":
            return f"{args['source']} tells {len(args['slots'])} prices"
        case "order" if args.get("task") in ORDERS:
            what = ORDERS[str(args["task"])]
            return f"somebody orders hems {what}{_when(args)}" if args["begin"] else f"somebody ends the order {what}"
    return ""


def _when(args: Mapping[str, Any]) -> str:
    starts = f", in {args['start_in_s']:g} s" if args.get("start_in_s") else ""
    return starts + (f", for {args['duration_s']:g} s" if args.get("duration_s") else "")


def _named(sentence: str) -> Iterator[str]:
    return (name for _, name, _, _ in Formatter().parse(sentence) if name)
