"""llhttp's published cases for responses: all strict ones agree, but for those listed with the reason."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from whimbrel_http1 import (
    EndOfMessage,
    ParseError,
    ResponseHead,
    ResponseParser,
    TruncatedMessage,
    Upgraded,
)
from whimbrel_http1.testing import Dialogue, read_events

# What llhttp accepts and a parser of HTTP/1.1 does not.
DISAGREEMENTS = {
    "002": "RFC 9112 section 2.3: RTSP is another protocol",
    "003": "RFC 9112 section 2.3: ICE is another protocol",
    "018": "RFC 9112 section 2.3: no message says HTTP/0.9",
}


def load_cases() -> list[dict[str, Any]]:
    named = os.environ.get("WHIMBREL_VECTORS")
    folders = (
        [Path(named)] if named else [folder / "shared/vectors" for folder in Path(__file__).resolve().parents]
    )
    for folder in folders:
        file = folder / "http1_response.json"
        if file.is_file():
            cases: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))["cases"]
            return [case for case in cases if case["strict"]]
    return []


CASES = load_cases()
pytestmark = pytest.mark.skipif(not CASES, reason="http1_response.json is not at hand (set WHIMBREL_VECTORS)")


def outcome(dialogue: Dialogue) -> str:
    if any(isinstance(event, Upgraded) for event in dialogue.events):
        return "upgraded"
    if dialogue.fault is None:
        return "complete"
    return "truncated" if isinstance(dialogue.fault, TruncatedMessage) else "error"


def messages(dialogue: Dialogue) -> list[dict[str, object]]:
    """Return what the vectors say of each message, as this parser sees it."""
    found: list[dict[str, object]] = []
    for event in dialogue.events:
        if isinstance(event, ResponseHead):
            fields = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in event.raw_headers]
            found.append(
                {
                    "version": f"{event.version.major}.{event.version.minor}",
                    "status": event.status,
                    "reason": event.reason.encode("utf-8", "surrogateescape").decode("latin-1"),
                    "headers": fields,
                    "body": b"",
                    "complete": event.interim,
                    "keep_alive": event.keep_alive,
                    "chunked": event.chunked,
                    "content_length": event.content_length,
                }
            )
        elif isinstance(event, bytes):
            found[-1]["body"] = event
        else:
            found[-1]["complete"] = True
            if isinstance(event, EndOfMessage) and event.trailers:
                found[-1]["trailers"] = [[part.decode("latin-1") for part in pair] for pair in event.trailers]
    return found


def expected_messages(case: dict[str, Any]) -> list[dict[str, object]]:
    wanted = []
    for message in case["expect"]["messages"]:
        if message["headers_complete"]:
            facts = {
                key: value
                for key, value in message.items()
                if key not in {"headers_complete", "read_until_eof"}
            }
            facts["body"] = base64.b64decode(message["body"])
            facts["complete"] = message["complete"] or (
                message["read_until_eof"] and case["expect"]["error"] is None
            )
            wanted.append(facts)
    return wanted


def shown(case: dict[str, Any]) -> str:
    return f"{case['id']}: {case['name']}"


@pytest.mark.parametrize("bytewise", [False, True], ids=["whole", "bytewise"])
@pytest.mark.parametrize("case", CASES, ids=shown)
def test_this_parser_agrees_with_llhttp(case: dict[str, Any], bytewise: bool) -> None:
    raw = base64.b64decode(case["raw"])
    pieces = [raw[index : index + 1] for index in range(len(raw))] if bytewise else [raw]
    dialogue = read_events(ResponseParser(request_method=case["request_method"]), pieces, eof=True)
    if case["id"] in DISAGREEMENTS:
        assert isinstance(dialogue.fault, ParseError)
        return
    assert outcome(dialogue) == case["expect"]["at_eof"]
    assert len(messages(dialogue)) == len(expected_messages(case))
    for found, wanted in zip(messages(dialogue), expected_messages(case), strict=True):
        if wanted["keep_alive"] is None:  # after a change of protocol there is nothing to say
            del wanted["keep_alive"], found["keep_alive"]
        if "trailers" not in wanted:
            found.pop("trailers", None)
        assert found == wanted


def test_every_listed_disagreement_exists() -> None:
    assert {case["id"] for case in CASES} >= set(DISAGREEMENTS)
