/** A Keeper that speaks TLS goes in; a port of this machine comes out, at which it is reached without, and why it was not reached. */
import { once } from 'node:events';
import { type AddressInfo, createServer, isIP } from 'node:net';
import { connect } from 'node:tls';

const SCHEME = 'tls://';

/** Whether an address asks for TLS: `tls://host:port`. */
export const isTls = (address: string): boolean => address.startsWith(SCHEME);

export interface TlsPipe {
  /** `127.0.0.1:port`. */
  readonly address: string;
  /** Of the last connection that failed: a certificate that is not trusted, say. */
  failure(): string | undefined;
  close(): void;
}

/**
 * The client of ZooKeeper knows plain connections only. The server has to prove that it is the host: by an authority that Node
 * trusts, or by `ca`, as PEM.
 */
export async function openTlsPipe(address: string, ca: string | undefined): Promise<TlsPipe> {
  const [host = '', port = ''] = address.slice(SCHEME.length).split(':');
  let failure: string | undefined;
  const server = createServer((inside) => {
    // An address is no server name; it is found among the addresses of the certificate.
    const name = isIP(host) === 0 ? { servername: host } : {};
    const outside = connect({ host, port: Number(port), ...name, ...(ca !== undefined && { ca }) });
    const end = (): void => {
      inside.destroy();
      outside.destroy();
    };
    outside.on('error', ({ message }) => {
      failure = message;
    });
    for (const socket of [inside, outside]) socket.on('error', end).on('close', end);
    outside.once('secureConnect', () => {
      inside.pipe(outside);
      outside.pipe(inside);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: here } = server.address() as AddressInfo;
  return { address: `127.0.0.1:${here}`, failure: () => failure, close: () => void server.close() };
}
