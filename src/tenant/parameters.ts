/** The text of a query goes in; the parameters that it names, with the values they take, come out: for the compiler and when it runs. */

/** What a parameter of a ClickHouse type takes. */
export type ValueOf<Type extends string> = Type extends `Nullable(${infer Inner})`
  ? ValueOf<Inner> | null
  : Type extends `LowCardinality(${infer Inner})`
    ? ValueOf<Inner>
    : Type extends `Array(${infer Inner})`
      ? readonly ValueOf<Inner>[]
      : Type extends 'Bool'
        ? boolean
        : Type extends 'UInt8' | 'UInt16' | 'UInt32' | 'Int8' | 'Int16' | 'Int32' | `Float${string}`
          ? number
          : Type extends `${'U' | ''}Int${string}`
            ? number | bigint
            : Type extends `Date${string}`
              ? string | Date
              : Type extends 'Identifier'
                ? never
                : string;

type Trim<Text extends string> = Text extends ` ${infer Rest}`
  ? Trim<Rest>
  : Text extends `${infer Rest} `
    ? Trim<Rest>
    : Text;

/** The text itself where all of it is written out; nothing where a part of it is known only when it runs. */
export type Written<Sql extends string> = Record<never, never> extends Record<Sql, 1> ? never : Sql;

/** By the names in `{name:Type}`. */
export type ParametersOf<Sql extends string> =
  Sql extends `${string}{${infer Name}:${infer Type}}${infer Rest}`
    ? { readonly [K in Trim<Name>]: ValueOf<Trim<Type>> } & ParametersOf<Rest>
    : unknown;

const PARAMETER = /\{\s*([A-Za-z_]\w*)\s*:\s*([^}]+?)\s*\}/g;

/** Types by name. */
export function parametersIn(sql: string): ReadonlyMap<string, string> {
  return new Map([...sql.matchAll(PARAMETER)].map(([, name = '', type = '']) => [name, type]));
}
