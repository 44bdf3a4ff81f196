"""What people decided, for programs to follow with a cursor."""

from flask import Response, abort, request

from portal.access.api_keys import Caller, Scope
from portal.rights.requests.feed_places import BadCursor, Missed
from portal.web.api.blueprint import blueprint
from portal.web.api.callers import needs
from portal.web.api.shapes import FeedEntryTold, FeedTold, told
from portal.web.context import services
from portal.web.problems import problem

MOST = 500
FROM_NOW = "now"
"""In the place of a cursor: none of what there is, all that comes."""


@blueprint.get("/feed")
@needs(Scope.FEED_READ)
def feed(caller: Caller) -> Response:
    """What came after a cursor; 410 when something is over that did."""
    after, limit = request.args.get("after"), request.args.get("limit", "100")
    if not (limit.isascii() and limit.isdecimal() and 1 <= int(limit[:9]) <= MOST):
        abort(problem(422, "limit", f"limit must be a number from 1 to {MOST}."))
    if after == FROM_NOW:
        cursor = services().rights.feed.now(caller.site)
        return told(FeedTold(entries=[], cursor=cursor, more=False))
    try:
        part = services().rights.feed.after(caller.site, after, int(limit))
    except BadCursor:
        abort(problem(422, "cursor", "after must be a cursor that an earlier answer gave."))
    except Missed:
        detail = (
            "Something that came after this cursor is over. Take a cursor with after=now, then ask "
            "POST /api/v1/consents about everybody, then follow from that cursor."
        )
        abort(problem(410, "missed", detail))
    entries = [
        FeedEntryTold(
            kind=one.kind,
            at=one.at,
            due_at=one.due_at,
            email=one.email,
            new_email=one.new_email,
            purposes=list(one.purposes),
            what=one.what,
            refs=None if one.refs is None else list(one.refs),
        )
        for one in part.entries
    ]
    return told(FeedTold(entries=entries, cursor=part.cursor, more=part.more))
