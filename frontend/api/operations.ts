// Made from docs/openapi.json by `make openapi`.

/**
 * One attempt of a delivery: `status` of the receiver's answer, and `error`, why it has failed, for people.
 */
export type Attempt = {
  readonly at: string;
  readonly milliseconds: string;
  readonly status: string | null;
  readonly error: string | null;
};

/**
 * The totals of the newest statement that is proven: of all usage since the beginning, up to the epoch's end.
 */
export type Attested = {
  readonly epoch: string;
  readonly statement_hash: string;
  readonly ends_at: string;
  readonly subscriptions: string;
  readonly rated_microtokens: string;
};

/**
 * A subscription's balances as of the last event that was read. Amounts are in 1e-8 of the token; `owed_ufix64` in
 * 1e-8 of the plan's currency, `paid_dollars_ufix64` in 1e-8 dollars, `cost_offset` in 1e-17 of the plan's currency.
 */
export type Balances = {
  readonly subscription_id: string;
  readonly owner: string;
  readonly plan_id: string;
  readonly plan_version: string;
  readonly position: readonly [string, string, string];
  readonly tariff: Tariff;
  readonly status: SubscriptionStatus;
  readonly balance_ufix64: string;
  readonly deposited_ufix64: string;
  readonly credited_ufix64: string;
  readonly charged_ufix64: string;
  readonly withdrawn_ufix64: string;
  readonly refunded_ufix64: string;
  readonly owed_ufix64: string;
  readonly settled_microtokens: string;
  readonly settled_epoch: string | null;
  readonly cost_offset: string;
  readonly paid_dollars_ufix64: string;
  readonly spend_cap: SpendCap | null;
  readonly has_ended: boolean;
  readonly next_plan: NextPlan | null;
  readonly waits_for: Waiting | null;
};

/**
 * A price book, and the epoch from which it rates; its text is `/v1/price-books/{hash}`.
 */
export type BookInForce = {
  readonly from_epoch: string;
  readonly price_book_hash: string;
};

/**
 * A price book by its hash, and the epoch from which it rates.
 */
export type BookPut = {
  readonly price_book_hash: string;
  readonly from_epoch: string;
};

/**
 * The sums of all subscriptions as the chain's events tell them, in 1e-8 of the token of the deposits.
 *
 * `owed_dollars_ufix64` is in 1e-8 dollars. `unreadable`: subscriptions that are left out of the sums.
 */
export type Books = {
  readonly subscriptions: string;
  readonly unreadable: string;
  readonly deposited_ufix64: string;
  readonly credited_ufix64: string;
  readonly charged_ufix64: string;
  readonly withdrawn_ufix64: string;
  readonly refunded_ufix64: string;
  readonly balance_ufix64: string;
  readonly owed_ufix64: string;
  readonly owed_dollars_ufix64: string;
  readonly settled_microtokens: string;
};

/**
 * A call to be quoted. `base_model`: what the deployment calls, where that is known.
 */
export type CallRequest = {
  readonly model: string;
  readonly base_model?: string | null;
  readonly tokens?: TokensRequest;
  readonly images?: string | number;
  readonly milliseconds?: string | number;
};

/**
 * Something that waits for a person: a row that nobody was billed for, a tally of such rows, or a difference.
 *
 * `body`: the row as JSON text, or the samples of a tally as a JSON array; in lists only its beginning. `count`: the
 * rows of a tally. `at`: when the call began. `decision` is null while the case is open.
 */
export type Case = {
  readonly id: string;
  readonly kind: CaseKind;
  readonly reason: string;
  readonly what: string;
  readonly body: string;
  readonly count: string;
  readonly subscription_id: string | null;
  readonly at: string | null;
  readonly opened_at: string;
  readonly decision: Decision | null;
};

/**
 * `POST /v1/operator/case-decisions`: what is done about an open case.
 *
 * `verdict`: `billed`, the row is billed with the fields in `row` replaced; `written_off`, nobody is billed;
 * `credited`, the customer got the difference back by `transaction` on Flow; `driven_again`, it is tried once more.
 */
export type CaseDecisionRequest = {
  readonly case: string;
  readonly verdict: Verdict | "driven_again";
  readonly why: string;
  readonly row?: Readonly<Record<string, unknown>>;
  readonly transaction?: string | null;
};

/**
 * ROW: one row, whole. TALLY: rows of five minutes that are only counted, with samples. DIFFERENCE: two sources
 * disagree.
 */
export type CaseKind = "row" | "tally" | "difference";

export type CasePage = {
  readonly items: readonly Case[];
  readonly next_cursor: string | null;
};

export type Chosen = "standing.changed" | "balance.low" | "epoch.settled";

/**
 * A billed call, and the text whose hash is a leaf under the statement of its epoch.
 */
export type CountedEvent = {
  readonly event: UsageEvent;
  readonly leaf: string;
};

export type CountedEventPage = {
  readonly items: readonly CountedEvent[];
  readonly next_cursor: string | null;
};

/**
 * A new key; `key` is its secret, which no later answer contains.
 */
export type CreatedKey = {
  readonly key: string;
  readonly key_hash: string;
  readonly subscription_id: string;
  readonly alias: string;
  readonly created_at: string;
};

/**
 * A new webhook, and the secret that signs its messages, which is in no later answer.
 */
export type CreatedWebhook = {
  readonly webhook: Webhook;
  readonly secret: string;
};

/**
 * What a plan is priced in: the token in which deposits are held (FLOW by default), or US dollars.
 */
export type Currency = "token" | "USD";

/**
 * A day; there is a tick every five minutes. `lag_seconds`: the mean age of the oldest epoch not settled.
 */
export type DayOfStatus = {
  readonly day: string;
  readonly ticks: string;
  readonly lag_seconds: string;
  readonly systems: readonly SystemDay[];
};

/**
 * The last 90 days, newest first; a day without any tick is missing.
 */
export type DaysOfStatus = {
  readonly days: readonly DayOfStatus[];
};

/**
 * The queues whose messages can be driven again.
 */
export type DeadLetters = "usage_slices_dead_letters" | "stream_dead_letters" | "webhooks_dead_letters";

/**
 * Who decided what of a case, why, and when. `transaction_id` is the Flow transaction of a credit.
 */
export type Decision = {
  readonly verdict: Verdict;
  readonly who: string;
  readonly why: string;
  readonly at: string;
  readonly transaction_id: string | null;
};

/**
 * One event sent to one webhook, with its newest attempts, oldest first. It is kept for 30 days.
 *
 * `body` is exactly what is sent. `next_attempt_at` is null once it is delivered or has failed.
 */
