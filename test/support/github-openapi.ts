/** GitHub's official OpenAPI description goes in; the operations that are used, with checks of requests and answers, come out. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

type Json = Readonly<Record<string, unknown>>;

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, RawOperation>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, Json>>>>;
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: Json }>>;
}

interface RawOperation {
  readonly operationId: string;
  readonly parameters?: readonly Json[];
  readonly requestBody?: Content & { readonly required?: boolean };
  readonly responses: Readonly<Record<string, (Content & Json) | undefined>>;
}

export interface Operation {
  readonly id: string;
  readonly method: string;
  /** The path's parameters, decoded; undefined when it is not this operation's path. */
  match(path: string): Readonly<Record<string, string>> | undefined;
  /** What is wrong with a request, if anything. */
  checkRequest(query: URLSearchParams, body: unknown): string[];
  /** What is wrong with an answer, if anything. */
  checkAnswer(status: number, body: unknown): string[];
}

const FILE = '@octokit/openapi/generated/api.github.com.json';

let loaded: Description | undefined;

/** 13 MB, read once by a process that asks for it. */
function description(): Description {
  loaded ??= JSON.parse(readFileSync(createRequire(import.meta.url).resolve(FILE), 'utf8')) as Description;
  return loaded;
}

function follow(part: Json | undefined): Json {
  if (typeof part?.$ref !== 'string') return part ?? {};
  const [room = '', name = ''] = part.$ref.split('/').slice(2);
  return follow(description().components[room]?.[name]);
}

const LISTS = new Set(['allOf', 'anyOf', 'oneOf']);
const MAPS = new Set(['properties', 'patternProperties']);
const CHILDREN = new Set(['items', 'additionalProperties', 'not']);
const PLAIN = new Set([
  ...['type', 'format', 'enum', 'required', 'pattern', 'minLength', 'maxLength', 'minimum', 'maximum'],
  ...['minItems', 'maxItems', 'uniqueItems', 'minProperties', 'maxProperties'],
]);

/** OpenAPI 3.0 says `nullable` where JSON Schema lists the type `null`; examples and the like are left out. */
function toJsonSchema(part: unknown): unknown {
  if (typeof part !== 'object' || part === null) return part;
  const schema = part as Json;
  if (typeof schema.$ref === 'string') return { $ref: schema.$ref.split('/').at(-1) };
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    // The two forms of a user overlap; the description tells them apart by a discriminator.
    if (LISTS.has(key)) out[key === 'oneOf' ? 'anyOf' : key] = (value as unknown[]).map(toJsonSchema);
    else if (MAPS.has(key)) out[key] = mapValues(value as Json, toJsonSchema);
    else if (CHILDREN.has(key)) out[key] = toJsonSchema(value);
    else if (PLAIN.has(key)) out[key] = value;
  }
  if (schema.nullable !== true) return out;
  return { anyOf: [{ type: 'null' }, out] };
}

