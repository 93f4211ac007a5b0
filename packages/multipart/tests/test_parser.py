from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel_multipart import (
    EndOfMultipart,
    InvalidBoundary,
    LimitExceeded,
    MalformedMultipart,
    MultipartEvent,
    MultipartLimits,
    MultipartParser,
    PartBegin,
    PartEnd,
    RemoteError,
    TruncatedMultipart,
)

BEGIN, END, LAST = PartBegin(()), PartEnd(), EndOfMultipart()
NAMED = PartBegin(((b"A", b"1"),))


def joined(events: list[MultipartEvent]) -> list[MultipartEvent]:
    """Join what follows each other of the content."""
    result: list[MultipartEvent] = []
    for event in events:
        if isinstance(event, bytes) and result and isinstance(result[-1], bytes):
            result[-1] += event
        else:
            result.append(event)
    return result


def cut(wire: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(wire) + 1) for place in places), len(wire)]
    return [wire[start:end] for start, end in pairwise(edges)]


def read(
    pieces: list[bytes], boundary: str = "b", limits: MultipartLimits | None = None
) -> list[MultipartEvent]:
    parser = MultipartParser(boundary, limits=limits)
    events = [event for piece in pieces for event in parser.feed(piece)]
    return joined(events + parser.feed_eof())


DIALOGUES = [
    pytest.param(b"--b\r\nA: 1\r\n\r\nx\r\n--b--\r\n", [NAMED, b"x", END, LAST], id="one part"),
    pytest.param(b"--b\r\nA: 1\r\n\r\nx\r\n--b--", [NAMED, b"x", END, LAST], id="no last line end"),
    pytest.param(b"\r\n--b\r\nA:1 \r\n\r\nx\r\n--b--", [NAMED, b"x", END, LAST], id="line end first"),
    pytest.param(b"--b--", [LAST], id="no parts"),
    pytest.param(b"pre\r\nam\r\n--b--", [LAST], id="preamble, no parts"),
    pytest.param(b"--x\r\n--b\r\n\r\nx\r\n--b--", [BEGIN, b"x", END, LAST], id="preamble like a delimiter"),
    pytest.param(b"a --b\r\n--b\r\n\r\nx\r\n--b--", [BEGIN, b"x", END, LAST], id="boundary inside a line"),
    pytest.param(b"--b--\r\nepi\r\n--b\r\nlogue", [LAST], id="epilogue with a boundary"),
    pytest.param(
        b"--b\r\n\r\nx\r\n--b--\r\n--b\r\n\r\ny", [BEGIN, b"x", END, LAST], id="epilogue after a part"
    ),
    pytest.param(
        b"--b \t\r\n\r\nx\r\n--b \r\n\r\ny\r\n--b--", [BEGIN, b"x", END, BEGIN, b"y", END, LAST], id="padding"
    ),
    pytest.param(b"--b\r\n\r\n\r\n--b--", [BEGIN, END, LAST], id="empty part"),
    pytest.param(b"--b\r\n\r\n--b--", [BEGIN, END, LAST], id="part without a body, RFC 2046 5.1.1"),
    pytest.param(
        b"--b\r\nA: 1\r\n\r\n--b--", [NAMED, END, LAST], id="headers without a body, RFC 2046 5.1.1"
    ),
    pytest.param(b"--b\r\n\r\n\r\n\r\n--b--", [BEGIN, b"\r\n", END, LAST], id="a line end as content"),
    pytest.param(b"--b\r\n\r\n\r\r\n\n\r\n--b--", [BEGIN, b"\r\r\n\n", END, LAST], id="odd line ends"),
    pytest.param(
        b"--b\r\n\r\nx\n--b--\n\r\n--b--", [BEGIN, b"x\n--b--\n", END, LAST], id="bare LF is content"
    ),
    pytest.param(b"--b\r\n\r\nx\r--b--\r\n--b--", [BEGIN, b"x\r--b--", END, LAST], id="bare CR is content"),
    pytest.param(b"--b\r\n\r\nx--b--\r\n--b--", [BEGIN, b"x--b--", END, LAST], id="boundary within a line"),
    pytest.param(
        b"--b\r\n\r\n\r\n--bc\r\n--b--", [BEGIN, b"\r\n--bc", END, LAST], id="longer inner boundary"
    ),
    pytest.param(b"--b\r\n\r\n\r\n--b x\r\n--b--", [BEGIN, b"\r\n--b x", END, LAST], id="text after padding"),
    pytest.param(b"--b\r\n\r\n\r\n--b-\r\n--b--", [BEGIN, b"\r\n--b-", END, LAST], id="one dash"),
    pytest.param(b"--b\r\n\r\n\r\n--b -\r\n--b--", [BEGIN, b"\r\n--b -", END, LAST], id="dash after padding"),
    pytest.param(b"--b\r\n\r\n\r\n--b\r\r\n--b--", [BEGIN, b"\r\n--b\r", END, LAST], id="delimiter with CR"),
    pytest.param(b"--b\r\n\r\n\r\n--\r\n--b--", [BEGIN, b"\r\n--", END, LAST], id="dashes alone"),
    pytest.param(
        b"--b\r\n\r\n\r\n--b" + b" " * 1025 + b"\r\n\r\n--b--",
        [BEGIN, b"\r\n--b" + b" " * 1025 + b"\r\n", END, LAST],
        id="too much padding is content",
    ),
    pytest.param(
        b"--b" + b" " * 1024 + b"\r\n\r\nx\r\n--b--",
        [BEGIN, b"x", END, LAST],
        id="as much padding as allowed",
    ),
    pytest.param(
        b"--b\r\nA:1\r\nb: \xc3\xbc \r\n\r\nx\r\n--b--",
        [PartBegin(((b"A", b"1"), (b"b", b"\xc3\xbc"))), b"x", END, LAST],
        id="two headers",
    ),
]


