"""Who signed: the address behind a secp256k1 signature, as Ethereum's `ecrecover` gives it.

Written out here because it is all that the command needs of elliptic curves. It holds no secret, so it may take longer
for some inputs than for others. Source: SEC 1 (Standards for Efficient Cryptography), section 4.1.6.
"""

from typing import Final

from flareflow.keccak import keccak256

FIELD: Final = 2**256 - 2**32 - 977
ORDER: Final = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
BASE: Final = (
    0x79BE667E_F9DCBBAC_55A06295_CE870B07_029BFCDB_2DCE28D9_59F2815B_16F81798,
    0x483ADA77_26A3C465_5DA4FBFC_0E1108A8_FD17B448_A6855419_9C47D08F_FB10D4B8,
)
V_MIN: Final = 27

type Point = tuple[int, int, int]
"""(x, y, z) for the point (x / z^2, y / z^3); z is 0 at infinity."""

INFINITY: Final[Point] = (0, 1, 0)


def signer_of(digest: bytes, v: int, r: int, s: int) -> bytes | None:
    """The 20-byte address that signed a 32-byte digest; None for a malformed signature. `v` is 27 or 28."""
    if v - V_MIN not in (0, 1) or not 0 < r < ORDER or not 0 < s < ORDER:
        return None
    square = (pow(r, 3, FIELD) + 7) % FIELD
    y = pow(square, (FIELD + 1) // 4, FIELD)
    if y * y % FIELD != square:
        return None
    if y % 2 != v - V_MIN:
        y = FIELD - y
    inverse = pow(r, -1, ORDER)
    key = _sum_of_products((*BASE, 1), -int.from_bytes(digest) * inverse % ORDER, (r, y, 1), s * inverse % ORDER)
    if key[2] == 0:
        return None
    scale = pow(key[2], -1, FIELD)
    x, y = key[0] * scale**2 % FIELD, key[1] * scale**3 % FIELD
    return keccak256(x.to_bytes(32) + y.to_bytes(32))[12:]


def _sum_of_products(first: Point, times: int, second: Point, other_times: int) -> Point:
    """`first` times a number plus `second` times another, both numbers below the order, bit by bit at once."""
    both = _add(first, second)
    total = INFINITY
    for bit in range(max(times.bit_length(), other_times.bit_length()) - 1, -1, -1):
        total = _double(total)
        match times >> bit & 1, other_times >> bit & 1:
            case 1, 0:
                total = _add(total, first)
            case 0, 1:
                total = _add(total, second)
            case 1, 1:
                total = _add(total, both)
    return total


def _double(point: Point) -> Point:
    x, y, z = point
    if z == 0:
        return INFINITY
    middle = 4 * x * y * y % FIELD
    slope = 3 * x * x % FIELD
    doubled_x = (slope * slope - 2 * middle) % FIELD
    return doubled_x, (slope * (middle - doubled_x) - 8 * pow(y, 4, FIELD)) % FIELD, 2 * y * z % FIELD


def _add(left: Point, right: Point) -> Point:
    if left[2] == 0 or right[2] == 0:
        return right if left[2] == 0 else left
    left_square, right_square = left[2] ** 2 % FIELD, right[2] ** 2 % FIELD
    left_x, right_x = left[0] * right_square % FIELD, right[0] * left_square % FIELD
    left_y, right_y = left[1] * right_square * right[2] % FIELD, right[1] * left_square * left[2] % FIELD
    width, height = (right_x - left_x) % FIELD, (right_y - left_y) % FIELD
    if width == 0:
        return _double(left) if height == 0 else INFINITY
    width_square = width * width % FIELD
    width_cube, base = width_square * width % FIELD, left_x * width_square % FIELD
    x = (height * height - width_cube - 2 * base) % FIELD
    return x, (height * (base - x) - left_y * width_cube) % FIELD, left[2] * right[2] * width % FIELD
