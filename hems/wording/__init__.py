"""The only place that turns a cause into a sentence, in the reader's language.

`sentence` for causes, `mode_words` and `tier_name` for what has a fixed name, `kw`, `kwh`, `duration`, `hours` and
`until` for quantities.  All messages stand in `messages` and `names`.
"""

from hems.wording.names import (
    alone_words,
    axis_name,
    axis_words,
    called,
    listed,
    mode_words,
    names_of,
    priority_word,
    task_name,
    tier_name,
    witness_name,
    witness_words,
)
from hems.wording.quantities import (
    clock_time,
    day,
    duration,
    hours,
    kw,
    kw_signed,
    kwh,
    month_name,
    percent,
    until,
    weekday,
)
from hems.wording.sentence import sentence

__all__ = [
    "alone_words",
    "axis_name",
    "axis_words",
    "called",
    "clock_time",
    "day",
    "duration",
    "hours",
    "kw",
    "kw_signed",
    "kwh",
    "listed",
    "mode_words",
    "month_name",
    "names_of",
    "percent",
    "priority_word",
    "sentence",
    "task_name",
    "tier_name",
    "until",
    "weekday",
    "witness_name",
    "witness_words",
]
