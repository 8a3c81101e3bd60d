/** What a person must read: a mistake in a declaration, a danger, something that was seen on a server. */
import type { Place } from './place.ts';

/** An `error` stops the command; a `warning` is shown on the plan. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  /** A stable slug, such as `unknown-key`, that tests, silencing and links refer to. */
  readonly rule: string;
  /** One or two sentences: what is wrong, and what would be right. */
  readonly message: string;
  /** The declaration it is about, where there is one. */
  readonly place?: Place;
  /** The name key of the object it is about, where there is one. */
  readonly object?: string;
  /** The node it was seen on, where there is one. */
  readonly node?: string;
}
