/** One error of ajv goes in; what is wrong, what would be right, and where to point come out. */

import type { ErrorObject } from 'ajv';
import { nearest } from '../model/nearest.ts';

export interface Complaint {
  readonly rule: string;
  readonly message: string;
  readonly path: readonly string[];
  /** Whether it is about the key at the path, not about the value. */
  readonly atKey: boolean;
}

/** The parts of a JSON Schema that messages are made of; `errorMessage` is also what editors show. */
interface Described {
  readonly title?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly errorMessage?: string;
  /** Marks secrets, whose values are never repeated. */
  readonly writeOnly?: boolean;
}

/** Keywords that only say that another error is inside them. */
const WRAPPERS = new Set(['if', 'propertyNames']);

/** `; did you mean \`order_by\`?`, or nothing where no name is close. */
export function didYouMean(name: string, names: readonly string[]): string {
  const near = nearest(name, names);
  return near === undefined ? '' : `; did you mean ${quote(near)}?`;
}

/** Returns `undefined` for an error that repeats another. `isEmpty` says whether the value at the path is missing. */
export function complain(
  error: ErrorObject,
  isEmpty: (path: readonly string[]) => boolean,
): Complaint | undefined {
  const schema = (error.parentSchema ?? {}) as Described;
  if (WRAPPERS.has(error.keyword) || isOneUnknownKeyTooMany(error, schema)) return undefined;
  const path = readPointer(error.instancePath);
  if (schema.writeOnly) return aboutSecret(error, path, schema);
  if (error.propertyName !== undefined) return aboutName(error.propertyName, path, schema);
  if (error.keyword === 'additionalProperties') return aboutUnknownKey(error, path, schema);
  if (error.keyword === 'required' || error.keyword === 'dependentRequired') {
    return aboutMissingKey(error, path, schema);
  }
  if (error.keyword === 'not') {
    const message = `${label(path)} ${schema.errorMessage ?? 'cannot stand here'}`;
    return { rule: 'excluded-key', message, path, atKey: true };
  }
  if (isEmpty(path)) {
    return {
      rule: 'empty-value',
      message: `${label(path)} has no value; it ${right(schema)}`,
      path,
      atKey: true,
    };
  }
  const seen =
    error.keyword === 'maxProperties' ? list(Object.keys(error.data as object), 'and') : found(error.data);
  const message = `${label(path)} ${right(schema)}, found ${seen}`;
  return { rule: 'wrong-value', message, path, atKey: false };
}

/** The unknown key has a message of its own. */
function isOneUnknownKeyTooMany(error: ErrorObject, { properties }: Described): boolean {
  if (error.keyword !== 'maxProperties') return false;
  return Object.keys(error.data as object).some((key) => !Object.hasOwn(properties ?? {}, key));
}

function aboutSecret(error: ErrorObject, path: readonly string[], { properties }: Described): Complaint {
  const key =
    path.findLast((step) => !/^\d+$/.test(step) && !['env', 'file', 'secret'].includes(step)) ?? 'password';
  const instead =
    path.at(-1) === 'secret' || (properties && 'secret' in properties)
      ? `\`${key}: { secret: NAME }\``
      : `\`${key}: {env: NAME}\` for an environment variable or \`${key}: {file: path}\` for a file`;
  const message = `a secret is never written in a declaration; write ${instead}`;
  const unknown = error.params.additionalProperty;
  if (unknown !== undefined)
    return { rule: 'plain-secret', message, path: [...path, String(unknown)], atKey: true };
  return { rule: 'plain-secret', message, path, atKey: false };
}

function aboutName(name: string, path: readonly string[], schema: Described): Complaint {
  const hint = didYouMean(name, schema.enum ?? []) || `; it ${right(schema)}`;
  const message = `${found(name)} cannot be a key here${hint}`;
  return { rule: 'wrong-key', message, path: [...path, name], atKey: true };
}

function aboutUnknownKey(error: ErrorObject, path: readonly string[], schema: Described): Complaint {
  const key = String(error.params.additionalProperty);
  const present = (error.data ?? {}) as Record<string, unknown>;
  const known = Object.keys(schema.properties ?? {});
  const hint = didYouMean(
    key,
    known.filter((name) => !(name in present)),
  );
  const others = `; ${article(schema.title ?? 'mapping')} has ${list(known, 'and')}`;
  return {
    rule: 'unknown-key',
    message: `unknown key ${quote(key)}${hint || others}`,
    path: [...path, key],
    atKey: true,
  };
}

function aboutMissingKey(error: ErrorObject, path: readonly string[], schema: Described): Complaint {
  const key = quote(String(error.params.missingProperty));
  const needs =
    error.keyword === 'required' ? requirement(schema) : `${quote(error.params.property)} needs it`;
  return { rule: 'missing-key', message: `missing key ${key}; ${needs}`, path, atKey: false };
}

function requirement({ title, required, errorMessage }: Described): string {
  if (title === undefined && errorMessage !== undefined) return errorMessage;
  return `${article(title ?? 'mapping')} needs ${list(required ?? [], 'and')}`;
}

/** What would be right, in words that follow a name. */
function right(schema: Described): string {
  if (schema.errorMessage !== undefined) return schema.errorMessage;
  if (schema.enum !== undefined) return `must be ${list(schema.enum, 'or')}`;
  const types = [schema.type ?? []].flat();
  const range = schema.maximum === undefined ? '' : ` between ${schema.minimum ?? 0} and ${schema.maximum}`;
  const words = [
    types.includes('string') ? 'text' : types.includes('boolean') ? '`true` or `false`' : undefined,
    types.includes('integer') ? `an integer${range}` : undefined,
    types.includes('array') ? 'a list' : undefined,
    types.includes('object') ? 'a mapping' : undefined,
  ].filter((word) => word !== undefined);
  return `must be ${words.join(' or ')}`;
}

function found(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object' && value !== null) {
    return Object.keys(value).length === 0 ? 'an empty mapping' : 'a mapping';
  }
  return value === '' ? 'an empty text' : quote(String(value));
}

/** The last key of the path, with the indexes that follow it: `order_by[1]`. */
function label(path: readonly string[]): string {
  let start = path.length - 1;
  while (start > 0 && /^\d+$/.test(path[start] ?? '')) start--;
  const [key, ...indexes] = path.slice(Math.max(0, start));
  return key === undefined
    ? 'the document'
    : quote(key.slice(0, 40) + indexes.map((index) => `[${index}]`).join(''));
}

function article(noun: string): string {
  return `${/^[aeiou]/i.test(noun) ? 'an' : 'a'} ${noun}`;
}

export function list(names: readonly string[], word: 'and' | 'or'): string {
  const quoted = names.map(quote);
  const last = quoted.pop() ?? 'nothing';
  return quoted.length === 0 ? last : `${quoted.join(', ')} ${word} ${last}`;
}

/** Long or many-lined text is cut, as it is only there to recognise what is meant; control characters are left out. */
export function quote(text: string): string {
  const line = text.replace(/[\s\p{Control}]+/gu, ' ').trim();
  return `\`${line.length > 60 ? `${line.slice(0, 60)}…` : line}\``;
}

function readPointer(pointer: string): string[] {
  if (pointer === '') return [];
  return pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}
