/**
 * The reference of the cluster form: a bare node:http server on the promise API. PUT hashes the body, puts it into the bucket with the
 * plain SDK and inserts one row through a plain pool; no auth, no checks, nothing kept from being replaced. Argument: BareBackends as JSON.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import pg from 'pg';

export interface BareBackends {
  databaseUrl: string;
  maxConnections: number;
  endpoint: string;
  bucket: string;
  accessKey: string;
  secretKey: string;
}

const backends: BareBackends = JSON.parse(process.argv[2] ?? '{}');
const pool = new pg.Pool({ connectionString: backends.databaseUrl, max: backends.maxConnections });
// What s3-client.ts sets and why it does.
const client = new S3Client({
  region: 'us-east-1',
  endpoint: backends.endpoint,
  forcePathStyle: true,
  credentials: { accessKeyId: backends.accessKey, secretAccessKey: backends.secretKey },
  maxAttempts: 1,
  requestChecksumCalculation: 'WHEN_REQUIRED',
  responseChecksumValidation: 'WHEN_REQUIRED',
  requestHandler: { httpAgent: { keepAlive: true, maxSockets: 160 } },
});
await pool.query(`CREATE TABLE IF NOT EXISTS bare_chunks (
  id TEXT COLLATE "C" PRIMARY KEY, stored_path TEXT NOT NULL, sha256_hex TEXT NOT NULL, byte_size BIGINT NOT NULL, created_at TIMESTAMPTZ NOT NULL)`);

const server = createServer((request, response) => {
  store(request, response).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    response.destroy();
  });
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`); // listening on TCP
});

async function store(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer); // no encoding is set, so parts are Buffers
  const body = Buffer.concat(parts);
  const sha256 = createHash('sha256').update(body).digest('hex');
  const name = randomBytes(12).toString('hex');
  await client.send(new PutObjectCommand({ Bucket: backends.bucket, Key: `bare/${name}`, Body: body }));
  await pool.query({
    name: 'insert',
    text: 'INSERT INTO bare_chunks (id, stored_path, sha256_hex, byte_size, created_at) VALUES ($1, $2, $3, $4, $5)',
    values: [name, `bare/${name}`, sha256, body.length, new Date().toISOString()],
  });
  const text = JSON.stringify({ name, sha256, size: body.length });
  response.writeHead(201, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}
