"""The plan: the next day and a half as a linear program, solved in a process of its own.

    problem    what has to be decided, from the daemon's present; one value, one line of JSON
    program    the linear program, and what its solution says
    child      the process: one problem in, one plan out
    process    the daemon's end of it: when to ask, for how long to wait, what to do without

The tick follows a plan by what a stored kilowatt-hour is worth in it, never blindly; without one, or with one that is
too old, the closed form of `hems.control.dispatch.worth` decides alone.
"""
