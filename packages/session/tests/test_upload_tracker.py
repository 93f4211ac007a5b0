"""`UploadTracker`: how far a body has come, and how its upload ended."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from scripted_peer import Serve, answer

from whimbrel import ClientError, ClientSession, UploadAbortedError, UploadTracker


async def pieces(*sizes: int) -> AsyncIterator[bytes]:
    for size in sizes:
        yield bytes(size)


@pytest.mark.parametrize(("data", "size"), [(b"x" * 7, 7), ("süß", 5), (None, 0), ({"a": "b"}, 3)])
async def test_a_body_that_went_out_is_counted_whole(serve: Serve, data: object, size: int) -> None:
    """S106."""
    peer, tracker = await serve(answer(b"x")), UploadTracker()
    async with ClientSession() as session:
        async with session.post(peer.url, data=data, upload_tracker=tracker) as response:
            await response.read()
        await tracker.upload_complete
    assert (tracker.attempts, tracker.bytes_written) == (1, size)


async def test_a_stream_is_counted_as_it_goes(serve: Serve) -> None:
    """S106."""
    tracker, counted = UploadTracker(), []

    async def body() -> AsyncIterator[bytes]:
        for _ in range(3):
            counted.append(tracker.bytes_written)
            yield bytes(1000)

    peer = await serve(answer(b"x"))
    async with ClientSession() as session, session.post(peer.url, data=body(), upload_tracker=tracker):
        await tracker.upload_complete
    assert counted[0] == 0
    assert counted == sorted(counted)
    assert tracker.bytes_written == 3000


async def test_each_attempt_begins_anew(serve: Serve) -> None:
    tracker = UploadTracker()
    peer = await serve(answer(b"", "Location: /next", status="307 There"), answer(b"x"))
    async with ClientSession() as session:
        async with session.put(peer.url, data=b"1234", upload_tracker=tracker) as response:
            await response.read()
    assert (tracker.attempts, tracker.bytes_written) == (2, 4)
    assert tracker.upload_complete.done()
    assert tracker.upload_complete.exception() is None


async def test_a_body_that_fails_is_told_of(serve: Serve) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"x"
        raise ZeroDivisionError

    peer, tracker = await serve(answer(b"x")), UploadTracker()
    async with ClientSession() as session:
        with pytest.raises((ZeroDivisionError, ClientError)):
            await session.post(f"{peer.url}/wait", data=body(), upload_tracker=tracker)
    with pytest.raises(ZeroDivisionError):
        await tracker.upload_complete


async def test_a_request_that_never_went_out_is_aborted() -> None:
    tracker = UploadTracker()
    async with ClientSession() as session:
        with pytest.raises(OSError):
            await session.post("http://127.0.0.1:1/", data=b"x", upload_tracker=tracker)
    with pytest.raises(UploadAbortedError):
        await tracker.upload_complete
    assert (tracker.attempts, tracker.bytes_written) == (1, 0)


async def test_a_body_the_server_does_not_want_is_aborted(serve: Serve) -> None:
    peer, tracker = await serve(answer(b"", status="413 Too Large")), UploadTracker()
    async with ClientSession() as session:
        async with session.post(peer.url, data=b"x", expect100=True, upload_tracker=tracker) as response:
            assert response.status == 413
    with pytest.raises(UploadAbortedError):
        await tracker.upload_complete
    assert tracker.bytes_written == 0


async def test_an_answer_before_the_end_leaves_the_upload_going_on(serve: Serve) -> None:
    gate = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"x"
        await gate.wait()
        yield b"y"

    peer, tracker = await serve(answer(b"x")), UploadTracker()
    async with ClientSession() as session:
        async with session.post(peer.url, data=body(), upload_tracker=tracker):
            assert not tracker.upload_complete.done()
            gate.set()
            await asyncio.wait({tracker.upload_complete})
    assert tracker.upload_complete.done()


async def test_a_tracker_follows_one_request(serve: Serve) -> None:
    peer, tracker = await serve(answer(b"x")), UploadTracker()
    async with ClientSession() as session:
        await session.post(peer.url, data=b"x", upload_tracker=tracker)
        with pytest.raises(RuntimeError, match="already bound"):
            await session.post(peer.url, data=b"x", upload_tracker=tracker)
    assert tracker.attempts == 1
