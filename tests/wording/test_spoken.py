"""What drivers say, told in the reader's language."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hems.model.cause import Cause, Why
from hems.wording import sentence
from hems.wording.language import catalogue
from hems.wording.spoken import FORMS, spoken

HOLES = re.compile(r"\{[^}]*\}")


@pytest.fixture
def german(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LANGUAGE", "de")
    catalogue.cache_clear()
    yield
    catalogue.cache_clear()


def said_by_drivers(drivers: Path) -> set[str]:
    """Every text in their code, with `{}` for each fact."""
    nodes = [node for path in drivers.rglob("*.py") for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    whole = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    filled = {
        "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        for node in nodes
        if isinstance(node, ast.JoinedStr)
    }
    return whole | filled


def test_every_form_is_one_that_a_driver_says(checkout: Path) -> None:
    said = said_by_drivers(checkout / "drivers")
    for form in FORMS:
        bare = HOLES.sub("{}", form)
        assert bare in said or bare.removesuffix(": {}") in said, form


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ("no answer from unit 1 within 0.6 s", "keine Antwort von Einheit 1 binnen 0.6 s"),
        (
            "no answer from unit 1 within 0.6 s, only noise: check baud rate, parity and stop bits, and that no two "
            "units have this number",
            "keine Antwort von Einheit 1 binnen 0.6 s, nur Störgeräusch: Baudrate, Parität und Stoppbits prüfen, und "
            "dass keine zwei Einheiten diese Nummer haben",
        ),
        (
            "no answer from unit 1 within 1 s; check its unit_id, or write rtu-over-tcp:// if the gateway only passes "
            "serial frames on",
            "keine Antwort von Einheit 1 binnen 1 s; seine unit_id prüfen, oder rtu-over-tcp:// schreiben, wenn das "
            "Gateway serielle Telegramme nur durchreicht",
        ),
        ("no connection: nothing answers there", "keine Verbindung: dort antwortet nichts"),
        ("exception 2: illegal address", "Ausnahme 2: unzulässige Adresse"),
        ("what the device itself says", "what the device itself says"),
    ],
)
def test_a_german_alarm_tells_in_german_why_a_device_is_silent(detail: str, words: str) -> None:
    told = sentence(Cause(Why.DEVICE_SILENT, {"device": "hybrid", "detail": detail}))
    assert f"({words})" in told


def test_an_english_one_tells_it_as_the_driver_does() -> None:
    assert all(spoken(form) == form for form in FORMS)
