/** The last 90 days of the outside systems, one entry a day whether anything is known of it or not. */
import type { DaysOfStatus, System } from "../../../api/operations.ts";

export const DAYS = 90;
const DAY_MS = 86_400_000;

/** A day of one system. `share`: the part of the ticks at which it was on time, from 0 to 1; null without any tick. */
export interface Day {
  readonly day: string;
  readonly share: number | null;
  readonly ticks: number;
}

/** The oldest day first; the last one is today, in UTC. */
export function daysOf(told: DaysOfStatus, system: System, now: number): readonly Day[] {
  return lastDays(now).map((day) => {
    const found = told.days.find((one) => one.day === day)?.systems.find((one) => one.system === system);
    const [ok, late, unknown] = [found?.ok, found?.late, found?.unknown].map((count) => Number(count ?? 0)) as [number, number, number];
    const ticks = ok + late + unknown;
    return { day, share: ticks === 0 ? null : ok / ticks, ticks };
  });
}

/** The mean lag of a day in seconds; null without any tick. */
export interface LagOfDay {
  readonly day: string;
  readonly seconds: number | null;
}

/** The mean lag of each day, the oldest day first. */
export function lagsOf(told: DaysOfStatus, now: number): readonly LagOfDay[] {
  return lastDays(now).map((day) => {
    const lag = told.days.find((one) => one.day === day)?.lag_seconds;
    return { day, seconds: lag === undefined ? null : Number(lag) };
  });
}

/** On time at so many of all ticks, as `99.9 %`; rounded down, so that 100 % means always. Null without any tick. */
export function onTimeText(days: readonly Day[]): string | null {
  const ticks = days.reduce((sum, day) => sum + day.ticks, 0);
  if (ticks === 0) return null;
  const onTime = days.reduce((sum, day) => sum + Math.round((day.share ?? 0) * day.ticks), 0);
  return `${(Math.floor((onTime * 1000) / ticks) / 10).toFixed(1).replace(".0", "")} %`;
}

function lastDays(now: number): readonly string[] {
  return Array.from({ length: DAYS }, (_, place) => dayOf(now - (DAYS - 1 - place) * DAY_MS));
}

function dayOf(moment: number): string {
  return new Date(moment).toISOString().slice(0, 10);
}
