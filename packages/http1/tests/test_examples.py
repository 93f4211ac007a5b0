"""The examples, started for real on the loopback: what their users observe."""

from __future__ import annotations

import http.client
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
if not EXAMPLES.is_dir():
    pytest.skip(f"the examples are not here: {EXAMPLES}", allow_module_level=True)

TIMEOUT_SECONDS = 20.0
GET = b"GET /nest HTTP/1.1\r\nHost: shore.example\r\n"


@contextmanager
def started(script: str, *arguments: str, stop: signal.Signals = signal.SIGTERM) -> Iterator[int]:
    """Start an example on a free port, yield the port once it listens, stop it and see that it was quiet."""
    command = [sys.executable, str(EXAMPLES / script), "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.fullmatch(r"listening on 127\.0\.0\.1 port (\d+)\n", line)
            assert found is not None, line
            yield int(found[1])
        finally:
            process.send_signal(stop)
            try:
                _, complaints = process.communicate(timeout=TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:  # where interrupts are ignored, it would be waited for in vain
                process.kill()
                raise
        assert complaints == ""


@contextmanager
def heeding_interrupts() -> Iterator[None]:
    """Let what is started heed interrupts: what runs in the background may ignore them, and so would its children."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    with started("server.py") as port:
        yield port


@pytest.fixture(scope="module", params=["server.py", "loop.py"])
def any_server(request: pytest.FixtureRequest) -> Iterator[int]:
    with started(request.param) as port:
        yield port


@pytest.fixture(scope="module")
def forward_proxy() -> Iterator[int]:
    with started("proxy.py") as port:
        yield port


@pytest.fixture(scope="module")
def reverse_proxy(server: int) -> Iterator[int]:
    with started("proxy.py", "--to", f"127.0.0.1:{server}") as port:
        yield port


def talk(port: int, wire: bytes, *, half_close: bool = False) -> bytes:
    """Send `wire` and return all that comes back until the other side closes."""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS) as connection:
        connection.sendall(wire)
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        while data := connection.recv(65536):
            answer += data
        return answer


@contextmanager
def peer(*answers: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """Stand in for a server: each connection brings one head and gets one answer; heads are noted."""
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(TIMEOUT_SECONDS)

        def serve() -> None:
            for answer in answers:
                connection, _ = listener.accept()
                with connection:
                    connection.settimeout(TIMEOUT_SECONDS)
                    seen.append(read_head(connection))
                    connection.sendall(answer)
                    connection.shutdown(socket.SHUT_WR)
                    with suppress(ConnectionError):
                        while connection.recv(65536):
                            pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1], seen
        thread.join(TIMEOUT_SECONDS)
        assert not thread.is_alive()


def read_head(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        assert more, data
        data += more
    return data


# The server, and the loop of forty lines.


def test_the_loop_has_forty_lines() -> None:
    source = (EXAMPLES / "loop.py").read_text(encoding="utf-8")
    lines = source[source.index("class Conversation") :].splitlines()
    assert sum(bool(line.strip()) for line in lines) <= 40


def test_a_server_keeps_the_connection_for_the_next_request(any_server: int) -> None:
    client = http.client.HTTPConnection("127.0.0.1", any_server, timeout=TIMEOUT_SECONDS)
    try:
        for method, body in (("GET", None), ("POST", b"eggs"), ("HEAD", None), ("PUT", [b"e", b"ggs"])):
            client.request(method, "/nest", body)
            response = client.getresponse()
            content = response.read()
            assert response.status == 200
            assert not response.will_close
            length = 4 if body else 0
            assert content == (b"" if method == "HEAD" else f"{method} /nest {length}\n".encode())
    finally:
        client.close()


def test_a_server_answers_pipelined_requests_in_order(any_server: int) -> None:
    post = b"POST /eggs HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\neggs\r\n0\r\n\r\n"
    answer = talk(any_server, GET + b"\r\n" + post + GET + b"Connection: close\r\n\r\n")
    assert re.findall(rb"\r\n\r\n(.*)\n", answer) == [b"GET /nest 0", b"POST /eggs 4", b"GET /nest 0"]
    assert re.findall(rb"Connection: (.*)\r\n", answer) == [b"keep-alive", b"keep-alive", b"close"]


def test_a_server_answers_http_1_0_and_closes(any_server: int) -> None:
    assert b"Connection: close\r\n" in talk(any_server, b"GET / HTTP/1.0\r\n\r\n")


@pytest.mark.parametrize(
    "wire",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        GET + b"A : 1\r\n\r\n",
        GET + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        GET + b"Transfer-Encoding: chunked\r\n\r\n0x1\r\n",
        b"GET / HTTP/2.0\r\n\r\n",
    ],
)
def test_a_server_refuses_what_is_no_request_and_closes(any_server: int, wire: bytes) -> None:
    answer = talk(any_server, wire)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"Connection: close\r\n" in answer
    assert b"RFC 9112" in answer


def test_a_server_answers_what_came_before_the_fault(server: int) -> None:
    answer = talk(server, GET + b"\r\n" + b"\x00" * 70_000)
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"200", b"400"]


def test_a_server_refuses_a_head_without_end(server: int) -> None:
    answer = talk(server, GET + b"A: " + b"b" * 10_000)
    assert answer.startswith(b"HTTP/1.1 431 ")


def test_a_server_asks_for_a_body_that_waits(any_server: int) -> None:
    with socket.create_connection(("127.0.0.1", any_server), TIMEOUT_SECONDS) as connection:
        connection.sendall(GET + b"Expect: 100-continue\r\nContent-Length: 4\r\nConnection: close\r\n\r\n")
        assert read_head(connection) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"eggs")
        assert read_head(connection).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_server_stays_with_http_when_asked_to_upgrade(any_server: int) -> None:
    answer = talk(
        any_server,
        GET + b"Connection: upgrade\r\nUpgrade: websocket\r\n\r\n" + GET + b"Connection: close\r\n\r\n",
    )
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"200", b"200"]


def test_a_server_opens_no_tunnel(server: int) -> None:
    assert talk(server, b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n\x16\x03").startswith(b"HTTP/1.1 501 ")


def test_a_server_sees_that_a_client_left_within_a_request(any_server: int) -> None:
    answer = talk(any_server, GET + b"Content-Length: 4\r\n\r\neg", half_close=True)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"2 of 4 bytes" in answer
    assert talk(any_server, b"", half_close=True) == b""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for a single process")
@pytest.mark.skipif(sys.version_info < (3, 11), reason="an interrupt strikes anywhere in the loop")
@pytest.mark.parametrize("script", ["server.py", "proxy.py"])
def test_an_interrupt_ends_it_at_once_and_quietly(script: str) -> None:
    with heeding_interrupts(), ExitStack() as stack, started(script, stop=signal.SIGINT) as port:
        connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS))
        connection.sendall(GET + b"\r\n")
        read_head(connection)


# The proxy.


def test_a_reverse_proxy_relays_bodies_in_both_directions(reverse_proxy: int) -> None:
    client = http.client.HTTPConnection("127.0.0.1", reverse_proxy, timeout=TIMEOUT_SECONDS)
    body = b"eggs" * 100_000
    try:
        for sent in (body, iter([body[:7], body[7:]])):
            client.request("POST", "/nest", sent)
            response = client.getresponse()
            assert (response.status, response.read()) == (200, b"POST /nest 400000\n")
            assert response.getheader("Via") == "1.1 whimbrel-example"
    finally:
        client.close()


def test_a_forward_proxy_goes_where_the_target_says(forward_proxy: int, server: int) -> None:
    wire = f"GET http://127.0.0.1:{server}/nest?x=1 HTTP/1.1\r\nHost: elsewhere\r\n\r\n".encode()
    answer = talk(forward_proxy, wire * 2, half_close=True)
    assert re.findall(rb"\r\n\r\n(.*)\n", answer) == [b"GET /nest?x=1 0"] * 2


def test_fields_for_one_connection_stay_behind(forward_proxy: int) -> None:
    response = (
        b"HTTP/1.1 200 OK\r\nConnection: X-Hop, content-length\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n"
        b"Upgrade: h2c\r\nX-End: 1\r\nContent-Length: 4\r\n\r\neggs"
    )
    request = (
        b"POST /nest HTTP/1.1\r\nHost: shore.example\r\nConnection: X-Hop, host, upgrade\r\nX-Hop: 1\r\n"
        b"TE: trailers\r\nUpgrade: h2c\r\nProxy-Authorization: Basic eA==\r\nProxy-Connection: keep-alive\r\n"
        b"X-End: 1\r\nContent-Length: 4\r\n\r\neggs"
    )
    with peer(response) as (port, seen):
        answer = talk(
            forward_proxy, request.replace(b"/nest", b"http://127.0.0.1:%d/nest" % port), half_close=True
        )
    # The response may come before the whole request is read, and then the connection closes.
    assert answer.replace(b"Connection: close", b"Connection: keep-alive") == (
        b"HTTP/1.1 200 OK\r\nX-End: 1\r\nVia: 1.1 whimbrel-example\r\nContent-Length: 4\r\n"
        b"Connection: keep-alive\r\n\r\neggs"
    )
    assert seen[0].partition(b"\r\n\r\n")[0] == (
        b"POST /nest HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nX-End: 1\r\nVia: 1.1 whimbrel-example\r\n"
        b"Connection: close\r\nContent-Length: 4" % port
    )


@pytest.mark.parametrize(
    ("response", "version", "body"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\neggs", b"1.1", b"4\r\neggs\r\n0\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\n\r\neggs", b"1.0", b"eggs"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\neg\r\n2\r\ngs\r\n0\r\nA: b\r\n\r\n",
            b"1.0",
            b"eggs",
        ),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b"1.1", b""),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n", b"1.1", b""),
    ],
)
def test_a_response_is_framed_for_its_reader(
    forward_proxy: int, response: bytes, version: bytes, body: bytes
) -> None:
    with peer(response) as (port, _):
        request = b"GET http://127.0.0.1:%d/ HTTP/%b\r\nHost: a\r\n\r\n" % (port, version)
        answer = talk(forward_proxy, request, half_close=True)
    assert answer.partition(b"\r\n\r\n")[2] == body


def test_interim_responses_pass_and_the_body_follows_them(reverse_proxy: int) -> None:
    with socket.create_connection(("127.0.0.1", reverse_proxy), TIMEOUT_SECONDS) as connection:
        connection.sendall(GET + b"Expect: 100-continue\r\nContent-Length: 4\r\nConnection: close\r\n\r\n")
        assert read_head(connection).startswith(b"HTTP/1.1 100 Continue\r\n")
        connection.sendall(b"eggs")
        assert read_head(connection).startswith(b"HTTP/1.1 200 OK\r\n")


def test_an_answer_does_not_wait_for_the_body_it_refuses(forward_proxy: int) -> None:
    with peer(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n") as (port, _):
        request = b"POST http://127.0.0.1:%d/ HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n" % port
        answer = talk(forward_proxy, request)
    assert answer.startswith(b"HTTP/1.1 413 Content Too Large\r\n")
    assert b"Connection: close\r\n" in answer


@pytest.mark.parametrize(
    "response",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: a\r\n\r\n",
    ],
)
def test_a_server_that_makes_no_sense_is_a_bad_gateway(forward_proxy: int, response: bytes) -> None:
    with peer(response) as (port, _):
        answer = talk(forward_proxy, b"GET http://127.0.0.1:%d/ HTTP/1.1\r\nHost: a\r\n\r\n" % port)
    assert re.findall(rb"HTTP/1.1 (\d+)", answer)[-1] == b"502"
    assert answer.count(b"HTTP/1.1 502 Bad Gateway\r\n") == 1


@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\neg",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\neggs\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\neggs\r\n0x\r\n",
    ],
)
@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
def test_a_cut_body_never_looks_whole(forward_proxy: int, response: bytes, version: bytes) -> None:
    with peer(response) as (port, _):
        request = b"GET http://127.0.0.1:%d/ HTTP/%b\r\nHost: a\r\n\r\n" % (port, version)
        with pytest.raises(ConnectionResetError):
            talk(forward_proxy, request)


@pytest.mark.parametrize(
    ("wire", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (GET + b"Transfer-Encoding: chunked\r\n\r\n0x1\r\n", b"400"),
        (GET + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", b"501"),
        (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", b"501"),
        (b"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", b"400"),
        (b"GET http://[/ HTTP/1.1\r\nHost: a\r\n\r\n", b"400"),
        (GET + b"Via: " + b"1.1 whimbrel-example, " * 10 + b"\r\n\r\n", b"508"),
        (GET + b"Content-Length: 4\r\n\r\neg", b"400"),
    ],
)
def test_a_proxy_refuses_what_it_cannot_relay(reverse_proxy: int, wire: bytes, status: bytes) -> None:
    answer = talk(reverse_proxy, wire, half_close=True)
    assert answer.startswith(b"HTTP/1.1 %b " % status)


def test_a_forward_proxy_needs_a_whole_url(forward_proxy: int) -> None:
    assert talk(forward_proxy, GET + b"\r\n").startswith(b"HTTP/1.1 400 ")


def test_an_unreachable_server_is_a_bad_gateway(forward_proxy: int) -> None:
    with socket.socket() as placeholder:
        placeholder.bind(("127.0.0.1", 0))  # bound, not listening: nobody answers there
        target = f"http://127.0.0.1:{placeholder.getsockname()[1]}/"
        answer = talk(forward_proxy, f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 502 ")


# The replayer.


@pytest.fixture
def replay(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(port: int, *recordings: bytes) -> subprocess.CompletedProcess[str]:
        files: list[str] = []
        for number, recording in enumerate(recordings):
            file = tmp_path / f"{number}.bin"
            file.write_bytes(recording)
            files.append(str(file))
        command = [sys.executable, str(EXAMPLES / "replay.py"), *files, "--port", str(port)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS)

    return run


def lines_of(done: subprocess.CompletedProcess[str]) -> list[list[str]]:
    """Return status, size and what was asked of each line; the time says nothing."""
    matches = [
        re.fullmatch(r"(\d+) +(\d+) bytes +[\d.]+ ms  (.*)", line) for line in done.stdout.splitlines()
    ]
    return [list(match.groups()) for match in matches if match is not None]


Replay = Callable[..., "subprocess.CompletedProcess[str]"]


def test_a_replay_sends_every_request_and_says_what_came(server: int, replay: Replay) -> None:
    recording = (
        GET
        + b"\r\nPOST /eggs HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\neggs\r\n0\r\nA: b\r\n\r\n"
        + b"HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    )
    done = replay(server, recording, GET + b"\r\n")
    assert lines_of(done) == [
        ["200", "12", "GET /nest"],
        ["200", "13", "POST /eggs"],
        ["200", "0", "HEAD /"],
        ["200", "12", "GET /nest"],
    ]
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "fault", [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a", b"POST / HTTP/1.1\r\nA : b\r\n"]
)
def test_a_replay_sends_what_came_before_a_fault(server: int, replay: Replay, fault: bytes) -> None:
    done = replay(server, GET + b"\r\n" + fault)
    assert lines_of(done) == [["200", "12", "GET /nest"]]
    assert done.stderr.startswith("the recording is faulty: ")
    assert done.returncode == 1


def test_a_replay_opens_a_new_connection_when_the_kept_one_is_closed(replay: Replay) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\neggs"
    with peer(answer, answer) as (port, seen):
        done = replay(port, (GET + b"\r\n") * 2)
    assert lines_of(done) == [["200", "4", "GET /nest"]] * 2
    assert (done.returncode, len(seen)) == (0, 2)


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (b"", "closed without an answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\neg", "2 of 4 bytes"),
        (b"nonsense\r\n", "HTTP/1.0 or HTTP/1.1"),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n", "closed|ended"),
    ],
)
def test_a_replay_tells_of_a_server_that_fails(replay: Replay, answer: bytes, complaint: str) -> None:
    with peer(answer) as (port, _):
        done = replay(port, GET + b"\r\n")
    assert (lines_of(done), done.returncode) == ([], 1)
    assert re.match("GET /nest: ", done.stderr)
    assert re.search(complaint, done.stderr)


def test_a_replay_sends_nothing_twice_that_may_have_acted(replay: Replay) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\neggs"
    with peer(answer) as (port, seen):
        done = replay(port, GET + b"\r\nPOST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
    assert lines_of(done) == [["200", "4", "GET /nest"]]
    assert (done.returncode, len(seen)) == (1, 1)
