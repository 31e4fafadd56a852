"""The JSON Schema of a profile file, from which editors complete and explain keys.

It is that of the checked profile, widened by what is only in the file: variants, and a placeholder wherever a number or
a yes or no may stand.  What lines must have to do with each other it cannot say; loading the profile does.
"""

from typing import Any

from drivers.profile.checked import checks
from drivers.profile.section import Section
from drivers.profile.variants import SECTIONS
from hems.ports.manual import Described

Schema = dict[str, Any]

PLACEHOLDER: Schema = {"type": "string", "pattern": r"\{\w+\}"}
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(model: type[Section], engine: str) -> Schema:
    """The schema of the files that `model` is read from."""
    schema: Schema = _as_in_the_file(checks(model).json_schema(schema_generator=Described))
    schema["properties"]["variants"] = _variants(schema["properties"])
    title = f"hems device profile, engine {engine}"
    return {"$schema": DIALECT, "title": title, **{key: part for key, part in schema.items() if key != "title"}}


def _as_in_the_file(node: Any) -> Any:  # noqa: ANN401 JSON may be anything
    """Placeholders allowed, generated titles dropped."""
    if isinstance(node, list):
        return [_as_in_the_file(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: item for key, item in node.items() if not (key == "title" and isinstance(item, str))}
    kept = {"anyOf" if key == "oneOf" else key: _as_in_the_file(item) for key, item in kept.items()}
    kept.pop("discriminator", None)
    if kept.get("type") not in ("integer", "number", "boolean"):
        return kept
    about = {key: kept.pop(key) for key in ("description", "default") if key in kept}
    return {**about, "anyOf": [kept, PLACEHOLDER]}


def _variants(properties: Schema) -> Schema:
    sections = {name: _optional(properties[name]) for name in SECTIONS if name in properties}
    without = {"type": "array", "items": {"type": "string", "pattern": r"^\w+\..+"}}
    chosen = {"type": "object", "properties": {"without": without, **sections}, "additionalProperties": False}
    about = "`[variants.PARAMETER.VALUE.SECTION]`: lines that take the place of those of the same name."
    return {
        "type": "object",
        "description": about,
        "additionalProperties": {"type": "object", "additionalProperties": chosen},
    }


def _optional(section: Schema) -> Schema:
    """A part of a section; what must be there stands in the common part."""
    return section if "additionalProperties" in section else {"type": "object"}
