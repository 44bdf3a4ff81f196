"""What all commands have in common: where they write, and how they say what is wrong."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Concatenate, ParamSpec
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.text import Text

from portal.adapters.contract import AdapterError
from portal.config import ConfigError, Settings, load
from portal.domain.register_file import RegisterError
from portal.store.database import DatabaseAway, DatabaseUnfit
from portal.store.vault import KeysUnusable

out = Console(highlight=False, soft_wrap=True)
err = Console(highlight=False, soft_wrap=True, stderr=True)

P = ParamSpec("P")


def fail(lines: list[str]) -> None:
    """Say everything that is wrong, one line each, and end with 1."""
    for line in lines:
        err.print(Text.assemble(("✗ ", "red"), line))
    raise SystemExit(1)


def with_settings(
    command: Callable[Concatenate[Settings, P], None],
) -> Callable[P, None]:
    """Gives a command the settings; whatever keeps it from starting is said without a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(load(click.get_current_context().obj), *args, **kwargs)
        except ConfigError as error:
            fail(error.errors)
        except RegisterError as error:
            fail([f"register: {problem}" for problem in error.problems])
        except (AdapterError, DatabaseAway, DatabaseUnfit, KeysUnusable) as error:
            fail(str(error).splitlines())
        except ModuleNotFoundError as error:
            # SQLAlchemy looks for a driver when it is told the database's address.
            fail([f"the library {error.name} is not installed: see the extras of the portal"])
        except OSError as error:
            fail([f"{error.filename or 'a file'}: {error.strerror or 'cannot be used'}"])

    return run


def moment(settings: Settings, at: datetime) -> str:
    """A moment as the clock on the wall told it, in the portal's time zone."""
    return f"{at.astimezone(ZoneInfo(settings.timezone)):%Y-%m-%d %H:%M}"
