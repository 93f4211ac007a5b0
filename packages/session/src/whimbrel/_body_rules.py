"""What a response's body obeys when it is read as a whole: how long it may be, and what charset it has."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

__all__ = [
    "DEFAULT_BODY_RULES",
    "DEFAULT_MAX_BODY_BYTES",
    "BodyRules",
    "body_rules_of",
    "utf8",
]

_Response_contra = TypeVar("_Response_contra", contravariant=True)
_Resolver = Callable[[_Response_contra, bytes], str]

DEFAULT_MAX_BODY_BYTES = 1024**3


def utf8(response: object, body: bytes) -> str:  # noqa: ARG001  the form of a resolver
    """Say that text of which no charset is known is UTF-8."""
    return "utf-8"


@dataclass(frozen=True, slots=True)
class BodyRules(Generic[_Response_contra]):
    """What `read`, `text` and `json` obey.

    Attributes:
        max_bytes: The longest body, its content coding undone; None for any.
        resolve_charset: What says the charset of text where no header does.
        reads_until_close: Whether a body goes on to the end of the connection where no header says how
            long it is; else there is none.
    """

    max_bytes: int | None = DEFAULT_MAX_BODY_BYTES
    resolve_charset: _Resolver[_Response_contra] = utf8
    reads_until_close: bool = True

    def __post_init__(self) -> None:
        if self.max_bytes is not None and self.max_bytes < 0:
            msg = f"max_body_size is a number of bytes or None, not {self.max_bytes}"
            raise ValueError(msg)

    def over(self, max_bytes: int | None, *, reads_until_close: bool) -> "BodyRules[_Response_contra]":
        """Return these rules with what a request says in their place, themselves where that is the same."""
        if (max_bytes, reads_until_close) == (self.max_bytes, self.reads_until_close):
            return self
        return replace(self, max_bytes=max_bytes, reads_until_close=reads_until_close)


DEFAULT_BODY_RULES: BodyRules[object] = BodyRules()  # that one object, so that nothing need be done for it


def body_rules_of(
    max_bytes: int | None, resolve_charset: _Resolver[_Response_contra]
) -> BodyRules[_Response_contra]:
    """Return the rules, and where they are the usual ones the one object that stands for them."""
    rules = BodyRules(max_bytes, resolve_charset)
    return DEFAULT_BODY_RULES if rules == DEFAULT_BODY_RULES else rules
