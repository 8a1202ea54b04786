import "SimpleUsageSubscriptions"

/// Cancels the exit.
transaction {
    prepare(signer: auth(BorrowValue) &Account) {
        let pass = signer.storage.borrow<auth(SimpleUsageSubscriptions.Leave) &SimpleUsageSubscriptions.Pass>(
            from: /storage/simpleUsageSubscriptionsPass
        ) ?? panic("cancel_exit: the signer has no pass")
        pass.cancelExit()
    }
}
