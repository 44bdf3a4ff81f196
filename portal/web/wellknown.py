"""What programs look up below ``/.well-known/``."""

from datetime import UTC, date, datetime

from flask import Blueprint, Response, jsonify

from portal.config import Settings
from portal.web.context import services

blueprint = Blueprint("wellknown", __name__, url_prefix="/.well-known")


@blueprint.get("/gpc.json")
def gpc() -> Response:
    """This portal heeds the Global Privacy Control (https://www.w3.org/TR/gpc/)."""
    answer = jsonify(gpc=True, lastUpdate=services().policy_since.isoformat())
    answer.headers["Cache-Control"] = "public, max-age=3600"
    return answer


def policy_since(settings: Settings) -> date:
    """Since when it is as it is: the last change of the register or of the settings."""
    files = (settings.register_file, settings.instance / "portal.toml")
    changed = max(file.stat().st_mtime for file in files if file.exists())
    return datetime.fromtimestamp(changed, UTC).date()
