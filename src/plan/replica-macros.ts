/** Takes the replicated tables that are to be created and the nodes' macros; tells of replicas that would not find each other. */
import type { Finding } from '../model/finding.ts';
import { unquote } from '../sql/quote.ts';
import { tokenize } from '../sql/tokens.ts';
import type { UnroutedNode } from './replica-groups.ts';

/** Macros that the server knows without being told. */
const BUILT_IN = new Set(['database', 'table', 'uuid', 'server_uuid']);

interface Placement {
  readonly node: UnroutedNode;
  /** As declared. */
  readonly texts: readonly string[];
  /** The path and the replica's name with macros written out. */
  readonly path: string;
  readonly replica: string;
}

function placementOf(node: UnroutedNode, replication: string): Placement {
  const texts = tokenize(replication).flatMap(({ kind, text }) => (kind === 'string' ? [unquote(text)] : []));
  const written = texts.map((text) =>
    text.replace(/\{(\w+)\}/g, (macro, name) => node.macros?.get(name) ?? macro),
  );
  const [path = '', replica = ''] = written;
  return { node, texts, path, replica };
}

function missingMacro({ node, texts }: Placement): string | undefined {
  const used = texts.flatMap((text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name));
  return used.find((name) => !BUILT_IN.has(name) && !node.macros?.has(name));
}

/** Why the first of these can't be created beside the second. */
function clash(a: Placement, b: Placement): readonly [rule: string, message: string] | undefined {
  const [here, there] = [a.node.plan.node, b.node.plan.node];
  if (a.path === b.path && a.replica === b.replica)
    return ['same-replica', `${here} and ${there} would be the same replica, ${a.path} ${a.replica}`];
  const isNear = a.node.shard === b.node.shard;
  if (isNear && a.path !== b.path)
    return ['replicas-apart', `${here} would keep in ${a.path} what ${there} keeps in ${b.path}`];
  if (!isNear && a.path === b.path && a.texts.some((text) => text.includes('{shard}')))
    return ['same-shard', `${here} and ${there} are two shards and would both keep in ${a.path}`];
  return undefined;
}

/** Findings by node, of each sort the first. Nodes whose macros are not known are left out. */
export function macroFindings(nodes: readonly UnroutedNode[]): ReadonlyMap<UnroutedNode, readonly Finding[]> {
  const found = new Map<UnroutedNode, Finding[]>();
  const tell = (node: UnroutedNode, object: string, rule: string, message: string): void => {
    const told = found.get(node) ?? [];
    found.set(node, told);
    const finding: Finding = { severity: 'error', rule, message, object, node: node.plan.node };
    if (!told.some((other) => other.rule === rule)) told.push(finding);
  };
  const placed = new Map<string, Placement[]>();
  for (const node of nodes.filter(({ macros }) => macros !== undefined)) {
    for (const [name, replication] of node.creates) {
      const placement = placementOf(node, replication);
      const missing = missingMacro(placement);
      const others = placed.get(name) ?? [];
      if (missing !== undefined) {
        const message = `${node.plan.node} has no macro \`${missing}\`, with which replicated tables are to be created: configure it in <macros>, or declare another path`;
        tell(node, name, 'unknown-macro', message);
        continue;
      }
      const clashes = others.flatMap((other) => clash(placement, other) ?? []);
      const [rule, message] = clashes;
      if (rule !== undefined && message !== undefined) {
        tell(node, name, rule, `${message}: mend the macros of these servers`);
      }
      placed.set(name, [...others, placement]);
    }
  }
  return found;
}
