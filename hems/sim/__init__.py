"""The building as equations: everything that a wire would show, without a wire.

`plant.Plant` is a building that can lose its grid, trip its inverter and run its battery empty; `traces` says what its
people, its sun and its cars do; `observe` shows it by the roles that a site file wires to devices.  Nothing here knows
a socket, a protocol or a clock, and the same seed gives the same building.
"""
