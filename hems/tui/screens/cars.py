"""Key 4: the cars."""

from collections.abc import Sequence
from typing import ClassVar

from hems.model.picture import Picture
from hems.tui.screens.listing import ListScreen
from hems.tui.text.car_list import car_list
from hems.tui.text.listing import Listing
from hems.tui.widgets.footer import Key


class CarsScreen(ListScreen):
    """What each car gives or takes, and what its driver keeps."""

    LOOKS: ClassVar[tuple[Key, ...]] = (("/ find", "screen.find"),)
    ABOUT: ClassVar[Sequence[str]] = (
        "CARS lists every charger. Arrows choose a line; below stands why the car",
        "does what it does.",
        "",
        "  KEEPS  what the driver keeps: no power cut takes the car below that",
        "  SPARE  what the building may still use of it now",
        "  DOES   giving: the car feeds the building; taking: it charges",
        "",
        "In a power cut cars do not charge; those that can give may help.",
        "A driver who wants to leave simply unplugs, unless the line says FEEDS",
        "ALL: then this car alone powers the building and all would be dark.",
    )

    def listing(self, picture: Picture, find: str, width: int) -> Listing:
        """The bays."""
        return car_list(picture, self.chosen, find, width)
