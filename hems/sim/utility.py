"""What the utility says to a building on a flexible connection, and whether it is heard."""

from dataclasses import dataclass

UNLIMITED_W = 1_000_000.0
"""How a limit is told that no longer holds."""


@dataclass(slots=True)
class Utility:
    """Limits as they are told at present, at first none; who has been silent tells them anew, not by itself."""

    import_w: float | None = None
    export_w: float | None = None
    heard: bool = False
    """Its signs of life come through."""
    reduced: bool = False
    """It has closed the contact that asks for less."""

    @property
    def told(self) -> tuple[float | None, float | None, float | None, bool]:
        """Both limits, a sign of life, and the contact; None for what is not heard."""
        return self.import_w, self.export_w, 1.0 if self.heard else None, self.reduced

    def limit(self, import_kw: float | None = None, export_kw: float | None = None) -> None:
        """Tell limits; None lifts one."""
        self.heard = True
        self.import_w = UNLIMITED_W if import_kw is None else 1000.0 * import_kw
        self.export_w = UNLIMITED_W if export_kw is None else 1000.0 * export_kw

    def fall_silent(self, silent: bool) -> None:
        """Nothing is heard any more; or only signs of life again, until a limit is told."""
        self.heard = not silent
        if silent:
            self.import_w = self.export_w = None
