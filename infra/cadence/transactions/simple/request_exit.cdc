import "SimpleUsageSubscriptions"

/// Begins the notice after which the rest can be taken.
transaction {
    prepare(signer: auth(BorrowValue) &Account) {
        let pass = signer.storage.borrow<auth(SimpleUsageSubscriptions.Leave) &SimpleUsageSubscriptions.Pass>(
            from: /storage/simpleUsageSubscriptionsPass
        ) ?? panic("request_exit: the signer has no pass")
        pass.requestExit()
    }
}
