"""Hand over whom your website has signed in: python hand_over.py ADDRESS (see docs/api.md).

Needs joserfc. `python hand_over.py --make-key` makes the key and prints the JWKS for the portal.
"""

import json
import os
import secrets
import sys
import time
import urllib.request
from pathlib import Path

from joserfc import jws
from joserfc.jwk import KeySet, OKPKey

file = Path(os.environ.get("HANDOFF_KEY", "handoff-key.json"))
if sys.argv[1] == "--make-key":
    key = OKPKey.generate_key("Ed25519", parameters={"kid": time.strftime("%Y-%m")})
    file.touch(mode=0o600, exist_ok=False)
    file.write_text(json.dumps(key.as_dict(private=True)))
    sys.exit(print(json.dumps(KeySet([key]).as_dict(private=False))))

key, now = OKPKey.import_key(json.loads(file.read_text())), int(time.time())
claims = {
    "iss": os.environ["WEBSITE"],  # https://www.example.org
    "aud": os.environ["PORTAL"],  # https://privacy.example.org
    "site": os.environ["PORTAL_SITE"],  # the id of your site in portal.toml
    "sub": sys.argv[1],  # the e-mail address of who is signed in: from your session, never a form
    "jti": secrets.token_urlsafe(16),
    "iat": now,
    "exp": now + 60,
}
header = {"alg": "Ed25519", "kid": key.kid}
assertion = jws.serialize_compact(header, json.dumps(claims), key, algorithms=["Ed25519"])
address = os.environ.get("PORTAL_API", f"{claims['aud']}/api/v1")
request = urllib.request.Request(
    f"{address}/handoff",
    data=assertion.encode(),
    headers={"Content-Type": "application/jose"},
)
with urllib.request.urlopen(request, timeout=10) as answer:
    print(json.load(answer)["url"])  # answer the browser with a redirect (303) to it
