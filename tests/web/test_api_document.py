"""The description: every route, every scope, and shapes that real answers have."""

import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.handovers import Website, handing_over
from tests.portals import MARIJKE, Office, StartOffice
from tests.programs import Program


@pytest.fixture
def office(start_office: StartOffice) -> Office:
    return handing_over(start_office)


@pytest.fixture
def document(office: Office) -> dict[str, Any]:
    answer = office.visitor().get("/api/v1/openapi.json")  # a browser, too, and without a key
    found: dict[str, Any] = json.loads(answer.text)
    return found


def test_every_route_is_described_and_nothing_else(
    office: Office, document: dict[str, Any]
) -> None:
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule.removeprefix("/api/v1")), method.lower())
        for rule in office.app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {(path, method) for path, ways in document["paths"].items() for method in ways}
    assert described == routes
    assert document["openapi"] == "3.1.0"
    assert document["servers"] == [{"url": "http://localhost:8080/api/v1"}]


def schema(document: dict[str, Any], told: dict[str, Any]) -> Draft202012Validator:
    Draft202012Validator.check_schema(told)
    return Draft202012Validator({**told, "components": document["components"]})


def test_every_schema_is_one_and_every_reference_leads_somewhere(
    document: dict[str, Any],
) -> None:
    schemas = document["components"]["schemas"]
    for one in schemas.values():
        Draft202012Validator.check_schema(one)
    for model in re.findall(r"#/components/schemas/(\w+)", str(document)):
        assert model in schemas


def test_real_questions_and_answers_have_the_shapes_that_are_described(
    office: Office, document: dict[str, Any]
) -> None:
    program, website = Program(office), Website(office)
    asked = {"asked": [{"email": MARIJKE}, {"email": "x"}, {"ref": "crm:1"}, {"ref": "a:b"}]}
    links = {"links": [{"email": MARIJKE, "purpose": "newsletter"}, {"ref": "a", "purpose": "b"}]}
    seen = set()
    for path, method, body, told in (
        ("/consents/{ref}", "get", None, program.get("/consents/crm:1")),
        ("/consents/{ref}", "get", None, program.get("/consents/a:b")),
        ("/consents", "post", asked, program.post("/consents", asked)),
        ("/consents", "post", None, program.post("/consents", {})),
        ("/consents", "post", None, program.send("POST", "/consents", data=b"x")),
        ("/feed", "get", None, program.get("/feed")),
        ("/feed", "get", None, program.get("/feed?after=0-x")),
        ("/feed", "get", None, program.get("/feed?limit=x")),
        ("/links", "post", links, program.post("/links", links)),
        ("/handoff", "post", None, website.send(website.assertion())),
        ("/handoff", "post", None, website.send("x")),
        ("/openapi.json", "get", None, program.get("/openapi.json")),
    ):
        route = document["paths"][path][method]
        answer = route["responses"][str(told.status)]
        (media,) = answer["content"]
        assert told.response.mimetype == media
        schema(document, answer["content"][media]["schema"]).validate(told.json)
        if body is not None:
            content = route["requestBody"]["content"]["application/json"]
            schema(document, content["schema"]).validate(body)
        seen.add((path, method))
    assert seen == {(path, way) for path, ways in document["paths"].items() for way in ways}


def test_what_is_refused_is_no_question_by_the_description_either(
    document: dict[str, Any],
) -> None:
    asked = schema(document, {"$ref": "#/components/schemas/ConsentsAsked"})
    assert not asked.is_valid({"asked": []})
    assert not asked.is_valid({"asked": [{"email": "x"}] * 101})
    assert not asked.is_valid({"asked": [{"email": "x", "more": 1}]})
