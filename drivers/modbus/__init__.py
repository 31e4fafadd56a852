"""Modbus over TCP, RTU and RTU over TCP: one queue for each link, devices as profiles say.

Read `queue` first: it holds what keeps a shared line honest.  `device` is what happens to one device, `poll` and `send`
its two directions, `keep` the dead-man.  Only `link` knows pymodbus.
"""

from drivers.modbus.factory import ModbusFactory

FACTORY = ModbusFactory()
"""What the entry point `modbus` names."""
