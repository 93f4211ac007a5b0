"""The cache before a resolver: answers kept for a while, and one lookup for all who ask at once."""

import asyncio
import socket
from collections import OrderedDict
from collections.abc import Callable, Sequence

from whimbrel_connector._addresses import ResolveResult, check_answer, rotated
from whimbrel_connector.observer import ConnectObserver, dialling_for, present_observer
from whimbrel_connector.resolver import Resolver

__all__ = ["CachingResolver"]

# There is no such name, or it has no address: this is an answer, and not trouble on the way to one.
_NO_ADDRESS = frozenset(
    {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", None), getattr(socket, "EAI_ADDRFAMILY", None)}
)

_Question = tuple[str, int, socket.AddressFamily]
_Waiter = asyncio.Future["_Answer"]
_Task = asyncio.Task["_Answer"]


class CachingResolver:
    """Answers from a resolver, kept for a while; many who ask at once share one lookup.

    Each time an answer is given, the addresses of each family have moved up by one, so that many
    connections spread over them. Whoever gives up takes the answer from nobody else; the last one who
    gives up ends the lookup.

    Args:
        resolver: Who is asked.
        ttl_seconds: How long addresses are kept; None for ever, 0 not at all.
        negative_ttl_seconds: How long it is remembered that a name has no address (an empty answer, or
            `socket.gaierror` with EAI_NONAME or EAI_NODATA); 0 not at all. Other failures may pass, and
            are never kept.
        clock: Seconds that only grow.
        most: How many answers are kept; the one not asked for the longest gives way.
    """

    def __init__(
        self,
        resolver: Resolver,
        *,
        ttl_seconds: float | None,
        clock: Callable[[], float],
        negative_ttl_seconds: float = 0,
        most: int = 1000,
    ) -> None:
        self._resolver = resolver
        self._ttl = ttl_seconds
        self._negative_ttl = negative_ttl_seconds
        self._clock = clock
        self._most = most
        self._answers: OrderedDict[_Question, _Answer] = OrderedDict()
        self._lookups: dict[_Question, _Lookup] = {}
        self._under_way: dict[_Task, _Lookup] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> Sequence[ResolveResult]:
        """Return the addresses of `host`, from the cache where it has them."""
        question = (host, port, family)
        observer = present_observer()
        if observer is not None:
            return await self._resolve_observed(question, observer)
        known = self._known(question)
        return known.take() if known is not None else await self._shared_lookup(question)

    def clear(self, host: str | None = None, port: int | None = None) -> None:
        """Forget one host's answers, or all; what is being looked up now will not be kept either."""
        for kept in (self._answers, self._lookups):
            for question in [q for q in kept if host is None or q[:2] == (host, port)]:
                del kept[question]

    def stop(self) -> list[_Task]:
        """End the lookups that are still under way, and return them."""
        for task, lookup in self._under_way.items():
            lookup.is_ended = True
            task.cancel()
        return list(self._under_way)

    async def _resolve_observed(
        self, question: _Question, observer: ConnectObserver
    ) -> Sequence[ResolveResult]:
        host = question[0]
        known = self._known(question)
        if known is not None or question in self._lookups:
            await observer.address_known(host)
            return known.take() if known is not None else await self._shared_lookup(question)
        if self._ttl != 0:
            await observer.address_unknown(host)
        await observer.resolving(host)
        addresses = await self._shared_lookup(question)
        await observer.resolved(host)
        return addresses

    def _known(self, question: _Question) -> "_Answer | None":
        known = self._answers.get(question)
        if known is None:
            return None
        if known.until is not None and self._clock() >= known.until:
            del self._answers[question]
            return None
        self._answers.move_to_end(question)
        return known

    async def _shared_lookup(self, question: _Question) -> Sequence[ResolveResult]:
        lookup = self._lookups.get(question)
        if lookup is None:
            lookup = self._lookups[question] = self._begin(question)
        waiter: _Waiter = asyncio.get_running_loop().create_future()
        lookup.waiters.append(waiter)
        try:
            answer = await waiter
        finally:
            lookup.waiters.remove(waiter)
            if not lookup.waiters:
                self._leave(question, lookup)
        return answer.take()

    def _begin(self, question: _Question) -> "_Lookup":
        lookup = _Lookup(asyncio.get_running_loop().create_task(self._ask(question)))
        self._under_way[lookup.task] = lookup
        # Not the task itself: one that is cancelled before its first step runs nothing of its own.
        lookup.task.add_done_callback(lambda task: self._settle(question, lookup, task))
        return lookup

    async def _ask(self, question: _Question) -> "_Answer":
        host, port, family = question
        with dialling_for(None):  # it is looked up for whoever asks, not for the first alone
            try:
                addresses = await self._resolver.resolve(host, port, family=family)
                check_answer(addresses)
            except OSError as fault:
                return _Answer((), fault)
        return _Answer(addresses)

    def _leave(self, question: _Question, lookup: "_Lookup") -> None:
        """Let a lookup be that nobody waits for; who comes next begins another."""
        if self._lookups.get(question) is lookup:
            del self._lookups[question]
        lookup.task.cancel()

    def _settle(self, question: _Question, lookup: "_Lookup", task: _Task) -> None:
        del self._under_way[task]
        is_current = self._lookups.get(question) is lookup
        if is_current:
            del self._lookups[question]
        fault = None if task.cancelled() else task.exception()
        if is_current and fault is None and not task.cancelled():
            self._keep(question, task.result())
        for waiter in lookup.waiters:
            if waiter.done():
                continue
            if lookup.is_ended:
                waiter.cancel()
            elif task.cancelled():  # by the resolver: nobody cancelled those who wait
                waiter.set_exception(OSError("the resolver gave the lookup up"))
            elif fault is not None:
                waiter.set_exception(fault)
            else:
                waiter.set_result(task.result())

    def _keep(self, question: _Question, answer: "_Answer") -> None:
        seconds = self._ttl if answer.addresses else self._negative_ttl if answer.is_final else 0
        if seconds == 0:
            return
        answer.until = None if seconds is None else self._clock() + seconds
        self._answers[question] = answer
        self._answers.move_to_end(question)
        if len(self._answers) > self._most:
            self._answers.popitem(last=False)


class _Lookup:
    """A question that is being asked, and those who wait for the answer."""

    __slots__ = ("is_ended", "task", "waiters")

    def __init__(self, task: _Task) -> None:
        self.task = task
        self.is_ended = False
        self.waiters: list[_Waiter] = []


class _Answer:
    """What a resolver said: addresses, or why there are none."""

    __slots__ = ("_turns", "addresses", "fault", "until")

    def __init__(self, addresses: Sequence[ResolveResult], fault: OSError | None = None) -> None:
        self.addresses = addresses
        self.fault = fault
        self.until: float | None = None
        self._turns = 0

    @property
    def is_final(self) -> bool:
        """Whether to ask again at once would be in vain."""
        return self.fault is None or (
            isinstance(self.fault, socket.gaierror) and self.fault.errno in _NO_ADDRESS
        )

    def take(self) -> Sequence[ResolveResult]:
        """Return the addresses, in another order each time, or raise what the resolver raised."""
        if self.fault is not None:
            raise self.fault.with_traceback(None)  # it is raised often, and must not grow each time
        self._turns += 1
        return rotated(self.addresses, self._turns - 1)
