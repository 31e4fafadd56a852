"""One connection and the one exchange on it: a request leaves, and its answer comes, or does not in time."""

import asyncio
from collections.abc import Callable
from math import inf
from typing import NamedTuple, cast

from drivers.modbus.envelope import BEFORE_UNIT, Envelope
from drivers.modbus.errors import HUNG_UP, LinkDown, LinkError, NoAnswer, Unclear
from drivers.modbus.hearing import Heard, Words
from drivers.modbus.wire import Question

NUMBERS = 0xFFFF
REPLY = BEFORE_UNIT + 1
"""Where it begins, where there is a header."""
NOISE = "check baud rate, parity and stop bits, and that no two units have this number"
SLOW = "look for a second master or a slow gateway, or give its profile a longer timeout_ms"
ROOM = 512
"""Octets taken at once; no message has more than 260."""


class Prepared(NamedTuple):
    """A question ready to leave, and how its answer begins where that is known; both but for their number."""

    question: Question
    sealed: bytes
    expects: bytes
    size: int
    """Of a right answer; 0 where it has to be looked for."""


def prepared(question: Question, envelope: Envelope) -> Prepared:
    """Once for each that is asked again and again."""
    expects = envelope.expects(question)
    return Prepared(question, envelope.sealed(question), expects, REPLY + question.length if expects else 0)


class Connection(asyncio.BufferedProtocol):
    """One connection, with at most one question on it; whatever comes while none is asked is nobody's answer."""

    def __init__(self, envelope: Envelope) -> None:
        self._envelope = envelope
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._number = 0
        self._question: Question | None = None
        self._asker: Heard = _nobody
        self._timeout_s = inf
        self._room = bytearray(ROOM)
        self._heard = b""
        self._sent = b""
        """The request as it left, while it may still be heard as an echo."""
        self._asked_s = -inf
        self._came = 0
        """Octets since then that were no answer."""
        self._missed: Question | None = None
        """The last question that nobody answered in time."""
        self._late_s = 0.0
        """After how long that answer came after all."""
        self._right = b""
        """How a whole right answer begins that comes by itself, as nearly all do."""
        self._size = 0
        """Of it; 0 if it has to be looked for."""
        self._patience = Patience(self._unanswered)

    @property
    def is_open(self) -> bool:
        """Whether it has been made and nobody has hung up."""
        return self._transport is not None and not self._transport.is_closing()

    def ask(self, prepared: Prepared, timeout_s: float, asker: Heard) -> None:
        """Put one question; `asker` is told its answer, or why there is none.  Raises: LinkDown."""
        transport = self._transport
        if transport is None or transport.is_closing():
            raise LinkDown("no connection")
        self._number = self._number % NUMBERS + 1
        self._question, sealed, expects, self._size = prepared
        self._asker, self._timeout_s, self._heard = asker, timeout_s, b""
        self._asked_s, self._came = self._loop.time(), 0
        self._patience.begin(timeout_s)
        self._sent, self._right = self._envelope.numbered(sealed, expects, self._number)
        transport.write(self._sent)

    def close(self) -> None:
        """Hang up at once."""
        if self._transport is not None:
            self._transport.abort()
        self.connection_lost(None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is there."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody waits for an answer that can no longer come."""
        self._transport = None
        self._patience.close()
        self._fail(LinkDown(HUNG_UP))

    def get_buffer(self, sizehint: int) -> bytearray:
        """Where octets are put as they arrive: a transport without it takes 256 KiB from the system for each answer."""
        return self._room

    def buffer_updated(self, nbytes: int) -> None:
        """So many octets have arrived, which may be the answer, a part of it, or none."""
        question = self._question
        if question is None:
            self._too_late(nbytes)
            return
        if nbytes == self._size and not self._heard and self._room.startswith(self._right):
            self._tell(question.values_at(self._room, REPLY))
            return
        heard, self._sent = self._envelope.unechoed(self._heard + self._room[:nbytes], self._sent)
        if self._sent or not heard:
            self._heard = heard
            return
        try:
            reply, self._heard = self._envelope.opened(heard, question.unit, self._number)
            if reply is None:
                self._came += nbytes
                return
            answer: Words | LinkError = question.answered(reply)
        except LinkError as wrong:
            answer = wrong
        self._tell(answer)

    def _too_late(self, nbytes: int) -> None:
        """Nobody waits for it, but people want to know that it came."""
        if self._missed is None or not self._envelope.is_heard_late:
            return
        heard = self._heard + self._room[:nbytes]
        reply, self._heard = self._envelope.opened(heard, self._missed.unit, self._number)
        if reply is not None:
            self._late_s, self._missed = self._loop.time() - self._asked_s, None

    def _unanswered(self) -> None:
        question = self._question
        if question is None:
            return
        plain = f"no answer from unit {question.unit} within {self._timeout_s:g} s"
        late_s, self._late_s, self._missed = self._late_s, 0.0, question
        if late_s:
            self._fail(Unclear(f"{plain}, but after {late_s:.1f} s: {SLOW}"))
        elif self._came and self._envelope.is_heard_late:
            self._fail(Unclear(f"{plain}, only noise: {NOISE}"))
        else:
            self._fail(NoAnswer(plain))

    def _fail(self, why: LinkError) -> None:
        if self._question is not None:
            self._tell(why)

    def _tell(self, answer: Words | LinkError) -> None:
        """Whoever has asked may put the next question at once."""
        self._question = None
        self._patience.end()
        self._asker(answer)


def _nobody(_answer: object) -> None:
    """Has asked nothing yet."""


class Patience:
    """One timer for many short waits: it is looked at when it fires, instead of being set anew for each of them."""

    def __init__(self, is_over: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._is_over = is_over
        self._until_s = inf
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, for_s: float) -> None:
        """Call `is_over` in `for_s` seconds, unless it ends before."""
        self._until_s = self._loop.time() + for_s
        if self._timer is not None and self._timer.when() > self._until_s:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self._loop.call_at(self._until_s, self._look)

    def end(self) -> None:
        """What was waited for is there."""
        self._until_s = inf

    def close(self) -> None:
        """Nothing will be waited for any more."""
        self._until_s = inf
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        left_s = self._until_s - self._loop.time()
        if left_s <= 0:
            self._until_s = inf
            self._is_over()
        elif left_s < inf:
            self._timer = self._loop.call_at(self._until_s, self._look)
