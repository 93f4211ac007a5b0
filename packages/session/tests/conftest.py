"""Fixtures that several test files share."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import settings
from scripted_peer import Peer, Serve

settings.register_profile("untimed", deadline=None)  # a busy machine is no failure
settings.load_profile("untimed")


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Open scripted servers; they end with the test."""
    peers: list[Peer] = []

    async def opened(*answers: bytes) -> Peer:
        peers.append(Peer())
        return await peers[-1].open(list(answers))

    yield opened
    for peer in peers:
        await peer.close()
