"""Serves the site folder on this machine.

Belongs here: a small static server for looking at one's own site. Does not belong here: publishing.
"""

import os
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from journey_dagster.warehouse import WarehouseError

SimpleHTTPRequestHandler.extensions_map[".js"] = "text/javascript"


class _Quiet(SimpleHTTPRequestHandler):
    """Says nothing of requests, and lets no reader keep an old file."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        del format, args

    def list_directory(self, path: str | os.PathLike[str]) -> None:
        del path
        self.send_error(404)

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()


def server(site: Path, port: int) -> ThreadingHTTPServer:
    """A server of the site that waits to be started; only this machine can connect.

    Args:
        site: the site's folder.
        port: 0 takes any free one.

    Raises:
        WarehouseError: there is no site yet, or the port is taken.
    """
    if not (site / "index.html").is_file():
        raise WarehouseError(f"{site} holds no site yet. Make it: journey run")
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), partial(_Quiet, directory=str(site)))
    except OSError as error:
        raise WarehouseError(
            f"port {port} cannot be used ({error.strerror}). Try: journey site serve --port 0"
        ) from error


def serve(site: Path, port: int, narrate: Callable[[str], None]) -> None:
    """Serve until interrupted.

    Raises:
        WarehouseError: there is no site yet, or the port is taken.
    """
    with server(site, port) as running:
        narrate(f"http://127.0.0.1:{running.server_port}/ (stop with Ctrl-C)")
        running.serve_forever()
