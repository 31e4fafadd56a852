"""What was recorded, asked for at a socket while the daemon runs."""

import asyncio
from pathlib import Path

import pytest

from hems.model.codec import from_plain
from hems.model.errors import RequestError
from hems.model.trend import Trend
from hems.runtime.archive import series_of
from hems.runtime.record import _samples
from tests.runtime.test_desk import ask, desk, refused


async def test_a_viewer_sees_what_was_recorded_and_only_an_operator_has_it_written_to_a_file(run_dir: Path) -> None:
    async with desk(run_dir) as made:
        made.store.drain()
        told = from_plain(Trend, (await ask(run_dir, "view", "history", series=["load_w"], span_s=3600.0))["trend"])
        assert [curve.series for curve in told.curves] == ["load_w"]
        assert told.curves[0].last is not None
        assert told.step_s == 60.0

        path = (await ask(run_dir, "operate", "export", series=["load_w"], span_s=3600.0))["path"]
        assert await asyncio.to_thread(head_of, path) == "seconds_before,load_w"
        with pytest.raises(RequestError, match="needs the role operator"):
            await ask(run_dir, "view", "export", series=["load_w"], span_s=3600.0)


def head_of(path: str) -> str:
    return Path(path).read_text(encoding="utf-8").splitlines()[0]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"series": []}, "Name 1 to 40 series"),
        ({"series": "load_w"}, "Name 1 to 40 series"),
        ({"series": ["'; drop table samples"]}, "Nothing is recorded under"),
        ({"span_s": 1e12}, "at most 400 days"),
        ({"span_s": 10**400}, "at most 400 days"),
        ({"span_s": True}, "at most 400 days"),
        ({"steps": 10**9}, "in how many steps: 1 to 2000"),
    ],
)
async def test_what_cannot_be_told_is_refused_in_a_sentence(run_dir: Path, wrong: dict[str, object], told: str) -> None:
    async with desk(run_dir):
        assert told in await refused(run_dir, "view", "history", **({"series": ["load_w"], "span_s": 60.0} | wrong))


async def test_every_series_that_is_recorded_can_be_asked_for(run_dir: Path) -> None:
    async with desk(run_dir) as made:
        picture = made.desk.picture()
        assert picture is not None
        assert set(_samples(picture)) <= set(series_of(made.site))
