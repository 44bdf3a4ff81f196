"""A web server in a thread, that stops when it is told to."""

import logging
import threading
from wsgiref.types import WSGIApplication

from waitress import wasyncore
from waitress.server import create_server

HOST = "127.0.0.1"
STOP_TIMEOUT = 5.0
"""Seconds that requests in hand get to finish."""


class PortInUse(Exception):
    """Another program listens there, or this one may not; ``port`` is the one."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} is in use")
        self.port = port


class Server:
    """Waitress on one port of the loopback interface; it holds the port from the start.

    Raises:
        PortInUse: it cannot have the port.
    """

    def __init__(self, app: WSGIApplication, port: int, name: str) -> None:
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a short queue is no news
        self._sockets: dict[int, object] = {}
        try:
            self._server = create_server(
                app, host=HOST, port=port, threads=8, ident=None, map=self._sockets
            )
        except (OSError, OverflowError):
            raise PortInUse(port) from None
        self.port: int = self._server.effective_port
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stop to answer, let requests in hand finish, give the port back; once is enough."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        if self._thread.is_alive():
            self._server.pull_trigger()
            self._thread.join()
        self._server.task_dispatcher.shutdown(timeout=STOP_TIMEOUT)
        wasyncore.close_all(self._sockets)

    def _serve(self) -> None:
        # Waitress's own loop ends with the program only.
        while not self._stopping.is_set():
            wasyncore.loop(timeout=1.0, map=self._sockets, count=1)
