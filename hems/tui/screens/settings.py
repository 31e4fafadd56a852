"""Key 0, for the installer: putting the building into service, stage by stage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from hems.commission.stages import Stage, progress, steps_of
from hems.commission.steps import Step
from hems.model.consequence import Weight
from hems.model.errors import HemsError
from hems.model.picture import Picture
from hems.model.proof import Proof
from hems.model.site import Site
from hems.model.wiring import Wiring
from hems.report.rehearsal import rehearsal_lines
from hems.report.sheet import as_text
from hems.report.sign_off import sign_off
from hems.tui.asking import Ask, read
from hems.tui.screens.find import FindScreen
from hems.tui.screens.listing import ListScreen
from hems.tui.screens.page import PageScreen
from hems.tui.screens.walk import WalkScreen
from hems.tui.text.listing import Listing
from hems.tui.text.settings import car_lines, group_list, site_lines, stage_list, step_list
from hems.tui.view import View
from hems.tui.widgets.footer import Key
from hems.tui.working import asking
from hems.wording.language import N_, say

NOT_YOURS = N_("Settings are the installer's: come in by hems tui --socket admin.")


class SettingsScreen(ListScreen):
    """The stages; each opens a page or a walk of its own."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "open", show=False)]
    ACTS: ClassVar[tuple[Key, ...]] = (("ENTER open", "screen.open"),)
    ABOUT: ClassVar[Sequence[str]] = (
        "SETTINGS lead the installer through putting a building into service.",
        "",
        "Go from stage to stage; each can be left and taken up again. What was",
        "proven is kept, with your name and the time, until what it rests on changes.",
        "",
        "  done  nothing is left to do    OPEN  something is    look  judge yourself",
        "",
        "The site file is written by people: nothing here changes it.",
    )

    def __init__(self, ask: Ask, who: str, may: bool, hint: str = "") -> None:
        super().__init__(hint)
        self._ask = ask
        self._who = who
        self._may = may
        self._site: Site | None = None
        self._wires: Wiring | None = None
        self._digest = ""
        self._proofs: Mapping[str, Any] = {}
        self._empty = say("HEMS is asked ...") if may else say(NOT_YOURS)

    def listing(self, picture: Picture, find: str, width: int) -> Listing:
        """The stages."""
        if self._site is None or self._wires is None:
            return stage_list((), "", width, self._empty)
        return stage_list(progress(self._site, self._wires, self._proofs, picture), self.chosen, width, self._empty)

    def arrive(self) -> None:
        """What was proven meanwhile counts."""
        super().arrive()
        if self._may:
            self._learn()

    def on_screen_resume(self) -> None:
        """Back from a stage: look how far it has come."""
        if self._may:
            self._learn()

    def take(self, site: Site, wires: Wiring, digest: str, proofs: Mapping[str, Any]) -> None:
        """This is the building that is put into service, and how far that has come."""
        self._site, self._wires, self._digest, self._proofs = site, wires, digest, proofs

    @asking(exclusive=True, group="setup")
    async def _learn(self) -> None:
        try:
            proofs = checked(await self._ask("proofs"))
            if self._site is None:
                told = await self._ask("setup")
                self.take(read(Site, told, "site"), read(Wiring, told, "wiring"), read(str, told, "digest"), proofs)
            self._proofs = proofs
        except HemsError as error:
            self._empty = str(error)
        self.show(self._shown)

    @asking(exclusive=True, group="open")
    async def action_open(self) -> None:
        """Open the chosen stage."""
        picture, site, wires = self._shown.picture, self._site, self._wires
        if picture is None or site is None or wires is None or not self.chosen:
            return
        match Stage(self.chosen):
            case Stage.SITE:
                self._page(say("SITE AND CLOCK"), site_lines(site, wires, self._digest, picture))
            case Stage.DEVICES:
                self._go(FindScreen(self._ask, self._who, self._hint))
            case Stage.READINGS | Stage.RELAYS as stage:
                self._go(StepsScreen(stage, (site, wires), self._ask, self._who, self._hint))
            case Stage.GROUPS:
                self._go(GroupsScreen(self._ask, self._hint))
            case Stage.CARS:
                self._page(say("CARS AND WHAT THEY KEEP"), car_lines(site, picture))
            case Stage.ALARMS:
                await self.app.run_action("app.show('alarms')")
            case Stage.DRILL:
                await self._rehearse(picture)
            case Stage.SHEET:
                told = as_text(sign_off(site, self._proofs, self._digest)).splitlines()
                self._go(PageScreen(say("SHEET TO SIGN"), told, self._hint, wrapped=False))

    async def _rehearse(self, picture: Picture) -> None:
        try:
            told = (await self._ask("rehearse", who=self._who))["rehearsal"]
        except HemsError as error:
            self.tell(str(error))
            return
        names = {str(circuit.id): circuit.name for circuit in picture.circuits}
        self._page(say("A POWER CUT, REHEARSED"), rehearsal_lines(told, names))

    def _page(self, title: str, lines: Sequence[str]) -> None:
        self._go(PageScreen(title, lines, self._hint))

    def _go(self, screen: Any) -> None:  # noqa: ANN401  (any screen of ours)
        self.app.push_screen(screen)
        screen.show(self._shown)


