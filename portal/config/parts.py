"""The parts of the settings: who helps, the mail server, the websites, quotas and terms."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)

from portal.config.values import (
    LANGUAGES,
    Address,
    Language,
    Line,
    Lines,
    Origin,
    Page,
    is_loopback,
    listed,
)
from portal.domain.complaints import Complaint, Misfit


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


class MailSettings(Part):
    """The relay that takes the portal's mail."""

    server: Line
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    """`none` is accepted for a loopback server only."""
    username: str | None = None
    password: SecretStr | None = None
    sender: Address
    sender_name: Line
    ca_file: Path | None = None
    """Certificates to trust instead of the system's."""
    timeout: float = Field(default=10, gt=0, le=60)
    """Seconds."""

    @model_validator(mode="after")
    def _secrets_are_safe(self) -> Self:
        complaints: list[Complaint] = []
        if self.security == "none" and not is_loopback(self.server):
            complaints.append(
                (("security",), 'may be "none" for a server on this machine only: use "starttls"')
            )
        if self.username is not None and self.password is None:
            complaints.append((("password",), "is missing, while there is a user name"))
        if self.password is not None and self.username is None:
            complaints.append((("username",), "is missing, while there is a password"))
        if complaints:
            raise Misfit(complaints)
        return self


class Site(Part):
    """One website that embeds the portal."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]{0,47}$")
    name: Line
    origins: Annotated[tuple[Origin, ...], BeforeValidator(listed)] = ()
    """Exact origins that may frame it: https, or http on loopback."""
    return_url: Page
    languages: Annotated[tuple[Language, ...], BeforeValidator(listed)] = Field(
        default=LANGUAGES, min_length=1
    )
    """In the order offered; the first is for who asks for none of them."""
    adapters: Annotated[tuple[str, ...], BeforeValidator(listed)] = ()
    """The adapters its visitors see; empty: all."""
    handoff_keys: Path | None = None
    """The JWKS file of the keys with which it signs whom it hands over; relative to the instance
    folder. Left out: it hands nobody over."""
    accent: str | None = Field(default=None, pattern=r"^#[0-9a-fA-F]{6}$")
    country: str = Field(default="", pattern=r"^([A-Z]{2})?$")  # its phone numbers need no +
    erase_after_hours: int = Field(default=48, ge=0, le=168)  # 0: at once only
    authority: Authority | None = None
    """Where its visitors complain, if it is another than the installation's."""


class Limits(Part):
    """Quotas and lifetimes; durations in seconds."""

    token_lifetime: int = Field(default=600, ge=60, le=1800)
    confirm_lifetime: int = Field(default=300, ge=60, le=1800)
    session_idle: int = Field(default=900, ge=60)
    session_absolute: int = Field(default=3600, ge=60)
    proof_lifetime: int = Field(default=300, ge=60)
    mails_per_address_hour: int = Field(default=3, ge=1)
    mails_per_address_day: int = Field(default=10, ge=1)
    mails_unknown_day: int = Field(default=1, ge=0)
    asks_per_network_hour: int = Field(default=20, ge=1)
    asks_per_site_hour: int = Field(default=1000, ge=1)
    confirms_per_hour: int = Field(default=5, ge=1)
    change_mails_hour: int = Field(default=3, ge=1)
    """Mails to one address that somebody wants to change hers into; beside those for signing in."""
    change_mails_day: int = Field(default=5, ge=1)
    api_calls_per_minute: int = Field(default=120, ge=1)
    """Of one API key."""
    code_tries: int = Field(default=5, ge=1, le=10)
    address_wait: int = Field(default=86_400, ge=3600, le=7 * 86_400)
    """How long a new address waits for a word of the old mailbox before it takes effect."""
    address_back: int = Field(default=14 * 86_400, ge=86_400, le=60 * 86_400)
    """How long the old mailbox can take it back."""
    address_links: int = Field(default=365 * 86_400, ge=86_400, le=5 * 365 * 86_400)
    """How long the new address is kept, sealed, so that links in older mail stop what goes
    there."""

    @model_validator(mode="after")
    def _idle_ends_before_the_session(self) -> Self:
        if self.session_idle > self.session_absolute:
            raise Misfit([(("session_idle",), "must not be more than session_absolute")])
        return self


class RetentionSettings(Part):
    """How long the portal keeps its own records of subscribers."""

    requests_days: int = Field(default=1826, ge=90, le=3653)
    """What was asked for and decided, in days: five years, as long as a claim may be made."""
    feed_days: int = Field(default=30, ge=1, le=30)
    """Whom an entry of the feed for programs is about, in days."""


ROLE_ADDRESSES = (
    "abuse", "accounts", "admin", "administratie", "administration", "beheer", "bestuur",
    "boekhouding", "buchhaltung", "comptabilite", "contact", "directie", "facturen", "finance",
    "financieel", "helpdesk", "info", "inkoop", "invoices", "kantoor", "klantenservice",
    "kontakt", "marketing", "no-reply", "noreply", "office", "orders", "personeel", "postmaster",
    "privacy", "receptie", "reception", "redactie", "sales", "secretariaat", "secretary",
    "security", "service", "support", "verkauf", "verkoop", "webmaster",
)  # fmt: skip
"""What stands before the @ in addresses that mostly a whole company reads (after RFC 2142)."""
