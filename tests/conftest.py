"""What every test has: the servers, no network beyond this machine, repeatable examples."""

import os

import pytest
from hypothesis import HealthCheck, settings

from tools.translations import compile_all

pytest_plugins = [
    "tests.servers.shared",
    "tests.servers.network",
    "tests.servers.certificates",
    "tests.servers.databases",
    "tests.servers.mail",
    "tests.servers.browser",
    "tests.portals",
]

# The same examples in every run, so that a red test is red for everybody; no deadline, since a
# loaded machine is slow but not wrong. `HYPOTHESIS_PROFILE=search` looks for new examples.
settings.register_profile(
    "repeatable",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


def pytest_configure(config: pytest.Config) -> None:
    """The pages under test speak the language of the .po files as they are now."""
    if not hasattr(config, "workerinput"):
        compile_all()
