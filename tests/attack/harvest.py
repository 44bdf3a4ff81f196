"""Going through all that one visitor is offered: every page she can reach, every form on it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from tests.portals import ORIGIN, Page, Visitor


@dataclass(frozen=True)
class Form:
    """A form as a page offers it; of radio and other buttons the first, of boxes the ticked."""

    page: str
    action: str
    fields: tuple[tuple[str, str], ...]

    @property
    def names(self) -> frozenset[str]:
        return frozenset(name for name, _value in self.fields)


class _Reader(HTMLParser):
    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._action: str | None = None
        self._fields: dict[str, str] = {}
        self._area = self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.links += [given[name] for name in ("href", "data-poll-at") if name in given]
        if tag == "form" and given.get("method") == "post":
            self._action, self._fields = given.get("action") or self._path, {}
        elif self._action is not None:
            self._field(tag, given)

    def _field(self, tag: str, given: dict[str, str]) -> None:
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "select":
            self._select = name
        elif tag == "option":
            if "selected" in given or self._select not in self._fields:
                self._fields[self._select] = value
        elif not name:
            return
        elif tag == "textarea":
            self._area = name
            self._fields[name] = ""
        elif given.get("type") == "radio" or tag == "button":
            self._fields.setdefault(name, value)
        elif given.get("type") != "checkbox" or "checked" in given:
            self._fields[name] = value

    def handle_data(self, data: str) -> None:
        if self._area:
            self._fields[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""
        elif tag == "form" and self._action is not None:
            self.forms.append(Form(self._path, self._action, tuple(sorted(self._fields.items()))))
            self._action = None


class Harvest:
    """What one visitor found: paths with their pages, and forms."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self.pages: dict[str, Page] = {}
        self.forms: set[Form] = set()
        self.links: list[str] = []
        """Those on pages that were taken."""

    def walk(self, *starts: str) -> "Harvest":
        """Open these pages and all that they lead to, as far as it is the portal's own."""
        waiting = list(starts)
        while waiting:
            path = waiting.pop()
            if path in self.pages:
                continue
            page = self._visitor.get(path)
            self.take(path, page)
            waiting += _own(page, path)
        return self

    def take(self, path: str, page: Page) -> Page:
        """Look at the answer to a form as at any page."""
        self.pages[path] = page
        if page.response.mimetype == "text/html":
            self.forms |= set(_read(page, path).forms)
            self.links += _own(page, path)
        return page


def _read(page: Page, path: str) -> _Reader:
    reader = _Reader(path)
    reader.feed(page.text)
    return reader


def _own(page: Page, path: str) -> Iterator[str]:
    links: Iterable[str] = ()
    if page.status in {301, 302, 303, 307, 308}:
        links = [page.location]
    elif page.response.mimetype == "text/html":
        links = _read(page, path).links
    for link in links:
        parts = urlsplit(urljoin(f"{ORIGIN}{path}", link))
        if f"{parts.scheme}://{parts.netloc}" == ORIGIN and "lang=" not in parts.query:
            yield f"{parts.path}?{parts.query}" if parts.query else parts.path
