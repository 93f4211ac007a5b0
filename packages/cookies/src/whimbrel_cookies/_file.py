"""Saved cookies on disk: JSON with a name and a version, owner-only, replaced in one step.

Nothing in a file is ever executed. Pickles of older aiohttp releases are refused with a way out.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from whimbrel_cookies._aiohttp_file import looks_like_aiohttp, rows_from_aiohttp
from whimbrel_cookies._rows import Row
from whimbrel_cookies.errors import CookieFileError

__all__ = ["read_rows", "write_rows"]

_FORMAT = "whimbrel-cookies"
_VERSION = 1


def write_rows(path: str, rows: Sequence[Row]) -> None:
    """Write rows to `path`, mode 0600, through a new file beside it that then takes its place."""
    text = json.dumps({"format": _FORMAT, "version": _VERSION, "cookies": rows}, indent=1)
    draft = f"{path}.{os.urandom(8).hex()}.draft"
    # O_EXCL: the file is ours alone, never what somebody else put or linked there.
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(draft)
        raise


def read_rows(path: str) -> Iterator[Row]:
    """Return the rows of a file written by `write_rows` or by aiohttp 3.14.

    Raises:
        CookieFileError: It is neither.
        OSError: It cannot be read.
    """
    with open(path, "rb") as file:
        octets = file.read()
    if octets.startswith(b"\x80"):
        raise CookieFileError(
            path, "this is a pickle, which could run code; load and save it with aiohttp 3.14 to get JSON"
        )
    try:
        content: object = json.loads(octets)
    except (ValueError, RecursionError) as error:
        raise CookieFileError(path, f"not JSON: {type(error).__name__}") from error
    if not isinstance(content, Mapping):
        raise CookieFileError(path, "not saved cookies: the outermost value is no object")
    if content.get("format") == _FORMAT:
        if content.get("version") != _VERSION:
            raise CookieFileError(path, f"only version {_VERSION} of the format can be read")
        rows = content.get("cookies")
        if not isinstance(rows, list):
            raise CookieFileError(path, "not saved cookies: the list of cookies is missing")
        return iter([row if isinstance(row, Mapping) else {} for row in rows])
    if looks_like_aiohttp(content):
        return rows_from_aiohttp(content)
    raise CookieFileError(path, "not saved cookies: the format is unknown")
