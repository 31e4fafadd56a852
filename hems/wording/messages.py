"""Every sentence hems can say, as messages for translation.

Each reason has one or more forms, the most telling first; the first one all of whose facts are known is taken, and the
last one needs none.  Rule: fact, meaning, action, time; two lines at most; no codes; "HEMS", never "the system".
"""

from collections.abc import Mapping

from hems.model.cause import Why
from hems.wording.language import N_

Forms = tuple[str, ...]

WHOLE: Mapping[Why, Forms] = {
    # modes
    Why.STARTED: (N_("HEMS has started and looks around; nothing is switched on yet."),),
    Why.ESTIMATES_VALID: (N_("HEMS knows how the building stands and takes over."),),
    Why.NO_WITNESS: (
        N_(
            "Nothing tells whether the building is on the grid. HEMS switches nothing on; "
            "look at the meters and the gateway's network."
        ),
    ),
    Why.GRID_GOOD: (N_("The grid is good again."),),
    Why.GRID_OUT_OF_WINDOW: (
        N_("The grid is disturbed. Cars pause; the certified equipment decides whether to stay on it."),
    ),
    Why.GRID_UNKNOWN: (
        N_("The grid side cannot be seen. That is no power cut: circuits stay as they are and nothing new starts."),
    ),
    Why.TIE_OPENED: (N_("POWER CUT: the switch to the grid has opened. The building runs on its own power."),),
    Why.TIE_CLOSED: (N_("Back on the grid: the grid switch has closed. Circuits come back one by one."),),
    Why.TIE_STUCK_MOVING: (
        N_("The grid switch is stuck between open and closed. HEMS switches nothing on; call the electrician."),
    ),
    Why.TIE_INVALID: (
        N_(
            "The grid switch cannot be read or its contacts contradict each other. HEMS switches nothing on; "
            "call the electrician."
        ),
    ),
    Why.CONTRADICTION: (
        N_(
            "Measurements contradict each other: grid side {grid}, grid switch {tie}, building {bus}. "
            "HEMS switches nothing on; call the electrician."
        ),
        N_("Measurements contradict each other. HEMS switches nothing on; call the electrician."),
    ),
    Why.BUS_UNKNOWN: (N_("Nothing tells whether the building has power. HEMS switches nothing on until it knows."),),
    Why.BUS_DEAD: (N_("BLACKOUT: the building has no power. HEMS opens what it can, so that the restart is gentle."),),
    Why.BUS_LIVE: (N_("The building has power again. Circuits come back one by one."),),
    Why.ISLAND_STABLE: (N_("The building runs steadily on its own power."),),
    Why.ISLAND_UNSTABLE: (N_("Own power is not steady. HEMS switches off what can wait."),),
    Why.GRID_SEEN: (
        N_("Grid is back. Waiting {qualify_s} for it to stay, then switching over."),
        N_("Grid is back. Waiting for it to stay, then switching over."),
    ),
    Why.GRID_LOST_AGAIN: (N_("The grid went away again. When it returns, the wait starts from the beginning."),),
    Why.GRID_QUALIFIED: (
        N_("The grid has stayed good. HEMS permits reconnection; the certified equipment closes the switch."),
    ),
    Why.RECONNECT_TIMED_OUT: (
        N_("Reconnection did not happen in time. The permit is withdrawn; HEMS tries again in {pause_s}."),
        N_("Reconnection did not happen in time. The permit is withdrawn; HEMS tries again after a pause."),
    ),
    Why.RESTORED_AND_CALM: (N_("All circuits are back and all is calm: normal running."),),
    Why.DATA_GOOD_AGAIN: (N_("All measurements are good again. HEMS looks around afresh."),),
    Why.MAINTENANCE: (
        N_("People work on the plant: HEMS switches nothing on, and nothing at all of what is locked out."),
    ),
    Why.RELEASED: (N_("The work on the plant is over. HEMS looks around afresh."),),
    Why.ISLAND_ASKED: (N_("Somebody asked for own power: circuits go off to plan, then the grid switch is opened."),),
    Why.ISLAND_CALLED_OFF: (N_("Leaving the grid was called off. Circuits come back one by one."),),
    Why.ISLAND_NOT_REACHED: (
        N_("Leaving the grid did not work in time and was given up. Circuits come back one by one."),
    ),
    Why.BLACK_START: (N_("HEMS asks the inverter to start on its own: every circuit that has a switch is off."),),
    Why.BLACK_START_DONE: (N_("The building has power from its own source. Circuits come back one by one."),),
    Why.BLACK_START_FAILED: (N_("The inverter has made no voltage. HEMS tries again after a pause."),),
    Why.EVIDENCE: (
        N_("{axis_name} is {now_words} ({says})."),
        N_("{axis_name} is {now_words}."),
        N_("What HEMS sees of the building has changed."),
    ),
    # alarms
    Why.SHED_NOT_OBEYED: (
        N_("{name} does not obey: HEMS switched it OFF and nothing shows it. Look at its contactor and breaker."),
        N_("A circuit does not obey: HEMS switched it OFF and nothing shows it. Look at the panel."),
    ),
    Why.UNEXPECTED_CLOSE: (
        N_("{name} is not as HEMS switched it. Somebody or something else operates it; look at its hand switch."),
        N_("A circuit is not as HEMS switched it. Somebody or something else operates it."),
    ),
    Why.LOCKED_OUT: (
        N_("{name} stays OFF: switching it on failed {times} times. Look at what is connected to it."),
        N_("{name} stays OFF: switching it on failed too often. Look at what is connected to it."),
        N_("A circuit stays OFF: switching it on failed too often."),
    ),
    Why.RELAY_RESTS: (
        N_("{name} waits: its relay has moved often in the last hour or day. HEMS lets it rest before it comes back."),
        N_("A circuit waits: its relay has moved often. HEMS lets it rest before it comes back."),
    ),
    Why.TIE_DISPUTED: (
        N_("The grid switch's contacts and the inverter disagree whether it is open. Have the electrician look at it."),
    ),
    Why.RECONNECT_GIVEN_UP: (
        N_("Reconnection failed {tries} times. HEMS stays on own power until somebody has looked at the grid switch."),
        N_("Reconnection failed too often. HEMS stays on own power until somebody has looked at the grid switch."),
    ),
    Why.POINT_FROZEN: (
        N_("Meter {name} repeats itself. HEMS no longer believes it; switch it off and on, or have it replaced."),
        N_("A meter repeats itself. HEMS no longer believes it; switch it off and on, or have it replaced."),
    ),
    Why.POINT_MISPLACED: (
        N_(
            "Meter {name} should see the grid and sees the building. HEMS does not believe it; "
            "have the electrician look where it is wired."
        ),
        N_("A meter of the grid side sees the building. HEMS does not believe it; have its wiring looked at."),
    ),
    Why.TIE_CROSSED: (
        N_(
            "The grid switch says open, and yet power flows through it. HEMS switches nothing on; call the electrician."
        ),
    ),
    Why.UNBALANCED: (
        N_(
            "What sources give and circuits draw does not add up: a meter is wrong. Cars give no more than now; "
            "have the meters looked at."
        ),
    ),
    Why.ANOTHER_MASTER: (
        N_("{name} does not do as HEMS says. Somebody or something else commands it; look for a second controller."),
        N_("A charger does not do as HEMS says. Somebody or something else commands it."),
    ),
    Why.DEVICE_SILENT: (
        N_("Device {device} does not answer ({detail}). HEMS goes on without it; its values show as ??."),
        N_("Device {device} does not answer. HEMS goes on without it; its values show as ??."),
        N_("{name} does not answer. HEMS goes on without it; its values show as ??."),
        N_("A device does not answer. HEMS goes on without it; its values show as ??."),
    ),
    Why.DEVICE_ANSWERS: (
        N_("Device {device} answers again."),
        N_("{name} answers again."),
        N_("A device answers again."),
    ),
    Why.DEVICE_ALARM: (
        N_("Device {device} reports: {detail}."),
        N_("{name} reports: {detail}."),
        N_("A device reports a fault."),
    ),
    Why.WRITE_FAILED: (
        N_("{name} did not take a command ({detail}). HEMS tries again."),
        N_("{name} did not take a command. HEMS tries again."),
        N_("A device did not take a command. HEMS tries again."),
    ),
    Why.WRITE_SHORT: (
        N_("{name} has taken a command, but not as asked or without showing it ({detail})."),
        N_("{name} has taken a command, but not as asked or without showing it."),
        N_("A device has taken a command, but not as asked or without showing it."),
    ),
    Why.OWN_FAULT: (
        N_("{detail} Control of the building goes on."),
        N_("HEMS cannot keep its records. Control of the building goes on."),
    ),
    Why.DECISION_FAILED: (
        N_("A part of HEMS failed {times} times ({error}) and is left out; the rest goes on. Tell your installer."),
        N_("A part of HEMS failed and is left out; the rest goes on. Tell your installer."),
    ),
    Why.BLACK_START_WAITS: (
        N_(
            "The building is dark and stored energy is at {soc_pct}. "
            "HEMS starts on own power from {least_pct}, or in the sun."
        ),
        N_("The building is dark. HEMS tries to start on own power again in {pause_s}."),
        N_("The building is dark. HEMS starts on own power once it is sure that the grid switch is open."),
    ),
    Why.BLACK_START_GIVEN_UP: (
        N_("Starting on own power failed {tries} times. HEMS does not try again until somebody has looked."),
        N_("Starting on own power failed too often. HEMS does not try again until somebody has looked."),
    ),
    Why.COLD_LOAD: (
        N_(
            "The building is dark and {circuits} circuits are not seen to be off: together they would draw {w}, "
            "too much to start. Switch some off by hand."
        ),
        N_("The building is dark and too many circuits are not seen to be off. Switch some off by hand."),
    ),
    Why.INVARIANT: (
        N_("HEMS was about to break its own rule {invariant} and did not. Tell your installer; keep the log."),
        N_("HEMS was about to break one of its own rules and did not. Tell your installer; keep the log."),
    ),
    Why.DRILL_ABORTED: (N_("The drill was broken off at the first sign of trouble; the log says which."),),
    Why.DRILL_DUE: (
        N_("No power cut has been practised for {days} days. Type `hems drill rehearse`, or `hems drill begin`."),
        N_("No power cut has been practised for long. Type `hems drill rehearse`, or `hems drill begin`."),
    ),
    Why.CAR_WISH: (
        N_("{name}: the car leaves in {leaves_s} and keeps {keeps_pct}, says its driver."),
        N_("{name}: the car leaves in {leaves_s}, says its driver."),
        N_("{name}: the car keeps {keeps_pct} from now on."),
        N_("{name}: its driver has said what is to be done with the car."),
        N_("A driver has said what is to be done with a car."),
    ),
    Why.REHEARSED: (N_("{who} has rehearsed a power cut; nothing was switched."), N_("A power cut was rehearsed.")),
    Why.GENERATOR_COOLS: (N_("The generator is no longer needed and cools down."),),
    Why.GENERATOR_STOPS: (N_("The generator is no longer asked to run."),),
    Why.GENERATOR_FAILED: (
        N_("The generator did not start, or has stopped by itself. HEMS tries again after a pause."),
    ),
    Why.GENERATOR_GIVEN_UP: (
        N_("The generator failed {tries} times. HEMS does not start it again until somebody has looked at it."),
        N_("The generator failed too often. HEMS does not start it again until somebody has looked at it."),
    ),
    Why.FIRE: (
        N_(
            "FIRE ALARM: cars neither charge nor give, and HEMS switches nothing on, "
            "until somebody says that it is over."
        ),
    ),
    Why.FIRE_ENDED: (
        N_("{who} says that the fire alarm is over. HEMS goes on as before."),
        N_("The fire alarm is over."),
    ),
    Why.FIRE_GOES_ON: (N_("Not done: the fire alarm's contact still says alarm. Reset the panel first."),),
    Why.RED_BUTTON: (N_("RED BUTTON PRESSED: HEMS gives no commands until it is released."),),
    Why.TOO_WARM: (
        N_("{name} is at {temp_c}, above its limit of {limit_c}. It counts as more important until it is cool again."),
        N_("{name} is too warm. It counts as more important until it is cool again."),
        N_("Something that is kept cool is too warm."),
    ),
    Why.LIMIT_FAILSAFE: (
        N_("The utility is not heard from: until it is, the building keeps to the limits agreed for that case."),
    ),
    Why.LIMIT_EXCEEDED: (
        N_(
            "The connection is at {w}, above its limit of {limit_w}, and nothing more can make room. "
            "Switch something off."
        ),
        N_("The connection is above its limit, and nothing more can make room. Switch something off."),
    ),
    Why.LIMIT_KEPT_AGAIN: (
        N_("The connection is inside its limit again; {excess_wh} went beyond it in {for_s}."),
        N_("The connection is inside its limit again."),
    ),
    Why.DARK_START_EMPTY: (
        N_("The small battery that wakes the charger in the dark is empty: without the grid it cannot start."),
    ),
    # people
    Why.ORDER: (
        N_('{task}: {who} asked for it for {duration_s}, "{reason}".'),
        N_('{task}: {who} asked for it, "{reason}".'),
        N_("{task}: {who} asked for it."),
        N_("Somebody has given HEMS an order."),
    ),
    Why.ORDER_BEGINS: (N_("{task}: begins now."), N_("An order begins now.")),
    Why.ORDER_ENDED: (N_("{task}: over."), N_("An order is over.")),
    Why.STORM_REFUSED: (N_("Not done: there is no battery here that HEMS can charge beforehand."),),
    Why.ISLAND_REFUSED: (
        N_("Not done: stored energy is at {soc_pct}, and leaving the grid needs {least_pct}."),
        N_("Not done: leaving the grid needs stored energy of {least_pct}, and nobody knows how much there is."),
        N_("Not done: nothing here can open the grid switch on request."),
    ),
    Why.HOLD_REFUSED: (
        N_("Not done: everything was held not long ago. It can be held again in {left_s}."),
        N_("Not done: the building is on the grid, so there is nothing to hold."),
    ),
    Why.OVERRIDE_EXPIRED: (
        N_("{name} is back to automatic: the override of {who} has ended."),
        N_("{name} is back to automatic: the override has ended."),
        N_("An override has ended."),
    ),
    Why.OVERRIDE_REFUSED: (
        N_("Not done: {name} is life safety, is protected or has no switch. Nobody can switch it from here."),
        N_("Not done: this circuit is life safety, is protected or has no switch."),
    ),
}

