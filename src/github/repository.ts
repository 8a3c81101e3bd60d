/** A repository's full name goes in; its owner and its name come out. */
import { PlumblineError } from '../model/errors.ts';

export interface Repository {
  readonly owner: string;
  readonly name: string;
  /** `owner/name`. */
  readonly fullName: string;
}

/** Throws a PlumblineError for what is not `owner/name`. */
export function parseRepository(text: string): Repository {
  const match = /^([\w.-]+)\/([\w.-]+)$/.exec(text);
  if (!match?.[1] || !match[2]) {
    throw new PlumblineError(`"${text}" is no repository; its name is written as owner/name.`);
  }
  return { owner: match[1], name: match[2], fullName: text };
}
