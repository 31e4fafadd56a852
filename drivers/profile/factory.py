"""What every engine says of a device from its profile alone, before any connection."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Generic, TypeVar

from drivers.profile.load import Asked, asked, available, believe, chosen_variants, load_raw, profile_for
from drivers.profile.product import product_of
from drivers.profile.schema import Profile
from hems.model.wiring import DeviceSpec
from hems.ports.device import Product

AnyProfile = Profile[Any, Any, Any]
ProfileT = TypeVar("ProfileT", bound=AnyProfile)


class ProfileFactory(Generic[ProfileT]):
    """The part of `hems.ports.device.DriverFactory` that engines share.  All of it may raise ConfigError."""

    def __init__(self, engine: str, model: type[ProfileT]) -> None:
        self._engine = engine
        self._model = model

    def profile(self, spec: DeviceSpec) -> ProfileT:
        """The profile of a device, its parameters filled in."""
        return profile_for(self._model, spec)

    def known(self, specs: Sequence[DeviceSpec]) -> Mapping[Asked, AnyProfile]:
        """Their profiles, with what was made of them that can be carried."""
        for spec in specs:
            self.fingerprint(spec)
        return {asked(spec): self.profile(spec) for spec in specs}

    def believe(self, known: Any) -> None:  # noqa: ANN401  (what `known` of its like gave)
        """Take these profiles without checking them again."""
        believe(known)

    def lacks(self, specs: Sequence[DeviceSpec]) -> Sequence[str]:
        """Nothing: what is not there is found out when the device is asked."""
        return ()

    def points(self, spec: DeviceSpec) -> Mapping[str, str]:
        """Readable points and their kind."""
        return {name: kind for name, kind in self.profile(spec).kinds().items() if not name.startswith("_")}

    def commands(self, spec: DeviceSpec) -> Mapping[str, str]:
        """Commands and their kind."""
        return {name: line.kind for name, line in self.profile(spec).write.items()}

    def witness_ms(self, spec: DeviceSpec, point: str) -> float | None:
        """What the profile states for a point."""
        return self.profile(spec).witness_ms(point)

    def settle_s(self, spec: DeviceSpec) -> Mapping[str, float]:
        """Seconds from a command until its effect is there, for the commands whose profile says so."""
        return {name: line.settle_s for name, line in self.profile(spec).write.items() if line.settle_s is not None}

    def products(self, among: Collection[str] | None = None) -> Sequence[Product]:
        """Every product of this engine, or those `among` these."""
        asked = [name for name in available() if among is None or name in among]
        names = [name for name in asked if load_raw(name).get("engine") == self._engine]
        return [product_of(chosen_variants(self._model, name), self._engine) for name in names]

    def schema(self) -> Mapping[str, Any]:
        """JSON Schema of a profile file of this engine."""
        from drivers.profile.json_schema import json_schema  # for editors; no daemon needs what makes it

        return json_schema(self._model, self._engine)

    def fingerprint(self, spec: DeviceSpec) -> str:
        """The whole profile as text."""
        profile = self.profile(spec)
        return profile.once("text", lambda: _as_text(profile))


def _as_text(profile: AnyProfile) -> str:
    from drivers.profile.checked import as_text  # a daemon is handed the text with the profile

    return as_text(profile)
