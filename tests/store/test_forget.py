"""A bay is forgotten for good, and nothing else with it."""

from pathlib import Path

from hems.store import reader
from hems.store.store import Store
from hems.store.writer import AtOnce
from tests.store.given import at, event, rows

MARK = 71.6875
"""A charge that can be found again in the bytes of a file."""


async def test_what_is_recorded_of_a_bay_is_gone_and_all_else_stays(tmp_path: Path) -> None:
    # given records of two bays, an event of each and one of the building, and full inputs
    store = Store(tmp_path, boot_id="boot-a", writer=AtOnce())
    store.start(at(0))
    for second in range(0, 600, 10):
        store.record_samples(at(second), {"bays/one/soc_pct": MARK, "bays/two/soc_pct": 40.0, "load_w": 1.0})
    store.record_events([event(5, "bays/one/power_w"), event(6, "islanded", text="one"), event(7, "bays/two/power_w")])
    store.record_events([event(8)])
    store.ring.add(9, '{"bay": "one"}')
    store.ring.trigger(9)
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "history-1.csv").write_text("bays/one/soc_pct")

    # when one is forgotten
    await store.forget_bay("one")
    store.stop()

    # then nothing of it is left, and all of the rest
    assert reader.series(tmp_path, "bays/one/soc_pct") == []
    assert [one.subject for one in reader.events(tmp_path)] == ["bays/two/power_w", "islanded"]
    assert rows(tmp_path, "history.db", "SELECT count(*) FROM frames") == [(0,)]
    assert not list((tmp_path / "export").iterdir())
    assert len(reader.series(tmp_path, "bays/two/soc_pct")) == len(reader.series(tmp_path, "load_w")) == 10


async def test_records_go_on_afterwards(tmp_path: Path) -> None:
    store = Store(tmp_path, boot_id="boot-a", writer=AtOnce())
    store.start(at(0))
    store.record_samples(at(0), {"bays/one/soc_pct": MARK})
    await store.forget_bay("one")
    store.record_samples(at(60), {"bays/one/soc_pct": 50.0})
    store.stop()
    assert [one.mean for one in reader.series(tmp_path, "bays/one/soc_pct")] == [50.0]
