/** The columns of a source at its last good load and now go in; what came, went or has another type comes out. */

export function driftNotes(before: string, now: Readonly<Record<string, string>>): string[] {
  const then = JSON.parse(before) as Readonly<Record<string, string>>;
  if (Object.keys(then).length === 0) return [];
  const came = Object.keys(now).filter((name) => !Object.hasOwn(then, name));
  const went = Object.keys(then).filter((name) => !Object.hasOwn(now, name));
  const turned = Object.keys(now).filter((name) => Object.hasOwn(then, name) && then[name] !== now[name]);
  return [
    ...came.map((name) => `The source has a new column \`${name}\` (${now[name]}).`),
    ...went.map((name) => `The source has no column \`${name}\` any more.`),
    ...turned.map((name) => `The source's column \`${name}\` is now ${now[name]}, and was ${then[name]}.`),
  ];
}
