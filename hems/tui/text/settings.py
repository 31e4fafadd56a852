"""The installer's pages as rows: the stages, their steps, the groups, the cars."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hems.commission.stages import Progress, Stage
from hems.commission.steps import Step, phases_of
from hems.model.consequence import Weight
from hems.model.picture import Picture
from hems.model.site import Bay, Site, Tier
from hems.model.wiring import Wiring
from hems.ports.device import Found
from hems.tui.format import Part, Row, Tone, row
from hems.tui.text.listing import Item, Listing, detail_width, paragraphs
from hems.wording import hours, kw, kwh, percent, tier_name
from hems.wording.language import N_, say
from hems.wording.spoken import spoken

STAGES_HEADING = row("    STAGE                          STATE")
STEPS_HEADING = row("  STEP                                      STATE     BY, WHEN, WHAT WAS SEEN")
GROUPS_HEADING = row("  CIRCUIT            GROUP            DRAWS  COSTS        ESSENTIAL POWER LASTS")
MARKS = {True: N_("done"), False: N_("OPEN"), None: N_("look")}
STATES = {"proven": N_("proven"), "failed": N_("FAILED"), "changed": N_("CHANGED"), "open": N_("open")}

OPENS: Mapping[Stage, str] = {
    Stage.SITE: N_("ENTER shows what the site file says of the building."),
    Stage.DEVICES: N_("ENTER looks for devices at an address that you give. It reads only, and only when you say so."),
    Stage.READINGS: N_("ENTER compares each reading with the device's own display. Nothing is switched."),
    Stage.GROUPS: N_("ENTER shows for each circuit how many hours it costs in a power cut."),
    Stage.RELAYS: N_(
        "ENTER tries each switch: HEMS asks before each one, opens it, looks which phase falls, and switches "
        "it on again as soon as it may come back. Tell the people in the building first."
    ),
    Stage.CARS: N_("ENTER shows each bay, what its car keeps, and what its charger can do."),
    Stage.ALARMS: N_("ENTER goes to the alarms. None should stand when you leave."),
    Stage.DRILL: N_("ENTER works out what would happen if the power failed now. It switches nothing."),
    Stage.SHEET: N_("ENTER shows the sheet; hems commission --sheet prints it, --html FILE writes it for a browser."),
}


def stage_list(stages: Sequence[Progress], chosen: str, width: int, note: str) -> Listing:
    """All stages in their order."""
    items = [Item(one.stage, _stage(number, one)) for number, one in enumerate(stages, start=1)]
    told = next((OPENS[one.stage] for one in stages if one.stage == chosen), "")
    return Listing((STAGES_HEADING,), items, paragraphs([say(told)], detail_width(width)), empty=note)


def _stage(number: int, one: Progress) -> Row:
    tone = Tone.MED if one.done is False else Tone.PLAIN
    return row(f" {number}. {one.title[:30]:<30} ", Part(f"{say(MARKS[one.done]):<5} {one.told}", tone))


def step_list(steps: Sequence[Step], proofs: Mapping[str, Any], chosen: str, width: int) -> Listing:
    """What is to be proven, and how each step stands."""
    by_step = {one["step"]: one for one in proofs.get("steps", ())}
    items = [Item(step.id, _step(step, by_step.get(step.id, {}))) for step in steps]
    one = next((step for step in steps if step.id == chosen), None)
    told = [] if one is None else list(_about_step(one, by_step.get(one.id, {})))
    return Listing(
        (STEPS_HEADING,), items, paragraphs(told, detail_width(width)), empty=say("There is nothing to prove here.")
    )


def _step(step: Step, stands: Mapping[str, Any]) -> Row:
    state = str(stands.get("state", "open"))
    tone = {"failed": Tone.HIGH, "changed": Tone.MED}.get(state, Tone.PLAIN)
    return row(f" {_short(step)[:41]:<41} ", Part(f"{say(STATES[state]):<9} {signed(stands)}", tone))


def _short(step: Step) -> str:
    """Its name first, because there may be many of a kind."""
    if step.circuit is not None:
        return say("{name}, switch on {phases}", name=step.circuit.name, phases=phases_of(step.circuit))
    return step.short


def signed(stands: Mapping[str, Any]) -> str:
    """`Ana, 2026-11-20 14:32, compared with its display`."""
    proof = stands.get("proof") or {}
    when = str(proof.get("at", ""))[:16].replace("T", " ")
    return ", ".join(part for part in (str(proof.get("who", "")), when, str(proof.get("note", ""))) if part)


def _about_step(step: Step, stands: Mapping[str, Any]) -> Iterator[str]:
    yield say("{what}, at {place}.", what=f"{step.title[:1].upper()}{step.title[1:]}", place=step.place)
    if step.needed:
        yield say("{device} cannot be armed before this is proven.", device=step.device)
    if stands.get("state") == "changed":
        yield say("It was proven once, but what it rests on has changed since: prove it again.")
    if signed(stands):
        yield say("Last: {signed}.", signed=signed(stands))


def group_list(weights: Sequence[Weight], chosen: str, width: int, note: str) -> Listing:
    """Each circuit, and what it costs in a power cut."""
    ordered = sorted(weights, key=lambda one: one.tier)
    one = next((weight for weight in ordered if weight.circuit == chosen), None)
    told = [] if one is None else list(_about_weight(one))
    return Listing(
        (GROUPS_HEADING,),
        [Item(each.circuit, _weight(each)) for each in ordered],
        paragraphs(told, detail_width(width)),
        note,
    )


def _weight(one: Weight) -> Row:
    cost = "??" if one.served_h is None else say("nothing now") if one.cost_h is None else hours(one.cost_h)
    lasts = say("{served} with it, {left} without", served=hours(one.served_h), left=hours(one.left_h))
    return row(f" {one.name[:18]:<18} {tier_name(one.tier)[:13]:<13} {kw(one.draws_w):>8}  {cost:<12} {lasts}")


def _about_weight(one: Weight) -> Iterator[str]:
    yield say("{name} draws about {kw}. {moves}", name=one.name, kw=kw(one.draws_w), moves=_moves(one))
    if one.tier is not Tier.LIFE_SAFETY:
        yield say(
            'To move it: write tier = "..." under [circuits.{circuit}] in the site file, then restart HEMS.',
            circuit=one.circuit,
        )


def _moves(one: Weight) -> str:
    if one.served_h is None:
        return say("How long power would last is not known as long as storage cannot be read.")
    if one.cost_h is None:
        return say("The sun covers it now; look again in the evening.")
    if one.tier is Tier.LIFE_SAFETY:
        return say("It is life safety and never goes off; essential power lasts {hours}.", hours=hours(one.served_h))
    with_it, without = hours(one.served_h), hours(one.left_h)
    if one.tier <= Tier.ESSENTIAL:
        return say(
            "Essential power lasts {with_it}. Moved to a less important group, it would be {more} more.",
            with_it=with_it,
            more=hours(one.cost_h),
        )
    return say(
        "It goes off before essential power suffers: {without}. Made essential, it would be {with_it}.",
        without=without,
        with_it=with_it,
    )


def site_lines(site: Site, wires: Wiring, digest: str, picture: Picture) -> list[str]:
    """What the site file says of the building."""
    devices = [f"  {spec.id}: {spec.profile}, {spec.link}" for spec in wires.devices]
    return [
        f"{site.name}",
        say("Site file {digest}; every proof belongs to exactly this file.", digest=digest[:16]),
        say(
            "Clock: {time}",
            time=picture.utc or say("NOT CHECKED: times of day may be wrong, durations are right"),
        ),
        say("Phases: {phases}", phases=", ".join(phase.value for phase in site.phases)),
        *(
            say(
                "{name}: {kwh}, gives at most {kw}", name=one.name, kwh=kwh(one.capacity_wh), kw=kw(one.discharge_max_w)
            )
            for one in site.batteries
        ),
        *(say("{name}: at most {kw} from the sun", name=one.name, kw=kw(one.rated_w)) for one in site.pvs),
        "",
        say("Devices:"),
        *devices,
    ]


def found_lines(found: Sequence[Found], trouble: str) -> list[str]:
    """What answers, as lines for the site file."""
    told = [line for one in found for line in _found(one)]
    if trouble:
        told.append(trouble)
    if not any(one.profile for one in found) and not trouble:
        told.insert(0, say("Nothing there says what it is."))
    return told


def _found(one: Found) -> Iterator[str]:
    if not one.profile:
        yield f"{one.place or one.link}: {spoken(one.told)}"
        return
    yield one.title if one.sure else say("{title} (its values fit; make sure)", title=one.title)
    yield f'  driver = "{one.driver}"   profile = "{one.profile}"   link = "{one.link}"'
    params = [*(f"{key} = {value!r}" for key, value in one.params.items()), *(f"{key} = ?" for key in one.open_params)]
    if params:
        yield f"  params: {', '.join(params)}"


def car_lines(site: Site, picture: Picture) -> list[str]:
    """Each bay, and what its car keeps."""
    keeps = {car.id: car.floor_pct for car in picture.cars}
    told = [line for bay in site.bays for line in _bay(bay, keeps.get(bay.id))]
    return told or [say("This building has no chargers that HEMS knows.")]


def _bay(bay: Bay, keeps_pct: float | None) -> Iterator[str]:
    takes = kw(bay.charge_max_w)
    if not bay.bidirectional:
        yield say("{name}: charges with at most {takes}, can only charge.", name=bay.name, takes=takes)
        return
    gives = kw(bay.discharge_max_w)
    yield say("{name}: charges with at most {takes}, gives at most {gives}.", name=bay.name, takes=takes, gives=gives)
    yield say("  Its car keeps {keeps}; in a power cut it gives down to that, never below.", keeps=percent(keeps_pct))
