"""From the settings to running adapters: every adapter is a plugin, those shipped as well."""

from collections.abc import Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from portal.adapters.contract import Adapter, AdapterError, Misconfigured
from portal.adapters.watched import Watched
from portal.domain.complaints import did_you_mean, dotted, explain

GROUP = "portal.adapters"


class AdapterConfigError(Misconfigured):
    """Some adapter cannot be made. ``errors``: one line for each thing that is wrong.

    A line says which adapter, which key and what to do, and holds no value of a setting.
    """

    def __init__(self, errors: Sequence[str]) -> None:
        self.errors = list(errors)
        super().__init__("\n".join(self.errors))


def known_adapters() -> dict[str, type[Adapter]]:
    """The adapters that are installed, by the name that `adapter = "…"` gives them.

    :raises AdapterConfigError: one of them cannot be imported.
    """
    found: dict[str, type[Adapter]] = {}
    errors: list[str] = []
    for point in sorted(entry_points(group=GROUP), key=lambda one: one.name):
        try:
            found[point.name] = _class_at(point)
        except ImportError as error:
            errors.append(f"the adapter {point.name} cannot be loaded: {error}")
    if errors:
        raise AdapterConfigError(errors)
    return found


def load_adapters(
    config: Mapping[str, Mapping[str, Any]], folder: Path | None = None
) -> dict[str, Adapter]:
    """The configured adapters, by name, in the order of the configuration. Connects to nothing.

    Each is `Watched`: this is the one place where an adapter is made.

    Args:
        config: the sections ``[adapters.…]``.
        folder: what relative paths in them are relative to; else the working directory.

    Raises:
        AdapterConfigError: with everything that is wrong, in all of them.
    """
    known = known_adapters()
    adapters: dict[str, Adapter] = {}
    errors: list[str] = []
    for name, section in config.items():
        kind = str(section.get("adapter", ""))
        made = known.get(kind)
        if made is None:
            hint = did_you_mean(kind, known) or f": installed are {', '.join(known) or 'none'}"
            errors.append(f"adapters.{name}.adapter: there is no adapter of this name{hint}")
            continue
        try:
            settings = made.Settings.model_validate(section, context={"folder": folder or Path()})
            adapters[name] = Watched(made(name, settings))
        except ValidationError as error:
            errors += [
                f"{dotted(('adapters', name, *path))}: {reason}"
                for path, reason in explain(error, made.Settings)
            ]
        except AdapterError as error:
            errors.append(f"adapters.{name}: {error}")
    if errors:
        raise AdapterConfigError(errors)
    return adapters


def _class_at(point: EntryPoint) -> type[Adapter]:
    loaded: type[Adapter] = point.load()
    return loaded
