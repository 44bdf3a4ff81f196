"""Giving is confirmed by a mail, with the way to stop it; withdrawing and undoing never are."""

from portal.store.vault import Keyring
from tests.footers import token_of
from tests.mailings import decide, state, undo
from tests.portals import MARIJKE, ORIGIN, Office, StartOffice


def test_a_consent_is_confirmed_with_its_words_its_time_and_a_link_that_stops_it(
    office: Office,
) -> None:
    marijke = office.visitor().sign_in(office)
    decide(marijke, "newsletter", "no")
    office.work()
    before = len(office.mails())
    decide(marijke, "newsletter", "yes")

    (letter,) = office.mails()[before:]
    assert letter.to == (MARIJKE,)
    assert "Yes, send me the monthly newsletter with gardening tips." in letter.text
    assert "2 March 2026" in letter.text
    assert "1:00" in letter.text
    assert "Kwekerij De Late Merel" in letter.text
    assert letter.path.startswith("/u/")

    assert state(office)[1, "newsletter"] == 1
    assert office.visitor().post(letter.path).heading == "Stopped"
    office.work()
    assert state(office)[1, "newsletter"] == 0


def test_neither_a_stop_nor_its_undoing_is_mailed(office: Office) -> None:
    marijke = office.visitor().sign_in(office)
    before = len(office.mails())
    place = decide(marijke, "newsletter", "no").location
    undo(marijke, place)

    assert len(office.mails()) == before


def test_a_double_click_is_one_consent_and_one_mail(office: Office) -> None:
    marijke = office.visitor().sign_in(office)
    decide(marijke, "newsletter", "no")
    before = len(office.mails())
    places = {decide(marijke, "newsletter", "yes").location for _ in range(3)}

    assert len(places) == 1
    assert len(office.mails()) == before + 1


def test_without_a_key_for_links_the_mail_leads_to_the_first_page(
    start_office: StartOffice,
) -> None:
    office = start_office()
    links = office.portal.services.links
    links._ciphers = []  # as where the key file is from before
    assert Keyring.load(office.settings.keys_file).links
    marijke = office.visitor().sign_in(office)
    decide(marijke, "newsletter", "no")
    before = len(office.mails())
    decide(marijke, "newsletter", "yes")

    (letter,) = office.mails()[before:]
    assert letter.link == f"{ORIGIN}/u/?site=demo"


def test_n3_a_yes_that_is_on_its_way_is_stopped_by_a_link(office: Office) -> None:
    """The CRM says off still; to say "this was off already" would let it come on."""
    marijke = office.visitor().sign_in(office)
    decide(marijke, "newsletter", "no")
    office.work()
    office.clock.advance(minutes=1)
    decide(marijke, "newsletter", "yes")
    office.clock.advance(minutes=1)
    page = office.visitor().post(f"/u/{token_of(office)}")
    office.work()

    assert page.heading == "Stopped"
    assert state(office)[1, "newsletter"] == 0
