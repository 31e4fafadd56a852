"""What outlives the daemon, in two SQLite files of the state directory, written by one thread.

`state.db` is small and every commit is on disk before it counts: what was asked of each actuator (`journal`), the
saved control state (`saved`), which devices may be written to and who allowed it (`arming`), who did what (`audit`, a
`chain`), and the hashes of PINs (`people`).  `history.db` is large and expendable: one-minute samples, events, full
inputs around events (`history`, `aggregate`, `ring`).  `reader` is for reports and the command line, `database` opens,
checks and migrates a file.

Nothing here has a clock: all times are those of the ticks that hand things over.  A full disk, a locked or a broken
file stops history and shows in `Store.health`; it never raises into control and never makes it wait, except for
`Journal.commit`, whose purpose is to wait.
"""
