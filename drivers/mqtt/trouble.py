"""Why a broker lets nobody in, in a sentence that says what to do."""

import errno
import re

from drivers.mqtt.address import BrokerAddress
from drivers.mqtt.credentials import located, validity

UNKNOWN_VERSION = 132
BAD_LOGINS = (134, 135)
OLD_CODES = {1: UNKNOWN_VERSION, 4: 134, 5: 135}
"""What MQTT 3 says for the same."""


REFUSED = "there is something, but it does not listen on that port; check the port, and that the broker runs"
NAMELESS = "nobody knows an address for that name"
UNREACHED = "nothing answers there"
HUNG_UP = "it hangs up; mqtt:// and mqtts:// are different ports, mostly 1883 and 8883"
MUTE = "what listens on that port does not speak MQTT; check the port, mostly 1883"
SILENT = "Operation timed out"
"""As the library says that a connection was made, and the broker's greeting did not come."""
IN_WORDS = {
    errno.ECONNREFUSED: REFUSED,
    errno.ECONNRESET: HUNG_UP,
    errno.EPIPE: HUNG_UP,
    errno.EHOSTUNREACH: UNREACHED,
    errno.ENETUNREACH: UNREACHED,
    errno.ETIMEDOUT: UNREACHED,
}


def code_of(error: Exception) -> int | None:
    """The broker's own reason as MQTT 5 numbers it, if it gave one."""
    reason = getattr(error, "rc", None)
    return OLD_CODES.get(reason, reason) if isinstance(reason, int) else getattr(reason, "value", None)


def explained(error: Exception, address: BrokerAddress) -> str:
    """What is wrong, and what to do about it."""
    where = f"no connection to the broker at {address}"
    if code_of(error) in BAD_LOGINS:
        remedy = f"correct {address.login}" if address.login else "name a file with login=FILE in the link"
        return f"{where}: it does not accept the name and password; {remedy}"
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        why = str(error).partition("verify failed: ")[2].partition(" (_ssl")[0]
        remedy = "renew it there" if "expired" in why else "correct ca=FILE or the host in the link"
        return f"{where}: its certificate is not to be trusted ({why}); {remedy}"
    if address.cert and (untimely := validity(located(address.cert), located(address.key))):
        # in TLS 1.3 the broker's word for it comes too late to be heard
        return f"{where}: our certificate {located(address.cert)} {untimely}; renew it, or look at the clock"
    return f"{where}: {_in_words(str(error))}"


def _in_words(told: str) -> str:
    """The library hands on the system's words only, with their number."""
    if told == SILENT:
        return MUTE
    number = re.match(r"\[Errno (-?\d+)\] (.*)", told)
    if number is None:
        return UNREACHED if told == "timed out" else told
    return NAMELESS if int(number[1]) < 0 else IN_WORDS.get(int(number[1]), number[2])
