"""The picture of the building: grid, switch, sources and what flows between them."""

from hems.model.mode import Bus, Grid, TiePosition
from hems.model.picture import Picture
from hems.tui.format import UNKNOWN, Canvas, Row, Tone, bar
from hems.wording import kw, kwh
from hems.wording.language import say

WIDTH, HEIGHT = 76, 14
RESTING_W = 50.0
"""Flow below this is noise of the meters."""

GRID_X, TIE_X, BUILDING_X = 2, 19, 48
SUN_X, BATTERY_X, CARS_X = 7, 21, 39
SUN_MID, BATTERY_MID, CARS_MID = 13, 29, 47
SUN_JOINT, CARS_JOINT = 23, 35
SOURCES_Y = 9

GRID_WORDS = {
    Grid.GOOD: "OK",
    Grid.QUALIFYING: "BACK",
    Grid.BAD: "BAD",
    Grid.DEAD: "GONE",
    Grid.UNKNOWN: UNKNOWN,
}
TIE_WORDS = {
    TiePosition.CLOSED: ("closed to grid", ""),
    TiePosition.OPEN: ("OPEN", "own power"),
    TiePosition.MOVING: ("moving", ""),
    TiePosition.INVALID: ("CONTACTS", "CONTRADICT"),
    TiePosition.UNKNOWN: (UNKNOWN, "no answer"),
}


def flow(picture: Picture) -> tuple[Row, ...]:
    """Fourteen rows."""
    canvas = Canvas(WIDTH, HEIGHT)
    _draw_top(canvas, picture)
    if picture.pv_rated_w:
        _draw_sun(canvas, picture)
    if picture.battery_capacity_wh:
        _draw_battery(canvas, picture)
    if picture.cars:
        _draw_cars(canvas, picture)
    return canvas.rows()


def _draw_top(canvas: Canvas, picture: Picture) -> None:
    canvas.put(GRID_X + 1, 0, say("GRID"))
    canvas.put(TIE_X, 0, say("METER / ISLAND SWITCH"))
    canvas.put(BUILDING_X + 5, 0, say("BUILDING"))
    gone = picture.grid in (Grid.BAD, Grid.DEAD)
    canvas.box(GRID_X, 1, 9, [say(GRID_WORDS[picture.grid]).center(7), volts(picture).center(7)], _tone(gone))
    astray = picture.tie in (TiePosition.INVALID, TiePosition.UNKNOWN)
    canvas.box(TIE_X, 1, 21, [say(line).center(19) for line in TIE_WORDS[picture.tie]], _tone(astray))
    dead = picture.bus is Bus.DEAD
    canvas.box(BUILDING_X, 1, 24, [say("       NO POWER"), ""] if dead else _circuit_counts(picture), _tone(dead))
    connected = picture.tie is not TiePosition.OPEN
    _arrow(canvas, 11, picture.grid_w if connected else 0.0, broken=not connected)
    _arrow(canvas, 40, picture.load_w, broken=dead)


def _tone(abnormal: bool) -> Tone:
    return Tone.HIGH if abnormal else Tone.PLAIN


def volts(picture: Picture) -> str:
    """The lowest phase of the grid side: the one that decides."""
    known = [phase for phase in picture.grid_v if phase is not None]
    return f"{min(known):.0f} V" if known else f"{UNKNOWN} V"


def _circuit_counts(picture: Picture) -> list[str]:
    silent = sum(circuit.closed is None and circuit.sheddable for circuit in picture.circuits)
    off = sum(not circuit.wanted for circuit in picture.circuits)
    if silent:
        return [
            say(" {len:2} circuits", len=len(picture.circuits)),
            say(" {silent:2} of them {unknown}", silent=silent, unknown=UNKNOWN),
        ]
    return [say(" {what:2} circuits on", what=len(picture.circuits) - off), say(" {off:2} switched off", off=off)]


