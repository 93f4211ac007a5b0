"""The conformance kit for resolvers: hand it one and it says what that gets wrong.

A resolver of your own, or one that was written for aiohttp, is fit for `TCPConnector(resolver=)` when
`check_resolver` returns no failures.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from ipaddress import ip_address
from typing import NamedTuple

from whimbrel_connector.resolver import Resolver, ResolveResult
from whimbrel_connector.testing._judging import judge

__all__ = ["check_resolver"]

_MANY = 20
_FIELDS = {"hostname": str, "host": str, "port": int, "family": int, "proto": int, "flags": int}


class _Names(NamedTuple):
    """What is asked for."""

    known: str
    unknown: str


_Rule = Callable[[Resolver, _Names], Awaitable[list[str]]]


async def check_resolver(
    factory: Callable[[], Resolver], *, known: str = "localhost", unknown: str = "nobody.invalid"
) -> list[str]:
    """Return what the resolvers made by `factory` get wrong, one sentence each; empty if nothing.

    Each rule has ten seconds. What one breaks, others may break for the same reason.

    Args:
        factory: Called once for each rule, while the event loop runs. A resolver that has `close` is
            closed at the end.
        known: A name that has an IPv4 address; it may have IPv6 addresses too.
        unknown: A name that has no address.
    """
    names = _Names(known, unknown)
    return await judge({title: partial(_play, rule, factory, names) for title, rule in _RULES.items()})


async def _play(rule: _Rule, factory: Callable[[], Resolver], names: _Names) -> list[str]:
    resolver = factory()
    failures = await rule(resolver, names)
    await _close(resolver)
    return failures


async def _close(resolver: Resolver) -> None:
    close = getattr(resolver, "close", None)
    if close is not None:
        await close()


async def _gives_addresses(resolver: Resolver, names: _Names) -> list[str]:
    found = await resolver.resolve(names.known, 80)
    return _wrong_with(found, names.known, 80, socket.AF_INET) or _empty(found)


async def _gives_the_port(resolver: Resolver, names: _Names) -> list[str]:
    failures = []
    for port in (443, 8443):
        found = await resolver.resolve(names.known, port, family=socket.AF_INET)
        failures += _wrong_with(found, names.known, port, socket.AF_INET)
    return failures


async def _gives_the_family(resolver: Resolver, names: _Names) -> list[str]:
    every = await resolver.resolve(names.known, 80, family=socket.AF_UNSPEC)
    failures = _wrong_with(every, names.known, 80, socket.AF_UNSPEC) or _empty(every)
    with suppress(OSError):  # which says that it has no such address
        six = await resolver.resolve(names.known, 80, family=socket.AF_INET6)
        failures += _wrong_with(six, names.known, 80, socket.AF_INET6)
    return failures


async def _refuses_unknown_names(resolver: Resolver, names: _Names) -> list[str]:
    try:
        found = await resolver.resolve(names.unknown, 80, family=socket.AF_UNSPEC)
    except OSError:
        return []
    except Exception as fault:  # noqa: BLE001  whatever it is, it is no OSError
        return [f"{names.unknown} raises {type(fault).__name__}, which is no OSError"]
    return [f"{names.unknown} gives {found!r} and no OSError"]


async def _goes_on_after_a_failure(resolver: Resolver, names: _Names) -> list[str]:
    with suppress(OSError):
        await resolver.resolve(names.unknown, 80)
    return _wrong_with(await resolver.resolve(names.known, 80), names.known, 80, socket.AF_INET)


async def _serves_many(resolver: Resolver, names: _Names) -> list[str]:
    hosts = [names.known, names.unknown] * _MANY
    outcomes = await asyncio.gather(
        *(resolver.resolve(host, 80, family=socket.AF_INET) for host in hosts), return_exceptions=True
    )
    failures = []
    for host, outcome in zip(hosts, outcomes, strict=True):
        if isinstance(outcome, OSError) and host == names.unknown:
            continue
        if isinstance(outcome, BaseException):
            failures.append(f"{host} raises {type(outcome).__name__}: {outcome}")
        else:
            failures += _wrong_with(outcome, host, 80, socket.AF_INET)
    return sorted(set(failures))


async def _survives_those_who_give_up(resolver: Resolver, names: _Names) -> list[str]:
    failures = []
    for turns in range(4):
        asking = [
            asyncio.ensure_future(resolver.resolve(names.known, 80, family=socket.AF_INET)) for _ in range(3)
        ]
        for _ in range(turns):
            await asyncio.sleep(0)
        gives_up = asking[0].cancel()
        first, *others = await asyncio.gather(*asking, return_exceptions=True)
        if gives_up and not isinstance(first, asyncio.CancelledError):
            failures.append(f"a lookup that is cancelled goes on and gives {first!r}")
        failures += [f"its neighbour gives {other!r}" for other in others if isinstance(other, BaseException)]
    return sorted(set(failures))


async def _ends_a_lookup_that_nobody_awaits(resolver: Resolver, names: _Names) -> list[str]:
    for host in names:
        for turns in range(4):
            asking = asyncio.ensure_future(resolver.resolve(host, 80, family=socket.AF_INET))
            for _ in range(turns):
                await asyncio.sleep(0)
            asking.cancel()
            await asyncio.wait([asking])
            if not asking.cancelled():
                asking.exception()
    return []


async def _gives_each_its_own(resolver: Resolver, names: _Names) -> list[str]:
    first = await resolver.resolve(names.known, 80, family=socket.AF_INET)
    for result in first:
        result["host"], result["port"] = "spoilt", -1
    if isinstance(first, list):
        first.clear()
    again = await resolver.resolve(names.known, 80, family=socket.AF_INET)
    return _wrong_with(again, names.known, 80, socket.AF_INET) or _empty(again)


async def _closes_twice(resolver: Resolver, names: _Names) -> list[str]:
    await resolver.resolve(names.known, 80, family=socket.AF_INET)
    await _close(resolver)
    return []


_RULES: dict[str, _Rule] = {
    "a known name has addresses": _gives_addresses,
    "an answer has the port that was asked for": _gives_the_port,
    "an answer is of the family that was asked for": _gives_the_family,
    "an unknown name is an OSError": _refuses_unknown_names,
    "a failure spoils no later lookup": _goes_on_after_a_failure,
    "many may ask at once": _serves_many,
    "a lookup that is cancelled ends, and no other with it": _survives_those_who_give_up,
    "a lookup that nobody awaits leaves nothing behind": _ends_a_lookup_that_nobody_awaits,
    "an answer belongs to who asked": _gives_each_its_own,
    "it may be closed twice": _closes_twice,
}


def _empty(found: Sequence[ResolveResult]) -> list[str]:
    return [] if found else ["gives no address"]


def _wrong_with(found: object, host: str, port: int, family: socket.AddressFamily) -> list[str]:
    """Return what is wrong with an answer, each fault once."""
    if not isinstance(found, Sequence):
        return [f"gives {found!r}, which is no sequence"]
    return sorted({fault for result in found for fault in _wrong_result(result, host, port, family)})


def _wrong_result(result: object, host: str, port: int, family: socket.AddressFamily) -> Iterator[str]:
    if not isinstance(result, dict):
        yield f"gives {result!r}, which is no dict"
        return
    for name, kind in _FIELDS.items():
        if not isinstance(result.get(name), kind):
            yield f"{name} should be of type {kind.__name__}, not {result.get(name)!r}"
    try:
        version = ip_address(str(result.get("host"))).version
    except ValueError:
        yield f"host should be an IP address, not {result.get('host')!r}"
        return
    own = socket.AF_INET if version == 4 else socket.AF_INET6
    expected = {"hostname": host, "port": port, "family": own}
    yield from (
        f"{name} should be {value!r}, not {result.get(name)!r}"
        for name, value in expected.items()
        if result.get(name) != value
    )
    if family not in (socket.AF_UNSPEC, own):
        yield f"{result['host']} is not of the family that was asked for"
