/** Takes the creation of a replicated table and its replicas elsewhere; refuses one that would not become a replica of theirs. */
import { rootKind } from '../kinds/index.ts';
import { isOnePath } from '../kinds/replication.ts';
import { nameKey } from '../model/object.ts';
import type { Root } from '../model/state.ts';
import type { Step } from '../model/step.ts';
import { ParseError } from '../sql/cursor.ts';
import type { UnroutedNode } from './replica-groups.ts';

/** How the live object is replicated; undefined where it is not, or is not understood. */
function liveReplication(root: Root): string | undefined {
  try {
    return rootKind(root.id.kind).replication?.(root.tree());
  } catch (error) {
    if (error instanceof ParseError) return undefined;
    throw error;
  }
}

function reasonAgainst(node: UnroutedNode, nodes: readonly UnroutedNode[], name: string): string | undefined {
  const wanted = node.creates.get(name);
  if (wanted === undefined || !wanted.includes('(')) return undefined;
  if (wanted.includes('{uuid}')) {
    return 'every server would choose another `{uuid}` for it, so that no two of them replicate: name another path, or create it by hand with the UUID that all replicas share';
  }
  for (const other of nodes) {
    const live = other === node || other.shard !== node.shard ? undefined : other.live?.get(name);
    if (!live) continue;
    const has = liveReplication(live);
    if (has !== undefined && isOnePath(has, wanted, live.id.path)) continue;
    return has === undefined
      ? `it is a plain table on ${other.plan.node}, of which this would be no replica: make it replicated there first, or declare \`replicated: false\``
      : `it is kept as ${has} on ${other.plan.node}, of which this would be no replica: declare its engine with that path`;
  }
  return undefined;
}

/** The step as one that only people can do; undefined where nothing speaks against it. */
export function refusedCreate(
  node: UnroutedNode,
  nodes: readonly UnroutedNode[],
  step: Step,
): Step | undefined {
  if (step.action !== 'create') return undefined;
  const reason = reasonAgainst(node, nodes, nameKey(step.object));
  if (reason === undefined) return undefined;
  return { ...step, statements: [], verdict: 'manual', refusals: [...step.refusals, reason] };
}
