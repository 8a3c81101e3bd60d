/** The contract of a kind: what it is made of, how it is declared, read and written. Everything else knows no kind. */
import type { Engines } from '../model/estate.ts';
import type { Attributes, AttributeValue, ObjectId, StateObject, Tree } from '../model/object.ts';
import type { RebuildNames } from '../model/rebuild.ts';
import type { Root, State } from '../model/state.ts';
import type { Draft, RebuildDraft, RefusalDraft } from '../model/step.ts';
import type { AccessRow } from './access-row.ts';
import type { Write } from './collection-values.ts';
import type { Surroundings } from './replication.ts';
import type { ServerView } from './server-view.ts';

/** What no ALTER makes of an object that holds rows, and why: they are copied into a new one that takes its place. */
export interface NeedsRebuild {
  readonly rebuild: string;
}

/** What to do about an attribute that differs. `ignore` shows nothing; `refuse` says why it must be done by hand. */
export type Action = 'alter' | 'replace' | 'ignore' | NeedsRebuild | { readonly refuse: string };

/** The whole object on both sides, for rules that depend on more than one attribute. */
export interface Around {
  readonly from: Tree;
  readonly to: Tree;
}

export interface Rule<V> {
  readonly change: Action | ((from: V, to: V, around: Around, id: ObjectId) => Action);
  /** Whether two texts that differ mean the same; asked before `change`. */
  readonly same?: (live: V, desired: V, around: Around) => boolean;
}

/** A rule for every attribute: one that is forgotten does not compile. */
export type Rules<A extends Attributes> = { readonly [K in keyof Required<A>]: Action | Rule<A[K]> };

/** A live object as a server shows it: its identity and the canonical text that creates it. */
export interface Definition {
  readonly id: ObjectId;
  readonly statement: string;
}

/** What a kind may ask the target server, to see a declaration as that server would store it. */
export interface Normaliser {
  /** `CREATE TEMPORARY TABLE name …` → the text stored for it. `name` stands for the name in the given text. */
  table(definition: (name: string) => string): Promise<string>;
  /** `CREATE TEMPORARY VIEW name …` → the text stored for it; names without a database are looked up in the one given. */
  view(definition: (name: string) => string, database: string): Promise<string>;
  /** The rows of `system.privileges`. */
  privileges(): Promise<readonly AccessRow[]>;
  /** Any statement → its text in the server's own formatting, without looking at what it refers to. */
  format(statement: string): Promise<string>;
  /** By the name of a setting: its type, as system.settings calls it. */
  settingTypes(): Promise<ReadonlyMap<string, string>>;
  /** Whether the server takes a setting of this name, which is in no list of it. */
  takesSetting(name: string): Promise<boolean>;
  /** The `index_granularity` that this server writes into a MergeTree table which names none. */
  readonly indexGranularity: string;
  /** How its cluster keeps tables of the MergeTree family. */
  readonly engines: Engines;
  /** The user who is signed in, whom the server makes the definer of what names none. */
  readonly user: string;
  /** Names of its SQL functions that read a dictionary, a Join table or a set. */
  readonly tyingFunctions: ReadonlySet<string>;
}

export interface Declared {
  /** The declaration's checked value. */
  readonly value: unknown;
  /** Where the value at a path stands. */
  place(path?: readonly (string | number)[]): StateObject['place'];
  /** The keys of the mapping at a path, in the order in which they are written; an object moves keys like `2024`. */
  keys(path?: readonly (string | number)[]): readonly string[];
}

/** The value of a declaration as plain data: what `declare` reads, `describe` writes. */
export type Description = Readonly<Record<string, unknown>>;

export interface OverAny {
  /** A live object of any kind, by its text alone. */
  read(definition: Definition): Tree;
  /** The declared object as one of the live object's own kind; undefined where it can't be taken apart. */
  understood(declared: Tree, live: ObjectId): Tree | undefined;
}

