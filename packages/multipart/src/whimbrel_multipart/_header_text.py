"""Refuse, where it is given, text that could not stand in a part's header."""

import whimbrel_http1
from whimbrel_multipart.errors import InvalidField

__all__ = ["check_text", "check_token"]


def check_text(argument: str, value: str) -> None:
    """Raise `InvalidField` when `value` holds a control character; name the `argument`."""
    if value.isprintable():
        return
    try:
        whimbrel_http1.encode_fields([("x", value)])
    except whimbrel_http1.LocalError as exc:
        raise InvalidField(argument, "must not hold control characters", value) from exc


def check_token(argument: str, value: str) -> None:
    """Raise `InvalidField` when `value` is not a token (RFC 9110 section 5.6.2)."""
    if not whimbrel_http1.is_token(value):
        raise InvalidField(argument, "must be a token", value)
