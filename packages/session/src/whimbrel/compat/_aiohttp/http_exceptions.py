"""aiohttp.http_exceptions: names for `except` clauses.

whimbrel raises none of them: to a user of a session they always came as the cause of a `ClientError`.
"""

from collections.abc import Mapping

__all__ = [
    "BadHttpMessage",
    "BadHttpMethod",
    "BadStatusLine",
    "ContentEncodingError",
    "ContentLengthError",
    "HttpBadRequest",
    "HttpProcessingError",
    "InvalidHeader",
    "InvalidURLError",
    "LineTooLong",
    "PayloadEncodingError",
    "TransferEncodingError",
]


class HttpProcessingError(Exception):
    """A message cannot be processed.

    Attributes:
        code: The status it would be answered with.
        message: Why.
        headers: Headers of that answer, or None.
    """

    code = 0
    message = ""
    headers: Mapping[str, str] | None = None

    def __init__(
        self, *, code: int | None = None, message: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code
        self.message, self.headers = message, headers

    def __str__(self) -> str:
        return f"{self.code}, message:\n  {self.message}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.code}, message={self.message!r}>"

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the facts."""
        return _restored, (type(self), self.args, self.__dict__)


def _restored(
    kind: type[HttpProcessingError], args: tuple[object, ...], facts: dict[str, object]
) -> HttpProcessingError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(facts)
    return error


class BadHttpMessage(HttpProcessingError):
    """A message is not well formed."""

    code = 400
    message = "Bad Request"

    def __init__(self, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message=message, headers=headers)
        self.args = (message,)


class HttpBadRequest(BadHttpMessage):
    """A request is not well formed."""


class PayloadEncodingError(BadHttpMessage):
    """A body is not what its headers say."""


class ContentEncodingError(PayloadEncodingError):
    """The content coding of a body cannot be undone."""


class TransferEncodingError(PayloadEncodingError):
    """The transfer coding of a body is broken."""


class ContentLengthError(PayloadEncodingError):
    """A body is shorter than announced."""


class LineTooLong(BadHttpMessage):
    """A line is longer than allowed."""

    def __init__(self, line: str | bytes, limit: str | int = "Unknown", actual_size: str = "Unknown") -> None:
        super().__init__(f"Got more than {limit} bytes when reading: {line!r}.")
        self.args = (line, limit, actual_size)


class InvalidHeader(BadHttpMessage):
    """A header line is not well formed.

    Attributes:
        hdr: The line.
    """

    def __init__(self, hdr: bytes | str) -> None:
        super().__init__(f"Invalid HTTP header: {hdr!r}")
        self.hdr = hdr.decode(errors="backslashreplace") if isinstance(hdr, bytes) else hdr
        self.args = (hdr,)


class BadStatusLine(BadHttpMessage):
    """A status line is not well formed.

    Attributes:
        line: The line.
    """

    def __init__(self, line: str = "", error: str | None = None) -> None:
        super().__init__(error or f"Bad status line {line!r}")
        self.args = (line,)
        self.line = line


class BadHttpMethod(BadStatusLine):
    """The method of a request is none."""


class InvalidURLError(BadHttpMessage):
    """The target of a request is no URL."""
