/** Takes folded entries of a plan and gives those that are the same for several tenants as one entry. */
import type { Step } from '../model/step.ts';
import { listed } from './comment-merge.ts';
import type { FoldedEntry } from './fold-nodes.ts';
import { staysOpen } from './markdown-entry.ts';

/** What one entry stands for. */
export interface Alike<E extends FoldedEntry> {
  /** By name, the one that is shown first. */
  readonly tenants: readonly string[];
  /** The entries of the first tenant. */
  readonly shown: readonly E[];
  readonly all: readonly E[];
}

export type TenantEntry<E extends FoldedEntry> = E & { readonly alike?: Alike<E> };

interface Tenanted<E> {
  readonly entry: E;
  readonly tenant: NonNullable<Step['tenant']>;
  readonly at: number;
}

/** Characters that stand for the tenant, and in no text of a plan that a person could write by chance. */
const [NAME, ID] = ['\u{F0000}', '\u{F0001}'];

/** Replaces the tenant where it stands between characters that are no letters and digits: `tenant_acme`, `'acme'`. */
function withoutTenant({ name, id }: Tenanted<unknown>['tenant']): (text: string) => string {
  const replace = (word: string, by: string) => {
    const escaped = word.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
    const pattern = new RegExp(`(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`, 'gu');
    return (text: string): string => text.replace(pattern, by);
  };
  const [first, second] = [replace(name, NAME), id === name ? undefined : replace(id, ID)];
  return (text) => (second ? second(first(text)) : first(text));
}

/** What the entry means, said of any tenant; places are the tenants' own. */
function shape({ step, nodes, followers }: FoldedEntry, mask: (text: string) => string): string {
  const { action, object, statements, verdict, hazards, refusals, allowance } = step;
  const changes = step.changes.map(({ action, object, attributes }) => [action, object, attributes]);
  return JSON.stringify(
    [nodes, followers, action, object, statements, verdict, hazards, changes, refusals, allowance],
    (_key, value) => (typeof value === 'string' ? mask(value) : value),
  );
}

/** Entries by what they mean for any tenant; what a tenant has twice is two shapes. */
function byShape<E extends FoldedEntry>(entries: readonly E[]): Tenanted<E>[][] {
  const shapes = new Map<string, Tenanted<E>[]>();
  const seen = new Map<string, number>();
  const masks = new Map<string, (text: string) => string>();
  for (const [at, entry] of entries.entries()) {
    const { tenant } = entry.step;
    if (!tenant || staysOpen(entry)) continue;
    const mask = masks.get(tenant.name) ?? withoutTenant(tenant);
    masks.set(tenant.name, mask);
    const one = { entry, tenant, at };
    const text = shape(entry, mask);
    const times = seen.get(`${tenant.name} ${text}`) ?? 0;
    seen.set(`${tenant.name} ${text}`, times + 1);
    const key = `${times} ${text}`;
    const others = shapes.get(key) ?? [];
    shapes.set(key, others);
    others.push(one);
  }
  return [...shapes.values()];
}

/** Each where its first entry stands; nothing that needs a reviewer's eye is folded. */
export function foldTenants<E extends FoldedEntry>(entries: readonly E[]): TenantEntry<E>[] {
  const groups = new Map<string, Tenanted<E>[][]>();
  for (const shaped of byShape(entries)) {
    if (shaped.length < 2) continue;
    const key = JSON.stringify(shaped.map(({ tenant }) => tenant.name).sort());
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push(shaped);
  }
  const folded = new Map<number, TenantEntry<E>>();
  const hidden = new Set<number>();
  for (const group of groups.values()) {
    const [first = []] = group;
    const tenants = first.map(({ tenant }) => tenant.name);
    const shown = group.flatMap((shaped) => shaped.find(({ tenant }) => tenant.name === tenants[0]) ?? []);
    const [example] = shown;
    if (!example) continue;
    const all = group.flat();
    for (const { at } of all) hidden.add(at);
    const alike = { tenants, shown: shown.map(({ entry }) => entry), all: all.map(({ entry }) => entry) };
    folded.set(example.at, { ...example.entry, alike });
  }
  return entries.flatMap((entry, at) => folded.get(at) ?? (hidden.has(at) ? [] : [entry]));
}

const MOST_TENANTS = 3;

/** `The same 3 changes × 48 tenants`. */
export function alikeTitle({ tenants, shown }: Alike<FoldedEntry>): string {
  return `The same ${shown.length === 1 ? 'change' : `${shown.length} changes`} × ${tenants.length} tenants`;
}

/** `acme, globex, initech and 45 more`, each shown by `show`. */
export function alikeTenants({ tenants }: Alike<FoldedEntry>, show: (name: string) => string): string {
  return listed(tenants.slice(0, MOST_TENANTS).map(show).concat(tenants.slice(MOST_TENANTS)), MOST_TENANTS);
}
