"""The fixture for pytest: `site`, by `pytest_plugins = ["whimbrel.testing.fixtures"]` in a `conftest.py`.

It is no `async` fixture, so it is the same under pytest-asyncio, under anyio, and in a test that calls
`asyncio.run` itself. It is not registered with pytest by itself: nobody who merely has whimbrel
installed should import it with every run of pytest.
"""

from collections.abc import Iterator

from whimbrel.testing import Site

__all__ = ["site"]


def site() -> Iterator[Site]:
    """A `Site`; after the test every rule must have been of use, and no request unexpected."""
    answering = Site()
    yield answering
    answering.assert_as_expected()


try:
    import pytest
except ImportError:  # whoever asks for a fixture has pytest; whoever lists modules may not
    pass
else:
    site = pytest.fixture(site)
