"""Footer links for programs: the very ones that `portal links` makes."""

import json
from typing import Any

import pytest

from portal.access.api_keys import Scope
from portal.adapters.contract import Unreachable
from tests.footers import one_click, subscriptions, token_of
from tests.portals import MARIJKE, ORIGIN, STRANGER, Office
from tests.programs import Program


@pytest.fixture
def program(office: Office) -> Program:
    return Program(office, Scope.LINKS_MINT)


def mint(program: Program, *links: dict[str, str]) -> list[dict[str, Any]]:
    told = program.post("/links", {"links": links})
    assert told.status == 200, told.text
    found: list[dict[str, Any]] = told.json["links"]
    return found


def test_a_link_is_the_one_that_the_command_makes_and_it_works(
    office: Office, program: Program
) -> None:
    by_email, by_ref = mint(
        program,
        {"email": MARIJKE, "purpose": "newsletter"},
        {"ref": "crm:1", "purpose": "newsletter"},
    )
    assert by_email == by_ref == {"error": None, "url": f"{ORIGIN}/u/{token_of(office)}"}

    one_click(office, by_ref["url"].rpartition("/")[2])
    office.work()
    assert subscriptions(office)[1, "newsletter"] == 0


def test_what_is_wrong_with_one_is_told_beside_the_others(program: Program) -> None:
    found = mint(
        program,
        {"email": STRANGER, "purpose": "offers"},
        {"email": "nobody", "purpose": "offers"},
        {"email": MARIJKE, "purpose": "nothing"},
        {"ref": "crm:999999", "purpose": "offers"},
        {"ref": "elsewhere:1", "purpose": "offers"},
    )
    errors = [None, "not_an_address", "no_such_mailing", "unknown", "no_such_system"]
    assert [one["error"] for one in found] == errors
    assert [bool(one["url"]) for one in found] == [not one for one in errors]


def test_links_of_one_site_are_of_that_site(office: Office) -> None:
    (found,) = mint(Program(office, site="other"), {"email": MARIJKE, "purpose": "newsletter"})
    assert found["url"].endswith(token_of(office, site="other"))


def test_a_system_that_is_away_is_told(
    office: Office, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def away(*args: Any) -> None:
        calls.append(args)
        raise Unreachable("away")

    monkeypatch.setattr(office.portal.adapters["crm"], "read", away, raising=False)
    found = mint(program, *[{"ref": "crm:1", "purpose": "offers"}] * 5)
    assert [one["error"] for one in found] == ["away"] * 5
    assert len(calls) == 1


def test_five_hundred_at_once_and_no_more(program: Program) -> None:
    link = {"email": MARIJKE, "purpose": "newsletter"}
    assert len(mint(program, *[link] * 500)) == 500
    assert program.post("/links", {"links": [link] * 501}).code == "shape"


def test_without_a_key_for_links_none_is_made(office: Office, program: Program) -> None:
    file = office.settings.keys_file
    keys = json.loads(file.read_text())
    assert keys["links"]
    office.portal.services.links._ciphers.clear()
    told = program.post("/links", {"links": [{"email": MARIJKE, "purpose": "newsletter"}]})
    assert (told.status, told.code) == (503, "no_link_key")
