"""What can go wrong with forms and multipart bodies, in one hierarchy.

`MultipartError` is the root. Below it `LocalError` means that the caller asked for what the rules
forbid, and `RemoteError` that the bytes which were read break them. Facts are attributes, the sentence
is derived from them, and every error survives pickling.
"""

import builtins

__all__ = [
    "BadContentDispositionHeader",
    "BadContentDispositionParam",
    "BodyChanged",
    "BodyConsumed",
    "InvalidBoundary",
    "InvalidField",
    "LimitExceeded",
    "LocalError",
    "LookupError",
    "MalformedMultipart",
    "MultipartError",
    "RemoteError",
    "TruncatedMultipart",
    "UndecodableContent",
]

_SHOWN_BYTES = 100


class MultipartError(Exception):
    """The root of all errors of this package."""


class LocalError(MultipartError):
    """The caller asked for what the rules forbid; nothing was sent."""


class RemoteError(MultipartError, ValueError):
    """The bytes that were read break the rules or a limit."""


class LookupError(LocalError, builtins.LookupError):  # noqa: A001 - aiohttp's documented name
    """No payload class is registered for a value.

    Attributes:
        kind: The qualified name of the value's type.
    """

    def __init__(self, kind: str = "object") -> None:
        super().__init__(kind)
        self.kind = kind

    def __str__(self) -> str:
        return f"no payload class is registered for a value of type {self.kind}"


class InvalidField(LocalError, ValueError):
    """A name, file name, type or header holds what may not stand in a part's header.

    Attributes:
        argument: Which argument was refused, such as "filename".
        rule: What it broke.
        value: The value given.
    """

    def __init__(self, argument: str, rule: str, value: str) -> None:
        super().__init__(argument, rule, value)
        self.argument, self.rule, self.value = argument, rule, value

    def __str__(self) -> str:
        return f"{self.argument} {self.rule}: {self.value[:_SHOWN_BYTES]!a}"


class InvalidBoundary(LocalError, ValueError):
    """A boundary chosen by the caller cannot delimit the parts (RFC 2046 section 5.1.1).

    Attributes:
        rule: What it broke.
        boundary: The boundary given.
    """

    def __init__(self, rule: str, boundary: str) -> None:
        super().__init__(rule, boundary)
        self.rule, self.boundary = rule, boundary

    def __str__(self) -> str:
        return f"boundary {self.rule}: {self.boundary[:_SHOWN_BYTES]!a}"


class BodyConsumed(LocalError, RuntimeError):
    """A body was sent before and cannot be sent from its start again.

    Attributes:
        kind: The class of the payload.
        reason: Why it cannot be repeated.
    """

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(kind, reason)
        self.kind, self.reason = kind, reason

    def __str__(self) -> str:
        return f"{self.kind} cannot be sent again: {self.reason}"


class BodyChanged(LocalError, RuntimeError):
    """A file or stream gave more or fewer bytes than the size announced for it.

    Attributes:
        kind: The class of the payload.
        announced: Bytes announced.
        found: Bytes found; when the body is too long, only what was read so far.
    """

    def __init__(self, kind: str, *, announced: int, found: int) -> None:
        super().__init__(kind, announced, found)
        self.kind, self.announced, self.found = kind, announced, found

    def __reduce__(self) -> tuple[object, ...]:
        return _restore_body_changed, (self.kind, self.announced, self.found)

    def __str__(self) -> str:
        how = "ended early" if self.found < self.announced else "grew while it was sent"
        return f"{self.kind} {how}: {self.announced} bytes announced, {self.found} found"


def _restore_body_changed(kind: str, announced: int, found: int) -> BodyChanged:
    return BodyChanged(kind, announced=announced, found=found)


class MalformedMultipart(RemoteError):
    """The bytes do not form a multipart body.

    Attributes:
        what: What was wrong.
        rule: The clause that was broken, such as "RFC 2046 5.1.1".
        offset: Bytes of the body before the fault, or None where it is not known.
    """

    def __init__(self, what: str, rule: str, offset: int | None = None) -> None:
        super().__init__(what, rule, offset)
        self.what, self.rule, self.offset = what, rule, offset

    def __str__(self) -> str:
        where = "" if self.offset is None else f" at byte {self.offset}"
        return f"{self.what}{where} ({self.rule})"


class TruncatedMultipart(MalformedMultipart):
    """The bytes ended before the closing boundary."""


class LimitExceeded(RemoteError):
    """The peer sent more than a limit allows.

    Attributes:
        limit: The name of the field of `MultipartLimits`.
        allowed: Its value.
    """

    def __init__(self, limit: str, allowed: int) -> None:
        super().__init__(limit, allowed)
        self.limit, self.allowed = limit, allowed

    def __str__(self) -> str:
        return f"multipart body exceeds the limit {self.limit}={self.allowed}"


class UndecodableContent(RemoteError):
    """The content of a part cannot be decoded as its headers say.

    Attributes:
        coding: The coding or character set named by the part.
        what: What was wrong.
    """

    def __init__(self, coding: str, what: str) -> None:
        super().__init__(coding, what)
        self.coding, self.what = coding, what

    def __str__(self) -> str:
        return f"part content is not decodable as {self.coding[:_SHOWN_BYTES]!a}: {self.what}"


class BadContentDispositionHeader(RuntimeWarning):
    """A Content-Disposition value was ignored because it is malformed."""


class BadContentDispositionParam(RuntimeWarning):
    """One parameter of a Content-Disposition value was ignored because it is malformed."""
