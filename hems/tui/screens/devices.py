"""Key 7: the devices."""

from collections.abc import Sequence
from typing import ClassVar

from hems.model.picture import Picture
from hems.tui.screens.listing import ListScreen
from hems.tui.text.device_list import device_list
from hems.tui.text.listing import Listing
from hems.tui.widgets.footer import Key


class DevicesScreen(ListScreen):
    """What answers and what does not."""

    LOOKS: ClassVar[tuple[Key, ...]] = (("/ find", "screen.find"),)
    ABOUT: ClassVar[Sequence[str]] = (
        "DEVICES lists every meter, inverter, charger and relay that HEMS talks to,",
        "the silent ones first.",
        "",
        "  ANSWERS     whether it answers, and for how long it has not",
        "  COMMANDS    armed: HEMS may command it; only watched: it never does",
        "  OWN ALARMS  what the device itself calls abnormal",
        "",
        "HEMS goes on without a device that is silent. Below the list stands",
        "what to do about the chosen one.",
    )

    def listing(self, picture: Picture, find: str, width: int) -> Listing:
        """The devices."""
        return device_list(picture, self.chosen, find, width)
