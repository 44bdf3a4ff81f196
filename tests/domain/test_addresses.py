"""Exactly one plain address is accepted, compared in one way, and never shown by accident."""

from dataclasses import FrozenInstanceError

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from portal.domain.addresses import Email, InvalidEmail

REFUSED = {
    "two addresses, comma (CVE-2022-35924)": "jan@example.org,eve@example.net",
    "two addresses, comma and space": "jan@example.org, eve@example.net",
    "two addresses, semicolon": "jan@example.org;eve@example.net",
    "two addresses, space": "jan@example.org eve@example.net",
    "two addresses, new line": "jan@example.org\neve@example.net",
    "two addresses in an array (CVE-2023-7028)": '["jan@example.org", "eve@example.net"]',
    "one address in an array": '["jan@example.org"]',
    "array as a form sends it": "jan@example.org[]",
    "array as Python prints it": "['jan@example.org', 'eve@example.net']",
    "quoted local part (GHSA-5jpx-9hw9-2fx4)": '"jan@example.org"@example.net',
    "quoted local part with a space": '"jan jansen"@example.org',
    "needlessly quoted local part": '"jan"@example.org',
    "comment in the local part": "jan(him)@example.org",
    "comment before the domain": "jan@(him)example.org",
    "comment at the end": "jan@example.org(him)",
    "display name": "Jan <jan@example.org>",
    "display name that is an address": '"jan@example.org" <eve@example.net>',
    "angle brackets": "<jan@example.org>",
    "mailto": "mailto:jan@example.org",
    "with a query": "jan@example.org?cc=eve@example.net",
    "full-width at-sign U+FF20 (CVE-2026-73420)": "jan\uff20example.org",
    "full-width at-sign beside a real one": "jan@eve\uff20example.org",
    "small at-sign U+FE6B": "jan\ufe6bexample.org",
    "full-width full stop U+FF0E": "jan@example\uff0eorg",
    "ideographic full stop U+3002": "jan@example\u3002org",
    "half-width ideographic full stop U+FF61": "jan@example\uff61org",
    "one dot leader U+2024": "jan@example\u2024org",
    "full-width comma U+FF0C": "jan@example.org\uff0ceve@example.net",
    "full-width letter": "j\uff41n@example.org",
    "ligature fi": "\ufb01en@example.org",
    "long s": "jan\u017f@example.org",
    "Kelvin sign": "\u212aarel@example.org",
    "Kelvin sign in the domain": "jan@\u212aarel.org",
    "Turkish capital I with dot": "\u0130lse@example.org",
    "zero-width space": "jan\u200b@example.org",
    "zero-width space in front": "\u200bjan@example.org",
    "zero-width joiner in the domain": "jan@exam\u200dple.org",
    "byte order mark": "\ufeffjan@example.org",
    "soft hyphen": "ja\u00adn@example.org",
    "right-to-left override": "jan\u202e@example.org",
    "no-break space inside": "jan\u00a0jansen@example.org",
    "header injection, LF": "jan@example.org\nBcc: eve@example.net",
    "header injection, CRLF": "jan@example.org\r\nBcc: eve@example.net",
    "header injection, encoded": "jan@example.org%0aBcc:eve@example.net",
    "new line in the local part": "jan\n@example.org",
    "tab inside": "jan\t@example.org",
    "NUL inside": "jan\x00@example.org",
    "NUL at the end": "jan@example.org\x00",
    "two at-signs": "jan@eve@example.org",
    "no at-sign": "jan.example.org",
    "no local part": "@example.org",
    "no domain": "jan@",
    "nothing": "",
    "blank": "   ",
    "IPv4 literal": "jan@[127.0.0.1]",
    "IPv6 literal": "jan@[IPv6:::1]",
    "IPv4 without brackets": "jan@127.0.0.1",
    "with a port": "jan@example.org:25",
    "no dot in the domain": "jan@localhost",
    "top-level domain only": "jan@test",
    "name that is never delivered": "jan@example.invalid",
    "trailing dot": "jan@example.org.",
    "leading dot in the domain": "jan@.example.org",
    "two dots in the domain": "jan@example..org",
    "leading dot": ".jan@example.org",
    "trailing dot in the local part": "jan.@example.org",
    "two dots": "jan..jansen@example.org",
    "label starting with a hyphen": "jan@-example.org",
    "underscore in the domain": "jan@exam_ple.org",
    "punycode that decodes to nothing": "jan@xn--a.org",
    "local part of 65": "j" * 65 + "@example.org",
    "local part of 65 octets in 33 characters": "é" * 33 + "@example.org",
    "label of 64": f"jan@{'x' * 64}.org",
    "255 characters": f"{'j' * 60}@{'.'.join(['x' * 47] * 4)}.nl",
    "a megabyte": "j" * 1_000_000 + "@example.org",
    "lone surrogate": "\ud800jan@example.org",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_a11_anything_but_one_plain_address_is_refused(text: str) -> None:
    """Each of these once made one check see one address, and the mail server another."""
    with pytest.raises(InvalidEmail) as caught:
        Email.parse(text)
    assert str(caught.value) == "not one e-mail address"
    assert caught.value.__cause__ is None


ACCEPTED = {
    "plain": ("jan@example.org", "jan@example.org", "jan@example.org"),
    "capitals": ("Jan@Example.ORG", "Jan@example.org", "jan@example.org"),
    "blanks around": ("  jan@example.org \r\n", "jan@example.org", "jan@example.org"),
    "no-break space around, from a text processor": (
        "\u00a0jan@example.org\u00a0",
        "jan@example.org",
        "jan@example.org",
    ),
    "plus": ("jan+shop@example.org", "jan+shop@example.org", "jan+shop@example.org"),
    "apostrophe": ("o'neill@example.org", "o'neill@example.org", "o'neill@example.org"),
    "all that may stand in it": (
        "!#$%&'*+-/=?^_`{|}~@example.org",
        "!#$%&'*+-/=?^_`{|}~@example.org",
        "!#$%&'*+-/=?^_`{|}~@example.org",
    ),
    "accents": ("JOSÉ@example.org", "JOSÉ@example.org", "josé@example.org"),
    "accent as a sign of its own": ("jose\u0301@example.org", *["josé@example.org"] * 2),
    "dotless i stays itself": ("\u0131lse@example.org",) * 3,
    "sharp s stays itself": ("weiß@example.org", "weiß@example.org", "weiß@example.org"),
    "domain in its own script": (
        "jan@MÜNCHEN.de",
        "jan@xn--mnchen-3ya.de",
        "jan@xn--mnchen-3ya.de",
    ),
    "domain in ASCII": (
        "jan@XN--MNCHEN-3YA.de",
        "jan@xn--mnchen-3ya.de",
        "jan@xn--mnchen-3ya.de",
    ),
    "local part of 64": ("j" * 64 + "@example.org",) * 3,
}  # fmt: skip


@pytest.mark.parametrize(("text", "address", "canonical"), ACCEPTED.values(), ids=ACCEPTED.keys())
def test_a11_a_plain_address_is_accepted(text: str, address: str, canonical: str) -> None:
    """Mail goes to ``address`` as it was written; ``canonical`` is what is compared."""
    email = Email.parse(text)
    assert (email.address, email.canonical) == (address, canonical)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ilse@example.org", "\u0131lse@example.org"),
        ("weiss@example.org", "weiß@example.org"),
        ("jose@example.org", "josé@example.org"),
        ("jan@example.org", "jan+shop@example.org"),
        ("jan.jansen@example.org", "janjansen@example.org"),
        ("jan@example.org", "jan@example.com"),
        ("jan@apple.com", "jan@\u0430pple.com"),
        ("jan@strasse.de", "jan@straße.de"),
    ],
)
def test_a11_mailboxes_that_merely_look_alike_stay_two(one: str, other: str) -> None:
    """CVE-2019-19844: an account was taken over with an address that only looked the same."""
    assert not Email.parse(one).same_mailbox(other)
    assert not Email.parse(other).same_mailbox(one)


