/** Compares what nobody declared between the nodes of one cluster, which should have the same: gives a finding per odd node. */
import type { Finding } from '../model/finding.ts';
import { nameKey, showPath } from '../model/object.ts';
import type { Root } from '../model/state.ts';

const SHOWN = 5;

export interface NodeRoots {
  readonly node: string;
  readonly roots: readonly Root[];
}

function differences(reference: NodeRoots, other: NodeRoots): string[] {
  const here = new Map(other.roots.map((root) => [nameKey(root.id), root]));
  const there = new Map(reference.roots.map((root) => [nameKey(root.id), root]));
  const missing = reference.roots.filter(({ id }) => !here.has(nameKey(id)));
  const extra = other.roots.filter(({ id }) => !there.has(nameKey(id)));
  const changed = other.roots.filter((root) => {
    const twin = there.get(nameKey(root.id));
    return twin !== undefined && twin.statement !== root.statement;
  });
  return [
    ...changed.map(({ id }) => `${showPath(id.path)} differs`),
    ...missing.map(({ id }) => `${showPath(id.path)} is missing`),
    ...extra.map(({ id }) => `${showPath(id.path)} is only here`),
  ];
}

/** Findings by node: how its unmanaged objects differ from those of the cluster's first node that was read. */
export function disagreements(nodes: readonly NodeRoots[]): ReadonlyMap<string, Finding> {
  const [reference, ...others] = nodes;
  const findings = new Map<string, Finding>();
  if (!reference) return findings;
  for (const other of others) {
    const found = differences(reference, other);
    if (found.length === 0) continue;
    const more = found.length > SHOWN ? ` and ${found.length - SHOWN} more` : '';
    const message = `objects that nobody declared are not as on ${reference.node}: ${found.slice(0, SHOWN).join(', ')}${more}`;
    findings.set(other.node, { severity: 'warning', rule: 'nodes-disagree', message, node: other.node });
  }
  return findings;
}
