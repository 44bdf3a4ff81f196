"""What a field of the register may say of itself, by its kind and tier."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from portal.domain.register import FieldEntry, Kind

OPTIONS = {"a": {"en": "A"}}


def field(**said: Any) -> FieldEntry:
    return FieldEntry(id="one", activity="a", label={"en": "One"}, category="c", **said)


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({"kind": "choice", "tier": 1}, "needs options"),
        ({"kind": "text", "options": OPTIONS}, "belongs to a field of kind choice only"),
        ({"kind": "language", "tier": 1, "editable": True}, "which languages can be chosen?"),
        ({"kind": "text", "languages": ("nl",)}, "belongs to a field of kind language only"),
        ({"kind": "text", "past": True}, "belongs to a field of kind date only"),
        ({"kind": "text", "not_for_sign_in": True}, "belongs to a field of kind email only"),
        ({"kind": "email", "tier": 1, "editable": True}, "has its own way"),
        ({"kind": "email", "tier": 2, "replaceable": True}, "has its own way"),
        ({"tier": 2, "editable": True}, "of tier 2 it may be replaceable"),
        ({"tier": 1, "replaceable": True}, "is for tier 2"),
        ({"tier": 2, "replaceable": True, "shown": False}, "so that she knows that it is there"),
        ({"kind": "rows", "columns": OPTIONS, "replaceable": True}, "rows cannot be replaceable"),
        ({"tier": 2, "together": "home"}, "belongs to a replaceable field only"),
        ({"tier": 2, "replaceable": True, "may_be_empty": True}, "replaced together with others"),
    ],
)
def test_what_does_not_fit_together_is_said(said: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError) as refused:
        field(**said)
    assert complaint in str(refused.value)


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "choice", "tier": 1, "options": OPTIONS, "editable": True},
        {"kind": "language", "tier": 1},
        {"kind": "language", "tier": 1, "languages": ("nl", "de"), "editable": True},
        {"kind": "date", "tier": 1, "past": True, "editable": True},
        {"kind": "email", "tier": 1, "not_for_sign_in": True, "editable": True},
        {"tier": 2, "replaceable": True},
        {"tier": 2, "replaceable": True, "together": "home", "may_be_empty": True},
    ],
)
def test_what_fits_is_taken(said: dict[str, Any]) -> None:
    assert field(**said).id == "one"


def test_every_kind_is_named_on_the_page_of_the_register() -> None:
    page = (Path(__file__).parents[2] / "docs" / "register.md").read_text("utf-8")
    assert [kind for kind in Kind if f"`{kind}`" not in page] == []
