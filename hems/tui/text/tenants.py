"""The notice for tenants, from what the picture says."""

from datetime import timedelta

from hems.model.picture import Picture
from hems.tui.when import bare, local_time, since, until
from hems.wording import duration
from hems.wording.notice import LANGUAGES, notice


def tenant_lines(picture: Picture) -> list[str]:
    """The same in every language there is, one after the other."""
    now, hours = local_time(picture), picture.essential_hours
    lasts = "" if hours is None else until(picture, hours[0]) or ""
    begun = "?" if picture.outage_for_s is None else bare(since(picture, picture.outage_for_s))
    if now is None and picture.outage_for_s is not None:
        begun = duration(timedelta(seconds=picture.outage_for_s).total_seconds())
    lines: list[str] = []
    for language in LANGUAGES:
        told = notice(
            since=begun,
            until=lasts,
            off=[one.name for one in picture.circuits if not one.wanted],
            next_off=[one.name for one in picture.circuits if one.due],
            when="" if picture.next_off_h is None else until(picture, picture.next_off_h) or "",
            language=language,
        )
        lines += [*told, "", "-" * 40, ""]
    return lines[:-3]
