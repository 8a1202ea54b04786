import "FlareFDCTriggers"

/// What a trigger attests and when it takes effect, in readable form.
access(all) struct TriggerTerms {
    access(all) let triggerId: String
    /// In seconds since 1970.
    access(all) let announcedAt: UFix64
    /// In seconds since 1970.
    access(all) let effectiveAt: UFix64
    access(all) let isPending: Bool
    access(all) let handler: Address
    access(all) let source: String
    access(all) let urlPrefix: String
    access(all) let postProcessJq: String
    access(all) let abiSignature: String
    access(all) let words: Int

    init(_ trigger: FlareFDCTriggers.Trigger, isPending: Bool) {
        self.triggerId = trigger.triggerId
        self.announcedAt = trigger.announcedAt
        self.effectiveAt = trigger.effectiveAt
        self.isPending = isPending
        self.handler = trigger.handlerAddress
        self.source = trigger.request.source
        self.urlPrefix = trigger.request.urlPrefix
        self.postProcessJq = trigger.request.postProcessJq
        self.abiSignature = trigger.request.abiSignature
        self.words = trigger.request.words
    }
}

/// All triggers, in the order in which they take effect.
access(all) fun main(): [TriggerTerms] {
    let pending = FlareFDCTriggers.pendingTriggerIds()
    let terms: [TriggerTerms] = []
    for triggerId in FlareFDCTriggers.allTriggerIds() {
        terms.append(TriggerTerms(FlareFDCTriggers.trigger(triggerId)!, isPending: pending.contains(triggerId)))
    }
    return terms
}
