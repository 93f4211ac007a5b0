import pickle

import pytest

import whimbrel_multipart as wm

ERRORS = [
    (wm.LookupError("builtins.int"), "no payload class is registered for a value of type builtins.int"),
    (wm.InvalidField("filename", "must not hold control characters", "a\nb"), "filename must not hold"),
    (wm.InvalidBoundary("must not be empty", ""), "boundary must not be empty: ''"),
    (wm.BodyConsumed("BytesPayload", "it is gone"), "BytesPayload cannot be sent again: it is gone"),
    (wm.BodyChanged("IOBasePayload", announced=4, found=2), "ended early: 4 bytes announced, 2 found"),
    (wm.BodyChanged("IOBasePayload", announced=4, found=5), "grew while it was sent"),
    (wm.MalformedMultipart("headers", "RFC 2046", 5), "headers at byte 5 (RFC 2046)"),
    (wm.MalformedMultipart("headers", "RFC 2046"), "headers (RFC 2046)"),
    (wm.TruncatedMultipart("ended", "RFC 2046", 5), "ended at byte 5"),
    (wm.LimitExceeded("parts", 5), "exceeds the limit parts=5"),
    (wm.UndecodableContent("gzip", "it ends early"), "not decodable as 'gzip': it ends early"),
]


@pytest.mark.parametrize(("error", "text"), ERRORS)
def test_errors_say_what_happened_and_survive_pickling(error: wm.MultipartError, text: str) -> None:
    assert text in str(error)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


@pytest.mark.parametrize(("error", "_text"), ERRORS)
def test_every_error_is_local_or_remote(error: wm.MultipartError, _text: str) -> None:
    assert isinstance(error, wm.LocalError) != isinstance(error, wm.RemoteError)


def test_what_the_peer_sent_is_shown_short_and_escaped() -> None:
    text = str(wm.UndecodableContent("ü\r\n" * 1000, "unknown"))
    assert text.isascii()
    assert "\n" not in text
    assert len(text) < 500
