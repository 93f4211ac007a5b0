"""Digest access authentication (RFC 7616): from a challenge to the credentials that answer it.

Values in, values out: what is random or counted arrives as an argument.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote as percent_encode

from whimbrel_http1 import is_token, split_list, unquote

__all__ = ["Challenge", "UnusableChallenge", "credentials", "quote", "read_challenge"]

# The names of RFC 7616 section 6.1, and others that servers are known to say.
_HASHES = {
    "MD5": "md5",
    "SHA": "sha1",
    "SHA256": "sha256",
    "SHA-256": "sha256",
    "SHA512": "sha512",
    "SHA-512": "sha512",
    "SHA-512-256": "sha512_256",
}
_SESSION = "-SESS"


class UnusableChallenge(ValueError):
    """There is a Digest challenge, and it cannot be answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What a server wants to see proved (RFC 7616 section 3.3).

    Attributes:
        realm: What the password is for.
        nonce: The server's once-only value.
        algorithm: The name of the hash as the server says it; None when it says none, which means MD5.
        qop: Which protections it takes: "auth", "auth-int"; none for servers of RFC 2069.
        opaque: What it wants back, or None.
        domain: Where else the credentials may go, as it stands in the challenge.
        userhash: It wants the user name hashed.
    """

    realm: str
    nonce: str
    algorithm: str | None = None
    qop: frozenset[str] = frozenset()
    opaque: str | None = None
    domain: tuple[str, ...] = ()
    userhash: bool = False

    @property
    def hash_name(self) -> str:
        """The name of the hash as `hashlib` knows it."""
        return _HASHES[(self.algorithm or "MD5").upper().removesuffix(_SESSION)]

    @property
    def is_session(self) -> bool:
        """Whether the secret is made once for a nonce, and not for each request."""
        return self.algorithm is not None and self.algorithm.upper().endswith(_SESSION)


def read_challenge(values: Iterable[str]) -> Challenge | None:
    """Return the first Digest challenge that can be answered (RFC 7616 section 3.7); None without any.

    Args:
        values: The values of the WWW-Authenticate fields.

    Raises:
        UnusableChallenge: There are some, and none of them can be answered.
    """
    fault: UnusableChallenge | None = None
    for scheme, parameters in _split_challenges(values):
        if scheme != "digest" or not parameters:
            continue
        try:
            return _checked(parameters)
        except UnusableChallenge as found:
            fault = fault or found
    if fault is not None:
        raise fault
    return None


def credentials(
    challenge: Challenge,
    *,
    login: str,
    password: str,
    method: str,
    target: str,
    body: bytes | None,
    cnonce: str,
    count: int,
) -> str:
    """Return the value of the Authorization header that answers `challenge`.

    Args:
        challenge: What is answered.
        login: The user name.
        password: The password.
        method: The method of the request.
        target: Its request target, as it stands on the wire.
        body: Its body; None when it is not in memory, so that it cannot be protected.
        cnonce: The client's own random value; with a "-sess" algorithm the same for the whole nonce.
        count: How many requests have been made with this nonce, this one included.

    Raises:
        UnusableChallenge: The server insists on "auth-int", and the body is not in memory.
    """
    qop = _choose_qop(challenge, body)
    digest = _Digest(challenge.hash_name)
    secret = digest.of(login, challenge.realm, password)
    if challenge.is_session:
        secret = digest.of(secret, challenge.nonce, cnonce)
    asked = [method, target]
    if qop == "auth-int":
        asked.append(digest.of_bytes(body or b""))
    nonce_count = f"{count:08x}"
    counted = [nonce_count, cnonce, qop] if qop else []
    response = digest.of(secret, challenge.nonce, *counted, digest.of(*asked))
    fields = [
        *_user_fields(challenge, login, digest),
        f"realm={quote(challenge.realm)}",
        f"nonce={quote(challenge.nonce)}",
        f"uri={quote(target)}",
        f"response={quote(response)}",
    ]
    if challenge.algorithm is not None:
        fields.append(f"algorithm={challenge.algorithm}")
    if challenge.opaque is not None:
        fields.append(f"opaque={quote(challenge.opaque)}")
    if qop:
        fields += [f"qop={qop}", f"nc={nonce_count}"]
    if qop or challenge.is_session:
        fields.append(f"cnonce={quote(cnonce)}")
    return "Digest " + ", ".join(fields)


def quote(text: str) -> str:
    r"""Return `text` as a quoted string (RFC 9110 section 5.6.4), which `unquote` turns back exactly.

    >>> quote('a "shore"')
    '"a \\"shore\\""'
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


