"""The cookie jar: aiohttp's interface over the storage model of RFC 6265bis (sections 5.7 and 5.8)."""

import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from http.cookies import BaseCookie, Morsel, SimpleCookie
from types import MappingProxyType
from typing import TypeAlias

from whimbrel_cookies._abstract import AbstractCookieJar, ClearCookiePredicate
from whimbrel_cookies._admission import Refusal, Sender, admit, admit_given, overlays, with_implied
from whimbrel_cookies._cookie import Cookie
from whimbrel_cookies._file import read_rows, write_rows
from whimbrel_cookies._given import Given, LooseCookies, read_given
from whimbrel_cookies._hosts import canonical_host, domain_match, is_ip_address
from whimbrel_cookies._morsels import CookieMorsel, bare_morsel, collect, stored_morsel
from whimbrel_cookies._paths import path_match
from whimbrel_cookies._rows import cookie_from_row, row_of_cookie
from whimbrel_cookies._sending import fitting, in_sending_order, is_plain
from whimbrel_cookies._set_cookie import SetCookie, parse_set_cookie
from whimbrel_cookies._store import SHARED, CookieStore
from whimbrel_cookies._suffixes import PublicSuffixes, suffix_test
from whimbrel_cookies._urls import StrOrUrl, UrlParts, origin_of, origin_text, read_url
from whimbrel_cookies.errors import InvalidUrl, excerpt

__all__ = ["CookieJar"]

PathLike: TypeAlias = str | os.PathLike[str]

_logger = logging.getLogger("whimbrel_cookies")


