"""Credentials from the user's netrc file, for sessions and requests that trust the environment.

The file is the one that NETRC names, else `.netrc` (on Windows `_netrc`) in the home directory. What stands
under `machine` is for that host alone; what stands under `default` is for every host that anybody links to,
and is not used.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from yarl import URL

from whimbrel._credentials import BasicAuth
from whimbrel._outgoing import Outgoing

__all__ = ["NETRC", "NetrcFile", "auth_for", "read_netrc"]

Entries = Mapping[str, BasicAuth]

_NOTHING: Entries = {}
_LARGEST_BYTES = 1024 * 1024

_logger = logging.getLogger("whimbrel")


class _Version(NamedTuple):
    """What tells one state of a file from another."""

    path: str
    modified_ns: int
    size: int
    inode: int


class NetrcFile:
    """The file, read again whenever it has changed.

    Attributes:
        entries: Credentials by host, as they were at the last `refresh`.
    """

    def __init__(self) -> None:
        self.entries: Entries = _NOTHING
        self._version: _Version | None = None
        self._missed: str | None = None

    async def refresh(self) -> None:
        """Read the file, in a thread, if it has changed since it was read last.

        One that cannot be read or understood counts as empty, and is logged once.
        """
        path = _path()
        try:
            facts = os.stat(path)  # one look at a name that the system knows: not worth a thread
        except (OSError, ValueError) as fault:
            self._is_missing(path, fault)
            return
        version = _Version(path, facts.st_mtime_ns, facts.st_size, facts.st_ino)
        if version == self._version:
            return
        loop = asyncio.get_running_loop()
        self.entries = await loop.run_in_executor(None, _read, version)
        self._version = version

    async def complete(self, request: Outgoing) -> Outgoing:
        """Return `request` with the file's credentials for its host, unless it brings its own."""
        await self.refresh()
        if request.credentials is not None or "Authorization" in request.headers:
            return request
        found = auth_for(request.url, self.entries)
        return request if found is None else replace(request, credentials=found)

    def _is_missing(self, path: str, fault: Exception) -> None:
        """Go on without the file; say so where somebody has asked for it by name, or it is there."""
        self.entries, self._version = _NOTHING, None
        if path != self._missed:
            self._missed = path
            if os.environ.get("NETRC") or not isinstance(fault, FileNotFoundError):
                _logger.warning("Could not read .netrc file %s: %s", path, _reason(fault))


NETRC = NetrcFile()


def auth_for(url: URL, entries: Entries) -> BasicAuth | None:
    """Return the credentials for the host of `url`: those for its port, if the file names it, come first."""
    host = (url.raw_host or "").rstrip(".")
    return entries.get(f"{host}:{url.port}") or entries.get(host)


def read_netrc(path: str) -> Entries:
    """Return the credentials in a file, by host.

    Raises:
        OSError: It cannot be read.
        ValueError: It is not understood; no part of it is told, because it may be a password.
    """
    import netrc  # noqa: PLC0415  it brings a lexer along that few sessions need

    try:
        hosts = netrc.netrc(path).hosts
    except netrc.NetrcParseError as fault:
        msg = f"line {fault.lineno} is not understood"
        raise ValueError(msg) from None
    except UnicodeDecodeError:
        msg = "it is not text"
        raise ValueError(msg) from None
    found: dict[str, BasicAuth] = {}
    for machine, (login, account, password) in hosts.items():
        user = login or account or ""
        if machine != "default" and ":" not in user:  # RFC 7617 section 2 has no such name
            found[_canonical(machine)] = BasicAuth(user, password or "")
    return found


def _canonical(machine: str) -> str:
    """Return the host, with its port if there is one, as URLs have it."""
    try:
        place = URL(f"//{machine}", encoded=False)
    except ValueError:
        return machine.lower()
    host = (place.raw_host or machine).rstrip(".").lower()
    return host if place.explicit_port is None else f"{host}:{place.explicit_port}"


def _path() -> str:
    return os.environ.get("NETRC") or os.path.join(
        os.path.expanduser("~"),
        "_netrc" if sys.platform == "win32" else ".netrc",
    )


def _read(version: _Version) -> Entries:
    if version.size > _LARGEST_BYTES:
        _logger.warning(
            "Could not read .netrc file %s: it is larger than %d bytes", version.path, _LARGEST_BYTES
        )
        return _NOTHING
    try:
        return read_netrc(version.path)
    except OSError as fault:
        _logger.warning("Could not read .netrc file %s: %s", version.path, _reason(fault))
    except ValueError as fault:
        _logger.warning("Could not parse .netrc file %s: %s", version.path, fault)
    return _NOTHING


def _reason(fault: Exception) -> str:
    return (fault.strerror if isinstance(fault, OSError) else None) or str(fault)
