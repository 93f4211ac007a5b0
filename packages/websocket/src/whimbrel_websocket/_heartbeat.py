"""Decide when to ping a silent peer and when to give it up; the clock is passed in."""

from enum import Enum

__all__ = ["Beat", "Heartbeat"]


class Beat(Enum):
    """What is due when the timer fires."""

    WAIT, PING, GIVE_UP = range(3)


class Heartbeat:
    """Ping after `seconds` of silence, give up after half as many more.

    Whatever arrives is a sign of life, not only a pong.

    Attributes:
        patience_seconds: How long a ping may stay unanswered.
        due: When `tick` wants to be called next.
    """

    def __init__(self, seconds: float, now: float) -> None:
        self._seconds = seconds
        self.patience_seconds = seconds / 2
        self._heard = now
        self._pinged = False
        self.due = now + seconds

    def heard(self, now: float) -> None:
        """Note a sign of life. Cheap: the timer is left alone."""
        self._heard = now
        self._pinged = False

    def tick(self, now: float) -> Beat:
        """Tell what to do at `now`, and set `due` anew."""
        if self._pinged:
            if now < self.due:
                return Beat.WAIT
            return Beat.GIVE_UP
        quiet_until = self._heard + self._seconds
        if now < quiet_until:
            self.due = quiet_until
            return Beat.WAIT
        self._pinged = True
        self.due = now + self.patience_seconds
        return Beat.PING
