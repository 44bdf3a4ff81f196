"""Certificates for servers under test: a small authority of our own, and a false certificate."""

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


@dataclass(frozen=True)
class Certificates:
    """Files and contexts for TLS on ``localhost`` and 127.0.0.1."""

    authority: Path
    """PEM file of the authority: what a client is told to trust."""
    trusted: ssl.SSLContext
    """For a server that the authority vouches for."""
    false: ssl.SSLContext
    """For a server that only vouches for itself."""
    wrong_name: ssl.SSLContext
    """For a server that the authority knows by another name, ``mail.example.com``."""


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Made anew in every session, valid for a day around now."""
    folder = tmp_path_factory.mktemp("certificates")
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _sign("Test authority", authority_key, None)
    pem = folder / "authority.pem"
    pem.write_bytes(authority.public_bytes(serialization.Encoding.PEM))

    def context(name: str, issuer: x509.Certificate | None) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        signer = None if issuer is None else (issuer, authority_key)
        file = folder / f"{name}-{issuer is not None}.pem"
        file.touch(mode=0o600)
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + _sign(name, key, signer).public_bytes(serialization.Encoding.PEM)
        )
        answer = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        answer.load_cert_chain(file)
        return answer

    return Certificates(
        authority=pem,
        trusted=context("localhost", authority),
        false=context("localhost", None),
        wrong_name=context("mail.example.com", authority),
    )


def _sign(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    signer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None,
) -> x509.Certificate:
    """A certificate for ``name``; without a signer it signs itself."""
    is_authority = name == "Test authority"
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer, issuer_key = (signer[0].subject, signer[1]) if signer else (subject, key)
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=is_authority,
                crl_sign=is_authority,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    if not is_authority:
        names: list[x509.GeneralName] = [x509.DNSName(name)]
        if name == "localhost":
            names.append(x509.IPAddress(ipaddress.IPv4Address("127.0.0.1")))
        builder = builder.add_extension(
            x509.SubjectAlternativeName(names), critical=False
        ).add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())
