"""The loader on a page that may be hostile, with a frame that may be: who may say what to whom.

Both pages are served by the test itself, so that each can say what a real one never would.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Frame, Page, Route

LOADER = Path(__file__).parents[2] / "embed" / "portal.js"
HOST, PORTAL = "https://www.example.org", "https://privacy.example.org"
TAG = '<script src="{}/embed/v1/portal.js" data-site="main" async {}></script>'
PAGE = '<!doctype html><html lang="{}" {}><title>Host</title><body>{}<p id="after">after</p></body>'


class Host:
    """A company's page with the tag on it."""

    def __init__(self, context: BrowserContext) -> None:
        self.asked: list[str] = []
        self.html = PAGE.format("nl", "", TAG.format(PORTAL, ""))
        self.page: Page = context.new_page()
        context.route("**/*", self._serve)

    def _serve(self, route: Route) -> None:
        url = route.request.url
        self.asked.append(url)
        if url == f"{PORTAL}/embed/v1/portal.js":
            route.fulfill(content_type="text/javascript", body=LOADER.read_text("utf-8"))
        elif url.startswith(PORTAL):
            route.fulfill(content_type="text/html", body="<!doctype html><p>frame</p>")
        elif url == f"{HOST}/":
            route.fulfill(content_type="text/html", body=self.html)
        else:
            route.fulfill(status=404, body="")

    def open(self, html: str = "", **tag: str) -> "Host":
        attributes = " ".join(f'data-{name}="{value}"' for name, value in tag.items())
        self.html = html or PAGE.format("nl", "", TAG.format(PORTAL, attributes))
        self.page.goto(f"{HOST}/")
        self.page.wait_for_selector("iframe")
        return self

    @property
    def frame(self) -> Frame:
        (found,) = [one for one in self.page.frames if one.url.startswith(f"{PORTAL}/embed/main/")]
        found.wait_for_load_state()
        return found

    def say(self, data: object) -> None:
        """The frame says this to the page around it."""
        self.frame.evaluate(f"parent.postMessage({json.dumps(data)}, '{HOST}')")

    def height(self) -> str:
        """After everything that was said so far has been heard and painted."""
        self.page.evaluate(
            """() => new Promise((done) => setTimeout(
                () => requestAnimationFrame(() => requestAnimationFrame(done)), 20))"""
        )
        return str(self.page.locator("iframe").first.evaluate("(frame) => frame.style.height"))


@pytest.fixture
def host(context: BrowserContext) -> Iterator[Host]:
    yield Host(context)
    context.unroute_all()


def test_the_frame_stands_where_the_tag_stands_with_a_name_and_its_language(host: Host) -> None:
    host.open()

    assert host.page.evaluate("document.querySelector('script + iframe + #after') !== null")
    assert host.page.locator("iframe").count() == 1
    assert host.page.locator("iframe").get_attribute("title") == "Mijn gegevens"
    assert host.frame.url == f"{PORTAL}/embed/main/?theme=light&lang=nl"


@pytest.mark.parametrize(
    ("root", "tag", "query"),
    [
        ("", {"lang": "en"}, "theme=light&lang=en"),
        ("", {"theme": "dark"}, "theme=dark&lang=nl"),
        ('style="color-scheme: light dark"', {}, "theme=auto&lang=nl"),
    ],
)
def test_the_tag_says_otherwise_and_a_page_that_goes_dark_takes_the_frame_along(
    host: Host, root: str, tag: dict[str, str], query: str
) -> None:
    attributes = " ".join(f'data-{name}="{value}"' for name, value in tag.items())
    host.open(PAGE.format("nl", root, TAG.format(PORTAL, attributes)))

    assert host.frame.url == f"{PORTAL}/embed/main/?{query}"


@pytest.mark.parametrize(
    ("said", "height"),
    [(1234, "1234px"), (10, "200px"), (-5, "200px"), (0, "200px"), (10**9, "4000px")],
)
def test_b5_the_frame_gets_its_height_within_bounds(host: Host, said: int, height: str) -> None:
    host.open().say({"portal": "height", "height": said})

    assert host.height() == height


