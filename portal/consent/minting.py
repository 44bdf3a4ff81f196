"""A link for everyone in a system: a file that can be gone on with where it was left."""

import csv
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from portal.adapters.contract import Adapter
from portal.consent.links import DoesNotOpen, FooterLinks, Link
from portal.domain.addresses import Email, InvalidEmail

HEADER = ("key", "link")


class OtherFile(Exception):
    """The file is there already and holds something else. The message says what, and no value."""


@dataclass(slots=True)
class Minted:
    """How far it is."""

    links: int = 0
    """Records that have a link, with those of before."""
    unreadable: int = 0
    """Records whose address is none that mail can be sent to: they get no link."""


class Minting:
    """Makes the links of one mailing on one site.

    Args:
        links: Makes the tokens.
        site: The site's id.
        purpose: The mailing's id.
        base: What stands before a token: the portal's public address, with ``/u/``.
    """

    def __init__(self, links: FooterLinks, site: str, purpose: str, base: str) -> None:
        self._links = links
        self._site = site
        self._purpose = purpose
        self._base = base

    def link(self, email: Email) -> str:
        """The link of one address."""
        return self._base + self._links.mint(Link(self._site, self._purpose, email))

    def rows(self, adapter: Adapter, done: set[str], minted: Minted) -> Iterator[tuple[str, str]]:
        """(the CRM's own key, link) of every record that has none in ``done``; counts as it goes.

        Raises:
            AdapterError: The system could not be asked, or not any more.
        """
        for ref, text in adapter.scan():
            if ref.key in done:
                continue
            try:
                made = self.link(Email.parse(text))
            except InvalidEmail:
                minted.unreadable += 1
                continue
            minted.links += 1
            yield ref.key, made

    def done_in(self, file: Path) -> set[str]:
        """The keys that have a link in this file, after a line that was cut off is cut away.

        :raises OtherFile: it holds something else than links of this mailing on this site.
        """
        if not file.exists():
            return set()
        content = file.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            os.truncate(file, len(whole))
        try:
            rows = [*csv.reader(io.StringIO(whole.decode(), newline=""), strict=True)]
        except (UnicodeDecodeError, csv.Error):
            raise OtherFile("it is no file of links") from None
        if not rows:
            return set()
        if tuple(rows[0]) != HEADER or any(len(row) != len(HEADER) for row in rows):
            raise OtherFile("it is no file of links")
        if len(rows) > 1 and not self._is_ours(rows[1][1]):
            raise OtherFile("its links are of another mailing, site or portal")
        return {key for key, _ in rows[1:]}

    def _is_ours(self, link: str) -> bool:
        try:
            named = self._links.open(link.removeprefix(self._base))
        except DoesNotOpen:
            return False
        return (named.site, named.purpose) == (self._site, self._purpose)


@contextmanager
def opened(file: Path) -> Iterator["io.TextIOBase"]:
    """The file to add to, for its owner alone: keys point at people, and a link has a power."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    file.chmod(0o600)  # also where it was there before
    with os.fdopen(descriptor, "a", encoding="utf-8", newline="") as out:
        if out.tell() == 0:
            csv.writer(out, lineterminator="\n").writerow(HEADER)
        yield out
        out.flush()
        os.fsync(out.fileno())
