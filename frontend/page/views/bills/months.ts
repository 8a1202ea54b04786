/** Months of UTC, in which bills are made: `2026-11`. */
/** The month of a moment. */
function monthOf(at: Date): string {
  return at.toISOString().slice(0, 7);
}

/** The month of an address, if it names one that has begun; else the present one. */
export function monthFrom(text: string | null, now: Date): string {
  const isMonth = text !== null && /^\d{4}-(?:0[1-9]|1[0-2])$/.test(text);
  return isMonth && text <= monthOf(now) ? text : monthOf(now);
}

/** The present month and those before it, the newest first. */
export function monthsUntil(now: Date, count: number): readonly string[] {
  const year = now.getUTCFullYear();
  const month = now.getUTCMonth();
  return Array.from({ length: count }, (_, back) => monthOf(new Date(Date.UTC(year, month - back, 1))));
}

/** The beginning of a month, and of the next one. */
export function windowOf(month: string): { readonly from: string; readonly to: string } {
  const [year = 0, number = 1] = month.split("-").map(Number);
  const at = (months: number) => new Date(Date.UTC(year, number - 1 + months, 1)).toISOString();
  return { from: at(0), to: at(1) };
}

/** `November 2026` */
export function monthText(month: string): string {
  return new Date(`${month}-01T00:00:00Z`).toLocaleDateString("en", { month: "long", year: "numeric", timeZone: "UTC" });
}
