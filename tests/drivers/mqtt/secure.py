"""A mosquitto that asks for TLS, a client certificate or a password, with an authority made for one test run."""

import getpass
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.brokers import MOSQUITTO, Broker

OPENSSL = shutil.which("openssl")
PASSWD = shutil.which("mosquitto_passwd")


class SecureBroker(Broker):
    """Its lines of configuration are the test's own."""

    def __init__(self, folder: Path, *lines: str) -> None:
        super().__init__("mosquitto", folder)
        self._lines = lines

    def _command(self) -> list[str]:
        config = self._folder / f"secure-{self.port}.conf"
        me = f"user {getpass.getuser()}"  # as root it would become somebody who may not read the files of the test
        told = [me, f"listener {self.port} 127.0.0.1", "persistence false", "log_dest none", *self._lines]
        config.write_text("\n".join(told) + "\n")
        return [str(MOSQUITTO), "-c", str(config)]


class Authority:
    """Signs certificates."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self._key, self.file = folder / f"{name}.key", folder / f"{name}.pem"
        _openssl("req", "-x509", *_new_key(self._key), "-subj", f"/CN={name}", "-days", "2", "-out", str(self.file))

    @cache  # noqa: B019 lives as long as the test
    def signed(self, name: str, host: str = "IP:127.0.0.1", *, days: int = 2) -> tuple[Path, Path]:
        """Certificate and key of somebody; it has expired when `days` is below 0."""
        key, request, file, more = (self.folder / f"{name}.{kind}" for kind in ("key", "csr", "crt", "ext"))
        _openssl("req", *_new_key(key), "-subj", f"/CN={name}", "-out", str(request))
        more.write_text(f"subjectAltName={host}\n")
        by = ["-CA", str(self.file), "-CAkey", str(self._key), "-CAcreateserial"]
        _openssl("x509", "-req", "-in", str(request), *by, "-days", str(days), "-extfile", str(more), "-out", str(file))
        return file, key


def _new_key(file: Path) -> list[str]:
    return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(file)]


def _openssl(*words: str) -> None:
    subprocess.run([str(OPENSSL), *words], check=True, capture_output=True)


def server(authority: Authority, *lines: str, host: str = "IP:127.0.0.1", days: int = 2) -> list[str]:
    """What makes a listener speak TLS."""
    file, key = authority.signed("broker", host, days=days)
    return [f"certfile {file}", f"keyfile {key}", f"cafile {authority.file}", *lines]


def passwords(folder: Path, name: str, password: str) -> Path:
    """mosquitto's own file of names and passwords."""
    file = folder / "passwords"
    subprocess.run([str(PASSWD), "-b", "-c", str(file), name, password], check=True, capture_output=True)
    return file


needs_tools = pytest.mark.skipif(
    not (MOSQUITTO and OPENSSL and PASSWD), reason="mosquitto, mosquitto_passwd or openssl is not installed"
)
