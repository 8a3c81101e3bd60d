/** The parameters of a dictionary's source or layout: `HOST 'a' PORT 1 REPLICA (…)`, declared as a mapping of names to values. */
import { Cursor } from '../sql/cursor.ts';
import { literal, unquote } from '../sql/quote.ts';
import { tokenize } from '../sql/tokens.ts';
import {
  isHidden,
  isSecretReference,
  referHidden,
  type SecretReference,
  STALE,
  sameValue,
  secretMark,
  suggestedSecret,
} from './secret.ts';

/** A name with its value as SQL, or with parameters of its own; a name may stand more than once. */
export type Parameter = readonly [name: string, value: string | readonly Parameter[]];

type Scalar = string | SecretReference;
export type ParameterDeclaration =
  | Scalar
  | ParametersDeclaration
  | readonly (Scalar | ParametersDeclaration)[];
export interface ParametersDeclaration {
  readonly [name: string]: ParameterDeclaration;
}

const INTEGER = /^(0|[1-9]\d{0,17})$/;

function declareParameter(name: string, value: Scalar | ParametersDeclaration): Parameter {
  const key = name.toUpperCase();
  if (typeof value === 'string') return [key, INTEGER.test(value) ? value : literal(value)];
  return [key, isSecretReference(value) ? literal(secretMark(value.secret)) : declareParameters(value)];
}

function declareParameters(declared: ParametersDeclaration): Parameter[] {
  return Object.entries(declared).flatMap(([name, value]) => {
    const twins = (Array.isArray(value) ? value : [value]) as readonly (Scalar | ParametersDeclaration)[];
    return twins.map((one) => declareParameter(name, one));
  });
}

/** Without parentheses around it. */
function writeParameters(parameters: readonly Parameter[]): string {
  return parameters
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : `(${writeParameters(value)})`}`)
    .join(' ');
}

function readParameters(text: string): Parameter[] {
  const cursor = new Cursor(text);
  const parameters: Parameter[] = [];
  while (!cursor.ended) {
    const name = cursor.name().toUpperCase();
    if (cursor.sees('(')) {
      parameters.push([name, readParameters(cursor.parenthesized())]);
      continue;
    }
    const value = cursor.expression(() => true);
    parameters.push([name, cursor.sees('(') ? `${value}(${cursor.parenthesized()})` : value]);
  }
  return parameters;
}

/** A source or a layout, `NAME(parameters)`; both may stand without parentheses. */
export interface Named {
  readonly name: string;
  readonly parameters: readonly Parameter[];
}

function readNamed(text: string): Named {
  const cursor = new Cursor(text);
  const name = cursor.name().toUpperCase();
  const parameters = cursor.sees('(') ? readParameters(cursor.parenthesized()) : [];
  if (!cursor.ended) cursor.fail('the end');
  return { name, parameters };
}

function writeNamed({ name, parameters }: Named): string {
  return `${name}(${writeParameters(parameters)})`;
}

/** `flat`, or `{ cache: { size_in_cells: 1000 } }`. */
export function declareNamed(declared: string | Readonly<Record<string, ParametersDeclaration>>): string {
  if (typeof declared === 'string') return `${declared.toUpperCase()}()`;
  const [named] = Object.entries(declared).map(([name, parameters]) =>
    writeNamed({ name: name.toUpperCase(), parameters: declareParameters(parameters) }),
  );
  return named ?? '';
}

/** What a single value means, however it is written: `t`, `'t'` and `` `t` `` are one name, `1` and `'1'` one number. */
function meaningOf(sql: string): string {
  const [only, ...more] = tokenize(sql);
  const isQuoted = only?.kind === 'string' || only?.kind === 'quoted';
  return only && more.length === 0 && isQuoted ? unquote(only.text) : sql;
}

function sameParameters(live: readonly Parameter[], desired: readonly Parameter[]): boolean {
  if (live.length !== desired.length) return false;
  const sorted = (list: readonly Parameter[]): Parameter[] =>
    [...list].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const others = sorted(desired);
  return sorted(live).every(([name, from], at) => {
    const [otherName, to = ''] = others[at] ?? [];
    if (name !== otherName) return false;
    if (typeof from === 'string' || typeof to === 'string')
      return typeof from === 'string' && typeof to === 'string' && sameValue(meaningOf(from), meaningOf(to));
    return sameParameters(from, to);
  });
}

/** Whether two texts name the same source or layout, whatever the order of their parameters. */
export function sameNamed(live: string | undefined, desired: string | undefined): boolean {
  if (live === undefined || desired === undefined) return live === desired;
  const [a, b] = [readNamed(live), readNamed(desired)];
  return a.name === b.name && sameParameters(a.parameters, b.parameters);
}

function staleParameters(parameters: readonly Parameter[]): Parameter[] {
  return parameters.map(([name, value]) => {
    if (typeof value !== 'string') return [name, staleParameters(value)];
    return [name, isHidden(meaningOf(value)) ? literal(STALE) : value];
  });
}

/** A live source, each value of which a server hides a part being stale. */
export function staleNamed(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const { name, parameters } = readNamed(text);
  return writeNamed({ name, parameters: staleParameters(parameters) });
}

function describeValue(sql: string, path: readonly string[]): ParameterDeclaration {
  const value = meaningOf(sql);
  if (!isHidden(value)) return value;
  const name = suggestedSecret(path);
  return referHidden(value, name) === secretMark(name) ? { secret: name } : referHidden(value, name);
}

function describeParameters(
  parameters: readonly Parameter[],
  path: readonly string[],
): ParametersDeclaration {
  const described: Record<string, ParameterDeclaration> = {};
  for (const [name, value] of parameters) {
    const here = [...path, name];
    const one = typeof value === 'string' ? describeValue(value, here) : describeParameters(value, here);
    const before = described[name.toLowerCase()];
    const twins = before === undefined ? [] : Array.isArray(before) ? before : [before];
    described[name.toLowerCase()] = before === undefined ? one : [...twins, one];
  }
  return described;
}

/** What a declaration says of a source or layout; `path` names its secrets. */
export function describeNamed(
  text: string,
  path: readonly string[],
): string | Record<string, ParametersDeclaration> {
  const { name, parameters } = readNamed(text);
  if (parameters.length === 0) return name.toLowerCase();
  return { [name.toLowerCase()]: describeParameters(parameters, path) };
}
