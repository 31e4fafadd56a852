"""Why HEMS did something: what follows the colon."""

from collections.abc import Mapping

from hems.model.cause import Why
from hems.wording.language import N_, Forms

REASONS: Mapping[Why, Forms] = {
    # circuits
    Why.ISLAND_CAPACITY: (
        N_("own power would be at {loading_pct} of its limit; back when there is room or the grid returns"),
        N_("own power does not reach for it; back when there is room or the grid returns"),
    ),
    Why.VOLTAGE_SAGS: (N_("the voltage did not bear it when it came back; tried again after a pause"),),
    Why.OVERLOAD: (
        N_("the inverter is at {loading_pct} of its rating and must not trip; back when there is room"),
        N_("the inverter has used {dose} of what it bears above its rating; back when there is room"),
        N_("the inverter is overloaded and must not trip; back when there is room"),
    ),
    Why.ENERGY_BAND: (
        N_("stored energy is down to {soc_pct}; back when there is more, or when the grid returns"),
        N_("stored energy is {band}; back when there is more, or when the grid returns"),
        N_("stored energy must last; back when there is more, or when the grid returns"),
    ),
    Why.FLEXIBLE_ON_ISLAND: (N_("it can wait until the grid returns or energy is plentiful"),),
    Why.KEPT_FOR_LATER: (
        N_("energy is kept for what matters more until the sun returns, about {sun_utc}"),
        N_("energy is kept for what matters more; back when there is enough for it, or when the grid returns"),
    ),
    Why.NOT_ITS_TURN: (
        N_(
            "there is enough for {served} of {of} circuits of its group, in turns of an hour; "
            "it was off for {without_s} so far, others for up to {most_s}"
        ),
        N_("there is not enough for all circuits of its group, so they take turns of an hour"),
    ),
    Why.ITS_TURN: (
        N_(
            "it is its turn, of an hour: there is enough for {served} of {of} circuits of its group; "
            "it was off for {without_s} so far"
        ),
        N_("it is its turn, of an hour"),
    ),
    Why.SOURCE_LOST: (N_("a source has gone, and the building must do with what remains"),),
    Why.STABILISING_TOO_LONG: (N_("own power did not settle, so only life safety and critical circuits stay on"),),
    Why.BLACKOUT: (N_("the building is dark, and not everything may start at once"),),
    Why.FOUND_OFF: (N_("it was found off although HEMS had switched it on; it comes back in its turn"),),
    Why.LET_GO: (N_("its relay board let it go; it comes back in its turn"),),
    Why.ROOM_ON_ISLAND: (N_("own power has room for it ({w})"), N_("own power has room for it")),
    Why.GRID_RESTORED: (N_("the grid carries the building again"),),
    Why.STOPPING: (N_("HEMS stops and first sheds what its sources carried"),),
    # cars
    Why.NO_CHARGE_ON_ISLAND: (N_("in a power cut cars do not charge"),),
    Why.NO_CHARGE_ON_DISTURBED_GRID: (N_("the grid is disturbed or cannot be seen"),),
    Why.SUPPORT_ISLAND: (N_("it helps to carry the building in the power cut"),),
    Why.CAR_AT_FLOOR: (N_("the car is down to what its driver keeps"),),
    Why.CAR_SOC_UNKNOWN: (N_("nobody knows how full the car is, so it does not give"),),
    Why.EVACUATION: (N_("people may have to leave, so it charges first and keeps more"),),
    Why.CAR_LEAVES: (N_("its driver is about to leave"),),
    Why.CAR_NEVER: (N_("its driver does not want the building to take anything"),),
    Why.CHARGE_FROM_SUN: (N_("the sun gives more than the building needs"),),
    Why.CHARGE_WAITS_FOR_SUN: (N_("it waits for the sun; there is time enough until it leaves"),),
    Why.CHARGE_TO_LEAVE: (
        N_("it leaves in {leaves_s} and must charge now to be ready"),
        N_("it must charge now to be ready when it leaves"),
    ),
    Why.CHARGE_TOO_LATE: (
        N_("it leaves in {leaves_s}, and that is too soon: {missing_wh} will be missing"),
        N_("it leaves too soon to be charged as its driver wants"),
    ),
    Why.CAR_LENDS: (N_("it keeps the connection inside its limit; what it keeps for power cuts is not touched"),),
    Why.CAR_SWITCHES: (N_("its charger switches between three phases and one"),),
    Why.CAR_READY: (N_("it is as full as its driver wants"),),
    Why.CAR_WOKEN: (N_("it does not begin, so HEMS tries to wake it"),),
    Why.CHARGE_ON_GRID: (N_("the grid has room"),),
    Why.CHARGE_WAITS_FOR_RESTORE: (N_("circuits come back first"),),
    Why.CAR_IDLE: (N_("there is nothing for it to do"),),
    Why.CAR_UNATTENDED: (N_("HEMS cannot decide about cars just now, so it rests"),),
    Why.BEFORE_ISLAND: (N_("the building is about to leave the grid"),),
    Why.BEFORE_RECONNECT: (N_("the building is about to rejoin the grid"),),
    # tie
    Why.PERMIT_RECONNECT: (N_("the grid has stayed good for as long as it must"),),
    Why.INHIBIT_RECONNECT: (N_("the permit is given only when the grid has proven itself after a power cut"),),
    Why.OPEN_ON_PURPOSE: (N_("the building leaves the grid on purpose, and nothing flows any more"),),
    Why.KEEP_TIE: (N_("the grid switch is opened on purpose only when somebody asks"),),
    # former and batteries
    Why.START_FORMER: (N_("the building is dark, its grid switch is open, and there is energy for it"),),
    Why.LEAVE_FORMER: (N_("the inverter starts on its own only in a blackout"),),
    Why.GENERATOR_STARTS: (N_("stored energy is short, own power is short, or it must run now and then"),),
    Why.GENERATOR_RESTS: (N_("it is not needed, or it could meet the grid"),),
    Why.GENERATOR_LOAD: (N_("the generator needs more load than the building gives it"),),
    Why.GENERATOR_FILLS: (N_("the generator fills it while it runs"),),
    Why.GENERATOR_CARRIES: (N_("the generator has load enough as it is"),),
    Why.NULL_TIE_POWER: (N_("nothing shall flow through the grid switch when it opens"),),
    Why.CHARGE_BEFOREHAND: (
        N_("it is charged to {target_pct} because a power cut is planned or likely"),
        N_("it is charged beforehand"),
    ),
    # the connection
    Why.LIMIT_SERVICE: (N_("the main fuses carry no more"),),
    Why.LIMIT_AGREED: (N_("the agreed capacity of the connection is used up"),),
    Why.LIMIT_FLEXIBLE: (N_("the utility lets no more through at present"),),
    Why.LIMIT_REDUCED: (N_("the utility asks for less by its contact"),),
    Why.LIMIT_HOURS: (N_("the connection allows no more at this hour"),),
    Why.LIMIT_PANEL: (N_("the fuses of {panel} carry no more"), N_("the fuses of its board carry no more")),
    Why.LIMIT_DEMAND: (
        N_("this quarter of an hour would exceed {limit_w} on average"),
        N_("this quarter of an hour has used what it may"),
    ),
    Why.STORE_SUN: (N_("it keeps what the sun gives and nobody uses"),),
    Why.CHARGE_WAITS_FOR_PRICE: (N_("it waits for cheaper hours and will be ready all the same"),),
    Why.CHARGE_WAITS_FOR_PEAK: (N_("charging now would make the whole month dearer; it will be ready all the same"),),
    Why.CAR_PAYS: (N_("energy is dear now; it is charged again in cheaper hours, before it leaves"),),
    Why.FREQUENCY: (N_("it helps to hold the grid at its frequency, which is {grid_hz}"), N_("it helps the grid")),
    Why.SUN_FREE: (N_("nothing holds the sun back any more"),),
    Why.SUN_HEADROOM: (N_("the battery is nearly full and must be able to take what a large load leaves if it stops"),),
    Why.SUN_SOLD: (
        N_("selling what the sun gives brings {price} a kWh, keeping it {worth}"),
        N_("selling what the sun gives brings more than keeping it"),
    ),
    Why.CHEAP_ENERGY: (
        N_("the grid is cheap: {price} a kWh, worth {worth} later"),
        N_("the grid is cheap now"),
    ),
    Why.DEARER_LATER: (
        N_("the grid costs {price} a kWh now; what is stored will be worth {worth} later"),
        N_("what is stored will be worth more later"),
    ),
    Why.PEAK_KEPT: (
        N_("more than {limit_w} on average would make the whole month dearer"),
        N_("a higher peak would make the whole month dearer"),
    ),
    Why.FILLED_FOR_PEAK: (N_("it fills up for the day's peak, which would make the month dearer"),),
    Why.KEPT_FOR_LIMIT: (N_("what it has is kept for hours in which the building needs more than it may draw"),),
    Why.KEPT_FOR_PEAK: (N_("what it has is kept for the day's peak, which would make the month dearer"),),
    Why.OWN_USE: (N_("it serves the building with what it has above its reserve"),),
    Why.REFILL_RESERVE: (
        N_("it fills up to the {target_pct} that are kept for a power cut"),
        N_("it fills up to what is kept for a power cut"),
    ),
    Why.RESERVE_KEPT: (N_("what it has is kept for a power cut"),),
    Why.STORAGE_RESTS: (N_("it is full, or there is nothing for it to do"),),
    Why.STORAGE_BLIND: (N_("nobody can tell how much flows"),),
    Why.STORAGE_LET_GO: (N_("what it was told on the grid has ended with it"),),
    # people
    Why.OVERRIDE: (
        N_('{who} asked for it for {duration_s}, "{reason}"'),
        N_("{who} asked for it for {duration_s}"),
        N_("{who} asked for it"),
        N_("somebody asked for it"),
    ),
}
