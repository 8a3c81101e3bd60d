/** A Keeper (or ZooKeeper) and a path go in; the node's text comes out, and is replaced where nobody replaced it meanwhile. */
import { createClient, Exception } from 'node-zookeeper-client';
import { KeeperError } from './keeper-error.ts';
import { isTls, openTlsPipe } from './tls-pipe.ts';

export interface KeeperNode {
  readonly text: string;
  /** Counts how often the text was replaced. */
  readonly version: number;
}

export interface Keeper {
  /** Undefined where there is no such node. */
  read(path: string): Promise<KeeperNode | undefined>;
  /** Whether it was written: not where the node has another version by now, or is gone. */
  write(path: string, text: string, version: number): Promise<boolean>;
  close(): void;
}

export interface KeeperOptions {
  /** `host:port`, or `tls://host:port`. */
  readonly addresses: readonly string[];
  /** The certificate by which those that speak TLS are trusted, as PEM; absent where authorities that Node knows are enough. */
  readonly ca?: string;
  /** `user:password` for the digest scheme. */
  readonly signIn?: string;
  /** Milliseconds that it may say nothing. */
  readonly timeout: number;
}

/** Answers after which a request may be done or not. */
const INCONCLUSIVE: ReadonlySet<number | undefined> = new Set([
  Exception.CONNECTION_LOSS,
  Exception.OPERATION_TIMEOUT,
  Exception.SESSION_EXPIRED,
  undefined,
]);

/** What is wrong about a node, and no reason to give up. */
const ABOUT_NODE: ReadonlySet<number | undefined> = new Set([Exception.NO_NODE, Exception.BAD_VERSION]);

type Failure = Error | Exception;

const codeOf = (error: Failure): number | undefined => ('code' in error ? error.code : undefined);

/** Connects at once. Throws a KeeperError, also from what it returns; after one that is inconclusive, close it and open another. */
export async function openKeeper({ addresses, ca, signIn, timeout }: KeeperOptions): Promise<Keeper> {
  const pipes = await Promise.all(addresses.filter(isTls).map((address) => openTlsPipe(address, ca)));
  const plain = [...addresses.filter((address) => !isTls(address)), ...pipes.map(({ address }) => address)];
  const client = createClient(plain.join(','), { sessionTimeout: timeout, spinDelay: 100, retries: 0 });
  const who = `Keeper ${addresses.join(', ')}`;
  let isClosed = false;
  const close = (): void => {
    isClosed = true;
    client.close();
    for (const pipe of pipes) pipe.close();
  };
  /** Undefined where the node is not there, or not as it was. */
  const ask = <T>(
    send: (answer: (error: Failure | null, value: T) => void) => void,
  ): Promise<T | undefined> =>
    new Promise((resolve, reject) => {
      const silent = (): KeeperError => {
        const why = [...new Set(pipes.flatMap((pipe) => pipe.failure() ?? []))];
        return new KeeperError([`${who}: no answer within ${timeout / 1000} s`, ...why].join('; '), true);
      };
      const timer = setTimeout(() => reject(silent()), timeout);
      send((error, value) => {
        clearTimeout(timer);
        const code = error ? codeOf(error) : undefined;
        if (!error) resolve(value);
        else if (ABOUT_NODE.has(code)) resolve(undefined);
        else reject(new KeeperError(`${who}: ${error.toString()}`, INCONCLUSIVE.has(code)));
      });
    });
  // One that answers only after it was given up must not stay open.
  client.on('connected', () => isClosed && client.close());
  if (signIn !== undefined) client.addAuthInfo('digest', Buffer.from(signIn));
  try {
    await ask<true>((answer) => {
      client.once('connected', () => answer(null, true));
      client.connect();
    });
  } catch (error) {
    close();
    throw error;
  }
  return {
    read: (path) =>
      ask((answer) =>
        client.getData(path, (error, data: Buffer | undefined, stat) =>
          answer(error, { text: data?.toString('utf8') ?? '', version: stat?.version ?? 0 }),
        ),
      ),
    write: async (path, text, version) =>
      (await ask<true>((answer) =>
        client.setData(path, Buffer.from(text), version, (error) => answer(error, true)),
      )) === true,
    close,
  };
}
