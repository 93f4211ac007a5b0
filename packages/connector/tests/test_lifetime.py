"""How long a connection may serve, without a connection."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel_connector.lifetime import SAFETY_SECONDS, Lifetime, narrowed

SECONDS = st.floats(0, 1e6)


def test_the_first_limit_that_is_met_counts() -> None:
    lifetime = Lifetime(idle_seconds=15, age_seconds=60, exchanges=3)
    assert lifetime.usable_until(100.0, 90.0, 1) == 115.0
    assert lifetime.usable_until(100.0, 50.0, 1) == 110.0
    assert lifetime.usable_until(100.0, 30.0, 1) <= 100.0
    assert lifetime.usable_until(100.0, 90.0, 3) <= 100.0
    assert Lifetime(idle_seconds=inf).usable_until(100.0, 0.0, 10**9) == inf


@pytest.mark.parametrize(
    ("values", "idle_seconds", "exchanges"),
    [
        ([], 15, inf),
        ([b""], 15, inf),
        ([b"timeout=5"], 4, inf),
        ([b"timeout=5, max=100"], 4, 101),
        ([b"max=100,timeout=5"], 4, 101),
        ([b"timeout=5", b"max=7"], 4, 8),
        ([b"Timeout = 5 , MAX = 7"], 4, 8),
        ([b'timeout="5"'], 4, inf),
        ([b"timeout=2"], 1, inf),
        ([b"timeout=1"], 0.5, inf),
        ([b"timeout=0"], 0, inf),
        ([b"max=0"], 15, 1),
        ([b"timeout=60"], 15, inf),
        ([b"timeout=60, timeout=5"], 4, inf),
        ([b"timeout"], 15, inf),
        ([b"timeout="], 15, inf),
        ([b"timeout=-5"], 15, inf),
        ([b"timeout=5.5"], 15, inf),
        ([b"timeout=0x5"], 15, inf),
        ([b"timeout=\xb2"], 15, inf),
        ([b"timeout=" + b"9" * 5000], 15, inf),
        ([b"tide=5"], 15, inf),
        ([b"\xff=,;=="], 15, inf),
    ],
)
def test_the_servers_word_counts_where_it_is_shorter(
    values: list[bytes], idle_seconds: float, exchanges: float
) -> None:
    told = narrowed(Lifetime(), values)
    assert (told.idle_seconds, told.exchanges) == (idle_seconds, exchanges)


@given(
    idle=SECONDS,
    age=st.floats(0.001, 1e6),
    exchanges=st.integers(1, 1000),
    timeout=st.integers(0, 10**8),
    most=st.integers(0, 2000),
)
def test_the_servers_word_never_lengthens(
    idle: float, age: float, exchanges: int, timeout: int, most: int
) -> None:
    lifetime = Lifetime(idle_seconds=idle, age_seconds=age, exchanges=exchanges)
    told = narrowed(lifetime, [b"timeout=%d, max=%d" % (timeout, most)])
    assert told.idle_seconds <= idle
    assert told.exchanges <= exchanges
    assert told.age_seconds == age
    assert told.idle_seconds == 0 or told.idle_seconds < max(timeout, SAFETY_SECONDS / 2)
    assert narrowed(told, [b"timeout=%d, max=%d" % (timeout, most)]) == told


@pytest.mark.parametrize(
    "limits", [{"idle_seconds": -1}, {"age_seconds": 0}, {"exchanges": 0}, {"exchanges": -1}]
)
def test_what_is_no_limit_is_refused(limits: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="lives for some time"):
        Lifetime(**limits)
