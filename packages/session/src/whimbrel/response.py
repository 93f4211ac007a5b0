"""`ClientResponse`: the body of a response as a stream or as a whole, and the errors that show responses.

What its head tells stands in `_response_facts`.
"""

import asyncio
import codecs
import json as json_module
import re
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from multidict import CIMultiDict
from yarl import URL

from whimbrel._body_rules import DEFAULT_BODY_RULES, BodyRules
from whimbrel._by_hand import NO_HEAD, NoExchange
from whimbrel._response_facts import ContentDisposition, ResponseFacts
from whimbrel.connection import Connection
from whimbrel.errors import ClientConnectionError, ClientError, PayloadTooLargeError, StreamConsumedError
from whimbrel.request_info import RequestInfo
from whimbrel_connector import BodyTooLarge, Deadline, Exchange, StreamReader
from whimbrel_http1 import ResponseHead

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = [
    "BodyWatcher",
    "CharsetResolver",
    "ClientHttpProxyError",
    "ClientResponse",
    "ClientResponseError",
    "ContentDisposition",
    "ContentTypeError",
    "TooManyRedirects",
    "WSServerHandshakeError",
]

_JSON_TYPE = "application/json"
_ANY_JSON = re.compile(r"application/(?:[\w.+-]+?\+)?json|[\w.-]+/[\w.-]+\+json")  # RFC 6839 section 3.1
_DEFAULTS_TO_UTF8 = frozenset({_JSON_TYPE, "application/rdap"})  # RFC 8259 section 8.1
_LONGEST_SHOWN = 100
ERROR_BODY_BYTES = 4096


class BodyWatcher(Protocol):
    """Who is told of whole bodies: the tracers of a request."""

    async def received(self, response: "ClientResponse", body: bytes) -> None:
        """Learn that the whole body of `response` has been read."""


