"""What may go wrong between a request and its answer; the class says what the caller does about it."""

EXCEPTION_NAMES = {
    1: "illegal function",
    2: "illegal address",
    3: "illegal value",
    4: "device failure",
    5: "acknowledged, still working",
    6: "busy",
    10: "gateway has no path; check the unit_id and what the gateway is set to",
    11: "gateway got no answer from the unit; check the unit_id and the line behind it",
}


HUNG_UP = "the other end closed the connection"


class LinkError(Exception):
    """A request did not get a usable answer."""


class LinkDown(LinkError):
    """There is no connection; nothing was sent."""


class NoAnswer(LinkError):
    """It was sent, and no answer came in time.  A late answer may still be on its way."""


class Unclear(NoAnswer):
    """The same, but something came that says what is wrong; the text says what to do about it."""


class Garbled(LinkError):
    """An answer came that is not the answer to the request: too short, too long, or about something else."""


class Refusal(LinkError):
    """The device answered no; `code` is the Modbus exception code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception {code}: {EXCEPTION_NAMES.get(code, 'not in the standard')}")
        self.code = code

    @property
    def about_addresses(self) -> bool:
        """Whether it is about which registers were asked for, so that asking for fewer may work."""
        return self.code in (2, 3)

    @property
    def from_gateway(self) -> bool:
        """Whether the unit itself has said nothing: a gateway spoke for it, and the request may have arrived."""
        return self.code in (10, 11)

    @property
    def is_yes(self) -> bool:
        """Whether the unit has taken what was written, and only needs longer for it."""
        return self.code == 5

    @property
    def is_final(self) -> bool:
        """Whether the unit has said no, and not only that it has no time."""
        return self.code != 6 and not self.from_gateway


class RefusedTogether(Refusal):
    """Several coils were written in one go, and it is not known which of them the device did not like."""


class Forbidden(LinkError):
    """A write to a device that is not armed; nothing was sent."""


class Superseded(LinkError):
    """A later command took its place before it had left as a whole."""
