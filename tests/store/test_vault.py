"""The vault opens what it sealed, for that purpose alone, as long as the key is on the ring."""

from dataclasses import replace
from typing import Literal

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from hypothesis import example, given
from hypothesis import strategies as st

from portal.domain.addresses import Email
from portal.store.vault import (
    CODE_ALPHABET,
    CannotUnseal,
    Vault,
    new_code,
    new_reference,
    new_subject_id,
    read_code,
    show_code,
    token_hash,
)
from tests.storing import QUICK, make_keyring, make_vault

VAULT = make_vault()
TEXTS = st.text(max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
JANE = Email.parse("jane@example.org")


# --- sealing ---------------------------------------------------------------------------------


@given(data=JSON, purpose=TEXTS)
@example(data=["half of a letter: \ud83d", "\ud83d\ude00"], purpose="seen")
def test_whatever_json_holds_comes_back_as_it_was(data: object, purpose: str) -> None:
    assert VAULT.unseal(VAULT.seal(data, purpose), purpose) == data


@given(purpose=TEXTS, other=TEXTS)
def test_what_was_sealed_for_one_purpose_does_not_open_for_another(
    purpose: str, other: str
) -> None:
    if purpose != other:
        with pytest.raises(CannotUnseal):
            VAULT.unseal(VAULT.seal("data", purpose), other)


@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_what_was_damaged_does_not_open(place: int, bit: int) -> None:
    sealed = bytearray(SEALED)
    # The last characters carry padding; a flip there may change nothing.
    place %= len(sealed) - 4
    sealed[place] ^= 1 << bit

    with pytest.raises(CannotUnseal):
        VAULT.unseal(bytes(sealed), "test")


SEALED = VAULT.seal({"email": "jane@example.org"}, "test")


@pytest.mark.parametrize("sealed", [b"", b"x", b"gAAAA", SEALED[:-10]])
def test_a_fragment_does_not_open(sealed: bytes) -> None:
    with pytest.raises(CannotUnseal):
        VAULT.unseal(sealed, "test")


def test_sealing_twice_shows_nothing_of_being_the_same() -> None:
    assert VAULT.seal("data", "test") != VAULT.seal("data", "test")


def test_what_is_sealed_holds_no_trace_of_what_it_is() -> None:
    assert b"jane" not in SEALED


def test_older_keys_open_and_the_newest_seals() -> None:
    both = make_keyring(2)
    old = make_vault(replace(both, sealing=both.sealing[:1]))
    new = make_vault(replace(both, sealing=both.sealing[1:]))
    rotated = make_vault(both)

    assert rotated.unseal(old.seal("data", "test"), "test") == "data"
    assert new.unseal(rotated.seal("data", "test"), "test") == "data"
    with pytest.raises(CannotUnseal):
        old.unseal(rotated.seal("data", "test"), "test")


# --- keyed hashes ----------------------------------------------------------------------------


def test_an_address_is_found_by_every_key_and_stored_under_the_newest() -> None:
    both = make_keyring(2)
    old = make_vault(replace(both, alias=both.alias[:1]))
    rotated = make_vault(both)

    assert rotated.aliases(JANE) == [old.alias(JANE), rotated.alias(JANE)]
    assert [version for version, _ in rotated.aliases(JANE)] == [1, 2]


def test_an_alias_tells_nothing_without_the_key() -> None:
    assert make_vault().alias(JANE)[1] != make_vault().alias(JANE)[1]


def test_spellings_that_are_the_same_address_have_the_same_alias() -> None:
    assert VAULT.alias(Email.parse("Jane@EXAMPLE.org")) == VAULT.alias(JANE)


def test_an_alias_and_a_bucket_of_the_same_words_differ() -> None:
    assert VAULT.bucket(JANE.canonical) != VAULT.alias(JANE)[1]


@given(parts=st.lists(TEXTS, max_size=3), others=st.lists(TEXTS, max_size=3))
def test_two_buckets_are_the_same_only_when_all_their_words_are(
    parts: list[str], others: list[str]
) -> None:
    assert (VAULT.bucket(*parts) == VAULT.bucket(*others)) is (parts == others)


@pytest.mark.parametrize(("one", "other"), [(("a\x1fb",), ("a", "b")), (("1:a",), ("a",))])
def test_words_of_a_bucket_do_not_run_into_each_other(
    one: tuple[str, ...], other: tuple[str, ...]
) -> None:
    assert VAULT.bucket(*one) != VAULT.bucket(*other)


# --- tokens ----------------------------------------------------------------------------------


@given(purpose=TEXTS, site=TEXTS, other_purpose=TEXTS, other_site=TEXTS)
def test_a_token_is_good_for_its_purpose_and_site_alone(
    purpose: str, site: str, other_purpose: str, other_site: str
) -> None:
    token, stored = VAULT.new_token(purpose, site)

    assert VAULT.check_token(token, purpose, site) == stored == token_hash(token)
    if (purpose, site) != (other_purpose, other_site):
        assert VAULT.check_token(token, other_purpose, other_site) is None


def test_purpose_and_site_do_not_run_into_each_other() -> None:
    token, _ = VAULT.new_token("confirm.news", "shop")

    assert VAULT.check_token(token, "confirm", "news.shop") is None


@given(text=st.text())
def test_no_text_that_is_not_ours_passes_for_a_token(text: str) -> None:
    assert VAULT.check_token(text, "signin", "shop") is None


def test_older_keys_check_tokens_and_the_newest_signs_them() -> None:
    both = make_keyring(2)
    old = make_vault(replace(both, signing=both.signing[:1]))
    new = make_vault(replace(both, signing=both.signing[1:]))
    rotated = make_vault(both)

    assert rotated.check_token(old.new_token("signin", "shop")[0], "signin", "shop")
    assert new.check_token(rotated.new_token("signin", "shop")[0], "signin", "shop")
    assert old.check_token(rotated.new_token("signin", "shop")[0], "signin", "shop") is None


def test_the_cookie_key_is_the_newest_and_is_no_signing_key() -> None:
    both = make_keyring(2)
    newest, older = make_vault(both).cookie_keys
    before, _ = make_vault(replace(both, signing=both.signing[:1])).cookie_keys

    assert older == [before]
    assert not {newest, before} & set(both.signing)


def test_tokens_references_and_ids_do_not_repeat() -> None:
    made = [f() for f in (new_reference, new_subject_id, new_code) for _ in range(50)]
    tokens = [VAULT.new_token("signin", "shop")[0] for _ in range(50)]

    assert len({*made, *tokens}) == 200


def test_a_reference_can_be_given_to_a_command() -> None:
    """One in sixty-four would begin with a hyphen, as an option does."""
    assert not any(new_reference().startswith("-") for _ in range(2000))


# --- codes -----------------------------------------------------------------------------------


@given(code=st.text(CODE_ALPHABET, min_size=8, max_size=8))
def test_a_code_is_read_back_as_it_is_mailed(code: str) -> None:
    assert read_code(show_code(code)) == code


@pytest.mark.parametrize(
    "typed",
    [
        "ABOI-EF2B",
        "abo1-ef28",
        " ab01 ef2b\n",
        "ABOI\u2011EF2B",  # the hyphen that does not break
        "ABOI\u2013EF2B",  # what telephones make of a dash
        "ABOI\u2212EF2B",
        "ABOI\u00a0EF2B",
        "\u200bABOIEF2B",  # copied from a web page
        "ABOI-EF2B.",
        "ＡＢＯＩ-ＥＦ２Ｂ",  # a Japanese keyboard
    ],
)
def test_a_code_is_read_however_it_was_typed_or_pasted(typed: str) -> None:
    assert read_code(typed) == "ABOIEF2B"


@given(typed=st.text())
def test_reading_what_was_typed_never_fails_and_never_grows(typed: str) -> None:
    code = read_code(typed)

    assert len(code) <= 64
    assert read_code(code) == code
    assert code.isascii()


def test_a_code_is_made_of_forty_random_bits() -> None:
    code = new_code()

    assert len(code) == 8
    assert set(code) <= set(CODE_ALPHABET)
    assert len(CODE_ALPHABET) == 32


def test_only_the_code_itself_matches_its_hash() -> None:
    stored = VAULT.hash_code("ABCDEF23")

    assert VAULT.check_code("ABCDEF23", stored)
    assert not VAULT.check_code("ABCDEF24", stored)
    assert "ABCDEF23" not in stored


def test_a_code_that_was_never_made_costs_as_much_to_check() -> None:
    slow = CountingHasher()
    vault = Vault(make_keyring(), slow)
    stored = vault.hash_code("ABCDEF23")

    answers = [vault.check_code(*tried) for tried in (("WRONG", stored), ("WRONG", None))]

    assert answers == [False, False]
    wrong, absent = slow.verified
    assert wrong.rsplit("$", 2)[0] == absent.rsplit("$", 2)[0]  # algorithm, version and costs


def test_no_text_opens_where_there_is_no_code() -> None:
    class Agreeable(CountingHasher):
        def verify(self, stored: str | bytes, password: str | bytes) -> Literal[True]:
            return True

    assert not Vault(make_keyring(), Agreeable()).check_code("ABCDEF23", None)


def test_a_hash_that_is_none_is_refused() -> None:
    assert not VAULT.check_code("ABCDEF23", "not a hash")


def test_codes_are_hashed_as_owasp_advises() -> None:
    """Argon2id, 19 MiB, two passes, one lane (Password Storage Cheat Sheet)."""
    assert Vault(make_keyring()).hash_code("ABCDEF23").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


class CountingHasher(PasswordHasher):
    """Remembers what it was asked to verify."""

    def __init__(self) -> None:
        super().__init__(QUICK.time_cost, QUICK.memory_cost, QUICK.parallelism)
        self.verified: list[str] = []

    def verify(self, stored: str | bytes, password: str | bytes) -> Literal[True]:
        self.verified.append(str(stored))
        raise VerifyMismatchError
