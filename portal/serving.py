"""The processes of an installation: the web server with the worker in it, or the worker alone."""

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol
from urllib.parse import urlsplit

from flask import Flask
from waitress import wasyncore
from waitress.server import create_server

from portal.config import Settings

MAX_BODY = 1024 * 1024
"""Bytes. The largest form is a question of a few thousand characters."""
THREADS = 8


class Background(Protocol):
    """What works beside the pages."""

    def start(self) -> None: ...

    def stop(self) -> object: ...


def serve(
    app: Flask,
    settings: Settings,
    crew: Background | None,
    *,
    host: str,
    port: int,
    ready: Callable[[str], None],
) -> None:
    """Answer requests until SIGTERM or SIGINT; requests and the job in hand are finished first.

    ``ready`` is called with the address once connections are accepted. Port 0 takes a free one.

    :raises OSError: the address cannot be listened on.
    """
    # Not left to waitress: it leaves a socket open when the address cannot be had.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=1024)
    connections: dict[int, object] = {}
    server = create_server(
        app,
        sockets=[listening],
        map=connections,
        threads=THREADS,
        ident=None,
        max_request_body_size=MAX_BODY,
        # What proxies say is counted by `proxy_hops`; without proxies nobody may say it.
        clear_untrusted_proxy_headers=settings.proxy_hops == 0,
        url_scheme=urlsplit(settings.public_url).scheme,
    )
    try:
        if crew is not None:
            crew.start()
        with _signals(_leave):
            ready(f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}")
            server.run()  # ends by SystemExit, after what its threads have in hand
    except SystemExit:
        pass  # the signal came before the server ran
    finally:
        wasyncore.close_all(connections)
        if crew is not None:
            crew.stop()


def work(crew: Background, *, ready: Callable[[], None]) -> None:
    """Work until SIGTERM or SIGINT; the job in hand is finished first."""
    stop = threading.Event()
    with _signals(lambda *_: stop.set()):
        crew.start()
        try:
            ready()
            stop.wait()
        finally:
            crew.stop()


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


@contextmanager
def _signals(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """SIGTERM and SIGINT go to this handler, and afterwards where they went before."""
    before = {number: signal.signal(number, handler) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
