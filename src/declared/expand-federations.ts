/** Federation documents go in; federations with every default made explicit and their Distributed tables come out, and what doesn't fit is reported. */
import type { Cluster, DeclaredObject } from '../model/estate.ts';
import {
  type Federation,
  STAGES,
  type Stage,
  usualWriter,
  type WrittenFederation,
} from '../model/federation.ts';
import { type Place, showPlace } from '../model/place.ts';
import { seconds } from './amounts.ts';
import { networkOf } from './expand-network.ts';
import { cover } from './federated-tables.ts';
import { federatedViews } from './federated-views.ts';
import type { Entry } from './files.ts';
import { didYouMean, list } from './messages.ts';

type Report = (rule: string, message: string, place: Place) => void;
type OneOrMore = string | readonly string[];

interface FederationDocument {
  readonly name: string;
  readonly members: readonly string[];
  readonly reads: string;
  readonly writes?: string;
  readonly stage?: Stage;
  readonly tables: OneOrMore;
  readonly except?: OneOrMore;
  readonly kept?: readonly string[];
  readonly writers?: readonly string[];
  readonly quiet?: string;
  readonly shard_by?: Readonly<Record<string, string>>;
  readonly overrides?: Readonly<Record<string, string>>;
}

const listOf = (one: OneOrMore | undefined): readonly string[] =>
  typeof one === 'string' ? [one] : (one ?? []);

const isBefore = (stage: Stage, other: Stage): boolean => STAGES.indexOf(stage) < STAGES.indexOf(other);

function checkMembers(
  { name, reads, writes, kept = [], stage }: WrittenFederation,
  clusters: readonly Cluster[],
  entry: Entry,
  report: Report,
): void {
  const known = clusters.map((cluster) => cluster.name);
  const document = entry.value as FederationDocument;
  for (const [at, member] of document.members.entries()) {
    const place = entry.place(['members', at]);
    if (!known.includes(member))
      report('unknown-cluster', `no cluster is called \`${member}\`${didYouMean(member, known)}`, place);
    if (document.members.indexOf(member) < at)
      report('duplicate', `\`${member}\` is a member twice; name it once`, place);
  }
  const named = [['reads', reads], ...(document.writes ? [['writes', writes]] : [])];
  for (const [key = '', member = ''] of named) {
    if (document.members.includes(member)) continue;
    const all = list([...new Set(document.members)], 'and');
    const message = `\`${member}\` is no member of the federation; its members are ${all}`;
    report('unknown-member', message, entry.place([key]));
  }
  if (known.includes(name)) {
    const message = `a cluster is called \`${name}\` already, and servers would know both by one name; give the federation another`;
    report('duplicate', message, entry.place(['name']));
  }
  const reading = clusters.find((cluster) => cluster.name === reads);
  if (reading && !reading.files) {
    const message = `cluster \`${reads}\` needs \`files\`, which say how the topology reaches its nodes`;
    report('missing-files', message, entry.place(['reads']));
  }
  const nodes = reading?.nodes.map((node) => node.name) ?? [];
  for (const [at, node] of kept.entries()) {
    if (!reading || nodes.includes(node)) continue;
    const hint = didYouMean(node, nodes);
    report('unknown-node', `cluster \`${reads}\` has no node \`${node}\`${hint}`, entry.place(['kept', at]));
  }
  if (kept.length > 0 && isBefore(stage, 'decommission')) {
    const message = `nodes leave in the stage \`decommission\`, and this is \`${stage}\`; remove \`kept\` until then`;
    report('too-early', message, entry.keyPlace(['kept']));
  }
}

/** Seconds. */
const HOUR = 3600;

export interface Expanding {
  readonly clusters: readonly Cluster[];
  readonly objects: readonly DeclaredObject[];
  /** Tables with history, by path key. */
  readonly histories: ReadonlySet<string>;
  readonly report: Report;
}

export function federationOf(entry: Entry): WrittenFederation {
  const document = entry.value as FederationDocument;
  const { name, reads, stage = 'compatibility', kept, writers, quiet, shard_by, overrides = {} } = document;
  const members = [reads, ...document.members.filter((member) => member !== reads)];
  return {
    ...{ name, members, reads, stage, writes: document.writes ?? usualWriter({ members, reads }, stage) },
    tables: listOf(document.tables),
    except: listOf(document.except),
    ...(kept && { kept }),
    ...(writers && { writers }),
    quiet: quiet === undefined ? HOUR : seconds(quiet),
    shardBy: shard_by ?? {},
    overrides,
    place: entry.place(['name']),
  };
}

/** Federations that are declared once, and the objects that they bring. */
export function expandFederations(
  entries: readonly Entry[],
  expanding: Expanding,
): { readonly federations: readonly Federation[]; readonly generated: readonly DeclaredObject[] } {
  const federations = new Map<string, Federation>();
  const generated: DeclaredObject[] = [];
  for (const entry of entries.filter(({ kind }) => kind === 'Federation')) {
    const federation = federationOf(entry);
    const twin = federations.get(federation.name)?.place;
    if (twin) {
      const message = `federation \`${federation.name}\` is already declared at ${showPlace(twin)}`;
      expanding.report('duplicate', message, entry.place(['name']));
      continue;
    }
    checkMembers(federation, expanding.clusters, entry, expanding.report);
    const network = networkOf(federation, expanding.clusters, entry, expanding.report);
    const objects = [...expanding.objects, ...generated];
    const made = cover(federation, { ...expanding, objects }, entry);
    const whole = { ...federation, ...(network && { network }), covered: made.covered };
    const { views, unfederated, generated: more } = federatedViews(whole, objects, made.nameOf);
    federations.set(federation.name, { ...whole, views, unfederated });
    generated.push(...made.generated, ...more);
  }
  return { federations: [...federations.values()], generated };
}
