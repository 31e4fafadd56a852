"""Copies of frozen values with something changed: what `dataclasses.replace` does, at a tenth of its price.

A tick makes some fifty such copies, of values with up to forty fields, and half its time used to go there.  The copy is
made slot by slot, by a function written once for each class; a class that looks at its own values when it is made is
left to `dataclasses`.
"""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import replace as replace  # so that names and types of what is changed are checked

    revised = replace
else:

    def replace(value: Any, /, **changes: Any) -> Any:  # noqa: ANN401  (any dataclass)
        """The same value but for `changes`.  Raises: AttributeError for a field it does not have."""
        return (COPIERS.get(value.__class__) or _copier(value.__class__))(value, changes)

    def revised(value: Any, /, **changes: Any) -> Any:  # noqa: ANN401  (any dataclass)
        """The very same value where `changes` say nothing new, else a copy: most ticks change little."""
        for name, changed in changes.items():
            if getattr(value, name) != changed:
                return replace(value, **changes)
        return value


Copier = Callable[[Any, dict[str, Any]], Any]
COPIERS: dict[type, Copier] = {}


def _careful_copy(value: Any, changes: dict[str, Any]) -> Any:  # noqa: ANN401  (any dataclass)
    return dataclasses.replace(value, **changes)


def _open_copy(value: Any, changes: dict[str, Any]) -> Any:  # noqa: ANN401  (any dataclass without slots)
    """A copy in one go: what has many fields is better kept without slots."""
    copy, before = object.__new__(value.__class__), value.__dict__
    after = copy.__dict__
    after.update(before)
    after.update(changes)
    if len(after) > len(before):
        raise AttributeError(changes.keys() - before.keys())
    return copy


def _copier(cls: type) -> Copier:
    """Find, or write, the function that copies a value of this class."""
    fields = dataclasses.fields(cls)
    made_plainly = not hasattr(cls, "__post_init__") and all(one.init for one in fields)
    if made_plainly and not any(hasattr(one, "__slots__") for one in cls.__mro__[:-1]):
        COPIERS[cls] = _open_copy
        return _open_copy
    plain = "__slots__" in cls.__dict__ and not hasattr(cls, "__post_init__") and all(one.init for one in fields)
    if not plain or any(not hasattr(cls.__dict__.get(one.name), "__set__") for one in fields):
        COPIERS[cls] = _careful_copy
        return _careful_copy
    names = [one.name for one in fields]
    sets = "; ".join(f"set_{name}(copy, value.{name})" for name in names)
    source = (
        f"def copier(value, changes):\n    copy = new(cls); {sets}\n"
        "    for name in changes:\n        set_any(copy, name, changes[name])\n    return copy\n"
    )
    known: dict[str, Any] = {"new": object.__new__, "cls": cls, "set_any": object.__setattr__}
    known |= {f"set_{name}": cls.__dict__[name].__set__ for name in names}
    exec(source, known)
    copier: Copier = known["copier"]
    COPIERS[cls] = copier
    return copier