class _Digest:
    """The hash of one algorithm, in the hexadecimal form that all of them use."""

    def __init__(self, name: str) -> None:
        self._name = name

    def of(self, *parts: str) -> str:
        return self.of_bytes(":".join(parts).encode("utf-8", "surrogateescape"))

    def of_bytes(self, content: bytes) -> str:
        return hashlib.new(self._name, content, usedforsecurity=False).hexdigest()  # else FIPS forbids MD5


def _split_challenges(values: Iterable[str]) -> list[tuple[str, dict[str, str]]]:
    """Split challenges into schemes, in lower case, and parameters (RFC 9110 section 11.6.1)."""
    found: list[tuple[str, dict[str, str]]] = []
    for value in values:
        parameters: dict[str, str] = {}
        for element in split_list(value):
            first, _, rest = element.partition(" ")
            rest = rest.lstrip(" \t")
            parameter = element
            if is_token(first) and not rest.startswith("="):
                parameters = {}
                found.append((first.lower(), parameters))
                parameter = rest
            name, equals, content = parameter.partition("=")
            if equals:
                parameters.setdefault(name.strip(" \t").lower(), unquote(content.strip(" \t")))
    return found


def _checked(parameters: dict[str, str]) -> Challenge:
    for name in ("realm", "nonce"):
        if name not in parameters:
            msg = f"Malformed Digest auth challenge: Missing '{name}' parameter"
            raise UnusableChallenge(msg)
    if not parameters["nonce"]:
        msg = "Malformed Digest auth challenge: the 'nonce' is empty, which protects from nothing"
        raise UnusableChallenge(msg)
    algorithm = parameters.get("algorithm")
    name = (algorithm or "MD5").upper().removesuffix(_SESSION)
    if _HASHES.get(name) not in hashlib.algorithms_available:
        msg = f"Digest auth error: Unsupported hash algorithm: {(algorithm or '')[:100]!r}"
        raise UnusableChallenge(msg)
    offered = parameters.get("qop", "")
    qop = frozenset({"auth", "auth-int"}.intersection(word.lower() for word in split_list(offered)))
    if offered and not qop:
        msg = f"Digest auth error: Unsupported Quality of Protection (qop) value(s): {offered[:100]!r}"
        raise UnusableChallenge(msg)
    return Challenge(
        realm=parameters["realm"],
        nonce=parameters["nonce"],
        algorithm=algorithm or None,
        qop=qop,
        opaque=parameters.get("opaque"),
        domain=tuple(parameters.get("domain", "").split()),
        userhash=parameters.get("userhash", "").lower() == "true",
    )


def _choose_qop(challenge: Challenge, body: bytes | None) -> str:
    """Return the strongest protection that can be given; "" for servers that know none."""
    if "auth-int" in challenge.qop and body is not None:
        return "auth-int"
    if "auth" in challenge.qop or not challenge.qop:
        return "auth" if challenge.qop else ""
    msg = "Digest auth error: the server insists on qop auth-int, and the body is not in memory"
    raise UnusableChallenge(msg)


def _user_fields(challenge: Challenge, login: str, digest: _Digest) -> list[str]:
    """Say who it is: hashed where that is wanted, else as text (RFC 7616 sections 3.4.4 and 4)."""
    if challenge.userhash:
        return [f"username={quote(digest.of(login, challenge.realm))}", "userhash=true"]
    if login.isascii():
        return [f"username={quote(login)}"]
    return [f"username*=UTF-8''{percent_encode(login, safe='')}"]
