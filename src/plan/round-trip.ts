/** Checks that Plumbline could have written what it read: an object it doesn't fully understand is never touched. */
import { rootKind } from '../kinds/index.ts';
import type { Root } from '../model/state.ts';
import { unquote } from '../sql/quote.ts';
import { type Token, tokenize } from '../sql/tokens.ts';

/** Quoted and bare names are the same name; everything else is compared as written. */
const comparable = (token: Token): string => (token.kind === 'quoted' ? unquote(token.text) : token.text);

/** Tokens without `COMMENT ''`, which some servers keep and nobody needs to write. */
function meaningful(statement: string): Token[] {
  const tokens = tokenize(statement);
  const isEmpty = (at: number): boolean => tokens[at]?.text === 'COMMENT' && tokens[at + 1]?.text === "''";
  return tokens.filter((_token, at) => !isEmpty(at) && !isEmpty(at - 1));
}

/** The first piece of the live text that writing it back would lose or change; undefined when nothing is. */
export function missingFromRoundTrip(live: Root): string | undefined {
  const draft = rootKind(live.id.kind).create(live.tree());
  const written = meaningful('statements' in draft ? (draft.statements[0] ?? '') : '');
  const read = meaningful(live.statement);
  for (let at = 0; at < Math.max(read.length, written.length); at++) {
    const [before, after] = [read[at], written[at]];
    if (before && after && comparable(before) === comparable(after)) continue;
    return `\`${before?.text ?? 'the end'}\` at offset ${before?.start ?? live.statement.length} can't be written back`;
  }
  return undefined;
}
