/** What kinds see of a live server: the rows of a bounded number of `system.*` SELECTs, each read once and shared. */
import type { AccessRow, AccessTable } from './access-row.ts';

export interface DatabaseRow {
  readonly name: string;
  readonly engine: string;
  readonly comment: string;
}

export interface TableRow {
  readonly database: string;
  readonly name: string;
  readonly engine: string;
  readonly statement: string;
}

/** Of an object that stands beside the databases. */
export interface StatementRow {
  readonly name: string;
  /** Empty where the object comes from the server's configuration files. */
  readonly statement: string;
}

export interface ServerView {
  databases(): Promise<readonly DatabaseRow[]>;
  tables(): Promise<readonly TableRow[]>;
  functions(): Promise<readonly StatementRow[]>;
  namedCollections(): Promise<readonly StatementRow[]>;
  workloads(): Promise<readonly StatementRow[]>;
  resources(): Promise<readonly StatementRow[]>;
  /** All rows of a table of `system` that lists users, roles or rights. */
  access(table: AccessTable): Promise<readonly AccessRow[]>;
}
