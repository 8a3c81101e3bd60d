/** A folder goes in; an S3 endpoint on loopback with a bucket of one name comes out, for `s3()` of real servers. */
import { createRequire } from 'node:module';
import { freePorts } from '../../src/embedded/free-ports.ts';

/** What s3rver, which has no types, offers. */
interface S3rver {
  run(): Promise<unknown>;
  close(): Promise<void>;
}

const S3rver = createRequire(import.meta.url)('s3rver') as new (options: object) => S3rver;

export interface S3 {
  /** Of the bucket, with a slash at its end. */
  readonly url: string;
  stop(): Promise<void>;
}

/** What the endpoint lets in. */
export const S3_KEYS = { id: 'S3RVER', secret: 'S3RVER' } as const;

export async function startS3(folder: string, bucket: string): Promise<S3> {
  const [port = 0] = await freePorts(1);
  const server = new S3rver({
    port,
    address: '127.0.0.1',
    silent: true,
    directory: folder,
    configureBuckets: [{ name: bucket }],
  });
  await server.run();
  return { url: `http://127.0.0.1:${port}/${bucket}/`, stop: () => server.close() };
}
