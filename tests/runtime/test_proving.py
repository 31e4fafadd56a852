"""Nothing is armed that was not proven on this very set-up, except with a reason that is recorded."""

import contextlib
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hems.model.errors import StoreError
from hems.model.listing import unlisted
from hems.model.mode import Mode
from hems.model.proof import Proof, Verdict
from hems.model.site import Tie
from hems.model.units import DeviceId
from hems.store.commissioning import NAME, Commissioning
from tests.control.panel import GRID_DEAD, TIE_OPEN
from tests.given import flats
from tests.runtime.parts import CHARGERS, METERS, SWITCHES, House, wired
from tests.runtime.test_desk import ask, desk, refused
from tests.store.given import rows


async def prove(run_dir: Path, step: str, **more: Any) -> Any:
    given = {"verdict": "proven", "who": "Kim", "before": {"L2": 5000.0}, "after": {"L2": 1200.0}} | more
    return await ask(run_dir, "admin", "prove", step=step, **given)


async def prove_all(run_dir: Path, house: House, device: DeviceId) -> None:
    for step in (await ask(run_dir, "view", "proofs"))["missing"][device]:
        await prove(run_dir, step)


async def test_a_device_is_armed_once_everything_that_it_commands_is_proven(run_dir: Path):
    async with desk(run_dir) as house:
        house.fleet.disarm(SWITCHES, at=house.clock.now())
        # given a device of which nothing is proven
        assert (await refused(run_dir, "admin", "arm", devices=[SWITCHES])).startswith(f"Not proven is {SWITCHES} (")
        assert not house.fleet.is_armed(SWITCHES)
        # when every step of it has been proven
        await prove_all(run_dir, house, SWITCHES)
        # then it can be armed, with no word of a missing proof
        assert await ask(run_dir, "admin", "arm", devices=[SWITCHES]) == {"armed": [SWITCHES], "unproven": []}


async def test_a_failed_step_proves_nothing(run_dir: Path):
    async with desk(run_dir) as house:
        await prove_all(run_dir, house, SWITCHES)
        await prove(run_dir, "circuits/laundry/closed", verdict="failed", note="L1 fell instead")
        assert "circuits/laundry/closed" in await refused(run_dir, "admin", "arm", devices=[SWITCHES])


async def test_a_device_without_commands_needs_no_proof(run_dir: Path):
    async with desk(run_dir):
        assert await ask(run_dir, "admin", "arm", devices=[METERS]) == {"armed": [METERS], "unproven": []}


async def test_without_proof_a_reason_is_needed_and_kept_in_journal_and_record(run_dir: Path):
    async with desk(run_dir) as house:
        await refused(run_dir, "admin", "arm", devices=[SWITCHES], unproven="why")
        await ask(run_dir, "admin", "arm", devices=[SWITCHES], unproven="the panel is on the bench", who="Kim")
        kept = tomllib.loads((run_dir / NAME).read_text())["unproven"][0]
        assert (kept["device"], kept["reason"], kept["who"]) == (SWITCHES, "the panel is on the bench", "Kim")
        house.store.drain()
        audit = rows(run_dir, "state.db", "SELECT who, action, subject, reason, result FROM audit")
        assert ("Kim", "arm", SWITCHES, "the panel is on the bench", "done") in audit
        # and once it is disarmed nothing of it is left
        await ask(run_dir, "admin", "disarm", devices=[SWITCHES])
        assert "unproven" not in tomllib.loads((run_dir / NAME).read_text())


async def test_who_disarms_all_stops_whoever_is_arming_one_device_after_the_other(run_dir: Path):
    async with desk(run_dir) as house:
        await ask(run_dir, "admin", "disarm", devices="all")
        # given somebody who arms all, and another one who disarms all while that goes on
        arming, first = house.fleet.arm, []

        async def armed_and_disarmed(device: DeviceId, **more: Any) -> None:
            await arming(device, **more)
            first.append(device)
            await ask(run_dir, "admin", "disarm", devices="all")

        house.fleet.arm = armed_and_disarmed  # type: ignore[method-assign]
        told = await refused(run_dir, "admin", "arm", devices="all", unproven="the panel is on the bench")
        # then nothing is armed, and who armed is told why
        assert told == "Not armed: Something was disarmed meanwhile, and that prevails. Arm again what shall be armed."
        assert len(first) == 1
        assert not any(house.fleet.is_armed(device) for device in house.fleet.devices)


