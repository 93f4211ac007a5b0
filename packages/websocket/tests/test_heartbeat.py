"""The heartbeat's decisions, with a clock of our own."""

from whimbrel_websocket._heartbeat import Beat, Heartbeat


def test_a_silent_peer_is_pinged_and_then_given_up() -> None:
    heartbeat = Heartbeat(10.0, now=100.0)
    assert heartbeat.due == 110.0
    assert heartbeat.tick(110.0) is Beat.PING
    assert heartbeat.due == 115.0
    assert heartbeat.tick(115.0) is Beat.GIVE_UP


def test_whatever_arrives_puts_the_ping_off() -> None:
    heartbeat = Heartbeat(10.0, now=0.0)
    heartbeat.heard(7.0)
    assert heartbeat.tick(10.0) is Beat.WAIT
    assert heartbeat.due == 17.0
    assert heartbeat.tick(17.0) is Beat.PING


def test_an_answer_starts_the_silence_anew() -> None:
    heartbeat = Heartbeat(10.0, now=0.0)
    assert heartbeat.tick(10.0) is Beat.PING
    heartbeat.heard(11.0)
    assert heartbeat.tick(15.0) is Beat.WAIT
    assert heartbeat.due == 21.0
    assert heartbeat.tick(21.0) is Beat.PING


def test_a_timer_that_fires_early_decides_nothing() -> None:
    heartbeat = Heartbeat(10.0, now=0.0)
    assert heartbeat.tick(9.9) is Beat.WAIT
    assert heartbeat.tick(10.0) is Beat.PING
    assert heartbeat.tick(14.9) is Beat.WAIT
    assert heartbeat.due == 15.0
