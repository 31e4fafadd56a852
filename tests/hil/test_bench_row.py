"""The table of `hems bench`."""

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hems.model.errors import HemsError
from hil import bench, bench_daemon, bench_run
from hil.bench_row import Row, html, markdown, noisy, paired, plain, text, unmeasured
from hil.bench_sheds import typical


def row(value: float, **more: object) -> Row:
    return Row(what="sheds", yardstick="C", figure="2 ms", value=value, least=1.5, aim=0.6, **more)


def test_a_figure_is_as_aimed_at_reached_or_missed() -> None:
    assert [row(value).verdict for value in (0.6, 1.5, 1.52)] == ["as aimed at", "reached", "MISSED"]
    faster = [Row(what="", figure="", value=value, least=0.5, aim=0.75, more=True) for value in (0.8, 0.5, 0.49)]
    assert [one.verdict for one in faster] == ["as aimed at", "reached", "MISSED"]


def test_beside_a_noisy_yardstick_a_figure_is_invalid_and_neither_good_nor_bad() -> None:
    assert noisy([1.0, 1.9]) == ""
    told = row(9.0, invalid=noisy([1.0, 2.5]))
    assert told.verdict == "invalid: the yardstick itself varies 2.5-fold"
    assert 'class="void"' in html([told], "")
    assert "MISSED" not in markdown([told]) + text(told)


def test_of_many_turns_the_slowest_and_fastest_tenth_do_not_count_and_of_few_all_do() -> None:
    assert typical([9.0, *[2.0] * 8, 0.1]) == [2.0] * 8
    assert typical([3.0, 1.0, 2.0]) == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("keeps_none", [True, False])
def test_a_daemon_of_the_bench_finds_its_modules_compiled(
    keeps_none: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", keeps_none)
    run = bench_run.BenchRun(tmp_path, tmp_path, bench=None, daemon=None, compiled=True)  # type: ignore[arg-type]
    # where none are kept beside their source they are kept elsewhere, and nothing else is told
    added = {name: value for name, value in run.environment.items() if value != os.environ.get(name)}
    assert added.get("PYTHONPYCACHEPREFIX") == (str(tmp_path / "compiled") if keeps_none else None)
    assert not run.environment.get("PYTHONDONTWRITEBYTECODE") or not keeps_none
    assert len(added) <= 2


def test_ratios_are_taken_turn_by_turn() -> None:
    # a machine that is ten times slower in the second turn slows both
    assert paired([2.0, 20.0, 2.1], [1.0, 10.0, 1.0]) == 2.0


def test_every_format_has_every_figure() -> None:
    rows = [row(1.0), unmeasured("mqtt", "no broker")]
    assert markdown(rows).splitlines()[2] == "| sheds | C | 2 ms | 1 x | ≤ 1.5 x | ≤ 0.6 x | reached |"
    read = json.loads(plain(rows, "here"))
    assert [one["verdict"] for one in read["rows"]] == ["reached", "invalid: no broker"]
    assert "<script" not in html(rows, "here & now")
    assert "here &amp; now" in html(rows, "here & now")


def test_a_page_keeps_what_stands_around_its_table(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    assert bench.placed("| new |\n", page) == "| new |\n"
    page.write_text(f"before\n{bench.BEGINS}\n| old |\n{bench.ENDS}\nafter\n")
    assert bench.placed("| new |\n", page) == f"before\n{bench.BEGINS}\n| new |\n{bench.ENDS}\nafter\n"


def test_a_group_that_fails_is_told_and_the_next_one_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: float) -> list[Row]:
        raise RuntimeError("no such thing")

    monkeypatch.setattr(bench, "GROUPS", {"a": broken, "b": lambda _: [row(1.0)]})
    failed, other = bench.measured(("a", "b"), 0.0)
    assert (failed.verdict, other.verdict) == ("invalid: RuntimeError: no such thing", "reached")


def test_a_group_whose_fault_is_one_of_our_sentences_is_told_by_that_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def given_up(_: float) -> list[Row]:
        raise HemsError("The foreign client in C gave up.")

    monkeypatch.setattr(bench, "GROUPS", {"a": given_up})
    (failed,) = bench.measured(("a",), 0.0)
    assert failed.verdict == "invalid: The foreign client in C gave up."


def test_a_bench_that_is_told_to_end_is_ended_as_by_ctrl_c(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def slow() -> list[Row]:
        signal.raise_signal(signal.SIGTERM)
        try:
            await asyncio.sleep(600.0)
        finally:
            print("cleared away")
        return []

    # given a bench that is told to end while a loop of its own runs
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(bench, "GROUPS", {"tick": lambda _: asyncio.run(slow())})
    # then what runs can clear away, nothing further is measured, and the signals are as they were
    with pytest.raises(KeyboardInterrupt):
        bench.COMMAND.run(parsed("--only", "tick"))
    assert "cleared away" in capsys.readouterr().out
    assert signal.getsignal(signal.SIGTERM) == before


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    bench.COMMAND.add_arguments(parser)
    return parser.parse_args(words)


def test_a_part_of_the_daemons_group_that_fails_does_not_cost_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    # given a daemon that does not start in time, and can be measured otherwise
    @asynccontextmanager
    async def begun(*_: object, **__: object) -> AsyncIterator[None]:
        yield None

    async def slow(_: object) -> list[Row]:
        raise TimeoutError

    async def told(*_: object) -> list[Row]:
        return [row(1.0)]

    parts = {"begin": begun, "_starts": slow, "_lateness": told, "_memory": told, "_hang": told}
    for name, part in parts.items():
        monkeypatch.setattr(bench_daemon, name, part)
    # then one row is invalid, and the others have their verdicts
    failed, *others = bench_daemon.rows(1.0)
    assert failed.verdict.startswith("invalid: TimeoutError")
    assert [one.verdict for one in others] == ["reached", "reached", "reached"]


def test_what_was_measured_before_the_bench_is_ended_stands_in_its_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def ended(_: float) -> list[Row]:
        raise KeyboardInterrupt

    monkeypatch.setattr(bench, "GROUPS", {"tick": lambda _: [row(1.0)], "history": ended})
    table = tmp_path / "table.md"
    with pytest.raises(KeyboardInterrupt):
        bench.COMMAND.run(parsed("--only", "tick", "--only", "history", "--table", str(table)))
    assert "| sheds | C |" in table.read_text(encoding="utf-8")
