"""Whether a story went over sockets as it goes on the building's equations."""

from hems.sim.record import Record, sequence

POLL_AND_A_SECOND_S = 3.0
"""The slowest device here is polled every 2 s; and one period of the tick."""


def assert_alike(on_wires: Record, forward: Record, *, looks: int = 1) -> None:
    """The same was done for the same reasons, as often, and at the same times, but for so many looks in a row."""
    assert [mode for _, mode in on_wires.modes()] == [mode for _, mode in forward.modes()]
    there, here = by_what(on_wires), by_what(forward)
    other = {what for what in there | here if len(there.get(what, ())) != len(here.get(what, ()))}
    assert not other, {what: (there.get(what), here.get(what)) for what in other}
    late = {
        what: (on_wire_s, forward_s)
        for what in here
        for on_wire_s, forward_s in zip(there[what], here[what], strict=True)
        if abs(on_wire_s - forward_s) > looks * POLL_AND_A_SECOND_S
    }
    assert late == {}, late  # told here, for pytest tells it of tests' own modules only


def by_what(record: Record) -> dict[tuple[str, str, str], list[float]]:
    """When each mode was entered and each thing was commanded, by what it was, to what and why."""
    found: dict[tuple[str, str, str], list[float]] = {}
    for t_s, *what in sequence(record.events):
        found.setdefault((str(what[0]), str(what[1]), str(what[2])), []).append(t_s)
    return found
