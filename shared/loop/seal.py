"""Proves that a service of this system numbered a record, so that a stranger's numbers never count.

A reader drops a number that it has seen, and waits for one that is missing. If anybody could write
numbers, the true record of a forged number would be dropped in silence. So every numbered record
carries a message authentication code over its place, its number, its identity and its data, keyed
with the secret that all services share. What was copied, and is not changed, is a true duplicate.
"""

import hashlib
import hmac

from shared.contracts.envelope import Envelope
from shared.loop.log import Place

MAC_BYTES = 12


def key_of(secret: str) -> bytes:
    """The sealing key of an installation; it differs from whatever else its secret is used for."""
    return hashlib.blake2b(b"streams\n" + secret.encode()).digest()


def seal(key: bytes, place: Place, envelope: Envelope) -> str:
    topic, partition = place
    # No attribute holds a control character, so the parts can't run into each other.
    parts = (
        topic,
        str(partition),
        envelope.stream or "",
        str(envelope.number),
        envelope.source,
        envelope.id,
        envelope.type,
        envelope.tenant,
        "",
    )
    digest = hashlib.blake2b("\n".join(parts).encode(), key=key, digest_size=MAC_BYTES)
    digest.update(envelope.data)
    return digest.hexdigest()


def is_sealed(key: bytes, place: Place, envelope: Envelope) -> bool:
    return hmac.compare_digest(seal(key, place, envelope).encode(), envelope.mac.encode())
