/** Takes a count, gives as many TCP ports of 127.0.0.1 that nothing listens on at this moment. */

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** All ports differ. Another process may take one before it is used, so be ready to ask again. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => server.listening || once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}