export type Delivery = {
  readonly delivery_id: string;
  readonly type: EventType;
  readonly at: string;
  readonly state: DeliveryState;
  readonly attempts: readonly Attempt[];
  readonly next_attempt_at: string | null;
  readonly body: string;
};

export type DeliveryPage = {
  readonly items: readonly Delivery[];
  readonly next_cursor: string | null;
};

/**
 * How far a delivery has come.
 */
export type DeliveryState = "pending" | "delivered" | "failed";

/**
 * What there is to know of a deployment; nothing of it is secret, and it changes only when it is deployed anew.
 *
 * `models_url`: the base URL for clients of OpenAI's API. `live_url`: the WebSocket. `statements_url`: what the URL
 * that Flare attests is, up to the epoch in 10 digits. `counted_within_seconds`: a call is promised to be in a
 * statement whose epoch it ends in or that ends so much later. `source_url`: where its source code is, null if that
 * is not public.
 */
export type Deployment = {
  readonly flow: Flow;
  readonly flare: Flare;
  readonly models_url: string;
  readonly live_url: string;
  readonly statements_url: string;
  readonly epoch_seconds: string;
  readonly counted_within_seconds: string;
  readonly source_url: string | null;
};

/**
 * What usage is summed by.
 */
export type Dimension = "key" | "model" | "day" | "hour";

/**
 * The journal entry of one event of the contract; its lines sum to zero.
 *
 * Only a charge and a forgiven debt have `currency` and `owed_change_ufix64`. Only a charge has `paid_ufix64`,
 * `epoch`, `settled_microtokens` and, if it needed one, `rate_ufix64`.
 */
export type Entry = {
  readonly subscription_id: string | null;
  readonly position: readonly [string, string, string];
  readonly occurred_at: string;
  readonly transaction_id: string;
  readonly kind: string;
  readonly lines: readonly Line[];
  readonly currency: Currency | null;
  readonly paid_ufix64: string | null;
  readonly rate_ufix64: string | null;
  readonly owed_change_ufix64: string | null;
  readonly epoch: string | null;
  readonly settled_microtokens: string | null;
};

export type EntryPage = {
  readonly items: readonly Entry[];
  readonly next_cursor: string | null;
};

/**
 * One epoch's way from its statement to the charge. `lag_seconds`: how long ago it ended, null once it is final.
 *
 * `reasons`: what went wrong or takes longer, the newest last.
 */
export type Epoch = {
  readonly epoch: string;
  readonly starts_at: string;
  readonly ends_at: string;
  readonly statement_hash: string;
  readonly state: State;
  readonly reasons: readonly string[];
  readonly lag_seconds: string | null;
  readonly links: Links;
};

/**
 * Epochs with a statement, newest first.
 */
export type Epochs = {
  readonly items: readonly Epoch[];
  readonly next_cursor: string | null;
};

/**
 * What an event tells.
 */
export type EventType = "standing.changed" | "balance.low" | "epoch.settled" | "webhook.test";

/**
 * The first keys that were made; none when there is nothing to do, or nothing that can be done now.
 */
export type FirstKeys = {
  readonly items: readonly CreatedKey[];
};

/**
 * Flare, which attests statements. `registry` is FlareContractRegistry, which names the Relay that holds now.
 */
export type Flare = {
  readonly network: FlareNetwork;
  readonly chain_id: string;
  readonly rpc: string;
  readonly registry: string;
  readonly explorer: FlareExplorer | null;
};

/**
 * Addresses in an explorer of Flare; put the hash of a transaction or an address in the braces.
 */
export type FlareExplorer = {
  readonly transaction: string;
  readonly address: string;
};

/**
 * The Flare networks by name; `local` is the one of the local stack.
 */
export type FlareNetwork = "flare" | "coston2" | "local";

/**
 * The account that pays for requests to Flare, in wei; the balance is null while Flare does not answer.
 */
export type FlarePayer = {
  readonly address: string;
  readonly balance_wei: string | null;
};

/**
 * Flow, where deposits are. `access_node`: its REST API. `wallet_discovery`: for FCL's `discovery.wallet`.
 *
 * `contracts` are this deployment's by name, `dependencies` those that they and the transactions import.
 */
export type Flow = {
  readonly network: FlowNetwork;
  readonly access_node: string;
  readonly wallet_discovery: string;
  readonly contracts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly token: Token;
  readonly explorer: FlowExplorer | null;
};

/**
 * Addresses in an explorer of Flow; put the id of a transaction, an address or a contract's name in the braces.
 */
export type FlowExplorer = {
  readonly transaction: string;
  readonly account: string;
  readonly contract: string;
};

export type FlowNetwork = "emulator" | "testnet" | "mainnet";

/**
 * The account that pays for settlements, in 1e-8 FLOW; the balance is null while Flow does not answer.
 */
export type FlowPayer = {
  readonly address: string;
  readonly balance_ufix64: string | null;
};

/**
 * API Gateway refuses or fails before a function is asked.
 */
export type GatewayRefusal = {
  readonly message: string | null;
};

/**
 * What is summed together; what `by` does not name is null. `start` is that of the day or hour, in UTC.
 */
export type Group = {
  readonly key_hash: string | null;
  readonly model: string | null;
  readonly start: string | null;
};

/**
 * The usage of a group: in no statement yet, in one, and charged on Flow.
 */
export type GroupedUsage = {
  readonly group: Group;
  readonly pending: Usage;
  readonly sealed: Usage;
  readonly settled: Usage;
};

/**
 * `late`: it has done its part, but not lately. `unknown`: it never has.
 */
export type Health = "ok" | "late" | "unknown";

/**
 * A key of a subscription. `changing`: LiteLLM was told to block, unblock or delete it and has not confirmed.
 *
 * `held`: an administrator has blocked it. `replaces`: the key that it was made for, by rotation. `cap_microtokens`:
 * what it may use in all; null: as much as its subscription can pay for.
 */
export type Key = {
  readonly key_hash: string;
  readonly subscription_id: string;
  readonly alias: string;
  readonly status: KeyStatus;
  readonly created_at: string;
  readonly owner: string;
  readonly first_microtokens: string;
  readonly budget_microusd: string;
  readonly limits: KeyLimits;
  readonly replaces: string | null;
  readonly cap_microtokens: string | null;
};

/**
 * `PATCH /v1/keys/{key_hash}`: give a key another name or cap. What is left out stays; null takes the cap away.
 */
export type KeyChange = {
  readonly alias?: string | null;
  readonly cap_rated_tokens?: string | number | null;
};

/**
 * A key of which LiteLLM says something else than what is stored, and what that is.
 */
export type KeyDifference = {
  readonly key_hash: string;
  readonly subscription_id: string;
  readonly owner: string;
  readonly status: KeyStatus;
  readonly differences: readonly string[];
};

