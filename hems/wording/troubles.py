"""What HEMS says of things that are not as they should be: whole sentences, most of them alarms."""

from collections.abc import Mapping

from hems.model.cause import Why
from hems.wording.language import N_, Forms

TROUBLES: Mapping[Why, Forms] = {
    # alarms
    Why.SHED_NOT_OBEYED: (
        N_("{name} does not obey: HEMS switched it OFF and nothing shows it. Look at its contactor and breaker."),
        N_("A circuit does not obey: HEMS switched it OFF and nothing shows it. Look at the panel."),
    ),
    Why.RESTORE_GIVEN_UP: (
        N_("Switching on failed {times} times in a row. Nothing more comes back on own power until a person looks."),
        N_("Switching on failed too often. Nothing more comes back on own power until somebody has looked."),
    ),
    Why.SHEDS_UNANSWERED: (
        N_(
            "{circuits} circuits do not obey: HEMS switched them OFF and nothing shows it. Look at their relay board, "
            "its supply and its network."
        ),
        N_("Several circuits do not obey: nothing shows that they are OFF. Look at their relay board."),
    ),
    Why.SHED_IN_VAIN: (
        N_(
            "Switching {name} OFF does not lower the load. HEMS passes over it; have its wiring to the panel looked at."
        ),
        N_("Switching a circuit OFF does not lower the load. HEMS passes over it; have its wiring looked at."),
    ),
    Why.SHED_FUTILE: (
        N_(
            "The inverter is overloaded, and switching off does not help. HEMS leaves important circuits ON; "
            "look for a load it cannot switch, or a wrong meter."
        ),
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
        N_("{name} waits: its relay has moved often in the last hour or day. HEMS lets it rest until {until_utc}."),
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
    Why.CUT_AT_WORK: (
        N_(
            "POWER CUT while people work on the plant: the building runs on its own power. HEMS does not go back to "
            "the grid before the work is over."
        ),
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
    Why.CAR_WARRANTY: (
        N_("{name}: {used_pct} of what the car's maker lets it give to a building is used up."),
        N_("A car has given nearly all that its maker lets it give to a building."),
    ),
    Why.CAR_REFUSES: (
        N_("{name}: the car does not give although it has agreed to. HEMS no longer counts on it."),
        N_("A car does not give although it has agreed to. HEMS no longer counts on it."),
    ),
    Why.CAR_ASLEEP: (
        N_("{name}: the car does not begin to charge, and HEMS could not wake it. Its driver should look at it."),
        N_("A car does not begin to charge, and HEMS could not wake it. Its driver should look at it."),
    ),
    Why.BATTERY_IDLE: (
        N_("{name} does not give what HEMS asks of it. HEMS no longer counts on it."),
        N_("A battery does not give what HEMS asks of it. HEMS no longer counts on it."),
    ),
    Why.ANOTHER_MASTER: (
        N_("{name} does not do as HEMS says. Somebody or something else commands it; look for a second controller."),
        N_("A device does not do as HEMS says. Somebody or something else commands it."),
    ),
    Why.DEVICE_SILENT: (
        N_("Device {device} does not answer ({detail}). HEMS goes on without it; its values show as ??."),
        N_("Device {device} does not answer. HEMS goes on without it; its values show as ??."),
        N_("{name} does not answer. HEMS goes on without it; its values show as ??."),
        N_("A device does not answer. HEMS goes on without it; its values show as ??."),
    ),
    Why.DEVICES_SILENT: (
        N_(
            "The line {line} or its gateway: {count} devices fell silent together ({devices}). HEMS goes on without "
            "them."
        ),
        N_(
            "The building's network: {count} devices fell silent together ({devices}). Look at its switch. HEMS goes "
            "on without them."
        ),
        N_("Several devices fell silent together: look at the network switch or the line that they share."),
    ),
    Why.DEVICES_COME_AND_GO: (
        N_("The line {line} or its gateway: {count} devices come and go ({devices}). Look at its cable and supply."),
        N_("The building's network: {count} devices come and go ({devices}). Look at its switch, radio and broker."),
        N_("Several devices come and go: look at the network or the line that they share."),
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
    Why.CLOCK_SET_FORWARD: (
        N_("The clock was set forward by {by_s}. Waiting times do not change by it."),
        N_("The clock was set forward. Waiting times do not change by it."),
    ),
    Why.CLOCK_SET_BACK: (
        N_("The clock was set back by {by_s}. Waiting times do not change by it."),
        N_("The clock was set back. Waiting times do not change by it."),
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
        N_("{name}: the car shall have {target_pct} when it leaves."),
        N_("{name}: its driver has said what is to be done with the car."),
        N_("A driver has said what is to be done with a car."),
    ),
    Why.CAR_FIRST: (
        N_("{name}: for this visit the car charges before others that have time."),
        N_("For this visit a car charges before others that have time."),
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
    Why.PANEL_OVERLOADED: (
        N_(
            "{panel} draws {drawn_a} on {phase} ({w}), and {limit_a} is allowed for hours. HEMS has switched off "
            "{off}, and that is not enough: switch something off behind it."
        ),
        N_(
            "{panel} draws {drawn_a} on {phase} ({w}), and {limit_a} is allowed for hours. Nothing is left that HEMS "
            "could switch off there: switch something off behind it."
        ),
        N_("{panel} is above what its fuses carry for hours. Switch something off behind it."),
        N_("A distribution board is above what its fuses carry for hours. Switch something off behind it."),
    ),
    Why.LIMIT_KEPT_AGAIN: (
        N_("The connection is inside its limit again; {excess_wh} went beyond it in {for_s}."),
        N_("The connection is inside its limit again."),
    ),
    Why.DARK_START_EMPTY: (
        N_("The small battery that wakes the charger in the dark is empty: without the grid it cannot start."),
    ),
}
