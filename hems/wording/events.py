"""What HEMS says of the building and of people: whole sentences."""

from collections.abc import Mapping

from hems.model.cause import Why
from hems.wording.language import N_, Forms

EVENTS: Mapping[Why, Forms] = {
    Why.DAY_VALUE: (
        N_(
            "The day that is over: {paid} paid for energy; with batteries at rest it would have been {resting}. "
            "Highest quarter of an hour {peak_w}, instead of {resting_peak_w}."
        ),
        N_("The day that is over has been accounted for."),
    ),
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
    Why.LEFT_ON_PURPOSE: (
        N_(
            "OFF THE GRID ON PURPOSE: the switch to the grid was opened on request. The building runs on its own power."
        ),
    ),
    Why.TIE_OPENED: (
        N_("The building has been on its own power for {outage_s}. HEMS has looked around afresh and goes on."),
        N_("POWER CUT: the switch to the grid has opened. The building runs on its own power."),
    ),
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
    Why.GRID_STAYS: (
        N_("The grid is there all the while. The building goes back to it when its time off the grid is over."),
    ),
    Why.GRID_GONE_MEANWHILE: (
        N_("POWER CUT: the grid has gone while the building was off it on purpose. It goes on on its own power."),
    ),
    Why.GRID_LOST_AGAIN: (N_("The grid went away again. When it returns, the wait starts from the beginning."),),
    Why.GRID_QUALIFIED: (
        N_("The grid has stayed good. HEMS permits reconnection; the certified equipment closes the switch."),
    ),
    Why.RECONNECT_TIMED_OUT: (
        N_("Reconnection did not happen in time. The permit is withdrawn; HEMS tries again in {pause_s}."),
        N_("Reconnection did not happen in time. The permit is withdrawn; HEMS tries again after a pause."),
    ),
    Why.STAYS_APART: (N_("Somebody asked for own power: the permit to rejoin the grid is withdrawn."),),
    Why.RESTORED_AND_CALM: (N_("All circuits that can come back are back, and all is calm: normal running."),),
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
    # people
    Why.ORDER: (
        N_('{task}: {who} asked for it for {duration_s}, "{reason}".'),
        N_('{task}: {who} asked for it, "{reason}".'),
        N_("{task}: {who} asked for it."),
        N_("Somebody has given HEMS an order."),
    ),
    Why.ORDER_BEGINS: (N_("{task}: begins now."), N_("An order begins now.")),
    Why.ORDER_ENDED: (
        N_("{task}: over for {who}. {still} has not said so yet."),
        N_("{task}: over."),
        N_("An order is over."),
    ),
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
        N_("An override has ended; it comes back in its turn, once it has rested."),
    ),
    Why.OVERRIDE_REFUSED: (
        N_("Not done: {name} is life safety, is protected or has no switch. Nobody can switch it from here."),
        N_("Not done: this circuit is life safety, is protected or has no switch."),
    ),
}
