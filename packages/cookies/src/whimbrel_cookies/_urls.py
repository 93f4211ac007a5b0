"""What a jar needs of a URL, from text or from any object with yarl's attributes; yarl is not imported.

Text is only cut, never decoded: paths stay as they stand in the request line.
"""

from functools import lru_cache
from typing import NamedTuple, Protocol, TypeAlias

from whimbrel_cookies._hosts import canonical_host, is_ip_address
from whimbrel_cookies.errors import InvalidUrl

__all__ = ["Origin", "StrOrUrl", "UrlLike", "UrlParts", "origin_of", "origin_text", "read_url"]

_DEFAULT_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}


Origin: TypeAlias = tuple[str, str, int | None]


class UrlLike(Protocol):
    """The attributes of `yarl.URL` that a jar reads."""

    @property
    def scheme(self) -> str:
        """The scheme in lower case."""

    @property
    def raw_host(self) -> str | None:
        """The host, encoded; None in a relative URL."""

    @property
    def port(self) -> int | None:
        """The port, the scheme's own where none was given."""

    @property
    def raw_path(self) -> str:
        """The path as it stands in the request line."""


StrOrUrl: TypeAlias = str | UrlLike


class UrlParts(NamedTuple):
    """An absolute URL as a jar sees it.

    Attributes:
        scheme: In lower case.
        host: Canonical; empty where it cannot be made so: such a host owns no cookies.
        is_ip: Whether the host is an address.
        port: The port, None where the scheme has no known one.
        path: Encoded, beginning with a slash.
    """

    scheme: str
    host: str
    is_ip: bool
    port: int | None
    path: str

    @property
    def origin(self) -> Origin:
        """Scheme, host and port."""
        return self.scheme, self.host, self.port

    @property
    def is_encrypted(self) -> bool:
        """Whether the scheme alone makes the connection secure."""
        return self.scheme in {"https", "wss"}


def read_url(url: StrOrUrl | None) -> UrlParts | None:
    """Return the parts of `url`, or None where it is empty, which means "no URL".

    Raises:
        InvalidUrl: It is not empty, and has no scheme or no host.
        TypeError: It is neither text nor an object with yarl's attributes.
    """
    if isinstance(url, str):
        return _read_text(url)
    if url is None:
        return None
    try:
        scheme, host, path = url.scheme, url.raw_host, url.raw_path
    except AttributeError:
        raise TypeError(f"a URL is str or yarl.URL, not {type(url).__name__}") from None
    if not host:
        if not str(url):
            return None
        raise InvalidUrl(str(url))
    return _parts(scheme, host, url.port, path)


def origin_of(url: StrOrUrl) -> Origin:
    """Return scheme, host and port of an absolute URL.

    Raises:
        InvalidUrl: It is empty, or its host cannot name one.
    """
    parts = read_url(url)
    if parts is None or not parts.host:
        raise InvalidUrl(str(url))
    return parts.origin


def origin_text(origin: Origin) -> str:
    """Return an origin as a URL, its port written out."""
    scheme, host, port = origin
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}" if port is None else f"{scheme}://{name}:{port}"


@lru_cache(maxsize=256)
def _read_text(url: str) -> UrlParts | None:
    if not url:
        return None
    scheme, mark, rest = url.partition("://")
    if not mark or not scheme:
        raise InvalidUrl(url)
    end = min((at for at in map(rest.find, "/?#\\") if at >= 0), default=len(rest))
    host, port = _split_authority(rest[:end].rpartition("@")[2])
    if not host:
        raise InvalidUrl(url)
    path = rest[end:].partition("#")[0].partition("?")[0]
    scheme = scheme.lower()
    if port.isascii() and port.isdigit() and len(port) <= 5:
        return _parts(scheme, host, int(port), path)
    return _parts(scheme, "" if port else host, _DEFAULT_PORTS.get(scheme), path)


def _split_authority(authority: str) -> tuple[str, str]:
    """Return host and port texts; brackets stay with the host."""
    if authority.startswith("["):
        host, bracket, port = authority.partition("]")
        return host + bracket, port.removeprefix(":")
    host, _, port = authority.partition(":")
    return host, port


def _parts(scheme: str, host: str, port: int | None, path: str) -> UrlParts:
    name = canonical_host(host) or ""
    return UrlParts(scheme, name, is_ip_address(name), port, path if path.startswith("/") else "/")
