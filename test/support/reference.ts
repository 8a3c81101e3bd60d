/** The kinds' JSON Schemas go in, the YAML reference for people comes out. */

interface Schema {
  readonly $ref?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

export interface KindSchema {
  readonly name: string;
  readonly schema: Schema;
}

function resolveRef(schema: Schema, kind: Schema, common: Schema): Schema {
  if (!schema.$ref) return schema;
  const name = schema.$ref.split('/').at(-1) ?? '';
  const local = schema.$ref.startsWith('common.json') ? undefined : kind.$defs?.[name];
  const target = local ?? common.$defs?.[name] ?? {};
  const { $ref: _ref, ...own } = schema;
  return { ...resolveRef(target, kind, common), ...own };
}

const cell = (text: string): string => text.replace(/\s+/g, ' ').replace(/\|/g, '\\|');

function form(schema: Schema): string {
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(' ');
  if (schema.title) return schema.title;
  const types = Array.isArray(schema.type) ? schema.type : [schema.type ?? 'text'];
  if (types.includes('array')) return types.length > 1 ? 'one or a list' : 'list';
  if (types.includes('object') && types.includes('string')) return 'text or mapping';
  if (types.includes('boolean') && !types.includes('string')) return '`true` `false`';
  return types.includes('object') ? 'mapping' : String(types[0] === 'string' ? 'text' : types[0]);
}

/** Rows of one mapping's keys, and the mappings inside them as tables of their own. */
function tables(title: string, schema: Schema, kind: Schema, common: Schema): string[] {
  const rows: string[] = [];
  const inner: string[] = [];
  for (const [key, written] of Object.entries(schema.properties ?? {})) {
    const property = resolveRef(written, kind, common);
    const needed = schema.required?.includes(key) ? 'yes' : '';
    rows.push(`| \`${key}\` | ${needed} | ${cell(form(property))} | ${cell(property.description ?? '')} |`);
    const values =
      typeof property.additionalProperties === 'object' ? property.additionalProperties : undefined;
    const nested = [property, values, property.items]
      .filter((one) => one !== undefined)
      .map((one) => resolveRef(one, kind, common))
      .find(({ properties }) => properties !== undefined);
    const isSecret = nested?.properties?.env !== undefined;
    if (nested && !isSecret) inner.push(...tables(`${title} › \`${key}\``, nested, kind, common));
  }
  return [
    `### ${title}`,
    '',
    '| key | required | form | meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
    ...inner,
  ];
}

const INTRODUCTION = `# Declarations

<!-- Made from src/declared/schema/*.json by test/reference.test.ts; \`npx vitest run -u test/reference.test.ts\` writes it anew. -->

An estate is a folder with \`clusters/\`, \`schemas/\` and \`tenants/\`. Every \`*.yaml\` or \`*.yml\` file below them holds one or
more documents, divided by \`---\`; \`kind\` says what a document declares. Editors complete and check them with this first line:

\`\`\`yaml
# yaml-language-server: $schema=../src/declared/schema/declaration.json
\`\`\`

* Every value is taken as its text stands in the file: \`default: 1.0\` stays \`1.0\`, \`name: no\` is a name.
* Unknown keys, duplicate keys, wrong forms, dangling references and two declarations of one object are errors. All of them
  are reported together, with \`file:line:column\`.
* An object belongs \`on\` the clusters of its database unless it names its own.
* What is left out of a declaration is what ClickHouse makes of it. Three things are compared only where they are declared,
  because servers fill them in: the primary key, the columns of a view, and a view's definer and SQL security.
* SQL text is read by the server that it is meant for. A name without a database in a view's query means the view's own database.
* A secret is never written down: \`{ env: NAME }\` or \`{ file: path }\` says where it is found when it is needed.
`;

export function reference(kinds: readonly KindSchema[], common: Schema): string {
  const sections = kinds.flatMap(({ name, schema }) => [
    `## ${name}`,
    '',
    schema.description ?? '',
    '',
    ...tables(name, schema, schema, common),
  ]);
  return `${[INTRODUCTION, ...sections].join('\n').trimEnd()}\n`;
}
