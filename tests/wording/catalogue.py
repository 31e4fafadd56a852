"""The messages of the program and their translations: found in the code, kept in `.po`, compiled to `.mo`.

`python tests/wording/catalogue.py` adds new messages to every catalogue, drops those that are gone, and compiles; a
message without a translation stays empty there, and `test_language.py` says so.
"""

import ast
import re
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

ROOT = Path(__file__).parents[2]
LOCALE = ROOT / "hems" / "wording" / "locale"
MARKS = {"N_", "say", "translated"}
TABLES = {
    "HEADLINES",
    "GRID_WORDS",
    "TIE_WORDS",
    "BAY_WORDS",
    "SPAN_WORDS",
    "LOOKS",
    "ACTS",
    "KEYS",
    "MORE",
    "LOST",
    "CALLS",
}
"""Names of tables whose words are translated where they are shown."""
PAGES = {"ABOUT", "EVERYWHERE"}
"""Names of tuples of lines that are one message."""
HEADER = "Content-Type: text/plain; charset=UTF-8\n"


def messages() -> list[str]:
    """Every message of the program, in the order of the code."""
    found: dict[str, None] = {}
    for path in sorted((ROOT / "hems").rglob("*.py")):
        found |= dict.fromkeys(_in(ast.parse(path.read_text(encoding="utf-8"))))
    return [message for message in found if re.search(r"[A-Za-z]{2}", re.sub(r"\{[^}]*\}", "", message))]


def _in(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            told = node.args[0]
            if node.func.id in MARKS and isinstance(told, ast.Constant) and isinstance(told.value, str):
                yield told.value
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = {target.id for target in targets if isinstance(target, ast.Name)}
            texts = [one.value for one in ast.walk(node.value) if isinstance(one, ast.Constant)]
            lines = [text for text in texts if isinstance(text, str)]
            if names & TABLES:
                yield from (line for line in lines if not line.startswith(("app.", "screen.")))
            elif names & PAGES and lines:
                yield "\n".join(lines)
            elif any(name.endswith("HEADING") for name in names):
                yield from lines


def read(path: Path) -> dict[str, str]:
    """A catalogue.  Raises: ValueError for a line that is none."""
    found: dict[str, str] = {}
    key, part = "", ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("msgid "):
            key, part = ast.literal_eval(line[6:]), "msgid"
        elif line.startswith("msgstr "):
            found[key], part = ast.literal_eval(line[7:]), "msgstr"
        elif line.startswith('"') and part == "msgid":
            key += ast.literal_eval(line)
        elif line.startswith('"') and part == "msgstr":
            found[key] += ast.literal_eval(line)
        elif line and not line.startswith("#"):
            raise ValueError(f"{path}: {line}")
    found.pop("", None)
    return found


def write(path: Path, told: dict[str, str]) -> None:
    """A catalogue, in the order of the code."""
    blocks = [f'msgid ""\nmsgstr {_quoted(HEADER)}']
    blocks += [f"msgid {_quoted(key)}\nmsgstr {_quoted(value)}" for key, value in told.items()]
    path.write_text("\n\n".join(blocks) + "\n", encoding="utf-8")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    lines = escaped.split("\n")
    if len(lines) == 1:
        return f'"{escaped}"'
    return "\n".join(['""', *(f'"{line}\\n"' for line in lines[:-1]), *([f'"{lines[-1]}"'] if lines[-1] else [])])


def compiled(told: dict[str, str]) -> bytes:
    """The form that gettext reads."""
    pairs = sorted((key.encode(), value.encode()) for key, value in {"": HEADER, **told}.items() if value)
    ids = b"".join(key + b"\0" for key, _ in pairs)
    start = 28 + 16 * len(pairs)
    keys, values, at_key, at_value = [], [], start, start + len(ids)
    for key, value in pairs:
        keys += [len(key), at_key]
        values += [len(value), at_value]
        at_key, at_value = at_key + len(key) + 1, at_value + len(value) + 1
    head = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0)
    return head + struct.pack(f"<{4 * len(pairs)}I", *keys, *values) + ids + b"".join(v + b"\0" for _, v in pairs)


def placeholders(text: str) -> set[str]:
    """Names to be filled in."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


if __name__ == "__main__":
    for po in sorted(LOCALE.glob("*/LC_MESSAGES/hems.po")):
        known = read(po)
        fresh = {message: known.get(message, "") for message in messages()}
        write(po, fresh)
        po.with_suffix(".mo").write_bytes(compiled(fresh))
        sys.stdout.write(f"{po.parts[-3]}: {len(fresh)} messages, {sum(not one for one in fresh.values())} to do\n")
