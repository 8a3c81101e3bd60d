/** Takes a plan, findings, the status of pairs, loads and checks of histories, or replayed queries, and gives the text of a file: the same plan is always the same bytes. */
import type { PairStatus } from '../dr/pair-status.ts';
import type { FederationStatus } from '../model/federation-status.ts';
import type { Finding } from '../model/finding.ts';
import type { Plan } from '../model/plan.ts';
import type { Replay } from '../model/replay.ts';
import type { TenantCheck, Unchecked } from '../scd/check.ts';

/** Keys in the order in which people want to read them; others follow by name. */
const ORDER = [
  ...[
    'format',
    'digest',
    'clusters',
    'cluster',
    'edition',
    'nodes',
    'node',
    'address',
    'version',
    'unreadable',
  ],
  ...[
    'severity',
    'rule',
    'message',
    'action',
    'object',
    'kind',
    'path',
    'name',
    'reason',
    'verdict',
    'from',
    'to',
  ],
  ...['statements', 'hazards', 'refusals', 'changes', 'attributes', 'impact', 'rows', 'bytes', 'parts'],
  ...['place', 'file', 'line', 'column', 'fingerprint', 'steps', 'findings', 'unmanaged'],
];

const position = new Map(ORDER.map((key, at) => [key, at]));

const rank = (key: string): number => position.get(key) ?? ORDER.length;

function ordered(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
  return Object.fromEntries(entries);
}

/** Characters that a terminal could act on, or that nobody would see; JSON lets them stand. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

function escapeUnits(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}

/** JSON with two spaces of indentation and a newline at its end; what can't be seen is escaped. */
export function renderJson(
  value:
    | Plan
    | readonly Finding[]
    | { readonly pairs: readonly PairStatus[] }
    | { readonly loads: readonly object[] }
    | { readonly federations: readonly FederationStatus[] }
    | { readonly expired: readonly object[] }
    | { readonly replays: readonly Replay[] }
    | { readonly checks: readonly TenantCheck[]; readonly unchecked: readonly Unchecked[] },
): string {
  const text = JSON.stringify(value, ordered, 2);
  return `${text.replace(UNSEEN, (character) => (character === '\n' ? character : escapeUnits(character)))}\n`;
}
