"""The store: lookup, replacement, expiry and bounds."""

from hypothesis import given
from hypothesis import strategies as st

from whimbrel_cookies._cookie import Cookie
from whimbrel_cookies._store import CookieStore


def cookie(
    name: str,
    domain: str = "shore.example",
    *,
    expiry: float | None = None,
    secure: bool = False,
    at: float = 0,
    host_only: bool = False,
) -> Cookie:
    return Cookie(
        name, "1", domain=domain, path="/", host_only=host_only, creation=at, expiry=expiry, secure=secure
    )


def names(store: CookieStore) -> list[str]:
    return [cookie.name for cookie in store]


def test_a_host_sees_its_own_and_what_covers_it() -> None:
    store = CookieStore(100, 100)
    store.put(cookie("own", "www.shore.example", host_only=True), 0)
    store.put(cookie("parent"), 0)
    store.put(cookie("parents-own", host_only=True), 0)
    store.put(cookie("sibling", "cam.shore.example"), 0)
    assert [found.name for found in store.for_host("www.shore.example")] == ["own", "parent"]


def test_a_replacement_inherits_creation_and_place() -> None:
    store = CookieStore(100, 100)
    for name in ("a", "b"):
        store.put(cookie(name, at=1), 1)
    store.put(cookie("a", at=2), 2)
    assert [(found.name, found.creation, found.last_access) for found in store] == [("a", 1, 2), ("b", 1, 1)]


def test_host_only_and_domain_cookies_are_two() -> None:
    store = CookieStore(100, 100)
    store.put(cookie("a"), 0)
    store.put(cookie("a", host_only=True), 0)
    assert store.count == 2


def test_an_expired_cookie_removes_its_predecessor() -> None:
    store = CookieStore(100, 100)
    store.put(cookie("a"), 5)
    store.put(cookie("a", expiry=5), 5)
    store.put(cookie("b", expiry=5), 5)
    assert store.count == 0
    assert store.domains == []


def test_expiry_takes_what_is_over_and_nothing_else() -> None:
    store = CookieStore(100, 100)
    for name, expiry in (("a", 10.0), ("b", 20.0), ("c", None)):
        store.put(cookie(name, expiry=expiry, secure=True), 0)
    store.put(cookie("a", expiry=30), 0)
    store.expire(20)
    assert names(store) == ["a", "c"]
    assert not list(store.secure_named("b"))


def test_the_expiry_heap_does_not_grow_with_replacements() -> None:
    store = CookieStore(100, 100)
    for moment in range(1000):
        store.put(cookie("a", expiry=10_000 + moment), 0)
    assert len(store._expiring) <= 67


def test_the_least_recently_used_of_a_full_domain_goes() -> None:
    store = CookieStore(100, 3)
    for moment, name in enumerate("abc"):
        store.put(cookie(name, at=moment), moment)
    next(iter(store)).last_access = 10
    store.put(cookie("d", at=11), 11)
    assert names(store) == ["a", "c", "d"]


def test_secure_cookies_go_last() -> None:
    store = CookieStore(100, 3)
    for moment, name in enumerate("abc"):
        store.put(cookie(name, secure=name != "c", at=moment), moment)
    store.put(cookie("d", secure=True, at=3), 3)
    assert names(store) == ["a", "b", "d"]
    # A plain one cannot push out Secure ones: it goes itself.
    store.put(cookie("e", at=4), 4)
    assert names(store) == ["a", "b", "d"]
    store.put(cookie("f", secure=True, at=5), 5)
    assert names(store) == ["b", "d", "f"]


def test_the_total_is_bounded_over_many_domains() -> None:
    store = CookieStore(3000, 180)
    for number in range(10_000):
        store.put(cookie("a", f"d{number}.example", at=number), number)
        assert store.count <= 3000
    assert store.count > 2600


def test_servers_cannot_push_out_what_the_caller_gave() -> None:
    store = CookieStore(10, 2)
    for name in "abcdefghijkl":
        store.put(cookie(name, ""), 0)
    for number in range(100):
        store.put(cookie("z", f"d{number}.example", at=number), number)
    assert sum(not found.domain for found in store) == 12
    assert store.count <= 22


OPERATIONS = st.tuples(
    st.sampled_from("abc"),
    st.sampled_from(["", "a.example", "b.a.example"]),
    st.none() | st.integers(1, 30),
    st.booleans(),
    st.booleans(),
)


@given(st.lists(OPERATIONS, max_size=40))
def test_all_indexes_agree_after_any_operations(
    operations: list[tuple[str, str, int | None, bool, bool]],
) -> None:
    store = CookieStore(4, 2)
    for now, (name, domain, expiry, secure, host_only) in enumerate(operations):
        store.expire(now)
        store.put(cookie(name, domain, expiry=expiry, secure=secure, host_only=host_only, at=now), now)
    everything = list(store)
    assert (
        store.count == len(everything) == sum(len(list(store.of_domain(domain))) for domain in store.domains)
    )
    assert sum(bool(found.domain) for found in everything) <= 4
    assert {id(found) for found in everything if found.secure} == {
        id(found) for name in "abc" for found in store.secure_named(name)
    }
    assert {id(found) for found in everything if found.expiry is not None} <= {
        id(entry[2]) for entry in store._expiring
    }
    for found in everything:
        store.discard(found)
    assert store.count == 0
    assert store.domains == []
