"""Lines that come again are recognised, and nobody can tell but by the time it takes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whimbrel_http1 import (
    EndOfMessage,
    Leniency,
    Limits,
    MalformedMessage,
    RawHeaders,
    RequestHead,
    RequestParser,
    ResponseHead,
    ResponseParser,
)
from whimbrel_http1._lines import KnownRuns
from whimbrel_http1.testing import Dialogue, read_events

OK = b"HTTP/1.1 200 OK\r\n"
BEFORE = OK + b"Server: nest\r\nVary: a\r\nDate: 1\r\nAge: 2\r\nVia: b\r\n\r\n"
AFTER = OK + b"Server: nest\r\nVary: a\r\nDate: 2\r\nAge: 2\r\nVia: b\r\n\r\n"


def learnt(before: bytes, after: bytes) -> KnownRuns:
    known = KnownRuns(framing=True)
    known.end(before, after, after.index(b"\r\n") + 2, after.count(b"\r\n") - 2)
    known.begin()
    return known


def found(known: KnownRuns, head: bytes) -> list[bytes]:
    """Return the runs that are found in `head`, looked for at each of its lines."""
    runs: list[bytes] = []
    position = head.index(b"\r\n") + 2
    while head[position : position + 2] != b"\r\n":
        run = known.find(head, position)
        runs += [] if run is None else [run.text]
        position = head.index(b"\r\n", position) + 2 if run is None else position + run.size
    return runs


def test_what_is_for_one_client_only_is_in_no_run() -> None:
    before, after = (it.replace(b"Vary: a", b"Set-COOKIE: a=1") for it in (BEFORE, AFTER))
    assert found(learnt(before, after), after) == [b"Server: nest\r\n", RUNS[1]]


RUNS = [b"Server: nest\r\nVary: a\r\n", b"Age: 2\r\nVia: b\r\n"]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (AFTER, RUNS),
        (AFTER.replace(b"Date: 2", b"Date: 33"), RUNS),
        (AFTER.replace(b"Date: 2\r\n", b""), RUNS),
        (AFTER.replace(b"Date: 2", b"Date: 3\r\nA: 1\r\nAgo: 4"), RUNS),
        (AFTER.replace(b"Vary: a", b"Vary: b"), RUNS[1:]),
        (AFTER.replace(b"Via: b", b"Via: c"), RUNS[:1]),
        (AFTER.replace(b"Server: nest", b"Sender: nest\r\nServer: nest"), RUNS[1:]),
        (OK + b"Age: 2\r\nVia: b\r\nServer: nest\r\nVary: a\r\n\r\n", RUNS[1:]),
        (AFTER[:-6] + b"\r\n\r\n", RUNS[:1]),
    ],
)
def test_runs_are_found_in_their_order(head: bytes, expected: list[bytes]) -> None:
    assert found(learnt(BEFORE, AFTER), head) == expected


def test_what_changes_is_learnt_again() -> None:
    known = learnt(BEFORE, AFTER)
    changed = AFTER.replace(b"Server: nest\r\n", b"Server: shore\r\n")
    for _ in range(3):
        found(known, changed)
        known.end(changed, changed, len(OK), 5)
        known.begin()
    assert found(known, changed) == [changed[len(OK) : -2]]


def test_after_many_strangers_it_still_learns() -> None:
    known = KnownRuns(framing=True)
    for number in range(1000):
        known.begin()
        known.end(OK + b"A: %d\r\n\r\n" % number, OK + b"A: %d\r\n\r\n" % (number + 1), len(OK), 1)
    for _ in range(300):
        known.begin()
        found(known, AFTER)
        known.end(BEFORE, AFTER, len(OK), 5)
    known.begin()
    assert found(known, AFTER) == RUNS


def test_each_run_is_compared_once_in_a_head() -> None:
    # A peer that repeats how a run begins makes nobody compare the whole of it again and again.
    run = b"a: 1\r\n" + b"b: 2\r\n" * 50
    known = learnt(OK + run + b"\r\n", OK + run + b"\r\n")
    head = OK + b"ab: 1\r\n" + b"a: 2\r\n" * 50 + b"\r\n"
    assert known.find(head, len(OK)) is None
    assert not known.exhausted
    assert known.find(head, len(OK) + 7) is None
    assert known.exhausted


# A parser that is kept gives what new ones give, whatever came before.

QUIET = (
    b"Server: nest",
    b"Date: 1",
    b"Date: 2",
    b"ETag: \t a ",
    b"ETag: b",
    b"Connection: x",
    b"Set-Cookie: a=1",
    b"Proxy-Connection: close",
    b"Connection: keep-alive",
    b"Connection: upgrade",
)
ODD = (
    *QUIET,
    b"Content-Length: 2",
    b"content-length: 02",
    b"Content-Length: 3",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: gzip",
    b"Connection: close",
    b"Host: a",
    b"Host: a b",
    b"Upgrade: nest",
    b"Expect: 100-continue",
    b"no colon",
    b" folded",
    b"a: \0",
    b"",
)
EARLY = b"HTTP/1.1 103 a\r\nServer: nest\r\nDate: 1\r\n\r\n"
CHUNKS = b"1\r\na\r\n0\r\nContent-Length: 1\r\nTransfer-Encoding: b\r\nDate: %d\r\n\r\n"
FRAMINGS = (
    (b"Content-Length: 2", b"ab"),
    (b"Transfer-Encoding: chunked", CHUNKS),
    (b"Content-Length: 0", b""),
)


def changed(draw: st.DrawFn, lines: list[bytes], others: tuple[bytes, ...], most: int) -> list[bytes]:
    """Return `lines` with up to `most` lines added or in place of others."""
    lines = list(lines)
    for _ in range(draw(st.integers(0, most))):
        place = draw(st.integers(0, len(lines)))
        lines[place : place + draw(st.integers(0, 1))] = [draw(st.sampled_from(others))]
    return lines


@st.composite
def connections(draw: st.DrawFn, starts: tuple[bytes, ...]) -> tuple[list[bytes], Limits]:
    """Draw messages that have much in common, of which only the last may be at fault, and limits."""
    framing, body = draw(st.sampled_from(FRAMINGS))
    base = draw(st.permutations([framing, *draw(st.lists(st.sampled_from(QUIET), max_size=5))]))
    wires: list[bytes] = []
    last = draw(st.integers(2, 5))
    for number in range(last + 1):
        lines = changed(draw, base, *((ODD, 3) if number == last else (QUIET, 1)))
        needed = [b"Host: a"] if number == last or framing in lines else [b"Host: a", framing]
        start = draw(st.sampled_from(starts)) if number == last else starts[0]
        head = start + b"".join(line + b"\r\n" for line in needed + lines) + b"\r\n"
        wires.append(head + (body % number if body == CHUNKS else body))
    size = len(starts[0]) + sum(len(line) + 2 for line in base) + 11
    limits = draw(
        st.one_of(
            st.just(Limits()),
            st.builds(Limits, fields=st.integers(len(base) + 2, len(base) + 4)),
            st.builds(Limits, head_bytes=st.integers(size + 20, size + 60)),
            st.builds(Limits, trailer_fields=st.integers(2, 3)),
        )
    )
    return wires, limits


def check_kept(
    make: Callable[[Limits], ResponseParser | RequestParser],
    limits: Limits,
    wires: list[bytes],
    size: int,
    *,
    ask: bool,
) -> None:
    """Compare one parser for all of `wires`, which come in pieces of `size` bytes, with one for each.

    Each of these has limits of its own, so that it begins with nothing. With `ask` each head is asked for its fields before the next is read, else after all of them.
    """
    kept = make(limits)
    dialogues: list[tuple[Dialogue, list[bytes]]] = []
    for wire in wires:
        pieces = [wire[start : start + size] for start in range(0, len(wire), size)]
        dialogues.append((read_events(kept, pieces), pieces))
        if ask:
            assert all(event.raw_headers is not None for event in heads(dialogues[-1][0]))
        if not kept.reusable:
            break
    for seen, pieces in dialogues:
        expected = read_events(make(limits.replace()), pieces)
        assert seen.events == expected.events
        assert (type(seen.fault), str(seen.fault)) == (type(expected.fault), str(expected.fault))


def heads(dialogue: Dialogue) -> list[ResponseHead | RequestHead]:
    return [event for event in dialogue.events if isinstance(event, (ResponseHead, RequestHead))]


LENIENCIES = st.sampled_from(
    [Leniency.STRICT, Leniency.REPEATED_CONTENT_LENGTH, Leniency.BARE_LF, Leniency.FOLDED_LINES]
)


@pytest.mark.parametrize("ask", [True, False])
@pytest.mark.parametrize("size", [1, 40, 1000])
@settings(deadline=None)  # many parsers read in each example
@given(
    connection=connections((OK, b"HTTP/1.1 204 \r\n", b"HTTP/1.0 200 OK\r\n", b"\r\n" + OK, EARLY + OK)),
    leniencies=LENIENCIES,
)
def test_a_kept_parser_of_responses_gives_what_new_ones_give(
    connection: tuple[list[bytes], Limits], leniencies: Leniency, size: int, ask: bool
) -> None:
    wires, limits = connection
    check_kept(lambda it: ResponseParser(limits=it, leniencies=leniencies), limits, wires, size, ask=ask)


@settings(deadline=None)
@given(
    read=st.lists(connections((OK, b"HTTP/1.1 204 \r\n", EARLY + OK)), min_size=1, max_size=3),
    makers=st.lists(
        st.tuples(st.booleans(), st.sampled_from(["GET", "HEAD", "CONNECT"]), LENIENCIES),
        min_size=8,
        max_size=8,
    ),
    size=st.sampled_from([7, 40, 1000]),
    ask=st.booleans(),
)
def test_a_parser_made_after_others_gives_what_the_first_one_gives(
    read: list[tuple[list[bytes], Limits]],
    makers: list[tuple[bool, str, Leniency]],
    size: int,
    *,
    ask: bool,
) -> None:
    bounds = [Limits(), read[0][1]]
    wires = [wire for some, _ in read for wire in some]
    for number, wire in enumerate(wires):
        first, method, leniencies = makers[number % len(makers)]
        check_kept(
            lambda it, m=method, n=leniencies: ResponseParser(request_method=m, limits=it, leniencies=n),  # type: ignore[misc]  # mypy infers no defaults
            bounds[first],
            [wire, *wires[number : number + 2]],
            size,
            ask=ask,
        )


@pytest.mark.skipif(not getattr(sys, "_is_gil_enabled", lambda: True)(), reason="nothing is shared")
@pytest.mark.parametrize(
    ("more", "limits", "shared"),
    [(b"", Limits(), True), (b"Set-Cookie: a=1\r\n", Limits(), False), (b"", None, False)],
)
def test_a_head_that_comes_again_is_recognised_by_the_next_parser(
    more: bytes, limits: Limits | None, *, shared: bool
) -> None:
    wire = OK + b"Content-Length: 0\r\n" + more + b"\r\n"
    heads = [ResponseParser(limits=limits or Limits()).feed(wire)[0] for _ in range(2)]
    assert heads[0] == heads[1]
    assert (heads[0] is heads[1]) is shared


def test_parsers_of_many_threads_share_what_they_know() -> None:
    limits = Limits()
    lengths = [b"Content-Length: %d" % number for number in range(3)]

    def read(length: bytes) -> list[Dialogue]:
        wires = [OK + b"Server: nest\r\nDate: %d\r\n%b\r\n\r\n" % (i % 3, length) for i in range(300)]
        return [read_events(ResponseParser(limits=limits), [wire + b"ab"]) for wire in wires]

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(len(lengths)) as workers:
            seen = list(workers.map(read, lengths))
    finally:
        sys.setswitchinterval(before)
    for number, dialogues in enumerate(seen):
        assert [heads(it)[0].content_length for it in dialogues] == [number] * 300
        assert [it.events[1] for it in dialogues] == [(EndOfMessage(), b"a", b"ab")[number]] * 300


@pytest.mark.parametrize("ask", [True, False])
@pytest.mark.parametrize("size", [1, 40, 1000])
@settings(deadline=None)
@given(connection=connections((b"GET / HTTP/1.1\r\n", b"POST /ab HTTP/1.1\r\n", b"GET / HTTP/1.0\r\n")))
def test_a_kept_parser_of_requests_gives_what_new_ones_give(
    connection: tuple[list[bytes], Limits], size: int, ask: bool
) -> None:
    wires, limits = connection
    check_kept(lambda it: RequestParser(limits=it), limits, wires, size, ask=ask)


COMMON = b"Server: nest\r\nContent-Length: 1\r\n"


@pytest.mark.parametrize(
    ("lines", "limits"),
    [
        (b"Date: 1\r\nContent-Length: 1\r\n" + COMMON, Limits()),
        (b"Date: 1\r\nTransfer-Encoding: chunked\r\n" + COMMON, Limits()),
        (b"Date: 1\r\n" + COMMON + b"Transfer-Encoding: chunked\r\n", Limits()),
        (b"Date: 1\r\nAge: 1\r\n" + COMMON, Limits(fields=3)),
        (b"Date: 1\r\nAge: 1\r\n" + COMMON, Limits(fields=4)),
        (b"Date: 1\r\nAge: 1\r\n" + COMMON, Limits(head_bytes=len(OK + COMMON) + 9 + 8)),
        (b"Date: 1\r\nAge: 1\r\n" + COMMON, Limits(head_bytes=len(OK + COMMON) + 9 + 8 + 1)),
        (b"Date: 1\r\nAge: 1\r\n" + COMMON, Limits(head_bytes=len(OK + COMMON) + 9 + 8 + 2)),
        (b"Date: 1\r\n" + COMMON + b" folded\r\n", Limits()),
        (b"Date: 1\r\n" + COMMON + b"\n", Limits()),
    ],
)
def test_recognised_lines_count_as_others_do(lines: bytes, limits: Limits) -> None:
    wires = [OK + b"Date: %d\r\n" % number + COMMON + b"\r\na" for number in range(4)]
    check_kept(lambda it: ResponseParser(limits=it), limits, [*wires, OK + lines + b"\r\na"], 1000, ask=True)


def test_what_one_head_adds_is_not_remembered_for_the_next() -> None:
    common = b"Server: nest\r\nTransfer-Encoding: chunked\r\n"
    more = [b"", b"", b"Age: 1\r\n", b"Transfer-Encoding: nest\r\n", b"", b""]
    wires = [OK + b"Date: %d\r\n" % number + common + it + b"\r\n" for number, it in enumerate(more)]
    check_kept(lambda it: ResponseParser(request_method="HEAD", limits=it), Limits(), wires, 1000, ask=False)


def test_lines_that_are_recognised_are_cut_once() -> None:
    parser = ResponseParser()
    seen: list[RawHeaders] = []
    for number in range(4):
        wire = OK + b"Server: nest\r\nDate: %d\r\nContent-Length: 0\r\n\r\n" % number
        (head, _) = parser.feed(wire)
        assert isinstance(head, ResponseHead)
        seen.append(head.raw_headers)
    assert seen[3] == ((b"Server", b"nest"), (b"Date", b"3"), (b"Content-Length", b"0"))
    assert seen[3][0][0] is seen[2][0][0]


def test_what_recognised_lines_say_is_held_against_the_others() -> None:
    parser = ResponseParser()
    for number in range(4):
        parser.feed(OK + b"Date: %d\r\nContent-Length: 1\r\n\r\na" % number)
    with pytest.raises(MalformedMessage, match="more than one Content-Length at byte 64") as caught:
        parser.feed(OK + b"Date: 9\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na")
    assert caught.value.excerpt == b"Content-Length: 1"
