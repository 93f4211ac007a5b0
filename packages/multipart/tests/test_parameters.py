import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel_multipart._parameters import Parameter, media_type, split_parameters


@pytest.mark.parametrize(
    ("text", "head", "parameters", "whole"),
    [
        pytest.param("text/plain", "text/plain", [], True, id="no parameter"),
        pytest.param("", "", [], True, id="nothing"),
        pytest.param("a;", "a", [], True, id="trailing semicolon"),
        pytest.param("a; ; b=c", "a", [("b", "c", False)], True, id="empty parameter"),
        pytest.param("a;B = c", "a", [("b", "c", False)], True, id="blanks and letter case"),
        pytest.param('a;b="c;d=e"', "a", [("b", "c;d=e", True)], True, id="semicolon in quotes"),
        pytest.param(r'a;b="c\"d"', "a", [("b", 'c"d', True)], True, id="escaped quote"),
        pytest.param(r'a;b="c\\"', "a", [("b", "c\\", True)], True, id="escaped backslash"),
        pytest.param(r'a;b="C:\dir\f"', "a", [("b", "C:\\dir\\f", True)], True, id="Windows path"),
        pytest.param('a;b="c', "a", [], False, id="unclosed quote"),
        pytest.param('a;b="c"d', "a", [("b", "c", True)], False, id="text after a quote"),
        pytest.param("a;b", "a", [], False, id="no value"),
        pytest.param("a;b;c=d", "a", [], False, id="no value before another"),
        pytest.param("a;b=", "a", [("b", "", False)], True, id="empty value"),
    ],
)
def test_parameters_are_split(
    text: str, head: str, parameters: list[tuple[str, str, bool]], whole: bool
) -> None:
    assert split_parameters(text) == (head, [Parameter(*found) for found in parameters], whole)


def test_the_first_of_two_parameters_of_one_name_counts() -> None:
    assert media_type("A/B; Charset=x; charset=y") == ("a/b", {"charset": "x"})


@given(st.text(alphabet='a"\\;= b'))
def test_any_text_is_split_without_failing(text: str) -> None:
    head, found, _ = split_parameters(text)
    assert head == text.partition(";")[0].strip()
    assert len(found) <= text.count("=")
    assert "\\" in text or all(parameter.value in text for parameter in found)


@pytest.mark.parametrize("unit", ['\\a"', "\\a", '"', ";", "a=b;", 'a="b";', "\\\\", '\\"'])
def test_many_odd_characters_are_passed_over_once(unit: str) -> None:
    # Quadratic scanning of a megabyte would not come back.
    head, _, whole = split_parameters('x; y="' + unit * 200_000)
    assert (head, whole) == ("x", split_parameters('x; y="' + unit * 2)[2])
