"""What to tell tenants in a power cut, in any language there is: a text to copy, to print or to read out."""

from collections.abc import Sequence

from hems.wording.language import N_, catalogue

LANGUAGES = ("en", "de")

TITLE = N_("TO ALL TENANTS")
CUT = N_("The power has failed in our street. Our house runs on its own power since {since}.")
LASTS = N_(
    "Lifts, emergency lighting and what is most important will have power until about {until}, if all save power."
)
OFF = N_("Switched off for now: {names}. They come back by themselves.")
NEXT = N_("Next to be switched off: {names}, {when}.")
ASK = N_("Please use as little as you can. Do not plug in heaters, kettles or chargers for cars.")
LIFTS = N_("Do not use the lift if you need not. Look in on neighbours who may need help.")
BACK = N_("When the grid is back, everything comes on again within minutes. You need do nothing.")
CALL = N_("Questions: ask the caretaker.")


def notice(
    *, since: str, until: str, off: Sequence[str], next_off: Sequence[str], when: str, language: str
) -> list[str]:
    """The notice in one language, line by line; what is not known is left unsaid."""
    say = catalogue(languages=(language,)).gettext
    told = [say(TITLE), "", say(CUT).format(since=since)]
    if until:
        told.append(say(LASTS).format(until=until))
    if off:
        told.append(say(OFF).format(names=", ".join(off)))
    if next_off and when:
        told.append(say(NEXT).format(names=", ".join(next_off), when=when))
    return [*told, say(ASK), say(LIFTS), say(BACK), say(CALL)]