class StepsScreen(ListScreen):
    """What is to be proven in one stage."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "prove", show=False),
        Binding("a,A", "prove_all", show=False),
    ]
    LOOKS: ClassVar[tuple[Key, ...]] = (("ESC back", "app.back"),)
    ACTS: ClassVar[tuple[Key, ...]] = (
        ("ENTER prove this one", "screen.prove"),
        ("A all that are open", "screen.prove_all"),
    )
    ABOUT: ClassVar[Sequence[str]] = (
        "STEPS are proven one by one, in any order, by anybody who signs with a name.",
        "",
        "  ENTER  the chosen step, also when it was proven before",
        "  A      all that are not proven, one after the other",
    )

    def __init__(self, stage: Stage, setup: tuple[Site, Wiring], ask: Ask, who: str, hint: str = "") -> None:
        super().__init__(hint)
        self._setup = setup
        self._steps = steps_of(stage, *setup)
        self._ask = ask
        self._who = who
        self._proofs: Mapping[str, Any] = {}

    def listing(self, picture: Picture, find: str, width: int) -> Listing:
        """The steps."""
        del picture, find
        return step_list(self._steps, self._proofs, self.chosen, width)

    def on_screen_resume(self) -> None:
        """How they stand now."""
        self._learn()

    @asking(exclusive=True, group="proofs")
    async def _learn(self) -> None:
        try:
            self._proofs = checked(await self._ask("proofs"))
        except HemsError as error:
            self.tell(str(error))
        self.show(self._shown)

    def action_prove(self) -> None:
        """The chosen one."""
        self._walk([step for step in self._steps if step.id == self.chosen])

    def action_prove_all(self) -> None:
        """Those that are open."""
        proven = {one["step"] for one in self._proofs.get("steps", ()) if one["state"] == "proven"}
        self._walk([step for step in self._steps if step.id not in proven])

    def _walk(self, todo: Sequence[Step]) -> None:
        if todo:
            walk = WalkScreen(self._setup, todo, self._ask, self._who, self._hint)
            self.app.push_screen(walk)
            walk.show(self._shown)
        else:
            self.tell(say("Everything of this is proven."))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one step stands."""

    step: str
    state: str
    proof: Proof | None = None


class GroupsScreen(ListScreen):
    """What each circuit costs in a power cut."""

    LOOKS: ClassVar[tuple[Key, ...]] = (("ESC back", "app.back"),)
    ABOUT: ClassVar[Sequence[str]] = (
        "GROUPS shows for each circuit how long essential power would last with it,",
        "and without it, if the power failed now.",
        "",
        "A circuit that costs hours and is not missed belongs in a lower group.",
    )

    def __init__(self, ask: Ask, hint: str = "") -> None:
        super().__init__(hint)
        self._ask = ask
        self._weights: tuple[Weight, ...] = ()
        self._empty = say("HEMS works it out ...")

    def listing(self, picture: Picture, find: str, width: int) -> Listing:
        """The circuits."""
        del picture, find
        return group_list(self._weights, self.chosen, width, self._empty)

    def show(self, view: View) -> None:
        """As it is now."""
        super().show(view)

    def on_mount(self) -> None:
        """Ask once; the numbers stand still while somebody thinks."""
        super().on_mount()
        self._learn()

    @asking(exclusive=True)
    async def _learn(self) -> None:
        try:
            told = await self._ask("groups")
            self._weights = read(tuple[Weight, ...], told, "weights")
        except HemsError as error:
            self._empty = str(error)
        self.show(self._shown)


def checked(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """How the steps stand, if it is that.  Raises: RequestError."""
    read(tuple[Standing, ...], told, "steps")
    read(dict[str, tuple[str, ...]], told, "missing")
    return told
