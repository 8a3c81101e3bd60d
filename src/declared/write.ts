/** What declarations say goes in; the text of a YAML file comes out, which reads back as exactly that. */
import {
  Document,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  Scalar,
  stringify,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { type Kind, schemaOf } from './schemas.ts';

/** One declaration: its kind, and what it says below `kind`. Names that stand as keys are keys of a Map. */
export interface Described {
  readonly kind: Kind;
  readonly description: Readonly<Record<string, unknown>>;
}

export const WIDTH = 110;
/** Mappings and lists that are no longer than this stand on one line. */
const FLOW = 88;

/** Characters that YAML does not take as they are, or that nobody would see. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\ufffe\uffff]|(?! )\p{Zs}/u;
const UNSEEN_ALL = new RegExp(UNSEEN, 'gu');

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code > 0xffff) return `\\U${code.toString(16).padStart(8, '0')}`;
  return code > 0xff
    ? `\\u${code.toString(16).padStart(4, '0')}`
    : `\\x${code.toString(16).padStart(2, '0')}`;
}

const isWholeNumber = (text: string): boolean => /^(0|[1-9]\d{0,14})$/.test(text);

/** Text in the form in which it is read best and in which no reader of YAML takes it for something else. */
function shape(node: Scalar, text: string, isKey: boolean, asNumbers: boolean): void {
  const isBlock = !isKey && text.includes('\n') && !/^\s|\s\n|\n\n$/.test(text);
  if (asNumbers && isWholeNumber(text) && !isKey) node.value = Number(text);
  else if (isBlock && !UNSEEN.test(text.replaceAll('\n', ''))) node.type = Scalar.BLOCK_LITERAL;
  else if (text === '<<' || text === '' || UNSEEN.test(text)) node.type = Scalar.QUOTE_DOUBLE;
}

const isBlockText = (node: unknown): boolean => isScalar(node) && node.type === Scalar.BLOCK_LITERAL;

function fitsOnLine(node: YAMLMap | YAMLSeq): boolean {
  const values = node.items.map((item) => (isPair(item) ? item.value : item));
  if (values.some((value) => isCollection(value) || isBlockText(value))) return false;
  node.flow = true;
  return stringify(node, { lineWidth: 0 }).length <= FLOW;
}

export const hasUnseen = (text: string): boolean => UNSEEN.test(text.replaceAll('\n', ''));

/** `[a, b]` beside `{ a: b }`. */
export function withoutPadding(list: YAMLSeq): void {
  const write = list.toString.bind(list);
  list.toString = (context, ...rest) =>
    write({ ...context, flowCollectionPadding: '' } as typeof context, ...rest);
}

/**
 * Mappings that the reference names stand on lines of their own; what is inside them, and lists, on one where they fit.
 * `above` counts the collections around the node, `asNumbers` says whether whole numbers may become numbers.
 */
export function layOut(root: Document | Pair, above: number, asNumbers: boolean): void {
  visit(root as unknown as Node, {
    Scalar(key, node) {
      if (typeof node.value === 'string') shape(node, node.value, key === 'key', asNumbers);
    },
  });
  visit(root as unknown as Node, {
    Collection(_key, node, path) {
      const depth = above + path.filter(isCollection).length;
      if (depth > (isMap(node) ? 1 : 0)) node.flow = fitsOnLine(node);
      if (isSeq(node) && node.flow) withoutPadding(node);
    },
  });
}

/** Keys in the order of the reference. */
function ordered({ kind, description }: Described): Map<string, unknown> {
  const { properties = {} } = schemaOf(kind) as { properties?: object };
  const values = new Map<string, unknown>([['kind', kind], ...Object.entries(description)]);
  const known = Object.keys(properties).filter((key) => values.has(key));
  return new Map([...known, ...values.keys()].map((key) => [key, values.get(key)]));
}

/** What nobody would see stands between double quotes, where it can be written in another way. */
export function withEscapes(yaml: string): string {
  return yaml.replace(UNSEEN_ALL, (character) => (character === '\n' ? character : escaped(character)));
}

/** One document without the line that divides it from others; ends in a newline. */
export function writeDocument(described: Described): string {
  const document = new Document(ordered(described));
  layOut(document, 0, true);
  return withEscapes(document.toString({ lineWidth: WIDTH }));
}
