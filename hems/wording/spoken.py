"""What drivers say of a device that is not well, in the reader's language.

Drivers know no languages; their words come as they stand in English.  Those that people meet on alarms and lists are
recognised here by their form; what is in no form stays as it is, as what a device itself says.
"""

import re
from functools import cache

from hems.wording.language import N_, translated

FORMS = (
    # serial lines and Modbus
    N_("no answer from unit {unit} within {seconds} s"),
    N_("{silence}, only noise: {remedy}"),
    N_("{silence}, but after {seconds} s: {remedy}"),
    N_("check baud rate, parity and stop bits, and that no two units have this number"),
    N_("look for a second master or a slow gateway, or give its profile a longer timeout_ms"),
    N_("check its unit_id, the line's baud rate, parity and stop bits, and A and B"),
    N_("check its unit_id and the gateway's line, or write tcp:// if the gateway speaks Modbus TCP"),
    N_("check its unit_id, or write rtu-over-tcp:// if the gateway only passes serial frames on"),
    N_("no connection"),
    N_("no connection: {why}"),
    N_("there is something, but it does not listen on that port"),
    N_("nobody knows an address for that name"),
    N_("nothing answers there"),
    N_("there is no {path}: is the adapter plugged in?"),
    N_("{path} has another name now: write rtu://{name} in the site file, which stays"),
    N_("{path} is another adapter now, {other}: write rtu://{name} in the site file, which stays"),
    N_("comes and goes, {often} in the last hour; look at its supply, its cable and its network"),
    N_("{count} times"),
    N_("all the time"),
    N_("{path} may not be opened: the user of hems must be in the group of that file, often dialout"),
    N_("{path} cannot be opened: another program speaks on it; end that, a line has one master"),
    N_("exception {code}: {why}"),
    N_("illegal function"),
    N_("illegal address"),
    N_("illegal value"),
    N_("device failure"),
    N_("busy"),
    N_("gateway has no path; check the unit_id and what the gateway is set to"),
    N_("gateway got no answer from the unit; check the unit_id and the line behind it"),
    N_("the other end closed the connection"),
    N_("check the port, and whether another program holds the only connection that it gives"),
    # MQTT
    N_("there is something, but it does not listen on that port; check the port, and that the broker runs"),
    N_("it hangs up; mqtt:// and mqtts:// are different ports, mostly 1883 and 8883"),
    N_("what listens on that port does not speak MQTT; check the port, mostly 1883"),
    N_("not connected yet"),
    N_("no connection to the broker at {address}: {why}"),
    N_("the device has said good-bye, or lost its connection to the broker"),
    N_("has never been heard; check the topic prefix and the device's MQTT settings"),
    N_("silent for more than {seconds} s"),
    # commands
    N_("the device is not armed"),
    N_("a later command took its place"),
    N_("nothing reads it back"),
    # any of these and what to do about it
    N_("{trouble}; {remedy}"),
)
"""As they stand in the code of the drivers, with a name for each fact in them."""


def spoken(detail: str) -> str:
    """A driver's words in the reader's language, as far as they are known; facts in them likewise."""
    for form in FORMS:
        found = _pattern(form).fullmatch(detail)
        if found is not None:
            return translated(form).format(**{name: spoken(fact) for name, fact in found.groupdict().items()})
    return detail


@cache
def _pattern(form: str) -> re.Pattern[str]:
    """The form with anything in the place of its facts."""
    parts = re.split(r"\{(\w+)\}", form)
    return re.compile(
        "".join(f"(?P<{part}>.+)" if number % 2 else re.escape(part) for number, part in enumerate(parts))
    )
