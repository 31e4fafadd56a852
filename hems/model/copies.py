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
else:

    def replace(value: Any, /, **changes: Any) -> Any:  # noqa: ANN401  (any dataclass)
        """The same value but for `changes`.  Raises: AttributeError for a field it does not have."""
        copier = COPIERS.get(value.__class__) or _copier(value.__class__)
        if copier is dataclasses.replace:
            return dataclasses.replace(value, **changes)
        copy = copier(value)
        if copier is _open_copy:
            copy.__dict__.update(changes)
            if len(copy.__dict__) > len(value.__dict__):
                raise AttributeError(changes.keys() - value.__dict__.keys())
            return copy
        for name, changed in changes.items():
            SET(copy, name, changed)
        return copy


Copier = Callable[..., Any]
COPIERS: dict[type, Copier] = {}
SET = object.__setattr__


def _open_copy(value: Any) -> Any:  # noqa: ANN401  (any dataclass without slots)
    """A copy in one go: what has some fifty fields is better kept without slots."""
    copy = object.__new__(value.__class__)
    copy.__dict__.update(value.__dict__)
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
        COPIERS[cls] = dataclasses.replace
        return dataclasses.replace
    names = [one.name for one in fields]
    sets = "; ".join(f"set_{name}(copy, value.{name})" for name in names)
    source = f"def copier(value):\n    copy = new(cls); {sets}\n    return copy\n"
    known: dict[str, Any] = {"new": object.__new__, "cls": cls}
    known |= {f"set_{name}": cls.__dict__[name].__set__ for name in names}
    exec(source, known)
    copier: Copier = known["copier"]
    COPIERS[cls] = copier
    return copier
