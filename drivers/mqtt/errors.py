"""What may go wrong between a command and its effect; the class says what the caller does about it."""


class LinkError(Exception):
    """A message did not go out."""


class Forbidden(LinkError):
    """The device is not armed and the message is none of its harmless requests; nothing was sent."""


class Incomplete(LinkError):
    """The message needs a value that is not known at present; nothing was sent."""


class LinkDown(LinkError):
    """There is no connection to the broker, or it has not acknowledged the message."""
