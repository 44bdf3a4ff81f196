"""What is wrong with a file that a person wrote, in words that say what to do about it.

Pydantic finds the faults; this says them in plain language, all of them, and without ever
repeating a value: it may be a secret.
"""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from portal.domain.toml_lines import Path

Complaint = tuple[Path, str]
"""Where, and what is wrong: ``(("mail", "port"), "must be a whole number")``."""


class Misfit(ValueError):
    """Parts that are right by themselves and do not fit together.

    A validator raises it with every place that is wrong, relative to its own model.
    """

    def __init__(self, complaints: Iterable[Complaint]) -> None:
        self.complaints = tuple(complaints)
        super().__init__("; ".join(f"{dotted(path)}: {reason}" for path, reason in self.complaints))


FORMS = {
    r"^[a-z][a-z0-9_]{0,47}$": "must be of small letters, digits and _, and start with a letter",
    r"^[a-z][a-z0-9-]{0,47}$": "must be of small letters, digits and -, and start with a letter",
    r"^[a-z]{2}(-[A-Z]{2})?$": 'must be a language code such as "nl" or "en"',
    r"^[A-Z]{2}$": 'must be a country code of two capitals, such as "NL"',
    r"^([A-Z]{2})?$": 'must be a country code of two capitals, such as "NL"',
    r"^#[0-9a-fA-F]{6}$": 'must be a colour such as "#0b5fff"',
    r"^[^\x00-\x1f\x7f]+$": "must be one line of plain text",
}
"""What a pattern asks, in words."""

_SENTENCES = {
    "missing": "is missing",
    "string_type": "must be text, in quotes",
    "string_too_short": "must not be empty",
    "string_too_long": "must be at most {max_length} characters",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "enum": "must be one of {expected}",
    "literal_error": "must be one of {expected}",
    "mapping_type": "must be a table",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "tuple_type": "must be a list, in [square brackets]",
    "too_short": "must not be empty: give one at least",
    "path_type": "must be the path of a file, in quotes",
}


def explain(error: ValidationError, model: type[BaseModel]) -> list[Complaint]:
    """Every fault that Pydantic found in data for this model."""
    details = error.errors()
    faulty = {tuple(detail["loc"][:-1][:length]) for detail in details for length in range(20)}
    # Pydantic leaves a faulty item out, and then finds the list too short: that is one fault.
    return [
        complaint
        for detail in details
        if detail["type"] != "too_short" or tuple(detail["loc"]) not in faulty
        for complaint in _complaints(detail, model)
    ]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``": did you mean mail?"`` where a known name is near, else nothing."""
    near = get_close_matches(name, list(known), n=1)
    return f": did you mean {near[0]}?" if near else ""


def dotted(path: Path) -> str:
    """``fields.3.label``."""
    return ".".join(map(str, path))


def model_at(model: type[BaseModel], path: Path) -> type[BaseModel] | None:
    """The model of what stands at this path, None where that is no model."""
    found: type[BaseModel] | None = model
    for part in path:
        if isinstance(part, int):
            continue
        if found is None or part not in found.model_fields:
            return None
        found = _model_in(found.model_fields[part].annotation)
    return found


def _complaints(detail: Mapping[str, Any], model: type[BaseModel]) -> Iterator[Complaint]:
    path: Path = tuple(part for part in detail["loc"] if part != "[key]")
    context = detail.get("ctx", {})
    raised = context.get("error")
    if isinstance(raised, Misfit):
        for inner, reason in raised.complaints:
            yield (*path, *inner), reason
    elif raised is not None:
        yield path, str(raised)
    elif detail["type"] == "extra_forbidden":
        owner = model_at(model, path[:-1])
        known = owner.model_fields if owner else ()
        yield path, f"is not a key that is known here{did_you_mean(str(path[-1]), known)}"
    elif detail["type"] == "string_pattern_mismatch":
        yield path, FORMS.get(context["pattern"], "does not have the right form")
    else:
        yield path, _SENTENCES.get(detail["type"], "is not right").format(**context)


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in get_args(annotation):
        if found := _model_in(part):
            return found
    return None
