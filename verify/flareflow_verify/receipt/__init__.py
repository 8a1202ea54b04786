"""A month of a subscription on one page: what was used, what it cost, and where each amount is proven."""
