"""E6: what goes to another service is what she gave herself, under consent or contract."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker, ValidationError

from portal.domain.register import Ground
from portal.rights.copies.telling import PORTABLE_GROUNDS, SCHEMA
from tests.portals import Office, StartOffice
from tests.rights.copying import (
    HENDRIK,
    REGISTER,
    fields_of,
    files,
    make,
    table,
    take,
    told,
    wants_a_copy,
)

NOT_GIVEN = {"customer_number", "source", "notes"}


def validate(office: Office, copy: dict[str, Any]) -> None:
    """As another service would: by the shape that the copy itself points at."""
    assert copy["schema"] == office.settings.public_url + SCHEMA
    answer = office.visitor().get(SCHEMA)
    schema = json.loads(answer.text)
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(copy)


def test_e6_only_what_she_gave_under_consent_or_contract_is_portable(office: Office) -> None:
    office.crm("UPDATE contacts SET birth_date = '1949-03-08' WHERE id = 1")
    visitor = wants_a_copy(office)
    copy = told(visitor, make(visitor, "portable"))
    register = office.portal.register

    assert copy["kind"] == "portable"
    fields = fields_of(copy)
    assert {"first_name", "phone", "street", "birth_date"} <= fields.keys()
    for id in fields:
        field = register.field(id)
        assert field.given
        assert register.explain(field).ground in PORTABLE_GROUNDS
        assert field.tier <= 1
    assert not NOT_GIVEN & fields.keys()
    assert "orders" not in fields, "by legal duty"
    assert "about" not in copy
    assert {one["id"] for one in copy["purposes"]} == {"newsletter", "partners", "workshops"}


def test_e6_what_is_not_in_it_is_said_in_a_sentence_and_by_name(office: Office) -> None:
    visitor = wants_a_copy(office)
    place = make(visitor, "portable")
    left_out = {one["id"]: one["because"] for one in told(visitor, place)["left_out"]}

    assert left_out["customer_number"] == "not_given"
    assert left_out["orders"] == "other_ground"
    for page in (visitor.get(place).text, visitor.get(f"{place}/read").text):
        assert "In it stands only what you gave us yourself" in page
        assert "Customer number: we made it ourselves" in page
        assert "Orders: we keep it for another reason" in page


def test_e6_what_needs_more_proof_is_left_out_with_that_reason(
    start_office: StartOffice, tmp_path: Path
) -> None:
    text = REGISTER.replace('kind = "phone"\ntier = 1\neditable = true', 'kind = "phone"\ntier = 2')
    assert text != REGISTER
    (tmp_path / "register.toml").write_text(text, "utf-8")
    office = start_office(register=str(tmp_path / "register.toml"))
    visitor = wants_a_copy(office)
    copy = told(visitor, make(visitor, "portable"))

    assert {"id": "phone", "label": "Phone number", "because": "needs_more_proof"} in copy[
        "left_out"
    ]
    assert office.contact()["phone"] not in json.dumps(copy)


def test_e6_it_is_a_request_of_its_own_right(office: Office) -> None:
    visitor = wants_a_copy(office)
    make(visitor, "portable")
    page = visitor.get("/me/requests").text

    assert "A copy for another service" in page
    assert "A copy of your data" not in page


def test_e6_it_comes_as_json_table_and_card(office: Office) -> None:
    visitor = wants_a_copy(office)
    place = make(visitor, "portable")
    contact = office.contact()

    rows = table(take(visitor, place, "csv").text)
    assert contact["street"] in {row["value"] for row in rows}
    assert not {"Customer number", "Notes of customer service"} & {row["field"] for row in rows}
    card = take(visitor, place, "vcard").text
    assert f"FN:{contact['first_name']} {contact['last_name']}" in card
    assert f"EMAIL:{contact['email']}" in card
    assert "BDAY" in card or not contact["birth_date"]
    assert files(visitor, place).keys() >= {"my-data.json", "my-data.csv", "my-data.vcf"}


@pytest.mark.parametrize("kind", ["copy", "portable"])
@pytest.mark.parametrize("email", ["marijke.devries@example.org", HENDRIK])
def test_copies_are_of_the_published_shape(office: Office, kind: str, email: str) -> None:
    visitor = wants_a_copy(office, email)
    token = visitor.get("/me/consents").fields["csrf_token"]
    visitor.post("/me/consents", csrf_token=token, purpose="newsletter", granted="no")
    office.work()
    for _ in range(2):  # the second tells of the first
        copy = told(visitor, make(visitor, kind))
        validate(office, copy)


def test_every_value_has_a_place_in_the_published_shape(office: Office) -> None:
    visitor = wants_a_copy(office)
    with office.database.unit("test") as unit:
        unit.session.connection().exec_driver_sql("UPDATE sessions SET tier = 2")
        unit.commit()
    office.crm("UPDATE contacts SET birth_date = NULL, phone = '' WHERE id = 1")
    copy = told(visitor, make(visitor))

    assert fields_of(copy)["orders"]["rows"]
    validate(office, copy)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"kind": "other"},
        {"more": 1},
        {"about": None},
        {"made_at": "yesterday", "systems": [{}]},
        {"left_out": []},
    ],
)
def test_the_published_shape_refuses_what_is_of_another(
    office: Office, change: dict[str, Any]
) -> None:
    visitor = wants_a_copy(office)
    copy = told(visitor, make(visitor))

    with pytest.raises(ValidationError):
        validate(office, {**copy, **change})


def test_the_published_shape_is_for_everybody_and_names_every_ground(office: Office) -> None:
    answer = office.visitor().get(SCHEMA)

    assert answer.response.content_type == "application/schema+json"
    assert answer.response.headers["Access-Control-Allow-Origin"] == "*"
    assert "max-age" in answer.response.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.response.headers
    grounds = json.loads(answer.text)["$defs"]["ground"]["enum"]
    assert set(grounds) == {ground.value for ground in Ground}
    assert office.visitor().get("/schemas/my-data-2.json").status == 404
    assert office.visitor().get("/schemas/..%2Fregister.json").status == 404


def test_a_copy_tells_of_her_decisions_with_their_proof(office: Office) -> None:
    visitor = wants_a_copy(office)
    token = visitor.get("/me/consents").fields["csrf_token"]
    visitor.post("/me/consents", csrf_token=token, purpose="newsletter", granted="no")
    office.work()
    place = make(visitor)
    copy = told(visitor, place)

    (decision,) = copy["decisions"]
    assert (decision["purpose"], decision["granted"]) == ("newsletter", False)
    assert decision["wording"].startswith("Yes, send me the monthly newsletter")
    assert [one["right"] for one in copy["requests"]] == ["withdraw"]
    read = visitor.get(f"{place}/read").text
    assert "What you decided about it on this page" in read
