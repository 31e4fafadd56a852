"""Errors say what, where, what happens next and what to do; their class says what the caller does about it."""

from hems.model.units import DeviceId


class HemsError(Exception):
    """Anything hems itself raises on purpose; the text is one or more whole sentences for a person."""


class ConfigError(HemsError):
    """The site file cannot be used.  The program prints every problem, one per line, and exits with 78."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class DeviceError(HemsError):
    """Something about one device."""

    def __init__(self, device: DeviceId, text: str) -> None:
        super().__init__(f"{device}: {text}")
        self.device = device
        self.told = text
        """The same where the device is named already."""


class DeviceUnreachable(DeviceError):
    """No answer.  Its readings age; the caller tries again with back-off."""


class DeviceRefused(DeviceError):
    """It answered no.  Do not repeat the same command; raise an event."""


class DeviceMismatch(DeviceError):
    """Another product answers at this address.  The device stays disabled until somebody acts."""

    def __init__(self, device: DeviceId, *, expected: str, found: str, remedy: str | None = None) -> None:
        remedy = remedy or "Check the address or the profile in the site file."
        super().__init__(device, f"expected {expected}, found {found}. {remedy}")
        self.expected = expected
        self.found = found


class StoreError(HemsError):
    """History or journal cannot be written.  History stops; control goes on."""


class RequestError(HemsError):
    """A client's request cannot be done; answered to the client, nothing else happens."""


class PinNeeded(RequestError):
    """The request has to come with somebody's PIN; the client asks for it and asks again."""


class WrongPin(PinNeeded):
    """It came with a PIN that is nobody's; the person may try again."""
