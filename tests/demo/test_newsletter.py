"""The demo's newsletter: from its foot to the page that stops it, by the link in the CRM."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from portal.demo.crm import subscriber_to_be
from tests.demo.test_run import FREE, get
from tests.demos import PATIENCE, Demo, eventually, running_demo


def post(address: str, **fields: str) -> tuple[str, str]:
    """Where it led to, and what stands there."""
    request = Request(address, urlencode(fields).encode())  # noqa: S310  the demo's own
    with urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
        return answer.geturl(), answer.read().decode()


def mails(demo: Demo) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(get(demo.address("Mailbox") + ".json"))
    return found


@pytest.mark.server
def test_a_newsletter_is_sent_with_its_link_and_stopped_from_its_foot(tmp_path: Path) -> None:
    with running_demo(*FREE, "--data", str(tmp_path / "data"), folder=tmp_path) as demo:
        assert mails(demo) == [], "none is sent before somebody asks for one"
        assert "Send me a newsletter" in get(demo.address("Mailbox"))

        place, page = post(demo.address("Newsletter"), email=subscriber_to_be())
        (mail,) = mails(demo)
        assert place == f"{demo.address('Mailbox')}/{mail['id']}"
        link = demo.footer_link(subscriber_to_be())
        assert (mail["to"], mail["text"].count(link)) == (subscriber_to_be(), 1)
        assert f'href="{link}"' in mail["html"]
        headers = mail["headers"]
        assert headers["List-Unsubscribe"] == f"<{link}>"
        assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert "List-Unsubscribe" in page
        assert demo.crm("SELECT stop_newsletter FROM contacts WHERE id = 1") == [(link,)]

        assert re.search(r"<form[^>]*method=.post", get(link))
        post(link, **{"List-Unsubscribe": "One-Click"})
        stopped = "SELECT active FROM subscriptions WHERE contact_id=1 AND mailing='newsletter'"
        eventually(lambda: demo.crm(stopped) == [(0,)])
        _place, page = post(demo.address("Newsletter"), email=subscriber_to_be())
        assert "Not sent" in page
        assert "Not sent" in post(demo.address("Newsletter"), email="nobody@example.org")[1]
        assert [one["subject"] for one in mails(demo)].count(mail["subject"]) == 1
