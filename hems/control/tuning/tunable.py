"""A number with a default and the range that a site may choose from."""

from dataclasses import field
from typing import Any


def tunable(default: float, within: tuple[float, float]) -> Any:  # noqa: ANN401  (a field stands in for any default)
    """A dataclass field with a default and its permitted range."""
    return field(default=default, metadata={"within": within})
