"""What the engine does when a system could not be asked, for work without a page of its own."""

from portal.adapters.contract import AdapterError, Misconfigured, RateLimited, Unsupported
from portal.sync.gates import UNANSWERED
from portal.sync.jobs import Again, GaveUp, Result, Verdict


def stumbled(error: AdapterError) -> Result:
    """Try again by itself where that may help; otherwise a person has to look."""
    match error:
        case RateLimited(retry_after=after):
            return Again("rate_limited", after, verdict=Verdict.BUSY)
        case Misconfigured():
            return Again("misconfigured", verdict=Verdict.PAUSE)
        case _ if error.retry:
            return Again(UNANSWERED, verdict=Verdict.UNANSWERED)
    return GaveUp("unsupported" if isinstance(error, Unsupported) else "refused")
