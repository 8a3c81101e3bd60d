/** Live servers and the estate they belong to go in; the files that declare what nobody declared yet come out, proven. */
import { type SurveyOptions, survey } from '../apply/survey.ts';
import type { Entry } from '../declared/files.ts';
import { ROOT_KINDS, rootKind } from '../kinds/index.ts';
import { PlumblineError } from '../model/errors.ts';
import type { Estate } from '../model/estate.ts';
import type { Finding } from '../model/finding.ts';
import { nameKey, pathKey, showId } from '../model/object.ts';
import { planFindings, unreadableNodes } from '../model/plan.ts';
import { type Candidate, candidatesOf } from './candidates.ts';
import { type Checking, check } from './check.ts';
import { type Choice, collect, type Found } from './collect.ts';
import { type Declaration, filesOf, type ImportedFile, type Layout } from './files.ts';
import { askers } from './normalisers.ts';

export interface ImportOptions extends Choice {
  readonly layout: Layout;
  readonly survey: SurveyOptions;
  /** Throws a PlumblineError where one of the files must not be written. */
  readonly mayWrite: (files: readonly ImportedFile[]) => void;
  /** Comment lines for the head of the file at a path. */
  readonly first: (path: string) => readonly string[];
}

export interface Imported {
  readonly files: readonly ImportedFile[];
  /** Kind's name → how many of them are declared. */
  readonly counts: ReadonlyMap<string, number>;
  readonly findings: readonly Finding[];
  /** Nodes against which the files were planned. */
  readonly nodes: readonly string[];
}

/** An object on its way to a declaration: candidates from the first one on that has not failed. */
interface Attempt {
  readonly found: Found;
  readonly candidates: Candidate[];
}

function warning(rule: string, message: string, object?: string): Finding {
  return { severity: 'warning', rule, message, ...(object && { object }) };
}

/** Databases before what is in them, then by kind and name. */
function inOrder(attempts: readonly Attempt[]): Attempt[] {
  const rank = ({ found: { root } }: Attempt): number => ROOT_KINDS.indexOf(rootKind(root.id.kind));
  const key = ({ found: { root } }: Attempt): string => nameKey(root.id);
  return [...attempts].sort((a, b) => rank(a) - rank(b) || (key(a) < key(b) ? -1 : 1));
}

const isSame = (a: readonly string[], b: ReadonlySet<string>): boolean =>
  a.length === b.size && a.every((name) => b.has(name));

/** The best declaration of each object; it says `on` where that is not what its database says. */
function declarationsOf(attempts: readonly Attempt[], estate: Estate): Declaration[] {
  const scopes = new Map<string, ReadonlySet<string>>(
    estate.objects
      .filter(({ tree }) => tree.root.id.kind === 'database')
      .map(({ tree, clusters }) => [pathKey(tree.root.id.path), clusters]),
  );
  for (const { found } of attempts)
    if (found.root.id.kind === 'database') scopes.set(nameKey(found.root.id), new Set(found.clusters));
  return attempts.flatMap(({ found: { root, clusters }, candidates: [best] }) => {
    if (!best) return [];
    const scope = root.id.path.length > 1 ? scopes.get(pathKey(root.id.path.slice(0, 1))) : undefined;
    const on = clusters.length === 1 ? clusters[0] : clusters;
    const { kind, description } = best.described;
    const told = scope && isSame(clusters, scope) ? description : { ...description, on };
    return [{ key: nameKey(root.id), id: root.id, described: { kind, description: told } }];
  });
}

/** Writes and plans until what is written means what is live; what fails is declared in the next way, at last as raw text. */
async function settle(attempts: readonly Attempt[], options: ImportOptions, checking: Checking) {
  const reasons = new Map<string, string>();
  for (;;) {
    const files = filesOf(declarationsOf(attempts, checking.estate), options.layout, options.first);
    options.mayWrite(files);
    const failures = await check(files, checking);
    if (failures.size === 0) return { files, reasons };
    const known = new Set(attempts.map(({ found }) => nameKey(found.root.id)));
    const stray = [...failures].find(([key]) => !known.has(key));
    if (stray) throw new PlumblineError(`What is live can't be declared beside what is: ${stray[1]}`);
    for (const { found, candidates } of attempts) {
      const reason = failures.get(nameKey(found.root.id));
      if (reason === undefined) continue;
      candidates.shift();
      reasons.set(nameKey(found.root.id), reason);
    }
  }
}

function outcomes(attempts: readonly Attempt[], reasons: ReadonlyMap<string, string>): Finding[] {
  return attempts.flatMap(({ found: { root }, candidates: [best] }) => {
    const key = nameKey(root.id);
    const reason = reasons.get(key);
    const name = showId(root.id);
    if (!best)
      return warning('left-out', `${name} is left out: ${reason ?? 'Plumbline can not read it'}`, key);
    if (best.described.kind !== 'Raw') return [];
    return warning('written-raw', `${name} is written as its CREATE text: ${reason ?? best.reason}`, key);
  });
}

function countsOf(attempts: readonly Attempt[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const {
    found,
    candidates: [best],
  } of attempts) {
    if (!best) continue;
    const kind = best.described.kind === 'Raw' ? 'raw object' : found.root.id.kind;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

/**
 * Reads every node of the chosen clusters. One object that can't be declared becomes a finding and stops nobody else. Throws a
 * PlumblineError when no node can be read.
 */
export async function importObjects(
  estate: Estate,
  entries: readonly Entry[],
  options: ImportOptions,
): Promise<Imported> {
  const live = await survey(estate, { ...options.survey, keepStates: true });
  try {
    const unread = unreadableNodes(live.plan);
    if (live.states.size === 0) {
      const reasons = unread.map(({ node, unreadable }) => `${node}: ${unreadable}`).join('; ');
      throw new PlumblineError(`No node could be read: ${reasons}`);
    }
    const { found, findings } = collect(live, estate, options);
    const ask = askers(live, estate, options.survey.connectTimeout);
    const attempts: Attempt[] = [];
    const left: Finding[] = [];
    const describe = async (one: Found): Promise<void> => {
      const { best, refused } = await candidatesOf(one.root, await ask(one.node));
      if (refused === undefined) attempts.push({ found: one, candidates: [...best] });
      else left.push(warning('left-out', `${refused}: left out`, nameKey(one.root.id)));
    };
    await Promise.all(found.map(describe));
    const ordered = inOrder(attempts);
    const base = options.all ? { ...estate, objects: [] } : estate;
    const { files, reasons } = await settle(ordered, options, {
      estate: base,
      entries,
      found: new Map(found.map((one) => [nameKey(one.root.id), one])),
      states: live.states,
      options: options.survey,
    });
    return {
      files,
      counts: countsOf(ordered),
      findings: [
        ...unread.map(({ node, unreadable }) =>
          warning('unreadable', `${node} could not be read: ${unreadable}`),
        ),
        ...planFindings(live.plan).filter(({ rule }) => rule !== 'other-version'),
        ...findings,
        ...left,
        ...outcomes(ordered, reasons),
      ],
      nodes: [...live.states.keys()],
    };
  } finally {
    await live.close();
  }
}
