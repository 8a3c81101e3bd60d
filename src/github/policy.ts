/** The text of `plumbline.yaml` goes in; what the repository asks for before guarded steps run comes out. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { ALIASED_VALUES } from '../declared/limits.ts';
import { keyOffset, valueOffset } from '../declared/marks.ts';
import { complain } from '../declared/messages.ts';
import { openText } from '../declared/text-file.ts';
import type { Tree } from '../declared/values.ts';
import { readDocuments } from '../declared/yaml.ts';
import { DeclarationError } from '../model/errors.ts';
import type { Finding } from '../model/finding.ts';
import { DEFAULT_POLICY, type Policy } from '../model/review.ts';
import { readBaseFile } from './base-file.ts';
import type { GitHub } from './client.ts';
import schema from './policy.schema.json' with { type: 'json' };

/** At the root of the repository: it holds for all of its estates. */
export const POLICY_FILE = 'plumbline.yaml';

interface PolicyFile {
  readonly approval?: {
    readonly labels?: Partial<Policy['labels']>;
    readonly author_may_allow?: boolean;
    readonly code_owners?: boolean;
  };
}

const ajv = new Ajv2020({ allErrors: true, coerceTypes: true, strict: true, verbose: true });
ajv.addVocabulary(['errorMessage']);
const isPolicyFile = ajv.compile<PolicyFile>(schema);

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
const UNUSABLE = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffd-\uffff]|\r(?!\n)/;

/** Throws a DeclarationError that shows each mistake at its place; an empty text asks for the defaults. */
export function readPolicyText(text: string): Policy {
  const source = openText(POLICY_FILE, text);
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
  const { labels, author_may_allow, code_owners } =
    (document?.value as PolicyFile | undefined)?.approval ?? {};
  return {
    labels: { ...DEFAULT_POLICY.labels, ...labels },
    authorMayAllow: author_may_allow ?? DEFAULT_POLICY.authorMayAllow,
    codeOwners: code_owners ?? DEFAULT_POLICY.codeOwners,
  };
}

function checkShape(
  { value, marks, empty }: Tree,
  report: (offset: number, rule: string, message: string) => void,
): void {
  for (const [offset, name] of empty) report(offset, 'empty-value', `\`${name}\` has no value`);
  if (empty.size > 0 || isPolicyFile(value)) return;
  for (const error of isPolicyFile.errors ?? []) {
    const complaint = complain(error, () => false);
    if (complaint === undefined) continue;
    const offset = complaint.atKey ? keyOffset(marks, complaint.path) : valueOffset(marks, complaint.path);
    report(offset, complaint.rule, complaint.message);
  }
}

/**
 * The policy at a commit or branch that has none of the pull request's own commits: whoever asks for a permission must not
 * also write who gives it. Before the merge that is the base branch; after it, the commit before the push. The defaults
 * where there is no such file; throws a GitHubError, PlumblineError or DeclarationError whenever it can't be told.
 */
export async function readPolicy(github: GitHub, baseRef: string): Promise<Policy> {
  return readPolicyText((await readBaseFile(github, baseRef, POLICY_FILE)) ?? '');
}
