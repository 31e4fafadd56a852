"""What somebody wants of one circuit, whatever hems thinks of it, read from a request."""

from collections.abc import Mapping
from math import inf
from typing import Any

from hems.control import override
from hems.control.tuning.acting import OverrideParams
from hems.model.errors import RequestError
from hems.model.people import PersonRole
from hems.model.request import Request, Want
from hems.model.site import Site, Tier
from hems.model.units import CircuitId
from hems.runtime.asked.words import is_number, no_span, reason_in, who_asks, words
from hems.wording.language import say


def read_override(args: Mapping[str, Any], role: PersonRole, site: Site, params: OverrideParams) -> Request:
    """The wish, with a reason.  Raises: RequestError with one sentence."""
    wish = considered(args, role, site, params)
    if wish.want is not Want.AUTO:
        reason_in(args)
    return wish


def considered(args: Mapping[str, Any], role: PersonRole, site: Site, params: OverrideParams) -> Request:
    """The wish of somebody who only looks what would come of it, and may have no reason yet.  Raises: RequestError."""
    try:
        want = Want(str(args["want"]).lower())
        circuit = CircuitId(str(args["circuit"]))
    except (KeyError, ValueError) as error:
        raise RequestError(say("Say which circuit, and on, off or auto, and for how many seconds.")) from error
    wish = Request(
        circuit=circuit,
        want=want,
        who=who_asks(args),
        role=role,
        reason=words(args, "reason"),
        duration_s=0.0 if want is Want.AUTO else duration_s(args, role, params),
    )
    if override.refusal(wish, site) is not None:
        raise RequestError(_why_not(circuit, site))
    return wish


def duration_s(args: Mapping[str, Any], role: PersonRole, params: OverrideParams) -> float:
    """As asked, but no longer than this role may."""
    longest = longest_s(role, params)
    asked = args.get("duration_s", params.default_s)
    if not is_number(asked) or not 0.0 < asked < inf:
        raise no_span(longest)
    return float(min(asked, longest))


def longest_s(role: PersonRole, params: OverrideParams) -> float:
    """What a person wants lasts so long at most."""
    return params.engineer_max_s if role is PersonRole.ENGINEER else params.operator_max_s


def _why_not(name: CircuitId, site: Site) -> str:
    circuit = next((one for one in site.circuits if one.id == name), None)
    if circuit is None:
        known = ", ".join(one.id for one in site.circuits)
        return say("There is no circuit {name}; there are {known}.", name=name[:40], known=known)
    if circuit.tier is Tier.LIFE_SAFETY:
        return say("{name} is life safety: nobody switches it from here.", name=circuit.name)
    if not circuit.switchable:
        return say("{name} has no switch.", name=circuit.name)
    return say("{name} is protected: it stays on.", name=circuit.name)
