"""The signed-in subscriber's pages, one module a right."""

from portal.web.me import (
    about,
    address,
    ask_us,
    choose,
    consents,
    copy,
    correct,
    erase,
    history,
    keep,
    more,
    objection,
    overview,
    requests,
    restrict,
    which,
)
from portal.web.me.blueprint import blueprint

__all__ = [
    "about",
    "address",
    "ask_us",
    "blueprint",
    "choose",
    "consents",
    "copy",
    "correct",
    "erase",
    "history",
    "keep",
    "more",
    "objection",
    "overview",
    "requests",
    "restrict",
    "which",
]
