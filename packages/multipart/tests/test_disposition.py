import warnings
from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel_multipart import (
    BadContentDispositionHeader,
    BadContentDispositionParam,
    InvalidField,
    Quoting,
    content_disposition_filename,
    content_disposition_header,
    parse_content_disposition,
)


@pytest.mark.parametrize(
    ("name", "whatwg", "backslash"),
    [
        pytest.param("plain", "plain", "plain", id="token"),
        pytest.param("a b", "a b", "a b", id="blank"),
        pytest.param('a"b', "a%22b", 'a\\"b', id="quote"),
        pytest.param("a\\b", "a\\b", "a\\\\b", id="backslash"),
        pytest.param("grüße.txt", "grüße.txt", "grüße.txt", id="not ASCII"),
        pytest.param("a%22b", "a%22b", "a%22b", id="percent is left alone"),
        pytest.param("tab\there", "tab\there", "tab\there", id="tab"),
    ],
)
def test_names_are_quoted_as_asked(name: str, whatwg: str, backslash: str) -> None:
    header = content_disposition_header
    assert header("form-data", {"name": name}) == f'form-data; name="{whatwg}"'
    assert header("form-data", {"name": name}, quoting=Quoting.BACKSLASH) == f'form-data; name="{backslash}"'


def test_line_ends_in_names_are_percent_encoded_as_browsers_do() -> None:
    assert content_disposition_header("form-data", {"name": "a\r\nb"}) == 'form-data; name="a%0D%0Ab"'


def test_line_ends_in_names_are_refused_where_no_encoding_replaces_them() -> None:
    with pytest.raises(InvalidField) as caught:
        content_disposition_header("form-data", {"filename": "a\nb"}, quoting=Quoting.BACKSLASH)
    assert caught.value.argument == "filename"
    assert "filename" in str(caught.value)


@pytest.mark.parametrize("octet", [octet for octet in (*range(32), 127) if octet not in {9, 10, 13}])
def test_other_control_characters_are_refused_in_every_quoting(octet: int) -> None:
    for quoting in Quoting:
        with pytest.raises(InvalidField):
            content_disposition_header("form-data", {"name": f"a{chr(octet)}b"}, quoting=quoting)


@pytest.mark.parametrize("character", ["č", "Ċ", "\u560a", "\U0001f60a"])
def test_characters_whose_low_octet_is_a_line_end_stay_characters(character: str) -> None:
    header = content_disposition_header("form-data", {"name": character})
    assert header == f'form-data; name="{character}"'
    assert b"\r" not in header.encode()
    assert b"\n" not in header.encode()


@pytest.mark.parametrize(
    ("disptype", "name"), [("", "a"), ("form data", "a"), ("x", "a b"), ("x", "a\r\nb: c")]
)
def test_types_and_parameter_names_are_tokens(disptype: str, name: str) -> None:
    with pytest.raises(InvalidField):
        content_disposition_header(disptype, {name: "v"})


