/** An estate goes in; warnings about users, roles and profiles that access objects name and nobody declares come out: they may be live, or misspelt. */
import { describeNames } from '../kinds/access-names.ts';
import { describeElements, type Elements } from '../kinds/access-settings.ts';
import { granteeOf, rolesGranted } from '../kinds/grant-form.ts';
import type { DeclaredObject, Estate } from '../model/estate.ts';
import type { Finding } from '../model/finding.ts';
import { isAccess, showId } from '../model/object.ts';
import { didYouMean } from './messages.ts';

/** They come with every server. */
const WITH_SERVER = ['default', 'readonly'];

/** The names in a set, also those that it leaves out. */
function namesIn(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  const names = describeNames(text);
  if (typeof names === 'string') return [];
  return 'all_except' in names ? names.all_except : names;
}

/** Declared names on one cluster. */
interface Names {
  readonly grantees: readonly string[];
  readonly roles: readonly string[];
  readonly profiles: readonly string[];
  /** By grantee. */
  readonly granted: ReadonlyMap<string, ReadonlySet<string>>;
}

function namesOn(objects: readonly DeclaredObject[]): Names {
  const of = (kind: string): string[] =>
    objects.flatMap(({ tree }) => (tree.root.id.kind === kind ? tree.root.id.path : []));
  const granted = new Map<string, Set<string>>();
  for (const { tree } of objects) {
    if (tree.root.id.kind !== 'grant') continue;
    const roles = granted.get(granteeOf(tree)) ?? new Set();
    granted.set(granteeOf(tree), roles);
    for (const role of rolesGranted(tree)) roles.add(role);
  }
  const roles = of('role');
  return { grantees: [...of('user'), ...roles], roles, profiles: of('settings profile'), granted };
}

/** What is wrong with the names that an object names. */
function mistakes({ tree }: DeclaredObject, names: Names): string[] {
  const { id, attributes } = tree.root;
  const said = attributes as { readonly to?: string; readonly default_roles?: string };
  const unknown = (what: string, wanted: readonly string[], known: readonly string[]): string[] =>
    wanted
      .filter((name) => !known.includes(name) && !WITH_SERVER.includes(name))
      .map((name) => `no ${what} \`${name}\` is declared there${didYouMean(name, known)}`);
  if (id.kind === 'grant') {
    return [
      ...unknown('user or role', [granteeOf(tree)], names.grantees),
      ...unknown('role', rolesGranted(tree), names.roles),
    ];
  }
  const { profiles = [] } =
    'settings' in attributes ? describeElements(attributes as unknown as Elements) : {};
  const defaults = id.kind === 'user' ? namesIn(said.default_roles) : [];
  const granted = names.granted.get(id.path[0] ?? '');
  return [
    ...unknown('user or role', namesIn(said.to), names.grantees),
    ...unknown('settings profile', profiles, names.profiles),
    ...unknown('role', defaults, names.roles),
    ...defaults
      .filter((role) => names.roles.includes(role) && !granted?.has(role))
      .map((role) => `no Grant gives it its default role \`${role}\``),
  ];
}

/** Of generated objects nothing is told: their names go together. */
export function unknownAccess({ clusters, objects }: Estate): Finding[] {
  return clusters.flatMap((cluster) => {
    const here = objects.filter(({ tree, clusters: on }) => on.has(cluster.name) && isAccess(tree.root.id));
    const names = namesOn(here);
    return here.flatMap((object): Finding[] => {
      const { id, place } = object.tree.root;
      if (object.generatedBy !== undefined) return [];
      return mistakes(object, names).map((why) => {
        const message = `${showId(id)}, on cluster ${cluster.name}: ${why}`;
        return { severity: 'warning', rule: 'unknown-access', message, ...(place && { place }) };
      });
    });
  });
}
