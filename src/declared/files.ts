/** The estate's folder goes in; every declaration in it that is valid, and every mistake in the others, come out. */

import type { Finding } from '../model/finding.ts';
import type { Place } from '../model/place.ts';
import { checkDocument } from './check.ts';
import { ALIASED_VALUES, DOCUMENTS, FILE_FINDINGS, TOTAL_BYTES, TOTAL_FINDINGS } from './limits.ts';
import { type DeclarationFile, FOLDERS, type Folder, listFiles } from './listing.ts';
import { keyOffset, keysInOrder, type Path, valueOffset } from './marks.ts';
import { readSource } from './source.ts';
import type { TextFile } from './text-file.ts';
import type { AliasBudget, Tree } from './values.ts';
import { readDocuments } from './yaml.ts';

/** One document, valid against the JSON Schema of its kind. */
export interface Entry {
  readonly kind: string;
  /** Plain values; the objects have no prototype, so that any key is safe. */
  readonly value: unknown;
  /** Path relative to the estate's folder, with forward slashes. */
  readonly file: string;
  /** The place of the value at the path, or of its nearest parent. */
  place(path?: Path): Place;
  /** The place of the mapping key at the path. */
  keyPlace(path: Path): Place;
  /**
   * The keys of the mapping at the path as they are written. `Object.keys` puts keys such as `2024` first, so
   * whatever depends on order, such as columns, must use this.
   */
  keys(path?: Path): readonly string[];
  /** `ScdTable avesa.companies`: the declaration that this one follows from; absent where a file holds it. */
  readonly generatedBy?: string;
  /** Whether its author could not change what lint finds in it. */
  readonly unlinted?: true;
}

export interface Declarations {
  readonly entries: readonly Entry[];
  readonly findings: readonly Finding[];
}

interface Budget extends AliasBudget {
  bytes: number;
  documents: number;
  findings: number;
}

/**
 * Reads `clusters/`, `tenants/` and `schemas/`. Never throws for what is in them: all mistakes are findings, in the
 * order of files and lines. A declaration with a mistake has no entry.
 */
export async function readDeclarations(folder: string): Promise<Declarations> {
  const listing = listFiles(folder);
  const entries: Entry[] = [];
  const findings: Finding[] = [...listing.findings];
  const budget: Budget = {
    left: ALIASED_VALUES,
    bytes: TOTAL_BYTES,
    documents: DOCUMENTS,
    findings: TOTAL_FINDINGS,
  };
  const filled = new Set<Folder>();
  for (const file of listing.files) {
    if (budget.findings <= 0) {
      const message = `more than ${TOTAL_FINDINGS} mistakes; the remaining files are not checked`;
      findings.push({ severity: 'error', rule: 'too-many-mistakes', message });
      break;
    }
    const read = readFile(file, budget);
    budget.findings -= read.findings.length;
    for (const entry of read.entries) entries.push(entry);
    for (const finding of read.findings) findings.push(finding);
    if (read.entries.length + read.findings.length > 0) filled.add(file.folder);
  }
  // Where a mistake explains why nothing is declared, it is enough to report the mistake.
  if (listing.findings.length === 0) findings.push(...emptyFolders(listing.folders, filled));
  return { entries, findings };
}

function emptyFolders(present: ReadonlySet<Folder>, filled: ReadonlySet<Folder>): Finding[] {
  return (Object.keys(FOLDERS) as Folder[])
    .filter((folder) => FOLDERS[folder] && !filled.has(folder))
    .map((folder) => {
      const problem = present.has(folder) ? 'declares nothing' : 'is missing';
      const message = `the folder \`${folder}/\` ${problem}; an estate needs at least one declaration in it`;
      return { severity: 'error', rule: 'no-declarations', message };
    });
}

interface Problem {
  readonly offset: number;
  readonly rule: string;
  readonly message: string;
}

function readFile(file: DeclarationFile, budget: Budget): Declarations {
  const source = readSource(file, budget);
  if ('rule' in source) return { entries: [], findings: toFindings(source.text, [source]) };
  const problems: Problem[] = [];
  const report = (offset: number, rule: string, message: string): void => {
    // One more than is shown says that there are more.
    if (problems.length <= FILE_FINDINGS) problems.push({ offset, rule, message });
  };
  const entries: Entry[] = [];
  for (const tree of readDocuments(source.text, budget, report)) {
    if (problems.length > FILE_FINDINGS) break;
    if (--budget.documents < 0) {
      const message = `more than ${DOCUMENTS} declarations; the rest of the file is not checked`;
      report(valueOffset(tree.marks, []), 'too-large', message);
      break;
    }
    const kind = checkDocument(tree, file.folder, source.text, report);
    if (kind !== undefined) entries.push(toEntry(kind, tree, source));
  }
  return { entries, findings: toFindings(source, problems) };
}

function toEntry(kind: string, { value, marks }: Tree, source: TextFile): Entry {
  return {
    kind,
    value,
    file: source.file,
    place: (path = []) => source.place(valueOffset(marks, path)),
    keyPlace: (path) => source.place(keyOffset(marks, path)),
    keys: (path = []) => keysInOrder(marks, path),
  };
}

function toFindings(source: TextFile, problems: readonly Problem[]): Finding[] {
  const sorted = problems.slice(0, FILE_FINDINGS).sort((a, b) => a.offset - b.offset);
  const findings = sorted.map(({ offset, rule, message }): Finding => {
    return { severity: 'error', rule, message, place: source.place(offset) };
  });
  const last = findings.at(-1);
  if (problems.length > FILE_FINDINGS && last?.place) {
    const message = `more than ${FILE_FINDINGS} mistakes; the rest of this file is not shown`;
    findings.push({ severity: 'error', rule: 'too-many-mistakes', message, place: last.place });
  }
  return findings;
}
