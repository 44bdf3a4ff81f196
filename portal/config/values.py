"""What single settings must be: web addresses, mail addresses, languages, lines of text."""

import ipaddress
from typing import Annotated
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from portal.domain.addresses import Email, InvalidEmail

LANGUAGES = ("nl", "en")
"""The languages that the pages and mails are written in."""

LINE_PATTERN = r"^[^\x00-\x1f\x7f]+$"


def is_loopback(host: str | None) -> bool:
    """Does this host name mean the machine itself?"""
    if host is None:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _parts(address: str) -> SplitResult:
    """The parts of a web address, if it is one that the portal may point to."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise ValueError("is not a web address: write https://www.example.org") from None
    plain = address.isascii() and address.isprintable() and " " not in address
    if not plain or not parts.hostname or "\\" in address or port == 0:
        raise ValueError(
            "is not a web address: write https://www.example.org, a name with other letters "
            "in its xn-- form"
        )
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user name or password")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise ValueError("must start with https:// (http:// is for this machine itself)")
    return parts


def _origin(address: str) -> str:
    parts = _parts(address)
    if "*" in address:
        raise ValueError("must name one website: write each origin in full, without *")
    if parts.path or parts.query or parts.fragment or address.endswith(("?", "#")):
        raise ValueError("must be scheme and host only: write https://www.example.org")
    if address != address.lower():
        raise ValueError("must be in small letters, as browsers send it")
    if parts.port == {"https": 443, "http": 80}[parts.scheme] or parts.netloc.endswith(":"):
        raise ValueError("must leave out the port that goes without saying")
    return address


def _own_address(address: str) -> str:
    return _origin(address.removesuffix("/"))


def _page(address: str) -> str:
    _parts(address)
    return address


def _address(text: str) -> str:
    try:
        return Email.parse(text).address
    except InvalidEmail:
        raise ValueError("must be one plain e-mail address") from None


def _language(code: str) -> str:
    if code not in LANGUAGES:
        raise ValueError(f"is a language that the portal does not speak: {', '.join(LANGUAGES)}")
    return code


def listed(value: object) -> object:
    """Lists come from a file and cannot be changed once they are settings."""
    return tuple(value) if isinstance(value, list) else value


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise ValueError("is not a time zone: write one such as Europe/Amsterdam") from None
    return name


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, pattern=LINE_PATTERN)]
"""One line of plain text: it may go into a mail header."""
Zone = Annotated[str, AfterValidator(_zone)]
"""An IANA time zone, such as Europe/Amsterdam."""
Address = Annotated[str, AfterValidator(_address)]
Origin = Annotated[str, AfterValidator(_origin)]
OwnAddress = Annotated[str, AfterValidator(_own_address)]
"""An origin; a slash at the end is forgiven and taken off."""
Page = Annotated[str, AfterValidator(_page)]
Language = Annotated[str, AfterValidator(_language)]
Lines = Annotated[tuple[Line, ...], Field(min_length=1), BeforeValidator(listed)]