function mapValues(record: Json, change: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

const ajv = new Ajv2020({ strict: false, allErrors: true, allowUnionTypes: true });
const coercing = new Ajv2020({ strict: false, coerceTypes: true });
addFormats.default(ajv);
addFormats.default(coercing);

const added = new Set<string>();

function compile(raw: unknown): ValidateFunction {
  const schema = toJsonSchema(raw);
  addReferences(schema);
  return ajv.compile(schema as object);
}

function addReferences(schema: unknown): void {
  if (Array.isArray(schema)) for (const item of schema) addReferences(item);
  else if (typeof schema === 'object' && schema !== null) {
    const { $ref: name, ...rest } = schema as Record<string, unknown>;
    for (const value of Object.values(rest)) addReferences(value);
    if (typeof name !== 'string' || added.has(name)) return;
    added.add(name);
    const component = toJsonSchema(description().components.schemas?.[name]);
    ajv.addSchema(component as object, name);
    addReferences(component);
  }
}

function problemsOf(validate: ValidateFunction, value: unknown): string[] {
  if (validate(value)) return [];
  return (validate.errors ?? []).slice(0, 5).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

function queryChecks({ parameters = [] }: RawOperation): Map<string, ValidateFunction> {
  const inQuery = parameters.map(follow).filter((one) => one.in === 'query');
  return new Map(
    inQuery.map(({ name, schema }) => {
      const wrapped = { type: 'object', properties: { value: toJsonSchema(follow(schema as Json)) } };
      return [String(name), coercing.compile(wrapped)];
    }),
  );
}

/** Unlike GitHub, which ignores keys that it does not know: they are mistakes of whoever sends them. */
function unknownKeys(schema: Json, body: unknown): string[] {
  const known = schema.properties as Json | undefined;
  if (!known || typeof body !== 'object' || body === null || Array.isArray(body)) return [];
  return Object.keys(body).flatMap((key) => (key in known ? [] : [`/${key} is not in the description`]));
}

function toOperation(method: string, template: string, raw: RawOperation): Operation {
  const names = [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
  const pattern = new RegExp(
    `^${template
      .replace('/contents/{path}', '/contents{path*}')
      .replaceAll('.', '\\.')
      .replace(/\{\w+\*\}/g, '(?:/(.*))?')
      .replace(/\{\w+\}/g, '([^/]+)')}$`,
  );
  const bodySchema = follow(raw.requestBody?.content?.['application/json']?.schema);
  const needsBody = raw.requestBody?.required === true;
  let query: Map<string, ValidateFunction> | undefined;
  let request: ValidateFunction | undefined;
  const answers = new Map<number, ValidateFunction | 'empty'>();

  function answerCheck(status: number): ValidateFunction | 'empty' {
    let check = answers.get(status);
    if (check) return check;
    const response = raw.responses[status] && (follow(raw.responses[status]) as Content);
    const schema = response?.content?.['application/json']?.schema;
    // What any operation may answer (401, 429, 5xx) is described for few of them.
    if (schema) check = compile(schema);
    else check = response && status < 300 ? 'empty' : compile({ $ref: '#/components/schemas/basic-error' });
    answers.set(status, check);
    return check;
  }

  return {
    id: raw.operationId,
    method: method.toUpperCase(),
    match(path) {
      const values = pattern
        .exec(path)
        ?.slice(1)
        .map((value = '') => decodeURIComponent(value));
      return values && Object.fromEntries(names.map((name, at) => [name, values[at] ?? '']));
    },
    checkRequest(search, body) {
      query ??= queryChecks(raw);
      const problems = [...search].flatMap(([name, value]) => {
        const check = query?.get(name);
        return check ? problemsOf(check, { value }) : [`?${name} is not in the description`];
      });
      if (body === undefined) return needsBody ? [...problems, 'the body is missing'] : problems;
      request ??= compile(bodySchema);
      return [...problems, ...problemsOf(request, body), ...unknownKeys(bodySchema, body)];
    },
    checkAnswer(status, body) {
      if (status < 300 && !raw.responses[status]) return [`${status} is not in the description`];
      const check = answerCheck(status);
      if (check === 'empty') return body === undefined ? [] : ['a body where the description has none'];
      return problemsOf(check, body);
    },
  };
}

/** Throws for an id that the description does not have. */
export function openOperations(ids: readonly string[]): Operation[] {
  const wanted = new Set(ids);
  const found = Object.entries(description().paths).flatMap(([template, methods]) =>
    Object.entries(methods)
      .filter(([, { operationId }]) => wanted.delete(operationId))
      .map(([method, raw]) => toOperation(method, template, raw)),
  );
  if (wanted.size > 0) throw new Error(`GitHub's description has no ${[...wanted].join(', ')}`);
  return found;
}

function blank(raw: unknown, url: string): unknown {
  const schema = follow(raw as Json);
  const { type, nullable, format } = schema;
  const [first] = (schema.enum ?? schema.anyOf ?? schema.oneOf ?? schema.allOf ?? []) as unknown[];
  if (nullable === true) return null;
  if (schema.enum) return first;
  if (first !== undefined) return blank(first, url);
  if (type === 'boolean') return false;
  if (type === 'integer' || type === 'number') return 0;
  if (type === 'array') return [];
  if (type === 'string') return format === 'uri' ? url : format === 'date-time' ? '2026-01-01T00:00:00Z' : '';
  const properties = (schema.properties ?? {}) as Json;
  const required = (schema.required ?? []) as string[];
  return Object.fromEntries(required.map((key) => [key, blank(properties[key], url)]));
}

const blanks = new Map<string, string>();

/** An object of a schema of the description: the values given, and the plainest ones for all others that it must have. */
export function fill(name: string, values: Json, url = 'https://github.test/'): Record<string, unknown> {
  const key = `${name} ${url}`;
  const schema = { ...follow({ $ref: `#/components/schemas/${name}` }), nullable: false };
  const text = blanks.get(key) ?? JSON.stringify(blank(schema, url));
  blanks.set(key, text);
  return { ...JSON.parse(text), ...values };
}
