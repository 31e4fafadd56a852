"""Which code was tried: its commit where there is one, and a sum over its files, which says so anywhere."""

import hashlib
import subprocess
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

PACKAGES, ENDINGS = ("hems", "drivers", "hil"), (".py", ".toml")
GIT_WITHIN_S = 10.0


def revision() -> Iterator[str]:
    """Sentences for a report."""
    root = Path(str(files("hil"))).parent
    if (commit := _git(root, "rev-parse", "--short=12", "HEAD")) is not None:
        changed = _git(root, "status", "--porcelain", "--untracked-files=no")
        yield f"commit {commit}{', with changes that are not committed' if changed else ''}"
    yield f"SHA-256 over its files {digest(root)[:16]}"


def digest(root: Path) -> str:
    """Of every file that decides anything: program, profiles of devices, buildings and stories."""
    found = hashlib.sha256()
    for path in sorted(path for name in PACKAGES for path in (root / name).rglob("*") if path.suffix in ENDINGS):
        found.update(f"{path.relative_to(root)}\n".encode() + path.read_bytes())
    return found.hexdigest()


def _git(root: Path, *words: str) -> str | None:
    """None where this is no checkout, or git is not there."""
    try:
        done = subprocess.run(
            ("git", "-C", str(root), *words), capture_output=True, text=True, timeout=GIT_WITHIN_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
