"""A mail server that is silent holds up mail and nothing else."""

import pytest

from portal.mail.smtp import Mailer, MailUnavailable
from portal.sync.gates import TRIPS_AT
from tests.portals import Office


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    tried: list[str] = []

    def silent(*_args: object) -> None:
        tried.append("a time-out")
        raise MailUnavailable("silent")

    monkeypatch.setattr(Mailer, "send", silent)
    monkeypatch.setattr(Mailer, "check", silent)
    return tried


def test_after_some_time_outs_the_others_are_not_waited_for_one_by_one(
    office: Office, tried: list[str]
) -> None:
    for number in range(15):
        office.visitor().ask(f"somebody{number}@example.org")

    office.work()

    assert len(tried) == TRIPS_AT


def test_mail_goes_on_within_a_minute_after_the_server_answers_again(
    office: Office, tried: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        office.visitor().ask()
    for _ in range(8):
        office.work()
        office.clock.advance(seconds=20)
    silent = len(tried)
    monkeypatch.undo()

    office.clock.advance(seconds=61)
    office.work()

    assert silent > TRIPS_AT
    assert len(office.mails()) == 2
