/** The contract of a lint rule: what it is called, why it is there, and what it says of an object. */
import type { Finding } from '../model/finding.ts';
import type { Neighbours, Subject, Table, View } from './subject.ts';

export interface Complaint {
  /** What is wrong, and what would be right. */
  readonly message: string;
  /** Where in the declaration: keys from the outside in. */
  readonly at: readonly (string | number)[];
}

export interface Rule {
  /** Never changes once it is released: declarations silence rules by it. */
  readonly slug: string;
  /** An `error` is what no server does as its author meant it. */
  readonly severity: Finding['severity'];
  /** One sentence. */
  readonly title: string;
  readonly why: string;
  /** A page of ClickHouse's documentation. */
  readonly link: string;
  /** Declarations that the rule complains of, and the same ones mended. */
  readonly bad: string;
  readonly good: string;
  /** The reason in the server's own words, where it refuses the bad example. */
  readonly refusal?: string;
  check(subject: Subject, neighbours: Neighbours): Iterable<Complaint>;
}

type Check<Facts> = (facts: Facts, subject: Subject, neighbours: Neighbours) => Iterable<Complaint>;

/** For rules about tables, and about views with storage of their own. */
export const ofTable =
  (check: Check<Table>): Rule['check'] =>
  (subject, neighbours) =>
    subject.table ? check(subject.table, subject, neighbours) : [];

/** For rules about tables of the MergeTree family. */
export const ofMergeTree = (check: Check<Table>): Rule['check'] =>
  ofTable((table, subject, neighbours) =>
    table.engine.endsWith('MergeTree') ? check(table, subject, neighbours) : [],
  );

/** For rules about views of all kinds. */
export const ofView =
  (check: Check<View>): Rule['check'] =>
  (subject, neighbours) =>
    subject.view ? check(subject.view, subject, neighbours) : [];

/** For rules about materialized views. */
export const ofMaterializedView = (check: Check<View>): Rule['check'] =>
  ofView((view, subject, neighbours) =>
    subject.id.kind === 'materialized view' ? check(view, subject, neighbours) : [],
  );
