"""A command on its way: it ends when a live message shows the effect, when the device says no, or when time is up."""

import asyncio
from dataclasses import dataclass

from drivers.mqtt.payload import Incoming, Unreadable, as_json, dig
from drivers.mqtt.schema import MqttWrite
from drivers.profile.command import Scalar, fate_of
from hems.model.command import Fate
from hems.ports.device import Reply

REPLY_S = 2.0
"""How long a device without read-back may take to answer."""


@dataclass(slots=True, kw_only=True)
class Pending:
    """One command that has been handed to the link."""

    spec: MqttWrite
    value: bool | float
    number: int
    verdict: asyncio.Future[Reply]
    note: str = ""
    """What was changed on the way, such as a value brought into the device's range."""
    lease_s: float = 0.0
    """For how long it holds without being asked for again; 0 until the next command."""
    pause_s: float = 0.0
    """So long after the last command of this name it may go out."""
    sent_s: float | None = None
    """When its last message had been taken by the broker."""
    accepted: bool = False
    """The device has answered yes."""
    shown: Scalar | None = None
    """What the read-back showed last, since the command went out."""

    @property
    def patience_s(self) -> float:
        """How long to wait for the effect."""
        return self.spec.verify.after_ms / 1000 if self.spec.verify else REPLY_S

    def is_wanted(self) -> bool:
        """Whether nothing has decided its fate yet, such as a later command."""
        return not self.verdict.done()

    def sent(self, at_s: float) -> None:
        """All its messages are with the broker; where nothing tells the effect, that is the end."""
        self.sent_s = at_s
        if self.spec.verify is None and self.spec.reply is None:
            self.end(Fate.UNVERIFIED, "nothing reads it back")

    def answered(self, message: Incoming) -> bool:
        """Take a message of the answer topic; True when it accepts this command, whose effect is still to be seen."""
        answer = self.spec.reply
        try:
            tree = as_json(message.payload)
        except Unreadable:
            return False
        if message.retained or answer is None or dig(tree, answer.id) != (True, self.number):
            return False
        refused, words = dig(tree, answer.refused)
        if refused:
            self.end(Fate.REFUSED, str(words))
            return False
        self.accepted = True
        if self.spec.verify is None:
            self.end(Fate.UNVERIFIED, "accepted; nothing reads it back")
        return self.is_wanted()

    def saw(self, shown: Scalar | None, told_s: float) -> bool:
        """Take what the read-back shows, told live at `told_s`, and say whether the command has its effect.

        What was told before the command says nothing of it.
        """
        if self.spec.verify is None or self.sent_s is None or told_s < self.sent_s:
            return False
        self.shown = shown
        if not self.spec.verify.satisfied(shown, self.value):
            return False
        self.end(Fate.CONFIRMED, "")
        return True

    def end(self, fate: Fate, detail: str) -> None:
        """Decide what became of it, once."""
        if not self.verdict.done():
            words = "; ".join(part for part in (self.note, detail) if part)
            self.verdict.set_result(Reply(fate=fate_of(fate, self.note), detail=words))

    def give_up(self) -> None:
        """Time is up: it ends with what is known."""
        after = f"after {self.patience_s:g} s"
        shows = "" if self.shown is None else f", still shows {_words(self.shown)}"
        if self.accepted:
            self.end(Fate.UNVERIFIED, f"accepted, but no effect seen {after}{shows}")
        elif self.spec.reply is None and self.shown is not None:
            self.end(Fate.UNVERIFIED, f"no effect seen {after}{shows}")
        else:
            self.end(Fate.UNREACHABLE, f"no answer {after}{shows}")


def _words(value: Scalar) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)
