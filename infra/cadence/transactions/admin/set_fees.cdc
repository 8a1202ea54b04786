import "FlowFees"

/// Gives a local network the fees of mainnet.
transaction(surgeFactor: UFix64, inclusionEffortCost: UFix64, executionEffortCost: UFix64) {

    prepare(service: auth(BorrowValue) &Account) {
        let fees = service.storage.borrow<&FlowFees.Administrator>(from: /storage/flowFeesAdmin)
            ?? panic("The signer does not administer the fees")
        fees.setFeeParameters(
            surgeFactor: surgeFactor,
            inclusionEffortCost: inclusionEffortCost,
            executionEffortCost: executionEffortCost
        )
    }
}