export type KeyDifferencePage = {
  readonly items: readonly KeyDifference[];
  readonly next_cursor: string | null;
};

/**
 * What LiteLLM allows a key. An empty list of models: all of them; null: no limit of the key's own.
 */
export type KeyLimits = {
  readonly models: readonly string[];
  readonly expires_at: string | null;
  readonly requests_per_minute: string | null;
  readonly tokens_per_minute: string | null;
};

export type KeyPage = {
  readonly items: readonly Key[];
  readonly next_cursor: string | null;
};

/**
 * `POST /v1/keys`: make a key of a subscription; `alias` is the owner's name for it.
 *
 * `models`: the only ones that it may call; none: all of them. `cap_rated_tokens`: what it may use in all.
 */
export type KeyRequest = {
  readonly subscription_id: string | number;
  readonly alias?: string;
  readonly models?: readonly string[];
  readonly expires_at?: string | null;
  readonly requests_per_minute?: string | number | null;
  readonly tokens_per_minute?: string | number | null;
  readonly cap_rated_tokens?: string | number | null;
};

/**
 * CHANGING: LiteLLM was called, and its answer is outstanding or lost, so the key may work or not.
 *
 * BLOCKED: the standing of its subscription allows no calls. HELD: an administrator of LiteLLM has blocked it.
 */
export type KeyStatus = "active" | "changing" | "blocked" | "held" | "deleted";

/**
 * A standing as it was decided last, and since when.
 */
export type KnownStanding = {
  readonly standing: Standing;
  readonly owner: string | null;
  readonly since: string;
  readonly version: string;
};

/**
 * An amount in 1e-8 of the token that enters an account, or leaves it if negative.
 */
export type Line = {
  readonly account: string;
  readonly amount_ufix64: string;
};

/**
 * Where to look: the statement, and the transactions that request, finalize and deliver it.
 *
 * Null where there is none yet or no explorer; `delivery` is null in lists.
 */
export type Links = {
  readonly statement: string;
  readonly request: string | null;
  readonly finalization: string | null;
  readonly delivery: string | null;
};

/**
 * One statement of the list. The statement itself is the document `/v1/statements/{epoch}`, of 10 digits.
 */
export type ListedStatement = {
  readonly epoch: string;
  readonly statement_hash: string;
};

/**
 * Usage so far: `counted` is billed, `unconfirmed` is told by the gate and not billed yet.
 */
export type LiveTotals = {
  readonly counted: Usage;
  readonly unconfirmed: Usage;
};

/**
 * The API answers; `newest_statement` is the epoch of the newest statement, null before the first.
 */
export type Liveness = {
  readonly status?: "ok";
  readonly newest_statement: string | null;
};

/**
 * What all tokens of a call weigh instead whose input has more tokens than `above`.
 */
export type LongWeights = {
  readonly prompt?: number | null;
  readonly cache_read?: number | null;
  readonly cache_write?: number | null;
  readonly completion?: number | null;
  readonly reasoning?: number | null;
  readonly audio_input?: number | null;
  readonly audio_output?: number | null;
  readonly above: number;
};

/**
 * What a model brought and cost on a day, in 1e-9 dollars; a margin below 0 is a loss.
 */
export type Margin = {
  readonly model: string;
  readonly calls: string;
  readonly rated_microtokens: string;
  readonly revenue_nanousd: string;
  readonly cost_nanousd: string;
  readonly margin_nanousd: string;
};

/**
 * The margins of a day in UTC, by the name of the model. Days are kept for 40 days.
 */
export type Margins = {
  readonly day: string;
  readonly models: readonly Margin[];
};

/**
 * A plan that the owner has accepted; a settled page of `from_epoch` or later puts it in force.
 */
export type NextPlan = {
  readonly plan_id: string;
  readonly plan_version: string;
  readonly tariff: Tariff;
  readonly from_epoch: string;
};

/**
 * 64 hex digits for one account proof, which has to come before `expires_at`.
 */
export type Nonce = {
  readonly nonce: string;
  readonly expires_at: string;
};

/**
 * What a subscription may do and has; null where nothing is known of it.
 */
export type OperatorSubscription = {
  readonly standing: KnownStanding | null;
  readonly subscription: Balances;
};

/**
 * A price for all models whose name, in lower case, matches; `*` stands for any text.
 */
export type Pattern = {
  readonly match: string;
  readonly price: Price;
};

/**
 * The accounts that pay for transactions, and what they have left.
 */
export type Payers = {
  readonly flow: FlowPayer;
  readonly flare: FlarePayer;
};

/**
 * How far usage is on its way. `unsettled`: statements that are neither settled nor skipped, at most 100.
 *
 * `lag_seconds`: how long ago the oldest of their epochs ended; 0 if there is none.
 */
export type Pipeline = {
  readonly newest_statement: string | null;
  readonly sealed_to: string | null;
  readonly unsettled: string;
  readonly oldest_unsettled: string | null;
  readonly lag_seconds: string;
};

/**
 * One version of a plan, which can be accepted from `effective_at` on. Amounts are in 1e-8 of the token.
 */
export type Plan = {
  readonly plan_id: string;
  readonly plan_version: string;
  readonly tariff: Tariff;
  readonly minimum_deposit_ufix64: string;
  readonly low_balance_ufix64: string;
  readonly effective_at: string;
  readonly is_retired: boolean;
};

/**
 * What a call costs by one plan, in the token and in dollars; null where no rate of dollars is known.
 */
export type PlanCost = {
  readonly plan_id: string;
  readonly plan_version: string;
  readonly in_tokens: string | null;
  readonly in_dollars: string | null;
};

/**
 * Every version of every plan; `rate` is the last one that the contract would have used, null before it.
 */
export type Plans = {
  readonly plans: readonly Plan[];
  readonly token_symbol: string;
  readonly rate: Rate | null;
};

/**
 * The newest signing policies that are known, newest first.
 *
 * `on_flow`: the newest reward epoch that the light client on Flow knows; null while Flow does not answer.
 * `searched_to_block`: Flare's blocks were read up to this one; null before the first.
 */
export type Policies = {
  readonly on_flow: string | null;
  readonly searched_to_block: string | null;
  readonly policies: readonly PolicyOnItsWay[];
};

/**
 * A signing policy of Flare. It is sent to Flow once `signed_weight` is above `needed_weight`.
 */
export type PolicyOnItsWay = {
  readonly reward_epoch: string;
  readonly start_voting_round: string;
  readonly voters: string;
  readonly signed_weight: string;
  readonly needed_weight: string;
};

