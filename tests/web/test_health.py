"""What machines ask: is it alive, and can it work?"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.portals import MARIJKE, Office


@contextmanager
def database_away(office: Office) -> Iterator[None]:
    """Something that is no database stands where it was."""
    file = office.settings.instance / "portal.sqlite"
    aside = office.settings.instance / "aside"
    aside.mkdir()
    office.database.engine.dispose()
    for part in office.settings.instance.glob("portal.sqlite*"):
        shutil.move(part, aside / part.name)
    file.mkdir()
    yield
    office.database.engine.dispose()
    file.rmdir()
    for part in aside.iterdir():
        shutil.move(part, office.settings.instance / part.name)


def test_it_is_ready_while_its_database_answers_and_alive_all_the_time(office: Office) -> None:
    visitor = office.visitor()
    assert [visitor.get(path).status for path in ("/healthz", "/readyz")] == [200, 200]

    with database_away(office):
        assert [visitor.get(path).status for path in ("/healthz", "/readyz")] == [200, 503]

    assert visitor.get("/readyz").status == 200


def test_a_crm_that_is_away_does_not_take_the_portal_off_its_feet(office: Office) -> None:
    """Its pages say so; a balancer that took the portal away would help nobody."""
    office.crm_file.rename(office.crm_file.with_name("away"))

    assert office.visitor().get("/readyz").status == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_the_answer_is_for_machines_not_kept_and_says_nothing_about_anybody(
    office: Office, path: str
) -> None:
    visitor = office.visitor().sign_in(office)
    answer = visitor.get(path)

    assert answer.response.mimetype == "application/json"
    assert answer.response.get_json() == {"status": "ok"}
    assert answer.response.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.response.headers
    assert MARIJKE not in answer.text


def test_looking_at_its_health_writes_nothing(office: Office) -> None:
    before = office.events()
    for path in ("/healthz", "/readyz"):
        office.visitor().get(path, headers={"Accept-Language": "x"})

    assert office.events() == before
