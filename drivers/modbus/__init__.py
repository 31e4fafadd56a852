"""Modbus over TCP, RTU and RTU over TCP: one queue for each link, devices as profiles say.

Read `queue` first: it holds what keeps a shared line honest.  Below it `link` carries one request at a time over a
`connection`; `wire` says what its octets are and which answer is its answer, `envelope` what is put around them.
Above it `device` is what happens to one device: who it is, what is polled.  `poll` reads, `commands` judges and `send`
writes; `force` is what a device is held to, and `keep` the dead-man that ends it.  `check` and `actuation` tell what
can be told offline.
"""

from drivers.modbus.factory import ModbusFactory

FACTORY = ModbusFactory()
"""What the entry point `modbus` names."""
