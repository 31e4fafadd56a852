"""Switches of one device that open the moment somebody says so: all that can be thought of is thought of before."""

from collections.abc import Callable

from drivers.modbus.job import Job
from drivers.modbus.layout import Layout
from drivers.modbus.queue import LinkQueue


class Opener:
    """Opens them when it is called."""

    def __init__(
        self, queue: LinkQueue, prompt: Callable[[], Layout | None], opening: Callable[[], Job | None]
    ) -> None:
        """`prompt` says where everything is while nothing has to be waited for, `opening` makes a request by that."""
        self._queue = queue
        self._prompt = prompt
        self._opening = opening
        self._made_by = prompt()
        self._job = opening()

    def __call__(self) -> None:
        """Send the request, unless something has to be waited for."""
        layout = self._prompt()
        if layout is None:
            return
        if layout is not self._made_by:  # the device has started afresh since
            self._made_by, self._job = layout, self._opening()
        if self._job is not None:
            self._queue.open_early(self._job)
            self._made_by = None  # a request is sent once
