/** The columns that a query is to answer with go in; rows of the server's text become rows of JavaScript's types. */

/** How a column is read; with `?` it may be NULL. Arrays and such are read with `toString` or `toJSONString` in the query. */
export type Form = 'text' | 'number' | 'bigint' | 'boolean';
export type ColumnForm = Form | `${Form}?`;
export type Columns = Readonly<Record<string, ColumnForm>>;

interface Read {
  readonly text: string;
  readonly number: number;
  readonly bigint: bigint;
  readonly boolean: boolean;
}

type Value<F extends ColumnForm> = F extends `${infer Inner extends Form}?`
  ? Read[Inner] | null
  : F extends Form
    ? Read[F]
    : never;

export type Row<C extends Columns> = { readonly [K in keyof C]: Value<C[K]> };

const READERS: { readonly [F in Form]: (text: string) => Read[F] } = {
  text: (text) => text,
  number: Number,
  bigint: BigInt,
  boolean: (text) => text === 'true' || text === '1',
};

const ESCAPED: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', b: '\b', f: '\f', 0: '\0' };

/** `\N` is NULL. */
function readText(text: string): string | null {
  return text === '\\N' ? null : text.replace(/\\(.)/gs, (_, letter: string) => ESCAPED[letter] ?? letter);
}

function readValue(name: string, form: ColumnForm, text: string | null): Read[Form] | null {
  const isOptional = form.endsWith('?');
  if (text !== null) return READERS[(isOptional ? form.slice(0, -1) : form) as Form](text);
  if (isOptional) return null;
  throw new Error(`the column ${name} is NULL; read it as ${form}?`);
}

/** Takes `TabSeparatedWithNames`, in which no number loses its last digits. Throws what is wrong with a column. */
export function readRows<C extends Columns>(columns: C, answer: string): Row<C>[] {
  const [names = [], ...lines] = answer
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\t').map(readText));
  const forms = Object.entries(columns).map(([name, form]) => ({ name, form, at: names.indexOf(name) }));
  const missing = forms.find(({ at }) => at < 0);
  if (missing) throw new Error(`the query answers with no column ${missing.name}`);
  return lines.map((line) => {
    const values = forms.map(({ name, form, at }) => [name, readValue(name, form, line[at] ?? null)]);
    return Object.fromEntries(values) as Row<C>;
  });
}
