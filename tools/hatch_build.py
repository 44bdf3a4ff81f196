"""What a wheel needs beside the Python files: compiled translations and the embed folder."""

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PortalBuildHook(BuildHookInterface[BuilderConfig]):
    """Hatch finds this class by its base class."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Runs before the files of a wheel are chosen.

        An editable install (``version == "editable"``) reads ``embed/`` where it lies, next to
        the package; a real wheel carries it as ``portal/_embed``.
        """
        root = Path(self.root)
        for po in sorted(root.glob("portal/translations/*/LC_MESSAGES/*.po")):
            with po.open("rb") as source:
                catalog = read_po(source)
            with po.with_suffix(".mo").open("wb") as target:
                write_mo(target, catalog)
        if version == "standard" and (root / "embed").is_dir():
            build_data["force_include"]["embed"] = "portal/_embed"
