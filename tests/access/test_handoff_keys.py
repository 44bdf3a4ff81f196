"""A website's key file: public keys of two kinds, and everything else is told by `portal check`."""

import json
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from portal.access.handoff_keys import KeysUnfit, read_keys
from portal.checks.handoff import look_at_handoff_keys
from tests.portals import Office, StartOffice

ED25519 = OKPKey.generate_key("Ed25519")
P256 = ECKey.generate_key("P-256")


def write(path: Path, content: Any) -> Path:
    file = path / "keys.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def test_public_keys_are_read_whatever_else_stands_beside_them(tmp_path: Path) -> None:
    told = KeySet([ED25519, P256]).as_dict(private=False)
    told["keys"][0] |= {"alg": "EdDSA", "use": "sig", "key_ops": ["verify"], "x5t": "…"}
    assert len(read_keys(write(tmp_path, told))) == 2


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "not JSON"),
        ("[]", "no JWKS"),
        ("{}", "no JWKS"),
        ({"keys": []}, "no JWKS"),
        ({"keys": {}}, "no JWKS"),
        ({"keys": ["x"]}, "no JWKS"),
        ({"keys": [{}]}, "neither"),
        ({"keys": [ED25519.as_dict(private=True)]}, "private"),
        ({"keys": [P256.as_dict(private=True)]}, "private"),
        ({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}, "private"),
        ({"keys": [RSAKey.generate_key(2048).as_dict(private=False)]}, "neither"),
        ({"keys": [ECKey.generate_key("P-384").as_dict(private=False)]}, "neither"),
        ({"keys": [OKPKey.generate_key("X25519").as_dict(private=False)]}, "neither"),
        ({"keys": [{**ED25519.as_dict(private=False), "x": "AAAA"}]}, "cannot be read"),
        ({"keys": [{**ED25519.as_dict(private=False), "x": 7}]}, "cannot be read"),
        ({"keys": [{**P256.as_dict(private=False), "y": "AAAA"}]}, "cannot be read"),
        ({"keys": [{**ED25519.as_dict(private=False), "use": "enc"}]}, "not for signatures"),
        (" " * 70_000, "no JWKS"),
    ],
)
def test_what_does_not_fit_is_said_without_a_key(tmp_path: Path, content: Any, why: str) -> None:
    with pytest.raises(KeysUnfit, match=why):
        read_keys(write(tmp_path, content))


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(KeysUnfit, match="cannot be read"):
        read_keys(tmp_path / "nowhere.json")


def test_portal_check_says_which_site_hands_over_and_what_is_wrong(
    start_office: StartOffice,
) -> None:
    settings = start_office(
        sites={0: {"handoff_keys": "keys.json"}, 1: {"handoff_keys": "nowhere.json"}}
    ).settings
    write(settings.instance, KeySet([ED25519]).as_dict(private=False))

    (good, told, nothing), (bad, why, todo) = look_at_handoff_keys(settings)

    assert (good, nothing) == (True, "")
    assert "site demo may hand people over, by 1 key(s)" in told
    assert bad is False
    assert "nowhere.json: the file cannot be read" in why
    assert "JWKS" in todo


def test_where_no_site_hands_over_there_is_nothing_to_say(office: Office) -> None:
    assert list(look_at_handoff_keys(office.settings)) == []
