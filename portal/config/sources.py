"""Where settings come from: the file, the environment and secret files, put on top of each other.

What comes out is plain data in the shape of the settings, with the place each part came from, so
that whatever turns out to be wrong can be shown there.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path as FilePath
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr

from portal.config.gathered import FILE, RENAMED, SECTIONS, TOP, Gathered, in_file, in_layout
from portal.domain.complaints import did_you_mean, dotted, model_at
from portal.domain.toml_lines import Path, TomlError, line_at, read

_PREFIX = "PORTAL_"
_SECRET = re.compile(r"(^|_)(url|dsn|password|passphrase|token|secret|api_key)$")
"""Keys of an adapter that have a ``…_file`` twin; what else ends so is the adapter's own."""
_MAX_SECRET = 64 * 1024  # bytes
_SERVICE_LINK = re.compile(r"PORTAL_(SERVICE_(HOST|PORT\w*)|PORT(_\d+_\w+)?)")
"""What Kubernetes sets for a service that is called ``portal``; nobody means a setting by it."""


def gather(
    folder: FilePath, env: Mapping[str, str], overrides: Mapping[str, Any], model: type[BaseModel]
) -> Gathered:
    """What all sources say; ``model`` is the shape that will be asked of it."""
    gathered = Gathered()
    _read_file(gathered, folder, model, optional=bool(overrides))
    _unfold_secret_files(gathered, gathered.values, (), folder, model)
    _read_environment(gathered, folder, env, model)
    for path, value in _leaves(overrides):
        gathered.put(in_layout(path), value, "start-up option")
    for key, name in RENAMED.items():
        if key in gathered.values:
            gathered.values[name] = gathered.values.pop(key)
    mail = gathered.values.get("mail")
    if isinstance(mail, dict) and isinstance(mail.get("ca_file"), str | FilePath):
        mail["ca_file"] = folder / FilePath(mail["ca_file"]).expanduser()
    gathered.values["instance"] = folder
    return gathered


# --- the file ----------------------------------------------------------------------------------


