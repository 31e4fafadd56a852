"""With the grid: how much may flow through the connection, and who makes room.

    flexible    what the utility lets through at present, or the failsafe while it is not heard from
    quarter     what the quarter of an hour that is counted has left
    envelope    the narrowest of all limits, and whose it is
    standing    what circuits draw beyond the sun, as far as it stands
    storage     batteries: inside the envelope first, then the sun, then the building, never below their reserve
    shares      cars: what is left, in fair shares, and nobody between pause and 6 A
    excess      what has flowed beyond, told per event

Nothing in here runs unless the grid is known to be there: the interlocks of `wanting` stand above all of it.
"""
