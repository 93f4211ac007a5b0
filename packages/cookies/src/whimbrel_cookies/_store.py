"""The store of a jar: cookies by domain, those that expire in a heap, and bounds that always hold.

A lookup touches only the buckets of the host and of the domains above it. Expiry takes from the top of a
heap; nothing ever walks all cookies but eviction, which then makes room for many.
"""

from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heappush
from operator import attrgetter

from whimbrel_cookies._cookie import Cookie, Slot
from whimbrel_cookies._hosts import parent_domains

__all__ = ["SHARED", "CookieStore"]

SHARED = ""
_LEAST_RECENT = attrgetter("last_access", "order")


class CookieStore:
    """Cookies by domain, bounded.

    Cookies of the domain `SHARED` are the caller's own: no server can push them out, and they do not count
    against the limits.

    Attributes:
        count: How many there are, those of the caller among them.

    Args:
        max_cookies: In all domains together.
        max_cookies_per_domain: In one domain.
    """

    def __init__(self, max_cookies: int, max_cookies_per_domain: int) -> None:
        self._max_cookies = max_cookies
        self._max_per_domain = max_cookies_per_domain
        self._domains: dict[str, dict[Slot, Cookie]] = {}
        self._secure: dict[str, dict[tuple[str, Slot], Cookie]] = {}
        self._expiring: list[tuple[float, int, Cookie]] = []
        self.count = 0
        self._order = 0

    def __iter__(self) -> Iterator[Cookie]:
        """Yield all cookies, oldest first."""
        cookies = [cookie for bucket in self._domains.values() for cookie in bucket.values()]
        return iter(sorted(cookies, key=attrgetter("order")))

    def __contains__(self, cookie: Cookie) -> bool:
        """Tell whether this very object is stored."""
        return self._domains.get(cookie.domain, {}).get(cookie.slot) is cookie

    @property
    def domains(self) -> list[str]:
        """The domains that have cookies, `SHARED` among them."""
        return list(self._domains)

    def of_domain(self, domain: str) -> Iterable[Cookie]:
        """Return the cookies of exactly this domain."""
        return self._domains.get(domain, {}).values()

    def for_host(self, host: str) -> list[Cookie]:
        """Return the cookies whose domain covers a canonical host."""
        domains = self._domains
        found = list(domains[host].values()) if host in domains else []
        for parent in parent_domains(host):
            if parent in domains:
                found += [cookie for cookie in domains[parent].values() if not cookie.host_only]
        return found

    def secure_named(self, name: str) -> Iterable[Cookie]:
        """Return the Secure cookies of this name."""
        return self._secure.get(name, {}).values()

    def put(self, cookie: Cookie, now: float) -> None:
        """Store a cookie in place of its predecessor, whose creation it inherits; make room if need be.

        One that has already expired only removes its predecessor.
        """
        old = self._domains.get(cookie.domain, {}).get(cookie.slot)
        if old is not None:
            self.discard(old)
        if cookie.has_expired(now):
            return
        if old is None:
            self._order += 1
            cookie.order = self._order
        else:
            cookie.creation, cookie.order = old.creation, old.order
        self._insert(cookie)
        if cookie.domain != SHARED:
            self._make_room(cookie.domain)

    def discard(self, cookie: Cookie) -> None:
        """Remove a stored cookie."""
        bucket = self._domains[cookie.domain]
        del bucket[cookie.slot]
        if not bucket:
            del self._domains[cookie.domain]
        if cookie.secure:
            named = self._secure[cookie.name]
            del named[cookie.domain, cookie.slot]
            if not named:
                del self._secure[cookie.name]
        self.count -= 1

    def expire(self, now: float) -> None:
        """Remove the cookies whose time is over."""
        expiring = self._expiring
        while expiring and expiring[0][0] <= now:
            cookie = heappop(expiring)[2]
            if cookie in self:
                self.discard(cookie)

    def clear(self) -> None:
        """Remove all cookies."""
        self._domains.clear()
        self._secure.clear()
        self._expiring.clear()
        self.count = 0

    def _insert(self, cookie: Cookie) -> None:
        self._domains.setdefault(cookie.domain, {})[cookie.slot] = cookie
        if cookie.secure:
            self._secure.setdefault(cookie.name, {})[cookie.domain, cookie.slot] = cookie
        self.count += 1
        if cookie.expiry is None:
            return
        if len(self._expiring) > 2 * self.count + 64:
            # Replaced cookies stay in the heap until their time: drop them before they outnumber the living.
            self._expiring = [entry for entry in self._expiring if entry[2] in self]
            heapify(self._expiring)
        # No two living cookies share an order, and cookies themselves are never compared.
        self._order += 1
        heappush(self._expiring, (cookie.expiry, self._order, cookie))

    def _make_room(self, domain: str) -> None:
        """Hold the limits (section 5.7, its end): least recently used first, Secure ones last."""
        bucket = self._domains[domain]
        if len(bucket) > self._max_per_domain:
            plain = [cookie for cookie in bucket.values() if not cookie.secure]
            self._evict(plain or bucket.values(), len(bucket) - self._max_per_domain)
        owned = self.count - len(self._domains.get(SHARED, ()))
        if owned > self._max_cookies:
            # A tenth more than must be, so that a flood of cookies does not sort all others each time.
            surplus = owned - self._max_cookies + self._max_cookies // 10
            self._evict((cookie for cookie in self if cookie.domain != SHARED), surplus)

    def _evict(self, cookies: Iterable[Cookie], surplus: int) -> None:
        for cookie in sorted(cookies, key=_LEAST_RECENT)[:surplus]:
            self.discard(cookie)
