"""The price oracle's stand-in, as tests set its price."""

from typing import Final

SET_PRICE: Final = """
    import "BandOracle"
    transaction(symbol: String, dollars: UFix64, timestamp: UInt64) {
        execute { BandOracle.setPrice(symbol, dollars: dollars, timestamp: timestamp) }
    }
"""
