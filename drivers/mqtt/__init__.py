"""Devices behind an MQTT broker, each described by one profile.

`link` holds the connection to a broker and decides what may leave, `credentials` reads what it takes to be let in,
`schema` and `message` say what a profile may hold, `points` turns messages into readings, `presence` tells silence from
rest, `commander` sends commands and `command` follows each to its effect, `keep` repeats them and lets them lapse,
`device` ties these together, `driver` is what hems sees.
"""

from drivers.mqtt.driver import MqttFactory

FACTORY = MqttFactory()
"""What the entry point `mqtt` of group `hems.drivers` names."""
