"""Prints what hems is made of, from the lock, as a CycloneDX 1.5 document; the same lock gives the same text."""

import json
import re
import sys
import tomllib
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

HERE = Path(__file__).resolve().parents[1]
ENTRY = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)(?:\s*;\s*(?P<marker>[^\\]+))?", re.MULTILINE)


def components(lock: str) -> list[dict[str, object]]:
    """One for each package; the hashes are those of every file that the lock admits for it."""
    found = []
    for entry in re.split(r"\n(?=\S)", lock.strip()):
        match = ENTRY.match(entry)
        if match is None:
            raise SystemExit(f"requirements.lock: {entry.splitlines()[0]!r} is no locked package.")
        name, purl = match["name"], f"pkg:pypi/{match['name'].lower().replace('_', '-')}@{match['version']}"
        one: dict[str, object] = {"type": "library", "bom-ref": purl, "name": name, "version": match["version"]}
        one["purl"] = purl
        one["hashes"] = [{"alg": "SHA-256", "content": part} for part in re.findall(r"sha256:([0-9a-f]{64})", entry)]
        if match["marker"]:
            one["properties"] = [{"name": "cdx:python:marker", "value": match["marker"].strip()}]
        found.append(one)
    return found


def document(lock: str, version: str) -> dict[str, object]:
    """The whole of it."""
    parts, own = components(lock), f"pkg:generic/hems@{version}"
    licences = [{"license": {"id": "Apache-2.0"}}]
    root = {
        "type": "application",
        "bom-ref": own,
        "name": "hems",
        "version": version,
        "licenses": licences,
        "purl": own,
    }
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, version + lock)}",
        "version": 1,
        "metadata": {"component": root},
        "components": parts,
        "dependencies": [{"ref": own, "dependsOn": [str(one["bom-ref"]) for one in parts]}],
    }


if __name__ == "__main__":
    project = tomllib.loads((HERE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    told = document((HERE / "requirements.lock").read_text(encoding="utf-8"), project["version"])
    json.dump(told, sys.stdout, indent=1)
    print()
