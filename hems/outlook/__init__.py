"""The building's next days: the daemon's own core on the building's equations, from the present state.

It runs in a process of its own, which is nice, bounded in memory and expendable: the daemon asks and never waits.

    question   what the daemon sends: the present, and what is asked
    expected   what loads and sun are taken to do, and how sure that is
    course     one way the next days may go
    look       many courses made into hours with a range
    child      the process: reads questions, answers them
    process    the daemon's end of it: starts, asks, kills, starts again
"""
