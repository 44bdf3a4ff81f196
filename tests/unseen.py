"""A portal whose home addresses are of tier 2, and can be replaced without being shown."""

import re
from pathlib import Path

from portal.demo.settings import CONFIG
from tests.portals import Office, Page, StartOffice, Visitor

TOGETHER = ("street", "house_number", "postal_code", "city")
OLD = ("Lindelaan", "4001 KB", "Tiel")
"""What must never reach a browser; the house number, 14, may stand anywhere."""
NEW = {
    "street": "Nieuwe Gracht",
    "house_number": "7",
    "postal_code": "3512 lb",
    "city": "Utrecht",
}
WRITTEN = {**NEW, "postal_code": "3512 LB"}


def with_hidden_addresses(register: str) -> str:
    """The demo's register, with another idea of who may see where she lives."""
    for name in TOGETHER:
        register, count = re.subn(
            rf'(id = "{name}"\n(?:(?!\[\[).*\n)*?)tier = 1\neditable = true\n',
            r'\1tier = 2\nreplaceable = true\ntogether = "home_address"\n',
            register,
        )
        assert count == 1, name
    return register


def start_with_hidden_addresses(start_office: StartOffice, folder: Path) -> Office:
    path = folder / "register.toml"
    path.write_text(with_hidden_addresses((CONFIG / "register.toml").read_text("utf-8")), "utf-8")
    return start_office(register=str(path))


class Watched(Visitor):
    """A browser that keeps every body that it was sent."""

    bodies: list[str]

    def _open(self, method: str, path: str, **options: object) -> Page:
        page = super()._open(method, path, **options)
        self.__dict__.setdefault("bodies", []).append(page.text)
        return page

    def was_shown(self, *values: str) -> list[str]:
        """Those of these values that any body held."""
        return [one for one in values if any(one in body for body in self.bodies)]


def address(office: Office) -> dict[str, str]:
    row = office.contact()
    return {name: row[name] for name in TOGETHER}
