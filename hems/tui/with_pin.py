"""Asking the daemon by somebody's name: where it wants a PIN, the person types it and the question is asked again."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from hems.model.errors import HemsError, PinNeeded
from hems.tui.source import Source
from hems.wording.language import N_, translated

TypedPin = Callable[[str], Awaitable[str | None]]
"""Ask the person for a PIN, with the reason; nothing where they do not want to."""


class WithPin:
    """A way to ask, for screens.  An installer's PIN is good for a while: there is much to prove."""

    def __init__(self, source: Source, typed: TypedPin) -> None:
        self._source = source
        self._typed = typed
        self._session: dict[str, str] = {}

    async def __call__(self, do: str, **args: Any) -> Mapping[str, Any]:  # noqa: ANN401  (any JSON)
        """Raises: HemsError, also where the person does not type any."""
        try:
            return await self._source.ask(do, **args, **self._session)
        except PinNeeded as needed:
            why = str(needed)
        while True:
            pin = await self._typed(why)
            if not pin:
                raise HemsError(translated(N_("Not done: it needs a PIN or passphrase.")))
            try:
                return await self._named(pin, do, args)
            except PinNeeded as wrong:
                why = str(wrong)

    async def _named(self, pin: str, do: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        """With a PIN, which names the person."""
        known = {key: value for key, value in args.items() if key != "who"}
        if not self._source.may_engineer:
            return await self._source.ask(do, **known, pin=pin)
        self._session = {"session": str((await self._source.ask("enter", pin=pin))["session"])}
        return await self._source.ask(do, **known, **self._session)
