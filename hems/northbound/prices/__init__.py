"""What energy costs, told to the daemon.

`mapping` makes slots of what a source says, `fetch` reads files and web addresses, `service` listens to brokers as well
and tells the daemon.  A source that fails invents nothing: what was known holds to the end of its slots, and then
nothing is known.
"""
