"""What may still come after a stop: a system sends what stood in its queue already."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from portal.adapters.contract import Registry
from portal.domain.rights import Right
from portal.rights.requests.history import History

STOPS = frozenset({Right.WITHDRAW, Right.OBJECT})


def one_more_until(stops: Iterable[History], adapters: Registry, now: datetime) -> datetime | None:
    """Until when (UTC) one more mail may come, as far as the systems' settings say; None: none.

    Of several stops by one click the last of it counts. A queue is counted from when the system
    knew of the stop; until it does, from now on.
    """
    ends = []
    for history in stops:
        if history.right not in STOPS:
            continue
        for one in history.progress:
            adapter = adapters.get(one.adapter)
            hours = adapter.settings.queued_mail_hours if adapter else None
            if hours:
                knew = one.changed_at if one.state.is_final else now
                ends.append(knew + timedelta(hours=hours))
    return max((end for end in ends if end > now), default=None)
