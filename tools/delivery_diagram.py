"""Draws the states of a delivery from the program's own table, into docs/delivery.md.

python tools/delivery_diagram.py           write it
python tools/delivery_diagram.py check     say whether it is as the program has it
"""

import sys
from pathlib import Path

from portal.domain.rights import FINAL_STATES, TRANSITIONS, DeliveryState

PAGE = Path(__file__).parent.parent / "docs" / "delivery.md"
BEGIN, END = "<!-- states: begin -->", "<!-- states: end -->"


def diagram() -> str:
    """The table of transitions as a Mermaid state diagram."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {DeliveryState.QUEUED}"]
    for before in DeliveryState:
        lines += [
            f"    {before} --> {after}" for after in DeliveryState if after in TRANSITIONS[before]
        ]
    lines += [f"    {state} --> [*]" for state in DeliveryState if state in FINAL_STATES]
    return "\n".join([*lines, "```"])


def drawn(page: str) -> str:
    """The page with the diagram as it is now."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{diagram()}\n{END}{after}"


def main() -> int:
    """Write the page or check it."""
    page = PAGE.read_text("utf-8")
    if sys.argv[1:] == ["check"]:
        if drawn(page) == page:
            return 0
        print("docs/delivery.md is not as the program: run python tools/delivery_diagram.py")
        return 1
    PAGE.write_text(drawn(page), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
