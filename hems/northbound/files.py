"""Passwords, tokens and certificates: files that the service manager hands over, read when they are needed."""

import os
import re
import ssl
import stat
from pathlib import Path

from hems.model.errors import HemsError

HANDED_OVER = "CREDENTIALS_DIRECTORY"
"""Where systemd puts the files of the directory that a unit's `LoadCredential=northbound:` names."""
PREFIX = "northbound_"
BY_HAND = Path("/etc/hems/northbound")


class Unusable(HemsError):
    """A file cannot be used; the text says which, why, and what to do.  Try again later: somebody may put it right."""


def why_not(error: Exception) -> str:
    """Why somebody cannot be reached, in one line and without the numbers that programs give such things."""
    return " ".join(re.sub(r"\[Errno -?\d+\] ", "", str(getattr(error, "reason", error))).split())


def located(file: str) -> Path:
    """A path as it is; a bare name is one of the files that the service manager hands over."""
    if "/" in file:
        return Path(file)
    directory = os.environ.get(HANDED_OVER)
    return BY_HAND / file if directory is None else Path(directory) / f"{PREFIX}{file}"


def secret(file: str) -> str:
    """The one line in a file that must not be for everybody to read.  Raises: Unusable."""
    found = secret_lines(file)
    if len(found) != 1:
        raise Unusable(f"{located(file)} has {len(found)} lines. Write one line into it and nothing else.")
    return found[0]


def secret_lines(file: str) -> list[str]:
    """The lines that are not empty.  Raises: Unusable."""
    path = located(file)
    try:
        if path.stat().st_mode & stat.S_IROTH:
            raise Unusable(f"{path} can be read by everybody. Set its mode to 0640.")
        return [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as wrong:
        raise _unreadable(path, wrong) from wrong


def login(file: str) -> tuple[str, str]:
    """Name and password.  Raises: Unusable."""
    name, colon, password = secret(file).partition(":")
    if not (name and colon):
        raise Unusable(f"{located(file)} is not one line of the form name:password. Write it so.")
    return name, password


def tls(ca: str | None = None, cert: str | None = None, key: str | None = None) -> ssl.SSLContext:
    """What a connection by TLS is made with.  Raises: Unusable."""
    try:
        context = ssl.create_default_context(cafile=located(ca) if ca else None)
    except (OSError, ssl.SSLError) as wrong:
        raise _unreadable(located(ca or ""), wrong) from wrong
    if cert and key:
        try:
            context.load_cert_chain(located(cert), located(key), password=_no_passphrase)
        except (OSError, ssl.SSLError, ValueError) as wrong:
            raise _unreadable(Path(f"{located(cert)} with {located(key)}"), wrong) from wrong
    return context


def _no_passphrase() -> str:
    """Nobody is there to type one; without this the library asks on the terminal."""
    raise ValueError("the key has a passphrase")


def _unreadable(file: Path, wrong: Exception) -> Unusable:
    match wrong:
        case FileNotFoundError():
            return Unusable(f"{file} does not exist. Put it there, or correct its name in the file.")
        case PermissionError():
            return Unusable(f"{file} may not be read. Let the user that runs this read it.")
        case ValueError() if "passphrase" in str(wrong):
            return Unusable(f"{file}: the key is locked with a passphrase. Store it without one, for root only.")
        case ssl.SSLError():
            return Unusable(f"{file} holds no certificate or key that fits. Use PEM files that belong together.")
        case _:
            return Unusable(f"{file} cannot be read ({type(wrong).__name__}). Correct the file.")
