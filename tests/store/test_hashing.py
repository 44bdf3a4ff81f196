"""Hashing very many addresses gives what hashing one does, in less time."""

import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from portal.domain.addresses import Email, InvalidEmail
from portal.store import hashing
from portal.store.hashing import canonical_forms
from portal.store.plain import NOBODY
from tests.storing import make_keyring, make_vault

ODD = (
    "",
    " ",
    "a@b",
    "ann@example.local",
    "ann@sub.localhost",
    "ann@example.test",
    "ann@host.ARPA",
    "ann@xn--bcher-kva.example",
    "ann@ab--c.example.org",
    "ann@-a.example.org",
    "ann@a-.example.org",
    "ann@example.org.",
    "ann@example.o1",
    "ann@example.1",
    "ann@1.2.3.4",
    "ann@[127.0.0.1]",
    ".ann@example.org",
    "ann.@example.org",
    "a..n@example.org",
    '"a n"@example.org',
    "Ann <ann@example.org>",
    "ann@example.org, bo@example.org",
    "ann@example.org\n",
    "ann@exam\nple.org",
    "ann@example.org\x0bx",
    "ann@example.org\u2028",
    "ann@example.org\r",
    "\x00ann@example.org",
    "ANN@EXAMPLE.ORG",
    "  Ann.Lee+x@Example.org  ",
    "jürgen@example.org",
    "jürgen@bücher.example",
    "ann@büCHER.example",
    "  Ann.Lee@BÜCHER.example ",
    "a..n@bücher.example",
    "ann@x.org, bo@bücher.example",
    "ann@bücher.example.",
    "ann@bücher.Local",
    "ann@faß.example",
    "ann@ü",
    "ann @bücher.example",
    f"{'a' * 48}@bücher.example",
    f"{'a' * 60}@bücher.example",
    f"{'a' * 65}@bücher.example",
    f"{'b' * 10}@{'あ' * 40}.{'あ' * 40}.org",
    f"bbb@{'中' * 41}.{'中' * 41}.org",
    f"{'b' * 20}@{'.'.join(['あ' * 26] * 3)}.org",
    "\u212aelvin@example.org",
    "ann\uff20example.org",
    "ann@example\u3002org",
    "\ud800@example.org",
    f"{'a' * 64}@example.org",
    f"{'a' * 65}@example.org",
    f"ann@{'a' * 63}.org",
    f"ann@{'a' * 64}.org",
    f"ann@{'a.' * 120}org",
    f"ann@{'a.' * 130}org",
    f"{' ' * 600}ann@example.org",
)
LOCAL = string.ascii_letters + string.digits + "._+-'&=!#$%*/?^`{|}~ \"(),:;<>@[]é\u0130\u212a"
texts = st.one_of(
    st.emails(),
    st.text(max_size=40),
    st.builds(
        "{}@{}".format,
        st.text(LOCAL, max_size=70),
        st.text(string.ascii_letters + string.digits + ".--é", max_size=80),
    ),
    st.builds(
        "{}@{}.{}".format,
        st.from_regex(r"[A-Za-z0-9_+.'-]{1,66}", fullmatch=True),
        st.from_regex(r"[A-Za-z0-9-]{1,66}(\.[A-Za-z0-9-]{1,8}){0,3}", fullmatch=True),
        st.sampled_from(("org", "NL", "test", "local", "Arpa", "c", "x1", "museum", "locals")),
    ),
    st.builds(
        "{}@{}.{}".format,
        st.from_regex(r"[A-Za-z0-9_+.'-]{1,66}", fullmatch=True),
        st.from_regex(r"[a-zA-Z0-9éÜßñ\u03b1-\u03c9\u0430-\u0436-]{1,20}", fullmatch=True),
        st.sampled_from(("org", "NL", "local", "рф", "c")),
    ),
    st.sampled_from(ODD),
)


def the_careful_way(text: str) -> bytes | None:
    try:
        return Email.parse(text).canonical.encode()
    except (InvalidEmail, UnicodeEncodeError):
        return None


@pytest.mark.slow
@settings(max_examples=1500)
@given(st.lists(texts, max_size=6))
@example(list(ODD))
def test_the_fast_canonical_form_is_the_careful_one(page: list[str]) -> None:
    assert canonical_forms(page) == [the_careful_way(text) for text in page]


@pytest.mark.parametrize("text", ODD)
def test_each_odd_text_alone_too(text: str) -> None:
    assert canonical_forms([text]) == [the_careful_way(text)]


def test_what_most_people_have_goes_the_fast_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a walk through a million records takes a minute more."""

    def never(text: str) -> None:
        raise AssertionError(text)

    monkeypatch.setattr(hashing, "_carefully", never)
    plain = ["Ann.de-Vries+shop@mail.Example.co.uk", "o'neil_7@example.org", " bo@x-y.nl "]
    assert canonical_forms(plain) == [text.strip().lower().encode() for text in plain]


def test_many_at_once_have_the_aliases_of_one() -> None:
    vault = make_vault(make_keyring(generations=3))
    texts = ["Ann@example.org", "no address", "jürgen@bücher.example"]

    made = vault.hasher.digests(texts)

    ann, juergen = (
        [digest for _, digest in vault.aliases(Email.parse(text))] for text in texts[::2]
    )
    assert [*map(list, zip(*made, strict=True))] == [ann, [NOBODY] * 3, juergen]