async def test_another_result_disarms_the_device(run_dir: Path):
    async with desk(run_dir) as house:
        await prove_all(run_dir, house, SWITCHES)
        await ask(run_dir, "admin", "arm", devices=[SWITCHES])
        # when one of its relays is tried again and fails
        await prove(run_dir, "circuits/laundry/closed", verdict="failed")
        # then nothing is written to it any more
        assert house.machines.armed[SWITCHES] is False
        assert not house.fleet.is_armed(SWITCHES)


async def test_a_record_changed_by_hand_disarms_at_the_next_start(run_dir: Path):
    async with desk(run_dir) as house:
        await prove_all(run_dir, house, SWITCHES)
        await ask(run_dir, "admin", "arm", devices=[SWITCHES])
        assert house.fleet.rearm(house.clock.now()) == []
        # when somebody turns a result in the file around, and hems reads it again
        text = (run_dir / NAME).read_text()
        (run_dir / NAME).write_text(text.replace('note = ""', 'note = "looked fine"', 1))
        changed = Commissioning(run_dir, site="", site_digest="")
        house.fleet._seal = changed.seal
        # then the device is no longer armed, and a person is told
        assert house.fleet.rearm(house.clock.now()) == [SWITCHES]
        assert "commissioning record has changed" in house.fleet.faults()["arming"]


# Trials ---------------------------------------------------------------------------------------------------------------


async def test_a_trial_lets_write_for_a_while_and_ends_by_itself(run_dir: Path):
    async with desk(run_dir) as house:
        house.machines.arm(SWITCHES, False)
        await ask(run_dir, "admin", "trial", device=SWITCHES, seconds=60)
        assert house.machines.armed[SWITCHES] is True
        assert not house.fleet.is_armed(SWITCHES)
        house.clock.advance(61.0)
        await house.cycle()
        assert house.machines.armed[SWITCHES] is False


async def test_a_trial_can_be_ended(run_dir: Path):
    async with desk(run_dir) as house:
        house.machines.arm(SWITCHES, False)
        await ask(run_dir, "admin", "trial", device=SWITCHES, seconds=60)
        await ask(run_dir, "admin", "trial", device=SWITCHES, seconds=0)
        assert house.machines.armed[SWITCHES] is False


async def test_nothing_is_tried_out_during_an_outage(run_dir: Path):
    async with desk(run_dir) as house:
        house.deliver(TIE_OPEN, GRID_DEAD)
        for _ in range(5):
            house.clock.advance(1.0)
            house.deliver()
            await house.cycle()
        assert house.loop.state.mode.mode in (Mode.ISLANDED_STABILIZING, Mode.ISLANDED)
        house.machines.arm(SWITCHES, False)
        sentence = await refused(run_dir, "admin", "trial", device=SWITCHES, seconds=60)
        assert sentence.startswith("The building runs on its own power")
        assert house.machines.armed[SWITCHES] is False


@pytest.mark.parametrize("seconds", [-1, 1e9, "soon", True, None])
async def test_a_trial_has_an_end(run_dir: Path, seconds: object):
    async with desk(run_dir):
        await refused(run_dir, "admin", "trial", device=SWITCHES, seconds=seconds)


@pytest.mark.parametrize(
    "given",
    [
        {"step": "circuits/laundry/colour"},
        {"step": "circuits/laundry/closed", "verdict": "perhaps"},
        {"step": "circuits/laundry/closed", "who": " "},
        {"step": "circuits/laundry/closed", "before": [1]},
        {"step": "circuits/laundry/closed", "before": {"L1": "much"}},
    ],
    ids=str,
)
async def test_a_result_that_is_none_is_refused(run_dir: Path, given: dict[str, Any]):
    async with desk(run_dir):
        await refused(run_dir, "admin", "prove", **({"verdict": "proven", "who": "Kim"} | given))
        assert not (run_dir / NAME).exists()


# The record -----------------------------------------------------------------------------------------------------------


def a_proof(**more: Any) -> Proof:
    given = {"step": "circuits/gym/closed", "device": DeviceId("relays"), "verdict": Verdict.PROVEN, "who": 'K "im"'}
    return Proof(**(given | {"before": {"L1": 5.0}, "after": {"L1": -0.5}, "note": "Ürsula\tsaw it"} | more))


