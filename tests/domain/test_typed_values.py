"""Phones, days, postcodes, countries and languages: one form for each, however it was typed."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.countries import countries, country_code, three_letters
from portal.domain.days import NoSuchDay, NotADay, ShortYear, day_of, order
from portal.domain.phones import NotAPhoneNumber, WhichCountry, e164, international, national
from portal.domain.postcodes import NotAPostcode, example, postcode
from portal.domain.tongues import tongue_code, tongue_name

HOMES = ("NL", "BE", "DE", "FR", "GB", "AT", "CH", "LU", "US", "IT", "")
NUMBERS = st.builds(
    lambda country, digits: f"+{country}{digits}",
    st.sampled_from(["31", "32", "33", "39", "41", "43", "44", "49", "352", "1"]),
    st.integers(1, 10**10 - 1).map(str),
)


@given(number=NUMBERS, home=st.sampled_from(HOMES))
def test_a_number_that_is_shown_and_typed_again_is_the_same_number(number: str, home: str) -> None:
    try:
        normal = e164(number)
    except NotAPhoneNumber:
        return

    assert e164(normal, home) == normal
    assert e164(national(normal, home), home) == normal
    assert e164(international(normal), home) == normal


@given(text=st.text("+0123456789 ()-./", max_size=20), home=st.sampled_from(HOMES))
def test_whatever_digits_are_typed_the_number_is_in_its_one_form_or_refused(
    text: str, home: str
) -> None:
    try:
        number = e164(text, home)
    except NotAPhoneNumber:
        return
    assert number[0] == "+"
    assert number[1:].isascii()
    assert 6 <= len(number[1:]) <= 15


def test_a_national_number_needs_a_country() -> None:
    with pytest.raises(WhichCountry):
        e164("06 12345678")


@pytest.mark.parametrize(
    ("locale", "first"),
    [("nl", "day"), ("en", "day"), ("de", "day"), ("sv", "year"), ("hu", "year")],
)
def test_a_day_is_typed_in_the_order_of_the_language(locale: str, first: str) -> None:
    assert order(locale)[0] == first


@given(
    day=st.dates(min_value=date(1000, 1, 1)), locale=st.sampled_from(["nl", "en", "de", "fr", "sv"])
)
def test_a_day_is_the_same_by_its_numbers_and_by_its_parts(day: date, locale: str) -> None:
    parts = {"day": str(day.day), "month": str(day.month), "year": f"{day:%Y}"}

    assert day_of(day.isoformat(), locale) == day
    assert day_of(" ".join(parts[one] for one in order(locale)), locale) == day


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("27 maart 1958", "nl"),
        ("27 mrt 1958", "nl"),
        ("27. März 1958", "de"),
        ("27 mars 1958", "fr"),
        ("27th march 1958", "en"),
        ("1958 mars 27", "sv"),
        ("27/3/1958", "nl"),
        ("1958-03-27", "nl"),
    ],
)
def test_a_month_may_be_a_word(text: str, locale: str) -> None:
    assert day_of(text, locale) == date(1958, 3, 27)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("29-02-2023", NoSuchDay),
        ("31-04-2024", NoSuchDay),
        ("12-13-2024", NoSuchDay),
        ("27-03-58", ShortYear),
        ("27-03", NotADay),
        ("", NotADay),
        ("long ago", NotADay),
    ],
)
def test_a_day_that_is_none_is_told_by_what_is_wrong_with_it(
    text: str, fault: type[NotADay]
) -> None:
    with pytest.raises(NotADay) as refused:
        day_of(text, "nl")
    assert type(refused.value) is fault


@pytest.mark.parametrize(
    ("country", "typed", "written"),
    [
        ("NL", "1234ab", "1234 AB"),
        ("NL", " 1234  AB ", "1234 AB"),
        ("DE", "D-10115", "10115"),
        ("FR", "75 001", "75001"),
        ("BE", "B-1000", "1000"),
        ("GB", "sw1a1aa", "SW1A 1AA"),
        ("GB", "L1 2AB", "L1 2AB"),
        ("GB", "nr1 2ab", "NR1 2AB"),
        ("AT", "A-1010", "1010"),
        ("CH", "CH-8001", "8001"),
        ("LU", "L-1009", "1009"),
        ("US", "100011234", "10001-1234"),
        ("US", "10001", "10001"),
        ("PL", "00-001", "00-001"),
        ("CA", "k1a 0b1", "K1A 0B1"),
        ("", "eircode 12", "EIRCODE 12"),
    ],
)
def test_a_postcode_is_written_as_its_country_does(country: str, typed: str, written: str) -> None:
    assert postcode(typed, country) == written


@pytest.mark.parametrize(
    ("country", "typed"),
    [
        ("NL", "0123 AB"),
        ("NL", "1234 SA"),
        ("NL", "10115"),
        ("DE", "1234 AB"),
        ("BE", "0100"),
        ("GB", "12345"),
        ("US", "1234"),
        ("NL", "١٢٣٤ AB"),
        ("", "<script>"),
        ("", "=1+1"),
        ("", "x" * 13),
    ],
)
def test_what_is_no_postcode_there_is_refused(country: str, typed: str) -> None:
    with pytest.raises(NotAPostcode):
        postcode(typed, country)


@given(text=st.from_regex(r"\A[0-9A-Za-z][0-9A-Za-z -]{2,8}\Z"), country=st.sampled_from(HOMES))
def test_a_postcode_once_written_stays_so(text: str, country: str) -> None:
    try:
        once = postcode(text, country)
    except NotAPostcode:
        return
    assert postcode(once, country) == once


def test_every_example_of_a_postcode_is_one() -> None:
    for country in HOMES:
        if like := example(country):
            assert postcode(like, country) == like


def test_a_country_is_known_by_its_codes_and_by_its_names() -> None:
    for text in ("NL", "nl", "NLD", "Nederland", "the  netherlands"[4:], "Niederlande", "Pays-Bas"):
        assert country_code(text) == "NL", text
    assert country_code("Österreich") == country_code("austria") == "AT"
    assert country_code("Atlantis") == country_code("") == ""
    assert len(set(three_letters().values())) == len(three_letters())
    for code, name in countries("nl").items():
        assert country_code(name) == code


def test_a_language_is_a_word_in_the_language_of_the_page() -> None:
    assert tongue_name("nl", "nl") == "Nederlands"
    assert tongue_name("nl_NL", "en") == "Dutch"
    assert tongue_name("nl", "fr") == "Néerlandais"
    assert tongue_name("zz", "nl") is None
    assert tongue_name("Dutch please", "nl") is None
    assert tongue_code("NL-be") == "nl"
