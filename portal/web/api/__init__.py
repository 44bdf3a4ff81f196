"""What programs may ask and do, ``/api/v1``: a key says who asks; answers are JSON, never pages."""

from portal.web.api import callers, consents, document, feed, handoff, links
from portal.web.api.blueprint import blueprint

__all__ = ["blueprint", "callers", "consents", "document", "feed", "handoff", "links"]
