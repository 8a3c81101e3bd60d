/** What a `users.d` file can say, as plain data: users, roles, profiles and quotas, each as the server reads it back. */
import type { Tree } from '../model/object.ts';

/** One element: its name, its text or what stands inside it, its attributes. */
export interface XmlElement {
  readonly name: string;
  readonly content: string | readonly XmlElement[];
  readonly attributes?: Readonly<Record<string, string>>;
}

/** The rows of a table that a user sees; the table `''` stands for every table of the database. */
export interface XmlFilter {
  readonly database: string;
  readonly table: string;
  readonly filter: string;
}

export interface XmlUser {
  readonly name: string;
  /** One element for each method. */
  readonly authentication: readonly XmlElement[];
  /** Undefined for everywhere, empty for nowhere. */
  readonly networks:
    | readonly (readonly [element: 'ip' | 'host' | 'host_regexp', value: string])[]
    | undefined;
  readonly profile: string | undefined;
  readonly quota: string | undefined;
  readonly defaultDatabase: string | undefined;
  /** GRANT and REVOKE statements without grantees, in order. */
  readonly grants: readonly string[];
  readonly filters: readonly XmlFilter[];
}

export interface XmlRole {
  readonly name: string;
  readonly grants: readonly string[];
}

export interface XmlSetting {
  readonly name: string;
  readonly value: string | undefined;
  readonly min: string | undefined;
  readonly max: string | undefined;
  readonly writability: 'const' | 'changeable_in_readonly' | undefined;
}

export interface XmlProfile {
  readonly name: string;
  readonly inherit: readonly string[];
  readonly settings: readonly XmlSetting[];
  /** Whether other files say of it what they say. */
  readonly isShared?: true;
}

export interface XmlInterval {
  readonly seconds: number;
  readonly randomized: boolean;
  /** By the name of what is limited: `queries`, `result_rows` … */
  readonly limits: Readonly<Record<string, string>>;
}

export interface XmlQuota {
  readonly name: string;
  /** The element that says what is counted apart; undefined for each user. */
  readonly keyed: 'keyed' | 'keyed_by_ip' | 'keyed_by_forwarded_ip' | undefined;
  readonly intervals: readonly XmlInterval[];
}

export interface UsersFile {
  readonly users: readonly XmlUser[];
  readonly roles: readonly XmlRole[];
  readonly profiles: readonly XmlProfile[];
  readonly quotas: readonly XmlQuota[];
}

/** A declared object that a configuration file has no word for, and why. */
export interface Mistake {
  readonly tree: Tree;
  readonly reason: string;
}

/** Objects as a server shows them that has them from its configuration files. */
export interface Configured {
  readonly trees: readonly Tree[];
  readonly mistakes: readonly Mistake[];
  /** Names of the profiles that all users have by the file; absent where the profile of the server that all begin with is left alone. */
  readonly forAll?: ReadonlySet<string>;
}
