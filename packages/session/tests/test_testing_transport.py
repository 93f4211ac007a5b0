"""Two transports joined in memory behave as sockets do."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel.testing._transport import MemoryTransport, join


class Recorder(asyncio.Protocol):
    """Remembers what its transport reports."""

    def __init__(self, *, stays_open: bool = False) -> None:
        self.events: list[object] = []
        self.received = b""
        self._stays_open = stays_open

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, MemoryTransport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data

    def eof_received(self) -> bool:
        self.events.append("eof")
        return self._stays_open

    def connection_lost(self, exc: Exception | None) -> None:
        self.events.append(exc if exc is None else type(exc))

    def pause_writing(self) -> None:
        self.events.append("pause")

    def resume_writing(self) -> None:
        self.events.append("resume")


def joined(*, far_stays_open: bool = False) -> tuple[Recorder, Recorder]:
    near, far = Recorder(), Recorder(stays_open=far_stays_open)
    join(asyncio.get_running_loop(), near, far, server=("shore.example", 80), extra={"tide": "low"})
    return near, far


async def turns(count: int = 30) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_what_is_written_arrives_in_a_later_turn() -> None:
    near, far = joined()
    near.transport.writelines([b"one", bytearray(b"two")])
    near.transport.write(b"")
    assert (far.received, near.transport.get_write_buffer_size()) == (b"", 6)
    await turns()
    assert (far.received, near.transport.get_write_buffer_size()) == (b"onetwo", 0)


async def test_both_ends_know_their_names() -> None:
    near, far = joined()
    assert near.transport.get_extra_info("peername") == ("shore.example", 80)
    assert far.transport.get_extra_info("sockname") == ("shore.example", 80)
    assert near.transport.get_extra_info("sockname") == far.transport.get_extra_info("peername")
    assert near.transport.get_extra_info("tide") == "low"
    assert far.transport.get_extra_info("tide") is None


async def test_a_reader_that_pauses_holds_the_writer() -> None:
    near, far = joined()
    far.transport.pause_reading()
    near.transport.write(bytes(65536))
    assert near.events == []
    near.transport.write(b"x")
    await turns()
    assert (near.events, far.received) == (["pause"], b"")
    far.transport.resume_reading()
    await turns()
    assert (near.events, len(far.received)) == (["pause", "resume"], 65537)


@pytest.mark.parametrize(
    ("given", "marks"),
    [
        ({}, (16384, 65536)),
        ({"high": 100}, (25, 100)),
        ({"low": 10}, (10, 40)),
        ({"high": 9, "low": 3}, (3, 9)),
    ],
)
async def test_the_marks_can_be_moved(given: dict[str, int], marks: tuple[int, int]) -> None:
    near, _ = joined()
    near.transport.set_write_buffer_limits(**given)
    assert near.transport.get_write_buffer_limits() == marks


async def test_closing_comes_after_what_was_written() -> None:
    near, far = joined()
    near.transport.write(bytes(200_000))
    near.transport.close()
    near.transport.write(b"lost")
    assert near.transport.is_closing()
    await turns()
    assert (len(far.received), far.events, near.events) == (200_000, ["eof", None], ["pause", "resume", None])


async def test_one_direction_can_end_alone() -> None:
    near, far = joined(far_stays_open=True)
    assert near.transport.can_write_eof()
    near.transport.write_eof()
    await turns()
    far.transport.write(b"still here")
    await turns()
    assert (near.received, far.events, near.events) == (b"still here", ["eof"], [])
    far.transport.close()
    await turns()
    assert (near.events, far.events) == (["eof", None], ["eof", None])


async def test_writing_to_an_end_that_has_gone_breaks() -> None:
    near, far = joined(far_stays_open=True)
    near.transport.close()
    await turns()
    far.transport.write(b"anybody?")
    await turns()
    assert far.events == ["eof", BrokenPipeError]


async def test_aborting_resets_the_other_end_and_drops_what_was_written() -> None:
    near, far = joined()
    near.transport.write(b"lost")
    near.transport.abort()
    near.transport.abort()
    await turns()
    assert (far.received, far.events, near.events) == (b"", [ConnectionResetError], [None])


async def test_an_end_can_be_handed_over() -> None:
    near, far = joined()
    successor = Recorder()
    far.transport.set_protocol(successor)
    assert far.transport.get_protocol() is successor
    near.transport.write(b"for whom?")
    await turns()
    assert (successor.received, far.received) == (b"for whom?", b"")


STEPS = st.lists(
    st.one_of(
        st.binary(max_size=200).map(lambda data: ("write", data)),
        st.sampled_from([("pause", b""), ("resume", b""), ("turn", b"")]),
    ),
    max_size=40,
)


@given(STEPS, st.booleans())
def test_whatever_the_reader_does_it_gets_what_was_written(
    steps: list[tuple[str, bytes]], closes: bool
) -> None:
    async def play() -> None:
        near, far = joined()
        near.transport.set_write_buffer_limits(high=100)
        written = b""
        for step, data in steps:
            match step:
                case "write":
                    near.transport.write(data)
                    written += data
                case "pause":
                    far.transport.pause_reading()
                case "resume":
                    far.transport.resume_reading()
                case _:
                    await asyncio.sleep(0)
        if closes:
            near.transport.close()
        far.transport.resume_reading()
        await turns()
        assert far.received == written
        assert far.events == (["eof", None] if closes else [])
        assert near.events.count("pause") == near.events.count("resume")

    asyncio.run(play())
