"""One circuit without the daemon: real driver calls, the same tick, the same journal."""

from pathlib import Path

import pytest

from hems.commands.emergency import Job, done
from hems.model import wiring
from hems.model.errors import HemsError
from hems.runtime.process import sole_instance
from hems.store import audit_check
from tests.control.panel import GRID_DEAD, TIE_OPEN
from tests.runtime.parts import GYM, LAUNDRY, Living, LoopClock, Written, site_file
from tests.store.given import rows


def obedient(*values: dict[wiring.Role, object]) -> Living:
    """A building whose switches do as told and say so; nobody has armed anything."""
    made = Living(*values)

    def moves(written: Written) -> None:
        made.says({wiring.Role(written.point): written.value})

    made.machines.meets = moves
    for device in made.machines.devices:
        made.machines.arm(device, False)
    return made


async def told(run_dir: Path, living: Living, job: Job) -> str:
    return " ".join(await done(job, site_file(run_dir), living.drivers, LoopClock()))


def job(want: str, circuit: str = "laundry", *, confirm: bool = True, **waits: float) -> Job:
    return Job(circuit, want, circuit if confirm else "", "Kim", "the tenant has a newborn", **waits)


async def test_looking_tells_every_position_and_writes_nothing(run_dir: Path):
    living = obedient({GYM: False, LAUNDRY: None})
    said = await told(run_dir, living, Job("", "", "", "root"))
    assert "gym: Gym: OFF." in said
    assert "laundry: Laundry: ??, its switch does not answer." in said
    assert living.machines.written == []


async def test_switching_takes_two_steps_goes_through_the_driver_and_is_kept_in_journal_and_audit(run_dir: Path):
    living = obedient({LAUNDRY: False})
    # the first step tells how to go on
    said = await told(run_dir, living, job("on", confirm=False))
    assert "sudo hems emergency laundry on --confirm laundry" in said
    assert living.machines.written == []
    # the second does it, and nothing else
    assert (await told(run_dir, living, job("on"))).startswith("Done: Laundry is ON.")
    assert [(one.point, one.value) for one in living.machines.written] == [(LAUNDRY, True)]
    assert not any(living.machines.armed.values())
    state = run_dir / "state"
    assert rows(state, "state.db", "SELECT role, value FROM intents") == [(LAUNDRY, "true")]
    [kept] = audit_check.entries(state)
    assert (kept.entry.who, kept.entry.action, kept.entry.result) == ("Kim", "emergency on", "done")


async def test_switching_off_waits_for_nothing_even_when_the_building_is_in_doubt(run_dir: Path):
    living = obedient({wiring.TIE_CLOSED_CONTACT: True, wiring.TIE_OPEN_CONTACT: True})
    assert (await told(run_dir, living, job("off"))).startswith("Done: Laundry is OFF.")


@pytest.mark.parametrize("circuit", ["lift", "network_room"])
async def test_what_nobody_may_switch_is_not_switched_by_root_either(run_dir: Path, circuit: str):
    with pytest.raises(HemsError, match="Nobody switches it from here"):
        await told(run_dir, obedient(), job("off", circuit))


async def test_nothing_is_switched_on_against_the_table_of_interlocks(run_dir: Path):
    full = {wiring.former_phase_w(index): 11_500.0 for index in range(3)}
    for values in ({**TIE_OPEN, **GRID_DEAD, **full}, {wiring.TIE_CLOSED_CONTACT: True, wiring.TIE_OPEN_CONTACT: True}):
        living = obedient({LAUNDRY: False}, values)
        with pytest.raises(HemsError, match="HEMS itself would not switch Laundry on"):
            await told(run_dir, living, job("on", patience_s=6.0))
        assert living.machines.written == []


async def test_a_switch_that_does_not_answer_is_not_switched_on(run_dir: Path):
    with pytest.raises(HemsError, match=r"does not answer\. Use its hand switch"):
        await told(run_dir, obedient({LAUNDRY: None}), job("on"))


async def test_while_a_daemon_runs_it_refuses(run_dir: Path):
    with (
        sole_instance(run_dir),
        pytest.raises(HemsError, match=r"HEMS runs, .* Use the screen \(hems tui\) or hems override"),
    ):
        await told(run_dir, obedient(), job("off"))


async def test_a_switch_that_does_not_show_it_is_told_so(run_dir: Path):
    living = obedient()
    living.machines.meets = lambda written: None
    assert "does not show it. Use its hand switch" in await told(run_dir, living, job("off", seen_s=1.0))
