"""A power that somebody wants of one source for a moment, read from a request."""

from collections.abc import Mapping
from typing import Any

from hems.control.tuning.acting import OverrideParams
from hems.model.errors import RequestError
from hems.model.people import PersonRole
from hems.model.request import Steer
from hems.model.site import Battery, Bay, Site
from hems.model.units import SourceId
from hems.runtime.asked.override import duration_s
from hems.runtime.asked.words import is_number, who_asks
from hems.wording.language import N_, say


def read_steer(args: Mapping[str, Any], role: PersonRole, site: Site, params: OverrideParams) -> Steer:
    """The wish; when it may be had is in `hems.control.steer`.  Raises: RequestError with one sentence."""
    source = SourceId(str(args.get("source")))
    sources: list[Battery | Bay] = [*site.batteries, *site.bays]
    most_w = {one.id: max(one.charge_max_w, one.discharge_max_w) for one in sources if one.controllable}
    if source not in most_w:
        known = ", ".join(most_w) or say("nothing")
        raise RequestError(say("No power can be asked of {name}; it can of {known}.", name=source[:40], known=known))
    power_w, lasts_s = args.get("power_w"), duration_s(args, role, params)
    if not is_number(power_w) or not abs(power_w) <= most_w[source]:
        limit = N_("Say how many watts, plus for giving: at most {most_w:.0f} either way.")
        raise RequestError(say(limit, most_w=most_w[source]))
    return Steer(source=source, power_w=float(power_w), who=who_asks(args), duration_s=lasts_s)
