"""The building in Home Assistant.

`entities` says what there is, `discovery` announces it, `states` fills it, `commands` makes a person's requests of what
comes back, and `service` keeps all of that going over one broker.
"""
