"""What tests of copies share: making one, taking it along, reading what was taken."""

import csv
import io
import json
import zipfile
from typing import Any

from portal.demo.settings import CONFIG
from tests.portals import MARIJKE, Office, Page, Visitor

HENDRIK = "hendrik.bosman@example.com"
"""Has two records."""
SHARED = "familie.jansen@example.net"
"""Two people have this address."""
REGISTER = (CONFIG / "register.toml").read_text("utf-8")


def wants_a_copy(office: Office, email: str = MARIJKE) -> Visitor:
    return office.visitor().sign_in(office, email, goal="copy")


def make(visitor: Visitor, kind: str = "copy") -> str:
    """The address of a new copy."""
    answer = visitor.submit(visitor.get("/me/export"), "/me/export", kind=kind)
    assert answer.status == 303, answer.text
    return answer.location


def take(visitor: Visitor, copy: str, form: str) -> Page:
    return visitor.submit(visitor.get(copy), copy, form=form)


def told(visitor: Visitor, copy: str) -> dict[str, Any]:
    answer = take(visitor, copy, "json")
    assert answer.status == 200, answer.text
    found: dict[str, Any] = json.loads(answer.response.get_data())
    return found


def files(visitor: Visitor, copy: str) -> dict[str, str]:
    archive = zipfile.ZipFile(io.BytesIO(take(visitor, copy, "zip").response.get_data()))
    return {name: archive.read(name).decode("utf-8-sig") for name in archive.namelist()}


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def fields_of(copy: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Field id → field, of the only record."""
    (record,) = copy["systems"][0]["records"]
    return {field["id"]: field for field in record["fields"]}
