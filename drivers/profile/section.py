"""What a profile is made of: plain frozen values, which a daemon is handed checked and ready.

What checks a file is made from their types by whoever reads one (`checked`); it takes a library and as many megabytes
as control itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True, kw_only=True)
class Section:
    """A section of a profile: unknown keys are errors, nothing changes after loading.

    What `__post_init__` says against it is told with the section's key.
    """

    __pydantic_config__: ClassVar[Mapping[str, Any]] = {"extra": "forbid"}


def entry(default: Any = MISSING, *, make: Callable[[], Any] | Any = MISSING, **limits: Any) -> Any:  # noqa: ANN401
    """A key of a section, with limits of its value (`ge`, `min_length`) or another name in the file (`alias`).

    Without `default` and `make`, which makes a default for each section anew, it must be there.
    """
    if make is not MISSING:
        return field(default_factory=make, metadata=limits)
    return field(default=default, metadata=limits)
