"""Devices behind an MQTT broker, each described by one profile.

`link` holds the connection to a broker and decides what may leave, `schema` says what a profile may hold, `points`
turns messages into readings, `presence` tells silence from rest, `command` follows one command to its effect, `device`
ties these together, `driver` is what hems sees.
"""

from drivers.mqtt.driver import MqttFactory

FACTORY = MqttFactory()
"""What the entry point `mqtt` of group `hems.drivers` names."""
