"""What a screen reader goes by: each name on a page is given once, and leads somewhere."""

import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from tests.portals import MARIJKE, Office

HENDRIK = "hendrik.bosman@example.com"  # has two records
SHARED = "familie.jansen@example.net"
PAGES = (
    "/me",
    "/me/about",
    "/me/correct",
    "/me/consents",
    "/me/erase",
    "/me/export",
    "/me/requests",
)


class Markup(HTMLParser):
    """The ids of a page, what refers to them, and how deep its headings are."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.wanted: set[str] = set()
        self.headings: list[int] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            elif name in {"for", "aria-labelledby", "aria-describedby"}:
                self.wanted |= set((value or "").split())
            elif name == "href" and (value or "").startswith("#"):
                self.wanted.add((value or "")[1:])
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))


@pytest.mark.parametrize("email", [MARIJKE, HENDRIK, SHARED])
@pytest.mark.parametrize("frame", [None, "demo"])
def test_f4_every_id_of_a_page_stands_once_and_is_there_when_it_is_referred_to(
    office: Office, email: str, frame: str | None
) -> None:
    visitor = office.visitor(frame=frame).sign_in(office, email, goal="view" if frame else "copy")

    for path in PAGES:
        markup = Markup(visitor.get(path).text)
        assert len(markup.ids) == len(set(markup.ids)), path
        assert markup.wanted <= {*markup.ids, ""}, path


def test_f4_headings_begin_with_one_and_leave_out_no_level(office: Office) -> None:
    visitor = office.visitor().sign_in(office, goal="erase")

    for path in ("/", *PAGES, "/nowhere"):
        headings = Markup(visitor.get(path).text).headings
        assert headings[0] == 1, path
        assert headings.count(1) == 1, path
        for before, after in pairwise(headings):
            assert after <= before + 1, path


def test_f4_a_fault_is_told_first_and_leads_to_its_field(office: Office) -> None:
    visitor = office.visitor().sign_in(office)
    form = visitor.get("/me/correct")
    page = visitor.submit(form, "/me/correct", phone="x", first_name="").text

    summary = page.partition("error-summary")[2].partition("</div>")[0]
    assert re.findall(r'href="#(\w+)"', summary) == ["first_name", "phone"]
    for name in ("first_name", "phone"):
        (field,) = re.findall(rf'<input id="{name}"[^>]*>', page)
        assert 'aria-invalid="true"' in field
        assert f"{name}-fault" in field
        assert f'id="{name}-fault"' in page
