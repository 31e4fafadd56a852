"""Whom to call, as lines."""

from collections.abc import Iterator, Sequence

from hems.model.site import Contact
from hems.wording.language import say


def call_lines(contacts: Sequence[Contact]) -> list[str]:
    """Those of the site file; where it names nobody, where to look instead."""
    return list(_lines(contacts))


def _lines(contacts: Sequence[Contact]) -> Iterator[str]:
    if not contacts:
        yield say("Nobody is named in the site file. Numbers stand on the card on the panel door.")
    for one in contacts:
        yield f"{one.whom:<28} {one.phone:<22} {one.name}".rstrip()
    yield ""
    yield say("In danger of life call the emergency services first. HEMS calls nobody by itself.")
