"""A whole portal: what is promised of signing in is promised of all parts together."""

from tests.portals import office, office_folder, start_office
from tests.storing import clock

__all__ = ["clock", "office", "office_folder", "start_office"]
