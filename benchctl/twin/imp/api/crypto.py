"""The global object `crypto` of a device. Facts: g-api and blob-equality of api/squirrel.yaml.

What the hashes take and return: https://developer.electricimp.com/api/crypto/hmacsha256
"""

import hashlib
import hmac

from benchctl.twin.imp.api.base import ApiObject, api
from benchctl.twin.imp.values import DATA, Blob, Param, as_bytes


class Crypto(ApiObject):
    """`crypto`. choice: a hash takes no longer than any other call."""

    @api("equals", Param("a", DATA), Param("b", DATA))
    def equals(self, a: str | Blob, b: str | Blob) -> bool:
        """Whether two strings or blobs hold the same bytes."""
        return as_bytes(a) == as_bytes(b)

    @api("sha256", Param("data", DATA), since=(35, 7))
    def sha256(self, data: str | Blob) -> Blob:
        """SHA-256, 32 bytes."""
        return Blob(hashlib.sha256(as_bytes(data)).digest())

    @api("hmacsha256", Param("data", DATA), Param("key", DATA), since=(35, 7))
    def hmacsha256(self, data: str | Blob, key: str | Blob) -> Blob:
        """HMAC-SHA-256, 32 bytes."""
        return Blob(hmac.digest(as_bytes(key), as_bytes(data), "sha256"))
