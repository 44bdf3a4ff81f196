"""The suite that adapters inherit shows both sides of a comparison, as our own tests do."""

import pytest

pytest.register_assert_rewrite("portal.adapters.testing")
