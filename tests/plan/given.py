"""What the plan's process is asked about in tests."""

from dataclasses import replace

from hems.control.memory.using import Habits
from hems.model.tariff import Tariff
from hems.runtime.scene import Scene
from tests.control.dispatch.street import Street, connected_site


def scene(lived_s: int = 10) -> Scene:
    """A house on a street whose habits are known, and what energy costs, after so many seconds."""
    street = Street(replace(connected_site(), tariff=Tariff(buy=0.3, sell=0.08)))
    habits = Habits(loads_w={one.id: (700,) * 48 for one in street.site.circuits}, suns_w=((0,) * 24,) * 3)
    street.state = replace(street.state, habits=habits)
    return street.lives(lived_s).scene()
