"""A stored cookie (RFC 6265bis section 5.7): the fields of the storage model and what is sent for it."""

from typing import TypeAlias

from whimbrel_cookies._set_cookie import SameSite

__all__ = ["Cookie", "Slot"]

Slot: TypeAlias = tuple[str, str, bool]


class Cookie:
    """A stored cookie. It never changes but for `last_access` and, when it is stored, its age and rank.

    Attributes:
        domain: Canonical; empty for a shared cookie, which goes to every host.
        host_only: Whether `domain` alone, and no host below it, receives the cookie.
        creation, last_access: In seconds since 1970, by the jar's clock.
        expiry: Likewise; None for a cookie that lives as long as the jar.
        order: The rank of its creation within the store.
        pair: What stands for it in a Cookie field.
    """

    __slots__ = (
        "creation",
        "domain",
        "expiry",
        "host_only",
        "http_only",
        "last_access",
        "name",
        "order",
        "pair",
        "partitioned",
        "path",
        "same_site",
        "secure",
        "value",
    )

    def __init__(
        self,
        name: str,
        value: str,
        *,
        domain: str,
        path: str,
        host_only: bool,
        creation: float,
        expiry: float | None = None,
        secure: bool = False,
        http_only: bool = False,
        same_site: SameSite | None = None,
        partitioned: bool = False,
    ) -> None:
        self.name, self.value = name, value
        self.domain, self.path, self.host_only = domain, path, host_only
        self.creation = self.last_access = creation
        self.expiry = expiry
        self.secure, self.http_only = secure, http_only
        self.same_site, self.partitioned = same_site, partitioned
        self.order = 0
        self.pair = f"{name}={value}" if name else value

    @property
    def slot(self) -> Slot:
        """What a cookie of the same domain must differ in to be another cookie."""
        return self.name, self.path, self.host_only

    @property
    def octets(self) -> int:
        """The length of `pair` on the wire."""
        return len(self.pair.encode("utf-8", "surrogatepass"))

    def has_expired(self, now: float) -> bool:
        """Tell whether its time is over."""
        return self.expiry is not None and self.expiry <= now
