"""N3: a footer link's token tells nobody whom and what it is about, but the portal that made it."""

import base64
import traceback
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.consent.links import LONGEST, DoesNotOpen, FooterLinks, Link, NoLinkKey
from portal.domain.addresses import Email

OLD, NEW, FOREIGN = ("k" * 43, "n" * 43, "f" * 43)
ANN = Link("demo", "newsletter", Email.parse("Ann.de.Vries@example.org"))
LINKS = FooterLinks([OLD, NEW])
TOKEN = LINKS.mint(ANN)
SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def opens(links: FooterLinks, token: str) -> bool:
    try:
        links.open(token)
    except DoesNotOpen:
        return False
    return True


def test_n3_a_token_names_site_mailing_and_address_as_the_crm_has_it() -> None:
    named = LINKS.open(TOKEN)

    assert (named.site, named.purpose) == ("demo", "newsletter")
    assert named.email.address == "Ann.de.Vries@example.org"


def test_a_token_is_the_same_whenever_it_is_made_and_short_enough_for_a_mail() -> None:
    assert LINKS.mint(ANN) == TOKEN
    assert len(TOKEN) < 90
    assert set(TOKEN) <= set(SIGNS)


def test_the_longest_address_of_the_longest_site_still_opens() -> None:
    domain = ".".join(["d" * 60] * 3)
    email = Email.parse(f"{'l' * 64}@{domain}.org")
    link = Link("s" * 48, "p" * 48, email)
    token = LINKS.mint(link)

    assert len(token) < LONGEST
    assert LINKS.open(token) == link


@given(
    st.sampled_from(["newsletter", "offers"]), st.emails(domains=st.just("example.org")), st.data()
)
def test_whatever_was_minted_opens_and_no_other_key_does(
    purpose: str, address: str, data: st.DataObject
) -> None:
    try:
        email = Email.parse(address)
    except ValueError:
        return
    link = Link("demo", purpose, email)
    token = LINKS.mint(link)

    assert LINKS.open(token) == link
    assert not opens(FooterLinks([FOREIGN]), token)
    assert len(token) < LONGEST


@given(st.integers(0, len(TOKEN) - 1), st.sampled_from(SIGNS))
def test_n3_a_token_with_any_sign_changed_does_not_open(place: int, sign: str) -> None:
    changed = TOKEN[:place] + sign + TOKEN[place + 1 :]

    assert opens(LINKS, changed) is (changed == TOKEN)


@given(st.integers(0, len(TOKEN)), st.integers(0, len(TOKEN)), st.text(SIGNS + "=", max_size=4))
def test_n3_a_token_that_was_cut_or_added_to_does_not_open(begin: int, end: int, more: str) -> None:
    changed = TOKEN[begin:end] + more

    assert opens(LINKS, changed) is (changed == TOKEN)


@given(st.text(max_size=120))
def test_n3_no_other_text_opens(text: str) -> None:
    assert not opens(LINKS, text)


@pytest.mark.parametrize("text", ["", "=", "A", "AAAA", "\x00", "é" * 40, "A" * 100_000, "../.."])
def test_n3_odd_texts_do_not_open(text: str) -> None:
    assert not opens(LINKS, text)


def test_links_of_an_older_key_go_on_working_until_it_is_taken_away() -> None:
    older = FooterLinks([OLD]).mint(ANN)

    assert older != TOKEN, "new links are made with the newest key"
    assert LINKS.open(older) == ANN
    assert not opens(FooterLinks([NEW]), older)


def test_without_a_key_nothing_is_made_and_nothing_opens() -> None:
    links = FooterLinks([])

    assert not opens(links, TOKEN)
    with pytest.raises(NoLinkKey, match="portal links --new-key"):
        links.mint(ANN)


def test_a_token_shows_nothing_of_what_it_names() -> None:
    raw = base64.urlsafe_b64decode(TOKEN + "==")

    for part in (b"demo", b"newsletter", b"Ann", b"Vries", b"example"):
        assert part not in raw
        assert part not in TOKEN.encode()
    assert "Ann" not in repr(ANN)
    assert "example" not in repr(ANN)


@pytest.mark.parametrize("wrong", [TOKEN[:-1], TOKEN + "A", "x" * 60])
def test_what_does_not_open_says_nothing_of_itself(wrong: str) -> None:
    def told(error: BaseException) -> str:
        return "".join(traceback.format_exception(error)[-1:])

    with pytest.raises(DoesNotOpen) as caught:
        LINKS.open(wrong)
    assert wrong not in told(caught.value)
    assert caught.value.__context__ is None or wrong not in told(caught.value.__context__)


def test_two_mailings_and_two_sites_have_links_of_their_own() -> None:
    others: list[Any] = [
        Link("demo", "offers", ANN.email),
        Link("other", "newsletter", ANN.email),
        Link("demo", "newsletter", Email.parse("bob@example.org")),
    ]

    assert len({TOKEN, *map(LINKS.mint, others)}) == 4
