"""DKIM signatures (RFC 6376; Ed25519 by RFC 8463), and the keys they are made with.

A message is signed by every key whose domain its sender's address belongs to, and by none where
there is no such key. Canonicalisation is relaxed/relaxed, so that a relay which folds a header
anew breaks nothing. Every header is signed; those that a mailbox acts on are *oversigned*: named
once more than they occur, so that nobody on the way can add a second From or Subject.

The body of our messages is its own relaxed form: base64 has no blanks, and no part ends in empty
lines. It is hashed as it is.
"""

from __future__ import annotations

import hashlib
import os
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from newsletter.errors import ConfigError

Algorithm = Literal["rsa", "ed25519"]
ALGORITHMS: tuple[Algorithm, ...] = ("rsa", "ed25519")

_RSA_BITS = 2048
_SETTING = "transport.smtp.dkim.key"
_OVERSIGNED = (
    *("From", "To", "Cc", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version", "Content-Type"),
    *("List-Unsubscribe", "List-Unsubscribe-Post"),  # RFC 8058, 4: must be covered
)
_FOLD = "\r\n "
_LINE = 76


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A private key under its name in the DNS: ``<selector>._domainkey.<domain>``."""

    domain: str
    selector: str
    algorithm: Algorithm
    public: str  # as it stands in the record
    sign: Callable[[bytes], bytes] = field(repr=False)

    @property
    def name(self) -> str:
        """Where the record stands."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        """The TXT record."""
        return f"v=DKIM1; k={self.algorithm}; p={self.public}"


def load(path: Path, *, domain: str, selector: str) -> Key:
    """Return the key in a PEM file, or raise ``ConfigError``."""
    try:
        pem = path.read_bytes()
        mode = path.stat().st_mode
    except OSError as error:
        raise ConfigError(
            f"{_SETTING}: {path} cannot be read ({error.strerror}); make one with `newsletter dkim new`"
        ) from None
    if mode & 0o077:
        raise ConfigError(f"{_SETTING}: {path} may be read by others; run `chmod 600 {path}`")
    try:
        private = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigError(
            f"{_SETTING}: {path} is not a private key in PEM without a password ({type(error).__name__})"
        ) from None
    if isinstance(private, rsa.RSAPrivateKey):
        if private.key_size < _RSA_BITS:
            raise ConfigError(
                f"{_SETTING}: {path} has {private.key_size} bits; RSA keys need {_RSA_BITS} or more"
            )
        return _rsa(private, domain, selector)
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return _ed25519(private, domain, selector)
    raise ConfigError(f"{_SETTING}: {path} is neither an RSA nor an Ed25519 key")


def create(path: Path, *, domain: str, selector: str, algorithm: Algorithm = "rsa") -> Key:
    """Write a new key to ``path`` (mode 0600), or raise ``ConfigError`` when the file is there."""
    private = (
        rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
        if algorithm == "rsa"
        else ed25519.Ed25519PrivateKey.generate()
    )
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConfigError(f"{path} is already there; keys are never overwritten") from None
    with os.fdopen(handle, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    return load(path, domain=domain, selector=selector)


class Signer:
    """Signs the messages of one sender with the keys that fit it; falsy when none does."""

    def __init__(self, keys: Sequence[Key], sender: str) -> None:
        own = sender.rpartition("@")[2].lower()
        exact = [key for key in keys if key.domain.lower() == own]
        above = [key for key in keys if own.endswith(f".{key.domain.lower()}")]
        self._keys = exact or above
        self._named: dict[tuple[str, ...], str] = {}

    def __bool__(self) -> bool:
        return bool(self._keys)

    def sign(self, pieces: Sequence[bytes], date: datetime) -> bytes:
        """Return the DKIM-Signature headers for a message: its head first, then its body in pieces."""
        names, fields = _relaxed(pieces[0])
        body = hashlib.sha256()
        for piece in pieces[1:]:
            body.update(piece)
        covered = self._covered(names)
        end = f"{_FOLD}h={covered};{_FOLD}bh={b64encode(body.digest()).decode()};{_FOLD}b="
        at = int(date.timestamp())
        return b"".join([_signature(key, at, end, fields) for key in self._keys])

    def _covered(self, names: tuple[str, ...]) -> str:
        """Return the list of h=, folded; the same for all copies of a mailing."""
        if names not in self._named:
            self._named[names] = _folded([*names, *_OVERSIGNED])
        return self._named[names]


def _relaxed(head: bytes) -> tuple[tuple[str, ...], bytes]:
    """Return the names of all headers in order, and the headers in their relaxed form."""
    unfolded = head.replace(b"\r\n ", b" ").replace(b"\t", b" ")
    while b"  " in unfolded:
        unfolded = unfolded.replace(b"  ", b" ")
    names, fields = [], []
    for line in unfolded.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name:
            names.append(name.decode("ascii"))
            fields.append(b"%b:%b\r\n" % (name.lower(), value.strip(b" ")))
    return tuple(names), b"".join(fields)


def _signature(key: Key, at: int, end: str, fields: bytes) -> bytes:
    value = (
        f"v=1; a={key.algorithm}-sha256; c=relaxed/relaxed; d={key.domain};{_FOLD}s={key.selector}; t={at};"
        + end
    )
    signed = key.sign(fields + f"dkim-signature:{value.replace(_FOLD, ' ')}".encode("ascii"))
    coded = b64encode(signed).decode()
    lines = [coded[start : start + _LINE - 3] for start in range(0, len(coded), _LINE - 3)]
    return f"DKIM-Signature: {value}{_FOLD.join(lines)}\r\n".encode("ascii")


def _folded(names: Sequence[str]) -> str:
    lines, line = [], "h="
    for name in names:
        if len(line) + len(name) + 2 > _LINE:
            lines.append(line)
            line = ""
        line += f"{name}:"
    return _FOLD.join([*lines, line.removesuffix(":")]).removeprefix("h=")


def _rsa(private: rsa.RSAPrivateKey, domain: str, selector: str) -> Key:
    pkcs1, sha256 = padding.PKCS1v15(), hashes.SHA256()
    public = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return Key(
        domain=domain,
        selector=selector,
        algorithm="rsa",
        public=b64encode(public).decode(),
        sign=lambda content: private.sign(content, pkcs1, sha256),
    )


def _ed25519(private: ed25519.Ed25519PrivateKey, domain: str, selector: str) -> Key:
    public = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return Key(
        domain=domain,
        selector=selector,
        algorithm="ed25519",
        public=b64encode(public).decode(),
        # RFC 8463, 3: what is signed is the SHA-256 of what RSA would sign.
        sign=lambda content: private.sign(hashlib.sha256(content).digest()),
    )
