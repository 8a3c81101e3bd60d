/** One document goes in; it is checked against the JSON Schema of its kind, and its kind comes out where it is valid. */

import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Folder } from './listing.ts';
import { keyOffset, valueOffset } from './marks.ts';
import { complain, didYouMean, list, quote } from './messages.ts';
import { KINDS, type Kind, schemaOf } from './schemas.ts';
import type { Report, Tree } from './values.ts';

/** `slot` tells apart what may be wrong at one offset: the key, the value, and each key missing in the mapping there. */
type Problem = (offset: number, slot: string, rule: string, message: string) => void;

/** The only key that says something by standing alone: a column that is ephemeral and has no expression. */
const MAY_BE_EMPTY = 'ephemeral';

const ajv = new Ajv2020({
  allErrors: true,
  coerceTypes: true,
  strict: true,
  /** The schemas are ours: a test checks them, so that a run need not. */
  validateSchema: false,
  /** Coercion makes a number of `Infinity`; strict, `maximum` does not look at it. */
  strictNumbers: false,
  /** `then` and `dependentSchemas` name keys that stand beside them. */
  strictRequired: false,
  /** One type list tells SQL text from a list or a long form, so that errors are about the branch that was meant. */
  allowUnionTypes: true,
  verbose: true,
});
ajv.addVocabulary(['errorMessage']);
ajv.addKeyword({
  keyword: 'maxBytes',
  type: 'string',
  schemaType: 'number',
  errors: false,
  validate: (most: number, text: string) => text.length * 3 <= most || Buffer.byteLength(text) <= most,
});

const validators = new Map<Kind, ValidateFunction>();

function validatorOf(kind: Kind): ValidateFunction {
  let validator = validators.get(kind);
  if (validator === undefined) {
    validator = ajv.compile(schemaOf(kind));
    validators.set(kind, validator);
  }
  return validator;
}

/** Turns the texts of integers and booleans in the tree's value into these, and reports each mistake once. */
export function checkDocument(tree: Tree, folder: Folder, text: string, report: Report): string | undefined {
  const told = new Set<string>();
  const problem: Problem = (offset, slot, rule, message) => {
    const place = `${offset} ${slot}`;
    if (told.has(place)) return;
    told.add(place);
    report(offset, rule, message);
  };
  const kind = readKind(tree, folder, problem);
  if (kind === undefined) return undefined;
  checkShape(tree, kind, text, problem);
  for (const [offset, name] of tree.empty) {
    if (name === MAY_BE_EMPTY) continue;
    const message = `${quote(name)} has no value; write one, \`''\` for an empty text, or remove it`;
    problem(offset, 'key', 'empty-value', message);
  }
  return told.size === 0 ? kind : undefined;
}

function readKind({ value, marks }: Tree, folder: Folder, problem: Problem): Kind | undefined {
  const start = valueOffset(marks, []);
  const kind = isMapping(value) ? value.kind : undefined;
  const at = kind === undefined ? start : valueOffset(marks, ['kind']);
  const expected = KINDS.filter((name) => folderOf(name) === folder);
  if (!isMapping(value)) {
    problem(start, 'value', 'not-a-declaration', 'a declaration must be a mapping with a key `kind`');
  } else if (kind === undefined) {
    problem(
      start,
      'value',
      'missing-key',
      `missing key \`kind\`; in \`${folder}/\` it is ${list(expected, 'or')}`,
    );
  } else if (kind === '') {
    problem(
      at,
      'value',
      'empty-value',
      `\`kind\` has no value; in \`${folder}/\` it is ${list(expected, 'or')}`,
    );
  } else if (typeof kind !== 'string') {
    problem(at, 'value', 'wrong-value', `\`kind\` must be ${list(KINDS, 'or')}`);
  } else if (!isKind(kind)) {
    const hint = didYouMean(kind, KINDS) || `; the kinds are ${list(KINDS, 'and')}`;
    problem(at, 'value', 'unknown-kind', `unknown kind ${quote(kind)}${hint}`);
  } else {
    const right = folderOf(kind);
    if (right !== folder)
      problem(at, 'value', 'wrong-folder', `a ${kind} belongs under \`${right}/\`, not under \`${folder}/\``);
    return kind;
  }
  return undefined;
}

function checkShape({ value, marks, empty }: Tree, kind: Kind, text: string, problem: Problem): void {
  const validate = validatorOf(kind);
  if (validate(value)) return;
  const isEmpty = (path: readonly string[]): boolean => empty.has(valueOffset(marks, path));
  for (const error of validate.errors ?? []) {
    const complaint = complain(error, isEmpty);
    if (complaint === undefined) continue;
    const offset = complaint.atKey ? keyOffset(marks, complaint.path) : valueOffset(marks, complaint.path);
    const opener = error.keyword === 'type' && takesText(error.schema) ? text.charAt(offset) : '';
    const hint =
      opener === '[' || opener === '{' ? `; put text that begins with \`${opener}\` in quotes` : '';
    const slot = complaint.rule === 'missing-key' ? complaint.message : complaint.atKey ? 'key' : 'value';
    problem(offset, slot, complaint.rule, complaint.message + hint);
  }
}

function takesText(types: unknown): boolean {
  return Array.isArray(types) && types.includes('string');
}

function folderOf(kind: Kind): Folder {
  if (kind === 'Tenant') return 'tenants';
  return ['Cluster', 'DrPair', 'Federation'].includes(kind) ? 'clusters' : 'schemas';
}

function isKind(name: string): name is Kind {
  return (KINDS as readonly string[]).includes(name);
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
