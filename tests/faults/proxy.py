"""A proxy of our own before an S3 server: it numbers the requests and lets those it is told to go wrong."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# What can befall a request on its way; "after" means that it took effect and its answer was lost.
TRANSIENT = ("drop before", "drop after", "slow down", "internal error", "short body", "slow bytes")
_ANSWERS = {
    "slow down": (503, "SlowDown"),
    "internal error": (500, "InternalError"),
    "denied": (403, "AccessDenied"),
    "clock skew": (403, "RequestTimeTooSkewed"),
    "wrong region": (301, "PermanentRedirect"),
    "wrong signing region": (400, "AuthorizationHeaderMalformed"),
    "expired": (400, "ExpiredToken"),
    "no such bucket": (404, "NoSuchBucket"),
}
SLOW_PIECES = 5
SLOW_SECONDS = 0.2  # for all pieces together


@dataclass(frozen=True)
class Request:
    """One request: its number from 0, and what it asks for."""

    number: int
    method: str
    path: str


class Proxy(ThreadingHTTPServer):
    """Passes requests on to `endpoint`; `choose` says what befalls each ("" for nothing), `kill` ends the client."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, endpoint: str) -> None:
        super().__init__(("127.0.0.1", 0), _Forward)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.upstream = endpoint.removeprefix("http://")
        self.choose: Callable[[Request], str] = lambda request: ""
        self.kill: Callable[[], None] = lambda: None
        self.delay = 0.0  # seconds before a request is passed on
        self.ignored = ""  # a header, in lower case, that is not passed on
        self.requests: list[Request] = []
        self._lock = threading.Lock()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients are killed here, and connections dropped."""

    def met_with(self, method: str, path: str) -> str:
        """Number a request; what befalls it."""
        with self._lock:
            request = Request(len(self.requests), method, path)
            self.requests.append(request)
            return self.choose(request)

    def calm(self) -> None:
        """From now on nothing goes wrong, and requests are counted anew."""
        with self._lock:
            self.choose = lambda request: ""
            self.requests = []


class _Forward(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Proxy

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""

    def do_any(self) -> None:
        """Answer one request, or not."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.server.met_with(self.command, self.path)
        if fault == "kill before":
            self.server.kill()
        if fault in ("drop before", "kill before"):
            return self.hang_up()
        if fault in _ANSWERS:
            status, code = _ANSWERS[fault]
            answer = f"<Error><Code>{code}</Code><Message>{fault}</Message></Error>".encode()
            return self.answer(status, {"Content-Type": "application/xml"}, answer)
        status, headers, data = self.passed_on(body)
        if fault == "kill after":
            self.server.kill()
        if fault in ("drop after", "kill after"):
            return self.hang_up()
        return self.answer(status, headers, data, fault)

    def hang_up(self) -> None:
        """Close the connection without a word."""
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def passed_on(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """The endpoint's answer."""
        dropped = (self.server.ignored, "expect")  # this proxy has asked for the body already
        headers = {name: value for name, value in self.headers.items() if name.lower() not in dropped}
        time.sleep(self.server.delay)
        connection = http.client.HTTPConnection(self.server.upstream, timeout=60)
        try:
            connection.request(self.command, self.path, body=body or None, headers=headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def answer(self, status: int, headers: dict[str, str], data: bytes, fault: str = "") -> None:
        """Send an answer, the body perhaps in part or slowly."""
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in ("connection", "transfer-encoding", "date", "server", "content-length"):
                self.send_header(name, value)
        body = self.command != "HEAD"
        self.send_header("Content-Length", str(len(data)) if body else headers.get("Content-Length", "0"))
        self.end_headers()
        if not body:
            return
        if fault == "short body" and data:
            self.wfile.write(data[: len(data) // 2])
            self.hang_up()
        elif fault == "slow bytes":
            piece = max(1, -(-len(data) // SLOW_PIECES))
            for start in range(0, len(data), piece):
                time.sleep(SLOW_SECONDS / SLOW_PIECES)
                self.wfile.write(data[start : start + piece])
        else:
            self.wfile.write(data)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_any  # noqa: N815


@contextlib.contextmanager
def proxy_before(endpoint: str) -> Iterator[Proxy]:
    """A running proxy, on a free port of 127.0.0.1."""
    server = Proxy(endpoint)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
