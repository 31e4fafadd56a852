"""What an alarm means, what to do about it and what happens if nobody does: one entry for each alarm there is.

Written for a caretaker at night.  Nobody is asked to open a panel, and what needs an electrician says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hems.model.cause import Cause, Why
from hems.wording.language import N_, translated


@dataclass(frozen=True, slots=True)
class Guidance:
    """Help for one alarm."""

    means: str
    do: tuple[str, ...]
    """Steps, in their order."""
    wait: str
    """What happens if nobody does anything."""


ELECTRICIAN = N_("Call the electrician and read out the line above.")
INSTALLER = N_("Tell your installer; keep the log (key 8).")
HANDS_OFF = N_("Do not open the panel, and do not move the grid switch by hand.")
SAFE = N_("HEMS switches nothing on until this is cleared. Circuits that are on stay on.")
SAY_SO = N_("When the cause is gone, type `hems acknowledge`; HEMS then starts over.")
STILL = N_("HEMS no longer knows how the building stands, so it holds still.")
GOES_ON = N_("Nothing gets worse. The rest of HEMS goes on.")

HOLDS_STILL = Guidance(STILL, (HANDS_OFF, ELECTRICIAN, SAY_SO), SAFE)

GUIDANCE: Mapping[Why, Guidance] = {
    Why.DEVICE_SILENT: Guidance(
        N_("HEMS cannot see or command this device. What it measures shows as ??."),
        (
            N_("Look whether the device has power: is a light on?"),
            N_("Look whether its network or data plug is in."),
            N_("If both are well, switch the device off and on if you may; else tell your installer."),
        ),
        N_("HEMS goes on without it. If it is a switch, its circuit stays as it is."),
    ),
    Why.DEVICES_SILENT: Guidance(
        N_("HEMS cannot see or command these devices. Most likely they are well, and what they share has failed."),
        (
            N_("Look at the network switch or the gateway that they share: has it power, is a light on?"),
            N_("Look whether its plugs are in. Switch it off and on once, if you may."),
            N_("If that does not help, tell your installer. The devices (key 7) show which are silent."),
        ),
        N_("HEMS goes on without them: their circuits stay as they are, in a power cut too."),
    ),
    Why.DEVICES_COME_AND_GO: Guidance(
        N_("HEMS loses these devices again and again. Most likely they are well, and what they share is not."),
        (
            N_("Look at the network switch or the gateway that they share: has it power, is a light on?"),
            N_("If that does not help, tell your installer. The devices (key 7) show which are silent."),
        ),
        N_("HEMS goes on with what answers. A circuit whose switch is away at the wrong moment stays as it is."),
    ),
    Why.DEVICE_ALARM: Guidance(
        N_("The device itself says that something is wrong with it."),
        (N_("Read what it says on its own display."), N_("Call whoever services it, with those words.")),
        N_("It may stop by itself. HEMS goes on with what remains."),
    ),
    Why.SHED_NOT_OBEYED: Guidance(
        N_("This circuit still draws power although it was switched off. Others may have to go off in its place."),
        (
            N_("Switch it off by hand at its breaker, if you may and can reach it."),
            N_("Leave it off, and call the electrician: its contactor or relay is stuck."),
        ),
        N_("In a power cut the inverter may be overloaded and stop: all would be dark."),
    ),
    Why.RESTORE_GIVEN_UP: Guidance(
        N_("Each time a circuit came back, the island was overloaded, its voltage sagged, or all went dark."),
        (
            N_("Look for what draws so much: something that has broken, or that somebody has plugged in lately."),
            N_("Then say that you have looked: hems acknowledge, and HEMS tries again."),
        ),
        N_("What is on stays on. With the grid everything comes back as usual."),
    ),
    Why.SHEDS_UNANSWERED: Guidance(
        N_("These circuits may still draw power although they were switched off. Others may have to go off instead."),
        (
            N_("Switch off by hand at their breakers what is large and can wait."),
            N_("See whether the relay board has power and its network cable, then call the electrician."),
        ),
        N_("In a power cut the inverter may be overloaded and stop. A dark building is not started again."),
    ),
    Why.SHED_IN_VAIN: Guidance(
        N_("It was switched off several times, and the inverter delivered as much as before."),
        (
            N_("Look whether the lights or sockets of this circuit are really dead while it is OFF."),
            N_("Leave it as it is, and tell the electrician: it may hang on another contactor than its name says."),
        ),
        N_("HEMS switches others off in its place. Nothing gets worse by itself."),
    ),
    Why.SHED_FUTILE: Guidance(
        N_("HEMS has switched off what it may, and the inverter still says that it delivers too much."),
        (
            N_("Switch off by hand what is large and has no switch of HEMS: pumps, cookers, a car that charges."),
            N_("Compare with the inverter's own display. Does it show much less? Then a meter is wrong."),
        ),
        N_("If the load is real, the inverter stops by itself and all is dark until it starts again."),
    ),
    Why.UNEXPECTED_CLOSE: Guidance(
        N_("Its switch is not where HEMS put it. A person, a timer or another controller moved it."),
        (
            N_("Look at the hand switch of this circuit: it belongs on AUTO."),
            N_("Ask who has switched it. Nobody? Call the electrician."),
        ),
        N_("HEMS cannot count on this circuit, and switches others in its place."),
    ),
    Why.LOCKED_OUT: Guidance(
        N_("Every time it came on, too much was drawn at once. HEMS leaves it off now."),
        (
            N_("Look at what is plugged in there, and unplug what is large."),
            N_("Then keep it ON for 15 minutes: key 3, choose it, ENTER."),
            N_("If it goes off again, leave it and call the electrician."),
        ),
        N_("It stays off. Nothing else is touched."),
    ),
    Why.RELAY_RESTS: Guidance(
        N_("This circuit has gone off and on too often lately, and relays wear out."),
        (
            N_("Read in the log (key 8) why it went off each time."),
            N_("If it is needed now, keep it ON: key 3, choose it, ENTER."),
        ),
        N_("HEMS switches it on again by itself: on a steady grid soon, else within an hour as a rule."),
    ),
    Why.TIE_DISPUTED: Guidance(
        N_("Two witnesses of the grid switch do not agree. HEMS believes the more careful one."),
        (HANDS_OFF, N_("Have the electrician look at the switch's contacts, this week.")),
        N_("The building runs on. Coming back to the grid may take longer."),
    ),
    Why.CUT_AT_WORK: Guidance(
        N_("The grid has gone while maintenance is ordered. Circuits go off only where protection needs it."),
        (
            N_("Tell those who work: cables in the building stay live from the battery."),
            N_("End the maintenance when they are done: only then does HEMS save energy and rejoin the grid."),
        ),
        N_("HEMS switches nothing on, saves little, and does not permit the return to the grid."),
    ),
    Why.TIE_CROSSED: HOLDS_STILL,
    Why.RECONNECT_GIVEN_UP: Guidance(
        N_("The grid is back, but the certified switch does not close. The building lives on its own power."),
        (HANDS_OFF, ELECTRICIAN, N_("Save energy: ask tenants to use little until it is mended.")),
        N_("Stored energy runs down; circuits go off group by group (key 2 says when)."),
    ),
    Why.POINT_FROZEN: Guidance(
        N_("This meter sends the same number again and again. HEMS does not believe it any more."),
        (N_("Switch the meter's supply off and on, if you may."), N_("If that does not help, have it replaced.")),
        GOES_ON,
    ),
    Why.POINT_MISPLACED: Guidance(
        N_("A meter sits on the wrong side of the grid switch. HEMS does not believe it."),
        (N_("Have the electrician look where it is wired, before the next power cut."),),
        N_("HEMS may see the next power cut later than it could."),
    ),
    Why.UNBALANCED: Guidance(
        N_("The meters contradict each other, so one of them is wrong."),
        (N_("Have the meters looked at, this week."), INSTALLER),
        N_("Cars give no more than now. All else goes on."),
    ),
    Why.ANOTHER_MASTER: Guidance(
        N_("Something else commands this charger or battery: an app, a cloud or a second controller."),
        (
            N_("Ask whether an app or a timer of the car, the charger or the inverter is in use."),
            N_("Switch that off, or tell your installer."),
        ),
        N_("For an hour HEMS only tells it to do less. In a power cut HEMS cannot count on it."),
    ),
    Why.BATTERY_IDLE: Guidance(
        N_("In this power cut the battery was asked to help, and nothing comes. HEMS no longer counts on it."),
        (
            N_("Look at its inverter: it may have switched itself off with the grid."),
            N_("Tell your installer; it may keep a reserve, or go by a meter at the street."),
        ),
        N_("The inverter's own battery and the cars carry the building. HEMS asks it again every 15 minutes."),
    ),
    Why.CAR_WARRANTY: Guidance(
        N_("Beyond what its maker allows, giving may cost the car its warranty."),
        (
            N_("Tell the driver; `hems report cars` has the numbers."),
            N_("If the driver wants no more of it: key 4, choose the bay, N."),
        ),
        N_("On the grid the car gives nothing beyond that. In a power cut it still does, unless its driver says no."),
    ),
    Why.CAR_REFUSES: Guidance(
        N_("Charger and car agree that the car may give, and nothing comes. HEMS no longer counts on it."),
        (
            N_("Ask the driver whether the car's own settings forbid it, or keep more than HEMS knows."),
            N_("Unplug the car and plug it in again, then wait two minutes."),
        ),
        N_("The others give in its place. HEMS asks it again every 15 minutes."),
    ),
    Why.CAR_ASLEEP: Guidance(
        N_("The charger offers current and the car takes none. It sleeps, or waits for a time set in the car."),
        (
            N_("For the driver: unplug the car, wait a minute, plug it in again."),
            N_("Open the car, or its app: is a charging time or a limit set there? Switch it off."),
            N_("Does it still not charge? Try another bay, then call whoever services the charger."),
        ),
        N_("The car leaves with no more than it has now. HEMS tries again every hour."),
    ),
    Why.GENERATOR_GIVEN_UP: Guidance(
        N_("The generator does not start or does not stay running. HEMS leaves it alone."),
        (
            N_("Look at its own panel: fuel, battery, emergency stop, AUTO."),
            N_("Clear its fault there, or call whoever services it."),
        ),
        N_("The building lives on stored energy and the sun alone (key 2 says how long)."),
    ),
    Why.BLACK_START_WAITS: Guidance(
        N_("There is no power, and HEMS waits for the right moment to start on its own."),
        (N_("Nothing yourself. Follow the card on the panel door for people in lifts and on stairs."),),
        N_("HEMS tries by itself as soon as it may, and the grid may return first."),
    ),
    Why.BLACK_START_GIVEN_UP: Guidance(
        N_("There is no power, and the inverter did not start on its own."),
        (ELECTRICIAN, N_("Follow the card on the panel door for people in lifts and on stairs.")),
        N_("The building stays dark until the grid returns or somebody helps."),
    ),
    Why.COLD_LOAD: Guidance(
        N_("Too much is connected to start on own power."),
        (
            N_("Switch off large circuits at their hand switches: heating, laundry, hot water."),
            N_("HEMS then starts by itself."),
        ),
        N_("The building stays dark until the grid returns."),
    ),
    Why.INVARIANT: Guidance(
        N_("A part of HEMS was wrong and another part stopped it. Nothing bad has happened."),
        (INSTALLER,),
        GOES_ON,
    ),
    Why.DECISION_FAILED: Guidance(
        N_("HEMS has a fault in itself and works around it."), (INSTALLER,), N_("Some comfort is lost, no protection.")
    ),
    Why.OWN_FAULT: Guidance(
        N_("HEMS says this of itself, not of the building. The line above names the remedy if you have one."),
        (INSTALLER,),
        GOES_ON,
    ),
    Why.FIRE: Guidance(
        N_("The fire alarm panel has spoken. Cars are stopped and nothing is switched on."),
        (
            N_("Follow the fire plan of the house. People first."),
            N_('When the panel is reset: `hems fire over --who "your name"`.'),
        ),
        N_("All stays as it is until somebody says that it is over."),
    ),
    Why.RED_BUTTON: Guidance(
        N_("Somebody has taken over by hand. HEMS gives no commands at all."),
        (N_("Ask who pressed it, and why."), N_("Release it when that person says so; HEMS then takes over again.")),
        N_("In a power cut nobody saves energy: switch off by hand what can wait."),
    ),
    Why.TOO_WARM: Guidance(
        N_("What must stay cold gets warm."),
        (N_("Look at the fridge or freezer: is its door shut, does it run?"), N_("Move what may spoil.")),
        N_("HEMS gives it power earlier than others until it is cool again."),
    ),
    Why.DARK_START_EMPTY: Guidance(
        N_("After a blackout HEMS could not start on its own."),
        (N_("Have this small battery charged or replaced, this week."),),
        N_("Only the next blackout is affected, not a plain power cut."),
    ),
    Why.DRILL_DUE: Guidance(
        N_("What is never practised fails when it is needed."),
        (N_("On a quiet day type `hems drill rehearse`: it switches nothing and tells what would happen."),),
        N_("Nothing happens now."),
    ),
    Why.LIMIT_EXCEEDED: Guidance(
        N_(
            "The building draws or feeds in more than its connection allows. Cars and battery already do what they can."
        ),
        (
            N_("Switch off what can wait: laundry, hot water, heating (key 3)."),
            N_("If it happens often, tell your installer: more circuits should have a switch."),
        ),
        N_("The utility may charge for it, or a main fuse may go."),
    ),
    Why.PANEL_OVERLOADED: Guidance(
        N_("More flows through this board than its fuses carry for hours. Cars behind it already rest."),
        (
            N_("Switch off what can wait behind it: laundry, hot water, heating (key 3)."),
            N_("If it happens often, tell your installer: more circuits should have a switch."),
        ),
        N_("One of its fuses may go, and what hangs on it would be dark."),
    ),
    Why.LIMIT_FAILSAFE: Guidance(
        N_("The box through which the utility tells its limits is silent. The building keeps to less, to be safe."),
        (N_("Look whether the utility's box and its network plug have power."), INSTALLER),
        N_("Cars charge slowly or not at all until it is heard again. Nothing else changes."),
    ),
    Why.NO_WITNESS: HOLDS_STILL,
    Why.TIE_STUCK_MOVING: HOLDS_STILL,
    Why.TIE_INVALID: HOLDS_STILL,
    Why.CONTRADICTION: HOLDS_STILL,
    Why.BUS_UNKNOWN: HOLDS_STILL,
}


def guidance(cause: Cause) -> Guidance:
    """Help for an alarm, in the reader's language.  What holds still says what every such alarm says."""
    found = GUIDANCE.get(cause.why, HOLDS_STILL)
    return Guidance(translated(found.means), tuple(translated(step) for step in found.do), translated(found.wait))