/**
 * What the use of one model weighs, in rated micro-tokens.
 *
 * `request`: each call. `image`: each image. `second`: each second of sound. `nanousd`: each 1e-9 dollars of what
 * LiteLLM says that the call cost. `long`: other weights for long inputs, by rising `above`; none is less than before.
 */
export type Price = {
  readonly prompt?: number | null;
  readonly cache_read?: number | null;
  readonly cache_write?: number | null;
  readonly completion?: number | null;
  readonly reasoning?: number | null;
  readonly audio_input?: number | null;
  readonly audio_output?: number | null;
  readonly request?: number;
  readonly image?: number | null;
  readonly second?: number | null;
  readonly nanousd?: number | null;
  readonly long?: readonly LongWeights[];
};

/**
 * One book. `models`: prices by the name of the model. What nothing else covers has the price `default`.
 */
export type PriceBook = {
  readonly version: number;
  readonly title: string;
  readonly models: Readonly<Record<string, Price>>;
  readonly patterns?: readonly Pattern[];
  readonly default: Price;
};

/**
 * `POST /v1/operator/price-books`: rate by a book what is counted from an epoch on that is not open yet.
 */
export type PriceBookRequest = {
  readonly book: PriceBook;
  readonly from_epoch: string | number;
};

/**
 * A failure (RFC 9457). `code` never changes; docs/problems.md lists all of them.
 */
export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: "already_over" | "attestation_not_begun" | "case_decided" | "case_is_a_tally" | "case_is_no_difference" | "case_not_found" | "delivery_not_found" | "deposit_used_up" | "epoch_has_its_book" | "epoch_has_its_receipt_keys" | "foreign_origin" | "gate_secret_wrong" | "idempotency_key_required" | "idempotency_key_reused" | "internal_error" | "invalid_address" | "invalid_cursor" | "invalid_overlap" | "invalid_proof" | "invalid_push" | "invalid_request" | "invalid_webhook_url" | "key_cap_reached" | "key_ended" | "key_held" | "key_not_found" | "not_priced" | "operators_only" | "push_secret_wrong" | "push_too_large" | "rate_unknown" | "receipt_key_dropped" | "refresh_token_reused" | "request_in_progress" | "route_not_found" | "row_not_billable" | "row_unreadable" | "secret_already_shown" | "session_not_found" | "sign_in_required" | "spend_cap_reached" | "standing_unknown" | "statement_not_found" | "subscription_not_found" | "subscription_not_open" | "temporarily_unavailable" | "too_many_keys" | "too_many_requests" | "too_many_webhooks" | "unknown_nonce" | "unknown_refresh_token" | "webhook_disabled" | "webhook_not_found" | "webhook_secret_shown";
  readonly what_to_do: string;
  readonly request_id: string;
};

/**
 * How far the attestation of an epoch has come, and where its parts are on Flare; null where one is missing.
 */
export type Progress = {
  readonly epoch: string;
  readonly state: State;
  readonly request_transaction: string | null;
  readonly voting_round: string | null;
  readonly finalization_transaction: string | null;
  readonly reward_epoch: string | null;
  readonly lowest_used_timestamp: string | null;
  readonly siblings: readonly string[] | null;
};

/**
 * What the wallet signs, by the names of FCL's services. USER_SIGNATURE is for wallets without account proof.
 */
export type ProofType = "account-proof" | "user-signature";

/**
 * How many messages wait in a queue, and how many are being handled; both are estimates of SQS.
 */
export type QueueDepth = {
  readonly name: QueueName;
  readonly waiting: string;
  readonly in_flight: string;
};

/**
 * The queues; `…_dead_letters` hold what was given up.
 */
export type QueueName = "usage_slices" | "usage_slices_dead_letters" | "push_failures" | "enforcement_failures" | "stream_dead_letters" | "webhooks" | "webhooks_dead_letters";

/**
 * All queues.
 */
export type Queues = {
  readonly queues: readonly QueueDepth[];
};

/**
 * Calls in the order in which they were asked for, by the book that rates them now, and the plans on offer.
 */
export type Quote = {
  readonly calls: readonly QuotedCall[];
  readonly price_book_hash: string;
  readonly token_symbol: string;
  readonly rate: Rate | null;
};

/**
 * Calls to be quoted, each on its own. `after_microtokens`: what the subscription has used before, for the tier.
 */
export type QuoteRequest = {
  readonly calls: readonly CallRequest[];
  readonly after_microtokens?: string | number;
};

/**
 * A call in rated micro-tokens and in money. `is_named`: the book names the model, else its default rates it.
 */
export type QuotedCall = {
  readonly model: string;
  readonly is_named: boolean;
  readonly rated_microtokens: string;
  readonly costs: readonly PlanCost[];
};

/**
 * 1e-8 dollars for one token, as the contract would have read it from the price oracle at `read_at`.
 */
export type Rate = {
  readonly rate_ufix64: string;
  readonly read_at: string;
};

/**
 * `POST /v1/operator/redrives`: move dead letters back to the queues that they came from.
 */
export type RedriveRequest = {
  readonly queue: DeadLetters;
};

/**
 * How many messages were moved to where they came from; `left` could not be assigned to any queue.
 */
export type Redriven = {
  readonly moved: string;
  readonly left: string;
};

/**
 * `POST /v1/auth/tokens`: exchange a refresh token for a new pair of tokens.
 */
export type RefreshRequest = {
  readonly refresh_token: string;
};

/**
 * `POST /v1/keys/{key_hash}/rotations`: make a key in place of another, which works until `old_key_until`.
 *
 * Without that, the old key works for a day.
 */
export type RotationRequest = {
  readonly old_key_until?: string | null;
};

/**
 * A session of the account; `is_current` is the one that asks.
 */
export type Session = {
  readonly session_id: string;
  readonly created_at: string;
  readonly refreshed_at: string;
  readonly expires_at: string;
  readonly user_agent: string;
  readonly source_ip: string;
  readonly is_current: boolean;
};

/**
 * `POST /v1/auth/sessions`: the account proof as FCL gives it; `origin` is its app identifier.
 *
 * A wallet without account proof signs a text instead (docs/sign-in.md), and `proof_type` says so.
 */
export type SessionRequest = {
  readonly address: string;
  readonly nonce: string;
  readonly origin: string;
  readonly signatures: readonly SignedByKey[];
  readonly proof_type?: ProofType;
};

/**
 * All sessions of the account; it has at most 20.
 */
export type Sessions = {
  readonly items: readonly Session[];
};

/**
 * One signature of an account proof: r and s in hex.
 */
export type SignedByKey = {
  readonly key_index: string | number;
  readonly signature: string;
};

