"""A proxy, and what it is told: the value that a route is made with.

An HTTP proxy forwards requests for http (absolute form, RFC 9112 section 3.2.2) and makes a tunnel for
everything else (CONNECT, RFC 9110 section 9.3.6); a SOCKS proxy makes tunnels only (RFC 1928). Nothing here
opens a connection.
"""

from dataclasses import dataclass

from yarl import URL

from whimbrel_connector.errors import UnsupportedProxy
from whimbrel_connector.tls import TlsPolicy
from whimbrel_http1 import RequestEncoder

__all__ = ["Proxy"]

_DEFAULT_POLICY = TlsPolicy()
_NOT_FOR_CALLERS = frozenset({"host", "content-length", "transfer-encoding"})
_SOCKS_SCHEMES = ("socks4", "socks4a", "socks5", "socks5h")
_SOCKS_PORT = 1080  # registered for it, and what curl and Go take
_LONGEST_CREDENTIAL = 255  # RFC 1929 section 2


@dataclass(frozen=True, slots=True, repr=False)
class Proxy:
    """A proxy and everything that makes a connection through it different from others.

    Who looks the origin's name up is said by the scheme, as in curl: this side for socks4 and socks5, the
    proxy for all others. SOCKS needs the extra `whimbrel-connector[socks]`.

    Attributes:
        url: Its scheme (http, https, socks4, socks4a, socks5 or socks5h), host and port; no user information.
        authorization: The value of Proxy-Authorization, or None; for http and https.
        headers: Name and value pairs for the proxy, sent with each request that it reads; as before.
        tls: What TLS must satisfy on the way to an https proxy; the origin has a policy of its own.
        credentials: User name and password for a SOCKS proxy (RFC 1929), or None; of version 4 the user
            id alone.

    Raises:
        UnsupportedProxy: The scheme is another.
        ValueError: The URL has no host or holds user information; or a header is the message's own
            (Host, Content-Length, Transfer-Encoding), or names credentials a second time; or credentials
            do not fit the kind of proxy, or cannot be written.
        whimbrel_http1.LocalError: A header cannot be written by the rules.
    """

    url: URL
    authorization: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    tls: TlsPolicy = _DEFAULT_POLICY
    credentials: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        """Check the parts, and keep of the URL what matters."""
        if self.url.scheme not in ("http", "https", *_SOCKS_SCHEMES):
            raise UnsupportedProxy(self.url.scheme)
        if self.url.raw_user is not None or self.url.raw_password is not None:
            msg = f"a proxy's credentials are no part of its URL here: pass {self._name_for_credentials}"
            raise ValueError(msg)
        if not self.url.raw_host:
            msg = f"the URL of a proxy has no host: {self.url}"
            raise ValueError(msg)
        object.__setattr__(self, "url", _place(self.url))
        if self.is_socks:
            self._check_socks()
        else:
            self._check_http()

    @property
    def is_socks(self) -> bool:
        """Whether it speaks SOCKS."""
        return self.url.scheme in _SOCKS_SCHEMES

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """The headers that the proxy alone is to see, its credentials included."""
        if self.authorization is None:
            return self.headers
        return (("Proxy-Authorization", self.authorization), *self.headers)

    def forwards(self, url: URL) -> bool:
        """Tell whether it reads the requests for `url`, in absolute form and with `fields`.

        Else they go through a tunnel, as if there were no proxy: https, and WebSockets of both
        schemes (RFC 6455 section 4.1); and everything where it speaks SOCKS.
        """
        return url.scheme == "http" and not self.is_socks

    def connect_request(self, host: str, port: int) -> bytes:
        """Return the request for a tunnel to `host` and `port` (RFC 9110 section 9.3.6)."""
        authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        return RequestEncoder("CONNECT", authority, [("Host", authority), *self.fields]).head

    @property
    def _name_for_credentials(self) -> str:
        return "credentials" if self.is_socks else "authorization"

    def _check_http(self) -> None:
        names = {name.lower() for name, _ in self.headers}
        if (refused := names & _NOT_FOR_CALLERS) or (self.authorization and "proxy-authorization" in names):
            which = ", ".join(sorted(refused)) or "proxy-authorization besides authorization"
            msg = f"not among the headers for a proxy: {which}"
            raise ValueError(msg)
        if self.credentials is not None:
            msg = "credentials are for SOCKS: an HTTP proxy is given authorization"
            raise ValueError(msg)
        # Refused here, before a connection is opened, whatever a head cannot hold.
        self.connect_request("proxy.invalid", 443)

    def _check_socks(self) -> None:
        if self.authorization is not None or self.headers or self.tls != _DEFAULT_POLICY:
            msg = "a SOCKS proxy has no authorization, headers or tls: pass credentials"
            raise ValueError(msg)
        if self.credentials is None:
            return
        user, password = self.credentials
        if not (user + password).isascii() or "\0" in user + password:
            msg = "credentials for SOCKS are ASCII without NUL"
            raise ValueError(msg)
        takes_password = self.url.scheme.startswith("socks5")
        sent = (user, password) if takes_password else (user,)
        if not all(0 < len(text) <= _LONGEST_CREDENTIAL for text in sent):
            and_password = " and as many of a password" if takes_password else ""
            msg = f"{self.url.scheme} takes 1 to {_LONGEST_CREDENTIAL} bytes of a user name{and_password}"
            raise ValueError(msg)

    def __repr__(self) -> str:
        is_secret = self.authorization is not None or self.credentials is not None
        credentials = f", {self._name_for_credentials}='***'" if is_secret else ""
        names = f", headers={[name for name, _ in self.headers]}" if self.headers else ""
        return f"{type(self).__name__}({str(self.url)!r}{credentials}{names})"


def _place(url: URL) -> URL:
    """Return scheme, host and port in one spelling."""
    origin = url.origin()
    if url.scheme in _SOCKS_SCHEMES:
        return origin.with_port(_SOCKS_PORT) if origin.explicit_port is None else origin
    return origin.with_port(None) if origin.is_default_port() else origin
