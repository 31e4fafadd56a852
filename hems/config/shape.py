"""The shape of a file: which field of which table a key is, and what stands in for one that is mistaken.

`root` is the table that the whole file is.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from hems.config.problem import Path
from hems.config.schema import SiteTable

Tables = type[BaseModel]


def field_at(where: Path, root: Tables = SiteTable) -> FieldInfo | None:
    """The field that a key belongs to: the key itself, or the list or table of plain values around it."""
    return _descend(where, root)[0]


def keys_at(where: Path, root: Tables = SiteTable) -> list[str]:
    """The keys that the table at `where` may have."""
    field, owner, depth = _descend(where, root)
    table = owner if field is None else _table_of(field)
    return list(table.model_fields) if table is not None and (field is None or depth == len(where)) else []


def is_table(where: Path, root: Tables = SiteTable) -> bool:
    """Whether the key is a table, or a table of tables."""
    field = field_at(where, root)
    return field is None or _table_of(field) is not None


def without(raw: Mapping[str, Any], mistaken: Iterable[Path]) -> dict[str, Any]:
    """`raw` with every mistaken key replaced by its default or its example, so that the rest can be checked."""
    repaired = deepcopy(dict(raw))
    for where in mistaken:
        _stand_in(repaired, where)
    return repaired


def _stand_in(raw: dict[str, Any], where: Path) -> None:
    field, _, depth = _descend(where, SiteTable)
    place = where[:depth] if field is not None else where
    parent: Any = raw
    for part in place[:-1]:
        if not isinstance(parent, dict) or part not in parent:
            return
        parent = parent[part]
    if not isinstance(parent, dict):
        return
    if field is None or not field.is_required():
        parent.pop(place[-1], None)
    else:
        parent[place[-1]] = deepcopy(field.examples[0]) if field.examples else {}


def _descend(where: Path, root: Tables) -> tuple[FieldInfo | None, Tables, int]:
    """The field at `where`, the table that has it, and how many parts of `where` name it.

    No field means that the last part is a key nobody knows, or one entry of a table of tables.
    """
    owner = root
    depth = 0
    while depth < len(where):
        field = owner.model_fields.get(str(where[depth]))
        depth += 1
        if field is None:
            return None, owner, depth
        table = _table_of(field)
        if table is None or depth == len(where):
            return field, owner, depth
        owner = table
        if get_origin(field.annotation) is dict:
            depth += 1
            if depth == len(where):
                return None, owner, depth
    return None, owner, depth


def _table_of(field: FieldInfo) -> type[BaseModel] | None:
    """The table a field is, or of which it holds many; None for a plain value."""
    annotation = field.annotation
    inner = get_args(annotation)[-1] if get_origin(annotation) is dict else annotation
    choices = get_args(inner) if get_origin(inner) in (Union, UnionType) else (inner,)
    return next((one for one in choices if isinstance(one, type) and issubclass(one, BaseModel)), None)
