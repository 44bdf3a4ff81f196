"""The headers of every answer."""

import secrets

from flask import Flask, Response, g, request

from portal.web.context import services

PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"


def init_app(app: Flask) -> None:
    """Set the headers of every answer of the app."""
    app.after_request(set_headers)


def csp_nonce() -> str:
    """The nonce of this answer's scripts."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


def allow_framing_by(origins: tuple[str, ...]) -> None:
    """This answer, alone, may stand in a frame on exactly these origins."""
    g.frame_ancestors = origins


def set_headers(response: Response) -> Response:
    """What a browser may do with the answer: as little as possible.

    `Referrer-Policy: same-origin`, because `no-referrer` would make forms say `Origin: null`.
    """
    ancestors = g.get("frame_ancestors")
    headers = response.headers
    headers["Content-Security-Policy"] = _policy(ancestors)
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Permissions-Policy"] = PERMISSIONS
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    if ancestors is None:
        headers["X-Frame-Options"] = "DENY"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
    else:
        # so that a host page which asks for isolation can still embed the frame
        headers["Cross-Origin-Embedder-Policy"] = "require-corp"
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if services().settings.public_url.startswith("https:"):
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if request.endpoint != "static":
        headers.setdefault("Cache-Control", "no-store")
        if headers["Cache-Control"] == "no-store":
            response.vary.update(("Authorization", "Cookie", "Portal-Frame", "Accept-Language"))
    return response


def _policy(ancestors: tuple[str, ...] | None) -> str:
    nonce = csp_nonce()
    may_frame = " ".join(ancestors) if ancestors else "'none'"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'nonce-{nonce}'",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            f"frame-ancestors {may_frame}",
            "require-trusted-types-for 'script'",
            "trusted-types portal",
        )
    )
