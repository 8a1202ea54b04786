"""ECDSA with a nonce of the test's choice, so that a signature with a short r and a short s can be made at will."""

from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve, its order, and a nonce whose r has 31 bytes instead of 32."""

    curve: ec.EllipticCurve
    order: int
    short_r_nonce: int

    def key(self, private: int) -> ec.EllipticCurvePrivateKey:
        return ec.derive_private_key(private, self.curve)

    def sign(self, private: int, digest: bytes, nonce: int) -> tuple[int, int]:
        """(r, s) of a digest of 32 bytes."""
        r = self.key(nonce).public_key().public_numbers().x
        s = pow(nonce, -1, self.order) * (int.from_bytes(digest) + r * private) % self.order
        return r, s


P256: Final = Curve(ec.SECP256R1(), 0xFFFFFFFF_00000000_FFFFFFFF_FFFFFFFF_BCE6FAAD_A7179E84_F3B9CAC2_FC632551, 379)
SECP256K1: Final = Curve(ec.SECP256K1(), 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141, 153)
