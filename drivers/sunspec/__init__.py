"""SunSpec inverters: the models are found by walking the device's list, then everything works as for Modbus.

`models` says where points lie inside a model, `walk` finds the models, `place` brings both and the profile together.
"""

from drivers.sunspec.factory import SunSpecFactory

FACTORY = SunSpecFactory()
"""What the entry point `sunspec` names."""
