"""The server: listens on this machine, remembers what it was asked, answers as it is told to.

Belongs here: sockets, threads, the ways in which a reply leaves.
Does not belong here: the protocols (`openai`, `bedrock`), behaviours (`honest`, `faults`).
"""

import socket
import struct
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast

from journey_dagster.standin import bedrock, openai
from journey_dagster.standin.wire import Asked, Behaviour, Reply, Request, UnfitError

_Connection = socket.socket | tuple[bytes, socket.socket]
"""As the base class has it; TCP has sockets alone."""


class Server:
    """What `standin` gives."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        """What it does with a question; another may be put here while it runs."""
        self.requests: list[Request] = []
        """All that came in, in order."""
        self.asked: list[Asked] = []
        """The questions among them, those aside that a service would refuse."""
        self.port = 0
        self.closing = threading.Event()

    @property
    def openai_url(self) -> str:
        """For `OPENAI_BASE_URL`."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def bedrock_url(self) -> str:
        """For `INSIGHTS_BEDROCK_URL`."""
        return f"http://127.0.0.1:{self.port}"

    def reply(self, request: Request) -> Reply:
        """What a request is answered.

        Args:
            request: whatever came in.
        """
        self.requests.append(request)
        if request.method == "POST" and request.path == openai.PATH:
            speech, read = openai.Words(), openai.read
        elif request.method == "POST" and bedrock.PATH.fullmatch(request.path):
            speech, read = bedrock.Words(), bedrock.read
        else:
            return Reply(404, b'{"message": "no such address"}')
        try:
            asked = read(request)
        except UnfitError as error:
            return speech.fails("request", str(error))
        self.asked.append(asked)
        return self.behaviour(asked)


@contextmanager
def standin(behaviour: Behaviour) -> Generator[Server]:
    """A server on 127.0.0.1, on a port of its own, for as long as this lasts.

    Args:
        behaviour: what it does with a question.

    Raises:
        Exception: what a behaviour raised, once all is done; the client saw a broken connection.
    """
    server = Server(behaviour)
    listening = _Listening(server)
    server.port = listening.server_port
    thread = threading.Thread(target=listening.serve_forever, args=(0.05,), name="standin")
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        listening.shutdown()
        listening.hang_up()
        listening.server_close()
        thread.join()
    if listening.errors:
        raise listening.errors[0]


class _Listening(ThreadingHTTPServer):
    """Knows its open connections, so that it can end them."""

    request_queue_size = 256
    daemon_threads = False

    def __init__(self, server: Server) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.told = server
        self.errors: list[BaseException] = []
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def hang_up(self) -> None:
        """End what clients keep open; a thread waiting for their next request ends too."""
        with self._lock:
            for each in self._open:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def process_request(self, request: _Connection, client_address: object) -> None:
        with self._lock:
            self._open.add(cast("socket.socket", request))
        super().process_request(request, client_address)

    def shutdown_request(self, request: _Connection) -> None:
        with self._lock:
            self._open.discard(cast("socket.socket", request))
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that leaves is no error; a behaviour's own is told at the end."""
        del request, client_address
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, ConnectionError):
            self.errors.append(error)


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        del format, args

    def _answer(self) -> None:
        told = cast("_Listening", self.server).told
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = told.reply(Request(self.command, self.path, headers, body))
        if told.closing.wait(reply.after):
            self.close_connection = True
            return
        self._send(reply, told.closing)

    def _send(self, reply: Reply, closing: threading.Event) -> None:
        headers = {
            "Content-Type": "application/json",
            "Content-Length": str(len(reply.body)),
            **reply.headers,
        }
        head = f"HTTP/1.1 {reply.status} Told\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in headers.items()
        )
        self.close_connection = reply.pace not in {"whole", "drip"}
        match reply.pace:
            case "whole":
                self.wfile.write(f"{head}\r\n".encode() + reply.body)
            case "cut":
                self.wfile.write(f"{head}\r\n".encode() + reply.body[: len(reply.body) // 2])
            case "drip":
                self.wfile.write(f"{head}\r\n".encode())
                for byte in reply.body:
                    self.wfile.write(bytes([byte]))
                    if closing.wait(reply.every):
                        self.close_connection = True
                        return
            case "reset":
                # Closing with nothing to linger for sends a reset instead of a goodbye.
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.connection.close()
            case "hang":
                closing.wait()
