"""Numbers for Prometheus, scraped over HTTP from a process that watches a real socket."""

import asyncio
import json
import re
import urllib.request
from dataclasses import replace
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from hems.model.errors import HemsError
from hems.model.picture import ConnectionPicture, Picture
from hems.northbound.latest import SILENCE_S, Latest
from hems.northbound.metrics.service import _Now, answering
from tests.pictures import normal_day, power_cut

Sample = tuple[str, tuple[tuple[str, str], ...]]


def scraped(text: str) -> dict[Sample, float]:
    """Every sample, by its name and labels."""
    return {
        (one.name, tuple(sorted(one.labels.items()))): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def told(picture: Picture | None) -> dict[Sample, float]:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Now(lambda: picture))
    return scraped(generate_latest(registry).decode())


def test_the_building_is_told_in_watts_and_shares():
    day = normal_day()
    found = told(day)
    assert found["hems_up", ()] == 1.0
    assert found["hems_power_watts", (("of", "load"),)] == day.load_w
    assert found["hems_circuit_power_watts", (("circuit", "laundry"), ("group", "non_essential"), ("name", "Laundry"))]
    assert found["hems_mode", (("mode", "grid_connected"),)] == 1.0
    assert found["hems_mode", (("mode", "islanded"),)] == 0.0
    assert found["hems_outage_seconds", ()] == 0.0
    assert told(power_cut())["hems_outage_seconds", ()] > 0.0


def test_what_is_not_known_is_left_out_and_never_zero():
    # given a building whose meters are silent
    blind = replace(normal_day(), grid_w=None, battery_soc_pct=None, stored_wh=None, essential_hours=None)
    blind = replace(blind, circuits=tuple(replace(one, closed=None, power_w=None) for one in blind.circuits))
    # then nothing is said of them, and what is known is
    found = told(blind)
    names = {name for name, _ in found}
    assert ("hems_power_watts", (("of", "grid"),)) not in found
    assert names.isdisjoint({"hems_battery_charge_ratio", "hems_stored_watt_hours", "hems_circuit_on"})
    assert "hems_essential_lasts_seconds" not in names
    assert ("hems_power_watts", (("of", "load"),)) in found


def test_without_a_daemon_only_that_is_told():
    assert told(None) == {("hems_up", ()): 0.0}


def test_a_picture_that_is_no_longer_news_is_not_told_as_one():
    latest = Latest()
    latest.hear(normal_day(), 100.0)
    assert latest.known(100.0 + SILENCE_S) is not None
    assert latest.known(100.1 + SILENCE_S) is None
    latest.hear(normal_day(), 200.0)
    latest.lose()
    assert latest.known(200.0) is None


@pytest.mark.wire
async def test_prometheus_is_answered_on_this_machine():
    latest = Latest()
    with answering("127.0.0.1", 0, lambda: latest.known(0.0)) as port:
        fetch = partial(urllib.request.urlopen, f"http://127.0.0.1:{port}/metrics", timeout=5.0)

        async def scrape() -> dict[Sample, float]:
            return scraped((await asyncio.to_thread(fetch)).read().decode())

        assert await scrape() == {("hems_up", ()): 0.0}
        latest.hear(normal_day(), 0.0)
        assert (await scrape())["hems_up", ()] == 1.0


@pytest.mark.wire
def test_a_port_that_is_taken_is_one_sentence():
    says = "Cannot listen at 127.0.0.1:.*Choose another metrics.port"
    with answering("127.0.0.1", 0, lambda: None) as port, pytest.raises(HemsError, match=says):
        answering("127.0.0.1", port, lambda: None).__enter__()


# The dashboard --------------------------------------------------------------------------------------------------------


def dashboard() -> Any:
    return json.loads(files("hems.northbound.metrics").joinpath("dashboard.json").read_text(encoding="utf-8"))


def full() -> dict[Sample, float]:
    """Told of a building that has everything."""
    limits = ConnectionPicture(import_w=1.0, import_by=power_cut().mode_because, export_w=0.0, reserve_pct=50.0)
    return told(replace(power_cut(), connection=limits))


def queries() -> list[tuple[str, str]]:
    return [
        (str(target["expr"]), str(target["legendFormat"]))
        for panel in dashboard()["panels"]
        for target in panel["targets"]
    ]


@pytest.mark.parametrize(("query", "legend"), queries())
def test_each_panel_asks_for_metrics_and_labels_that_there_are(query: str, legend: str):
    samples = full()
    asked = re.findall(r"\b(hems_\w+)(?:\{(\w+)=\"(\w+)\"\})?", query)
    assert asked
    for name, label, value in asked:
        labels = [dict(labels) for found, labels in samples if found == name]
        assert labels, name
        assert not label or value in {one[label] for one in labels}
        assert all(wanted in labels[0] for wanted in re.findall(r"\{\{(\w+)\}\}", legend))


def test_the_panels_do_not_lie_over_each_other():
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        left, top, wide, high = (panel["gridPos"][key] for key in "xywh")
        cells = {(x, y) for x in range(left, left + wide) for y in range(top, top + high)}
        assert not cells & taken
        taken |= cells


def test_every_metric_that_tells_of_the_building_is_documented(checkout: Path):
    page = (checkout / "docs/northbound/metrics.md").read_text(encoding="utf-8")
    assert [name for name in sorted({name for name, _ in full()}) if f"`{name}`" not in page] == []
