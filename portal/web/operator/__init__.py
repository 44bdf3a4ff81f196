"""The desk: the operators' pages, one module a matter."""

from portal.web.operator import acts, cases, guard, mailings, queue, signin, timeline
from portal.web.operator.blueprint import blueprint

__all__ = ["acts", "blueprint", "cases", "guard", "mailings", "queue", "signin", "timeline"]
