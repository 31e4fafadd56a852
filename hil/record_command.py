"""`hems hil record`: the latest power cut of a building's records, or another, written down as a scenario."""

import argparse
from pathlib import Path

from hems.model.errors import HemsError
from hems.report import past
from hil.fuzz.filing import text_of
from hil.fuzz.story import PLACES
from hil.record import recorded

HELP = "turn a power cut that a building has recorded into a scenario"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `hems hil record`."""
    parser.add_argument("state_dir", type=Path, metavar="STATE_DIR", help="the records, such as /var/lib/hems")
    parser.add_argument(
        "--which", type=int, default=0, metavar="N", help="as `hems report outages` counts; default: the last"
    )
    parser.add_argument("--place", choices=PLACES, default="apartments", help="the bench's building that is most alike")
    parser.add_argument("--file", type=Path, metavar="FILE", help="where to; default: recorded_DATE.toml here")


def run(args: argparse.Namespace) -> int:
    """Read, turn, write."""
    cut = past.chosen(past.outages(past.on_the_wall(args.state_dir)), args.which)
    began = cut.start.utc
    words = "at an unknown time" if began is None else f"{began:%d %B %Y, %H:%M} UTC"
    name = "recorded" if began is None else f"recorded-{began:%Y-%m-%d-%H%M}"
    scenario = recorded(cut.events, name=name, place=args.place, began=words)
    path = args.file or Path(f"{name.replace('-', '_')}.toml")
    remark = (
        "Written by `hems hil record` from the records of a building.  They keep no voltages and no loads: put in\n"
        f"what you know of them ([rig.start] load_kw, battery_soc_pct), then: hems hil run {path}"
    )
    try:
        path.write_text(text_of(scenario, remark), encoding="utf-8")
    except OSError as error:
        raise HemsError(f"{path} cannot be written: {error.strerror}. Name another file.") from error
    print(f"{path}: {len(scenario.acts)} things happened, {len(scenario.expectations)} are expected.")
    return 0