REASONS: Mapping[Why, Forms] = {
    # circuits
    Why.ISLAND_CAPACITY: (
        N_("own power would be at {loading_pct} of its limit; back when there is room or the grid returns"),
        N_("own power does not reach for it; back when there is room or the grid returns"),
    ),
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
    Why.NOT_ITS_TURN: (N_("there is not enough for all circuits of its group, so they take turns of an hour"),),
    Why.SOURCE_LOST: (N_("a source has gone, and the building must do with what remains"),),
    Why.STABILISING_TOO_LONG: (N_("own power did not settle, so only life safety and critical circuits stay on"),),
    Why.BLACKOUT: (N_("the building is dark, and not everything may start at once"),),
    Why.FOUND_OFF: (N_("it was found off although HEMS had switched it on; it comes back in its turn"),),
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
    Why.LIMIT_DEMAND: (
        N_("this quarter of an hour would exceed {limit_w} on average"),
        N_("this quarter of an hour has used what it may"),
    ),
    Why.STORE_SUN: (N_("it keeps what the sun gives and nobody uses"),),
    Why.OWN_USE: (N_("it serves the building with what it has above its reserve"),),
    Why.REFILL_RESERVE: (
        N_("it fills up to the {target_pct} that are kept for a power cut"),
        N_("it fills up to what is kept for a power cut"),
    ),
    Why.RESERVE_KEPT: (N_("what it has is kept for a power cut"),),
    Why.STORAGE_RESTS: (N_("it is full, or there is nothing for it to do"),),
    Why.STORAGE_BLIND: (N_("nobody can tell how much flows"),),
    # people
    Why.OVERRIDE: (
        N_('{who} asked for it for {duration_s}, "{reason}"'),
        N_("{who} asked for it for {duration_s}"),
        N_("{who} asked for it"),
        N_("somebody asked for it"),
    ),
}

SWITCHED_ON, SWITCHED_OFF = N_("Switched ON {name}"), N_("Switched OFF {name}")
STAYS_ON, STAYS_OFF, AUTOMATIC = N_("{name} stays ON"), N_("{name} stays OFF"), N_("{name} is back to automatic")
GIVES, CHARGES, RESTS = N_("{name} gives {kw}"), N_("{name} charges with {kw}"), N_("{name} rests")
OPENS, KEEPS = N_("Asked the grid switch to open"), N_("Left the grid switch to itself")
RUNS, STANDS = N_("Asked the generator to run"), N_("Left the generator standing")
STARTS, LEAVES = N_("Asked the inverter to start"), N_("Left the inverter to itself")
PERMITTED, WITHHELD = N_("Permitted reconnection"), N_("Withheld reconnection")
BAND_CHANGED = N_("Stored energy is {band} (it was {was}).")
ONLY_WATCHING = N_("Only watching, not sent. {did}: {reason}.")
DID_BECAUSE, ABOUT = N_("{did}: {reason}."), N_("{name}: {reason}.")
