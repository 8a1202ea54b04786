/** What each contract does, in a sentence. Names and addresses come from the deployment; one without words has none. */
export const CONTRACT_WORDS: Readonly<Record<string, string>> = {
  UsageBasedSubscriptions: "Receives proven statements and charges what they allow.",
  SubscriptionCustody: "Holds every deposit. It pays out to owners, and to the operator what was charged.",
  SubscriptionAccounts: "Keeps the account of each subscription: paid in, charged, owed.",
  SubscriptionPlans: "Announces plans, and opens subscriptions.",
  SubscriptionOwnership: "Keeps the rights of owners in their own accounts.",
  SubscriptionTerms: "Decides how a total becomes a bill, within spend caps and limits.",
  GraduatedPricing: "Computes the price of a total by the tiers of a plan.",
  SettlementPages: "Checks that a page is under the settlement root of a statement.",
  ProviderRevenue: "Holds charges back for a while, so that a wrong one can be returned.",
  DollarRates: "Reads what the token is worth in dollars, within bounds.",
  FlareOracleVerifier: "The light client of Flare: confirms signing policies and roots.",
  FlareSignatures: "Checks the signatures of Flare's voters.",
  FlareFDCTriggers: "Fixes which request Flare is asked, and delivers what it attested.",
  TriggerNotices: "Remembers when an announced request takes effect.",
  CodeUpdates: "Lets code change only after an announcement and a notice.",
  SimpleUsageSubscriptions: "A small example of another contract that charges by the same proofs.",
};

/** Contracts that most readers look for come first. */
export function inOrder(names: readonly string[]): readonly string[] {
  const known = Object.keys(CONTRACT_WORDS);
  const others = names.filter((name) => !known.includes(name)).toSorted();
  return [...known.filter((name) => names.includes(name)), ...others];
}
