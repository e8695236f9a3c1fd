import { S3Client } from '@aws-sdk/client-s3';
import type { S3Clients } from './s3-objects.ts';

export interface S3Access {
  /** Undefined: that of AWS in the region. */
  endpoint: string | undefined;
  region: string;
  forcePathStyle: boolean;
  /** Undefined: the SDK looks where it always does (environment, profile, web identity, instance role). */
  keys: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } | undefined;
}

/** For everything but bodies, which have connections of their own, out and in. */
const promptSockets = 64;
/** Each holds at most what the kernel buffers for it. */
const bodySockets = 512;
const connectionTimeoutMs = 3_000;

export function createS3Clients({ endpoint, forcePathStyle, keys, region }: S3Access): S3Clients {
  const client = (maxSockets: number): S3Client =>
    new S3Client({
      region,
      forcePathStyle,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(keys === undefined ? {} : { credentials: keys }),
      // Repeating is ours: the SDK does not repeat 409, and takes the 412 of its own second attempt for somebody else's object.
      maxAttempts: 1,
      // Otherwise the SDK adds CRC32 to everything and sends streams in a framing that many stores do not know.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      // A store that does not answer it would cost each large body six seconds.
      expectContinueHeader: false,
      followRegionRedirects: false,
      requestHandler: {
        connectionTimeout: connectionTimeoutMs,
        httpAgent: { keepAlive: true, maxSockets },
        httpsAgent: { keepAlive: true, maxSockets },
        // Its warnings would go to the console.
        socketAcquisitionWarningTimeout: 2 ** 31 - 1,
      },
    });
  return { prompt: client(promptSockets), bodies: client(bodySockets) };
}
