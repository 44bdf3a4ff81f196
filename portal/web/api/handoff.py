"""The website says whom it has signed in; she goes on here."""

from flask import Response, abort, request, url_for

from portal.access.handoff import Refused
from portal.web.api.blueprint import blueprint
from portal.web.api.shapes import HandoffTold, told
from portal.web.context import services
from portal.web.problems import problem

LARGEST = 8 * 1024
"""Bytes of an assertion."""
WHY = {
    "signature": (401, "No key of that site has signed this, or the site hands nobody over."),
    "expired": (401, "It is too old, or of the future: look at the clocks."),
    "audience": (403, "aud must be the public address of this portal."),
    "issuer": (403, "iss must be an origin of the site."),
    "claims": (422, "A claim is missing or not as it must be."),
    "replayed": (409, "This jti was used before."),
    "unknown": (404, "No system has a record of this address."),
    "away": (503, "A system did not answer: send a new assertion later."),
}


@blueprint.post("/handoff")
def handoff() -> Response:
    """One assertion for one link. The signature is the key: it needs no other."""
    request.max_content_length = LARGEST
    if request.mimetype != "application/jose":
        abort(problem(415, detail="The body must be application/jose: one compact JWS."))
    assertion = request.get_data(cache=False).decode("ascii", "replace").strip()
    try:
        handed = services().handing_over.accept(assertion)
    except Refused as refused:
        status, detail = WHY[refused.code]
        wait = {"Retry-After": "60"} if status == 503 else {}
        abort(problem(status, refused.code, detail, wait))
    page = url_for("handoff.arrive", t=handed.reference)
    url = f"{services().settings.public_url}{page}#{handed.token}"
    return told(HandoffTold(url=url, expires_at=handed.expires_at), 201)
