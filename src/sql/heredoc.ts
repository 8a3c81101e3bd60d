/** A SQL text goes in; where its `$tag$ … $tag$` strings end comes out, in time that grows with the text alone. */

const DOLLAR = /\$(\w*)(?=\$)/g;

/** The offset behind the heredoc that begins at a `$`, or undefined where none does. */
export function heredocEnds(source: string): (start: number) => number | undefined {
  const tags = new Map<number, string>();
  const last = new Map<string, number>();
  for (const { 0: text, index } of source.matchAll(DOLLAR)) {
    tags.set(index, `${text}$`);
    last.set(`${text}$`, index);
  }
  return (start) => {
    const tag = tags.get(start);
    if (tag === undefined) return undefined;
    const inside = start + tag.length;
    // Without this, each tag that is never closed would be searched for up to the end.
    if ((last.get(tag) ?? 0) < inside) return undefined;
    return source.indexOf(tag, inside) + tag.length;
  };
}

/** What stands between the tags of a heredoc. */
export function heredocText(quoted: string): string {
  const tag = quoted.indexOf('$', 1) + 1;
  return quoted.slice(tag, quoted.length - tag);
}
