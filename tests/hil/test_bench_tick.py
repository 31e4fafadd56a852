"""What a decision costs grows no faster than the building."""

from hems.app import installed_drivers
from hems.config import load
from hil import bench_tick
from hil.places import place


def test_ten_times_the_circuits_cost_no_more_than_ten_times_as_much_and_a_little(monkeypatch):
    monkeypatch.setattr(bench_tick, "SIZES", (2, 20))
    monkeypatch.setattr(bench_tick, "TICKS", 40)
    chosen = place("apartments")
    *sizes, growth = bench_tick.lines(load(chosen.site, installed_drivers()), chosen)
    assert [int(line.split()[1]) for line in sizes] == [28, 280]
    assert all(int(line.split()[-2]) > 0 for line in sizes)  # as the tie opens something is switched
    words = growth.split()
    assert 0.2 < float(words[4]) < 1.3
    assert 0.2 < float(words[6]) < 1.3
