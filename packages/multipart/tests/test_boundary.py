import pytest

from whimbrel_multipart import InvalidBoundary
from whimbrel_multipart._boundary import boundary_octets, boundary_parameter, check_boundary, new_boundary


def test_a_new_boundary_has_128_random_bits() -> None:
    boundaries = {new_boundary() for _ in range(1000)}
    assert len(boundaries) == 1000
    assert all(len(boundary) == 32 and int(boundary, 16) >= 0 for boundary in boundaries)
    # Each of the 128 bits is set in some and clear in others.
    seen_set = seen_clear = 0
    for boundary in boundaries:
        seen_set |= int(boundary, 16)
        seen_clear |= ~int(boundary, 16)
    assert seen_set == seen_clear & (1 << 128) - 1 == (1 << 128) - 1


@pytest.mark.parametrize(
    ("boundary", "rule"),
    [
        pytest.param("", "empty", id="empty"),
        pytest.param("x" * 71, "70", id="too long"),
        pytest.param("a\r\nb", "visible", id="line end"),
        pytest.param("a\0b", "visible", id="NUL"),
        pytest.param("grüße", "visible", id="not ASCII"),
        pytest.param('a"b', "letters", id="quote"),
        pytest.param("a\\b", "letters", id="backslash"),
        pytest.param("a;b", "letters", id="semicolon"),
        pytest.param("ab ", "space", id="ends in a space"),
    ],
)
def test_a_boundary_that_cannot_be_written_is_refused(boundary: str, rule: str) -> None:
    with pytest.raises(InvalidBoundary, match=rule) as caught:
        check_boundary(boundary)
    assert caught.value.boundary == boundary


def test_a_boundary_of_70_characters_is_accepted() -> None:
    assert check_boundary("x" * 70) == b"x" * 70


def test_readers_accept_more_characters_than_writers() -> None:
    assert boundary_octets("a;b@c") == b"a;b@c"


def test_a_boundary_is_quoted_only_when_it_must_be() -> None:
    assert boundary_parameter(b"abc-1") == "abc-1"
    assert boundary_parameter(b"a b:c") == '"a b:c"'
