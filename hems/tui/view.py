"""What a screen has to show: the last picture, and whether it is still live."""

from dataclasses import dataclass

from hems.model.picture import Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The last picture and the state of the contact."""

    picture: Picture | None = None
    """None until the first one has come."""
    lost_for_s: float | None = None
    """Seconds without contact; None while ticks arrive."""
    reason: str = ""
    """Why there is no contact, one sentence."""
    news: int = 0
    """How many events have been heard; what they say is asked of the daemon by who wants to know."""
    frozen: bool = False
    """Whether somebody holds the picture still to read it."""
    may_operate: bool = False
    """Whether this screen came in by a door for people who may change something."""

    @property
    def old(self) -> bool:
        """Whether what is shown is no longer live."""
        return self.lost_for_s is not None

    @property
    def in_outage(self) -> bool:
        """Whether the building is known to be without the grid."""
        return self.picture is not None and self.picture.outage_for_s is not None

    @property
    def urgent(self) -> frozenset[str]:
        """The alarms that nobody may miss."""
        alarms = () if self.picture is None else self.picture.alarms
        return frozenset(alarm.key for alarm in alarms if alarm.priority == "HIGH")

    def worse_than(self, before: "View") -> bool:
        """Whether something has happened that nobody may miss: contact lost, a power cut, a new urgent alarm."""
        return self.old or (self.in_outage and not before.in_outage) or bool(self.urgent - before.urgent)
