import { decimalText, moneyText, tokensText, type Whole } from "../../verify/amounts.ts";

/** An amount of money, exact: what comes after two decimals is fainter, so that the amount reads at a glance. */
export function Money({ ufix64, unit }: { readonly ufix64: Whole; readonly unit: string }) {
  const text = moneyText(ufix64);
  const point = text.indexOf(".");
  const symbol = unit === "USD" ? "$" : null;
  return (
    <span class="amount numbers">
      {symbol}
      {text.slice(0, point + 3)}
      {text.length > point + 3 && <span class="amount-rest">{text.slice(point + 3)}</span>}
      {symbol === null && <span class="amount-unit"> {unit}</span>}
    </span>
  );
}

/** An amount in a column of others: with all its decimals, so that they stand below each other, and without its unit. */
export function ColumnMoney({ ufix64 }: { readonly ufix64: Whole }) {
  const text = decimalText(ufix64, 8, 8);
  return (
    <span class="amount numbers">
      {text.slice(0, -6)}
      <span class="amount-rest">{text.slice(-6)}</span>
    </span>
  );
}

/** Usage in rated tokens, exact. */
export function Tokens({ micro, unit = true }: { readonly micro: Whole; readonly unit?: boolean }) {
  return (
    <span class="amount numbers">
      {tokensText(micro)}
      {unit && <span class="amount-unit"> rated tokens</span>}
    </span>
  );
}
