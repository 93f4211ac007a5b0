"""`ClientRequest`: a request in the hands of its middlewares, to be looked at and changed."""

from dataclasses import replace
from typing import TYPE_CHECKING

from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from whimbrel._bodies import Data, payload_of, rewind
from whimbrel._outgoing import Head, Outgoing, describe_body
from whimbrel._redirects import crosses_origin
from whimbrel._urls import HTTP_SCHEMES, WS_SCHEMES, check_scheme
from whimbrel.request_info import RequestInfo
from whimbrel_http1 import HTTP_1_1, HttpVersion
from whimbrel_multipart import Payload

if TYPE_CHECKING:
    from whimbrel.client import ClientSession
    from whimbrel.response import ClientResponse

__all__ = ["ClientRequest"]

_FRAMING = ("Content-Length", "Transfer-Encoding")
_SECRETS = ("Authorization", "Cookie", "Proxy-Authorization")


class ClientRequest:
    """One hop of a request, complete but not yet sent; sessions make it, users do not.

    Whatever is changed is checked again when it is sent, before a connection is taken.

    Attributes:
        method: The method.
        original_url: The URL as it was when the first middleware got the request.
        headers: All headers, the automatic ones too, in wire order.
        session: The session; requests made on it go through its middlewares again, unless they are
            made with `middlewares=()`.
        response_class: The class of the response.
        version: The HTTP version.
    """

    def __init__(
        self,
        outgoing: Outgoing,
        headers: CIMultiDict[str],
        *,
        session: "ClientSession",
        response_class: type["ClientResponse"],
    ) -> None:
        self.method = outgoing.method
        self.headers = headers
        self.session = session
        self.response_class = response_class
        self.original_url = outgoing.url
        self.version: HttpVersion = HTTP_1_1
        self._outgoing = outgoing
        self._is_sent = False

    @property
    def url(self) -> URL:
        """The URL; it has no user information.

        A new one takes the Host header along. On its way to another origin the request loses
        Authorization and Cookie; set them afterwards if they are meant for it.
        """
        return self._outgoing.url

    @url.setter
    def url(self, url: URL) -> None:
        check_scheme(url, HTTP_SCHEMES | WS_SCHEMES if self._outgoing.offers_upgrade else HTTP_SCHEMES)
        url = url.with_user(None)
        before = self._outgoing.url
        if self.headers.get("Host") == before.host_port_subcomponent:
            self.headers["Host"] = url.host_port_subcomponent or ""
        if crosses_origin(before, url):
            for name in _SECRETS:
                self.headers.popall(name, None)
        self._outgoing = replace(self._outgoing, url=url)

    @property
    def host(self) -> str:
        """The host of the URL."""
        return self.url.host or ""

    @property
    def port(self) -> int | None:
        """The port of the URL, or the usual one of its scheme."""
        return self.url.port

    def is_ssl(self) -> bool:
        """Tell whether it goes over TLS."""
        return self.url.scheme in ("https", "wss")

    @property
    def body(self) -> Payload | bytes:
        """What is sent; b"" for nothing. `update_body` changes it."""
        return self._outgoing.body or b""

    @property
    def chunked(self) -> bool:
        """Whether the body goes out in chunks."""
        return self.headers.get("Transfer-Encoding", "").lower() == "chunked"

    @property
    def skip_auto_headers(self) -> frozenset[str]:
        """Names, in lower case, of automatic headers that were left out."""
        return self._outgoing.skip

    @property
    def request_info(self) -> RequestInfo:
        """What is asked, as it stands now."""
        url = self.url
        return RequestInfo(
            url.with_fragment(None), self.method, CIMultiDictProxy(CIMultiDict(self.headers)), url
        )

    async def update_body(self, body: Data) -> None:
        """Send another body, or None for none; its type and framing take the place of the former ones.

        Args:
            body: Whatever `data=` takes.

        Raises:
            TypeError: Nothing knows how to send it.
        """
        payload = payload_of(body)
        former = self._outgoing.body
        if former is not None:
            await former.close()
            for name, value in former.headers.items():
                if self.headers.get(name) == value:
                    del self.headers[name]
        for name in _FRAMING:
            self.headers.popall(name, None)
        self._outgoing = replace(self._outgoing, method=self.method, body=payload)
        self._is_sent = False
        describe_body(self._outgoing, self.headers)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.method} {self.url}>"

    def begin(self) -> tuple[Outgoing, Head]:
        """Return what is to be sent now, with a head that later changes do not reach.

        Raises:
            ClientPayloadError: It was sent before, and its body cannot be repeated.
        """
        if self._is_sent:
            rewind(self._outgoing.body)
        self._is_sent = True
        expects = self.headers.get("Expect", "").lower() == "100-continue"
        request = replace(self._outgoing, method=self.method, expects_continue=expects)
        return request, Head(request, CIMultiDict(self.headers))
