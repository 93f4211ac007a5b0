"""How long the head of a response may be, from the three arguments that sessions and requests have for it."""

from whimbrel_http1 import DEFAULT_LIMITS, Limits

__all__ = ["head_limits", "longer_heads"]

# By default a whole head has room for eight header lines of the greatest size.
_HEAD_BYTES, _LINE_BYTES, _FIELD_BYTES, _FIELDS = (
    limit or 0
    for limit in (
        DEFAULT_LIMITS.head_bytes,
        DEFAULT_LIMITS.line_bytes,
        DEFAULT_LIMITS.field_bytes,
        DEFAULT_LIMITS.fields,
    )
)


def head_limits(max_line_size: int, max_field_size: int, max_headers: int) -> Limits:
    """Return the limits of a session."""
    return longer_heads(Limits(line_bytes=max_line_size, field_bytes=max_field_size, fields=max_headers))


def longer_heads(limits: Limits) -> Limits:
    """Return limits whose whole head grows along with what a line of it, or the number of them, may be.

    Without this a caller who allows one line of a million bytes would still be refused it.
    """
    line, field, fields = limits.line_bytes or 0, limits.field_bytes or 0, limits.fields or 0
    if line <= _LINE_BYTES and field <= _FIELD_BYTES and fields <= _FIELDS:
        return limits
    room = _HEAD_BYTES * max(field / _FIELD_BYTES, 1) * max(fields / _FIELDS, 1) + max(line - _LINE_BYTES, 0)
    return limits.replace(head_bytes=int(room))
