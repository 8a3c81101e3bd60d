/** What both sides are made of: objects with an identity, attributes, and (when declared) a place. */
import type { Place } from './place.ts';

export interface ObjectId {
  /** The kind's name: `table`, `materialized view`, `column` … */
  readonly kind: string;
  /** Database, object, part: as deep as the kind lives. */
  readonly path: readonly string[];
}

export type AttributeValue = string | readonly string[] | Readonly<Record<string, string>> | undefined;
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** One object of a state; a part (a column, an index …) is an object too. */
export interface StateObject<A extends Attributes = Attributes> {
  readonly id: ObjectId;
  readonly attributes: A;
  readonly place?: Place;
  /** The path under which it may still be live, where it is declared to be renamed. */
  readonly renamedFrom?: readonly string[];
}

/** An object that exists by itself, with the parts inside it. */
export interface Tree {
  readonly root: StateObject;
  /** In the order in which they stand in the object's definition. */
  readonly parts: readonly StateObject[];
}

/** A key by which maps find an object; two ids have the same key exactly when they name the same object. */
export function keyOf(id: ObjectId): string {
  return `${id.kind} ${JSON.stringify(id.path)}`;
}

/** The key of a database's name (a path of one), or of a name inside a database: tables, views and dictionaries share it. */
export function pathKey(path: readonly string[]): string {
  return JSON.stringify(path);
}

/** Whether it is a database or stands in one; functions, named collections and such stand beside all of them. */
export function isInDatabase({ kind, path }: ObjectId): boolean {
  return kind === 'database' || path.length > 1;
}

/** The kinds that say who may do what. Servers keep them in files that are named by ids. */
const ACCESS_KINDS = new Set(['user', 'role', 'grant', 'row policy', 'quota', 'settings profile']);

export function isAccess({ kind }: ObjectId): boolean {
  return ACCESS_KINDS.has(kind);
}

/**
 * A key for the name alone: two kinds can't use one name in one database. Everything that stands beside the databases (functions,
 * named collections …) has names of its own kind.
 */
export function nameKey(id: ObjectId): string {
  return id.kind === 'database' || id.path.length === 2 ? pathKey(id.path) : keyOf(id);
}

/** `shop.orders.total`, for people. */
export function showPath(path: readonly string[]): string {
  return path.join('.');
}

/** `column shop.orders.total`, for people. */
export function showId(id: ObjectId): string {
  return `${id.kind} ${showPath(id.path)}`;
}

export function isInside(part: ObjectId, root: ObjectId): boolean {
  return part.path.length > root.path.length && root.path.every((name, at) => part.path[at] === name);
}