def _arrow(canvas: Canvas, x: int, power_w: float | None, *, broken: bool) -> None:
    """Eight columns between two boxes, the number on the line and the unit under it."""
    if broken:
        canvas.put(x, 2, "==/  /==")
        return
    number = kw(power_w).removesuffix(" kW")
    if power_w is not None and power_w < -RESTING_W:
        canvas.put(x, 2, f"<{number.center(6, '=')}=")
    elif power_w is None or power_w <= RESTING_W:
        canvas.put(x, 2, number.center(8, "-"))
    else:
        canvas.put(x, 2, f"={number.center(6, '=')}>")
    canvas.put(x + 3, 3, "kW")


def _draw_sun(canvas: Canvas, picture: Picture) -> None:
    canvas.put(SUN_JOINT, 5, "^" if (picture.pv_w or 0.0) > RESTING_W else "|")
    canvas.put(SUN_JOINT, 6, "|")
    canvas.put(SUN_MID, 7, "+" + "-" * (SUN_JOINT - SUN_MID - 1) + "+")
    canvas.put(SUN_MID, 8, "|")
    rated = kw(picture.pv_rated_w).replace(".0 ", " ")
    canvas.box(SUN_X, SOURCES_Y, 13, [say(" SUN"), f" {kw(picture.pv_w)}", say(" of {rated}", rated=rated)])
    canvas.put(SUN_MID, SOURCES_Y, "+")


def _draw_battery(canvas: Canvas, picture: Picture) -> None:
    gives, takes = _direction(picture.battery_w)
    canvas.put(BATTERY_MID, 4, "+")
    canvas.put(BATTERY_MID, 5, "^" if gives else "|")
    for y in (6, 7):
        canvas.put(BATTERY_MID, y, "|")
    canvas.put(BATTERY_MID, 8, "v" if takes else "|")
    percent = UNKNOWN if picture.battery_soc_pct is None else f"{picture.battery_soc_pct:.0f}"
    level = f" {percent}% {bar(picture.battery_soc_pct, 5)}"
    canvas.box(BATTERY_X, SOURCES_Y, 17, [say(" BATTERY"), level, f" {doing(picture.battery_w)}"])
    canvas.put(BATTERY_MID, SOURCES_Y, "+")


def _draw_cars(canvas: Canvas, picture: Picture) -> None:
    gives, takes = _direction(picture.cars_w)
    canvas.put(CARS_JOINT, 5, "^" if gives else "|")
    canvas.put(CARS_JOINT, 6, "|")
    canvas.put(CARS_JOINT, 7, "+" + "-" * (CARS_MID - CARS_JOINT - 1) + "+")
    canvas.put(CARS_MID, 8, "v" if takes else "|")
    plugged = say(" CARS {cars_plugged} of {len}", cars_plugged=cars_plugged(picture), len=len(picture.cars))
    free = say(" {kwh} free", kwh=kwh(picture.cars_free_wh))
    canvas.box(CARS_X, SOURCES_Y, 17, [plugged, f" {doing(picture.cars_w)}", free])
    canvas.put(CARS_MID, SOURCES_Y, "+")


def cars_plugged(picture: Picture) -> str:
    """How many; `??` when no charger answers."""
    return UNKNOWN if all(car.state is None for car in picture.cars) else str(picture.cars_plugged)


def _direction(power_w: float | None) -> tuple[bool, bool]:
    """Whether it gives, whether it takes."""
    return (False, False) if power_w is None else (power_w > RESTING_W, power_w < -RESTING_W)


def doing_together(power_w: float | None) -> str:
    """The same of several: other languages tell one from many."""
    if power_w is None:
        return f"{UNKNOWN} kW"
    gives, takes = _direction(power_w)
    if gives:
        return say("giving {kw} together", kw=kw(power_w))
    return say("taking {kw} together", kw=kw(power_w)) if takes else say("all resting")


def doing(power_w: float | None) -> str:
    """`giving 3.3 kW`, `taking 7.0 kW`, `resting`."""
    if power_w is None:
        return f"{UNKNOWN} kW"
    gives, takes = _direction(power_w)
    return (
        say("giving {kw}", kw=kw(power_w)) if gives else say("taking {kw}", kw=kw(power_w)) if takes else say("resting")
    )