/** A kind of objects that exist by themselves: databases, tables, views … */
export interface RootKind<A extends Attributes = Attributes> {
  readonly name: string;
  /** What `kind:` says in a declaration. */
  readonly document: string;
  readonly attributes: Rules<A>;
  declare(declared: Declared): Tree;
  /** The declared object as it is meant where it stands; absent for kinds that mean the same everywhere. */
  adapt?(tree: Tree, surroundings: Surroundings): Tree;
  read(server: ServerView): Promise<readonly Definition[]>;
  /** Whether a live object of this text belongs to the server, so that one that nobody declares is not worth telling. */
  comesWithServer?(statement: string): boolean;
  /** Whether a live object of this text only takes away from what others give, so that dropping it would give more; absent: never. */
  isException?(statement: string): boolean;
  /** A live object of this text that nobody declares is only worth telling where one of these is declared; absent: always. */
  concerns?(statement: string): readonly ObjectId[];
  /** Reads a canonical text. Throws `ParseError` at anything it does not know, so that nothing is dropped unseen. */
  parse(definition: Definition): Tree;
  /** The declared object as the server would store it. */
  normalise(tree: Tree, server: Normaliser): Promise<Tree>;
  /**
   * What can be created at once of an object that speaks of what is created behind it; the rest is altered when all of that is
   * there, as are changes of what is live. Undefined where nothing is left to alter; absent where nothing ever is.
   */
  unfinished?(to: Tree): Tree | undefined;
  /**
   * All declared objects of the kind on one node, each as it is meant beside the others and what is live; those that come to
   * nothing are left out. `all` is what is declared of any kind. Absent where objects of the kind have nothing to do with
   * each other.
   */
  together?(desired: readonly Root[], live: State, all: readonly Root[]): readonly Root[];
  /** Whether the object comes behind the others of its kind; absent where none does. */
  late?(id: ObjectId): boolean;
  /** The canonical text, where the statement that creates the object is not. */
  text?(tree: Tree): string;
  create(to: Tree): Draft;
  /** Gets all changed attributes of the object itself at once; its parts write their own drafts. */
  alter(to: Tree, from: Tree, changed: ReadonlySet<string>): readonly Draft[];
  drop(from: Tree): Draft;
  /** Whether it hides something from somebody until it is dropped, which then comes last. */
  readonly hides?: true;
  /** Where the server keeps what all replicas of the object share, and carries its ALTERs over to them; undefined elsewhere. */
  replication?(tree: Tree): string | undefined;
  /** Gives it the name of `to`, and changes nothing else. Absent where nothing does that. */
  rename?(to: Tree, from: Tree): Draft;
  /**
   * What a declaration would say of the object, below `kind`: no more than it must, keys in the order of the reference, names
   * as keys of a Map. Throws `ParseError` for what no declaration can say.
   */
  describe(tree: Tree): Description;
  /** The live object without what this server fills in where a declaration is silent; absent where it fills in nothing. */
  withoutImplied?(tree: Tree, server: Normaliser): Promise<Tree>;
  /**
   * The live object with what past applies wrote in the place of what servers hide, their writes from the oldest on; absent
   * where that is not looked up.
   */
  written?(live: Tree, writes: readonly Write[]): Tree;
  /** The live object as if each secret of the desired one had to be written again; absent where no statement does that. */
  stale?(live: Tree, desired: Tree): Tree;
  /** Only for a kind that may be declared over live objects of any other. */
  readonly overAny?: OverAny;
  /** For objects that can be created anew without losing anything; absent where that is not so. */
  replace?(to: Tree, from: Tree): Draft;
  /** For objects whose rows can be copied into a new one that takes their place; absent where that is not so. */
  rebuild?(to: Tree, from: Tree, names: RebuildNames): RebuildDraft | RefusalDraft;
}

/** What a part asks of its object: a draft, or that it is created anew or rebuilt where no ALTER does it. */
export type PartDraft = Draft | 'replace' | NeedsRebuild;

/** A kind of objects that live inside another's definition: columns, indexes … Their drafts are clauses of its ALTER. */
export interface PartKind<A extends Attributes = Attributes> {
  readonly name: string;
  readonly inside: string;
  /** Whether the order of these parts among themselves counts. */
  readonly ordered?: true;
  /** Whether the declaration leaves them all to the server, so that none is compared. */
  leftToServer?(around: Around): boolean;
  readonly attributes: Rules<A>;
  /** `after` is the part that it follows, or undefined for the first. It is only told to ordered kinds. */
  create(to: StateObject<A>, around: Around, after?: string): readonly PartDraft[];
  alter(
    to: StateObject<A>,
    from: StateObject<A>,
    changed: ReadonlySet<string>,
    around: Around,
    after?: { readonly name: string | undefined },
  ): readonly PartDraft[];
  drop(from: StateObject<A>, around: Around): readonly PartDraft[];
  /** `from` is the part as it is live, `around.from` the object in which everything is already called by its new name. */
  rename?(to: StateObject<A>, from: StateObject<A>, around: Around): readonly PartDraft[];
}

/** A rule's parts, whatever way it was written. */
export function ruleOf(rule: Action | Rule<AttributeValue>): Rule<AttributeValue> {
  return typeof rule === 'object' && 'change' in rule ? rule : { change: rule };
}

/** For attributes that count only where the declaration names them: what the server fills in is no difference. */
export function unlessDeclared(_live: AttributeValue, desired: AttributeValue): boolean {
  return desired === undefined;
}
