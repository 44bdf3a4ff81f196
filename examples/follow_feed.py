"""Follow what people decide, and obey: python follow_feed.py CURSOR_FILE (see docs/api.md)."""

import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import quote

base, key, file = os.environ["PORTAL_API"], os.environ["PORTAL_KEY"], Path(sys.argv[1])


def ask(after: str) -> dict:
    """The part of the feed behind a cursor."""
    url = f"{base}/feed?after={quote(after)}"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


cursor, more = file.read_text() if file.exists() else "now", True
while more:
    try:
        part = ask(cursor)
    except urllib.error.HTTPError as error:
        sys.exit(f"begin again: {file} is too old" if error.code == 410 else str(error))
    for entry in part["entries"]:
        told = [entry["what"], *entry["purposes"], entry["new_email"], *(entry["refs"] or ())]
        # Here your tool stops the mail, or asks POST /consents: see the table in docs/api.md.
        print(entry["kind"], entry["email"], *filter(None, told))
    cursor, more = part["cursor"], part["more"]
    file.write_text(cursor)  # last: an entry may be worked off twice, never not at all
