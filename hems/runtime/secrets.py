"""PINs, passphrases and bay codes: what they must look like, and the hashing, off the loop.

The hashes cost about a tenth of a second and 19 MiB each, the least that OWASP recommends; they slow down whoever has
stolen the file.  Whoever stands at the door is slowed down by `Patience`.
"""

import asyncio
from functools import cache
from typing import TYPE_CHECKING

from hems.model.errors import RequestError, WrongPin
from hems.model.people import DRIVER, PersonRole
from hems.wording.language import say

if TYPE_CHECKING:
    from argon2 import PasswordHasher

TRIES = 5
"""Wrong ones in a row, after which one waits."""
WAIT_S = 300.0
LONGEST = 100


def fit(role: str, secret: str) -> str:
    """The secret, if it is good enough for that role.  Raises: RequestError."""
    if role == DRIVER and not (secret.isdecimal() and secret.isascii() and len(secret) == 4):
        raise RequestError(say("The code of a bay is four digits."))
    if role == PersonRole.OPERATOR and not (secret.isdecimal() and secret.isascii() and 4 <= len(secret) <= 6):
        raise RequestError(say("An operator's PIN is four to six digits."))
    if role == PersonRole.ENGINEER and not 8 <= len(secret) <= LONGEST:
        raise RequestError(say("An engineer's passphrase has eight letters or more."))
    return secret


async def hashed(secret: str) -> str:
    """Its hash, made by a thread: the cycle does not wait."""
    return await asyncio.to_thread(_hasher().hash, secret)


async def matches(hash_: str, secret: str) -> bool:
    """Whether it is the one; looked at by a thread."""
    return await asyncio.to_thread(_matches, hash_, secret)


@cache
def _hasher() -> "PasswordHasher":
    """Loaded with its first use: a start needs none."""
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


def _matches(hash_: str, secret: str) -> bool:
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return _hasher().verify(hash_, secret[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False


class Patience:
    """Counts wrong ones; after so many in a row nobody of that name is looked at for a while."""

    def __init__(self) -> None:
        self._wrong: dict[str, tuple[int, float]] = {}

    def check(self, name: str, now_s: float) -> None:
        """Raises: RequestError while one has to wait."""
        count, last_s = self._wrong.get(name, (0, 0.0))
        left_s = last_s + WAIT_S - now_s
        if count >= TRIES and left_s > 0.0:
            minutes = f"{max(1, round(left_s / 60.0))} min"
            raise RequestError(
                say("Too many wrong tries: wait {minutes}. Back to automatic needs no PIN.", minutes=minutes)
            )
        if left_s <= 0.0:
            self._wrong.pop(name, None)

    def wrong(self, name: str, what: str, now_s: float) -> RequestError:
        """Count one more; the sentence to answer."""
        count = self._wrong.get(name, (0, 0.0))[0] + 1
        self._wrong[name] = (count, now_s)
        left = TRIES - count
        if left <= 0:
            return RequestError(say("{what} not right. Wait 5 minutes now. Back to automatic needs no PIN.", what=what))
        tries = say("1 try") if left == 1 else say("{left} tries", left=left)
        told = say(
            "{what} not right. {tries} left, then 5 minutes wait. Back to automatic needs no PIN.",
            what=what,
            tries=tries,
        )
        return RequestError(told) if name.startswith("bay/") else WrongPin(told)

    def right(self, name: str) -> None:
        """All is forgiven."""
        self._wrong.pop(name, None)
