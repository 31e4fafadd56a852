"""What benches of policies share: their options, playing every policy through every seed, and what is written of it."""

import argparse
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from hems.commands.numbers import whole
from hems.model.errors import ConfigError, HemsError
from hems.sim.measured import APPLIANCES

TUNING_SEED, REPORTED_SEED = 1, 1001
"""First seeds of what policies may be tuned on, and of what stands in the reported table."""


class Played(Protocol):
    """One policy through one seed: a dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def policy(self) -> str:
        """Which."""

    @property
    def seed(self) -> int:
        """Through which."""


R = TypeVar("R", bound=Played)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyBench(Generic[R]):
    """One bench."""

    counts: str
    """What `--COUNTS N` counts, such as `weeks`."""
    names: Mapping[str, str]
    """Of policies, for people."""
    invented: str
    """What is said when nothing was measured, .."""
    measured: str
    """.. and when it was."""
    runs: Callable[[Iterable[int], Sequence[str], Path | None], Iterable[R]]
    title: Callable[[R], str]
    """Of a seed."""
    line: Callable[[R], str]
    table: Callable[[Sequence[R]], str]
    reported_seed: int = REPORTED_SEED

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        counted = f"--{self.counts}"
        parser.add_argument(counted, dest="count", type=whole(1), default=10, metavar="N", help="default: 10")
        about = f"first seed; {self.reported_seed} (default) is for reports, {TUNING_SEED} for tuning"
        parser.add_argument("--seed", type=int, default=self.reported_seed, metavar="S", help=about)
        parser.add_argument(
            "--data",
            metavar="DIR",
            default=os.environ.get("HEMS_DATA") or None,
            help="measured loads and sun from this directory; default: HEMS_DATA, else they are invented",
        )
        parser.add_argument(
            "--policy", action="append", choices=tuple(self.names), help="again for several; default: all"
        )
        parser.add_argument("--json", type=Path, metavar="FILE", help="write every run as JSON")
        parser.add_argument("--table", type=Path, metavar="FILE", help="write the results as a Markdown table")

    def run(self, args: argparse.Namespace) -> int:
        """Play, print and write.  Raises: ConfigError for less than one seed; HemsError without a solver."""
        if args.count < 1:
            raise ConfigError((f"--{self.counts} {args.count}: at least one is needed. Give 1 or more.",))
        data = None if args.data is None else Path(args.data)
        if data is not None and not (data / APPLIANCES).is_file():
            raise ConfigError((f"{data}: no measured data there ({APPLIANCES} is missing). Name their directory.",))
        said = self.invented if data is None else self.measured
        print(said, flush=True)
        done: list[R] = []
        for one in self.runs(range(args.seed, args.seed + args.count), args.policy or tuple(self.names), data):
            if not done or done[-1].seed != one.seed:
                print(self.title(one), flush=True)
            done.append(one)
            print(f"  {self.names[one.policy]:32} {self.line(one)}", flush=True)
        print("\n" + self.table(done))
        _write(args.table, f"{said}\n\n{self.table(done)}")
        _write(args.json, plain(done))
        return 0


def plain(done: Sequence[Played]) -> str:
    """Everything, for programs."""
    return json.dumps([{one.name: getattr(run, one.name) for one in fields(run)} for run in done], indent=1)


def rows(heading: Sequence[str], cells: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [f"| {' | '.join(heading)} |", f"|{'---|' * len(heading)}", *(f"| {' | '.join(row)} |" for row in cells)]
    return "\n".join(lines) + "\n"


def _write(path: Path | None, text: str) -> None:
    if path is None:
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise HemsError(f"{path} cannot be written: {error.strerror}. Name another file.") from error