/**
 * A session with new tokens, which are in no later answer. Send `access_token` as `Authorization: Bearer`.
 *
 * `expires_at` is the end of the access token, `refresh_expires_at` that of the refresh token. `is_operator`: the
 * account may use the routes of the operators' page, `/v1/console/…`.
 */
export type SignedIn = {
  readonly session_id: string;
  readonly address: string;
  readonly access_token: string;
  readonly expires_at: string;
  readonly refresh_token: string;
  readonly refresh_expires_at: string;
  readonly is_operator: boolean;
};

/**
 * The most that the owner lets be charged in a period of 30 days, in 1e-8 of the token.
 */
export type SpendCap = {
  readonly limit_ufix64: string;
  readonly period_ends_at: string;
  readonly charged_before_ufix64: string;
};

/**
 * What a subscription may do now. Its keys work while it is `active` or `warned`.
 */
export type Standing = "active" | "warned" | "overdrawn" | "capped" | "exiting" | "unknown";

/**
 * The states of an attestation, from the sealed statement to its settled pages.
 */
export type State = "SEALED" | "REQUESTED" | "FINALIZED" | "PROVEN" | "CONFIRMED_ON_FLOW" | "SETTLED" | "SKIPPED";

/**
 * A billed call, the epoch whose statement has it, and how far it is: not sealed yet, sealed, charged on Flow.
 */
export type StatedEvent = {
  readonly event: UsageEvent;
  readonly epoch: string;
  readonly state: UsageState;
};

export type StatedEventPage = {
  readonly items: readonly StatedEvent[];
  readonly next_cursor: string | null;
};

/**
 * Statements, newest first; `next_cursor` is the `cursor` of the next part of the list, null at the end.
 */
export type Statements = {
  readonly statements: readonly ListedStatement[];
  readonly next_cursor: string | null;
};

/**
 * `lag_seconds`: how long ago the oldest epoch ended that is not settled. `statements`: how many there are.
 *
 * `attested` is null while none of the newest 20 statements is proven. `books` is null before it was added up for the
 * first time; `books_as_of` is when that was begun. `price_books` are at most 50, newest first.
 */
export type Statistics = {
  readonly at: string;
  readonly statements: string;
  readonly newest_statement: string | null;
  readonly lag_seconds: string;
  readonly attested: Attested | null;
  readonly books: Books | null;
  readonly books_as_of: string | null;
  readonly price_books: readonly BookInForce[];
};

/**
 * `health` is `late` when any system is.
 */
export type Status = {
  readonly at: string;
  readonly health: Health;
  readonly systems: readonly SystemStatus[];
  readonly pipeline: Pipeline;
};

/**
 * One subscription now.
 *
 * `pending_microtokens`: metered and not settled. `estimated_bill_ufix64`: what is to be paid once it is settled, in
 * 1e-8 of the plan's currency. `estimated_charge_ufix64`: the most that it may come to in 1e-8 of the token; null
 * while a rate is needed and none is known. `standing` is null before it was decided for the first time.
 */
export type Subscription = {
  readonly subscription: Balances;
  readonly usage: LiveTotals;
  readonly pending_microtokens: string;
  readonly estimated_bill_ufix64: string;
  readonly estimated_charge_ufix64: string | null;
  readonly rate: Rate | null;
  readonly standing: Standing | null;
};

export type SubscriptionPage = {
  readonly items: readonly Subscription[];
  readonly next_cursor: string | null;
};

/**
 * `suspended`: something is owed. `exiting`: the owner announced the end of the subscription.
 */
export type SubscriptionStatus = "active" | "suspended" | "exiting" | "closed";

/**
 * Sums, newest first. A group may go on in the part that `next_cursor` leads to.
 */
export type SummedUsage = {
  readonly items: readonly GroupedUsage[];
  readonly next_cursor: string | null;
};

/**
 * The outside systems: `litellm` by its spend log, `flare` by the oldest request, `flow` by its events.
 */
export type System = "litellm" | "flare" | "flow" | "price_oracle";

/**
 * How often a system was of which health at the ticks of a day.
 */
export type SystemDay = {
  readonly system: System;
  readonly ok: string;
  readonly late: string;
  readonly unknown: string;
};

/**
 * `as_of`: up to when all that the system tells is known here; null if nothing is.
 */
export type SystemStatus = {
  readonly system: System;
  readonly health: Health;
  readonly as_of: string | null;
  readonly seconds_behind: string | null;
};

/**
 * The prices of a plan. `needs_rate`: a bill in dollars becomes tokens at the rate of the moment of the charge.
 */
export type Tariff = {
  readonly tiers: Tiers;
  readonly currency: Currency;
  readonly needs_rate: boolean;
};

/**
 * A ticket that opens one WebSocket connection before `expires_at`.
 */
export type Ticket = {
  readonly ticket: string;
  readonly expires_at: string;
};

/**
 * A price in 1e-8 for 1,000 rated tokens, for the part of a total below `end_tokens`; null means no end.
 */
export type Tier = {
  readonly end_tokens: string | null;
  readonly price_ufix64: string;
};

/**
 * Tiers by rising end; only the last has no end.
 */
export type Tiers = {
  readonly tiers: readonly Tier[];
};

/**
 * The token of the deposits: its symbol, and the contract that defines it.
 */
export type Token = {
  readonly symbol: string;
  readonly contract: string;
  readonly address: string;
};

/**
 * Tokens of one call by kind; the kinds do not overlap.
 */
export type Tokens = {
  readonly prompt: string;
  readonly cache_read: string;
  readonly cache_write: string;
  readonly completion: string;
  readonly reasoning: string;
  readonly audio_input: string;
  readonly audio_output: string;
};

/**
 * Tokens by kind; the kinds do not overlap.
 */
export type TokensRequest = {
  readonly prompt?: string | number;
  readonly cache_read?: string | number;
  readonly cache_write?: string | number;
  readonly completion?: string | number;
  readonly reasoning?: string | number;
  readonly audio_input?: string | number;
  readonly audio_output?: string | number;
};

/**
 * What a call used that is not counted in tokens: images, and milliseconds of sound.
 */
export type Units = {
  readonly images: string;
  readonly milliseconds: string;
};

/**
 * An amount of usage. 1 token that is rated x1.0 weighs 1,000,000 rated micro-tokens; `cost_nanousd` is what the
 * provider charges, in 1e-9 dollars, for information.
 */
export type Usage = {
  readonly prompt_tokens: string;
  readonly completion_tokens: string;
  readonly requests: string;
  readonly rated_microtokens: string;
  readonly cost_nanousd: string;
  readonly cache_read_tokens: string;
  readonly cache_write_tokens: string;
  readonly reasoning_tokens: string;
  readonly audio_input_tokens: string;
  readonly audio_output_tokens: string;
};

