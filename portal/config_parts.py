"""Parts of the settings that pages show: who helps, and who watches over it."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

from portal.config_values import Address, Line, Lines, Page, listed


class Part(BaseModel):
    """Strict, frozen, and silent about values in its errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Contact(Part):
    """Who helps: named on every page, mail and error."""

    name: Line
    phone: Line
    post: Lines
    """The postal address, line by line."""
    email: Address


class Authority(Part):
    """The data protection authority that subscribers can complain to (Art. 77 GDPR)."""

    name: Line
    website: Page
    """Where a complaint is made."""
    phone: Line | None = None
    post: Annotated[tuple[Line, ...], BeforeValidator(listed)] = ()
    """Its postal address, line by line."""


ROLE_ADDRESSES = (
    "abuse", "accounts", "admin", "administratie", "administration", "beheer", "bestuur",
    "boekhouding", "buchhaltung", "comptabilite", "contact", "directie", "facturen", "finance",
    "financieel", "helpdesk", "info", "inkoop", "invoices", "kantoor", "klantenservice",
    "kontakt", "marketing", "no-reply", "noreply", "office", "orders", "personeel", "postmaster",
    "privacy", "receptie", "reception", "redactie", "sales", "secretariaat", "secretary",
    "security", "service", "support", "verkauf", "verkoop", "webmaster",
)  # fmt: skip
"""What stands before the @ in addresses that mostly a whole company reads (after RFC 2142)."""
