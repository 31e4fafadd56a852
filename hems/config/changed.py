"""Whether the site file is still the one that is in force: what was edited by hand would come as a surprise one day."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

LOOK_EVERY_S = 60.0


class Changed:
    """Looks now and then whether somebody has changed a file since it was read."""

    def __init__(self, path: Path, digest: str) -> None:
        self._path = path
        self._digest = digest
        self._looked_s = float("-inf")
        self._fault = ""

    def faults(self, now_s: float) -> Mapping[str, str]:
        """One sentence while it is so."""
        if now_s - self._looked_s >= LOOK_EVERY_S:
            self._looked_s = now_s
            self._fault = self._looked()
        return {"site file changed": self._fault} if self._fault else {}

    def _looked(self) -> str:
        try:
            same = sha256(self._path.read_bytes()).hexdigest() == self._digest
        except OSError as error:
            why = f"{self._path} can no longer be read ({error.strerror})"
            return f"{why}; HEMS goes on with what it has read. Put the file back, readable for the group hems."
        if same:
            return ""
        undo = "hems config diff FILE shows what a copy would change, hems config apply FILE puts it in force"
        return f"{self._path} was changed and is not in force; it is read when HEMS starts. {undo}."
