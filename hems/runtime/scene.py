"""What a tick leaves for those who show, foresee or plan."""

from dataclasses import dataclass

from hems.control.params import Params
from hems.control.state import ControlState
from hems.control.step import Step
from hems.model.foresight import Foresight
from hems.model.instant import Instant
from hems.model.site import Site
from hems.model.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a picture is painted from."""

    site: Site
    params: Params
    snapshot: Snapshot
    step: Step
    now: Instant
    armed: bool
    shortened: bool
    foresight: Foresight | None = None
    """The last look ahead, however old."""

    @property
    def now_s(self) -> float:
        """The present on the monotonic clock."""
        return self.now.mono_s

    @property
    def state(self) -> ControlState:
        """What the tick left."""
        return self.step.state
