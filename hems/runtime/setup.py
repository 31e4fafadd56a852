"""How the building is set up, for the installer at the screen: what the site file says, and what each group costs."""

import asyncio
from collections.abc import Callable, Mapping
from math import isinf
from typing import Any

from hems.control import reach
from hems.model.codec import to_plain
from hems.model.consequence import Weight
from hems.model.errors import RequestError
from hems.model.people import PersonRole
from hems.model.site import Circuit, Site, Tier
from hems.model.wiring import Wiring
from hems.runtime.ahead import draws, lives_on, sun_w
from hems.runtime.scene import Scene
from hems.wording.language import say


class Setup:
    """Answers `configuration`, `setup`, `groups` and `card`."""

    def __init__(
        self, site: Site, wiring: Wiring, digest: str, card: Callable[[], str], scene: Callable[[], Scene | None]
    ) -> None:
        self._site = site
        self._wiring = wiring
        self._digest = digest
        self._card = card
        self._scene = scene
        self.does = {
            "configuration": self._configuration,
            "setup": self._setup,
            "groups": self._groups,
            "card": self._panel_card,
        }
        """Requests by name."""

    async def _configuration(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        """Which site file is in force, for whoever has just put another one in its place."""
        return {"digest": self._digest}

    async def _setup(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        """The site file as the daemon has read it."""
        return {"site": to_plain(self._site), "wiring": to_plain(self._wiring), "digest": self._digest}

    async def _panel_card(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        """The paper for the panel door, as lines for a screen of 80 columns."""
        return {"lines": (await asyncio.to_thread(self._card)).splitlines()}

    async def _groups(self, args: Mapping[str, Any], role: PersonRole, peer: str) -> Mapping[str, Any]:
        """For each circuit, how long essential power would last with it served and without it."""
        scene = self._scene()
        if scene is None:
            raise RequestError(say("HEMS has only just started: ask again in a second."))
        return {"weights": [to_plain(weight(scene, circuit)) for circuit in scene.site.circuits]}


def weight(scene: Scene, circuit: Circuit) -> Weight:
    """What it means for a power cut whether a circuit is among those that are served."""
    store = lives_on(scene)
    watts, uses = scene.step.watts[circuit.id], draws(scene)
    without = {**uses, circuit.tier: max(0.0, uses[circuit.tier] - watts)}
    served = {**without, Tier.ESSENTIAL: without[Tier.ESSENTIAL] + watts}

    def hours(needs: Mapping[Tier, float]) -> float | None:
        """Of essential power."""
        if store is None:
            return None
        return reach.hours_until_off(Tier.ESSENTIAL, store, needs, sun_w(scene), scene.params.band)

    served_h, left_h = hours(served), hours(without)
    return Weight(
        circuit=circuit.id,
        name=circuit.name,
        tier=circuit.tier,
        draws_w=watts,
        served_h=served_h,
        left_h=left_h,
        cost_h=None if served_h is None or left_h is None or isinf(left_h) else left_h - served_h,
    )
