"""Whether a story went as it should."""

from collections.abc import Mapping

from hems.control.params import Params
from hems.model.site import Site
from hems.sim.checks.cars import CARS
from hems.sim.checks.case import Case, Check, Verdict
from hems.sim.checks.circuits import CIRCUITS
from hems.sim.checks.connection import CONNECTION
from hems.sim.checks.island import ISLAND
from hems.sim.checks.looks import SEEN
from hems.sim.checks.oracle import ORACLE
from hems.sim.checks.told import TOLD
from hems.sim.record import Record
from hems.sim.scenario import Expectation, Scenario

CHECKS: Mapping[str, Check] = {**SEEN, **TOLD, **ISLAND, **CIRCUITS, **CARS, **CONNECTION, **ORACLE}
"""Every check a scenario may name."""


def judge(scenario: Scenario, site: Site, params: Params, record: Record) -> list[Verdict]:
    """Every expectation of a scenario."""
    case = Case(site, params, record)
    return [_verdict(case, expectation) for expectation in scenario.expectations]


def _verdict(case: Case, expectation: Expectation) -> Verdict:
    held, detail = CHECKS[expectation.check](case, **expectation.params)
    return Verdict(expectation.text, held, detail)
