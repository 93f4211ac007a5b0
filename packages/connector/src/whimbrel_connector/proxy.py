"""A proxy, and what it is told: the value that a route is made with.

A proxy forwards requests for http (absolute form, RFC 9112 section 3.2.2) and makes a tunnel for
everything else (CONNECT, RFC 9110 section 9.3.6). Nothing here opens a connection.
"""

from dataclasses import dataclass

from yarl import URL

from whimbrel_connector.errors import UnsupportedProxy
from whimbrel_connector.tls import TlsPolicy
from whimbrel_http1 import RequestEncoder

__all__ = ["Proxy"]

_DEFAULT_POLICY = TlsPolicy()
_NOT_FOR_CALLERS = frozenset({"host", "content-length", "transfer-encoding"})


@dataclass(frozen=True, slots=True, repr=False)
class Proxy:
    """A proxy and everything that makes a connection through it different from others.

    Attributes:
        url: Its scheme (http or https), host and port; no user information.
        authorization: The value of Proxy-Authorization, or None.
        headers: Name and value pairs for the proxy, sent with each request that it reads.
        tls: What TLS must satisfy on the way to an https proxy; the origin has a policy of its own.

    Raises:
        UnsupportedProxy: The scheme is neither http nor https.
        ValueError: The URL has no host or holds user information; or a header is the message's own
            (Host, Content-Length, Transfer-Encoding), or names credentials a second time.
        whimbrel_http1.LocalError: A header cannot be written by the rules.
    """

    url: URL
    authorization: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    tls: TlsPolicy = _DEFAULT_POLICY

    def __post_init__(self) -> None:
        """Check the parts, and keep of the URL what matters."""
        if self.url.scheme not in ("http", "https"):
            raise UnsupportedProxy(self.url.scheme)
        if self.url.raw_user is not None or self.url.raw_password is not None:
            msg = "a proxy's credentials are no part of its URL here: pass authorization"
            raise ValueError(msg)
        if not self.url.raw_host:
            msg = f"the URL of a proxy has no host: {self.url}"
            raise ValueError(msg)
        origin = self.url.origin()
        object.__setattr__(self, "url", origin.with_port(None) if origin.is_default_port() else origin)
        names = {name.lower() for name, _ in self.headers}
        if (refused := names & _NOT_FOR_CALLERS) or (self.authorization and "proxy-authorization" in names):
            which = ", ".join(sorted(refused)) or "proxy-authorization besides authorization"
            msg = f"not among the headers for a proxy: {which}"
            raise ValueError(msg)
        # Refused here, before a connection is opened, whatever a head cannot hold.
        self.connect_request("proxy.invalid", 443)

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """The headers that the proxy alone is to see, its credentials included."""
        if self.authorization is None:
            return self.headers
        return (("Proxy-Authorization", self.authorization), *self.headers)

    def forwards(self, url: URL) -> bool:
        """Tell whether it reads the requests for `url`, in absolute form and with `fields`.

        Else they go through a tunnel, as if there were no proxy: https, and WebSockets of both
        schemes (RFC 6455 section 4.1).
        """
        return url.scheme == "http"

    def connect_request(self, host: str, port: int) -> bytes:
        """Return the request for a tunnel to `host` and `port` (RFC 9110 section 9.3.6)."""
        authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        return RequestEncoder("CONNECT", authority, [("Host", authority), *self.fields]).head

    def __repr__(self) -> str:
        credentials = "" if self.authorization is None else ", authorization='***'"
        names = f", headers={[name for name, _ in self.headers]}" if self.headers else ""
        return f"{type(self).__name__}({str(self.url)!r}{credentials}{names})"
