"""What every scene may use: both event loops, certificates, and a site like the guide's."""

import asyncio
import importlib.util
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for `peers` and `guide`: importlib mode does not do it

from guide.rows import RowCount
from hypothesis import settings
from peers.bin import Bin
from peers.certificates import Authority

TEST_SECONDS = 120  # ten times what the longest takes, for a busy machine

settings.register_profile("untimed", deadline=None)  # a busy machine is no failure
settings.load_profile("untimed")


def pytest_configure(config: pytest.Config) -> None:
    """Count the rows of the guide that have a test."""
    config.pluginmanager.register(RowCount(), "rows of the guide")


@pytest.hookimpl(optionalhook=True)
def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run every scene on each event loop that is here."""
    factories: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop}
    if importlib.util.find_spec("uvloop") is not None:
        import uvloop  # noqa: PLC0415  may be absent

        factories["uvloop"] = uvloop.new_event_loop
    return factories


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let no scene wait for ever, where pytest-timeout is installed."""
    if config.pluginmanager.hasplugin("timeout"):
        for item in items:
            item.add_marker(pytest.mark.timeout(TEST_SECONDS))


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority that no trust store knows."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
async def httpbin() -> AsyncIterator[Bin]:
    """The guide's site, in plain text."""
    async with Bin() as site:
        yield site
