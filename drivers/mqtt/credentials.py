"""Certificates and passwords, read from files at each connection, so that a renewed one needs no restart."""

import os
import ssl
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from drivers.mqtt.address import BrokerAddress


class Unusable(Exception):
    """A file cannot be used; the text says which, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a connection needs beyond the address."""

    tls: ssl.SSLContext | None = None
    name: str | None = None
    password: str | None = None


HANDED_OVER = "CREDENTIALS_DIRECTORY"
"""Where the service manager puts the files of the directory that the unit's `LoadCredential=mqtt:` names."""
PREFIX = "mqtt_"
BY_HAND = Path("/etc/hems/credentials")


def located(file: str) -> Path:
    """A path as it is; a bare name is one of the credentials that the service manager hands over."""
    if "/" in file:
        return Path(file)
    directory = os.environ.get(HANDED_OVER)
    return BY_HAND / file if directory is None else Path(directory) / f"{PREFIX}{file}"


def load(address: BrokerAddress) -> Credentials:
    """Everything in the files that `address` names.  Blocks for the disk.  Raises: Unusable."""
    name, password = _login(located(address.login)) if address.login else (None, None)
    return Credentials(_tls(address) if address.tls else None, name, password)


def problems(address: BrokerAddress) -> Iterator[str]:
    """What is wrong with the files, each a sentence; one that only hems may read is left for the daemon to judge."""
    for file in (address.ca, address.cert, address.key, address.login):
        try:
            if file and not located(file).is_file():
                yield f"{located(file)} does not exist. Put it there or correct the link"
        except PermissionError:
            continue
    try:
        load(address)
        if address.cert and (untimely := validity(located(address.cert), located(address.key))):
            yield f"{located(address.cert)} {untimely}. Renew it, or look at the clock"
    except Unusable as wrong:
        if not isinstance(wrong.__cause__, FileNotFoundError | PermissionError):
            yield str(wrong)


def _login(file: Path) -> tuple[str, str]:
    try:
        if file.stat().st_mode & stat.S_IROTH:
            raise Unusable(f"{file} can be read by everybody. Set its mode to 0640")
        text = file.read_text().strip("\n")
    except (OSError, UnicodeDecodeError) as wrong:
        raise Unusable(_unreadable(file, wrong)) from wrong
    name, colon, password = text.partition(":")
    if not (name and colon) or "\n" in text:
        raise Unusable(f"{file} is not one line of the form name:password. Write it so")
    return name, password


def _tls(address: BrokerAddress) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=located(address.ca) if address.ca else None)
    except (OSError, ssl.SSLError) as wrong:
        raise Unusable(_unreadable(located(address.ca), wrong)) from wrong
    if address.cert:
        cert, key = located(address.cert), located(address.key)
        try:
            context.load_cert_chain(cert, key, password=_no_passphrase)
        except (OSError, ssl.SSLError, ValueError) as wrong:
            raise Unusable(_unreadable(Path(f"{cert} with {key}"), wrong)) from wrong
    return context


def validity(cert: Path, key: Path) -> str:
    """`has expired` or `is not valid yet`, by this machine's clock; empty when neither is so or it cannot be read.

    The library shows no dates of one's own certificate, so it is shown to itself as a stranger's.
    """
    ours, theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    theirs.check_hostname = False
    theirs.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        ours.load_cert_chain(cert, key, password=_no_passphrase)
        theirs.load_verify_locations(cert)
        _shake_hands(ours, theirs)
    except ssl.SSLCertVerificationError as refused:
        return {9: "is not valid yet", 10: "has expired"}.get(refused.verify_code, "")
    except (OSError, ValueError):
        return ""
    return ""


def _shake_hands(ours: ssl.SSLContext, theirs: ssl.SSLContext) -> None:
    """In memory, as far as the certificate.  Raises: SSLCertVerificationError."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = theirs.wrap_bio(back, there), ours.wrap_bio(there, back, server_side=True)
    for side in (*sides, *sides):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue


def _no_passphrase() -> str:
    """Nobody is there to type one; without this the library asks on the terminal."""
    raise ValueError("the key has a passphrase")


def _unreadable(file: Path, wrong: Exception) -> str:
    match wrong:
        case FileNotFoundError():
            return f"{file} does not exist. Put it there or correct the link"
        case PermissionError():
            return f"{file} may not be read. Let the user that runs hems read it"
        case ValueError() if "passphrase" in str(wrong):
            return f"{file}: the key is locked with a passphrase. Store it without one, readable by hems only"
        case ssl.SSLError():
            return (
                f"{file} holds no certificate or key that fits ({wrong.reason or 'not PEM'}). Use PEM files that match"
            )
        case _:
            return f"{file} cannot be read ({type(wrong).__name__}). Correct the file"
