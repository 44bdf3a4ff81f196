"""The page about delivery shows the states as the program has them."""

import re
from pathlib import Path

from portal.domain.rights import DeliveryState
from tools.delivery_diagram import PAGE, drawn

DOCS = Path(PAGE).parent


def test_the_diagram_on_the_page_is_drawn_from_the_table_of_transitions() -> None:
    page = PAGE.read_text("utf-8")

    assert drawn(page) == page, "run python tools/delivery_diagram.py"
    assert "    sent --> confirmed\n" in page


def test_the_page_explains_every_state_and_no_other() -> None:
    told = re.findall(r"^\| `(\w+)` \|", PAGE.read_text("utf-8"), re.MULTILINE)

    assert told == [state.value for state in DeliveryState]
