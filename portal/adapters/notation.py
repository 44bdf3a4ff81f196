"""How a CRM writes what the portal knows in one form: phone numbers, countries, yes and no.

For adapters of any kind. A *notation* goes both ways without loss: what is read is turned into the
portal's form only if writing it would give the very same back; everything else stays as it is. So
an odd value is shown as it stands, and what nobody changed is never written otherwise.
"""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from portal.adapters.contract import Scalar
from portal.domain.countries import countries, three_letters
from portal.domain.phones import E164, NotAPhoneNumber, e164, international, national

Constant = bool | int | str


class NoNotation(ValueError):
    """The CRM has no way to write this value. The message never holds it."""


class Notation(BaseModel):
    """What the settings of one field say of how its CRM writes it; nothing said: as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    form: Literal["national", "international", "alpha3"] | None = None
    """Phone numbers: as within ``region``, or with groups from abroad; left out, E.164. Countries:
    three letters; left out, two (ISO 3166-1)."""
    region: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")
    """The country whose phone numbers are written nationally; all others are from abroad."""
    names: str | None = Field(default=None, pattern=r"^[a-z]{2}(-[A-Z]{2})?$")
    """Countries by their names in this language."""
    values: Mapping[str, Constant] = Field(default_factory=dict)
    """The portal's value → the CRM's: all that there is, or beside ``names`` or ``form``
    what is written otherwise."""
    true: Constant | None = None
    false: Constant | None = None
    """How yes and no are written: J and N, 1 and 0, true and false in letters."""

    @model_validator(mode="after")
    def _is_one_way(self) -> Self:
        if (self.form == "national") != (self.region is not None):
            raise ValueError('region belongs to form = "national", which needs it')
        if (self.true is None) != (self.false is None):
            raise ValueError("true and false belong together")
        if self.true is not None and _text(self.true) == _text(self.false):
            raise ValueError("true and false must differ")
        written = [_text(value) for value in self.values.values()]
        if len(set(written)) < len(written):
            raise ValueError("values: two of them are written the same")
        if sum((self.form is not None, self.names is not None, self.true is not None)) > 1:
            raise ValueError("only one of form, names and true/false can hold")
        return self

    @property
    def is_plain(self) -> bool:
        """Is everything written as the portal has it?"""
        return not (self.form or self.names or self.values) and self.true is None

    def written(self, value: Scalar) -> Scalar:
        """A value of the portal as the CRM writes it.

        :raises NoNotation: the CRM has none for it.
        """
        if value is None or value == "":
            return value
        if isinstance(value, bool):
            return value if self.true is None else (self.true if value else self.false)
        text = str(value)
        if text in self.values:
            return self.values[text]
        match self.form:
            case "national" if E164.fullmatch(text):
                return national(text, self.region or "")
            case "international" if E164.fullmatch(text):
                return international(text)
            case "alpha3" if text in three_letters():
                return three_letters()[text]
        if self.names is not None and text in countries(self.names):
            return countries(self.names)[text]
        if self.values and self.names is None and self.form is None:
            raise NoNotation("is none of the values that its CRM is said to know")
        return value

    def read(self, value: Scalar) -> Scalar:
        """What the CRM holds, in the portal's form; as it stands where that is not exact."""
        if value is None or self.is_plain:
            return value
        for candidate in self._candidates(value):
            try:
                if _text(self.written(candidate)) == _text(value):
                    return candidate
            except (NoNotation, NotAPhoneNumber):
                continue
        return value

    def _candidates(self, value: Scalar) -> list[Scalar]:
        text = _text(value)
        if self.true is not None:
            return [True, False]
        found: list[Scalar] = [one for one, other in self.values.items() if _text(other) == text]
        match self.form:
            case "national" | "international":
                found += _dialled(text, self.region or "")
            case "alpha3":
                found += [two for two, three in three_letters().items() if three == text]
        if self.names is not None:
            found += [code for code, name in countries(self.names).items() if name == text]
        return found


def _dialled(text: str, region: str) -> list[Scalar]:
    try:
        return [e164(text, region)]
    except NotAPhoneNumber:
        return []


def _text(value: Any) -> str:
    """1 and "1" are one in a CRM; True of a driver is 1."""
    return str(int(value)) if isinstance(value, bool) else str(value)
