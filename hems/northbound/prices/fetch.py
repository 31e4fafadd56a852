"""What files and web addresses say, as JSON or rows."""

import csv
import json
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hems.config.tables.outward import SourceTable
from hems.northbound import files
from hems.northbound.prices.mapping import Unreadable

WITHIN_S = 20.0
LARGEST_BYTES = 5_000_000


def document(kind: str, source: SourceTable) -> Any:  # noqa: ANN401  (any JSON)
    """What a source says now.  Blocks.  Raises: Unreadable, Unusable."""
    if source.file is not None:
        return _of_file(kind, Path(source.file))
    assert source.url is not None
    return parsed(kind, _of_web(kind, source.url, source.token))


def parsed(kind: str, text: bytes) -> Any:  # noqa: ANN401  (any JSON)
    """JSON.  Raises: Unreadable."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable(f"prices.{kind} does not tell JSON.") from None


def _of_file(kind: str, path: Path) -> Any:  # noqa: ANN401
    try:
        if path.suffix == ".csv":
            with path.open(newline="", encoding="utf-8-sig") as lines:
                return [{key: cell or None for key, cell in row.items()} for row in csv.DictReader(lines)]
        with path.open("rb") as file:
            return parsed(kind, file.read(LARGEST_BYTES))
    except FileNotFoundError:
        raise Unreadable(f"{path} does not exist. Put it there, or correct prices.{kind}.file.") from None
    except (OSError, ValueError, csv.Error) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(f"{path} cannot be read ({error}).") from error


def _of_web(kind: str, url: str, token: str | None) -> bytes:
    bearer = {"Authorization": f"Bearer {files.secret(token)}"} if token else {}
    request = urllib.request.Request(url, headers={"Accept": "application/json", "User-Agent": "hems", **bearer})
    host = urlsplit(url).netloc
    try:
        with urllib.request.urlopen(request, timeout=WITHIN_S) as answer:
            found: bytes = answer.read(LARGEST_BYTES)
            return found
    except urllib.error.HTTPError as refused:
        raise Unreadable(
            f"{host} refuses prices.{kind}: {refused.code} {refused.reason}. Correct prices.{kind}.url or token."
        ) from refused
    except (OSError, ValueError, HTTPException) as error:
        why = files.why_not(error)
        raise Unreadable(f"{host} cannot be reached for prices.{kind} ({why}). It is tried again.") from error
