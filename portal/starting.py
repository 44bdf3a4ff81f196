"""A new instance folder: settings and register with comments, and keys. Never overwrites."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from portal.store.vault import Keyring

STARTER = Path(__file__).parent / "starter"


def make_instance(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Make what is not there yet; each path, and whether it was made now.

    :raises OSError: the folder cannot be written.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("portal.toml", "register.toml"):
        made = False
        with suppress(FileExistsError), (folder / name).open("x", encoding="utf-8") as file:
            file.write((STARTER / name).read_text(encoding="utf-8"))
            made = True
        yield folder / name, made
    made = False
    with suppress(FileExistsError):
        Keyring.create(folder / "keys.json")
        made = True
    yield folder / "keys.json", made
