import json

from hems.store.backlog import Backlog
from hems.store.ring import Frame, Ring, pack, unpack


def filled(seconds, outage=False):
    waiting = Backlog[Frame](10_000)
    ring = Ring(waiting)
    for second in seconds:
        ring.add(float(second), json.dumps({"t": second}), outage=outage)
    return ring, waiting


def kept(waiting):
    return [frame.mono_s for frame in waiting.waiting()[0]]


def test_the_ring_holds_what_a_window_can_reach_back_to_and_no_more():
    ring, waiting = filled(range(2000))
    assert (ring.frames()[0].mono_s, ring.frames()[-1].mono_s) == (1939, 1999)
    assert kept(waiting) == []


def test_a_window_ends_fifteen_minutes_after_its_last_trigger():
    ring, waiting = filled(range(100))
    ring.trigger(100)
    for second in range(100, 1200):
        ring.add(float(second), "{}")
    assert (kept(waiting)[0], kept(waiting)[-1]) == (41, 1000)


def test_after_what_happens_every_day_a_window_is_brief_and_shortens_no_other():
    # given another power asked of a car, and long after it a change of mode and one more power
    ring, waiting = filled(range(100))
    for second in range(100, 2000):
        if second in (100, 510):
            ring.trigger(second, brief=True)
        if second == 500:
            ring.trigger(second)
        ring.add(float(second), "{}")

    # then a minute is kept on either side of the first, and all of the quarter of an hour after the change
    assert kept(waiting) == [*range(41, 161), *range(441, 1401)]


def test_a_second_trigger_keeps_no_frame_twice():
    ring, waiting = filled(range(100))
    ring.trigger(100)
    ring.add(100.0, "{}")
    ring.trigger(101)
    assert kept(waiting) == sorted(set(kept(waiting)))


def test_through_a_long_outage_one_frame_in_five_seconds_is_kept():
    _, waiting = filled(range(100), outage=True)
    assert kept(waiting) == list(range(0, 100, 5))


def test_packing_and_unpacking_are_inverse():
    ring, _ = filled(range(5))
    assert unpack(pack(ring.frames())) == [frame.text for frame in ring.frames()]
