/** Takes text that others wrote and gives it back so that every character is seen and none can start a new line. */
import type { ObjectId } from '../model/object.ts';
import type { Place } from '../model/place.ts';

/** Control characters, ANSI escapes, bidirectional marks, zero-width and private characters, odd spaces, lone surrogates. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu;

const PLAIN_NAME = /^[\p{L}\p{N}_][\p{L}\p{N}_-]*$/u;
const PLAIN_NODE = /^[\p{L}\p{N}_][\p{L}\p{N}_.:-]*$/u;

/** The same text with each character that nobody would see written as `\u{1b}`. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

const quoted = (name: string): string => `\`${visible(name.replace(/[\\`]/g, '\\$&'))}\``;

/** A name of an object or a part; in backticks where it could be read as more than one name. */
export function visibleName(name: string): string {
  return PLAIN_NAME.test(name) ? visible(name) : quoted(name);
}

/** A name of a node or a cluster, which may be a host and its port. */
export function visibleNode(name: string): string {
  return PLAIN_NODE.test(name) ? visible(name) : quoted(name);
}

/** `shop.orders`, `` shop.`odd name` ``. */
export function visiblePath(path: readonly string[]): string {
  return path.map(visibleName).join('.');
}

/** `table shop.orders`. */
export function visibleId(id: ObjectId): string {
  return `${visible(id.kind)} ${visiblePath(id.path)}`;
}

/** `schemas/shop.yaml:12`. */
export function visiblePlace(place: Place): string {
  return `${visible(place.file)}:${place.line}`;
}
