"""How long an exchange waits for its peer: to take the request, to begin the response, to go on with it.

Made only for an exchange that has such a limit; while the peer is neither slow nor silent it has at
most one timer, and hearing something costs a note of the time.
"""

import asyncio
from collections.abc import Callable

from whimbrel_connector._silence import SilenceWatch
from whimbrel_connector.exchange_options import ExchangeOptions
from whimbrel_connector.timeout_errors import FirstByteTimeout, PhaseTimeout, ReadTimeout, SendTimeout

__all__ = ["Patience"]


class Patience:
    """The limits of one exchange on its peer's slowness.

    Args:
        loop: The loop.
        options: What is allowed: `send_seconds`, `first_byte_seconds`, `read_seconds`.
        unsent_bytes: Returns how much of the request has not left yet.
        fail: Is given the error when it is too much.
    """

    __slots__ = ("_fail", "_loop", "_options", "_sending", "_silence", "_unsent", "_unsent_bytes")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        options: ExchangeOptions,
        unsent_bytes: Callable[[], int],
        fail: Callable[[PhaseTimeout], None],
    ) -> None:
        self._loop = loop
        self._options = options
        self._unsent_bytes = unsent_bytes
        self._fail = fail
        self._unsent = 0
        self._sending: SilenceWatch | None = None
        self._silence: SilenceWatch | None = None
        if options.first_byte_seconds is not None:
            self._silence = SilenceWatch(loop, options.first_byte_seconds, self._silent_at_first)
        else:
            self._watch_reading()

    def heard(self) -> None:
        """Note that something arrived."""
        if self._silence is not None:
            self._silence.heard()

    def head_came(self) -> None:
        """Allow from now on what is allowed between the bytes of a response."""
        if self._options.first_byte_seconds is not None and self._silence is not None:
            self._silence.stop()
            self._silence = None
            self._watch_reading()

    def mind_peer(self, is_its_turn: bool) -> None:
        """Count the peer's silence, or not: while this side sends, or does not read, it may be silent."""
        if self._silence is not None:
            if is_its_turn:
                self._silence.resume()
            else:
                self._silence.pause()

    def sending_stands(self) -> None:
        """Learn that the transport takes no more until the peer does."""
        if self._options.send_seconds is not None:
            self._unsent = self._unsent_bytes()
            self._watch_sending(self._options.send_seconds)

    def sending_goes_on(self) -> None:
        """Learn that the transport takes more."""
        if self._sending is not None:
            self._sending.stop()
            self._sending = None

    def stop(self) -> None:
        """Wait for nothing any more."""
        self.sending_goes_on()
        if self._silence is not None:
            self._silence.stop()
            self._silence = None

    def _watch_reading(self) -> None:
        if self._options.read_seconds is not None:
            self._silence = SilenceWatch(self._loop, self._options.read_seconds, self._silent)

    def _watch_sending(self, seconds: float) -> None:
        if self._sending is not None:
            self._sending.stop()
        self._sending = SilenceWatch(self._loop, seconds, self._stands_still)

    def _silent_at_first(self, seconds: float, elapsed: float) -> None:
        self._fail(FirstByteTimeout(seconds, elapsed))

    def _silent(self, seconds: float, elapsed: float) -> None:
        self._fail(ReadTimeout(seconds, elapsed))

    def _stands_still(self, seconds: float, elapsed: float) -> None:
        unsent = self._unsent_bytes()
        if unsent < self._unsent:  # it takes little by little: that is no standstill
            self._unsent = unsent
            self._watch_sending(seconds)
        else:
            self._fail(SendTimeout(seconds, elapsed))