class _SameAs:
    """An attribute that is another by a second name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, owner: object, kind: type | None = None) -> object:
        return self if owner is None else getattr(owner, self._name)

    def __set__(self, owner: object, value: object) -> None:
        setattr(owner, self._name, value)


class ClientResponse(ResponseFacts):
    """A response to a request of a `ClientSession`.

    It is awaited or entered through the session's methods. Who builds one by hand, without `head` and
    `exchange`, as libraries for tests do, sets `status`, `reason`, `headers` and `content` afterwards.

    Attributes:
        method: The method of the request.
        status: The status code.
        reason: The reason phrase.
        version: The HTTP version of the response.
        request_info: What was asked.
        history: The responses that redirected here, oldest first.
    """

    history: "tuple[ClientResponse, ...]" = ()
    _released = True  # until it is made: one that could not be has nothing to release

    def __init__(
        self,
        method: str,
        url: URL,
        *,
        request_info: RequestInfo,
        head: ResponseHead = NO_HEAD,
        exchange: Exchange | None = None,
        writer: object = None,  # noqa: ARG002  of aiohttp, as the next six
        continue100: object = None,  # noqa: ARG002
        timer: object = None,  # noqa: ARG002
        traces: object = None,  # noqa: ARG002
        loop: object = None,  # noqa: ARG002
        session: object = None,  # noqa: ARG002
        stream_writer: object = None,  # noqa: ARG002
    ) -> None:
        self._exchange: Exchange | NoExchange = NoExchange() if exchange is None else exchange
        self.method = method
        self.status = head.status
        self.version = head.version
        self.request_info = request_info
        self._url = url
        self._head = head
        self._body: bytes | None = None
        self._content: StreamReader | None = None
        self._released = False
        self._is_lent = False
        self._is_given = False
        self._in_context = False
        self._rules: BodyRules[ClientResponse] = DEFAULT_BODY_RULES
        self._watcher: BodyWatcher | None = None

    # What aiohttp calls them, for libraries that make responses by hand.

    _headers = _SameAs("headers")
    _raw_headers = _SameAs("raw_headers")
    _history = _SameAs("history")

    @property
    def connection(self) -> Connection | None:
        """The connection; None once it is no longer this response's."""
        exchange = self._exchange
        return Connection(exchange) if isinstance(exchange, Exchange) and not self.closed else None

    @property
    def content(self) -> StreamReader:
        """The body as a stream, its content coding undone."""
        self._is_lent = True
        return self._stream()

    @content.setter
    def content(self, stream: StreamReader) -> None:
        self._content = stream
        self._is_given = True

    # The body as a whole.

    async def read(self) -> bytes:
        """Read the whole body; a second call returns it again.

        Raises:
            StreamConsumedError: A part of it was taken from `content` before.
            PayloadTooLargeError: It is longer than `max_body_size`.
            ClientPayloadError: It did not come whole, or is not what its headers say.
            ClientConnectionError: The response was released or closed before, whether the body had come
                by then or not.
        """
        if self._body is None:
            is_ours = not (self._released or self._is_given)
            # The exchange makes no stream for what is there as a whole.
            source = self._exchange if self._content is None else self._content
            whole = source.take_whole(self._rules.max_bytes) if is_ours else None
            self._body = await self._read_whole() if whole is None else whole
            if self._watcher is not None:
                await self._tell(self._watcher, self._body)
        return self._body

    def get_encoding(self) -> str:
        """Return the charset of the text, by the name that Python has for it.

        It is what the header names, if Python knows that; UTF-8 for JSON; else what the session's
        `fallback_charset_resolver` makes of the body.

        Raises:
            RuntimeError: The body would have to be looked at and was not read.
        """
        if self.charset is not None:
            with suppress(LookupError, ValueError):
                return codecs.lookup(self.charset).name
        if self.content_type in _DEFAULTS_TO_UTF8:
            return "utf-8"
        if self._body is None:
            msg = "Cannot compute fallback encoding of a not yet read body"
            raise RuntimeError(msg)
        return self._rules.resolve_charset(self, self._body)

    async def text(self, encoding: str | None = None, errors: str = "strict") -> str:
        """Read the whole body as text.

        Args:
            encoding: The charset; None for what the header says, or UTF-8.
            errors: As for `bytes.decode`.

        Raises:
            UnicodeDecodeError: The body is not text in that charset.
        """
        body = await self.read()
        return body.decode(encoding or self.get_encoding(), errors)

    async def json(
        self,
        *,
        encoding: str | None = None,
        loads: Callable[[str], Any] = json_module.loads,
        content_type: str | None = _JSON_TYPE,
    ) -> Any:
        """Read the whole body as JSON; None for an empty one.

        Args:
            encoding: The charset; None for what the header says, or UTF-8.
            loads: What decodes the text.
            content_type: The media type that is demanded; None demands nothing.

        Raises:
            ContentTypeError: The body has another media type.
            ValueError: It is not JSON (`json.JSONDecodeError`).
        """
        body = await self.read()
        found = self.headers.get("Content-Type", "").lower()
        if content_type and not _is_expected_type(found, content_type):
            raise ContentTypeError(
                self.request_info,
                self.history,
                status=self.status,
                message=f"Attempt to decode JSON with unexpected mimetype: {found}",
                headers=self.headers,
                body=body[:ERROR_BODY_BYTES],
            )
        stripped = body.strip()
        return loads(stripped.decode(encoding or self.get_encoding())) if stripped else None

    # The end.

    @property
    def closed(self) -> bool:
        """Whether the connection is no longer this response's."""
        return self._released or self._exchange.is_over

    def release(self) -> "_Nothing":
        """Give the connection back if the body has come whole or nearly, else close it."""
        self._released = True
        if not self._exchange.is_over:
            self._exchange.release()
        return _NOTHING

    def close(self) -> None:
        """Close the connection, unless it was given back already."""
        self._released = True
        self._exchange.close()

    def keep_within(self, deadline: Deadline) -> None:
        """Let `deadline` end the reading of the body too, and stop when the body has come."""
        if not self._exchange.is_over:
            deadline.go_on(self._exchange.fail)
            self._stream().on_end(deadline.stop)

    def obey(self, rules: "BodyRules[ClientResponse]") -> None:
        """Read the body by other than the usual rules."""
        self._rules = rules
        if not rules.reads_until_close and self._ends_with_connection():
            self._content = StreamReader()
            self._content.feed_eof()
            self._exchange.close()

    def report_to(self, watcher: BodyWatcher) -> None:
        """Let `watcher` know when the whole body has been read."""
        self._watcher = watcher

    def upgrade(self, protocol: asyncio.Protocol) -> None:
        """Hand the connection to another protocol; see `whimbrel_connector.Exchange.upgrade`."""
        self._exchange.upgrade(protocol)

    async def wait_for_close(self) -> None:
        """Release the connection."""
        self.release()

    def raise_for_status(self) -> None:
        """Raise for a status of 400 and above.

        Within `async with` the body can still be read when the error is caught there; elsewhere the
        connection is released first.

        Raises:
            ClientResponseError: The status is 400 or above; its `body` is the beginning of what had come.
        """
        if self.ok:
            return
        beginning = self._stream().peek(ERROR_BODY_BYTES) if self._body is None else self._body
        if not self._in_context:
            self.release()
        raise ClientResponseError(
            self.request_info,
            self.history,
            status=self.status,
            message=self.reason,
            headers=self.headers,
            body=beginning[:ERROR_BODY_BYTES],
        )

    def __del__(self) -> None:
        """Give up the connection of a forgotten response, unless somebody may still read `content`."""
        if not self._released and not self._is_lent and not self._exchange.is_over:
            self._exchange.abandon(self)

    async def __aenter__(self) -> "Self":
        """Return the response itself."""
        self._in_context = True
        return self

    def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> Awaitable[None]:
        """Release the connection."""
        self._in_context = False
        self.release()  # what a subclass returns there may be nothing to wait for
        return _NOTHING

    def _stream(self) -> StreamReader:
        if self._content is None:
            self._content = self._exchange.content
        return self._content

    async def _read_whole(self) -> bytes:
        content, most = self._stream(), self._rules.max_bytes
        if self._is_given:  # whoever did so may have a `read` of their own
            return await content.read()
        if self._released and not content.at_eof():
            msg = "Connection closed: the response was released before its body was read"
            raise ClientConnectionError(msg)
        if content.is_touched():
            msg = "read(), text() and json() need the whole body, a part was read from content before"
            raise StreamConsumedError(msg)
        try:
            if not content.is_eof():
                self._check_announced(most)
            return await content.read_to_end(most)
        except BaseException as fault:
            self.close()
            if isinstance(fault, BodyTooLarge):
                raise PayloadTooLargeError(fault.limit_bytes) from fault
            raise

    async def _tell(self, watcher: BodyWatcher, body: bytes) -> None:
        try:
            await watcher.received(self, body)
        except BaseException:
            self.close()
            raise

    def _ends_with_connection(self) -> bool:
        """Tell whether nothing but the end of the connection ends the body (RFC 9112 section 6.3)."""
        head = self._head
        return (
            not (head.chunked or self._exchange.is_over or self.status == 101) and head.content_length is None
        )

    def _check_announced(self, most: int | None) -> None:
        """Refuse a body that is not worth waiting for: it says itself that it is too long."""
        length = self._head.content_length
        if most is not None and length is not None and length > most:
            raise BodyTooLarge(most)


