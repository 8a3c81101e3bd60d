/** A port on this machine goes in; another comes out that reaches it over TLS, and the certificate of `localhost` by which that is trusted. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface TlsTerminator {
  readonly port: number;
  /** As PEM. */
  readonly ca: string;
  stop(): Promise<void>;
}

/** The keytool of Java's, which the ZooKeeper behind it needs anyway. */
async function certify(folder: string): Promise<{ pfx: Buffer; ca: string }> {
  const store = join(folder, 'store.p12');
  const common = ['-alias', 'keeper', '-keystore', store, '-storepass', 'changeit'];
  await run('keytool', [
    ...['-genkeypair', ...common, '-storetype', 'PKCS12', '-keyalg', 'EC', '-groupname', 'secp256r1'],
    ...['-dname', 'CN=localhost', '-ext', 'san=dns:localhost', '-ext', 'bc=ca:true', '-validity', '2'],
  ]);
  const { stdout: ca } = await run('keytool', ['-exportcert', ...common, '-rfc']);
  return { pfx: await readFile(store), ca };
}

export async function terminateTls(behind: number): Promise<TlsTerminator> {
  const folder = await mkdtemp(join(tmpdir(), 'plumbline-tls-'));
  const { pfx, ca } = await certify(folder);
  await rm(folder, { recursive: true });
  const server = createServer({ pfx, passphrase: 'changeit' }, (outside) => {
    const inside = connect(behind, '127.0.0.1');
    const end = (): void => {
      inside.destroy();
      outside.destroy();
    };
    for (const socket of [inside, outside]) socket.on('error', end).on('close', end);
    outside.pipe(inside).pipe(outside);
  });
  // A client that does not trust it hangs up in the middle of the handshake.
  server.on('tlsClientError', () => {});
  server.listen(0);
  await once(server, 'listening');
  const stop = async (): Promise<void> => {
    server.close();
  };
  return { port: (server.address() as AddressInfo).port, ca, stop };
}
