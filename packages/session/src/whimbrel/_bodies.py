"""From `data` and `json` to the payload that is sent."""

from collections.abc import Callable, Iterable, Mapping
from json import dumps as standard_dumps

from whimbrel.errors import ClientPayloadError
from whimbrel_multipart import BodyConsumed, BytesPayload, FormData, Payload, get_payload
from whimbrel_multipart import LookupError as NoPayload

__all__ = ["Data", "payload_of", "rewind", "rewinds"]

# What a form can be made of, besides whatever the payload registry knows.
Data = object


def payload_of(
    data: Data, json: object = None, dumps: Callable[[object], str | bytes] = standard_dumps
) -> Payload | None:
    """Return what is sent for `data` or `json`; None when both are None.

    Raises:
        ValueError: Both are given.
        TypeError: Nothing knows how to send `data`.
    """
    if json is not None:
        if data is not None:
            msg = "data and json parameters can not be used at the same time"
            raise ValueError(msg)
        return _json_payload(json, dumps)
    if data is None:
        return None
    if isinstance(data, FormData):
        return data()
    try:
        payload = get_payload(data)
    except NoPayload:
        return _form_payload(data)
    if payload is not data:  # what a file is called here is nobody's business there
        payload.headers.pop("Content-Disposition", None)
    return payload


def rewind(body: Payload | None) -> None:
    """Make a body that was sent ready to be sent again.

    Raises:
        ClientPayloadError: It cannot be repeated.
    """
    if body is None:
        return
    try:
        body.rewind()
    except BodyConsumed as fault:
        what = (
            f"{fault}, and a redirect or a middleware asks for it: bytes and files that can be rewound serve"
        )
        raise ClientPayloadError(what) from fault


def rewinds(body: Payload | None) -> bool:
    """Make a body that was sent ready to be sent again, and tell whether it is."""
    try:
        rewind(body)
    except ClientPayloadError:
        return False
    return True


def _json_payload(json: object, dumps: Callable[[object], str | bytes]) -> Payload:
    text = dumps(json)
    content = text.encode("utf-8") if isinstance(text, str) else bytes(text)
    return BytesPayload(content, content_type="application/json")


def _form_payload(data: object) -> Payload:
    if not isinstance(data, (Mapping, Iterable)):
        msg = f"data of type {type(data).__name__} cannot be sent"
        raise TypeError(msg)
    return FormData(data)()
