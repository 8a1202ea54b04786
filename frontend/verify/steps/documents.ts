/**
 * What the operator published: statements, pages, the price book.
 */
import { countedText, countText, ratedText } from "../amounts.ts";
import { hex0x, isSame, toBigInt, WORD_BYTES } from "../bytes.ts";
import { grown, hasItsWindow, isFirst, STATEMENT_FIELDS, tokensOf, type Statement, type Totals } from "../documents.ts";
import { DifferenceError, type Evidence } from "../evidence.ts";
import { DATA_BYTES } from "../request.ts";

/** Every field of the newest statement is what Flare attested. */
export function checkStatement(evidence: Evidence): string {
  const statement = evidence.statements().at(-1) as Statement;
  const data = evidence.attested().response.subarray(-DATA_BYTES);
  for (const [place, [field]] of STATEMENT_FIELDS.entries()) {
    const attested = toBigInt(data.subarray(place * WORD_BYTES, (place + 1) * WORD_BYTES));
    const told = statement.words[place] as bigint;
    if (attested !== told) {
      const words = `${field} is 0x${told.toString(16)} in the statement, and 0x${attested.toString(16)} was attested`;
      throw new DifferenceError("statement", words);
    }
  }
  return `epoch ${statement.epoch}, ${STATEMENT_FIELDS.length} fields as attested, hash ${hex0x(statement.hash)}`;
}

/** Each statement is of the time of its epoch and names the hash of the one before it. */
export function checkChain(evidence: Evidence): string {
  const statements = evidence.statements();
  for (const { epoch, windowStart, windowEnd } of statements.filter((one) => !hasItsWindow(one))) {
    throw new DifferenceError("chain", `the window of epoch ${epoch} is from ${windowStart} to ${windowEnd}`);
  }
  for (let place = 1; place < statements.length; place++) {
    requireFollows(statements[place - 1] as Statement, statements[place] as Statement);
  }
  evidence.position();
  const first = statements[0] as Statement;
  if (statements.length === 1 && isFirst(first)) return "it is the first statement of all";
  return `${statements.length} statements in a row from epoch ${first.epoch}, each names the hash before it`;
}

function requireFollows(earlier: Statement, later: Statement): void {
  if (!isSame(later.previousStatementHash, earlier.hash)) {
    const words = `the statement of epoch ${later.epoch} does not name the hash of that of ${earlier.epoch}`;
    throw new DifferenceError("chain", words);
  }
  if (later.epoch <= earlier.epoch || later.totalRatedMicrotokens < earlier.totalRatedMicrotokens) {
    throw new DifferenceError("chain", `epoch or total of ${later.epoch} fall below those of ${earlier.epoch}`);
  }
}

/** The index of usage pages leads to the usage root. */
export function checkUsageIndex(evidence: Evidence): string {
  const { hashes, root } = evidence.usageIndex();
  return `${countedText(hashes.size, "usage page")} under the usage root ${hex0x(root)}`;
}

/** The subscription's line is on a page that the index names. */
export function checkUsagePage(evidence: Evidence): string {
  const usage = evidence.totals()?.usage;
  if (usage === undefined) return "the subscription had used nothing";
  const calls = countedText(usage.requests, "call");
  return `${calls}, ${countText(tokensOf(usage))} tokens, ${ratedText(usage.rated_microtokens)} in all`;
}

/** Totals never fall, and grow only in an epoch that the line names. */
export function checkGrowth(evidence: Evidence): string {
  const before = evidence.totalsBefore();
  const after = evidence.totals();
  if (before === null) return `${ratedText(evidence.usage().rated_microtokens)} since the beginning`;
  if (after === null || Object.values(grown(after.usage, before.usage)).some((amount) => amount < 0n)) {
    throw new DifferenceError("growth", "a total is lower than in the statement before");
  }
  if (!isSameLine(after, before) && after.epoch <= before.epoch) {
    throw new DifferenceError("growth", `the totals changed, but their epoch is still ${after.epoch}`);
  }
  if (after.epoch !== before.epoch && after.epoch !== evidence.statement().epoch) {
    const words = `the totals changed in epoch ${after.epoch}, which this statement does not seal`;
    throw new DifferenceError("growth", words);
  }
  const more = grown(after.usage, before.usage);
  return `${countedText(more.requests, "call")} and ${ratedText(more.rated_microtokens)} more than in the statement before`;
}

function isSameLine(after: Totals, before: Totals): boolean {
  const isSameUsage = Object.values(grown(after.usage, before.usage)).every((amount) => amount === 0n);
  return isSameUsage && isSame(after.eventsRoot, before.eventsRoot);
}

/** The price book is the one that the statement names. */
export function checkPriceBook(evidence: Evidence): string {
  const { version, models } = evidence.priceBook();
  return `version ${version}, ${countedText(models.size, "model")}, hash ${hex0x(evidence.statement().priceBookHash)}`;
}

/** The index of settlement pages leads to the settlement root. */
export function checkSettlementIndex(evidence: Evidence): string {
  const { hashes, root } = evidence.settlementIndex();
  return `${countedText(hashes.size, "settlement page")} under the settlement root ${hex0x(root)}`;
}

/** What the contract may charge is the total on the usage page. */
export function checkSettlementPage(evidence: Evidence): string {
  const page = evidence.settlementPage();
  if (page === null) return "the subscription is on no settlement page: this statement charges it nothing";
  if (page.contract !== evidence.settlementIndex().contract || page.epoch !== evidence.statement().epoch) {
    throw new DifferenceError("settlement-page", `the page is of ${page.contract} and epoch ${page.epoch}`);
  }
  const total = page.entries.get(evidence.bundle.subscription_id);
  const used = evidence.usage().rated_microtokens;
  if (total !== used) {
    const words = `the page lets ${total} micro-tokens be charged, and ${used} were used`;
    throw new DifferenceError("settlement-page", words);
  }
  return `page ${page.number} lets ${ratedText(total)} be charged, as on the usage page`;
}
