"""How an instant is written down: both clocks, and the boot that the monotonic one belongs to."""

from datetime import UTC, datetime

from hems.model.instant import Instant


def utc_s(at: Instant) -> float | None:
    """Seconds since 1970, or None while the wall clock is not known to be good."""
    return None if at.utc is None else at.utc.timestamp()


def instant(mono_s: float, epoch_s: float | None) -> Instant:
    """The instant that was written down."""
    return Instant(mono_s, None if epoch_s is None else datetime.fromtimestamp(epoch_s, UTC))
