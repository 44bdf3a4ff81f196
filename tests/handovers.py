"""What tests of handing over share: a website with a key, and the assertions that it signs."""

import json
import secrets
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.jwk import ECKey, KeySet, OKPKey

from tests.portals import MARIJKE, ORIGIN, Office, StartOffice, Visitor
from tests.programs import Told

WEBSITE = "http://127.0.0.1:8081"
Key = OKPKey | ECKey
ED25519 = OKPKey.generate_key("Ed25519", parameters={"kid": "ed"})
P256 = ECKey.generate_key("P-256", parameters={"kid": "ec"})
OTHERS = OKPKey.generate_key("Ed25519", parameters={"kid": "other"})


def sign(key: OKPKey, text: str) -> bytes:
    """A signature past joserfc, for what it would not write."""
    private = key.get_op_key("sign")
    assert isinstance(private, Ed25519PrivateKey)
    return private.sign(text.encode())


def handing_over(start_office: StartOffice, *, database: str = "", **changed: Any) -> Office:
    """An office whose two websites hand over, each by keys of its own."""
    more: dict[str, Any] = {"database": database} if database else {}
    office = start_office(
        **more,
        sites={
            0: {"handoff_keys": "demo-keys.json", **changed},
            1: {"handoff_keys": "other-keys.json"},
        },
    )
    for name, keys in (("demo", [ED25519, P256]), ("other", [OTHERS])):
        public = json.dumps(KeySet([*keys]).as_dict(private=False))
        (office.settings.instance / f"{name}-keys.json").write_text(public)
    return office


class Website:
    """A company's website, with its clock."""

    def __init__(self, office: Office) -> None:
        self.office = office

    def claims(self, **changed: Any) -> dict[str, Any]:
        """What it claims of Marijke; a claim that is changed to ... is left out."""
        now = int(self.office.clock().timestamp())
        claims = {
            "iss": WEBSITE,
            "aud": ORIGIN,
            "site": "demo",
            "sub": MARIJKE,
            "jti": secrets.token_urlsafe(16),
            "iat": now,
            "exp": now + 60,
            **changed,
        }
        return {name: value for name, value in claims.items() if value is not ...}

    def assertion(
        self,
        key: Key = ED25519,
        alg: str = "Ed25519",
        header: dict[str, Any] | None = None,
        **claims: Any,
    ) -> str:
        told = {"alg": alg, "kid": key.kid} if header is None else {"alg": alg, **header}
        return jws.serialize_compact(told, json.dumps(self.claims(**claims)), key, algorithms=[alg])

    def send(self, assertion: str | bytes, **options: Any) -> Told:
        given = {"content_type": "application/jose", "base_url": ORIGIN, **options}
        client = self.office.app.test_client(use_cookies=False)
        answer = client.post("/api/v1/handoff", data=assertion, **given)
        assert "Set-Cookie" not in answer.headers
        return Told(answer)

    def link(self, **claims: Any) -> str:
        """The link that it gets for Marijke."""
        told = self.send(self.assertion(**claims))
        assert told.status == 201, told.text
        return str(told.json["url"])


def arrive(office: Office, link: str, visitor: Visitor | None = None) -> Visitor:
    """Open the link and press the button, as the page's script lets one."""
    visitor = visitor or office.visitor()
    page = visitor.get(link.removeprefix(ORIGIN).partition("#")[0])
    assert page.status == 200, page.text
    answer = visitor.submit(page, "/handoff", token=link.partition("#")[2])
    assert answer.status == 303, answer.text
    return visitor
