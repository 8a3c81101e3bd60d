/** A name goes in; it comes out as people read it in the name of an access object that is made of several. */
import { identifier } from '../sql/quote.ts';

/** Quoted only where it holds more than letters, digits and `_`: different names stay different. */
export function shortName(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : identifier(name);
}
