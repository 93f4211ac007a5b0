"""The life of a request, from what is asked to the response: each rule in its order.

The rules themselves stand in modules of their own; here is when they apply.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol

from multidict import CIMultiDict
from yarl import URL

from whimbrel._bodies import rewind, rewinds
from whimbrel._body_rules import DEFAULT_BODY_RULES
from whimbrel._cookies import CookieJarLike, cookie_source, store_cookies
from whimbrel._netrc import NETRC
from whimbrel._outgoing import Head, Outgoing, complete_headers
from whimbrel._plan import Plan, RaiseForStatus
from whimbrel._redirects import crosses_origin, is_redirect, moved, next_request
from whimbrel._repeat import may_repeat
from whimbrel._translation import translate_fault
from whimbrel._wire import direct_request, leased_url, wire_request
from whimbrel.errors import RequestTimeoutError
from whimbrel.response import ClientResponse, TooManyRedirects
from whimbrel_connector import (
    AlarmClock,
    ConnectorError,
    Deadline,
    Exchange,
    ExchangeOptions,
    Proxy,
    Request,
    Timeouts,
    TlsPolicy,
    attempts_before,
)
from whimbrel_cookies import merge_cookie_header
from whimbrel_http1 import Http1Error, ResponseHead

__all__ = ["ConnectorLike", "Passage", "RequestLife", "Send"]

# What hands a hop on to the wire, and what a hop passes through before: it may send another in its place.
Send = Callable[[Outgoing, Head, Plan], Awaitable[ClientResponse]]
Passage = Callable[[Outgoing, CIMultiDict[str], Plan, Send], Awaitable[ClientResponse]]

# What sending raises.
_REFUSALS = (ConnectorError, Http1Error, OSError)


class ConnectorLike(Protocol):
    """All that a session asks of a connector; anything that fits will do.

    One whose attribute `reaches_proxies` is False is given no proxy that the environment names; one whose
    attribute `is_elsewhere` is True is closed only where the closing of the session is awaited. One whose
    attribute `allowed_protocol_schema_set` names further schemes is asked for their URLs, too.
    """

    @property
    def closed(self) -> bool:
        """Whether it was closed."""

    async def connect(
        self,
        url: URL,
        *,
        tls: TlsPolicy | None = None,
        proxy: Proxy | None = None,
        timeouts: Timeouts = ...,
        options: ExchangeOptions = ...,
        request: Request | None = None,
    ) -> Exchange:
        """Return the right to one exchange with the origin of `url`, by way of `proxy`.

        `request` is what will be sent, where that is known; it need not be heeded.
        """

    def close(self) -> Awaitable[object]:
        """Begin to close; await the result to see the end."""


class RequestLife:
    """Makes requests by the rules, with what a session has.

    Args:
        connector: Where connections come from.
        jar: Where cookies come from and go to.
        response_class: The class of responses.
        requote: Whether redirect targets are put into canonical form; it may be changed.
    """

    def __init__(
        self,
        connector: ConnectorLike,
        jar: CookieJarLike,
        response_class: type[ClientResponse],
        *,
        requote: bool,
    ) -> None:
        self.connect_by(connector)
        self.keep_cookies_in(jar)
        self._response_class = response_class
        self._clock = AlarmClock()
        self.requote = requote

    def connect_by(self, connector: ConnectorLike) -> None:
        """Take connections from this connector from now on."""
        self.connector = connector
        # What leads to one socket on this machine goes there, whatever proxy the environment names.
        self._asks_environment: bool = getattr(connector, "reaches_proxies", True)

    def keep_cookies_in(self, jar: CookieJarLike) -> None:
        """Take cookies from this jar, and give them to it, from now on."""
        self.jar = jar
        self._cookies_for = cookie_source(jar)

    async def perform(self, outgoing: Outgoing, plan: Plan, passage: Passage | None) -> ClientResponse:
        """Make the request and those it is redirected to, within the total limit.

        Args:
            outgoing: What is asked.
            plan: What it obeys.
            passage: What each hop passes through, or None where it is sent at once.
        """
        deadline = Deadline(self._clock, plan.total_seconds, _too_late)
        deadline.start()
        try:
            if plan.proxies.trusts_environment:
                outgoing = await NETRC.complete(outgoing)
            response, attempt = None, plan
            if passage is None and plan.is_plain and not outgoing.offers_upgrade:
                # What `_send` would do; each coroutine that a request waits in costs it twice.
                head = outgoing.head(self._cookie_header(outgoing))
                try:
                    wire = direct_request(outgoing, head)
                    exchange = await self.connector.connect(
                        outgoing.url,
                        tls=plan.tls,
                        timeouts=plan.timeouts,
                        options=plan.exchange,
                        request=wire,
                    )
                    answer = await exchange.send(wire)
                except _REFUSALS as fault:
                    attempt = _once_more(fault, outgoing, head, plan)
                else:
                    response = self._response(outgoing, head, plan, exchange, answer)
            if response is None:
                response = await self._hop(outgoing, attempt, passage)
            if plan.max_redirects is not None and is_redirect(response.status):
                response = await self._follow(response, outgoing, plan, passage)
            if plan.raise_for_status is not False:
                await _judge(response, plan.raise_for_status)
            response.keep_within(deadline)
        except BaseException as fault:
            _end(deadline, fault)
            raise
        deadline.end()
        return response

    def rest(self) -> None:
        """Leave no timer behind that nobody waits for."""
        self._clock.rest()

    async def _follow(
        self, response: ClientResponse, outgoing: Outgoing, plan: Plan, passage: Passage | None
    ) -> ClientResponse:
        """Go where `response` leads, and on from there; return the response that leads nowhere."""
        history: list[ClientResponse] = []
        while is_redirect(response.status):
            location = response.headers.get("Location") or response.headers.get("URI")
            if not location:
                break
            history.append(response)
            if plan.traces is not None:
                await plan.traces.redirected(outgoing, response)
            response.release()
            if len(history) >= (plan.max_redirects or 0):
                raise TooManyRedirects(
                    history[0].request_info,
                    tuple(history),
                    status=response.status,
                    message=f"{len(history)} redirects in a row, and max_redirects is {plan.max_redirects}",
                    headers=response.headers,
                )
            if passage is not None:
                outgoing = moved(outgoing, response.real_url)
            left = outgoing.url
            outgoing = next_request(outgoing, response.status, location, requote=self.requote)
            if crosses_origin(left, outgoing.url):
                plan = plan.beyond_its_origin()
            if plan.traces is not None:
                plan.traces.now_at(outgoing)
            rewind(outgoing.body)
            response = await self._hop(outgoing, plan, passage)
            response.history = tuple(history)
        return response

    # Not a coroutine of its own: as above.

    def _hop(self, outgoing: Outgoing, plan: Plan, passage: Passage | None) -> Awaitable[ClientResponse]:
        """Make one request, by way of what it passes through; return its response, whatever it says."""
        cookie_header = self._cookie_header(outgoing)
        if passage is None:
            return self._send(outgoing, outgoing.head(cookie_header), plan)
        return passage(outgoing, complete_headers(outgoing, cookie_header), plan, self._send)

    def _cookie_header(self, outgoing: Outgoing) -> str:
        cookies_for = self._cookies_for
        cookie_header = cookies_for(outgoing.url)
        return merge_cookie_header(cookie_header, outgoing.cookies) if outgoing.cookies else cookie_header

    async def _send(self, outgoing: Outgoing, head: Head, plan: Plan) -> ClientResponse:
        """Send what stands in `outgoing` and `head`; once more, over a fresh connection, if one was stale."""
        while True:
            proxy, may_be_one = None, plan.proxies.may_apply
            try:
                if may_be_one:
                    proxy = plan.proxies.proxy_for(outgoing.url, asks_environment=self._asks_environment)
                # Before a connection is asked for: a head that cannot be written opens none.
                wire = wire_request(outgoing, head, proxy, hides_proxy_fields=may_be_one, traces=plan.traces)
                if plan.uploads is not None:
                    wire = plan.uploads.begin(wire)
                exchange = await self.connector.connect(
                    leased_url(outgoing),
                    tls=plan.tls,
                    proxy=proxy,
                    timeouts=plan.timeouts,
                    options=plan.exchange,
                    request=wire if plan.traces is None and plan.uploads is None else None,
                )
                if plan.uploads is not None:
                    plan.uploads.sending(exchange)
                if plan.traces is not None:
                    await plan.traces.sending(exchange, outgoing, head.headers, wire.body)
                answer = await exchange.send(wire)
            except _REFUSALS as fault:
                plan = _once_more(fault, outgoing, head, plan)
            else:
                return self._response(outgoing, head, plan, exchange, answer)

    def _response(
        self, outgoing: Outgoing, head: Head, plan: Plan, exchange: Exchange, answer: ResponseHead
    ) -> ClientResponse:
        """Return the response that has come over `exchange`."""
        url = outgoing.url
        if answer.get(b"set-cookie") is not None:
            store_cookies(self.jar, answer.get_all(b"set-cookie"), url)
        response = self._response_class(
            outgoing.method, url, request_info=head.info, head=answer, exchange=exchange
        )
        if plan.body_rules is not DEFAULT_BODY_RULES:
            response.obey(plan.body_rules)
        if plan.traces is not None:
            response.report_to(plan.traces)
        return response


async def _judge(response: ClientResponse, raise_for_status: RaiseForStatus) -> None:
    if callable(raise_for_status):
        await raise_for_status(response)
    elif raise_for_status:
        response.raise_for_status()


def _once_more(fault: Exception, outgoing: Outgoing, head: Head, plan: Plan) -> Plan:
    """Return what to obey over a fresh connection, where that is tried; else raise what `fault` means."""
    exchange = plan.exchange
    if not exchange.fresh and may_repeat(fault, outgoing.method) and rewinds(outgoing.body):
        return replace(plan, exchange=replace(exchange, fresh=True))
    documented = translate_fault(fault, head.info, plan.tls)
    try:
        if documented is fault:
            raise fault
        raise documented from fault
    finally:
        del documented, fault  # the traceback of either holds this frame


def _end(deadline: Deadline, fault: BaseException) -> None:
    """End `deadline`, because of which `fault` may have come; raise what it is then."""
    too_late = deadline.end(fault)
    if not isinstance(too_late, RequestTimeoutError):
        return
    too_late.attempts = attempts_before(fault)
    try:
        raise too_late
    finally:
        del too_late, fault  # its traceback holds this frame


def _too_late(limit: float, elapsed: float) -> RequestTimeoutError:
    what = f"Total timeout: the request took longer than {limit:g} s: given up after {elapsed:.3f} s"
    return RequestTimeoutError.after(what, limit=limit, elapsed=elapsed)
