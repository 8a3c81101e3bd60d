/** Nodes and what was seen of them go in; whether they are free of covered rows, and what of them expires when, comes out. */
import { showPath } from '../model/object.ts';
import type { Condition } from '../model/stage.ts';
import { counted, formatBytes } from '../render/units.ts';
import type { SeenNode, SeenTable } from './seen.ts';

export type Judged = Pick<Condition, 'state' | 'seen'>;

export const judged = (problems: readonly string[], fine: string): Judged =>
  problems.length > 0 ? { state: 'unmet', seen: problems } : { state: 'met', seen: [fine] };

/** Tables that are told one by one. */
const TOLD = 12;

/** `2026-12-24` of seconds since 1970. */
const day = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10);

export const holding = (node: SeenNode): readonly SeenTable[] => node.tables.filter(({ rows }) => rows > 0);

const isExpired = ({ expires }: SeenTable, { now }: SeenNode): boolean => expires > 0 && expires <= now;

interface Holding {
  readonly node: SeenNode;
  readonly table: SeenTable;
}

const bytesOf = (held: readonly Holding[]): string =>
  formatBytes(held.reduce((sum, { table }) => sum + table.bytes, 0));

/** `community-2 holds 12,340 rows (3.1 GiB) in shop.orders, which expire by TTL on 2026-12-24`. */
function heldWords({ node, table: { path, rows, bytes, expires } }: Holding): string {
  const ends =
    expires > 0 ? `, the last of which expire on ${day(expires)}` : ', and no TTL takes all of them away';
  return `${node.node} holds ${counted(rows, 'row')} (${formatBytes(bytes)}) in ${showPath(path)}${ends}`;
}

/** Whether the nodes are free of rows that count; expired ones are as good as gone. `who` are they in a sentence. */
export function empty(nodes: readonly SeenNode[], who: string): Judged {
  const all = nodes.flatMap((node) => holding(node).map((table): Holding => ({ node, table })));
  const left = all.filter(({ node, table }) => !isExpired(table, node));
  if (left.length === 0) {
    const words = `no covered rows are left on ${who}`;
    return judged([], all.length === 0 ? words : `${words} but ${bytesOf(all)} that are past their TTL`);
  }
  const [ending, staying] = [
    left.filter(({ table }) => table.expires > 0),
    left.filter(({ table }) => table.expires === 0),
  ];
  const last = Math.max(...ending.map(({ table }) => table.expires));
  const summary = [
    ...(ending.length > 0 ? [`${bytesOf(ending)} on ${who} expire on ${day(last)} by TTL`] : []),
    ...(staying.length > 0 ? [`${bytesOf(staying)} on ${who} go by no TTL, and have to be moved`] : []),
  ];
  const more = left.length > TOLD ? [`${counted(left.length - TOLD, 'more table')} have some, too`] : [];
  return judged([...summary, ...left.slice(0, TOLD).map(heldWords), ...more], '');
}
