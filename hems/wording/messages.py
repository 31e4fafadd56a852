"""Every sentence hems can say, as messages for translation.

Each reason has one or more forms, the most telling first; the first one all of whose facts are known is taken, and the
last one needs none.  Rule: fact, meaning, action, time; two lines at most; no codes; "HEMS", never "the system".
"""

from collections.abc import Mapping

from hems.model.cause import Why
from hems.wording.events import EVENTS
from hems.wording.language import N_, Forms
from hems.wording.troubles import TROUBLES

WHOLE: Mapping[Why, Forms] = {**EVENTS, **TROUBLES}

SWITCHED_ON, SWITCHED_OFF = N_("Switched ON {name}"), N_("Switched OFF {name}")
STAYS_ON, STAYS_OFF, AUTOMATIC = N_("{name} stays ON"), N_("{name} stays OFF"), N_("{name} is back to automatic")
CAPPED = N_("{name} may give {kw} at most")
GIVES, CHARGES, RESTS = N_("{name} gives {kw}"), N_("{name} charges with {kw}"), N_("{name} rests")
OPENS, KEEPS = N_("Asked the grid switch to open"), N_("Left the grid switch to itself")
RUNS, STANDS = N_("Asked the generator to run"), N_("Left the generator standing")
STARTS, LEAVES = N_("Asked the inverter to start"), N_("Left the inverter to itself")
PERMITTED, WITHHELD = N_("Permitted reconnection"), N_("Withheld reconnection")
BAND_CHANGED = N_("Stored energy is {band} (it was {was}).")
ONLY_WATCHING = N_("Only watching, not sent. {did}: {reason}.")
DID_BECAUSE, ABOUT = N_("{did}: {reason}."), N_("{name}: {reason}.")
