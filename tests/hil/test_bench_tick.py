"""What a decision costs grows no faster than the building."""

from hems.app import installed_drivers
from hems.config.load import load
from hil import bench_tick
from hil.places import place


def test_ten_times_the_circuits_cost_no_more_than_ten_times_as_much_and_a_little(monkeypatch):
    monkeypatch.setattr(bench_tick, "SIZES", (2, 20))
    monkeypatch.setattr(bench_tick, "TICKS", 40)
    chosen = place("apartments")
    *sizes, quiet, opening = bench_tick.rows(load(chosen.site, installed_drivers()), chosen)
    assert [row.what for row in sizes] == ["a tick, 28 circuits", "a tick, 280 circuits"]
    assert all(int(row.figure.split()[-2]) > 0 for row in sizes)  # as the tie opens something is switched
    # a disturbed look at the small building makes it less, whatever the code does
    assert quiet.value < 1.3
    assert opening.value < 1.3
