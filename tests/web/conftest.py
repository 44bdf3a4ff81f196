"""A whole portal for each test; and one for all the tests of a module that change nothing."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from portal.composition import common
from portal.store.vault import Vault
from tests.portals import Office, StartOffice, Visitor
from tests.servers.mail import running_mail_server
from tests.storing import QUICK, FakeClock


@pytest.fixture(scope="module")
def session_office(
    office_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    """A portal that the tests of a module share; they do not change what it holds."""
    with pytest.MonkeyPatch.context() as patch, running_mail_server() as mail:
        patch.setattr(common, "Vault", partial(Vault, slow=QUICK))
        started = StartOffice(office_folder, tmp_path_factory.mktemp("web"), FakeClock(), mail)()
        yield started
        started.close()


@pytest.fixture(scope="module")
def signed_in(session_office: Office) -> Visitor:
    """Marijke, signed in to look around."""
    return session_office.visitor().sign_in(session_office)


@pytest.fixture(scope="module")
def token(signed_in: Visitor) -> str:
    """The form token of her session."""
    return signed_in.get("/me").fields["csrf_token"]
