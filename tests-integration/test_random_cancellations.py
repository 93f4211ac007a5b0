"""Cancellations at random moments; `make torture` plays a hundred thousand of them on each event loop."""

import asyncio

import pytest
from torture.randomly import cancel_randomly


@pytest.mark.parametrize("seed", [1, 2])
async def test_no_answer_is_foreign_and_nothing_is_left(seed: int) -> None:
    complaints: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(str(context)))
    outcome = await cancel_randomly(300, seed)
    assert outcome.cancelled >= 300
    assert (outcome.failed, outcome.left, complaints) == ([], [], []), f"with seed {seed}"
