"""The public keys of a website, with which it signs whom it hands over: a JWKS file (RFC 7517)."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey
from joserfc.jws import CompactSignature, JWSRegistry

LARGEST = 64 * 1024
"""Bytes of a file."""
PUBLIC = frozenset({"kty", "crv", "x", "y", "kid"})
SECRET = frozenset({"d", "p", "q", "k", "priv"})
"""Members that only a private or a shared key has."""
Key = OKPKey | ECKey
SAME = {"EdDSA": "Ed25519"}
"""The name of RFC 8037, which most libraries write still, and that of RFC 9864."""
HEADER = frozenset({"alg", "kid", "typ"})
"""All that may stand in the header: no keys, no places of keys, no other way to read it."""
SIGNED_BY: Mapping[str, type[OKPKey] | type[ECKey]] = {"Ed25519": OKPKey, "ES256": ECKey}
"""What a signature may be made with, and the keys for it. Nothing else is looked at."""


class KeysUnfit(Exception):
    """The file cannot serve. The message says why, and holds nothing of a key."""


class NotSigned(Exception):
    """It is not signed by one of these keys. The message holds nothing of it."""


class _Registry(JWSRegistry):
    """Algorithms by either name, and no others."""

    def get_alg(self, name: str) -> Any:
        return super().get_alg(SAME.get(name, name))


REGISTRY = _Registry(algorithms=list(SIGNED_BY))


def read_keys(path: Path) -> list[Key]:
    """The keys of a file: Ed25519 and P-256, public ones only.

    :raises KeysUnfit: see there.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        told = json.loads(content) if len(content) <= LARGEST else None
    except OSError as error:
        raise KeysUnfit(f"the file cannot be read ({error.strerror})") from None
    except ValueError:
        raise KeysUnfit("the file is not JSON") from None
    keys = told.get("keys") if isinstance(told, Mapping) else None
    if not isinstance(keys, list) or not keys or not all(isinstance(one, dict) for one in keys):
        raise KeysUnfit('the file is no JWKS: it has no list of "keys"')
    return [_key(one) for one in keys]


def payload_of(assertion: str, keys: list[Key]) -> bytes:
    """What is signed, once that is sure.

    :raises NotSigned: see there.
    """
    try:
        signed = jws.extract_compact(assertion.encode("ascii"))
        if not signed.protected.keys() <= HEADER:
            raise NotSigned("its header holds more than it may")
        algorithm = str(signed.protected["alg"])
        algorithm = SAME.get(algorithm, algorithm)
        if any(_is_signed_by(signed, key) for key in _fitting(signed, algorithm, keys)):
            return signed.payload
    except (JoseError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise NotSigned("it is no assertion of ours") from None
    raise NotSigned("no key of this site has signed it")


def _fitting(signed: CompactSignature, algorithm: str, keys: list[Key]) -> list[Key]:
    """The keys for this algorithm; of these the one it names, if it names any."""
    kind, named = SIGNED_BY.get(algorithm), signed.protected.get("kid")
    if kind is None:
        return []
    return [key for key in keys if isinstance(key, kind) and named in {None, key.kid}]


def _is_signed_by(signed: CompactSignature, key: Key) -> bool:
    return jws.validate_compact(signed, key, registry=REGISTRY)


def _key(told: Mapping[str, Any]) -> Key:
    if SECRET & told.keys():
        raise KeysUnfit("it holds a private key: only public ones belong in it")
    if told.get("use", "sig") != "sig":
        raise KeysUnfit("it holds a key that is not for signatures")
    members = {name: told[name] for name in PUBLIC & told.keys()}
    match told.get("kty"), told.get("crv"):
        case "OKP", "Ed25519":
            kind: type[OKPKey | ECKey] = OKPKey
        case "EC", "P-256":
            kind = ECKey
        case _:
            raise KeysUnfit("it holds a key that is neither Ed25519 nor P-256")
    try:
        key = kind.import_key(members)
        key.get_op_key("verify")  # a point that lies on no curve shows itself here at the latest
    except (JoseError, ValueError, TypeError, KeyError):
        raise KeysUnfit("it holds a key that cannot be read") from None
    return key