@pytest.mark.parametrize("held", [None, "", "nonsense", "jan@example.org, eve@example.net"])
def test_what_a_crm_holds_and_nobody_can_read_is_no_mailbox(held: str | None) -> None:
    """An empty, broken or double value in a CRM belongs to nobody."""
    assert not Email.parse("jan@example.org").same_mailbox(held)


def test_the_mask_shows_one_letter_of_several_and_nothing_of_one() -> None:
    """Enough to recognise one's own address, too little to learn another's."""
    assert Email.parse("jan@example.org").masked == "j•••@example.org"
    assert Email.parse("j@example.org").masked == "•••@example.org"


def test_an_address_cannot_be_changed() -> None:
    """What was checked stays what was checked."""
    email = Email.parse("jan@example.org")
    with pytest.raises(FrozenInstanceError):
        email.address = "eve@example.net"  # type: ignore[misc]


LOCAL = st.text(
    st.sampled_from("abkizABKIZ019+-_'.") | st.characters(categories=["L", "M", "N"]),
    min_size=1,
    max_size=20,
)
DOMAIN = st.sampled_from(["example.org", "EXAMPLE.org", "münchen.de", "xn--mnchen-3ya.de"])


@st.composite
def emails(draw: st.DrawFn) -> Email:
    """Any accepted address, in any script."""
    try:
        return Email.parse(f"{draw(LOCAL)}@{draw(DOMAIN)}")
    except InvalidEmail:
        assume(False)
        raise


@given(emails())
def test_an_accepted_address_is_accepted_unchanged(email: Email) -> None:
    """Parsing is idempotent, and the canonical form is its own canonical form."""
    assert Email.parse(email.address) == email
    assert Email.parse(email.canonical).canonical == email.canonical


@given(emails(), st.sampled_from([str.upper, str.lower, str.swapcase]))
def test_the_canonical_form_does_not_depend_on_ascii_case(email: Email, change: type) -> None:
    """However somebody types the case of A to Z, it is the same mailbox."""
    typed = "".join(change(one) if one.isascii() else one for one in email.address)
    assert Email.parse(typed).canonical == email.canonical
    assert email.same_mailbox(typed)


@given(emails(), emails())
def test_being_the_same_mailbox_is_symmetric(one: Email, other: Email) -> None:
    """If a is b's mailbox, b is a's."""
    assert one.same_mailbox(other.address) == other.same_mailbox(one.address)
    assert one.same_mailbox(one.address)


@given(emails())
def test_no_representation_holds_any_of_the_address(email: Email) -> None:
    """An address that slips into a log line or a traceback says nothing."""
    assert {repr(email), str(email), f"{email}", f"{email!r:>3}"} == {"Email(•••)"}


@given(emails())
def test_the_mask_never_holds_the_local_part(email: Email) -> None:
    """The mask gives away the first character at most, and never all of it."""
    local = email.address.rpartition("@")[0]
    shown = email.masked.rpartition("@")[0]
    assert local not in shown
    assert shown in {"•••", f"{local[0]}•••"}


@given(st.text(max_size=600))
def test_any_text_is_an_address_or_refused_and_never_quoted(text: str) -> None:
    """No text makes parsing fail in another way."""
    try:
        email = Email.parse(text)
    except InvalidEmail as error:
        assert error.args == ("not one e-mail address",)  # noqa: PT017
    else:
        assert "@" in email.address
