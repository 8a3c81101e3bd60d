/** A federation and what its members' nodes have, or will have, go in; what keeps its Distributed tables from reading them comes out. */
import { columnsOf } from '../kinds/column-keys.ts';
import type { Federation } from '../model/federation.ts';
import type { Finding } from '../model/finding.ts';
import { pathKey, showPath } from '../model/object.ts';
import type { Root } from '../model/state.ts';
import { ParseError } from '../sql/cursor.ts';
import { TokenError } from '../sql/tokens.ts';
import { membersRead } from './remote-clusters.ts';

/** A node that could be read. */
export interface MemberNode {
  readonly node: string;
  readonly cluster: string;
  /** The object of a name as the plan leaves it behind. */
  at(key: string): Root | undefined;
  /** All objects that there are then, also those that the plan drops. */
  all(): readonly Root[];
}

/** Types by column; undefined for what is not understood, which is told where it is compared. */
function typesOf(root: Root): ReadonlyMap<string, string> | undefined {
  try {
    const columns = [...columnsOf(root.tree())];
    return new Map(columns.map(([name, { type = '' }]) => [name, type]));
  } catch (error) {
    if (error instanceof ParseError || error instanceof TokenError) return undefined;
    throw error;
  }
}

function columnProblems(wanted: ReadonlyMap<string, string>, found: ReadonlyMap<string, string>): string[] {
  return [...wanted].flatMap(([name, type]) => {
    const other = found.get(name);
    if (other === undefined) return [`has no column \`${name}\``];
    return other === type ? [] : [`has \`${name}\` as ${other} instead of ${type}`];
  });
}

function problemsOf(wanted: Root, member: MemberNode, path: readonly string[]): string[] {
  const root = member.at(pathKey(path));
  if (!root) return ['is not there'];
  const [types, found] = [typesOf(wanted), typesOf(root)];
  return types && found ? columnProblems(types, found) : [];
}

/** Errors of the members' nodes: one for each covered table that has not the columns of its Distributed table. */
export function checkStructure(federation: Federation, nodes: readonly MemberNode[]): Finding[] {
  const { name, reads, covered, place } = federation;
  const readers = nodes.filter(({ cluster }) => cluster === reads);
  const members = nodes.filter(({ cluster }) => membersRead(federation).includes(cluster));
  return covered.flatMap(({ path, federated }) => {
    const wanted = readers.map((reader) => reader.at(pathKey(federated))).find((root) => root !== undefined);
    if (!wanted) return [];
    return members.flatMap((member): Finding[] => {
      const problems = problemsOf(wanted, member, path);
      if (problems.length === 0) return [];
      const message = `\`${showPath(path)}\` is read through \`${showPath(federated)}\` of federation \`${name}\`, and on ${member.node} it ${problems.join(', ')}; make it the same on all members, or put it under \`except\``;
      const about = { object: pathKey(path), node: member.node, ...(place && { place }) };
      return [{ severity: 'error', rule: 'federation-structure', message, ...about }];
    });
  });
}
