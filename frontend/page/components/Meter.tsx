import "./meter.css";

interface MeterProps {
  readonly label: string;
  readonly part: bigint;
  readonly whole: bigint;
  readonly tone?: "warn" | "bad" | undefined;
}

/** How much of a whole is used, as a bar. What it means stands in words beside it. */
export function Meter({ label, part, whole, tone }: MeterProps) {
  const share = whole <= 0n ? 0 : Math.min(100, Number((part * 1_000n) / whole) / 10);
  return (
    <div
      class={tone === undefined ? "meter" : `meter ${tone}`}
      role="meter"
      aria-label={label}
      aria-valuenow={share}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuetext={`${share} %`}
    >
      <div style={{ width: `${share}%` }} />
    </div>
  );
}
