"""What every engine shares: the profile file, its parameters, and what is done with one raw value.

A profile is data: one TOML file per product.  `load` reads and validates it, `params` fills its placeholders, `schema`
says what may stand in it, `point` turns a raw value into a reading or says why it is none, `derive` computes points
from points, `command` decides what is sent for a wanted value and whether the device has taken it.

Signs are settled here, once: sources positive when they feed the building, loads when they consume, the grid on import.
"""
