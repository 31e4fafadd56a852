"""The JSON Schema of a file with its manual in it: the sentence below each key is what editors show."""

import ast
import inspect
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
        """The schema of one class."""
        found: Schema = super().model_schema(schema)
        fields = schema["cls"].model_fields
        for name, sentence in _sentences(schema["cls"]).items():
            key = fields[name].alias or name if name in fields else name
            if key in found.get("properties", {}):
                found["properties"][key].setdefault("description", sentence)
        return found


def _sentences(model: type[BaseModel]) -> dict[str, str]:
    """What is written below each field of a class and of those it is made from."""
    found: dict[str, str] = {}
    for cls in reversed([one for one in model.__mro__ if issubclass(one, BaseModel) and one is not BaseModel]):
        written = cls.__pydantic_generic_metadata__["origin"] or cls
        for line in ast.parse(dedent(inspect.getsource(written))).body:
            for pair in pairwise(line.body if isinstance(line, ast.ClassDef) else []):
                match pair:
                    case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                        found[name] = inspect.cleandoc(text)
    return found
