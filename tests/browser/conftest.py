"""A running demo for each worker, and browsers that are as hard to please as real ones."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, BrowserType

from tests.browser.walking import strict_browser
from tests.demos import Demo, Mailbox, running_demo
from tests.witness import Witness


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`portal demo`, started for the tests of one file."""
    folder = tmp_path_factory.mktemp("demo")
    options = ("--port", "0", "--site-port", "0", "--subscribers", "40")
    with running_demo(*options, "--data", str(folder / "data"), folder=folder) as running:
        yield running


@pytest.fixture
def mailbox(demo: Demo) -> Mailbox:
    return Mailbox(demo)


@pytest.fixture
def crm(demo: Demo) -> Iterator[Witness]:
    """The demo's CRM, looked at past the portal."""
    witness = Witness(f"sqlite:///{demo.folder}/data/crm.sqlite")
    yield witness
    witness.close()


@pytest.fixture
def strict_context(
    demo: Demo,
    browser_type: BrowserType,
    browser_type_launch_args: dict[str, Any],
    tmp_path: Path,
) -> Iterator[BrowserContext]:
    """A Dutch browser that blocks all cookies and storage of third parties."""
    with strict_browser(
        browser_type, browser_type_launch_args, tmp_path / "profile", demo, locale="nl-NL"
    ) as context:
        yield context
