/** The text of a `users.d` file and names go in; the file that holds the users, roles, profiles and quotas of these names alone comes out. */

const OWN = /^ {4}<([\w-]+)/;
const SECTION = /^ {2}<\w+>$/;

/** Of a file in the product's own format: one element for each name, four blanks in. */
export function onlyNamed(text: string, names: ReadonlySet<string>): string {
  const kept: string[] = [];
  let isOurs = true;
  for (const line of text.split('\n')) {
    const name = OWN.exec(line)?.[1];
    if (name !== undefined) isOurs = names.has(name);
    else if (/^ {0,3}(\S|$)/.test(line)) isOurs = true;
    const isEnd = /^ {2}<\//.test(line);
    if (isEnd && SECTION.test(kept.at(-1) ?? '')) kept.pop();
    else if (isOurs) kept.push(line);
  }
  return kept.join('\n');
}