def test_the_extended_form_is_added_to_names_outside_ascii() -> None:
    header = content_disposition_header("attachment", {"filename": "ü.txt"}, quoting=Quoting.EXTENDED)
    assert header == "attachment; filename=\"ü.txt\"; filename*=utf-8''%C3%BC.txt"
    assert (
        content_disposition_header("attachment", {"filename": "u"}, quoting=Quoting.EXTENDED).count("=") == 1
    )


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters='"\\')))
def test_what_is_written_is_read_back(name: str) -> None:
    written = content_disposition_header("form-data", {"name": name}, quoting=Quoting.BACKSLASH)
    assert parse_content_disposition(written) == ("form-data", {"name": name})
    extended = content_disposition_header("form-data", {"name": name}, quoting=Quoting.EXTENDED)
    _, params = parse_content_disposition(extended)
    assert content_disposition_filename(params, "name") == name


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_the_standard_library_reads_the_backslash_form(name: str) -> None:
    message = Message()
    message["Content-Disposition"] = content_disposition_header(
        "form-data", {"name": name}, quoting=Quoting.BACKSLASH
    )
    assert message.get_param("name", header="content-disposition") == name


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param(None, (None, {}), id="none"),
        pytest.param("", (None, {}), id="empty"),
        pytest.param("inline", ("inline", {}), id="type alone"),
        pytest.param("INLINE", ("inline", {}), id="letter case"),
        pytest.param('Form-Data; NAME="a"', ("form-data", {"name": "a"}), id="parameter case"),
        pytest.param("attachment; filename=a.txt", ("attachment", {"filename": "a.txt"}), id="token value"),
        pytest.param(
            "attachment; filename*=UTF-8''%E2%82%AC%20x", ("attachment", {"filename*": "€ x"}), id="RFC 8187"
        ),
        pytest.param(
            "attachment; filename*=iso-8859-1'en'%A3", ("attachment", {"filename*": "£"}), id="RFC 8187 latin"
        ),
        pytest.param(
            'attachment; filename="a;b.txt"', ("attachment", {"filename": "a;b.txt"}), id="semicolon"
        ),
    ],
)
def test_dispositions_are_read(header: str | None, expected: tuple[str | None, dict[str, str]]) -> None:
    assert parse_content_disposition(header) == expected


@pytest.mark.parametrize(
    "header",
    ['"inline"', "attach ment; a=b", "a; b", 'a; b="c', 'a; b="c"d', "a; b=1; b=2", 'a; b="1"; B=2'],
)
def test_a_malformed_header_is_ignored_with_a_warning(header: str) -> None:
    with pytest.warns(BadContentDispositionHeader):
        assert parse_content_disposition(header) == (None, {})


@pytest.mark.parametrize(
    "parameter",
    [
        pytest.param("b c=d", id="name is no token"),
        pytest.param("b=c d", id="value is no token"),
        pytest.param("b*=c", id="no charset"),
        pytest.param("b*=\"utf-8''c\"", id="quoted extension"),
        pytest.param("b*=utf-8''%FF", id="wrong octets"),
        pytest.param("b*=klingon''c", id="unknown charset"),
        pytest.param("b*=utf\0''c", id="impossible charset"),
        pytest.param("b*=hex''00", id="codec that is no charset"),
    ],
)
def test_a_malformed_parameter_is_left_out_with_a_warning(parameter: str) -> None:
    with pytest.warns(BadContentDispositionParam):
        assert parse_content_disposition(f"a; {parameter}; e=f") == ("a", {"e": "f"})


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        pytest.param({}, None, id="none"),
        pytest.param({"filename": "a", "filename*": "b"}, "b", id="extended before plain"),
        pytest.param({"filename": "a", "filename*0": "b"}, "a", id="plain before continued"),
        pytest.param({"filename*0": "a", "filename*1": "b"}, "ab", id="RFC 2231 section 3"),
        pytest.param({"filename*1": "b", "filename*0": "a"}, "ab", id="out of order"),
        pytest.param({"filename*0": "a", "filename*2": "c"}, "a", id="gap"),
        pytest.param({"filename*1": "b"}, None, id="no first"),
        pytest.param({"filename*0*": "utf-8''%C3", "filename*1*": "%BC"}, "ü", id="RFC 2231 section 4.1"),
        pytest.param({"filename*0": "it's"}, "it's", id="apostrophe that is no charset"),
        pytest.param({"filename*0*": "utf-8''%FF"}, None, id="wrong octets"),
    ],
)
def test_the_file_name_is_picked(params: dict[str, str], expected: str | None) -> None:
    assert content_disposition_filename(params) == expected


@given(st.text(alphabet="a\"\\;=*'%F 0"))
def test_any_header_is_read_without_failing(header: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kind, params = parse_content_disposition(f"attachment; filename{header}")
    name = content_disposition_filename(params)
    assert (kind is None and not params) or kind == "attachment"
    assert not any(set(key) & set('";= ') for key in params)
    assert name is None or any(key.startswith("filename") for key in params)
