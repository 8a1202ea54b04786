import "SimpleUsageSubscriptions"

/// Announces the exit.
transaction {
    prepare(signer: auth(BorrowValue) &Account) {
        let pass = signer.storage.borrow<auth(SimpleUsageSubscriptions.Owner) &SimpleUsageSubscriptions.Pass>(
            from: /storage/simpleUsageSubscriptionsPass
        ) ?? panic("request_exit: the signer has no pass")
        pass.requestExit()
    }
}
