/** A statement goes in; the secrets come out that a server would show in it, in its query log or to whoever sees the object. */
import { unquote } from '../sql/quote.ts';
import { type Token, tokenize } from '../sql/tokens.ts';
import { secretsIn } from './secret.ts';
import { type SecretPosition, secretPositions, secretPositionsOfSetting } from './secret-positions.ts';
import { maskedInUser } from './user-methods.ts';

interface Range {
  readonly start: number;
  readonly end: number;
}

const shifted = (positions: readonly SecretPosition[], by: number): Range[] =>
  positions.filter(({ masked }) => masked).map(({ start, end }) => ({ start: start + by, end: end + by }));

/** The index behind the group that opens at `from`, or `from` where none does. */
function groupEnd(tokens: readonly Token[], from: number): number {
  if (tokens[from]?.text !== '(') return from;
  let depth = 0;
  for (let at = from; at < tokens.length; at++) {
    if (tokens[at]?.text === '(') depth++;
    if (tokens[at]?.text === ')' && --depth === 0) return at + 1;
  }
  return tokens.length;
}

/** Of `ENGINE = Name(…)` and of `name = value` behind SETTINGS. */
function maskedInStorage(statement: string, tokens: readonly Token[], of: 'table' | 'database'): Range[] {
  return tokens.flatMap((token, at): Range[] => {
    if (tokens[at + 1]?.text !== '=') return [];
    const value = tokens[at + 2];
    if (!value) return [];
    const end = tokens[groupEnd(tokens, at + 3) - 1]?.end ?? value.end;
    const text = statement.slice(value.start, Math.max(end, value.end));
    const found = token.text === 'ENGINE' ? secretPositions(text, of) : settingPositions(token, text);
    return shifted(found, value.start);
  });
}

function settingPositions({ kind, text: name }: Token, value: string): SecretPosition[] {
  return secretPositionsOfSetting(kind === 'quoted' ? unquote(name) : name, value);
}

/** Servers hide what stands behind PASSWORD, however deep, and nothing else of a dictionary's source. */
function maskedInDictionary(tokens: readonly Token[]): Range[] {
  return tokens.filter((_token, at) => tokens[at - 1]?.text.toUpperCase() === 'PASSWORD');
}

function maskedIn(statement: string, tokens: readonly Token[]): readonly Range[] {
  const words = tokens
    .slice(0, 5)
    .map(({ text }) => text.toUpperCase())
    .join(' ')
    .replace(/^CREATE OR REPLACE/, 'CREATE');
  if (/^(CREATE|ALTER) NAMED COLLECTION\b/.test(words)) return [{ start: 0, end: statement.length }];
  if (/^(CREATE|ALTER) USER\b/.test(words)) return maskedInUser(statement);
  if (words.startsWith('CREATE DICTIONARY')) return maskedInDictionary(tokens);
  if (words.startsWith('CREATE DATABASE')) return maskedInStorage(statement, tokens, 'database');
  return /^CREATE (TABLE|MATERIALIZED VIEW)/.test(words) ? maskedInStorage(statement, tokens, 'table') : [];
}

/** The names of the secrets that the statement refers to where its server hides nothing. */
export function shownSecrets(statement: string): string[] {
  if (!statement.includes('{secret:')) return [];
  const tokens = tokenize(statement);
  const masked = maskedIn(statement, tokens);
  const isMasked = (at: number): boolean => masked.some(({ start, end }) => start <= at && at < end);
  const shown = tokens.flatMap((token) => {
    if (token.kind !== 'string') return [];
    const references = [...token.text.matchAll(/\{secret:/g)].map(({ index }) => token.start + index);
    return references.every(isMasked) ? [] : secretsIn(token.text);
  });
  return [...new Set(shown)];
}
