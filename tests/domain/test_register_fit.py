"""The register and the CRMs tell the same story, or what differs is told before anybody sees it."""

from dataclasses import replace

from portal.demo.settings import CONFIG
from portal.domain.register import Register
from portal.domain.register_file import read_register
from portal.domain.register_fit import Held, fit
from tests.domain.register_example import NAME_FIELD, REGISTER


def register(more: str = NAME_FIELD) -> Register:
    return read_register(REGISTER + more, ("nl", "en"))


def everything(found: Register) -> Held:
    return Held(
        fields=frozenset(field.id for field in found.fields),
        writable=frozenset(field.id for field in found.editable),
        purposes=frozenset(purpose.id for purpose in found.purposes),
        categories=frozenset(category.id for category in found.categories),
    )


def test_where_both_say_the_same_nothing_is_told() -> None:
    found = fit(register(), {"shop": everything(register())})

    assert (found.errors, found.warnings) == ((), ())


def test_what_an_adapter_holds_and_the_register_does_not_know_is_wrong() -> None:
    """Also a category of its erasure: the page before the erasure would have no words for it."""
    held = everything(register())
    stray = replace(
        held,
        fields=held.fields | {"fone"},
        purposes=held.purposes | {"calls"},
        categories=held.categories | {"shoe_size"},
    )

    assert fit(register(), {"shop": stray}).errors == (
        "adapter shop uses the field fone, which is not in the register: did you mean phone?",
        "adapter shop uses the purpose calls, which is not in the register",
        "adapter shop uses the category shoe_size, which is not in the register",
    )


def test_what_one_of_several_adapters_holds_is_held() -> None:
    whole = everything(register())
    parts = {
        "shop": replace(whole, fields=whole.fields - {"name"}),
        "club": Held(fields=frozenset({"name"})),
    }

    assert fit(register(), parts).warnings == ()


def test_without_a_name_to_tell_people_apart_that_is_told() -> None:
    held = everything(register())

    for found, one in (
        (register(more=""), everything(register(more=""))),
        (register(), replace(held, fields=held.fields - {"name"})),
    ):
        assert (
            fit(found, {"shop": one})
            .warnings[0]
            .startswith("no adapter holds a field of kind name")
        )


def test_what_can_be_replaced_and_nobody_can_write_is_told() -> None:
    demo = read_register((CONFIG / "register.toml").read_text("utf-8"), ["nl", "en"])
    held = everything(demo)

    found = fit(demo, {"crm": replace(held, writable=held.writable - {"delivery_note"})})

    assert found.warnings == (
        "the register calls the field delivery_note replaceable, but no adapter can write it",
    )
