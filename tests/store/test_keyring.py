"""The key file: made once, for its owner alone, never overwritten, and never quoted."""

import json
import os
import stat
import traceback
from dataclasses import replace
from pathlib import Path

import pytest

from portal.store.vault import Keyring, KeysUnusable
from tests.storing import make_keyring, write_keys


def test_only_the_owner_may_read_the_key_file(tmp_path: Path) -> None:
    Keyring.create(tmp_path / "keys.json")

    assert stat.S_IMODE((tmp_path / "keys.json").stat().st_mode) == 0o600


def test_keys_that_were_made_can_be_loaded(tmp_path: Path) -> None:
    made = Keyring.create(tmp_path / "keys.json")

    assert Keyring.load(tmp_path / "keys.json") == made


def test_two_key_files_hold_no_key_in_common(tmp_path: Path) -> None:
    one, other = (Keyring.create(tmp_path / name) for name in ("one.json", "other.json"))

    assert not {*one.sealing, *one.signing, one.alias[0][1]} & {
        *other.sealing,
        *other.signing,
        other.alias[0][1],
    }


def test_keys_are_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    Keyring.create(path)
    before = path.read_bytes()

    with pytest.raises(FileExistsError):
        Keyring.create(path)
    assert path.read_bytes() == before


def test_a_missing_key_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(KeysUnusable, match=r"no key file keys\.json; `portal init` makes one"):
        Keyring.load(tmp_path / "keys.json")


CANARY = "canary-5520-canary-5520-canary-5520-canary"


@pytest.mark.parametrize(
    "changed",
    [
        {"sealing": [CANARY]},
        {"sealing": []},
        {"signing": []},
        {"signing": CANARY},
        {"signing": ["short"]},
        {"alias": []},
        {"alias": [{"version": "new", "key": CANARY}]},
        {"alias": [{"key": CANARY}]},
        {"alias": [{"version": 1, "key": "short"}]},
        {"alias": [{"version": 2, "key": CANARY}, {"version": 2, "key": CANARY}]},
        {"alias": [{"version": 2, "key": CANARY}, {"version": 1, "key": CANARY}]},
        {"alias": CANARY},
        {"links": CANARY},
        {"links": ["short"]},
        {"links": None},
    ],
    ids=str,
)
def test_a_key_file_that_cannot_be_used_is_refused_without_a_key_in_the_message(
    changed: dict[str, object], tmp_path: Path
) -> None:
    path = write_keys(tmp_path / "keys.json", **changed)
    secrets = [CANARY, *json.loads(path.read_text())["sealing"]]

    with pytest.raises(KeysUnusable, match=r"the key file keys\.json") as caught:
        Keyring.load(path)
    told = "".join(traceback.format_exception(caught.value))
    assert not [secret for secret in secrets if secret in told]


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "7", "\udcff"])
def test_a_file_that_holds_no_keys_at_all_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))

    with pytest.raises(KeysUnusable, match=r"cannot be read as keys"):
        Keyring.load(path)


def test_a_keyring_shows_how_many_keys_it_holds_and_none_of_them() -> None:
    keys = make_keyring(2)

    assert repr(keys) == "Keyring(2 sealing, 2 signing)"


def test_a_key_file_of_before_footer_links_goes_on_working(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    Keyring.create(path)
    older = {name: one for name, one in json.loads(path.read_text()).items() if name != "links"}
    path.write_text(json.dumps(older))

    assert Keyring.load(path).links == ()


def test_a_key_for_footer_links_is_added_and_all_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    before = Keyring.create(path)
    os.utime(path, (1_700_000_000, 1_700_000_000))

    after = Keyring.add_link_key(path)

    assert after.links[:-1] == before.links
    assert after.links[-1] not in before.links
    assert replace(after, links=before.links) == before
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.stat().st_mtime == 1_700_000_000, "by it the other keys are seen to be old"
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize("content", ["{", '{"links": []}'])
def test_no_key_is_added_to_what_is_no_key_file(content: str, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(content)

    with pytest.raises(KeysUnusable):
        Keyring.add_link_key(path)
    assert path.read_text() == content
