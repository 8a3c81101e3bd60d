/** The parts of a plan comment, the plan and older ones folded below it, are joined into one text and told apart again. */
import { createHash } from 'node:crypto';

export interface OlderPlan {
  readonly commit: string;
  readonly digest: string;
  /** Markdown. */
  readonly text: string;
}

export interface CommentParts {
  /** The plan's Markdown. */
  readonly text: string;
  /** The newest first. */
  readonly older: readonly OlderPlan[];
  /** How many even older plans were left out for want of room. */
  readonly left: number;
}

export interface JoinedParts {
  readonly boundary: string;
  readonly text: string;
}

/**
 * Names, comments and SQL in a plan may hold any text, and so also what a separator looks like. The boundary is a word that
 * none of the texts has, like that of a multipart message; it depends on them alone, so that equal plans give equal bytes.
 */
function chooseBoundary(texts: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(texts)).digest('hex');
  for (let round = 0; ; round++) {
    const boundary = createHash('sha256').update(`${round} ${hash}`).digest('hex').slice(0, 12);
    if (!texts.some((text) => text.includes(boundary))) return boundary;
  }
}

function fold({ commit, digest, text }: OlderPlan, boundary: string): string {
  const summary = `<summary>Older plan, of <code>${commit.slice(0, 7)}</code></summary>`;
  return `<!-- plumbline:older:${boundary} commit=${commit} digest=${digest} -->\n<details>\n${summary}\n\n${text}\n\n</details>`;
}

function leftText(left: number, boundary: string): string {
  const plans = left === 1 ? '1 older plan is' : `${left} older plans are`;
  return `<!-- plumbline:left:${boundary} count=${left} -->\n<sub>${plans} left out.</sub>`;
}

/** As many older plans as keep the whole under a number of characters; the plan itself is never cut. */
export function joinParts({ text, older, left }: CommentParts, characters: number): JoinedParts {
  const someBoundary = '0'.repeat(12);
  let room = characters - text.length - leftText(older.length + left, someBoundary).length - 2;
  const tooMany = older.findIndex((plan) => {
    room -= fold(plan, someBoundary).length + 2;
    return room < 0;
  });
  const kept = tooMany < 0 ? older : older.slice(0, tooMany);
  const boundary = chooseBoundary([text, ...kept.map((plan) => plan.text)]);
  const parts = [text, ...kept.map((plan) => fold(plan, boundary))];
  const dropped = left + older.length - kept.length;
  if (dropped > 0) parts.push(leftText(dropped, boundary));
  return { boundary, text: parts.join('\n\n') };
}

/** The parts of a text that `joinParts` made. */
export function splitParts(joined: string, boundary: string): CommentParts {
  const separator = new RegExp(
    `\\n\\n<!-- plumbline:(?:older|left):${boundary} (?:commit=([0-9a-f]+) digest=([0-9a-f]+)|count=(\\d+)) -->\\n`,
  );
  const [text = '', ...rest] = joined.replaceAll('\r\n', '\n').split(separator);
  const older: OlderPlan[] = [];
  let left = 0;
  for (let at = 0; at + 3 < rest.length; at += 4) {
    const [commit, digest, count, content = ''] = rest.slice(at, at + 4);
    const inner = /^<details>\n<summary>[^\n]*<\/summary>\n\n([\s\S]*)\n\n<\/details>\s*$/.exec(content)?.[1];
    if (count !== undefined) left = Number(count);
    else if (commit && digest && inner !== undefined) older.push({ commit, digest, text: inner });
  }
  return { text: text.trim(), older, left };
}
