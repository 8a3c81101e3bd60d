/** Where in a declaration something stands: what every error and every step points a reader to. */
export interface Place {
  /** Path of the file, relative to the estate's folder, with forward slashes. */
  readonly file: string;
  /** Line, counted from 1. */
  readonly line: number;
  /** Column, counted from 1, in characters. */
  readonly column: number;
}

/** `schemas/avesa.yaml:12:5`, the form editors and terminals turn into a link. */
export function showPlace(place: Place): string {
  return `${place.file}:${place.line}:${place.column}`;
}
