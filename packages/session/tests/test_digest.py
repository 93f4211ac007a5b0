"""From a challenge to its answer, by the examples of the specifications."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel._digest import Challenge, UnusableChallenge, credentials, quote, read_challenge
from whimbrel_http1 import unquote

NEWER = 'realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"'
NEWER_CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
OLDER = 'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'


def parameters_of(answer: str) -> dict[str, str]:
    return dict(part.partition("=")[::2] for part in answer.removeprefix("Digest ").split(", "))


@pytest.mark.parametrize(
    ("header", "password", "cnonce", "response"),
    [
        pytest.param(
            f"Digest {NEWER}, algorithm=MD5",
            "Circle of Life",
            NEWER_CNONCE,
            "8ca523f5e9506fed4657c9700eebdbec",
            id="RFC 7616 3.9.1 MD5",
        ),
        pytest.param(
            f"Digest {NEWER}, algorithm=SHA-256",
            "Circle of Life",
            NEWER_CNONCE,
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
            id="RFC 7616 3.9.1 SHA-256",
        ),
        pytest.param(
            f'{OLDER}, qop="auth"',
            "Circle Of Life",
            "0a4f113b",
            "6629fae49393a05397450978507c4ef1",
            id="RFC 2617 3.5",
        ),
        pytest.param(OLDER, "CircleOfLife", "", "1949323746fe6a43ef61f9606e7febea", id="RFC 2069 2.4"),
    ],
)
def test_examples_of_the_specifications(header: str, password: str, cnonce: str, response: str) -> None:
    challenge = read_challenge([header])
    assert challenge is not None
    answer = credentials(
        challenge,
        login="Mufasa",
        password=password,
        method="GET",
        target="/dir/index.html",
        body=None,
        cnonce=cnonce,
        count=1,
    )
    told = parameters_of(answer)
    assert told["response"] == f'"{response}"'
    assert ("cnonce" in told) == bool(cnonce)
    assert told["username"] == '"Mufasa"'
    assert told["uri"] == '"/dir/index.html"'


def answer_to(challenge: Challenge, login: str = "bird", body: bytes | None = b"") -> dict[str, str]:
    return parameters_of(
        credentials(
            challenge,
            login=login,
            password="secret",
            method="POST",
            target="/",
            body=body,
            cnonce="c",
            count=10,
        )
    )


@pytest.mark.skipif("sha512_256" not in hashlib.algorithms_available, reason="OpenSSL was built without it")
def test_a_hashed_user_name_with_sha_512_256() -> None:
    """RFC 7616 section 3.9.2 as corrected by erratum 4897."""
    challenge = Challenge(
        realm="api@example.org",
        nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
        algorithm="SHA-512-256",
        qop=frozenset({"auth"}),
        opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS",
        userhash=True,
    )
    answer = credentials(
        challenge,
        login="J\u00e4s\u00f8n Doe",
        password="Secret, or not?",
        method="GET",
        target="/doe.json",
        body=b"",
        cnonce="NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
        count=1,
    )
    told = parameters_of(answer)
    assert told["username"] == '"793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"'
    assert told["response"] == '"3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"'
    assert told["userhash"] == "true"


def test_auth_int_covers_the_body_and_is_taken_where_it_can_be_given() -> None:
    both = Challenge(realm="r", nonce="n", qop=frozenset({"auth", "auth-int"}))
    assert answer_to(both)["qop"] == "auth-int"
    assert answer_to(both, body=b"x")["response"] != answer_to(both, body=b"y")["response"]
    assert answer_to(both, body=None)["qop"] == "auth"
    with pytest.raises(UnusableChallenge, match="auth-int"):
        answer_to(Challenge(realm="r", nonce="n", qop=frozenset({"auth-int"})), body=None)


def test_what_the_server_said_comes_back_as_it_was() -> None:
    told = answer_to(Challenge(realm='a "b" \\c', nonce="n", opaque="", algorithm="md5-sess"))
    assert told["realm"] == r'"a \"b\" \\c"'
    assert (told["opaque"], told["algorithm"], told["cnonce"]) == ('""', "md5-sess", '"c"')
    assert "qop" not in told
    assert answer_to(Challenge(realm="r", nonce="n", qop=frozenset({"auth"})))["nc"] == "0000000a"


def test_a_name_beyond_ascii_is_sent_in_extended_notation() -> None:
    told = answer_to(Challenge(realm="r", nonce="n"), login="J\u00e4")
    assert told["username*"] == "UTF-8''J%C3%A4"


@pytest.mark.parametrize(
    ("values", "nonce"),
    [
        (['Basic realm="x", Digest realm="r", nonce="n"'], "n"),
        (['Digest realm="r", nonce="n", Basic realm="other", nonce="m"'], "n"),
        (['Basic realm="x"', "DIGEST realm=r,nonce=n"], "n"),
        (['Digest realm="r", nonce="weak", algorithm=MD4', 'Digest realm="r", nonce="n"'], "n"),
        (['Digest realm = "r" , nonce = "n, m"'], "n, m"),
        (['Digest realm="a, Digest nonce=\\"x\\"", nonce="n"'], "n"),
        (['Digest realm="r", nonce="n", nonce="second"'], "n"),
        (['Negotiate, Digest realm="r", nonce="n"'], "n"),
    ],
)
def test_the_first_challenge_that_can_be_answered_is_taken(values: list[str], nonce: str) -> None:
    challenge = read_challenge(values)
    assert challenge is not None
    assert challenge.nonce == nonce


@pytest.mark.parametrize("values", [[], ["Basic realm=x"], ["Digest"], ["realm=x, nonce=y"], ["", ","]])
def test_no_digest_challenge_is_none(values: list[str]) -> None:
    assert read_challenge(values) is None


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ('Digest nonce="n"', "Missing 'realm'"),
        ('Digest realm="r"', "Missing 'nonce'"),
        ('Digest realm="r", nonce=""', "empty"),
        ('Digest realm="r", nonce="n", algorithm=MD4', "algorithm"),
        ('Digest realm="r", nonce="n", qop="conf"', "qop"),
    ],
)
def test_what_cannot_be_answered_is_said(value: str, reason: str) -> None:
    with pytest.raises(UnusableChallenge, match=reason):
        read_challenge([value])


@given(st.text())
def test_quoting_is_undone_exactly(text: str) -> None:
    assert unquote(quote(text)) == text


@given(st.text(), st.text(min_size=1))
def test_no_value_shifts_another(realm: str, nonce: str) -> None:
    challenge = read_challenge([f"Digest realm={quote(realm)}, nonce={quote(nonce)}, opaque=x"])
    assert challenge == Challenge(realm=realm, nonce=nonce, opaque="x")
