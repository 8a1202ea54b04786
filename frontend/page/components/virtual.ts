/** Rows above and below the view that are rendered too, so that fast scrolling shows no gap. */
const AROUND = 10;
/** Rows come and go so many at a time: most steps of scrolling render nothing. */
const STEP = 6;

/** How far a frame is scrolled, how high it is and how high a row is, in pixels. */
export interface View {
  readonly top: number;
  readonly height: number;
  readonly row: number;
}

/** The view with its top at the last step; it is the same for every scrolling within a step. */
export function steppedView({ top, height, row }: View): View {
  return { top: Math.floor(top / (row * STEP)) * row * STEP, height, row };
}

/**
 * Which rows a scrolled frame shows: from `first` up to, not including, `last`.
 *
 * `placeOf` gives each of them a place of its own, which a row keeps while it is shown and another one takes afterwards:
 * elements of rows that have left the view are used again.
 */
export function rowsInView(
  view: View,
  count: number,
): { readonly first: number; readonly last: number; readonly placeOf: (index: number) => number } {
  const start = Math.floor(view.top / view.row);
  const fits = Math.ceil(view.height / view.row) + STEP;
  const last = Math.min(count, start + fits + AROUND);
  const places = fits + 2 * AROUND;
  return { first: Math.max(0, Math.min(start, last - fits) - AROUND), last, placeOf: (index) => index % places };
}
