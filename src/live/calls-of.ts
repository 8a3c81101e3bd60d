/** A SELECT goes in; the names in it that stand where functions are called come out. */
import { tokenName } from '../sql/token-name.ts';
import { tokenize } from '../sql/tokens.ts';

/** Forms that ClickHouse reads as calls of functions with other names; no list of the server's has them. */
const FORMS = new Set(
  `EXTRACT TRIM LTRIM RTRIM DATE_ADD DATEADD DATE_SUB DATESUB TIMESTAMP_ADD TIMESTAMPADD TIMESTAMP_SUB TIMESTAMPSUB
   DATE_DIFF DATEDIFF TIMESTAMP_DIFF TIMESTAMPDIFF TUPLE UNTUPLE LAMBDA TERNARY EXCLUDE CAST`.split(/\s+/),
);

/** Names that the query itself gives: of lambdas and windows, and of subqueries behind WITH. */
function givenNames(words: readonly (string | undefined)[]): Set<string> {
  const given = new Set<string>();
  for (const [at, word] of words.entries()) {
    if (word?.toUpperCase() !== 'AS') continue;
    for (const name of [words[at - 1], words[at + 1]]) if (name !== undefined) given.add(name);
  }
  return given;
}

/** Throws `TokenError` for text that is no SQL. */
export function callsOf(query: string): string[] {
  const tokens = tokenize(query);
  const words = tokens.map(tokenName);
  const given = givenNames(words);
  const calls = words.flatMap((word, at) => {
    const isCall = word !== undefined && tokens[at + 1]?.text === '(' && tokens[at - 1]?.text !== '.';
    // Servers write the call of a view that takes parameters as `db.view`(…).
    const isView = tokens[at]?.kind === 'quoted' && word?.includes('.');
    return isCall && !isView && !given.has(word) && !FORMS.has(word.toUpperCase()) ? [word] : [];
  });
  return [...new Set(calls)];
}
