/** What goes wrong with a source. */

/** A source gave no usable answer. */
export class SourceError extends Error {}

/** A source does not have what was asked for. */
export class NotThereError extends SourceError {}

/** A source answers that it does not do what was asked. */
export class RefusedError extends SourceError {}
