"""Breaks that the systems keep by themselves."""

from collections.abc import Mapping

from portal.adapters.contract import Adapter
from portal.domain.register import Purpose


def keep_breaks(purpose: Purpose, adapters: Mapping[str, Adapter]) -> bool:
    """Does every system that holds it pause it, and go on, by itself?

    Where only some do, the portal's own way is used for all, so that all end on one day. Nor may
    one go on by itself that wants her own word first.
    """
    holders = [one for one in adapters.values() if purpose.id in one.capabilities.consents]
    return bool(holders) and all(
        purpose.id in one.capabilities.pauses and one.settings.restart == "by_itself"
        for one in holders
    )
