"""The fixture for pytest: `site`, to be imported in a `conftest.py` or named in `pytest_plugins`.

It is no `async` fixture, so it is the same under pytest-asyncio, under anyio, and in a test that calls
`asyncio.run` itself. It is not registered with pytest by itself: nobody who merely has whimbrel
installed should import it with every run of pytest.
"""

from collections.abc import Iterator

import pytest

from whimbrel.testing import Site

__all__ = ["site"]


@pytest.fixture
def site() -> Iterator[Site]:
    """A `Site`; after the test every rule must have been of use, and no request unexpected."""
    answering = Site()
    yield answering
    answering.assert_as_expected()