def test_the_record_is_read_back_as_it_was_written(tmp_path: Path):
    record = Commissioning(tmp_path, site="Maple Court 12", site_digest="5eed")
    record.add(a_proof())
    again = Commissioning(tmp_path, site="Maple Court 12", site_digest="5eed")
    assert again.proofs() == (a_proof(),)
    assert again.seal(DeviceId("relays")) == record.seal(DeviceId("relays"))
    assert tomllib.loads(record.path.read_text())["site_digest"] == "5eed"


@pytest.mark.parametrize(
    "text", ["= nonsense", '[[proof]]\nstep = "x"', '[[proof]]\nstep = 5\nverdict = "maybe"', "proof = 3"]
)
def test_a_record_that_cannot_be_read_counts_as_nothing_proven(tmp_path: Path, text: str):
    (tmp_path / NAME).write_text(text)
    record = Commissioning(tmp_path, site="", site_digest="")
    assert record.proofs() == ()
    assert record.trouble.startswith(f"{tmp_path / NAME} cannot be read (")


@pytest.mark.parametrize("odd", [{"note": "a\x7fb"}, {"before": {"L\ud8001": 5.0}}], ids=["no letter", "half a letter"])
def test_what_could_not_be_read_again_is_never_written(tmp_path: Path, odd: dict[str, Any]):
    # given a record, and a result that TOML has no words for
    record = Commissioning(tmp_path, site="", site_digest="")
    record.add(a_proof())
    with pytest.raises(StoreError, match="would be unreadable"):
        record.add(a_proof(**odd))
    # then what was there is there
    again = Commissioning(tmp_path, site="", site_digest="")
    assert (again.proofs(), again.trouble) == ((a_proof(),), "")


async def test_the_names_in_a_result_are_kept_in_letters_that_can_be_read_again(run_dir: Path):
    async with desk(run_dir) as house:
        await prove(run_dir, "circuits/laundry/closed", before={"L\x7f1\ud800": 5.0}, after={})
        again = Commissioning(run_dir, site=house.site.name, site_digest="the file")
    assert [dict(proof.before) for proof in again.proofs()] == [{"L1": 5.0}]


def test_a_record_that_cannot_be_written_keeps_what_it_had(tmp_path: Path):
    record = Commissioning(tmp_path / "nowhere", site="", site_digest="")
    with contextlib.suppress(Exception):
        record.add(a_proof())
    assert record.proofs() == ()


async def test_nothing_that_feeds_is_armed_or_tried_without_a_declared_disconnect_device(run_dir: Path):
    bare = flats(tie=Tie(has_contacts=True, has_flag=True, has_permit=True))
    async with desk(run_dir, site=bare) as house:
        house.machines.arm(CHARGERS, False)
        # given a building whose cars can give, and nobody has declared what parts it from the grid
        for do, more in (("arm", {"devices": [CHARGERS], "unproven": "in a hurry"}), ("trial", {"seconds": 60})):
            # when somebody wants to write to what they hang on, proven or not
            sentence = await refused(run_dir, "admin", do, device=CHARGERS, **more)
            # then it stays watched, and the remedy is named
            assert sentence.startswith("No certified disconnect device (MID) is declared")
            assert "(chargers)" in sentence
            assert "tie.listing" in sentence
        assert house.machines.armed[CHARGERS] is False
        # and what only measures is armed as ever
        assert (await ask(run_dir, "admin", "arm", devices=[METERS]))["armed"] == [METERS]


async def test_an_arming_from_before_does_not_outlive_the_declaration(run_dir: Path):
    async with desk(run_dir) as house:
        await ask(run_dir, "admin", "arm", devices=[CHARGERS], unproven="on the bench")
        assert house.fleet.is_armed(CHARGERS)
        # when the same is found at the next start, and the disconnect device is no longer declared
        house.fleet.watched = {CHARGERS}
        assert CHARGERS in house.fleet.rearm(house.clock.now())
        assert not house.fleet.is_armed(CHARGERS)


def test_what_is_watched_for_want_of_a_disconnect_device_is_what_feeds():
    bare = flats(tie=Tie(has_contacts=True, has_flag=True, has_permit=True))
    assert unlisted(bare, wired(bare)) == {CHARGERS, SWITCHES}  # the permission hangs on the switches
    assert unlisted(flats(), wired(flats())) == set()
    one_way = replace(bare, bays=tuple(replace(bay, discharge_max_w=0.0) for bay in bare.bays))
    assert unlisted(one_way, wired(one_way)) == {SWITCHES}
