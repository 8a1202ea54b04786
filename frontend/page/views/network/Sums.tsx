import type { Books, Statistics } from "../../../api/operations.ts";
import { countText } from "../../../verify/amounts.ts";
import { Money, Tokens } from "../../components/Amount.tsx";
import { Copyable } from "../../components/Copyable.tsx";
import { Stat, Stats } from "../../components/Stat.tsx";
import { Empty } from "../../components/states.tsx";
import { now } from "../../stores/clock.ts";
import { agoText } from "../../text/time.ts";

/** What the newest proven statement says of everybody's usage. */
export function AttestedTotals({ attested }: Pick<Statistics, "attested">) {
  if (attested === null) {
    return <Empty title="No statement is proven yet">The first one is, some minutes after the first call.</Empty>;
  }
  const { epoch, ends_at: end, subscriptions, rated_microtokens: total } = attested;
  return (
    <Stats>
      <Stat label="Rated tokens used in all" value={<Tokens micro={total} unit={false} />} note="By everybody, since the beginning" />
      <Stat label="Subscriptions with usage" value={countText(subscriptions)} note="Counted in the statement" />
      <Stat
        label="The newest proven epoch"
        value={<a href={`#/epochs/${epoch}`}>{epoch}</a>}
        note={`Ended ${agoText(end, now.value)}`}
      />
    </Stats>
  );
}

/** The sums of all subscriptions, as the events of the chain tell them. */
export function LedgerSums({ books, asOf, symbol }: { readonly books: Books; readonly asOf: string | null; readonly symbol: string }) {
  const out = BigInt(books.withdrawn_ufix64) + BigInt(books.refunded_ufix64);
  return (
    <>
      <Stats>
        <Stat label="Ever deposited" value={<Money ufix64={books.deposited_ufix64} unit={symbol} />} />
        <Stat label="Ever charged" value={<Money ufix64={books.charged_ufix64} unit={symbol} />} />
        <Stat label="Taken out by owners" value={<Money ufix64={out} unit={symbol} />} />
        <Stat label="Given back" value={<Money ufix64={books.credited_ufix64} unit={symbol} />} note="Charges that were returned" />
      </Stats>
      <p class="soft small">
        Sums over {countText(books.subscriptions)} subscriptions, by the events of the chain
        {asOf === null ? "" : `, added up ${agoText(asOf, now.value)}`}.
        {books.unreadable === "0" ? "" : ` ${countText(books.unreadable)} could not be read and are left out.`}
      </p>
    </>
  );
}

/** Every price book that rates or has rated, newest first. */
export function PriceBooks({ books }: { readonly books: Statistics["price_books"] }) {
  return (
    <ul class="books">
      {books.map(({ from_epoch: from, price_book_hash: hash }) => (
        <li key={from}>
          <span>
            From <a href={`/v1/price-books/${hash.slice(2)}`}>epoch {from}</a>
          </span>
          <Copyable text={hash} label="Hash of the price book" />
        </li>
      ))}
    </ul>
  );
}
