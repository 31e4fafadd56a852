"""What every engine shares: the profile file, its parameters, and what is done with one raw value.

A profile is data: one TOML file per product.  `load` reads it, `params` fills its placeholders, `variants` lays the
lines of one family over the common ones, `schema` says what may stand in it, `consistent` whether the lines fit each
other, and `checked` makes plain frozen values of it or says what is wrong.  `point` turns a raw value into a reading or
says why it is none, `memory` knows what came before, `derive` computes points from points, `alarms` tells what the
device calls abnormal, `command` decides what is sent for a wanted value and whether the device has taken it.  `product`
is the page for people, `json_schema` what editors need.

Signs are settled here, once: sources positive when they feed the building, loads when they consume, the grid on import.
"""
