/** Takes findings and gives them as SARIF 2.1.0, which code scanning shows on the lines of the declarations. */
import { createHash } from 'node:crypto';
import { lintRule } from '../lint/index.ts';
import type { Finding } from '../model/finding.ts';
import type { Place } from '../model/place.ts';
import { repositoryPath } from './comment-links.ts';
import { visible, visibleNode } from './visible.ts';

export interface SarifOptions {
  /** The estate's folder inside the repository, `.` for its root. */
  readonly estate: string;
  readonly version: string;
  /** Where a node is declared: the place of what was only seen there. */
  readonly nodePlaces?: ReadonlyMap<string, Place>;
}

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';
/** Code scanning takes no result without a location; this is where what has none is looked for first. */
const NOWHERE: Place = { file: 'clusters', line: 1, column: 1 };

/** `[x](y)` is a link in a SARIF message. */
const words = (text: string): string => visible(text).replace(/\[(?=[^\]]*\]\()/g, '\\[');

interface Seen {
  readonly finding: Finding;
  readonly nodes: string[];
}

/** The same finding of several nodes once; a result's place is its declaration's line. */
function bySubject(findings: readonly Finding[]): Seen[] {
  const found = new Map<string, Seen>();
  for (const finding of findings) {
    const { severity, rule, message, place, node } = finding;
    const key = JSON.stringify([severity, rule, message, place]);
    const seen = found.get(key) ?? { finding, nodes: [] };
    found.set(key, seen);
    if (node !== undefined && !seen.nodes.includes(node)) seen.nodes.push(node);
  }
  return [...found.values()];
}

function resultOf({ finding, nodes }: Seen, rules: readonly string[], { estate, nodePlaces }: SarifOptions) {
  const { severity, rule, message, object } = finding;
  const seenAt = nodes.map((node) => nodePlaces?.get(node)).find((place) => place !== undefined);
  const place = finding.place ?? seenAt ?? NOWHERE;
  const uri = repositoryPath(estate, place);
  const where = nodes.length > 0 ? ` (on ${nodes.map(visibleNode).join(', ')})` : '';
  // Not the line: a finding stays the same one when lines are added above it.
  const identity = JSON.stringify([rule, place.file, object ?? '', message]);
  return {
    ruleId: rule,
    ruleIndex: rules.indexOf(rule),
    level: severity,
    message: { text: words(message + where) },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri, uriBaseId: '%SRCROOT%' },
          region: { startLine: place.line, startColumn: place.column },
        },
      },
    ],
    partialFingerprints: { 'plumbline/v1': createHash('sha256').update(identity).digest('hex').slice(0, 32) },
  };
}

/** Lint rules say why they are there and what would be right, where code scanning shows an alert. */
function describeRule(id: string) {
  const rule = lintRule(id);
  if (!rule) return { id, shortDescription: { text: visible(id.replaceAll('-', ' ')) } };
  const { title, why, link, bad, good } = rule;
  const example = (text: string): string => `\`\`\`yaml\n${text}\n\`\`\``;
  return {
    id,
    shortDescription: { text: title },
    fullDescription: { text: why },
    helpUri: link,
    help: {
      text: `${why}\n\n${link}`,
      markdown: `${why}\n\nInstead of\n\n${example(bad)}\n\ndeclare\n\n${example(good)}\n\n${link}`,
    },
    defaultConfiguration: { level: rule.severity },
  };
}

/** JSON with a newline at its end: every finding once, with the nodes it was seen on in its message. */
export function renderSarif(findings: readonly Finding[], options: SarifOptions): string {
  const rules = [...new Set(findings.map(({ rule }) => rule))].sort();
  const results = bySubject(findings).map((seen) => resultOf(seen, rules, options));
  const driver = {
    name: 'Plumbline',
    version: options.version,
    rules: rules.map(describeRule),
  };
  const log = {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [{ tool: { driver }, columnKind: 'unicodeCodePoints', results }],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}
