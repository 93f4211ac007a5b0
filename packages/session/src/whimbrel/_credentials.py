"""Basic credentials (RFC 7617), and where they come from."""

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from multidict import CIMultiDict
from yarl import URL

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["BasicAuth", "credentials_of", "encode_basic_auth", "split_credentials"]


def encode_basic_auth(login: str, password: str = "", encoding: str = "utf-8") -> str:
    """Return the value of an Authorization or Proxy-Authorization header (RFC 7617).

    Raises:
        ValueError: The login has a colon.

    >>> encode_basic_auth("tide", "low")
    'Basic dGlkZTpsb3c='
    """
    if ":" in login:
        msg = 'A ":" is not allowed in login (RFC 7617 section 2)'
        raise ValueError(msg)
    return f"Basic {base64.b64encode(f'{login}:{password}'.encode(encoding)).decode('ascii')}"


class _Fields(NamedTuple):
    login: str
    password: str
    encoding: str


class BasicAuth(_Fields):
    """A login and a password.

    Attributes:
        login: The login; it has no colon.
        password: The password.
        encoding: How both become bytes.
    """

    __slots__ = ()

    def __new__(cls, login: str, password: str = "", encoding: str = "latin1") -> "Self":
        """Check and keep them.

        Raises:
            ValueError: The login has a colon, or one of them is None.
        """
        if None in (login, password):  # callers without a type checker read them from the environment
            msg = "None is not allowed as login or password"
            raise ValueError(msg)
        if ":" in login:
            msg = 'A ":" is not allowed in login (RFC 7617 section 2)'
            raise ValueError(msg)
        return super().__new__(cls, login, password, encoding)

    @classmethod
    def decode(cls, auth_header: str, encoding: str = "latin1") -> "BasicAuth":
        """Read them from the value of an Authorization header.

        Raises:
            ValueError: It is not of the Basic scheme, or not well formed.
        """
        scheme, _, encoded = auth_header.strip().partition(" ")
        if scheme.lower() != "basic":
            msg = f"Unknown authorization method {scheme}"
            raise ValueError(msg)
        try:
            decoded = base64.b64decode(encoded.encode("ascii"), validate=True).decode(encoding)
        except (binascii.Error, UnicodeEncodeError) as fault:
            msg = "Invalid base64 encoding."
            raise ValueError(msg) from fault
        login, colon, password = decoded.partition(":")
        if not colon:
            msg = "Invalid credentials."
            raise ValueError(msg)
        return cls(login, password, encoding)

    @classmethod
    def from_url(cls, url: URL, *, encoding: str = "latin1") -> "BasicAuth | None":
        """Read them from the user information of `url`; None when it has none."""
        if url.user is None and url.password is None:
            return None
        return cls(url.user or "", url.password or "", encoding)

    def encode(self) -> str:
        """Return the value of an Authorization header."""
        return encode_basic_auth(self.login, self.password, self.encoding)


def credentials_of(
    auth: object,
    of_url: BasicAuth | None,
    headers: Mapping[str, str] | Iterable[tuple[str, str]] | None,
) -> BasicAuth | None:
    """Return the credentials that a request names: as `auth` or in its URL, or None.

    Raises:
        ValueError: It names them twice, or brings an Authorization header of its own besides.
        TypeError: `auth` is no BasicAuth.
    """
    if auth is None and of_url is None:
        return None
    if auth is not None and not isinstance(auth, BasicAuth):
        msg = "BasicAuth() tuple is required instead"
        raise TypeError(msg)
    if auth is not None and of_url is not None:
        msg = "Cannot combine AUTH argument with credentials encoded in URL"
        raise ValueError(msg)
    if headers and "Authorization" in CIMultiDict(headers):
        msg = "Cannot combine AUTHORIZATION header with AUTH argument or credentials encoded in URL"
        raise ValueError(msg)
    return auth or of_url


def split_credentials(url: URL) -> tuple[URL, BasicAuth | None]:
    """Return the URL without its user information, and the credentials that were in it."""
    credentials = BasicAuth.from_url(url)
    return (url, None) if credentials is None else (url.with_user(None), credentials)