@pytest.mark.parametrize(("wire", "events"), DIALOGUES)
def test_the_dialogue(wire: bytes, events: list[MultipartEvent]) -> None:
    assert read([wire]) == events


@pytest.mark.parametrize(("wire", "events"), DIALOGUES)
def test_octet_by_octet_it_is_the_same(wire: bytes, events: list[MultipartEvent]) -> None:
    assert read([wire[at : at + 1] for at in range(len(wire))]) == events


@given(
    st.lists(
        st.sampled_from([b"\r\n", b"\r", b"\n", b"--", b"-", b"b", b" ", b"x", b"A: 1\r\n", b"\r\n--b\r\n"])
    ),
    st.lists(st.integers(0, 10_000)),
)
def test_any_cut_gives_the_same_events_or_the_same_fault(tokens: list[bytes], places: list[int]) -> None:
    wire = b"--b\r\n\r\n" + b"".join(tokens) + b"\r\n--b--"

    def outcome(pieces: list[bytes]) -> tuple[list[MultipartEvent], str]:
        parser = MultipartParser("b")
        events: list[MultipartEvent] = []
        try:
            for piece in pieces:
                events += parser.feed(piece)
            events += parser.feed_eof()
        except RemoteError as exc:
            return joined(events), str(exc)
        return joined(events), ""

    assert outcome(cut(wire, places)) == outcome([wire])


@given(st.binary(max_size=200), st.lists(st.integers(0, 10_000)))
def test_any_content_is_read_back(content: bytes, places: list[int]) -> None:
    boundary = "0123456789abcdef"
    wire = b"--0123456789abcdef\r\n\r\n" + content + b"\r\n--0123456789abcdef--\r\n"
    expected = [BEGIN, content, END, LAST] if content else [BEGIN, END, LAST]
    assert read(cut(wire, places), boundary) == expected


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_other_buffers_are_taken(kind: type) -> None:
    assert read([kind(b"--b\r\n\r\nx\r"), kind(b"\n--b--")]) == [BEGIN, b"x", END, LAST]


def test_content_is_handed_on_at_once() -> None:
    parser = MultipartParser("b")
    assert parser.feed(b"--b\r\n\r\nwhim") == [BEGIN, b"whim"]
    assert parser.feed(b"brel\r\n--") == [b"brel"]
    assert parser.feed(b"c") == [b"\r\n--c"]
    assert parser.feed(b"\r\n--b") == []
    assert parser.feed(b"--") == [END, LAST]
    assert parser.feed(b"anything") == []


def test_a_large_body_is_read_whole() -> None:
    content = bytes(range(256)) * 5000
    assert read([b"--b\r\n\r\n" + content + b"\r\n--b--"]) == [BEGIN, content, END, LAST]


def test_empty_feeds_change_nothing() -> None:
    parser = MultipartParser("b")
    assert parser.feed(b"") == []
    assert read([b"", b"--b\r\n", b"", b"\r\nx", b"", b"\r\n--b--", b""]) == [BEGIN, b"x", END, LAST]


@pytest.mark.parametrize(
    ("wire", "awaited"),
    [
        (b"", "first delimiter"),
        (b"whimbrel", "first delimiter"),
        (b"--b", "first delimiter"),
        (b"--b\r\n", "headers"),
        (b"--b\r\nA: 1\r\n", "headers"),
        (b"--b\r\n\r\n", "delimiter after"),
        (b"--b\r\n\r\nx\r\n--b", "delimiter after"),
        (b"--b\r\n\r\nx\r\n--b-", "delimiter after"),
        (b"--b\r\n\r\nx\r\n--b\r\n", "headers"),
    ],
)
def test_an_early_end_is_an_error(wire: bytes, awaited: str) -> None:
    parser = MultipartParser("b")
    parser.feed(wire)
    with pytest.raises(TruncatedMultipart, match=awaited) as caught:
        parser.feed_eof()
    assert caught.value.offset == len(wire)