/**
 * A billed call. It never changes; `price_book_hash` names the book that rated it.
 */
export type UsageEvent = {
  readonly subscription_id: string;
  readonly event_id: string;
  readonly key_hash: string;
  readonly call_type: string;
  readonly model: string;
  readonly base_model: string | null;
  readonly tokens: Tokens;
  readonly units: Units;
  readonly rated_microtokens: string;
  readonly price_book_hash: string;
  readonly cost_nanousd: string;
  readonly started_at: string;
  readonly ended_at: string;
};

/**
 * How far a call is: `pending` is in no statement yet, `sealed` is in one, `settled` is charged on Flow.
 */
export type UsageState = "pending" | "sealed" | "settled";

/**
 * What a person decided.
 */
export type Verdict = "billed" | "written_off" | "credited";

/**
 * The first event that could not be entered; it and all later ones are not in the balances.
 */
export type Waiting = {
  readonly position: readonly [string, string, string];
  readonly since: string;
};

/**
 * A webhook of the account. `state` says whether it is told of events, and why not.
 *
 * `failing_since`: when the first attempt after the last success has failed; null while it works. `old_secret_until`:
 * until then the secret before the last rotation signs too.
 */
export type Webhook = {
  readonly webhook_id: string;
  readonly subscription_id: string;
  readonly url: string;
  readonly events: readonly EventType[];
  readonly state: WebhookState;
  readonly created_at: string;
  readonly failing_since: string | null;
  readonly old_secret_until: string | null;
};

/**
 * `PATCH /v1/webhooks/{webhook_id}`: what is left out stays. `enabled` begins or ends that it is told of events.
 */
export type WebhookChange = {
  readonly url?: string | null;
  readonly events?: readonly Chosen[] | null;
  readonly enabled?: boolean | null;
};

export type WebhookPage = {
  readonly items: readonly Webhook[];
  readonly next_cursor: string | null;
};

/**
 * `POST /v1/webhooks`: send these events of a subscription to a URL.
 */
export type WebhookRequest = {
  readonly subscription_id: string | number;
  readonly url: string;
  readonly events: readonly Chosen[];
};

/**
 * Whether a webhook is told of events, and why not.
 */
export type WebhookState = "enabled" | "disabled" | "failing" | "gone";

