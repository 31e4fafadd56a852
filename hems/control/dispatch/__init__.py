"""With the grid: how much may flow through the connection, and who makes room.

    flexible    what the utility lets through at present, or the failsafe while it is not heard from
    schedule    what a flexible connection allows hour by hour
    quarter     what the quarter of an hour that is counted has left
    envelope    the narrowest of all limits, and whose it is
    market      what energy costs, and what is therefore stored for whom
    expected    what the building will draw beyond the sun, by its habits
    worth       what a stored kilowatt-hour is worth, in money, and below what the month's peak can be kept
    store       all steered batteries as one
    aim         limits, the peak, and then what pays: what batteries do together
    reserve     what batteries keep for power cuts at present
    shared      what batteries and cars keep together, and who holds how much of it
    standing    what circuits draw beyond the sun, as far as it stands
    steady      what flows, of looks that belong together
    able        what batteries can do, as they have shown
    storage     each battery's part of it, never below its reserve
    response    what the grid's frequency asks for
    cheap       which cars wait for cheaper hours, and will be ready all the same
    curtail     the sun: held back where more may not be fed in
    relief      flexible circuits: off where a limit cannot be met otherwise
    value       what a day was worth, beside batteries at rest
    shares      cars: what is left, in fair shares, and nobody between pause and 6 A
    heard_again chargers that were silent: what their cars draw counts once, and they go on
    panels      what sub-panels leave for cars, and which are overloaded
    departure   what cars need before they leave, and who must charge now
    beyond      what cars draw that do not follow, or that nobody commands
    charging    what each car draws
    lending     what cars give on the grid, for a limit alone
    excess      what has flowed beyond, told per event

Nothing in here runs unless the grid is known to be there: the interlocks of `wanting` stand above all of it.
"""
