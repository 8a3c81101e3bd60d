/** The text of `plumbline.yaml` goes in; what the repository asks for before guarded steps run, the sizes below which it does not, and the lint rules that it silences come out. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { DeclarationError } from '../model/errors.ts';
import type { Ignore, SizeLimit, SizeLimits } from '../model/estate.ts';
import type { Finding } from '../model/finding.ts';
import { DEFAULT_POLICY, type Policy } from '../model/review.ts';
import { ALIASED_VALUES } from './limits.ts';
import { keyOffset, type Mark, valueOffset } from './marks.ts';
import { complain } from './messages.ts';
import { settingsSchema } from './schemas.ts';
import { bytesOf } from './sizes.ts';
import { openText, type TextFile } from './text-file.ts';
import type { Tree } from './values.ts';
import { readDocuments } from './yaml.ts';

/** At the root of the repository: it holds for all of its estates. */
export const SETTINGS_FILE = 'plumbline.yaml';

export interface Settings {
  readonly policy: Policy;
  /** Lint rules that are silenced everywhere. */
  readonly ignores: readonly Ignore[];
  /** Of every database that declares none of its own. */
  readonly limits: SizeLimits;
}

interface SettingsDocument {
  readonly approval?: {
    readonly labels?: Partial<Policy['labels']>;
    readonly author_may_allow?: boolean;
    readonly code_owners?: boolean;
  };
  readonly allow_destructive_below?: string;
  readonly allow_rebuild_below?: string;
  readonly lint?: { readonly ignore?: Readonly<Record<string, string>> };
}

const ajv = new Ajv2020({
  ...{ allErrors: true, coerceTypes: true, strict: true, verbose: true },
  allowUnionTypes: true,
});
ajv.addVocabulary(['errorMessage']);
const isSettings = ajv.compile<SettingsDocument>(settingsSchema());

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
const UNUSABLE = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffd-\uffff]|\r(?!\n)/;

function policyOf({ approval = {} }: SettingsDocument): Policy {
  const { labels, author_may_allow, code_owners } = approval;
  return {
    labels: { ...DEFAULT_POLICY.labels, ...labels },
    authorMayAllow: author_may_allow ?? DEFAULT_POLICY.authorMayAllow,
    codeOwners: code_owners ?? DEFAULT_POLICY.codeOwners,
  };
}

function ignoresOf({ lint }: SettingsDocument, marks: Mark, source: TextFile): Ignore[] {
  return Object.entries(lint?.ignore ?? {}).map(([rule, reason]) => ({
    rule,
    reason,
    place: source.place(keyOffset(marks, ['lint', 'ignore', rule])),
  }));
}

function limitsOf(settings: SettingsDocument, marks: Mark, source: TextFile): SizeLimits {
  const limit = (key: 'allow_destructive_below' | 'allow_rebuild_below'): SizeLimit | undefined => {
    const size = settings[key];
    return size === undefined
      ? undefined
      : { bytes: bytesOf(size), place: source.place(valueOffset(marks, [key])) };
  };
  const [destructive, rebuild] = [limit('allow_destructive_below'), limit('allow_rebuild_below')];
  return { ...(destructive && { destructive }), ...(rebuild && { rebuild }) };
}

/**
 * Throws a DeclarationError that shows each mistake at its place in `file`; an empty text asks for the defaults.
 */
export function readSettingsText(text: string, file = SETTINGS_FILE): Settings {
  const source = openText(file, text);
  const findings: Finding[] = [];
  const report = (offset: number, rule: string, message: string): void => {
    findings.push({ severity: 'error', rule, message, place: source.place(offset) });
  };
  const unusable = text.search(UNUSABLE);
  if (unusable !== -1)
    report(unusable, 'control-character', 'a character that YAML does not allow; remove it');
  const documents = findings.length > 0 ? [] : [...readDocuments(text, { left: ALIASED_VALUES }, report)];
  const [document, second] = documents;
  if (second) report(valueOffset(second.marks, []), 'wrong-value', 'a policy is one document, not several');
  if (document) checkShape(document, report);
  if (findings.length > 0) throw new DeclarationError(findings);
  const settings = (document?.value ?? {}) as SettingsDocument;
  const policy = policyOf(settings);
  if (!document) return { policy, ignores: [], limits: {} };
  const { marks } = document;
  return {
    policy,
    ignores: ignoresOf(settings, marks, source),
    limits: limitsOf(settings, marks, source),
  };
}

function checkShape(
  { value, marks, empty }: Tree,
  report: (offset: number, rule: string, message: string) => void,
): void {
  for (const [offset, name] of empty) report(offset, 'empty-value', `\`${name}\` has no value`);
  if (empty.size > 0 || isSettings(value)) return;
  for (const error of isSettings.errors ?? []) {
    const complaint = complain(error, () => false);
    if (complaint === undefined) continue;
    const offset = complaint.atKey ? keyOffset(marks, complaint.path) : valueOffset(marks, complaint.path);
    report(offset, complaint.rule, complaint.message);
  }
}
