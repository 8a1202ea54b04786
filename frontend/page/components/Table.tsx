import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { rowsInView, steppedView, type View } from "./virtual.ts";

export interface Column<R> {
  readonly head: string;
  readonly cell: (row: R) => ComponentChildren;
  /** Numbers stand at the end, so that their digits are below each other. */
  readonly align?: "end";
  /** A CSS width, which keeps columns in place while a long table scrolls. */
  readonly width?: string;
}

interface TableProps<R> {
  /** What screen readers say that the table is. */
  readonly label: string;
  readonly columns: readonly Column<R>[];
  readonly rows: readonly R[];
  readonly keyOf: (row: R) => string;
  readonly empty?: ComponentChildren;
  /** The last rows come into view: asks for more of them. */
  readonly onEnd?: (() => void) | undefined;
}

/** From this many rows on, only those in view are rendered, and the table scrolls by itself. */
const VIRTUAL_ROWS_MIN = 60;
/** More rows are asked for when fewer than this many are left below. */
const ROWS_LEFT_MIN = 40;

export function Table<R>(props: TableProps<R>) {
  const { label, columns, rows, keyOf, empty, onEnd } = props;
  const frame = useRef<HTMLDivElement>(null);
  const view = useSignal<View>({ top: 0, height: 600, row: 44 });
  const isVirtual = rows.length >= VIRTUAL_ROWS_MIN;
  const measure = () => {
    const element = frame.current;
    if (element === null) return;
    const row = element.querySelector("tbody tr[data-row]")?.getBoundingClientRect().height ?? view.peek().row;
    const next = steppedView({ top: element.scrollTop, height: element.clientHeight, row });
    const { top, height, row: rowBefore } = view.peek();
    if (next.top !== top || next.height !== height || row !== rowBefore) view.value = next;
  };
  useEffect(measure, [isVirtual]);

  const { first, last, placeOf } = isVirtual ? rowsInView(view.value, rows.length) : { first: 0, last: rows.length, placeOf: null };
  useEffect(() => {
    if (rows.length - last < ROWS_LEFT_MIN) onEnd?.();
  }, [last, rows.length]);
  const spacer = (count: number) => count > 0 && <tr aria-hidden="true" style={{ height: `${count * view.value.row}px` }} />;
  return (
    <div
      ref={frame}
      class={isVirtual ? "table-frame virtual" : "table-frame"}
      role="region"
      aria-label={label}
      tabIndex={0}
      onScroll={isVirtual ? measure : undefined}
    >
      <table aria-rowcount={rows.length + 1} aria-label={label}>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map(({ head, align, width }) => (
              <th key={head} scope="col" class={align} style={width === undefined ? undefined : { width }}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {spacer(first)}
          {rows.slice(first, last).map((row, index) => (
            <tr key={placeOf === null ? keyOf(row) : placeOf(first + index)} data-row aria-rowindex={first + index + 2}>
              {columns.map(({ head, cell, align }) => (
                <td key={head} class={align}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
          {spacer(rows.length - last)}
        </tbody>
      </table>
      {rows.length === 0 && empty}
    </div>
  );
}
