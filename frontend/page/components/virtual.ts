/** Rows above and below the view that are rendered too, so that fast scrolling shows no gap. */
const AROUND = 12;

/**
 * Which rows a scrolled frame shows: from `first` up to, not including, `last`. Lengths are in pixels.
 *
 * `placeOf` gives each of them a place of its own, which a row keeps while it is shown and another one takes afterwards:
 * elements of rows that have left the view are used again.
 */
export function rowsInView(
  view: { readonly top: number; readonly height: number; readonly row: number },
  count: number,
): { readonly first: number; readonly last: number; readonly placeOf: (index: number) => number } {
  const start = Math.floor(view.top / view.row);
  const fits = Math.ceil(view.height / view.row);
  const last = Math.min(count, start + fits + AROUND);
  const places = fits + 2 * AROUND;
  return { first: Math.max(0, Math.min(start, last - fits) - AROUND), last, placeOf: (index) => index % places };
}
