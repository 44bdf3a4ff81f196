"""What goes wrong, told to a program: RFC 9457, in English, and never with a value."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Response

MEDIA_TYPE = "application/problem+json"
DETAILS = {
    400: "The request could not be read.",
    403: "This is not allowed.",
    404: "There is nothing at this address.",
    405: "This address does not know this method.",
    413: "The body is too large.",
    415: "The body must be of the media type that this address takes.",
    500: "Something went wrong in the portal. Nothing was changed.",
    503: "The portal cannot do this just now. Nothing was changed; try again later.",
}
CODES = {
    400: "bad_request",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    500: "fault",
    503: "unavailable",
}


def problem(
    status: int,
    code: str = "",
    detail: str = "",
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """The answer. ``code`` is for the program, ``detail`` for who reads its log."""
    told = {
        "type": "about:blank",  # the status says what it is; `code` says which
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code or CODES.get(status, "refused"),
        "detail": detail or DETAILS.get(status, "The request was refused."),
        **more,
    }
    response = Response(json.dumps(told), status, content_type=MEDIA_TYPE)
    response.headers.update(headers or {})
    return response
