"""Measured prices and sessions of the dispatch bench, read from a directory like that of HEMS_DATA."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

from hems.model.units import SourceId
from hil.dispatch_measured import FITS, MeasuredSessions, exchange
from hil.dispatch_weeks import BEFORE_S, week

DAY_S, HOUR_S = 86_400.0, 3600.0


def test_a_week_has_the_prices_of_the_same_days_of_the_measured_year(tmp_path: Path):
    rows = [
        "Country,Datetime (UTC),Datetime (Local),Price (EUR/MWhe)",
        "Nowhere,05/03/2024 17:00,05/03/2024 18:00,250.0",
    ]
    with gzip.open(tmp_path / "ev2gym_nl_dayahead_last_year.csv.gz", "wt", encoding="utf-8") as file:
        file.write("\n".join(rows))
    told = exchange(tmp_path, datetime(2026, 3, 4, tzinfo=UTC), days=7)
    dear = told.at(datetime(2026, 3, 5, 17, 30, tzinfo=UTC).timestamp())
    assert dear is not None
    assert dear.buy == 0.25
    before = told.at(datetime(2026, 3, 5, 16, 30, tzinfo=UTC).timestamp())
    assert before is not None
    assert before.buy == 0.1


def test_a_session_needs_no_more_than_its_charger_can_give(tmp_path: Path):
    folder = tmp_path / "ev2gym_elaad"
    folder.mkdir()
    # given cars that come at 18:00, stay for two hours and would like 90 kWh
    quarters = [
        f'"{hour:02}:{quarter:02}",{100.0 if (hour, quarter) == (18, 0) else 0.0}'
        for hour in range(24)
        for quarter in (0, 15, 30, 45)
    ]
    for name, lines in (
        ("distribution-of-arrival", ['"Arrival time","private"', *quarters]),
        ("distribution-of-connection-time", ['"Percentage of charging events","private"', "0,2.0"]),
        ("distribution-of-energy-demand", ['"Percentage of charging events","private"', "0,90.0"]),
    ):
        (folder / f"{name}.csv").write_text("\n".join(lines), encoding="utf-8-sig")
    case = week(5, cars=1)
    made = MeasuredSessions(tmp_path, case.site, case.traces, start_hour=22.0, days=3, seed=1)
    comes = made.next_car(0.0)
    assert comes is not None
    assert comes.t_s - BEFORE_S == 18.0 * HOUR_S
    assert comes.car is not None
    goes = made.next_car(comes.t_s)
    assert goes is not None
    assert (goes.bay, goes.car, goes.t_s - comes.t_s) == (SourceId("bay_1"), None, 2.0 * HOUR_S)
    needs_wh = (80.0 - comes.car.soc_pct) / 100.0 * comes.car.capacity_wh
    assert abs(needs_wh - FITS * case.site.bays[0].charge_max_w * 2.0) < 1.0