def _read_file(
    gathered: Gathered, folder: FilePath, model: type[BaseModel], *, optional: bool
) -> None:
    path = folder / FILE
    try:
        data, gathered.lines = read(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        if not optional:
            gathered.errors.append(f"{path}: there is no such file: `portal init` makes one")
        return
    except UnicodeDecodeError:
        gathered.errors.append(f"{FILE}: is not UTF-8 text: save it as UTF-8")
        return
    except OSError as error:
        gathered.errors.append(f"{path}: cannot be read ({error.strerror}): check its permissions")
        return
    except TomlError as error:
        gathered.errors.append(f"{FILE}:{error.line}: {error.reason}: correct this line first")
        return
    top = data.pop("portal", {})
    if not isinstance(top, dict):
        gathered.errors.append(f"{FILE}:{gathered.lines['portal',]}: portal: must be a table")
        top = {}
    for known, table, prefix in ((TOP, top, ("portal",)), (SECTIONS, data, ())):
        for key, value in table.items():
            if key in known or (known is TOP and _base((key,), model)):
                gathered.values[key] = value
                continue
            line = line_at(gathered.lines, (*prefix, key))
            hint = did_you_mean(key, known) or _elsewhere(key)
            shown = dotted((*prefix, key))
            gathered.errors.append(f"{FILE}:{line}: {shown}: is not known here{hint}")


def _elsewhere(key: str) -> str:
    if key in TOP:
        return ": it belongs under [portal]"
    if key in SECTIONS:
        return f": it is a table of its own, [{key}]"
    return ": take it out"


# --- secret files ------------------------------------------------------------------------------


def _unfold_secret_files(
    gathered: Gathered, value: Any, path: Path, folder: FilePath, model: type[BaseModel]
) -> None:
    """Replace every ``x_file = "…"`` that stands for ``x`` by ``x`` itself."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            _unfold_secret_files(gathered, item, (*path, index), folder, model)
    elif isinstance(value, dict):
        for key in list(value):
            here = (*path, key)
            base = _base(here, model)
            if base is None:
                _unfold_secret_files(gathered, value[key], here, folder, model)
                continue
            file = value.pop(key)
            if base[-1] in value:
                gathered.errors.append(gathered.line(here, f"give this or {base[-1]}, not both"))
            elif isinstance(file, str):
                value[str(base[-1])] = _secret(gathered, here, file, folder)
                gathered.lines.setdefault(in_file(base), line_at(gathered.lines, in_file(here)))
            else:
                gathered.errors.append(gathered.line(here, "must be the path of a file, in quotes"))


def _base(path: Path, model: type[BaseModel]) -> Path | None:
    """The setting that the file at this path holds; None when this is no such path."""
    last = path[-1]
    if not isinstance(last, str) or not last.endswith("_file"):
        return None
    base = (*path[:-1], last.removesuffix("_file"))
    if path[0] == "adapters":
        return base if len(path) == 3 and _SECRET.search(str(base[-1])) else None
    owner = model_at(model, path[:-1])
    if owner is None or last in owner.model_fields or base[-1] not in owner.model_fields:
        return None
    return base if _is_text(owner.model_fields[str(base[-1])].annotation) else None


def _secret(gathered: Gathered, path: Path, file: str, folder: FilePath) -> str:
    """What the file holds, less the line end that editors add; nothing when it is unusable."""
    try:
        with (folder / FilePath(file).expanduser()).open("rb") as opened:
            content = opened.read(_MAX_SECRET + 1)
        text = content.decode()
    except OSError as error:
        reason = f"the file cannot be read ({error.strerror}): make it, or correct the path"
    except ValueError:
        reason = "the file is not UTF-8 text"
    else:
        text = text.removesuffix("\n").removesuffix("\r")
        if text and len(content) <= _MAX_SECRET:
            return text
        reason = "the file is empty" if not text else "the file is too large for a secret"
    gathered.errors.append(gathered.line(path, reason))
    return ""


# --- the environment ---------------------------------------------------------------------------


def _read_environment(
    gathered: Gathered, folder: FilePath, env: Mapping[str, str], model: type[BaseModel]
) -> None:
    given: dict[Path, str] = {}
    for variable in sorted(env):
        if not variable.startswith(_PREFIX) or variable == "PORTAL_INSTANCE":
            continue
        if _SERVICE_LINK.fullmatch(variable):
            continue
        path = _path_of(variable)
        if path[0] not in (*TOP, *SECTIONS) and (_base(path, model) or ("",))[0] not in TOP:
            names = [name.upper() for name in (*TOP, *SECTIONS, "instance")]
            hint = did_you_mean(variable.removeprefix(_PREFIX), names) or ": unset it"
            gathered.errors.append(f"{variable}: is not a setting{hint}")
            continue
        value: Any = env[variable]
        base = _base(path, model)
        if base is not None:
            gathered.places[path] = variable
            value = _secret(gathered, path, value, folder)
            del gathered.places[path]
        target = base or path
        if target in given:
            gathered.errors.append(f"{variable}: give this or {given[target]}, not both")
            continue
        given[target] = variable
        try:
            if base is None:
                value = _value(path, value, model)
            gathered.put(target, value, variable)
        except LookupError:
            gathered.errors.append(f"{variable}: there is no place for it: number lists from 0 on")
        except ValueError:
            gathered.errors.append(f'{variable}: must be written as in TOML: ["one", "two"]')


def _path_of(variable: str) -> Path:
    parts = variable.removeprefix(_PREFIX).lower().split("__")
    path: Path = tuple(int(part) if part.isascii() and part.isdigit() else part for part in parts)
    return path


def _value(path: Path, text: str, model: type[BaseModel]) -> Any:
    """Text as it is; for lists and tables, and for adapters that may want them, as in TOML."""
    parse: Callable[[], Any] = lambda: tomllib.loads(f"value = {text}")["value"]  # noqa: E731
    if path[0] == "adapters" and len(path) > 1:
        if not text.startswith(("[", "{")):
            return text
        try:
            return parse()
        except ValueError:
            return text
    owner = model_at(model, path[:-1])
    entry = owner.model_fields.get(str(path[-1])) if owner else None
    if isinstance(path[-1], int):
        return parse() if text.startswith("{") else text
    return parse() if entry is not None and _is_compound(entry.annotation) else text


# --- shapes ------------------------------------------------------------------------------------


def _alternatives(annotation: object) -> list[object]:
    if get_origin(annotation) is Annotated:
        return _alternatives(get_args(annotation)[0])
    if get_origin(annotation) in {Union, UnionType}:
        return [one for part in get_args(annotation) for one in _alternatives(part)]
    return [annotation]


def _is_text(annotation: object) -> bool:
    return any(one in {str, SecretStr} for one in _alternatives(annotation))


def _is_compound(annotation: object) -> bool:
    return any(
        (get_origin(one) not in {None, Literal})
        or (isinstance(one, type) and issubclass(one, BaseModel))
        for one in _alternatives(annotation)
    )


def _leaves(table: Mapping[str, Any], path: Path = ()) -> list[tuple[Path, Any]]:
    found: list[tuple[Path, Any]] = []
    for key, value in table.items():
        here = (*path, key)
        if isinstance(value, Mapping) and value:
            found += _leaves(value, here)
        else:
            found.append((here, value))
    return found
