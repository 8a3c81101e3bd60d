/** Takes where a review happens and gives the links of its comment: to a line, to a commit, to the run. */
import type { Place } from '../model/place.ts';
import type { ReviewContext } from '../model/review.ts';
import { code, htmlCode } from './markdown-escape.ts';
import { visiblePlace } from './visible.ts';

/** What percent-encoding leaves as it is, and Markdown or HTML would act on. */
const LOOSE = /[!'()*]/g;

const percent = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

/** A lone surrogate has no encoding. */
const wellFormed = (text: string): string => text.replace(/\p{Cs}/gu, '\ufffd');

const segment = (text: string): string => encodeURIComponent(wellFormed(text)).replace(LOOSE, percent);

/** An address that was given whole; what no address may hold is encoded. */
export function safeUrl(url: string): string {
  return encodeURI(wellFormed(url)).replace(LOOSE, percent);
}

/** Without steps up, which could lead out of where the path begins. */
function segments(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(segment(part));
  }
  return parts.join('/');
}

function repositoryUrl({ serverUrl, repository }: ReviewContext): string {
  return `${safeUrl(serverUrl).replace(/\/+$/, '')}/${segments(repository)}`;
}

/** The path of a declaration's file inside the repository. */
export function repositoryPath(estate: string, { file }: Place): string {
  return segments(`${estate}/${file}`);
}

/** The line of a declaration at the planned commit. */
export function placeUrl(context: ReviewContext, place: Place): string {
  const file = repositoryPath(context.estate, place);
  return `${repositoryUrl(context)}/blob/${segment(context.commit)}/${file}#L${place.line}`;
}

/** `schemas/shop.yaml:12`, linked. */
export function placeLink(context: ReviewContext, place: Place): string {
  return `[${code(visiblePlace(place))}](${placeUrl(context, place)})`;
}

/** The same inside HTML. */
export function placeAnchor(context: ReviewContext, place: Place): string {
  return `<a href="${placeUrl(context, place)}">${htmlCode(visiblePlace(place))}</a>`;
}

/** The first digits of a commit, linked to it. */
export function commitLink(context: ReviewContext, commit = context.commit): string {
  return `[${code(commit.slice(0, 7))}](${repositoryUrl(context)}/commit/${segment(commit)})`;
}
