"""The bays: what each car does, how full it is, what its driver keeps, and why."""

from collections.abc import Iterator

from hems.model.picture import CarPicture, Picture
from hems.tui.format import UNKNOWN, Part, Row, Tone, bar, row
from hems.tui.text.listing import Item, Listing, detail_width, paragraphs
from hems.tui.text.notes import names_in
from hems.tui.text.overview import bay_does
from hems.tui.when import at, leaves
from hems.wording import kwh, percent, sentence
from hems.wording.language import say

HEADING = row("  BAY              CHARGE       KEEPS    SPARE  SHALL HAVE      DOES")


def car_list(picture: Picture, chosen: str, find: str, width: int) -> Listing:
    """Every bay in the order of the site file."""
    cars = found(picture, find)
    items = [Item(car.id, _line(picture, car)) for car in cars]
    one = next((car for car in cars if car.id == chosen), None)
    details = () if one is None else paragraphs(list(about(picture, one)), detail_width(width))
    empty = (
        say('No bay is called "{find}".', find=find) if find else say("This building has no chargers that HEMS knows.")
    )
    return Listing((HEADING,), items, details, empty=empty)


def found(picture: Picture, find: str) -> list[CarPicture]:
    """The bays with `find` in their name."""
    return [car for car in picture.cars if find.lower() in car.name.lower()]


def does(car: CarPicture) -> str:
    """`giving 3.3 kW`, `no car`, `??`."""
    return UNKNOWN if car.state is None else bay_does(car.state, car.power_w)


def _line(picture: Picture, car: CarPicture) -> Row:
    empty = car.state is not None and not car.state.has_car
    percent = UNKNOWN if car.soc_pct is None else f"{car.soc_pct:.0f}%"
    charge = "" if empty else f"{percent:>4} {bar(car.soc_pct, 4)}"
    spare = "" if empty or not car.bidirectional else kwh(car.free_wh)
    forms = picture.car_forms == car.name
    tone = Tone.HIGH if forms else Tone.MED if car.state is None else Tone.PLAIN
    what = say("FEEDS ALL, DO NOT UNPLUG") if forms else does(car)
    shall = "" if forms else f"{'' if empty else _shall(picture, car):<14}  "
    return row(f" {car.name[:16]:<16} {charge:<11} {car.floor_pct:4.0f}%  {spare:>7}  {shall}", Part(what, tone))


def _shall(picture: Picture, car: CarPicture) -> str:
    """`80% Sat 07:30`, with a mark where it goes first; without a time while nobody knows when it leaves."""
    mark = "!" if car.first else ""
    if car.due_in_s is None:
        return f"{car.target_pct:3.0f}%{mark}"
    return f"{car.target_pct:3.0f}%{mark} {at(picture, car.due_in_s)}"


def about(picture: Picture, car: CarPicture) -> Iterator[str]:
    """All there is to say about one bay, the most important first."""
    if picture.car_forms == car.name:
        yield say(
            "DO NOT UNPLUG the car at {name}: it alone powers the building, and without it all is dark.", name=car.name
        )
    yield _now(car)
    if car.because is not None:
        because = sentence(car.because, f"bays/{car.id}", names_in(picture)).removeprefix(f"{car.name}: ")
        yield say("Why: {sentence}", sentence=f"{because[:1].upper()}{because[1:]}")
    yield from _said(picture, car)
    yield from _rules(car)


def _said(picture: Picture, car: CarPicture) -> Iterator[str]:
    """What its driver has said."""
    if car.leaving:
        yield say("Its driver is about to leave: it gives nothing more. L takes that back.")
    if car.state is not None and car.state.has_car:
        yield _target(picture, car)
    if car.first:
        yield say("It goes first for this visit: it charges before others that have time. G takes that back.")
    if car.never:
        yield say("Its driver lets the building take nothing.")


def _target(picture: Picture, car: CarPicture) -> str:
    """What it shall have, by when, and who says so."""
    words = {"target": percent(car.target_pct)}
    if car.leaves_in_s is not None:
        return say("It leaves {when} and shall have {target} then.", when=leaves(picture, car.leaves_in_s), **words)
    if car.due_in_s is not None:
        when = leaves(picture, car.due_in_s)
        return say("Cars usually leave here {when}: it shall have {target} then.", when=when, **words)
    return say("Nobody knows when it leaves; it shall have {target}.", **words)


def _now(car: CarPicture) -> str:
    if car.state is None:
        return say("{name}: the charger does not answer. What the car does is not known.", name=car.name)
    if not car.state.has_car:
        return say("{name}: no car is plugged in.", name=car.name)
    charge = (
        say("nobody knows how full it is")
        if car.soc_pct is None
        else say("it is {soc_pct:.0f}% full", soc_pct=car.soc_pct)
    )
    return f"{car.name}: {does(car)}, {charge}."


def _rules(car: CarPicture) -> Iterator[str]:
    if not car.bidirectional:
        yield say("This charger can only charge: the building never takes anything from a car here.")
        return
    yield say(
        "The driver keeps {floor_pct:.0f}%. In a power cut the car may give down to that, never below.",
        floor_pct=car.floor_pct,
    )
    if car.free_wh is not None:
        yield say("Above that the building may use {kwh} now.", kwh=kwh(car.free_wh))
