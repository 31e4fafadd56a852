"""The JSON Schema of a file with its manual in it: the sentence below each key is what editors show."""

import ast
import inspect
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from itertools import pairwise
from textwrap import dedent
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

Schema = dict[str, Any]


class Described(GenerateJsonSchema):
    """With the sentence below each field as its description.

    Read here, where somebody wants to see it, and not whenever a process starts: that took a quarter of the start.
    """

    def model_schema(self, schema: core_schema.ModelSchema) -> Schema:
        """The schema of one table of a site file."""
        aliases = {name: one.alias for name, one in schema["cls"].model_fields.items()}
        return _told(super().model_schema(schema), schema["cls"], aliases)

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> Schema:
        """The schema of one section of a profile."""
        aliases = {one.name: one.metadata.get("alias") for one in fields(schema["cls"])}
        return _told(super().dataclass_schema(schema), schema["cls"], aliases)


def _told(found: Schema, of: type, aliases: Mapping[str, str | None]) -> Schema:
    for name, sentence in _sentences(of).items():
        key = aliases.get(name) or name
        if key in found.get("properties", {}):
            found["properties"][key].setdefault("description", sentence)
    return found


def _sentences(of: type) -> dict[str, str]:
    """What is written below each field of a class and of those it is made from."""
    found: dict[str, str] = {}
    own = [one for one in of.__mro__ if one is not BaseModel and (issubclass(one, BaseModel) or is_dataclass(one))]
    for cls in reversed(own):
        for line in ast.parse(dedent(inspect.getsource(cls))).body:
            for pair in pairwise(line.body if isinstance(line, ast.ClassDef) else []):
                match pair:
                    case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                        found[name] = inspect.cleandoc(text)
    return found
