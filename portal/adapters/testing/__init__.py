"""The test suite that every adapter must pass, for whoever writes one.

An adapter's author says how to reach the CRM past the adapter, and inherits the tests::

    class MyCrm(Crm):
        def add(self, email): ...
        def change(self, ref, field, value): ...
        def remove(self, ref): ...


    class TestMyAdapter(AdapterContract):
        @pytest.fixture
        def crm(self):
            return MyCrm(MyAdapter("crm", settings), samples={"city": ("Ede", "Oss", "Epe")})

What an adapter does not claim in its capabilities it must refuse, and then that is tested: no test
is skipped. For failures that show both sides of a comparison, write in your ``conftest.py``
``pytest.register_assert_rewrite("portal.adapters.testing")``, before anything imports it.
"""

from portal.adapters.testing.consents import ConsentContract
from portal.adapters.testing.crm import Crm, Samples
from portal.adapters.testing.erasing import ErasureContract
from portal.adapters.testing.linking import LinkingContract
from portal.adapters.testing.moving import MovingContract
from portal.adapters.testing.reading import ReadingContract
from portal.adapters.testing.secrecy import SecrecyContract
from portal.adapters.testing.writing import WritingContract

__all__ = ["AdapterContract", "Crm", "Samples"]


class AdapterContract(
    ReadingContract,
    WritingContract,
    MovingContract,
    LinkingContract,
    ConsentContract,
    ErasureContract,
    SecrecyContract,
):
    """Everything that `portal.adapters.contract.Adapter` promises, as tests.

    Inherit it in a class whose name begins with ``Test``, and override the fixture ``crm``.
    """
