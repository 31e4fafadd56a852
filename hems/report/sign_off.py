"""The sheet that ends the commissioning: what was proven, by whom and when, what is open, and a place to sign."""

from collections.abc import Iterator, Mapping
from typing import Any

from hems.model.site import Site, Tier
from hems.report.sheet import Section, Sheet
from hems.wording import tier_name
from hems.wording.language import N_, say

STATES = {"proven": N_("proven"), "failed": N_("FAILED"), "changed": N_("CHANGED SINCE"), "open": N_("not proven")}


def sign_off(site: Site, proofs: Mapping[str, Any], digest: str) -> Sheet:
    """The sheet; `proofs` is the daemon's answer to the request of that name, `digest` that of the site file."""
    missing = {device: steps for device, steps in proofs["missing"].items() if steps}
    return Sheet(
        title=say("Commissioning of {site}", site=site.name),
        under=(
            say("Site file {digest}. What is written here holds for this file and for no other.", digest=digest[:16]),
        ),
        sections=(
            Section(
                heading=say("What was proven"),
                columns=(say("Step"), say("Device"), say("Result"), say("By"), say("When"), say("Seen")),
                rows=[_row(one) for one in proofs["steps"]],
            ),
            Section(heading=say("What is open"), words=list(_open(missing, proofs["unproven"]))),
            Section(
                heading=say("Groups"),
                columns=(say("Group"), say("Circuits")),
                rows=[(tier_name(tier), _circuits(site, tier)) for tier in Tier if _circuits(site, tier)],
            ),
            Section(
                heading=say("Signed"),
                boxes=(
                    say("The hand switch of every circuit stands on AUTO."),
                    say("The red button was pressed, and HEMS gave no commands."),
                    say("A drill was rehearsed: hems drill rehearse."),
                    say("The sheet for the panel door hangs there: hems checklist."),
                    say("Installer:  ______________________________    Date:  ______________"),
                    say("Operator:   ______________________________    Date:  ______________"),
                ),
            ),
        ),
    )


def _row(one: Mapping[str, Any]) -> tuple[str, ...]:
    proof = one["proof"] or {}
    when = str(proof.get("at", ""))[:16].replace("T", " ")
    state = say(STATES[one["state"]])
    return (one["step"], one["device"], state, str(proof.get("who", "")), when, str(proof.get("note", "")))


def _open(missing: Mapping[str, Any], unproven: Mapping[str, str]) -> Iterator[str]:
    for device, steps in missing.items():
        reason = say(" ARMED WITHOUT PROOF: {reason}", reason=unproven[device]) if device in unproven else ""
        yield f"{device}: {', '.join(steps)}.{reason}"
    if not missing:
        yield say("Nothing: every command that HEMS may give has been proven.")


def _circuits(site: Site, tier: Tier) -> str:
    return ", ".join(circuit.name for circuit in site.circuits if circuit.tier is tier)
