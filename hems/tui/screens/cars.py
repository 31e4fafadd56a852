"""Key 4: the cars."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from hems.model.errors import HemsError
from hems.model.picture import CarPicture, Picture
from hems.tui.screens.field import FieldScreen
from hems.tui.screens.listing import ActingScreen
from hems.tui.screens.weigh import WeighCarScreen
from hems.tui.text.car_list import car_list
from hems.tui.text.listing import Listing
from hems.tui.when import leaves, seconds_told, target_told
from hems.tui.widgets.footer import Key
from hems.tui.working import asking
from hems.wording.language import say


class CarsScreen(ActingScreen):
    """What each car gives or takes, and what its driver keeps."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l,L", "leaving", show=False),
        Binding("d,D", "departure", show=False),
        Binding("t,T", "target", show=False),
        Binding("v,V", "first", show=False),
        Binding("k,K,r,R", "keeps", show=False),
        Binding("n,N", "never", show=False),
    ]
    ACTS: ClassVar[tuple[Key, ...]] = (
        ("L leaving early", "screen.leaving"),
        ("D leaves at", "screen.departure"),
        ("T shall have", "screen.target"),
        ("V first", "screen.first"),
        ("K keeps", "screen.keeps"),
        ("N nothing", "screen.never"),
    )
    LOOKS: ClassVar[tuple[Key, ...]] = (("/ find", "screen.find"),)
    ABOUT: ClassVar[Sequence[str]] = (
        "CARS lists every charger. Arrows choose a line; below stands why the car",
        "does what it does.",
        "",
        "  KEEPS  what the driver keeps: no power cut takes the car below that",
        "  SPARE  what the building may still use of it now",
        "  SHALL HAVE  how full it shall be, and when it leaves; ! it goes first",
        "",
        "  L  leaving early: it gives nothing more and charges first; L again: not so",
        "  D  when it leaves    T  what it shall have then, in percent or kilometres",
        "  V  goes first, for this visit    K  what it keeps    N  nothing of it for",
        "     the building: with the driver's code of the bay, or an operator's PIN",
        "  D, T and V say before Y whether it will be ready, and what others get.",
        "",
        "In a power cut cars do not charge; those that can give may help.",
        "A driver who wants to leave simply unplugs, unless the line says FEEDS",
        "ALL: then this car alone powers the building and all would be dark.",
    )

    def action_leaving(self) -> None:
        """Whoever stands there may say so; the same key takes it back."""
        car = self._chosen_car()
        if car is not None:
            self._say(car, leaving=not car.leaving)

    def action_departure(self) -> None:
        """When the car leaves, so that it is ready."""
        self._ask_driver(say("When does the car leave? Such as 07:30 or 2h."), self._departs)

    def action_target(self) -> None:
        """How full it shall be when it leaves, or how far it must go."""
        self._ask_driver(say("What shall the car have when it leaves? Such as 80% or 120 km."), self._shall_have)

    def action_first(self) -> None:
        """Whether it goes before others for this visit."""
        car = self._chosen_car()
        if car is not None and car.first:
            self._with_code(car, first=False)
        elif car is not None:
            self._with_code(car, say("{name} goes FIRST for this visit?", name=car.name), first=True)

    def action_keeps(self) -> None:
        """What the car keeps, in percent."""
        self._ask_driver(say("How many percent shall the car keep in a power cut?"), self._keeps)

    def action_never(self) -> None:
        """Whether the building may take anything at all."""
        car = self._chosen_car()
        if car is not None:
            self._with_code(car, never=not car.never)

    @asking(exclusive=True, group="driver")
    async def _ask_driver(self, question: str, then: Callable[[CarPicture, str], None]) -> None:
        car = self._chosen_car()
        typed = None if car is None else await self.app.push_screen_wait(FieldScreen(question))
        if car is not None and typed:
            then(car, typed)

    def _departs(self, car: CarPicture, typed: str) -> None:
        picture = self._shown.picture
        in_s = None if picture is None else seconds_told(picture, typed)
        if picture is None or in_s is None:
            self.tell(say("{typed} is no time; write for example 07:30 or 2h.", typed=typed))
        else:
            question = say("{name} leaves {when}?", name=car.name, when=leaves(picture, in_s))
            self._with_code(car, question, leaves_in_s=in_s)

    def _shall_have(self, car: CarPicture, typed: str) -> None:
        wish = target_told(typed)
        if wish is None:
            self.tell(say("{typed} is neither percent nor kilometres; write for example 80% or 120 km.", typed=typed))
        else:
            self._with_code(car, say("{name} shall have {typed}?", name=car.name, typed=typed), **wish)

    def _keeps(self, car: CarPicture, typed: str) -> None:
        if typed.rstrip("%").isdigit():
            self._with_code(car, keeps_pct=float(typed.rstrip("%")))
        else:
            self.tell(say("{typed} is no number of percent.", typed=typed))

    @asking(exclusive=True, group="code")
    async def _with_code(self, car: CarPicture, question: str = "", **wish: bool | float) -> None:
        """The driver is known by the code of the bay; without it an operator may say what gives the car more.

        With a `question` HEMS says before Y what would come of it.
        """
        code = None
        if car.has_code:
            asks = say("Four-digit code of {name}? Empty: I am an operator.", name=car.name)
            code = await self.app.push_screen_wait(FieldScreen(asks, secret=True))
            if code is None:
                return
        picture = self._shown.picture
        if question and picture is not None:
            asked = {"bay": car.id, "who": self._who, **wish}
            if not await self.app.push_screen_wait(WeighCarScreen(question, self._ask, picture, asked)):
                return
        self._say(car, **wish, **({"code": code} if code else {}))

    @asking(exclusive=True, group="say")
    async def _say(self, car: CarPicture, **wish: bool | float | str) -> None:
        try:
            await self._ask("car", bay=car.id, who=self._who, **wish)
        except HemsError as error:
            self.tell(str(error))
        else:
            self.tell(say("{name}: noted. The lines below say what it means.", name=car.name))

    def _chosen_car(self) -> CarPicture | None:
        picture = self._shown.picture
        if picture is None or not self._shown.may_operate:
            return None
        return next((car for car in picture.cars if car.id == self.chosen), None)

    def listing(self, picture: Picture, find: str, width: int) -> Listing:
        """The bays."""
        return car_list(picture, self.chosen, find, width)
