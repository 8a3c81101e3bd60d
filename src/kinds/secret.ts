/** References to secrets: `{secret:NAME}` inside a string stands for what only apply may know, `[HIDDEN]` for what a server keeps to itself. */
import { consistsOf } from '../model/pieces.ts';
import { literal, unquote } from '../sql/quote.ts';
import { type Token, tokenize } from '../sql/tokens.ts';

/** What servers show in place of a secret, alone or in the middle of an address; nobody knows what it stands for. */
const HIDDEN_MARK = '[HIDDEN]';

/** Stands for a live value that must be written again, whatever it is: nobody knows it any more, or a person asks for it. */
export const STALE = '[STALE]';

const REFERENCE = /\{secret:([A-Za-z_][A-Za-z0-9_]*)\}/g;
const REFERENCE_SPLIT = /\{secret:[A-Za-z_][A-Za-z0-9_]*\}/;

/** A secret in a structured declaration: `{ secret: NAME }`. */
export interface SecretReference {
  readonly secret: string;
}

export function isSecretReference(value: unknown): value is SecretReference {
  return typeof value === 'object' && value !== null && 'secret' in value && Object.keys(value).length === 1;
}

/** `{secret:NAME}`, as it stands inside a string literal. */
export function secretMark(name: string): string {
  return `{secret:${name}}`;
}

/** The names of all secrets that the strings of a SQL text refer to. */
export function secretsIn(sql: string): string[] {
  if (!sql.includes('{secret:')) return [];
  const texts = tokenize(sql).flatMap(({ kind, text }) => (kind === 'string' ? [unquote(text)] : []));
  return [...new Set(texts.flatMap((text) => [...text.matchAll(REFERENCE)].map(([, name = '']) => name)))];
}

/** The statement with a value for each secret, in the strings that refer to one. */
export function fillSecrets(sql: string, secretOf: (name: string) => string): string {
  if (!sql.includes('{secret:')) return sql;
  const filled = ({ kind, text }: Token): string =>
    kind === 'string' && hasSecret(text)
      ? literal(unquote(text).replace(REFERENCE, (_all, name: string) => secretOf(name)))
      : text;
  let at = 0;
  const pieces = tokenize(sql).map((token) => {
    const piece = sql.slice(at, token.start) + filled(token);
    at = token.end;
    return piece;
  });
  return pieces.join('') + sql.slice(at);
}

export function hasSecret(text: string): boolean {
  return text.search(REFERENCE) >= 0;
}

export function isHidden(text: string): boolean {
  return text.includes(HIDDEN_MARK);
}

/** Whether a value that a server shows can be the desired one: what it hides, and what only apply knows, can be anything. */
export function sameValue(live: string, desired: string): boolean {
  if (live === STALE) return false;
  if (live === desired) return true;
  if (!isHidden(live) && !hasSecret(desired)) return false;
  const fixed = (text: string): string[] =>
    text.split(HIDDEN_MARK).flatMap((part) => part.split(REFERENCE_SPLIT));
  return consistsOf(desired, fixed(live)) || consistsOf(live, fixed(desired));
}

/** A name for the secret at a place of an object: `SHOP_CUSTOMERS_PASSWORD`. */
export function suggestedSecret(path: readonly string[]): string {
  const name = path
    .join('_')
    .toUpperCase()
    .replace(/[^A-Z0-9_]+/g, '_');
  return /^[A-Z_]/.test(name) ? name : `_${name}`;
}

/** The text with a reference of this name for each piece that the server hides. */
export function referHidden(text: string, name: string): string {
  return text.split(HIDDEN_MARK).join(secretMark(name));
}

/** A declared value as a string literal: a text, or a reference to a secret. */
export function secretLiteral(value: string | SecretReference): string {
  return literal(isSecretReference(value) ? secretMark(value.secret) : value);
}
