"""The Link header (RFC 8288)."""

import pytest
from yarl import URL

from whimbrel._links import parse_links

BASE = URL("http://shore.example/a/b")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('<c?page=2>; rel="next"', {"next": {"rel": "next", "url": URL("http://shore.example/a/c?page=2")}}),
        (
            '</x>; rel=prev; title="a, \\"b\\"; c", <http://other.example/>',
            {
                "prev": {"rel": "prev", "title": 'a, "b"; c', "url": URL("http://shore.example/x")},
                "http://other.example/": {"url": URL("http://other.example/")},
            },
        ),
        (
            "<x>; flag; REL=last",
            {"last": {"flag": "", "rel": "last", "url": URL("http://shore.example/a/x")}},
        ),
        ("<x>; rel='next'", {"next": {"rel": "next", "url": URL("http://shore.example/a/x")}}),
        ("<x>; rel='o", {"'o": {"rel": "'o", "url": URL("http://shore.example/a/x")}}),
        ("<x>; rel", {"x": {"rel": "", "url": URL("http://shore.example/a/x")}}),
        ("no link at all", {}),
        ("<http://[::1>; rel=bad", {}),
        ("", {}),
    ],
)
def test_links_are_found_by_relation(header: str, expected: dict[str, dict[str, object]]) -> None:
    assert {relation: dict(link) for relation, link in parse_links([header], BASE).items()} == expected


def test_several_fields_are_one_list() -> None:
    assert list(parse_links(["<a>; rel=one", "<b>; rel=two"], BASE)) == ["one", "two"]


@pytest.mark.parametrize("unit", ["<", "<a>", "<a>;", '<a>;b="', '<a>;b="\\', ";", '"', "<a>;b=", "< ; "])
def test_hostile_text_is_read_in_one_pass(unit: str) -> None:
    # Quadratic work on this much would outlast the time limit of a test.
    assert len(parse_links([unit * 20_000 + '"'], BASE)) <= 20_000
