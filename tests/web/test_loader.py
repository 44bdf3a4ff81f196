"""The loader as a file: small, and with nothing in it that a host page would have to fear."""

import gzip
import re
from pathlib import Path

import pytest

EMBED = Path(__file__).parents[2] / "embed" / "portal.js"
FRAME = Path(__file__).parents[2] / "portal" / "static" / "portal.js"
LIMIT = 2000  # bytes


def code(path: Path) -> str:
    """The script without its comments."""
    return re.sub(r"(?m)^\s*//.*$", "", path.read_text("utf-8"))


def test_b9_the_loader_is_below_two_kilobytes_compressed() -> None:
    assert len(gzip.compress(EMBED.read_bytes(), mtime=0)) < LIMIT


@pytest.mark.parametrize(
    "word",
    [
        "cookie",
        "Storage",
        "indexedDB",
        "fetch(",
        "XMLHttpRequest",
        "sendBeacon",
        "import(",
        "eval(",
        "Function(",
        "innerHTML",
        "document.write",
        "postMessage",
        "window.",
        "globalThis",
    ],
)
def test_b9_the_loader_creates_a_frame_and_does_nothing_else(word: str) -> None:
    assert word not in code(EMBED)
    assert code(EMBED).count("createElement") == 1


def test_b4_messages_are_checked_by_origin_and_by_sender_and_go_to_one_origin() -> None:
    loader, frame = code(EMBED), code(FRAME)

    assert "from !== origin" in loader
    assert "source !== frame.contentWindow" in loader
    for script in (loader, frame):
        assert '"*"' not in script
        assert "'*'" not in script
    (message,) = re.findall(r"postMessage\((.*)\);", frame)
    assert "token" not in message
    assert message.endswith(", host")


def test_b6_the_frame_may_do_what_it_must_and_not_move_the_page_around_it() -> None:
    (allowed,) = re.findall(r'"sandbox", "([^"]+)"', code(EMBED))

    assert set(allowed.split()) == {
        "allow-scripts",
        "allow-forms",
        "allow-same-origin",
        "allow-popups",
        "allow-popups-to-escape-sandbox",
        "allow-downloads",
    }


def test_the_token_of_the_frame_is_kept_in_no_storage_and_no_address() -> None:
    script = code(FRAME)

    for word in ("Storage", "cookie", "indexedDB", "token=", "window.token"):
        assert word not in script
