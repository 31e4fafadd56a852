"""The unmodified daemon against emulated devices over real sockets, in virtual time."""

from pathlib import Path

import pytest

from hems.app import installed_drivers
from hems.config import load
from hems.sim.case import Verdict
from hems.sim.judge import judge
from hems.sim.record import Record
from hems.sim.scenario import load_scenario
from hil import vloop
from hil.perform import played
from hil.places import place
from hil.virtual import begin

pytestmark = pytest.mark.wire


def performed(name: str, where: Path) -> tuple[Record, list[Verdict]]:
    """The evening outage at one of the buildings."""

    async def main(loop: vloop.VirtualLoop) -> tuple[Record, list[Verdict]]:
        chosen = place(name)
        scenario = load_scenario(chosen.scenario)
        async with begin(chosen, where, loop, short=True) as run:
            record = await played(run, scenario)
            file = load(run.site, installed_drivers())
            return record, judge(scenario, file.site, file.params, record)

    return vloop.run(main)


@pytest.mark.parametrize("name", ["apartments", "home"])
def test_the_evening_outage_goes_as_expected_in_virtual_time(name: str, tmp_path: Path) -> None:
    # given the building with its daemon, when the grid fails and comes back
    record, verdicts = performed(name, tmp_path)
    # then everything goes as on a machine that waits
    assert [verdict for verdict in verdicts if not verdict.held] == []
    assert record.events
