"""`portal init` makes an instance folder that works, and never overwrites one."""

import stat
from pathlib import Path

from portal.config import load
from portal.domain.register_file import read_register
from portal.starting import make_instance
from portal.store.vault import Keyring


def test_a_new_folder_has_settings_register_and_keys(tmp_path: Path) -> None:
    """All three are read without an error as they are made, and the keys are for one's own eyes."""
    folder = tmp_path / "deep" / "instance"
    made = list(make_instance(folder))
    assert [(path.name, new) for path, new in made] == [
        ("portal.toml", True),
        ("register.toml", True),
        ("keys.json", True),
    ]
    settings = load(folder, {})
    register = read_register(settings.register_file.read_text(), settings.languages)
    assert [field.id for field in register.fields] == ["email", "name"]
    assert len(Keyring.load(settings.keys_file).sealing) == 1
    assert stat.S_IMODE(settings.keys_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_nothing_that_is_there_is_overwritten(tmp_path: Path) -> None:
    """Keys above all: with new ones, nothing that was stored could be read again."""
    (tmp_path / "portal.toml").write_text("mine")
    Keyring.create(tmp_path / "keys.json")
    before = (tmp_path / "keys.json").read_bytes()
    assert [new for _, new in make_instance(tmp_path)] == [False, True, False]
    assert (tmp_path / "portal.toml").read_text() == "mine"
    assert (tmp_path / "keys.json").read_bytes() == before
