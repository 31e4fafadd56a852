"""What a probe may take a device for: every profile of an engine, with what is known of the place filled in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from drivers.profile.expression import NAME
from drivers.profile.load import available, declared_in, load_raw, parse
from drivers.profile.params import Scalar
from drivers.profile.schema import Expect, Profile
from drivers.profile.variants import every_choice
from hems.ports.device import Found

ProfileT = TypeVar("ProfileT", bound=Profile[Any, Any, Any])


@dataclass(frozen=True, slots=True)
class Candidate(Generic[ProfileT]):
    """One profile, one of its variants, with what a site would write to get it."""

    profile: ProfileT
    chosen: Mapping[str, Scalar]
    """Parameters that differ from their defaults."""
    missing: Mapping[str, str]
    """Parameters that only a person can know."""

    def found(self, link: str, place: str, *, told: str, sure: bool) -> Found:
        """The proposal, if it is this one; `place` says which of several devices on the link."""
        profile = self.profile
        return Found(
            driver=profile.engine,
            profile=profile.id,
            title=profile.title,
            class_=profile.class_,
            link=link,
            place=place,
            params=self.chosen,
            open_params=self.missing,
            told=told,
            sure=sure,
        )


def profiles_of(engine: str) -> list[str]:
    """Names of all profiles of an engine."""
    return [name for name in available() if load_raw(name).get("engine") == engine]


def candidates(model: type[ProfileT], name: str, known: Mapping[str, Scalar]) -> Iterator[Candidate[ProfileT]]:
    """A profile in each of its variants, with `known` parameters.  Raises: ConfigError."""
    data = load_raw(name)
    declared = declared_in(name)
    known = {key: value for key, value in known.items() if key in declared}
    for values in every_choice(data, declared):
        wanted = {key: value for key, value in values.items() if value != declared[key].example()} | known
        missing = {key: one.about for key, one in declared.items() if one.required and key not in wanted}
        yield Candidate(parse(model, data, {**values, **known}), wanted, missing)


def placeholder(name: str, *keys: str) -> str | None:
    """The parameter that alone fills a key of a profile, such as `link`, `unit_id`."""
    value: Any = load_raw(name)
    for key in keys:
        value = value.get(key, {})
    whole = NAME.fullmatch(value) if isinstance(value, str) else None
    return None if whole is None else whole[1]


def names_product(identify: Mapping[str, Expect]) -> bool:
    """Whether meeting these expectations leaves little doubt: a product code or a name, not a mere range."""
    return any(name.startswith("_") or expect.between is None for name, expect in identify.items())


def best(found: Sequence[Found], most: int = 4) -> list[Found]:
    """What is worth proposing: those that are sure, or else the first few that fit."""
    sure = [one for one in found if one.sure]
    return sure or list(found[:most])
