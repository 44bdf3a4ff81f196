"""What an attack on the portal found, each with what holds now."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from portal.adapters.contract import Adapter
from portal.domain.addresses import Email
from portal.domain.rights import DeliveryState
from portal.rights.deeds.doing import DEEDS, erasure
from tests.portals import Office

SHARED = "familie.jansen@example.net"
HENDRIK = "hendrik.bosman@example.com"
DONE = "Yes, it is done"


def adapter_of(office: Office) -> Adapter:
    (adapter,) = office.portal.adapters.values()
    return adapter


def test_an_erasure_in_a_system_that_was_away_takes_no_other_persons_record(office: Office) -> None:
    adapter = adapter_of(office)
    fields, email = ("first_name", "last_name"), Email.parse(HENDRIK)

    for names, state in (
        (("marijke de vries",), DeliveryState.AWAITING),
        (("hendrik bosman",), DeliveryState.RETAINED),
    ):
        before = office.crm("SELECT * FROM contacts WHERE email = ?", HENDRIK)
        ended = DEEDS["erase"](adapter, erasure(email, None, fields, names), "key")
        assert ended.state in {state, DeliveryState.CONFIRMED}
        assert ended.by_a_person is (state is DeliveryState.AWAITING)
        if ended.by_a_person:
            assert office.crm("SELECT * FROM contacts WHERE email = ?", HENDRIK) == before
    assert office.crm("SELECT * FROM contacts WHERE email = ?", HENDRIK) == []


def test_a_consent_before_an_erasure_fills_nothing_in_after_it(office: Office) -> None:
    visitor = office.visitor().sign_in(office, goal="erase")
    token = {"csrf_token": visitor.get("/me/consents").fields["csrf_token"]}
    visitor.post("/me/consents", **token, purpose="newsletter", granted="yes")
    visitor.post("/me/erase", **token, when="now")
    office.work()

    assert office.crm("SELECT * FROM subscriptions WHERE contact_id = 1") == []


def test_of_two_records_neither_is_written_when_one_was_changed(office: Office) -> None:
    visitor = office.visitor().sign_in(office, HENDRIK)
    checked = visitor.submit(visitor.get("/me/correct"), "/me/correct", phone="06 99999999")
    visitor.post("/me/correct", **{**checked.fields, "step": "save"})
    office.crm(
        "UPDATE contacts SET phone = '1' WHERE id = (SELECT max(id) FROM contacts WHERE email = ?)",
        HENDRIK,
    )
    before = office.crm("SELECT * FROM contacts")
    office.work()

    assert office.crm("SELECT * FROM contacts") == before


def test_a_record_that_is_somebody_elses_by_now_is_not_written(office: Office) -> None:
    visitor = office.visitor().sign_in(office)
    checked = visitor.submit(visitor.get("/me/correct"), "/me/correct", phone="06 99999999")
    place = visitor.post("/me/correct", **{**checked.fields, "step": "save"}).location
    office.crm("UPDATE contacts SET email = 'els@example.org' WHERE id = 1")
    office.work()

    assert office.contact("els@example.org")["phone"] == "06-1000482"
    assert DONE not in visitor.get(place).text


@pytest.mark.parametrize("kept", ["27-03-1958", "", "0000-00-00", "1958-03-27 00:00:00"])
def test_a_day_that_a_database_keeps_in_its_own_way_locks_nobody_out_and_stays_as_it_is(
    office: Office, kept: str
) -> None:
    office.crm("UPDATE contacts SET birth_date = ?, street = 'Dorp 1\nachter' WHERE id = 1", kept)
    visitor = office.visitor().sign_in(office)
    form = visitor.get("/me/correct")
    assert form.status == 200
    assert f'value="{kept}"' not in form.text or 'type="date"' not in form.text or not kept

    typed = {"phone": "06 99999999", "street": form.fields["street"].replace("\n", "")}
    checked = visitor.submit(form, "/me/correct", **typed)
    visitor.post("/me/correct", **{**checked.fields, "step": "save"})
    office.work()

    row = office.contact()
    assert (row["phone"], row["birth_date"], row["street"]) == (
        "06 99999999",
        kept,
        "Dorp 1\nachter",
    )


def test_either_of_two_people_may_stop_for_both_and_neither_may_consent_for_the_other(
    office: Office,
) -> None:
    visitor = office.visitor().sign_in(office, SHARED)
    token = {"csrf_token": visitor.get("/me/consents").fields["csrf_token"]}

    assert visitor.post("/me/consents", **token, purpose="newsletter", granted="yes").status == 403
    assert visitor.post("/me/consents", **token, purpose="newsletter", granted="no").status == 303


def test_a_correction_says_which_system_could_not_be_asked(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of several systems one is away: what is corrected now is not corrected there."""
    visitor = office.visitor().sign_in(office)
    reading = office.portal.services.rights.reading
    real: Callable[..., object] = reading.of
    monkeypatch.setattr(
        type(reading),
        "of",
        lambda _self, who: replace(real(who), away=("crm",)),  # type: ignore[type-var]
    )

    assert "does not answer just now" in visitor.get("/me/correct").text
