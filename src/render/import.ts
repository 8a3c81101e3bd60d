/** What was imported goes in; the summary that a person reads comes out. */
import type { Finding } from '../model/finding.ts';
import { counted } from './units.ts';
import { visible } from './visible.ts';

export interface ImportSummary {
  /** Where the files are, as the next command takes it. */
  readonly folder: string;
  readonly files: readonly { readonly path: string; readonly begins: readonly unknown[] }[];
  readonly counts: ReadonlyMap<string, number>;
  readonly findings: readonly Finding[];
  readonly nodes: readonly string[];
}

const plural = (kind: string): string => kind.replace(/y$/, 'ie');

/** `2 databases, 14 tables`. */
function kindsText(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([kind, count]) => counted(count, count === 1 ? kind : plural(kind))).join(', ');
}

function findingLines(findings: readonly Finding[]): string[] {
  const lines = findings.map(
    ({ severity, message, node }) => `  ${severity}  ${visible(message)}${node ? ` [${visible(node)}]` : ''}`,
  );
  return lines.length > 0 ? ['', ...new Set(lines)] : [];
}

export function renderImport({ folder, files, counts, findings, nodes }: ImportSummary): string {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (total === 0) {
    return ['Nothing to import: all that is live is declared.', ...findingLines(findings), ''].join('\n');
  }
  const width = Math.max(...files.map(({ path }) => path.length));
  return [
    `Imported ${counted(total, 'object')}: ${kindsText(counts)}.`,
    '',
    ...files.map(({ path, begins }) =>
      `  ${path.padEnd(width)}  ${begins.length > 0 ? counted(begins.length, 'object') : ''}`.trimEnd(),
    ),
    ...findingLines(findings),
    '',
    `What was written was planned against ${counted(nodes.length, 'node')}: nothing that was imported differs.`,
    `Next: plumbline plan --estate ${folder}`,
    '',
  ].join('\n');
}
