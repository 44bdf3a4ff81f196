"""Which version of the portal this is."""

from importlib.metadata import version

VERSION = version("subscriber-portal")
