/** Takes a server's HTTP address, gives whether it answers. */

import { get } from 'node:http';

/** Waits for an answer for at most two seconds. */
export function ping(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    // A connection of its own, closed after the answer: idle ones would outlive the server they were made for.
    const request = get(`${url}/ping`, { agent: false, timeout: 2000 }, (response) => {
      response.resume();
      response.on('close', () => resolve(response.statusCode === 200));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}