@pytest.mark.parametrize(
    "said",
    [
        None,
        7,
        "height",
        [],
        {},
        {"portal": "height"},
        {"portal": "height", "height": "700"},
        {"portal": "height", "height": 700.5},
        {"portal": "height", "height": None},
        {"portal": "height", "height": {"valueOf": 700}},
        {"portal": "size", "height": 700},
        {"height": 700},
    ],
)
def test_b4_whatever_is_no_height_changes_nothing_and_breaks_nothing(host: Host, said: Any) -> None:
    faults: list[str] = []
    host.page.on("pageerror", lambda error: faults.append(str(error)))
    host.open().say(said)
    assert host.height() == "600px"

    host.say({"portal": "height", "height": 701})
    assert host.height() == "701px"
    assert faults == []


def test_b4_only_the_frame_itself_is_listened_to(host: Host) -> None:
    """Not the page around it, not another frame of the portal, not a stranger's frame."""
    stranger = '<iframe src="https://evil.example/"></iframe>'
    sibling = f'<iframe src="{PORTAL}/elsewhere"></iframe>'
    host.open(PAGE.format("nl", "", TAG.format(PORTAL, "") + stranger + sibling))
    message = json.dumps({"portal": "height", "height": 700})

    host.page.evaluate(f"postMessage({message}, '*')")
    for frame in host.page.frames[1:]:
        if not frame.url.startswith(f"{PORTAL}/embed/"):
            frame.evaluate(f"parent.postMessage({message}, '*')")
    assert host.height() == "600px"

    host.say({"portal": "height", "height": 700})
    assert host.height() == "700px"


def test_b4_a_frame_that_went_elsewhere_is_listened_to_no_more(host: Host) -> None:
    host.open().frame.evaluate("location.href = 'https://evil.example/'")
    host.page.wait_for_function("frames.length === 1")
    (elsewhere,) = host.page.frames[1:]
    elsewhere.wait_for_url("https://evil.example/")

    elsewhere.evaluate(f"parent.postMessage({{ portal: 'height', height: 700 }}, '{HOST}')")
    assert host.height() == "600px"


def test_b5_a_flood_of_heights_is_painted_no_oftener_than_the_page(host: Host) -> None:
    host.open()
    host.page.evaluate(
        """() => { window.times = 0; new MutationObserver((all) => { times += all.length; })
            .observe(document.querySelector("iframe"), { attributes: true }); }"""
    )
    host.frame.evaluate(
        f"""() => {{ for (let n = 1; n <= 3000; n += 1)
            parent.postMessage({{ portal: "height", height: 300 + n }}, "{HOST}"); }}"""
    )

    host.page.wait_for_function("document.querySelector('iframe').style.height === '3300px'")
    assert host.page.evaluate("times") < 1500


def test_b6_the_frame_cannot_lead_the_page_around_it_away(host: Host) -> None:
    host.open()
    refused = host.frame.evaluate(
        """() => { try { top.location.href = "https://evil.example/"; return ""; }
            catch (error) { return error.name; } }"""
    )

    assert refused == "SecurityError"
    assert host.page.url == f"{HOST}/"


def test_b9_the_page_keeps_its_names_its_cookies_and_its_storage_to_itself(host: Host) -> None:
    host.open("<!doctype html><p>nothing</p><iframe></iframe>")
    before = set(host.page.evaluate("Object.getOwnPropertyNames(window)"))
    host.asked.clear()
    host.open()
    host.frame.evaluate("1")

    after = set(host.page.evaluate("Object.getOwnPropertyNames(window)"))
    assert after - before <= {"after"}, "the host page's own"
    assert host.page.evaluate("[document.cookie, localStorage.length, sessionStorage.length]") == [
        "",
        0,
        0,
    ]
    assert {url for url in host.asked if url.startswith(PORTAL)} == {
        f"{PORTAL}/embed/v1/portal.js",
        f"{PORTAL}/embed/main/?theme=light&lang=nl",
    }