class CookieJar(AbstractCookieJar):
    """A cookie jar as RFC 6265bis describes it.

    Values are kept and sent verbatim. It needs no event loop, does no I/O but `save` and `load`, and reads no
    clock but the one it is given. It is not made for use from several threads at once.

    Args:
        unsafe: Whether hosts that are IP addresses may have cookies.
        quote_cookie: Whether values given as text are quoted as in RFC 2109 where they hold more than token
            characters. What servers sent, and morsels, always stay as they are.
        treat_as_secure_origin: Origins, such as `http://localhost:8080`, whose connections count as secure.
        loop: Accepted and ignored.
        public_suffixes: Which domains nobody may set cookies for: a function that tells it of a canonical
            domain, or rules in the notation of publicsuffix.org. By default the package `publicsuffixlist`
            decides where it is installed; single labels are refused always.
        max_cookies: Kept in all, those for every host not counted.
        max_cookies_per_domain: Kept of one domain.
        max_header_bytes: The longest Cookie field value sent. Of the servers' cookies, those that do not fit
            beside the caller's own are left out.
        clock: Returns the seconds since 1970.

    Raises:
        InvalidUrl: An entry of `treat_as_secure_origin` names no host.
    """

    def __init__(
        self,
        *,
        unsafe: bool = False,
        quote_cookie: bool = False,
        treat_as_secure_origin: StrOrUrl | Iterable[StrOrUrl] | None = None,
        loop: object = None,
        public_suffixes: PublicSuffixes = None,
        max_cookies: int = 3000,
        max_cookies_per_domain: int = 180,
        max_header_bytes: int = 8190,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(loop=loop)
        if min(max_cookies, max_cookies_per_domain, max_header_bytes) < 1:
            raise ValueError("the limits of a jar are at least 1")
        self._unsafe = unsafe
        self._quote_cookie = quote_cookie
        self._secure_origins = frozenset(map(origin_of, _each(treat_as_secure_origin)))
        self._is_public_suffix = suffix_test(public_suffixes)
        self._max_cookies, self._max_cookies_per_domain = max_cookies, max_cookies_per_domain
        self._max_header_bytes = max_header_bytes
        self._clock = clock
        self._store = self._new_store()

    # What is in it

    @property
    def unsafe(self) -> bool:
        """Whether hosts that are IP addresses may have cookies."""
        return self._unsafe

    @property
    def quote_cookie(self) -> bool:
        """Whether values given as text are quoted as in RFC 2109."""
        return self._quote_cookie

    @property
    def treat_as_secure_origin(self) -> frozenset[str]:
        """The origins whose connections count as secure, ports always written out."""
        return frozenset(map(origin_text, self._secure_origins))

    @property
    def cookies(self) -> Mapping[tuple[str, str], SimpleCookie]:
        """The cookies by domain and path, the path without its last slash; a copy."""
        found: dict[tuple[str, str], list[CookieMorsel]] = {}
        for cookie in self._living():
            found.setdefault((cookie.domain, cookie.path.rstrip("/")), []).append(stored_morsel(cookie))
        return MappingProxyType({key: collect(morsels) for key, morsels in found.items()})

    @property
    def host_only_cookies(self) -> frozenset[tuple[str, str, str]]:
        """Domain, path (likewise) and name of those that go to one host only; a copy."""
        return frozenset(
            (cookie.domain, cookie.path.rstrip("/"), cookie.name)
            for cookie in self._living()
            if cookie.host_only and cookie.domain
        )

    def __len__(self) -> int:
        if self._store.count:
            self._store.expire(self._clock())
        return self._store.count

    def __iter__(self) -> Iterator[Morsel[str]]:
        """Yield the cookies, oldest first, with their attributes."""
        return iter([stored_morsel(cookie) for cookie in self._living()])

    # What goes in

    def update_cookies(self, cookies: LooseCookies, response_url: StrOrUrl | None = "") -> None:
        """Store cookies given as a mapping, pairs or `http.cookies` objects.

        Args:
            cookies: The cookies; values are text or morsels. A morsel's `coded_value` is stored verbatim.
            response_url: Where they came from; the rules for a response from there then decide, and what they
                refuse is ignored. Empty for cookies that every host receives, or, where a morsel has a
                domain, the hosts of that domain.

        Raises:
            InvalidCookie: A name or value given as text, or a morsel without a URL, cannot be sent as it is.
                Nothing was stored.
            InvalidUrl: The URL is not empty and has no host.
        """
        url = read_url(response_url)
        if url is not None and not self._may_own_cookies(url):
            return
        given_cookies = list(read_given(cookies, quote=self._quote_cookie))
        for given in given_cookies:
            if given.fault is not None and (url is None or not given.from_morsel):
                raise given.error()
        now = self._clock()
        for given in given_cookies:
            if given.fault is None:
                self._put_given(given, url, now)

    def update_cookies_from_headers(self, headers: Sequence[str | bytes], response_url: StrOrUrl) -> None:
        """Store the cookies of a response (RFC 6265bis sections 5.6 and 5.7). What is wrong is ignored.

        Args:
            headers: The values of its Set-Cookie fields, in order: bytes, or text decoded as UTF-8 with
                surrogate escapes.
            response_url: The URL that was requested.

        Raises:
            InvalidUrl: The URL has no host.
        """
        if not headers:
            return
        url = read_url(response_url)
        if url is None:
            raise InvalidUrl("")
        if not self._may_own_cookies(url):
            return
        sender, now = self._sender(url), self._clock()
        refused: list[tuple[Refusal, str]] = []
        for line in headers:
            received = parse_set_cookie(line)
            refusal = Refusal.SYNTAX if received is None else self._put_received(received, sender, now)
            if refusal is not None:
                refused.append((refusal, "" if received is None else received.name))
        if refused and _logger.isEnabledFor(logging.DEBUG):
            (refusal, name), host = refused[0], url.host
            # One line per response, and never a value: it may be a secret.
            _logger.debug(
                "%s: ignored %d cookie(s), first %s: %s", host, len(refused), excerpt(name), refusal.value
            )

    def clear(self, predicate: ClearCookiePredicate | None = None) -> None:
        """Remove all cookies, or those for which `predicate` is true of their morsel."""
        if predicate is None:
            self._store.clear()
            return
        for cookie in [cookie for cookie in self._living() if predicate(stored_morsel(cookie))]:
            # The predicate may have changed the jar, as a callback may.
            if cookie in self._store:
                self._store.discard(cookie)

    def clear_domain(self, domain: str) -> None:
        """Remove the cookies of `domain` and of all domains below it."""
        canonical = canonical_host(domain.removeprefix("."))
        if canonical is None:
            return
        for stored in self._store.domains:
            if domain_match(stored, canonical):
                for cookie in list(self._store.of_domain(stored)):
                    self._store.discard(cookie)

    # What comes out

    def cookie_header(self, request_url: StrOrUrl) -> str:
        """Return the Cookie field value for a request (RFC 6265bis section 5.8.3); empty when there is none.

        Longest paths first, then the oldest; of one name and different paths all are sent. It goes on the
        wire as UTF-8 with surrogate escapes (`encode("utf-8", "surrogateescape")`): bytes then return to the
        server as they came.

        Raises:
            InvalidUrl: The URL is not empty and has no host.
        """
        if not self._store.count:
            return ""
        return "; ".join([cookie.pair for cookie in self._select(request_url)])

    def filter_cookies(self, request_url: StrOrUrl = "") -> BaseCookie[str]:
        """Return the cookies for a request by name, as bare morsels.

        A mapping holds one cookie of a name: the one that `cookie_header` sends first. Cookies that are not
        plain text (bytes that are not UTF-8, a tab) are left out, because morsels cannot carry them safely.

        Args:
            request_url: Where the request goes; empty for the cookies that every host receives.

        Raises:
            InvalidUrl: The URL is not empty and has no host.
        """
        if not self._store.count:
            return SimpleCookie()
        return collect(bare_morsel(cookie) for cookie in self._select(request_url) if is_plain(cookie.pair))

    # Where it stays between runs

    def save(self, file_path: PathLike) -> None:
        """Write all cookies with all their attributes to a file.

        The file is JSON, readable by its owner only (mode 0600), and replaced in one step: a reader sees the
        old or the new one, whole. This blocks.

        Raises:
            OSError: It cannot be written. An older file is then as it was.
        """
        write_rows(os.fspath(file_path), [row_of_cookie(cookie) for cookie in self._living()])

    def load(self, file_path: PathLike) -> None:
        """Replace the contents by those of a file that `save`, or aiohttp 3.14's `CookieJar.save`, wrote.

        What has expired, or what this jar would not store, is passed over row by row. This blocks.

        Raises:
            CookieFileError: It is no such file. The jar is as it was.
            OSError: It cannot be read. The jar is as it was.
        """
        path = os.fspath(file_path)
        now = self._clock()
        store, passed_over = self._new_store(), 0
        for row in read_rows(path):
            cookie = cookie_from_row(row, now)
            if cookie is None or not self._may_hold(cookie):
                passed_over += 1
            else:
                store.put(cookie, now)
        self._store = store
        if passed_over:
            _logger.warning(
                "%s: passed over %d row(s) that are no cookies for this jar", excerpt(path), passed_over
            )

    # Steps

    def _new_store(self) -> CookieStore:
        return CookieStore(self._max_cookies, self._max_cookies_per_domain)

    def _living(self) -> Iterable[Cookie]:
        self._store.expire(self._clock())
        return self._store

    def _may_own_cookies(self, url: UrlParts) -> bool:
        return bool(url.host) and (self._unsafe or not url.is_ip)

    def _may_hold(self, cookie: Cookie) -> bool:
        """Tell whether this jar could have stored a cookie that a file holds."""
        if cookie.domain == SHARED:
            return True
        if is_ip_address(cookie.domain):
            return self._unsafe and cookie.host_only
        return cookie.host_only or ("." in cookie.domain and not self._is_public_suffix(cookie.domain))

    def _is_secure(self, url: UrlParts) -> bool:
        return url.is_encrypted or (bool(self._secure_origins) and url.origin in self._secure_origins)

    def _sender(self, url: UrlParts) -> Sender:
        return Sender(url.host, url.path, self._is_secure(url), self._is_public_suffix)

    def _put_received(self, received: SetCookie, sender: Sender, now: float) -> Refusal | None:
        cookie = admit(received, sender, now)
        if isinstance(cookie, Refusal):
            return cookie
        if (
            not cookie.secure
            and not sender.secure
            and overlays(cookie, self._store.secure_named(cookie.name))
        ):
            return Refusal.OVERLAYS_SECURE
        self._store.expire(now)
        self._store.put(cookie, now)
        return None

    def _put_given(self, given: Given, url: UrlParts | None, now: float) -> None:
        cookie = given.cookie
        if url is None:
            admitted = admit_given(
                cookie, now, host_only=given.host_only, is_public_suffix=self._is_public_suffix
            )
            if not isinstance(admitted, Refusal) and (self._unsafe or not is_ip_address(admitted.domain)):
                self._store.put(admitted, now)
            return
        if given.host_only:
            if cookie.domain != url.host:
                return
            # A response makes a cookie host-only by naming no domain.
            cookie = replace(cookie, domain=None)
        self._put_received(cookie if given.from_morsel else with_implied(cookie), self._sender(url), now)

    def _select(self, request_url: StrOrUrl | None) -> list[Cookie]:
        """Return the cookies for a request in the order of section 5.8.3, and note that they were used."""
        url = read_url(request_url)
        now = self._clock()
        store = self._store
        store.expire(now)
        secure, path = (False, "/") if url is None else (self._is_secure(url), url.path)
        chosen: list[Cookie] = []
        if url is not None and self._may_own_cookies(url):
            chosen = _applicable(store.for_host(url.host), secure, path)
        if shared := store.of_domain(SHARED):
            # A server that answers with a cookie of the same name takes over from the caller.
            names = {cookie.name for cookie in chosen}
            chosen += [cookie for cookie in _applicable(shared, secure, path) if cookie.name not in names]
        if chosen:
            chosen = fitting(in_sending_order(chosen), self._max_header_bytes)
        for cookie in chosen:
            cookie.last_access = now
        return chosen


def _applicable(cookies: Iterable[Cookie], secure: bool, path: str) -> list[Cookie]:
    return [cookie for cookie in cookies if (secure or not cookie.secure) and path_match(path, cookie.path)]


def _each(origins: StrOrUrl | Iterable[StrOrUrl] | None) -> Iterable[StrOrUrl]:
    if origins is None:
        return ()
    if isinstance(origins, str) or not isinstance(origins, Iterable):
        return (origins,)
    return origins
