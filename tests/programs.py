"""What tests of the API share: a program with a key, which is no browser and has no cookie."""

import json
from typing import Any

from werkzeug.test import TestResponse

from portal.access.api_keys import Scope
from tests.portals import ORIGIN, Office


class Told:
    """An answer to a program."""

    def __init__(self, response: TestResponse) -> None:
        self.response = response
        self.status = response.status_code
        self.text = response.get_data(as_text=True)

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str:
        """Of a problem."""
        assert self.response.mimetype == "application/problem+json", self.text
        assert self.json["status"] == self.status
        return str(self.json["code"])


class Program:
    """A program of the company's own, with a key for these uses."""

    def __init__(self, office: Office, *scopes: Scope, site: str = "demo", name: str = "") -> None:
        self.client = office.app.test_client(use_cookies=False)
        self.name = name or f"key-{len(office.portal.services.api_keys.all())}"
        keys = office.portal.services.api_keys
        self.key = keys.add(self.name, site, scopes or tuple(Scope))

    def get(self, path: str, **options: Any) -> Told:
        return self.send("GET", path, **options)

    def post(self, path: str, body: object, **options: Any) -> Told:
        return self.send("POST", path, json=body, **options)

    def send(self, method: str, path: str, **options: Any) -> Told:
        headers = {"Authorization": f"Bearer {self.key}"} | options.pop("headers", {})
        options.setdefault("base_url", ORIGIN)
        answer = self.client.open(f"/api/v1{path}", method=method, headers=headers, **options)
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
        assert not [one for one, _ in answer.headers if one.startswith("Access-Control")]
        return Told(answer)

    def consents(self, **who: str) -> dict[str, Any]:
        """The one answer about one person."""
        told = self.post("/consents", {"asked": [who]})
        assert told.status == 200, told.text
        (answer,) = told.json["answers"]
        assert isinstance(answer, dict)
        return answer


def allowed(answer: dict[str, Any]) -> dict[str, bool]:
    """Purpose → may it be done."""
    return {one["purpose"]: one["allowed"] for one in answer["purposes"]}


def because(answer: dict[str, Any]) -> dict[str, str | None]:
    """Purpose → why not."""
    return {one["purpose"]: one["because"] for one in answer["purposes"]}
