"""No test reaches beyond this machine."""

import ipaddress
import socket
from collections.abc import Iterator, Sequence

import pytest

Address = tuple[str, int] | tuple[str, int, int, int] | str
"""What Python's sockets take: IPv4, IPv6, the name of a socket file."""


class NetworkUsedError(AssertionError):
    """A test tried to leave this machine."""


def is_local(address: object) -> bool:
    """Whether a socket address is a file, loopback, or the name of loopback."""
    if not isinstance(address, tuple):
        return True
    host = str(address[0])
    if host in {"", "localhost"} or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(scope="session", autouse=True)
def only_this_machine() -> Iterator[None]:
    """Makes every connection or look-up of a name beyond loopback fail the test at once."""
    with pytest.MonkeyPatch.context() as patch:
        connect, connect_ex, look_up = (
            socket.socket.connect,
            socket.socket.connect_ex,
            socket.getaddrinfo,
        )

        def guarded_connect(self: socket.socket, address: Address) -> None:
            refuse_beyond(address)
            connect(self, address)

        def guarded_connect_ex(self: socket.socket, address: Address) -> int:
            refuse_beyond(address)
            return connect_ex(self, address)

        def guarded_look_up(
            host: bytes | str | None, *rest: object, **more: object
        ) -> Sequence[object]:
            name = host.decode() if isinstance(host, bytes) else host
            if name is not None:
                refuse_beyond((name,))
            answer: Sequence[object] = look_up(host, *rest, **more)  # type: ignore[arg-type]
            return answer

        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        patch.setattr(socket, "getaddrinfo", guarded_look_up)
        yield


def refuse_beyond(address: object) -> None:
    """Raises unless the address is on this machine."""
    if not is_local(address):
        message = f"a test tried to reach {address!r}; tests stay on this machine"
        raise NetworkUsedError(message)
