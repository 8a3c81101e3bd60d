/** A column's declared type goes in; the type without its wrappers and under ClickHouse's own name comes out. */
import type { Column } from '../kinds/column-text.ts';
import { isNullable, typeOf, unwrap } from '../kinds/type-change.ts';

export interface LintColumn {
  readonly name: string;
  /** As declared; empty where it follows from an expression. */
  readonly type: string;
  /** `DateTime64` of `Nullable(DateTime64(3))`. */
  readonly base: string;
  readonly nullable: boolean;
  readonly lowCardinality: boolean;
  /** With the parameters of the base type. */
  readonly parameters: readonly string[];
  readonly codec?: string;
  /** `DEFAULT …`, `ALIAS …` with the word in front. */
  readonly value?: string;
}

/** Names from other databases that ClickHouse takes for its own, in capitals. */
const ALIASES: Readonly<Record<string, string>> = {
  BIGINT: 'Int64',
  BLOB: 'String',
  BOOLEAN: 'Bool',
  CHAR: 'String',
  DATETIME: 'DateTime',
  DOUBLE: 'Float64',
  FLOAT: 'Float32',
  INT: 'Int32',
  INTEGER: 'Int32',
  NUMERIC: 'Decimal',
  REAL: 'Float32',
  SMALLINT: 'Int16',
  TEXT: 'String',
  TIMESTAMP: 'DateTime',
  TINYINT: 'Int8',
  VARCHAR: 'String',
};

/** `VARCHAR NOT NULL` and `DOUBLE PRECISION` are several words, and no other type is. */
function bareType(type: string): string {
  return type.replace(/\s+(NOT\s+)?NULL$/i, '').replace(/^double\s+precision$/i, 'DOUBLE');
}

export function columnNamed(name: string, { type, codec, value }: Partial<Column>): LintColumn {
  const written = bareType(type ?? '');
  if (written === '') {
    return {
      ...{ name, type: '', base: '', nullable: false, lowCardinality: false, parameters: [] },
      ...(value !== undefined && { value }),
    };
  }
  const inner = typeOf(unwrap(written, ['LowCardinality', 'Nullable']));
  return {
    name,
    type: written,
    base: ALIASES[inner.name.toUpperCase()] ?? inner.name,
    nullable: isNullable(written) || /[^T]\s+NULL$/i.test(type ?? ''),
    lowCardinality: typeOf(written).name === 'LowCardinality',
    parameters: inner.parameters,
    ...(codec !== undefined && { codec }),
    ...(value !== undefined && { value }),
  };
}

/** Whether rows hold a value of it. */
export function isStored({ value }: LintColumn): boolean {
  return !/^(ALIAS|EPHEMERAL)\b/.test(value ?? '');
}

export function isTime({ base }: LintColumn): boolean {
  return /^(Date|Date32|DateTime|DateTime32|DateTime64)$/.test(base);
}

/** A point in time, not a day. */
export function isInstant({ base }: LintColumn): boolean {
  return /^DateTime/.test(base);
}

export function isFloat({ base }: LintColumn): boolean {
  return /^B?Float\d+$/.test(base);
}

export function isNumber({ base }: LintColumn): boolean {
  return /^(U?Int\d+|Decimal\d*|B?Float\d+)$/.test(base);
}

/** `createdAt`, `CreatedAt`, `created-at` → `created_at`, so that rules speak of one spelling. */
export function plainName(name: string): string {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .replace(/[\s.-]+/g, '_')
    .toLowerCase();
}
