import { countText, tokensText } from "../../../verify/amounts.ts";
import { ColumnMoney } from "../../components/Amount.tsx";
import type { Sum } from "../../stores/sums.ts";
import type { MonthOfMoney } from "./journal.ts";

interface UsageTableProps {
  readonly title: string;
  readonly head: string;
  readonly sums: readonly Sum[];
  readonly nameOf: (sum: Sum) => string;
}

/** Usage of a month, by one property of calls. */
export function UsageTable({ title, head, sums, nameOf }: UsageTableProps) {
  const total = sums.reduce((sum, one) => sum + one.total, 0n);
  const calls = sums.reduce((sum, one) => sum + one.requests, 0n);
  return (
    <section class="card">
      <h3>{title}</h3>
      {sums.length === 0 ? (
        <p class="soft small">No calls in this month.</p>
      ) : (
        <div class="table-frame" tabIndex={0} role="region" aria-label={`Usage: ${title}`}>
          <table>
            <thead>
              <tr>
                <th scope="col">{head}</th>
                <th scope="col" class="end">
                  Calls
                </th>
                <th scope="col" class="end">
                  Rated tokens
                </th>
              </tr>
            </thead>
            <tbody>
              {sums.map((sum) => (
                <tr key={JSON.stringify(sum.group)}>
                  <td>{nameOf(sum)}</td>
                  <td class="end">{countText(sum.requests)}</td>
                  <td class="end">{tokensText(sum.total)}</td>
                </tr>
              ))}
            </tbody>
            <tfoot>
              <tr>
                <th scope="row">In all</th>
                <td class="end">{countText(calls)}</td>
                <td class="end">{tokensText(total)}</td>
              </tr>
            </tfoot>
          </table>
        </div>
      )}
    </section>
  );
}

/** What was charged on each day of a month. */
export function Charges({ money, symbol }: { readonly money: MonthOfMoney; readonly symbol: string }) {
  return (
    <section class="card">
      <h3>Charges by day</h3>
      {money.days.length === 0 ? (
        <p class="soft small">Nothing was charged in this month.</p>
      ) : (
        <div class="table-frame" tabIndex={0} role="region" aria-label="Charges by day">
          <table>
            <thead>
              <tr>
                <th scope="col">Day (UTC)</th>
                <th scope="col" class="end">
                  Settlements
                </th>
                <th scope="col" class="end">
                  Rated tokens
                </th>
                <th scope="col" class="end">
                  Charged, {symbol}
                </th>
              </tr>
            </thead>
            <tbody>
              {money.days.map((day) => (
                <tr key={day.day}>
                  <td>{day.day}</td>
                  <td class="end">{day.settlements}</td>
                  <td class="end">{tokensText(day.microtokens)}</td>
                  <td class="end">
                    <ColumnMoney ufix64={day.charged} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
