import "CodeUpdates"

/// How many of the rights that an account has offered to guardians are not taken yet; nil if it offers none.
access(all) fun main(account: Address): Int? {
    return getAuthAccount<auth(BorrowValue) &Account>(account)
        .storage.borrow<&CodeUpdates.Offer>(from: CodeUpdates.OfferStoragePath)?.paths()?.length
}
