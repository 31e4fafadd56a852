"""Key 3: every circuit, and keeping one on or off for a while."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from hems.model.errors import HemsError
from hems.model.picture import CircuitPicture, Picture
from hems.tui.screens.ask import YesScreen
from hems.tui.screens.listing import ActingScreen
from hems.tui.screens.override import OverrideScreen
from hems.tui.text.circuit_list import circuit_list
from hems.tui.text.listing import Listing
from hems.tui.widgets.footer import Key
from hems.tui.working import asking
from hems.wording.language import say


class CircuitsScreen(ActingScreen):
    """What is on and off, and why."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,o,O", "change", show=False),
        Binding("e,E", "extend", show=False),
        Binding("b,B", "back_to_automatic", show=False),
        Binding("a,A", "all_to_automatic", show=False),
    ]
    LOOKS: ClassVar[tuple[Key, ...]] = (("/ find", "screen.find"),)
    ACTS: ClassVar[tuple[Key, ...]] = (
        ("ENTER change", "screen.change"),
        ("B back to automatic", "screen.back_to_automatic"),
        ("A all to automatic", "screen.all_to_automatic"),
    )
    ABOUT: ClassVar[Sequence[str]] = (
        "CIRCUITS lists every circuit: its group, what it draws, whether it is on,",
        "and why. Arrows choose a line; the sentences below are about that line.",
        "",
        "  ENTER  keep this circuit on or off for a while: two steps, and it ends",
        "         by itself",
        "  E      keep it so for longer, where somebody keeps it so already",
        "  B      back to automatic: HEMS decides again about this circuit",
        "  A      all circuits back to automatic",
        "  /      find a circuit by its name",
        "",
        "NO ANSWER means that its switch is silent. DOES NOT OBEY means that HEMS",
        "asked and nothing happened: look at its contactor and breaker.",
        "Keys that change something are there only for operators.",
    )

    def listing(self, picture: Picture, find: str, width: int) -> Listing:
        """The circuits."""
        return circuit_list(picture, self.chosen, find, width)

    def first(self, picture: Picture, keys: Sequence[str]) -> str:
        """The first circuit that HEMS has switched off: it is what people ask for."""
        off = [one.id for one in picture.circuits if one.id in keys and one.sheddable and not one.wanted]
        return min(off, key=keys.index) if off else keys[0]

    def action_change(self) -> None:
        """Open the form, unless nobody may change this circuit."""
        circuit = self._chosen_circuit()
        if circuit is None or not self._shown.may_operate:
            return
        if not circuit.sheddable:
            self.tell(say("{name} cannot be switched from here; below is why.", name=circuit.name))
            return
        form = OverrideScreen(circuit, self._ask, self._who, self._hint)
        self.app.push_screen(form)
        form.show(self._shown)

    def action_extend(self) -> None:
        """Open the form for a circuit that somebody keeps so, to keep it so for longer."""
        circuit = self._chosen_circuit()
        if circuit is not None and not circuit.override_who:
            self.tell(say("{name} is automatic already.", name=circuit.name))
            return
        self.action_change()

    def action_back_to_automatic(self) -> None:
        """Hand the chosen circuit back; nothing is asked, it is the safe direction."""
        circuit = self._chosen_circuit()
        if circuit is None or not self._shown.may_operate:
            return
        if circuit.override_who:
            self._hand_back([circuit])
        else:
            self.tell(say("{name} is automatic already.", name=circuit.name))

    def action_all_to_automatic(self) -> None:
        """Hand all of them back, after a question."""
        picture = self._shown.picture
        if picture is None or not self._shown.may_operate:
            return
        by_hand = [circuit for circuit in picture.circuits if circuit.override_who]
        if not by_hand:
            self.tell(say("Every circuit is automatic already."))
            return
        question = say("All circuits back to automatic?")
        self.app.push_screen(YesScreen(question), lambda yes: self._hand_all_back(by_hand, yes=yes is True))

    def _hand_all_back(self, circuits: Sequence[CircuitPicture], *, yes: bool) -> None:
        if yes:
            self._hand_back(circuits)

    @asking(exclusive=True)
    async def _hand_back(self, circuits: Sequence[CircuitPicture]) -> None:
        try:
            for circuit in circuits:
                await self._ask("override", circuit=circuit.id, want="auto", who=self._who)
        except HemsError as error:
            self.tell(str(error))
        else:
            self.tell(say("{names}: back to automatic.", names=", ".join(one.name for one in circuits)))

    def _chosen_circuit(self) -> CircuitPicture | None:
        picture = self._shown.picture
        circuits = () if picture is None else picture.circuits
        return next((circuit for circuit in circuits if circuit.id == self.chosen), None)
