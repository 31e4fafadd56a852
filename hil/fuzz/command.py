"""`hems hil fuzz`: stories drawn by lot, one seed after the other, until time or seeds are over."""

import argparse
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

from hems.app import installed_drivers
from hems.commands.numbers import number, whole
from hems.config.load import load
from hems.config.site_file import SiteFile
from hems.model.errors import HemsError
from hems.sim.rig import Rig, load_rig
from hems.sim.scenario import Scenario
from hil.fuzz.filing import text_of
from hil.fuzz.hunt import Found, first_fault, repeats, shrunk
from hil.fuzz.story import PLACES, Story, draw, in_short
from hil.places import place
from hil.stage import WAYS, Played

HELP = "play stories drawn by lot; make what fails as short as it can be and write it down as a scenario"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `hems hil fuzz`."""
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the first story; default 1")
    parser.add_argument("--count", type=whole(1), default=20, metavar="N", help="how many seeds; default 20")
    parser.add_argument("--minutes", type=number(0.1), metavar="M", help="begin no new story after so long")
    parser.add_argument("--place", action="append", choices=PLACES, help="again for several; default: all, in turn")
    parser.add_argument("--way", choices=("fast", "virtual"), default="virtual", help="default: over sockets")
    parser.add_argument("--short", action="store_true", help="with shortened waits, in a quarter of the time")
    parser.add_argument("--twice", action="store_true", help="play each story twice; both must go the same way")
    parser.add_argument("--file", type=Path, default=Path(), metavar="DIR", help="where to; default: here")


def run(args: argparse.Namespace) -> int:
    """Draw, play, shrink, write down; 1 if anything was found."""
    play, began_s, found = WAYS[args.way], time.monotonic(), 0
    places = tuple(args.place or PLACES)
    for seed in range(args.seed, args.seed + args.count):
        if args.minutes is not None and time.monotonic() - began_s > 60.0 * args.minutes:
            print(f"time is over before seed {seed}")
            break
        story = drawn(seed, places[seed % len(places)])
        story = in_short(story) if args.short else story
        fault = first_fault(story, play)
        if fault is None and args.twice and not repeats(story, play):
            fault = Found(story, "repeats", "the same seed goes the same way", "it went another way the second time")
        _tell(story, fault)
        if fault is not None:
            found += 1
            print(f"         written down in {_filed(fault, play, args.file)}", flush=True)
    print(f"\n{found} found")
    return 1 if found else 0


def drawn(seed: int, name: str) -> Story:
    """The story of a seed at one of the buildings."""
    return draw(seed, name, *_building(name))


@cache
def _building(name: str) -> tuple[SiteFile, Rig]:
    chosen = place(name)
    return load(chosen.site, installed_drivers()), load_rig(chosen.rig)


def _tell(story: Story, fault: Found | None) -> None:
    told = "held  " if fault is None else "FAILED"
    print(f"{told} {story.place} {story.seed}: {', '.join(fault.acts[0].do for fault in story.faults)}", flush=True)
    if fault is not None:
        print(f"         NOT HELD: {fault.text} ({fault.detail})", flush=True)


def _filed(found: Found, play: Callable[[Scenario], Played], where: Path) -> Path:
    """The file it was written to, as short as it could be made.  Raises: HemsError when it cannot be written."""
    for smaller in shrunk(found, play) if found.check != "repeats" else ():
        found = smaller
    scenario = found.story.told()
    path = where / f"fuzz_{found.story.place}_{found.story.seed}.toml"
    remark = f"Found by `hems hil fuzz --seed {found.story.seed}`, made as short as it could be.\n{found.detail}"
    try:
        where.mkdir(parents=True, exist_ok=True)
        path.write_text(text_of(scenario, remark), encoding="utf-8")
    except OSError as error:
        raise HemsError(f"{path} cannot be written: {error.strerror}. Name another directory.") from error
    return path
