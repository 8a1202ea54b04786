/** Times and durations in words. Times of the API are ISO 8601 in UTC; people read them in their own zone. */

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

/** `7384` seconds are `2 hours 3 minutes`: the two largest units. */
export function durationText(seconds: number): string {
  let rest = Math.max(0, Math.floor(seconds));
  const parts: string[] = [];
  for (const [name, size] of UNITS) {
    const count = Math.floor(rest / size);
    if (count > 0) parts.push(`${count} ${name}${count === 1 ? "" : "s"}`);
    else if (parts.length > 0) break;
    rest -= count * size;
    if (parts.length === 2) break;
  }
  return parts.length === 0 ? "0 seconds" : parts.join(" ");
}

/** `3 minutes ago`; less than ten seconds are `just now`. */
export function agoText(at: string, now: number): string {
  const seconds = (now - Date.parse(at)) / 1000;
  if (seconds < 10) return "just now";
  const [name, size] = UNITS.find(([, unit]) => seconds >= unit) ?? UNITS[3];
  const count = Math.floor(seconds / size);
  return `${count} ${name}${count === 1 ? "" : "s"} ago`;
}

const FORMS = {
  moment: { dateStyle: "medium", timeStyle: "medium" },
  date: { dateStyle: "medium" },
  day: { day: "numeric", month: "short", timeZone: "UTC" },
  hour: { hour: "2-digit", minute: "2-digit" },
  shortMoment: { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" },
} as const satisfies Readonly<Record<string, Intl.DateTimeFormatOptions>>;

/** Each is made once and when it is first used: making one costs a phone more than a frame. */
const made = new Map<keyof typeof FORMS, Intl.DateTimeFormat>();

/** A moment in the reader's own zone and language: `24 Nov 2026, 12:00:05`. */
export function momentText(at: string): string {
  return written("moment", at);
}

/** A day in the reader's own zone and language: `24 Nov 2026`. */
export function dateText(at: string): string {
  return written("date", at);
}

/** A day of UTC, in which usage is summed: `24 Nov`. */
export function dayText(at: string): string {
  return written("day", at);
}

/** An hour in the reader's own zone: `14:00`. */
export function hourText(at: string): string {
  return written("hour", at);
}

/** A moment of the last days, in the reader's own zone: `24 Nov, 12:00:05`. */
export function shortMomentText(at: string): string {
  return written("shortMoment", at);
}

function written(form: keyof typeof FORMS, at: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return "–";
  const format = made.get(form) ?? new Intl.DateTimeFormat(undefined, FORMS[form]);
  made.set(form, format);
  return format.format(date);
}
