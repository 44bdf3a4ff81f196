"""A form that was sent after its session had ended: what was typed comes back after signing in.

In a tab it waits in a cookie, sealed; in the frame, where cookies do not count, in a variable of
the frame's script, which sends it along in a header. Nothing of it is stored here.
"""

from collections.abc import Mapping

from flask import Response, request

from portal.rights.correcting.drafts import KEPT_FOR
from portal.web.context import framed, services, who
from portal.web.pages import render

HEADER = "Portal-Draft"
LARGEST = 3800
"""Characters that fit into a cookie with its name; browsers keep 4096."""
LARGEST_IN_FRAME = 60_000


def sign_in_again(subject_id: str, typed: Mapping[str, str], told: Mapping[str, str]) -> Response:
    """401, with the way to sign in, and what was typed kept for afterwards.

    What is too long to be kept is shown, to be copied. ``told``: label → what was typed.
    """
    sealed = services().rights.drafts.seal(subject_id, typed)
    kept = len(sealed) <= (LARGEST_IN_FRAME if framed() else LARGEST)
    page = render(
        "me/sign_in_again.html",
        401,
        draft=sealed if kept and framed() else "",
        told={} if kept else told,
    )
    if kept and not framed():
        page.set_cookie(
            _cookie(),
            sealed,
            max_age=KEPT_FOR,
            secure=services().settings.secure_cookies,
            httponly=True,
            samesite="Lax",
        )
    return page


def waits() -> bool:
    """Did this browser bring something that was typed before?"""
    return bool(_sealed())


def brought() -> dict[str, str]:
    """Text by field id that the subscriber who is signed in had typed; nothing of another's."""
    signed_in, sealed = who(), _sealed()
    return services().rights.drafts.open(signed_in, sealed) if signed_in and sealed else {}


def forget(answer: Response) -> Response:
    """It stands in a form again, which was sent: the same answer, by which it is forgotten."""
    if framed():
        answer.headers[HEADER] = ""
    elif _cookie() in request.cookies:
        answer.delete_cookie(
            _cookie(),
            secure=services().settings.secure_cookies,
            httponly=True,
            samesite="Lax",
        )
    return answer


def _sealed() -> str:
    return request.headers.get(HEADER, "") if framed() else request.cookies.get(_cookie(), "")


def _cookie() -> str:
    return "__Host-portal-draft" if services().settings.secure_cookies else "portal-draft"
