"""The conformance kit for resolvers: ours fit, a stranger's fits, and whoever breaks a rule is found out."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from whimbrel_connector import AsyncResolver, CachingResolver, Resolver, StaticResolver, ThreadedResolver
from whimbrel_connector.testing import NameServer, check_resolver

TABLE = {"shore.example": ["192.0.2.1", "2001:db8::1", "192.0.2.2"]}


def result(host: str, port: int, address: str = "192.0.2.1") -> dict[str, Any]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return {"hostname": host, "host": address, "port": port, "family": family, "proto": 0, "flags": 0}


class Strangers:
    """A resolver as somebody would write it for aiohttp."""

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> Any:
        await asyncio.sleep(0)
        if host != "shore.example":
            raise OSError(None, "DNS lookup failed")
        if family == socket.AF_INET6:
            raise OSError(None, "only IPv4 here")
        return [result(host, port)]

    async def close(self) -> None:
        pass


def table() -> StaticResolver:
    return StaticResolver(TABLE)


def with_fallback() -> StaticResolver:
    return StaticResolver({"sea.example": ["192.0.2.9"]}, fallback=table())


def cached() -> CachingResolver:
    clock = asyncio.get_running_loop().time
    return CachingResolver(table(), ttl_seconds=10, negative_ttl_seconds=1, clock=clock)


@pytest.mark.parametrize("factory", [table, with_fallback, cached, Strangers])
async def test_resolvers_that_fit(factory: Callable[[], Resolver]) -> None:
    assert await check_resolver(factory, known="shore.example") == []


async def test_the_systems_resolver_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    system = socket.getaddrinfo

    def offline(host: str, *arguments: Any, **options: Any) -> Any:
        if host != "localhost":
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return system(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", offline)
    assert await check_resolver(ThreadedResolver) == []


async def test_one_over_aiodns_fits() -> None:
    pytest.importorskip("aiodns")
    async with NameServer(TABLE) as server:
        assert (
            await check_resolver(
                lambda: AsyncResolver(nameservers=[server.host], udp_port=server.port, timeout=20.0, tries=1),
                known="shore.example",
            )
            == []
        )


# Those that do not.


class OtherPort(Strangers):
    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> Any:
        return [{**each, "port": 80} for each in await super().resolve(host, port, family)]


class AnyFamily(Strangers):
    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> Any:
        return [*await super().resolve(host, port), result(host, port, "2001:db8::1")]


class Names(Strangers):
    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> Any:
        return [{**each, "host": "localhost"} for each in await super().resolve(host, port, family)]


class Tuples(Strangers):
    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> Any:
        return [tuple(each.values()) for each in await super().resolve(host, port, family)]


class Generator(Strangers):
    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> Any:
        return iter(await super().resolve(host, port, family))


class Bare(Strangers):
    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> Any:
        return [{"host": each["host"], "port": port} for each in await super().resolve(host, port, family)]


class Silent(Strangers):
    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> Any:
        try:
            return await super().resolve(host, port, family)
        except OSError:
            return []


class OtherError(Strangers):
    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> Any:
        try:
            return await super().resolve(host, port, family)
        except OSError as fault:
            raise LookupError(host) from fault


class Broken(Strangers):
    broken = False

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> Any:
        if self.broken:
            raise OSError(None, "broken")
        self.broken = host != "shore.example"
        return await super().resolve(host, port, family)


class OneAtATime(Strangers):
    busy = False

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> Any:
        if self.busy:
            raise RuntimeError("busy")
        self.busy = True
        try:
            return await super().resolve(host, port, family)
        finally:
            self.busy = False


class Shared(Strangers):
    answer: Any = None

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> Any:
        fresh = await super().resolve(host, port, family)
        self.answer = fresh if self.answer is None else self.answer
        return self.answer


class Stubborn(Strangers):
    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> Any:
        while True:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0)
                return await super().resolve(host, port, family)


class OneTask(Strangers):
    """All share one task, which the first one who gives up takes along."""

    task: asyncio.Task[Any] | None = None

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> Any:
        if self.task is None:
            self.task = asyncio.ensure_future(super().resolve(host, port, family))
        try:
            return await self.task
        finally:
            self.task = None


class Forgetful(Strangers):
    """Whoever gives up leaves the lookup to itself."""

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> Any:
        async def endless() -> None:
            await asyncio.Event().wait()

        self.kept = asyncio.ensure_future(endless())
        found = await super().resolve(host, port, family)
        self.kept.cancel()
        return found


class Complaining(Strangers):
    """Whoever gives up leaves an exception that nobody fetches."""

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> Any:
        return await asyncio.shield(asyncio.ensure_future(super().resolve(host, port, family)))


class ClosedOnce(Strangers):
    closed = False

    async def close(self) -> None:
        assert not self.closed
        self.closed = True


class Positional(Strangers):
    async def resolve(self, host: str, port: int = 0, af: int = socket.AF_INET) -> Any:
        return await super().resolve(host, port, af)


@pytest.mark.parametrize(
    ("factory", "finding"),
    [
        (OtherPort, "an answer has the port that was asked for: port should be 443, not 80"),
        (AnyFamily, "2001:db8::1 is not of the family that was asked for"),
        (Names, "a known name has addresses: host should be an IP address, not 'localhost'"),
        (Tuples, "which is no dict"),
        (Generator, "which is no sequence"),
        (Bare, "a known name has addresses: family should be of type int, not None"),
        (Silent, "an unknown name is an OSError: nobody.invalid gives [] and no OSError"),
        (OtherError, "nobody.invalid raises LookupError, which is no OSError"),
        (Broken, "a failure spoils no later lookup: raises OSError: [Errno None] broken"),
        (OneAtATime, "many may ask at once: shore.example raises RuntimeError: busy"),
        (Shared, "an answer belongs to who asked: gives no address"),
        (Stubborn, "a lookup that is cancelled goes on and gives"),
        (OneTask, "its neighbour gives CancelledError("),
        (Forgetful, "a lookup that nobody awaits leaves nothing behind: leaves tasks behind"),
        (Complaining, "the loop says: Task exception was never retrieved"),
        (ClosedOnce, "it may be closed twice: raises AssertionError"),
        (Positional, "got an unexpected keyword argument 'family'"),
    ],
)
async def test_one_that_breaks_a_rule_is_found_out(factory: Callable[[], Resolver], finding: str) -> None:
    findings = await check_resolver(factory, known="shore.example")
    assert [found for found in findings if finding in found], findings


async def test_one_that_hangs_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hanging(Strangers):
        async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> Any:
            await asyncio.Event().wait()

    monkeypatch.setattr("whimbrel_connector.testing._judging.RULE_SECONDS", 0.01)
    findings = await check_resolver(Hanging, known="shore.example")
    assert "a known name has addresses: takes longer than 0.01 s" in findings