/** What each operation takes and answers with, by its method and path. */
export interface Operations {
  /** Tell how far the attestation of an epoch's statement has come. */
  readonly "GET /v1/attestations/{epoch}": {
    readonly path: { readonly epoch: string };
    readonly query: object;
    readonly header: object;
    readonly body: undefined;
    readonly answer: Progress;
  };
  /** Give a nonce for one account proof within five minutes. */
  readonly "POST /v1/auth/nonces": {
    readonly path: object;
    readonly query: object;
    readonly header: object;
    readonly body: undefined;
    readonly answer: Nonce;
  };
  /** Sign in by an account proof over a nonce that this API gave out. */
  readonly "POST /v1/auth/sessions": {
    readonly path: object;
    readonly query: object;
    readonly header: object;
    readonly body: SessionRequest;
    readonly answer: SignedIn;
  };
  /** List the account's sessions, the one refreshed last first. */
  readonly "GET /v1/auth/sessions": {
    readonly path: object;
    readonly query: object;
    readonly header: object;
    readonly body: undefined;
    readonly answer: Sessions;
  };
  /** End all sessions of the account. */
  readonly "DELETE /v1/auth/sessions": {
    readonly path: object;
    readonly query: object;
    readonly header: object;
    readonly body: undefined;
    readonly answer: undefined;
  };
  /** End a session; its tokens stop working at once. */
  readonly "DELETE /v1/auth/sessions/{session}": {
    readonly path: { readonly session: string };
    readonly query: object;
    readonly header: object;
    readonly body: undefined;
    readonly answer: undefined;
  };
  /** Exchange a refresh token for new tokens; the old ones end. */
  readonly "POST /v1/auth/tokens": {
    readonly path: object;
    readonly query: object;
    readonly header: object;
    readonly body: RefreshRequest;
    readonly answer: SignedIn;
  };
  /** Decide a case. It can be repeated; what was decided once stays decided. */
  readonly "POST /v1/console/case-decisions": {
    readonly path: object;
    readonly query: object;
    readonly header: object;
    readonly body: CaseDecisionRequest;
    readonly answer: Case;
  };
  /** List the open cases, or show one: rows that nobody was billed for, and differences between what was counted. */
  readonly "GET /v1/console/cases": {
    readonly path: object;
    readonly query: { readonly case?: string; readonly cursor?: string };
    readonly header: object;
    readonly body: undefined;
    readonly answer: CasePage;
  };
  /** Compare the keys of the next ten subscriptions with LiteLLM, and list those that differ. Nothing is changed. */
  readonly "GET /v1/console/key-differences": {
    readonly path: object;
    readonly query: { readonly cursor?: string };
    readonly header: object;
    readonly body: undefined;
    readonly answer: KeyDifferencePage;
  };
  /** Tell what each model brought and cost on a day in UTC. */
  readonly "GET /v1/console/margins/{day}": {
    readonly path: { readonly day: string };
    readonly query: object;
    readonly header: object;
    readonly body: undefined;
    readonly answer: Margins;
  };
  /** Tell what the accounts that pay for transactions on Flow and on Flare have left. */
  readonly "GET /v1/console/payers": {
    readonly path: object;
    readonly query: object;
    readonly header: object;
    readonly body: undefined;
    readonly answer: Payers;
  };
  /** Tell how full each queue is, those of dead letters among them. */
  readonly "GET /v1/console/queues": {
    readonly path: object;
    readonly query: object;
    readonly header: object;
    readonly body: undefined;
    readonly answer: Queues;
  };
  /** Move up to 200 dead letters back to the queues that they came from. It can be repeated. */
  readonly "POST /v1/console/redrives": {
    readonly path: object;
    readonly query: object;
    readonly header: object;
    readonly body: RedriveRequest;
    readonly answer: Redriven;
  };
  /** Tell how far the newest signing policies of Flare are on their way to Flow. */
  readonly "GET /v1/console/signing-policies": {
    readonly path: object;
    readonly query: object;
    readonly header: object;
    readonly body: undefined;
    readonly answer: Policies;
  };
  /** Show the standing and the balances of a subscription, whoever owns it. */
  readonly "GET /v1/console/subscriptions/{subscription_id}": {
    readonly path: { readonly subscription_id: string };
    readonly query: object;
    readonly header: object;
    readonly body: undefined;
    readonly answer: OperatorSubscription;
  };
  /** Describe this deployment: networks, contracts, explorers, and where models and live messages are. */
  readonly "GET /v1/deployment": {
    readonly path: object;
    readonly query: object;
    readonly header: object;
    readonly body: undefined;
    readonly answer: Deployment;
  };
  /** List the epochs that have a statement, newest first: how far each is, why, and where to look. */
  readonly "GET /v1/epochs": {
    readonly path: object;
    readonly query: { readonly cursor?: string };
    readonly header: object;
    readonly body: undefined;
    readonly answer: Epochs;
  };
  /** Tell how far one epoch is, with the transaction that delivered it to Flow. */
  readonly "GET /v1/epochs/{epoch}": {
    readonly path: { readonly epoch: string };
    readonly query: object;
    readonly header: object;
    readonly body: undefined;
    readonly answer: Epoch;
  };
  /** Make the first key of each subscription that never had one, up to three, and show their secrets, once. */
  readonly "POST /v1/first-keys": {
    readonly path: object;
    readonly query: object;
    readonly header: object;
    readonly body: undefined;
    readonly answer: FirstKeys;
  };
  /** Whether the API answers, and the newest statement. */
  readonly "GET /v1/health": {
    readonly path: object;
    readonly query: object;
    readonly header: object;
    readonly body: undefined;
    readonly answer: Liveness;
  };
  /** Create a key of a subscription and show its secret, once. */
  readonly "POST /v1/keys": {
    readonly path: object;
    readonly query: object;
    readonly header: { readonly "Idempotency-Key": string };
    readonly body: KeyRequest;
    readonly answer: CreatedKey;
  };
  /** Give a key another name or cap. What is left out stays; a cap of null takes it away. */
  readonly "PATCH /v1/keys/{key_hash}": {
    readonly path: { readonly key_hash: string };
    readonly query: object;
    readonly header: object;
    readonly body: KeyChange;
    readonly answer: Key;
  };
  /** Delete a key. A repetition changes nothing. */
  readonly "DELETE /v1/keys/{key_hash}": {
    readonly path: { readonly key_hash: string };
    readonly query: object;
    readonly header: object;
    readonly body: undefined;
    readonly answer: undefined;
  };
  /** Make a key in place of another, which works until a given time, and show the new secret, once. */
  readonly "POST /v1/keys/{key_hash}/rotations": {
    readonly path: { readonly key_hash: string };
    readonly query: object;
    readonly header: { readonly "Idempotency-Key": string };
    readonly body: RotationRequest;
    readonly answer: CreatedKey;
  };
  /** Decide a case. It can be repeated; what was decided once stays decided. */
  readonly "POST /v1/operator/case-decisions": {
    readonly path: object;
    readonly query: object;
    readonly header: object;
    readonly body: CaseDecisionRequest;
    readonly answer: Case;
  };
  /** List the open cases, or show one: rows that nobody was billed for, and differences between what was counted. */
  readonly "GET /v1/operator/cases": {
    readonly path: object;
    readonly query: { readonly case?: string; readonly cursor?: string };
    readonly header: object;
    readonly body: undefined;
    readonly answer: CasePage;
  };
  /** Compare the keys of the next ten subscriptions with LiteLLM, and list those that differ. Nothing is changed. */
  readonly "GET /v1/operator/key-differences": {
    readonly path: object;
    readonly query: { readonly cursor?: string };
    readonly header: object;
    readonly body: undefined;
    readonly answer: KeyDifferencePage;
  };
  /** Tell what each model brought and cost on a day in UTC. */
  readonly "GET /v1/operator/margins/{day}": {
    readonly path: { readonly day: string };
    readonly query: object;
    readonly header: object;
    readonly body: undefined;
    readonly answer: Margins;
  };
  /** Tell what the accounts that pay for transactions on Flow and on Flare have left. */
  readonly "GET /v1/operator/payers": {
    readonly path: object;
    readonly query: object;
    readonly header: object;
    readonly body: undefined;
    readonly answer: Payers;
  };
  /** Put a price book in force from an epoch on that is not open yet. */
  readonly "POST /v1/operator/price-books": {
    readonly path: object;
    readonly query: object;
    readonly header: object;
    readonly body: PriceBookRequest;
    readonly answer: BookPut;
  };
  /** Tell how full each queue is, those of dead letters among them. */
  readonly "GET /v1/operator/queues": {
    readonly path: object;
    readonly query: object;
    readonly header: object;
    readonly body: undefined;
    readonly answer: Queues;
  };
  /** Move up to 200 dead letters back to the queues that they came from. It can be repeated. */
  readonly "POST /v1/operator/redrives": {
    readonly path: object;
    readonly query: object;
    readonly header: object;
    readonly body: RedriveRequest;
    readonly answer: Redriven;
  };
  /** Tell how far the newest signing policies of Flare are on their way to Flow. */
  readonly "GET /v1/operator/signing-policies": {
    readonly path: object;
    readonly query: object;
    readonly header: object;
    readonly body: undefined;
    readonly answer: Policies;
  };
  /** Show the standing and the balances of a subscription, whoever owns it. */
  readonly "GET /v1/operator/subscriptions/{subscription_id}": {
    readonly path: { readonly subscription_id: string };
    readonly query: object;
    readonly header: object;
    readonly body: undefined;
    readonly answer: OperatorSubscription;
  };
  /** List every version of every plan, and the rate of dollars. */
  readonly "GET /v1/plans": {
    readonly path: object;
    readonly query: object;
    readonly header: object;
    readonly body: undefined;
    readonly answer: Plans;
  };
  /** Give the newest price book, in the canonical text whose hash statements carry. */
  readonly "GET /v1/price-book": {
    readonly path: object;
    readonly query: object;
    readonly header: object;
    readonly body: undefined;
    readonly answer: PriceBook;
  };
  /** Tell what calls would cost: in rated tokens, in the token, and in dollars where a rate is known. */
  readonly "POST /v1/quotes": {
    readonly path: object;
    readonly query: object;
    readonly header: object;
    readonly body: QuoteRequest;
    readonly answer: Quote;
  };
  /** List the statements, newest first. */
  readonly "GET /v1/statements": {
    readonly path: object;
    readonly query: { readonly cursor?: string };
    readonly header: object;
    readonly body: undefined;
    readonly answer: Statements;
  };
  /** Tell what is deposited, charged and owed in all, what is attested, and which price books rate. */
  readonly "GET /v1/statistics": {
    readonly path: object;
    readonly query: object;
    readonly header: object;
    readonly body: undefined;
    readonly answer: Statistics;
  };
  /** Tell whether each outside system does its part now, and how far behind the pipeline is. */
  readonly "GET /v1/status": {
    readonly path: object;
    readonly query: object;
    readonly header: object;
    readonly body: undefined;
    readonly answer: Status;
  };
  /** Tell how often each outside system did its part on each of the last 90 days. */
  readonly "GET /v1/status/days": {
    readonly path: object;
    readonly query: object;
    readonly header: object;
    readonly body: undefined;
    readonly answer: DaysOfStatus;
  };
  /** List the account's subscriptions, each with its balances and usage now. */
  readonly "GET /v1/subscriptions": {
    readonly path: object;
    readonly query: { readonly cursor?: string };
    readonly header: object;
    readonly body: undefined;
    readonly answer: SubscriptionPage;
  };
  /** Read one subscription with its balances and usage now. */
  readonly "GET /v1/subscriptions/{subscription_id}": {
    readonly path: { readonly subscription_id: string };
    readonly query: object;
    readonly header: object;
    readonly body: undefined;
    readonly answer: Subscription;
  };
  /** List the billed calls that began in a window of time, newest first, and how far each is. */
  readonly "GET /v1/subscriptions/{subscription_id}/events": {
    readonly path: { readonly subscription_id: string };
    readonly query: { readonly from?: string; readonly to?: string; readonly cursor?: string };
    readonly header: object;
    readonly body: undefined;
    readonly answer: StatedEventPage;
  };
  /** Export what settled calls of a window of time have cost as FOCUS 1.2 (CSV); `Link` leads to the next part. */
  readonly "GET /v1/subscriptions/{subscription_id}/exports/focus": {
    readonly path: { readonly subscription_id: string };
    readonly query: { readonly from?: string; readonly to?: string; readonly cursor?: string };
    readonly header: object;
    readonly body: undefined;
    readonly answer: string;
  };
  /** Export the billed calls that began in a window of time as CSV, newest first; `Link` leads to the next part. */
  readonly "GET /v1/subscriptions/{subscription_id}/exports/usage": {
    readonly path: { readonly subscription_id: string };
    readonly query: { readonly from?: string; readonly to?: string; readonly cursor?: string };
    readonly header: object;
    readonly body: undefined;
    readonly answer: string;
  };
  /** List the journal of a subscription, newest entry first. */
  readonly "GET /v1/subscriptions/{subscription_id}/journal": {
    readonly path: { readonly subscription_id: string };
    readonly query: { readonly cursor?: string };
    readonly header: object;
    readonly body: undefined;
    readonly answer: EntryPage;
  };
  /** List the keys of a subscription: first those that are not deleted, oldest first, then deleted ones. */
  readonly "GET /v1/subscriptions/{subscription_id}/keys": {
    readonly path: { readonly subscription_id: string };
    readonly query: { readonly cursor?: string };
    readonly header: object;
    readonly body: undefined;
    readonly answer: KeyPage;
  };
  /** Sum the usage of a window of time by key, model, day or hour, newest first; pending, sealed and settled apart. */
  readonly "GET /v1/subscriptions/{subscription_id}/usage": {
    readonly path: { readonly subscription_id: string };
    readonly query: { readonly by?: readonly Dimension[]; readonly from?: string; readonly to?: string; readonly cursor?: string };
    readonly header: object;
    readonly body: undefined;
    readonly answer: SummedUsage;
  };
  /** List the calls of a subscription that were counted under one epoch, in the order in which they were counted. */
  readonly "GET /v1/subscriptions/{subscription_id}/usage/{epoch}": {
    readonly path: { readonly subscription_id: string; readonly epoch: string };
    readonly query: { readonly cursor?: string };
    readonly header: object;
    readonly body: undefined;
    readonly answer: CountedEventPage;
  };
  /** Create a webhook of a subscription and show the secret that signs its messages, once. */
  readonly "POST /v1/webhooks": {
    readonly path: object;
    readonly query: object;
    readonly header: { readonly "Idempotency-Key": string };
    readonly body: WebhookRequest;
    readonly answer: CreatedWebhook;
  };
  /** List the account's webhooks, by subscription. */
  readonly "GET /v1/webhooks": {
    readonly path: object;
    readonly query: { readonly cursor?: string };
    readonly header: object;
    readonly body: undefined;
    readonly answer: WebhookPage;
  };
  /** Read one webhook. */
  readonly "GET /v1/webhooks/{webhook_id}": {
    readonly path: { readonly webhook_id: string };
    readonly query: object;
    readonly header: object;
    readonly body: undefined;
    readonly answer: Webhook;
  };
  /** Change where a webhook is sent and what it is told, disable it, or enable it again. What is left out stays. */
  readonly "PATCH /v1/webhooks/{webhook_id}": {
    readonly path: { readonly webhook_id: string };
    readonly query: object;
    readonly header: object;
    readonly body: WebhookChange;
    readonly answer: Webhook;
  };
  /** Delete a webhook. What is on its way to it is not sent any more. */
  readonly "DELETE /v1/webhooks/{webhook_id}": {
    readonly path: { readonly webhook_id: string };
    readonly query: object;
    readonly header: object;
    readonly body: undefined;
    readonly answer: undefined;
  };
  /** List what was sent to a webhook within the last 30 days, newest first. */
  readonly "GET /v1/webhooks/{webhook_id}/deliveries": {
    readonly path: { readonly webhook_id: string };
    readonly query: { readonly cursor?: string };
    readonly header: object;
    readonly body: undefined;
    readonly answer: DeliveryPage;
  };
  /** Send a delivery again, with the same id. While it is under way, nothing changes. */
  readonly "POST /v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replays": {
    readonly path: { readonly webhook_id: string; readonly delivery_id: string };
    readonly query: object;
    readonly header: object;
    readonly body: undefined;
    readonly answer: Delivery;
  };
  /** Give a webhook another secret and show it, once. For a day, messages are signed by both. */
  readonly "POST /v1/webhooks/{webhook_id}/secrets": {
    readonly path: { readonly webhook_id: string };
    readonly query: object;
    readonly header: { readonly "Idempotency-Key": string };
    readonly body: undefined;
    readonly answer: CreatedWebhook;
  };
  /** Send a `webhook.test` to the receiver, once. The list of deliveries shows what came of it. */
  readonly "POST /v1/webhooks/{webhook_id}/tests": {
    readonly path: { readonly webhook_id: string };
    readonly query: object;
    readonly header: { readonly "Idempotency-Key": string };
    readonly body: undefined;
    readonly answer: Delivery;
  };
  /** Give a ticket that opens one WebSocket connection within half a minute. */
  readonly "POST /v1/websocket-tickets": {
    readonly path: object;
    readonly query: object;
    readonly header: object;
    readonly body: undefined;
    readonly answer: Ticket;
  };
}