CharsetResolver = Callable[[ClientResponse, bytes], str]


class ClientResponseError(ClientError):
    """A response came and is not acceptable.

    Attributes:
        request_info: What was asked.
        history: The responses that redirected to this one.
        status: The status code; 0 when there is none.
        message: The reason phrase, or what was wrong.
        headers: The response's headers, or None.
        body: The first bytes of the response's body, as many as had come and at most
            `ERROR_BODY_BYTES`; None where nobody looked. Servers say there what they did not like.
    """

    def __init__(
        self,
        request_info: RequestInfo,
        history: tuple[ClientResponse, ...],
        *,
        code: int | None = None,
        status: int | None = None,
        message: str = "",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> None:
        if code is not None and status is not None:
            msg = "Both code and status arguments are provided; code is the earlier spelling, use status"
            raise ValueError(msg)
        self.request_info = request_info
        self.history = history
        self.status = (status if status is not None else code) or 0
        self.message = message
        self.headers = headers
        self.body = body
        super().__init__(request_info, history)

    @property
    def code(self) -> int:
        """The status code, in its earlier spelling."""
        return self.status

    def __str__(self) -> str:
        return f"{self.status}, message={self.message!r}, url={str(self.request_info.real_url)!r}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle with the facts; responses in the history cannot be pickled and are left out."""
        state = dict(self.__dict__, headers=None if self.headers is None else CIMultiDict(self.headers))
        del state["request_info"], state["history"]
        return type(self), (self.request_info, ()), state


class ContentTypeError(ClientResponseError):
    """The body has another media type than the one expected."""


class WSServerHandshakeError(ClientResponseError):
    """The server did not agree to speak WebSocket."""


class ClientHttpProxyError(ClientResponseError):
    """The proxy refused the tunnel; in the body it may say why."""

    def __str__(self) -> str:
        said = f", body={self.body[:_LONGEST_SHOWN]!r}" if self.body else ""
        return super().__str__() + said


class TooManyRedirects(ClientResponseError):
    """There were more redirects than allowed."""


class _Nothing:
    """What `release` returns: there is nothing to wait for, and `await` is allowed all the same."""

    __slots__ = ()

    def __await__(self) -> Generator[None, None, None]:
        return
        yield


_NOTHING = _Nothing()


def _is_expected_type(found: str, expected: str) -> bool:
    return _ANY_JSON.match(found) is not None if expected == _JSON_TYPE else expected in found