@pytest.mark.parametrize(
    "headers",
    [b"A", b"A : 1", b": 1", b"A: 1\r\n B: 2", b"A: 1\nB: 2", b"A: \0", b"A\xc3: 1", b"--b--", b"A: 1\rB: 2"],
)
def test_malformed_headers_are_refused(headers: bytes) -> None:
    parser = MultipartParser("b")
    with pytest.raises(MalformedMultipart, match="headers") as caught:
        parser.feed(b"--b\r\n" + headers + b"\r\n\r\nx\r\n--b--")
    assert caught.value.offset == 5
    with pytest.raises(MalformedMultipart):
        parser.feed(b"")
    with pytest.raises(MalformedMultipart):
        parser.feed_eof()


def test_what_was_understood_before_a_fault_comes_first() -> None:
    parser = MultipartParser("b")
    assert parser.feed(b"--b\r\n\r\nx\r\n--b\r\nA\r\n\r\n") == [BEGIN, b"x", END]
    with pytest.raises(MalformedMultipart):
        parser.feed(b"--b--")


LIMITS = [
    pytest.param(
        MultipartLimits(parts=2),
        b"--b\r\n\r\n\r\n--b\r\n\r\n\r\n--b--",
        b"--b\r\n\r\n\r\n--b\r\n\r\n\r\n--b\r\n\r\n",
        "parts",
        id="parts",
    ),
    pytest.param(
        MultipartLimits(part_headers=2),
        b"--b\r\nA: 1\r\nB: 2\r\n\r\n\r\n--b--",
        b"--b\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n",
        "part_headers",
        id="part_headers",
    ),
    pytest.param(
        MultipartLimits(part_header_bytes=12),
        b"--b\r\nA: 1\r\nB: 2\r\n\r\n\r\n--b--",
        b"--b\r\nA: 1\r\nB: 23\r\n\r\n",
        "part_header_bytes",
        id="part_header_bytes",
    ),
]


@pytest.mark.parametrize("octets", [1, 1000])
@pytest.mark.parametrize(("limits", "at_limit", "beyond", "limit"), LIMITS)
def test_a_limit_is_kept_to_the_last_unit(
    limits: MultipartLimits, at_limit: bytes, beyond: bytes, limit: str, octets: int
) -> None:
    def feed(wire: bytes) -> list[MultipartEvent]:
        return read([wire[at : at + octets] for at in range(0, len(wire), octets)], limits=limits)

    assert feed(at_limit)[-1] == LAST
    with pytest.raises(LimitExceeded) as caught:
        feed(beyond)
    assert caught.value.limit == limit


def test_headers_that_never_end_are_stopped() -> None:
    parser = MultipartParser("b")
    parser.feed(b"--b\r\n")
    line = b"A: " + b"x" * 1019 + b"\r\n"
    for _ in range(32):
        parser.feed(line)
    with pytest.raises(LimitExceeded, match="part_header_bytes"):
        parser.feed(line)


@pytest.mark.parametrize("boundary", ["", "x" * 71, "a\r\nb", "ü", b"a\xff", "a "])
def test_a_boundary_that_cannot_be_read_is_refused(boundary: str | bytes) -> None:
    with pytest.raises(InvalidBoundary):
        MultipartParser(boundary)


@pytest.mark.parametrize(
    "unit",
    [
        b"\r",
        b"\n",
        b"\r\n",
        b"-",
        b"\r\n--",
        b"\r\n--b x",
        b"\r\n--bx",
        b"\r\n--b-",
        b"\r\n--b\r\n\r\n",
    ],
)
def test_odd_content_is_read_in_one_pass(unit: bytes) -> None:
    # A megabyte of each: anything but linear work would not come back.
    parser = MultipartParser("b", limits=MultipartLimits(parts=None))
    count = 1_000_000 // len(unit)
    wire = b"--b\r\n\r\n" + unit * count + b"\r\n--b--"
    events = [event for at in range(0, len(wire), 1000) for event in parser.feed(wire[at : at + 1000])]
    events += parser.feed_eof()
    is_delimiter = unit.endswith(b"\r\n\r\n")
    whole = [BEGIN, END] * (count + 1) if is_delimiter else [BEGIN, unit * count, END]
    assert joined(events) == [*whole, LAST]


def test_the_multipart_package_reads_the_same() -> None:
    multipart = pytest.importorskip("multipart", reason="the multipart package is an optional oracle")
    wire = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nwhimbrel\r\n\r\n--b--\r\n'
    parser = multipart.PushMultipartParser(b"b")
    theirs = [event for event in parser.parse(wire) if isinstance(event, (bytes, bytearray))]
    ours = [event for event in MultipartParser("b").feed(wire) if isinstance(event, bytes)]
    assert b"".join(ours) == b"".join(theirs) == b"whimbrel\r\n"
