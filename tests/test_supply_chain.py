"""What hems is made of, and whether that was looked at."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def sbom(checkout: Path) -> str:
    command = [sys.executable, str(checkout / ".ci/sbom.py")]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_list_of_parts_has_every_locked_package_with_its_version_and_hashes(checkout: Path) -> None:
    lock = (checkout / "requirements.lock").read_text(encoding="utf-8")
    told: dict[str, Any] = json.loads(sbom(checkout))
    assert (told["bomFormat"], told["specVersion"]) == ("CycloneDX", "1.5")
    parts = {f"{one['name']}=={one['version']}": one for one in told["components"]}
    assert set(parts) == set(re.findall(r"^[^\s#]+==[^\s;\\]+", lock, re.MULTILINE))
    assert sum(len(one["hashes"]) for one in parts.values()) == lock.count("--hash=sha256:")
    assert all(one["purl"] == one["bom-ref"] for one in parts.values())
    assert told["dependencies"][0]["dependsOn"] == [one["bom-ref"] for one in told["components"]]


def test_the_same_lock_gives_the_same_list(checkout: Path) -> None:
    assert sbom(checkout) == sbom(checkout)


@pytest.mark.parametrize(
    ("says", "ends", "code", "told"),
    [
        ("No known vulnerabilities found", 0, 0, ""),
        ("Found 2 known vulnerabilities in 1 package", 1, 1, ""),
        ("No known vulnerabilities found\nx  Dependency .. could not be audited: x", 0, 3, "of 1 packages"),
        ("ConnectionError: no route", 1, 3, "could not be fetched. ConnectionError: no route"),
    ],
)
def test_a_lock_that_could_not_be_looked_at_is_never_called_clean(
    checkout: Path, tmp_path: Path, says: str, ends: int, code: int, told: str
) -> None:
    tool = tmp_path / "pip-audit"
    tool.write_text(f"#!/bin/sh\ncat <<'END'\n{says}\nEND\nexit {ends}\n")
    tool.chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    found = subprocess.run([checkout / ".ci/audit"], capture_output=True, text=True, env=environment, check=False)
    assert (found.returncode, told in found.stderr) == (code, True)
    assert ("NOT looked at" in found.stderr) is (code == 3)
