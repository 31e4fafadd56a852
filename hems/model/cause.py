"""Why something was decided: a closed set, with parameters; `hems.wording` alone turns them into sentences."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Value = str | int | float | bool


class Why(StrEnum):
    """Every reason hems can have.  Each has a sentence in `hems.wording`; a test counts them."""

    # modes
    STARTED = "started"
    ESTIMATES_VALID = "estimates_valid"
    NO_WITNESS = "no_witness"
    GRID_GOOD = "grid_good"
    GRID_OUT_OF_WINDOW = "grid_out_of_window"
    GRID_UNKNOWN = "grid_unknown"
    TIE_OPENED = "tie_opened"
    TIE_CLOSED = "tie_closed"
    TIE_STUCK_MOVING = "tie_stuck_moving"
    TIE_INVALID = "tie_invalid"
    CONTRADICTION = "contradiction"
    BUS_UNKNOWN = "bus_unknown"
    BUS_DEAD = "bus_dead"
    BUS_LIVE = "bus_live"
    ISLAND_STABLE = "island_stable"
    ISLAND_UNSTABLE = "island_unstable"
    SOURCE_LOST = "source_lost"
    GRID_SEEN = "grid_seen"
    GRID_LOST_AGAIN = "grid_lost_again"
    GRID_QUALIFIED = "grid_qualified"
    RECONNECT_TIMED_OUT = "reconnect_timed_out"
    RESTORED_AND_CALM = "restored_and_calm"
    DATA_GOOD_AGAIN = "data_good_again"
    MAINTENANCE = "maintenance"
    RELEASED = "released"
    ISLAND_ASKED = "island_asked"
    ISLAND_CALLED_OFF = "island_called_off"
    ISLAND_NOT_REACHED = "island_not_reached"
    BLACK_START = "black_start"
    BLACK_START_DONE = "black_start_done"
    BLACK_START_FAILED = "black_start_failed"
    EVIDENCE = "evidence"
    # loads
    ISLAND_CAPACITY = "island_capacity"
    OVERLOAD = "overload"
    ENERGY_BAND = "energy_band"
    FLEXIBLE_ON_ISLAND = "flexible_on_island"
    STABILISING_TOO_LONG = "stabilising_too_long"
    BLACKOUT = "blackout"
    ROOM_ON_ISLAND = "room_on_island"
    GRID_RESTORED = "grid_restored"
    SHED_NOT_OBEYED = "shed_not_obeyed"
    STOPPING = "stopping"
    UNEXPECTED_CLOSE = "unexpected_close"
    # cars
    NO_CHARGE_ON_ISLAND = "no_charge_on_island"
    NO_CHARGE_ON_DISTURBED_GRID = "no_charge_on_disturbed_grid"
    SUPPORT_ISLAND = "support_island"
    CAR_AT_FLOOR = "car_at_floor"
    CAR_SOC_UNKNOWN = "car_soc_unknown"
    CHARGE_ON_GRID = "charge_on_grid"
    CHARGE_WAITS_FOR_RESTORE = "charge_waits_for_restore"
    CAR_IDLE = "car_idle"
    BEFORE_RECONNECT = "before_reconnect"
    BEFORE_ISLAND = "before_island"
    # tie
    PERMIT_RECONNECT = "permit_reconnect"
    INHIBIT_RECONNECT = "inhibit_reconnect"
    OPEN_ON_PURPOSE = "open_on_purpose"
    KEEP_TIE = "keep_tie"
    # former and batteries
    START_FORMER = "start_former"
    LEAVE_FORMER = "leave_former"
    NULL_TIE_POWER = "null_tie_power"
    CHARGE_BEFOREHAND = "charge_beforehand"
    # people and devices
    FIRE = "fire"
    FIRE_ENDED = "fire_ended"
    FIRE_GOES_ON = "fire_goes_on"
    RED_BUTTON = "red_button"
    TOO_WARM = "too_warm"
    EVACUATION = "evacuation"
    DARK_START_EMPTY = "dark_start_empty"
    ORDER = "order"
    ORDER_ENDED = "order_ended"
    ISLAND_REFUSED = "island_refused"
    BLACK_START_WAITS = "black_start_waits"
    BLACK_START_GIVEN_UP = "black_start_given_up"
    COLD_LOAD = "cold_load"
    INVARIANT = "invariant"
    OVERRIDE = "override"
    OVERRIDE_EXPIRED = "override_expired"
    OVERRIDE_REFUSED = "override_refused"
    LOCKED_OUT = "locked_out"
    TIE_DISPUTED = "tie_disputed"
    RECONNECT_GIVEN_UP = "reconnect_given_up"
    POINT_FROZEN = "point_frozen"
    POINT_MISPLACED = "point_misplaced"
    TIE_CROSSED = "tie_crossed"
    UNBALANCED = "unbalanced"
    ANOTHER_MASTER = "another_master"
    DEVICE_SILENT = "device_silent"
    DEVICE_ANSWERS = "device_answers"
    DEVICE_ALARM = "device_alarm"
    WRITE_FAILED = "write_failed"
    DECISION_FAILED = "decision_failed"
    OWN_FAULT = "own_fault"


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason with its facts."""

    why: Why
    facts: Mapping[str, Value] = field(default_factory=dict)
    """Numbers and names the sentence needs, units in the keys: `{"dose": 0.52, "need_w": 3100}`."""
