/** A federation and what its reading nodes have, or will have, go in; settings that make its queries leave out rows come out. */
import type { Federation } from '../model/federation.ts';
import type { Finding } from '../model/finding.ts';
import { nameKey, pathKey, showId } from '../model/object.ts';
import type { Root } from '../model/state.ts';
import { unquote } from '../sql/quote.ts';
import { TokenError, tokenize } from '../sql/tokens.ts';
import type { MemberNode } from './check-structure.ts';
import { readersOf } from './readers.ts';

const SKIP = 'optimize_skip_unused_shards';

/** What everybody's queries see, whatever they read. */
const OF_SESSIONS: ReadonlySet<string> = new Set(['user', 'role', 'settings profile']);

/** Whether the text switches the setting on: `name = 1`, `name = true`, `name = '1'`. */
function skips({ statement }: Root): boolean {
  if (!statement.includes(SKIP)) return false;
  try {
    const tokens = tokenize(statement).map(({ kind, text }) => (kind === 'string' ? unquote(text) : text));
    return tokens.some(
      (text, at) => text === SKIP && tokens[at + 1] === '=' && /^(1|true)$/i.test(tokens[at + 2] ?? ''),
    );
  } catch (error) {
    if (error instanceof TokenError) return false;
    throw error;
  }
}

/** Errors of the reading nodes: one for each object whose setting a query over the federation would see. */
export function checkSettings(federation: Federation, nodes: readonly MemberNode[]): Finding[] {
  const { name, reads, covered } = federation;
  const federated = new Set(covered.map((table) => pathKey(table.federated)));
  return nodes
    .filter(({ cluster }) => cluster === reads)
    .flatMap(({ node, all }) => {
      const roots = all();
      const skipping = roots.filter(skips);
      if (skipping.length === 0) return [];
      const isReader = readersOf(roots, federated);
      return skipping
        .filter((root) => OF_SESSIONS.has(root.id.kind) || isReader(root))
        .map(({ id, place }): Finding => {
          const message = `${showId(id)} switches ${SKIP} on, and queries over federation \`${name}\` would leave out the rows of whole members without a word; remove the setting`;
          const about = { object: nameKey(id), node, ...(place && { place }) };
          return { severity: 'error', rule: 'federation-skips-shards', message, ...about };
        });
    });
}
