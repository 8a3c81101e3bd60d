/** A configuration file of a node: what is declared about how files reach it, and what a step carries. */

/** Where the servers' own topology is written, and where their users are; both below the folder of the configuration. */
export const CONFIG_FILE = 'config.d/plumbline.xml';
export const USERS_FILE = 'users.d/plumbline.xml';
export type FilePath = typeof CONFIG_FILE | typeof USERS_FILE;

/** In all texts `{node}` stands for the node's name. `manual`: people put the file in its place. */
export type DeliverBy =
  | { readonly directory: string }
  | { readonly command: readonly string[] }
  | { readonly manual: true };

/** How the server comes to read it. `restart` is for embedded servers, which can't reload. */
export type Reload = 'config' | 'none' | 'restart' | { readonly command: readonly string[] };

export interface Files {
  readonly by: DeliverBy;
  readonly reload: Reload;
}

/** A file as a step carries it. It holds no secret: credentials in it are names of the server's environment variables. */
export interface StepFile extends Files {
  readonly path: FilePath;
  readonly text: string;
  /** What was delivered last; absent where nothing was. */
  readonly before?: string;
}

/** The text with the node's name in it. */
export function forNode(text: string, node: string): string {
  return text.replaceAll('{node}', node);
}
