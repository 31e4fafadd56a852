"""What each grid code demands before a building may rejoin the grid."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

from hems.control.tuning.seeing import GridParams

GridCode = Literal["eu", "au", "north_america", "canada"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeOfGrid:
    """Window and waiting time of one code; a site may be stricter, never laxer."""

    nominal_hz: float
    v_min_pu: float
    v_max_pu: float
    f_min_hz: float
    f_max_hz: float
    qualify_s: float
    source: str
    """Where the numbers come from, for the person who signs the site file."""

    def applied_to(self, grid: GridParams) -> GridParams:
        """Grid parameters with this code's window and waiting time."""
        return replace(
            grid,
            v_min_pu=self.v_min_pu,
            v_max_pu=self.v_max_pu,
            f_min_pu=self.f_min_hz / self.nominal_hz,
            f_max_pu=self.f_max_hz / self.nominal_hz,
            qualify_s=self.qualify_s,
        )


EUROPE = CodeOfGrid(
    nominal_hz=50.0,
    v_min_pu=0.85,
    v_max_pu=1.10,
    f_min_hz=49.5,
    f_max_hz=50.1,
    qualify_s=60.0,
    source="the strictest of EN 50549-1 (49.5 to 50.2 Hz) and VDE-AR-N 4105 (47.5 to 50.1 Hz), both 0.85 to 1.10, 60 s",
)
NORTH_AMERICA = CodeOfGrid(
    nominal_hz=60.0,
    v_min_pu=0.917,
    v_max_pu=1.05,
    f_min_hz=59.5,
    f_max_hz=60.1,
    qualify_s=300.0,
    source="IEEE 1547-2018, enter service, default settings; Sandia PVPMC, loss of grid: off for 5 min before it tries",
)
CODES: Mapping[str, CodeOfGrid] = {
    "eu": EUROPE,
    "au": replace(
        EUROPE,
        v_min_pu=205.0 / 230.0,
        source="AS/NZS 4777.2:2020: 60 s at least (surge-website.pages.dev, guide to AS 4777.2; SMA Sunny Island "
        "manual) in 205 to 253 V and 47.5 to 50.15 Hz (installers' guides; standard not read here; 49.5 to 50.1 Hz is "
        "kept, which is stricter)",
    ),
    "north_america": NORTH_AMERICA,
    "canada": replace(
        NORTH_AMERICA,
        source="CSA C22.3 No. 9:20 (standard not read here) is taken to be as IEEE 1547-2018. A utility writes 5 min "
        "of normal voltage and frequency (Wellington North Power, Ontario, connection agreement below 10 kW), and a "
        "home battery waits 300 s under every North American code but California's (Tesla, Grid Reconnection Took Too "
        "Long). CE Code 84-008 wants normal voltage and names no time. Ask the utility",
    ),
}
assert set(CODES) == set(get_args(GridCode))

STRICTER_IS_HIGHER = ("v_min_pu", "f_min_pu", "qualify_s")
STRICTER_IS_LOWER = ("v_max_pu", "f_max_pu")
