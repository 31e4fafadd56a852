"""What people asked for, while it lasts.

An override is a proposal like any other, ranked above automation and below limits; it always ends.  Never for life
safety, and never for what has no switch.  Source: architecture, Overrides; operator reference 1.8.
"""

from collections.abc import Iterable

from hems.control.tuning.acting import OverrideParams
from hems.model.cause import Cause, Value, Why
from hems.model.request import Asked, Override, Request, Want
from hems.model.site import Site, Tier
from hems.model.units import CircuitId


def refusal(request: Request, site: Site) -> Why | None:
    """Why a request cannot be granted at all, or None (UCA 20)."""
    circuit = next((circuit for circuit in site.circuits if circuit.id == request.circuit), None)
    if circuit is None or not circuit.switchable or circuit.tier is Tier.LIFE_SAFETY:
        return Why.OVERRIDE_REFUSED
    return Why.OVERRIDE_REFUSED if circuit.protected and request.want is Want.OFF else None


def after(
    overrides: tuple[Override, ...],
    requests: Iterable[Asked],
    site: Site,
    params: OverrideParams,
    now_s: float,
) -> tuple[tuple[Override, ...], list[tuple[str, Cause]]]:
    """The overrides in force after this instant's requests and expiries, and what to tell about each change (UCA 7)."""
    told: list[tuple[str, Cause]] = []
    active = {override.circuit: override for override in overrides}
    for circuit, override in list(active.items()):
        if override.expires_s <= now_s:
            told.append((f"circuits/{circuit}", Cause(Why.OVERRIDE_EXPIRED, {"who": override.who})))
            del active[circuit]
    for request in requests:
        if isinstance(request, Request):
            _grant(active, request, site, params, now_s, told)
    return tuple(active.values()), told


def _grant(
    active: dict[CircuitId, Override],
    request: Request,
    site: Site,
    params: OverrideParams,
    now_s: float,
    told: list[tuple[str, Cause]],
) -> None:
    why = refusal(request, site)
    if why is None and request.want is Want.AUTO:
        active.pop(request.circuit, None)
    elif why is None:
        longest_s = params.engineer_max_s if request.role == "engineer" else params.operator_max_s
        active[request.circuit] = Override(
            circuit=request.circuit,
            want=request.want,
            who=request.who,
            role=request.role,
            reason=request.reason,
            set_s=now_s,
            expires_s=now_s + min(request.duration_s, longest_s),
        )
    told.append((f"circuits/{request.circuit}", cause(request, why or Why.OVERRIDE)))


def cause(request: Request, why: Why = Why.OVERRIDE) -> Cause:
    """What is told of a request."""
    facts: dict[str, Value] = {"who": request.who, "want": request.want, "reason": request.reason}
    return Cause(why, facts if request.want is Want.AUTO else facts | {"duration_s": request.duration_s})
