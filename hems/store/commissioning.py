"""`commissioning.toml`: what was proven on this building, and what was armed without proof.  Written as a whole.

It lies in the state directory, names the hash of the site file it belongs to, and can be read by people.
"""

import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from hems.model.errors import StoreError
from hems.model.proof import Proof, Unproven, Verdict
from hems.model.units import DeviceId

NAME = "commissioning.toml"
HEAD = "# Written by hems.  What is changed here by hand counts as not proven, and disarms the device.\n"


class Commissioning:
    """The record; what cannot be read counts as empty, which only ever disarms."""

    def __init__(self, directory: Path, *, site: str, site_digest: str) -> None:
        self.path = directory / NAME
        self.trouble = ""
        """Why the file could not be read; one sentence."""
        self._head = {"site": site, "site_digest": site_digest}
        self._proofs: dict[str, Proof] = {}
        self._unproven: dict[DeviceId, Unproven] = {}
        self._read()

    def faults(self) -> dict[str, str]:
        """For the alarms of the daemon."""
        return {"commissioning": self.trouble} if self.trouble else {}

    def proof(self, step: str) -> Proof | None:
        """The last proof of a step."""
        return self._proofs.get(step)

    def proofs(self) -> tuple[Proof, ...]:
        """All of them."""
        return tuple(self._proofs.values())

    def unproven(self) -> Mapping[DeviceId, Unproven]:
        """Devices that were armed without proof."""
        return dict(self._unproven)

    def seal(self, device: DeviceId) -> str:
        """A hash of all that is recorded of a device; any change of it disarms the device."""
        own = [to_line(proof) for proof in self._proofs.values() if proof.device == device]
        return sha256("\n".join(sorted(own)).encode()).hexdigest()

    def add(self, proof: Proof) -> None:
        """Record a step in place of an older proof of it.  Blocks for the disk.  Raises: StoreError."""
        self._write({**self._proofs, proof.step: proof}, self._unproven)

    def arm_unproven(self, one: Unproven) -> None:
        """Record that a device was armed without its proofs.  Blocks.  Raises: StoreError."""
        self._write(self._proofs, {**self._unproven, one.device: one})

    def forget_unproven(self, device: DeviceId) -> None:
        """The device is disarmed, or proven.  Blocks.  Raises: StoreError."""
        if device in self._unproven:
            self._write(self._proofs, {key: one for key, one in self._unproven.items() if key != device})

    def _read(self) -> None:
        try:
            table = tomllib.loads(self.path.read_text(encoding="utf-8"))
            self._proofs = {one.step: one for one in _proofs(table.get("proof", []))}
            unproven = (Unproven(**{**line, "device": DeviceId(line["device"])}) for line in table.get("unproven", []))
            self._unproven = {one.device: one for one in unproven}
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError, KeyError) as error:
            self._proofs, self._unproven = {}, {}
            self.trouble = f"{self.path} cannot be read ({error}): nothing counts as proven. Restore a copy, or prove."

    def _write(self, proofs: Mapping[str, Proof], unproven: Mapping[DeviceId, Unproven]) -> None:
        draft, text = self.path.with_suffix(".new"), "\n".join(_lines(self._head, proofs, unproven)) + "\n"
        try:
            tomllib.loads(text)  # what could not be read again would disarm everything at the next start
            with draft.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path)
        except ValueError as error:
            raise StoreError(f"{self.path} would be unreadable ({error}).") from error
        except OSError as error:
            raise StoreError(f"{self.path} cannot be written: {error.strerror}.") from error
        self._proofs, self._unproven = dict(proofs), dict(unproven)


def to_line(proof: Proof) -> str:
    """A proof as one line, for its hash."""
    return json.dumps([getattr(proof, name) for name in Proof.__slots__], sort_keys=True, default=dict)


def _proofs(lines: list[dict[str, Any]]) -> Iterator[Proof]:
    for line in lines:
        proof = Proof(**line)
        yield replace(proof, verdict=Verdict(proof.verdict), device=DeviceId(proof.device))


def _lines(
    head: Mapping[str, str], proofs: Mapping[str, Proof], unproven: Mapping[DeviceId, Unproven]
) -> Iterator[str]:
    yield HEAD
    yield from _table(head)
    for proof in proofs.values():
        yield "\n[[proof]]"
        yield from _table({name: getattr(proof, name) for name in Proof.__slots__})
    for one in unproven.values():
        yield "\n[[unproven]]"
        yield from _table({name: getattr(one, name) for name in Unproven.__slots__})


def _table(values: Mapping[str, Any]) -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            pairs = ", ".join(f"{json.dumps(name)} = {number!r}" for name, number in value.items())
            yield f"{key} = {{ {pairs} }}" if pairs else f"{key} = {{}}"
        else:
            yield f"{key} = {json.dumps(str(value), ensure_ascii=False)}"
