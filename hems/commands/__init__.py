"""Subcommands of `hems` that are modules of their own, plugged in by entry points of group `hems.commands`.

Each module has a `COMMAND` with `help`, `add_arguments(parser)` and `run(args) -> int`.
"""
