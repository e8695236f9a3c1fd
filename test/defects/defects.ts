import { fanoutDefects } from './fanout-defects.ts';
import { relayDefects } from './relay-defects.ts';

/** Defects that somebody could make, each with the smallest test that must see it. A text that is gone from the source is an error. */
export interface Defect {
  name: string;
  edits: readonly { file: string; find: string; replace: string }[];
  test: { file: string; pattern: string };
}

const batch = 'src/platform/blobs/local/writer-batch.ts';
const append = 'src/features/incidents/chunks/append-chunk.ts';
const record = 'src/features/incidents/chunks/chunks.transactions.ts';
const order = { file: 'test/faults/faults.test.ts', pattern: 'every acknowledgement comes after' };
const failing = { file: 'test/faults/faults.test.ts', pattern: 'a system call that fails' };
const unconfirmed = { file: 'test/kill/unconfirmed-blob.test.ts', pattern: 'a blob without a row' };
const uploadParts = (pattern: string) => ({ file: 'test/documents/uploads-parts.test.ts', pattern });
const lostClaim = { file: 'test/documents/job-status.test.ts', pattern: 'a claim that is lost changes nothing' };
const outgoing = (pattern: string) => ({ file: 'src/platform/outgoing/outgoing.test.ts', pattern });
const tampering = (pattern: string) => ({ file: 'test/captures/tampering.test.ts', pattern });
const rechecks = (pattern: string) => ({ file: 'test/races/rechecks.test.ts', pattern });

export const defects: readonly Defect[] = [
  {
    name: 'the folder of a new name is not flushed',
    edits: [{ file: batch, find: 'await this.#flushDirectories();', replace: 'this.#directories.takeUnflushed();' }],
    test: { file: 'test/power-cut/power-cut.test.ts', pattern: 'ext4 loses nothing that was acknowledged, single' },
  },
  {
    name: 'SQLite commits with synchronous NORMAL',
    edits: [
      {
        file: 'src/platform/metadata/sqlite/connection.ts',
        find: 'synchronous = FULL',
        replace: 'synchronous = NORMAL',
      },
      { file: 'src/platform/metadata/sqlite/connection.ts', find: "'synchronous', 2", replace: "'synchronous', 1" },
    ],
    test: { file: 'test/power-cut/power-cut.test.ts', pattern: 'ext4 loses nothing that was acknowledged, single' },
  },
  {
    name: 'the file is not flushed before it gets its name',
    edits: [
      {
        file: batch,
        find: 'await this.#flushFiles(this.#writeFiles(items));',
        replace: 'for (const fd of this.#writeFiles(items)) closeSync(fd);',
      },
    ],
    test: order,
  },
  {
    name: 'the name is given before the file is flushed',
    edits: [
      {
        file: batch,
        find: 'await this.#flushFiles(this.#writeFiles(items));\n        const touched = this.#link(items);',
        replace:
          'const fds = this.#writeFiles(items);\n        const touched = this.#link(items);\n        await this.#flushFiles(fds);',
      },
    ],
    test: order,
  },
  {
    name: 'rename in place of link: a name that exists is overwritten',
    edits: [
      { file: batch, find: 'linkSync(this.#staged', replace: 'renameSync(this.#staged' },
      { file: batch, find: 'linkSync, openSync,', replace: 'openSync, renameSync,' },
    ],
    test: unconfirmed,
  },
  {
    name: 'a name that exists counts as created',
    edits: [
      {
        file: batch,
        find: "if (hasErrno(error, 'EEXIST')) return undefined;",
        replace: "if (hasErrno(error, 'EEXIST')) return directory;",
      },
    ],
    test: unconfirmed,
  },
  {
    name: 'a failed flush is taken for a passing fault',
    edits: [
      {
        file: batch,
        find: 'this.#halted = diskFault(error);\n        this.#dropStaged(items);',
        replace: 'for (const item of items) item.fault = diskFault(error);\n        this.#dropStaged(items);',
      },
    ],
    test: failing,
  },
  {
    name: 'the answer does not wait for the row',
    edits: [
      {
        file: append,
        find: 'const recorded = await deps.metadata.write(recordChunkTransaction, {',
        replace: 'const recorded = { created: true, chunk };\n    void deps.metadata.write(recordChunkTransaction, {',
      },
    ],
    test: order,
  },
  {
    name: 'the hash of what arrived is not compared',
    edits: [
      {
        file: append,
        find: "if (body.sha256Hex !== claim.sha256Hex) throw new Problem('hash_mismatch');",
        replace: '',
      },
    ],
    test: { file: 'test/hostile/cut-clients.test.ts', pattern: 'uploads that are cut off' },
  },
  {
    name: 'any refusal removes the blob, whoever made it',
    edits: [{ file: append, find: "if (blob === 'created' && mayRemove(", replace: 'if (mayRemove(' }],
    test: { file: 'test/kill/unconfirmed-blob.test.ts', pattern: 'leaves a blob that stood there' },
  },
  {
    name: 'a refusal leaves the blob that it made',
    edits: [
      {
        file: append,
        find: "if (blob === 'created' && mayRemove(deps, chunk, row, error)) await deps.blobs.remove(chunk.stored_path);",
        replace: 'void mayRemove;',
      },
    ],
    test: { file: 'test/kill/unconfirmed-blob.test.ts', pattern: 'takes away the blob that this request made' },
  },
  {
    name: 'a refusal removes what another node may have adopted',
    edits: [{ file: append, find: 'return !metadata.shared;', replace: 'return true;' }],
    test: { file: 'test/nodes/shared-store.test.ts', pattern: 'leaves the bytes to the one that adopted them' },
  },
  {
    name: 'a lease is given back by whoever held it last',
    edits: [
      {
        file: 'src/platform/coordination/valkey/valkey-scripts.ts',
        find: "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end\nreturn redis.call('DEL', KEYS[1])",
        replace: "return redis.call('DEL', KEYS[1])",
      },
    ],
    test: { file: 'test/nodes/lease-holder.test.ts', pattern: 'ends nobody else' },
  },
  {
    name: 'what cannot be counted is allowed',
    edits: [
      {
        file: 'src/platform/coordination/valkey/valkey.ts',
        find: "answered('rate_limit_unavailable', async () => {",
        replace:
          "answered('rate_limit_unavailable', async () => {\n        if ((await coordinator.health()) !== 'ok') return { allowed: true, retryAfterMs: 0 };",
      },
    ],
    test: { file: 'test/nodes/coordination.test.ts', pattern: 'killed: what needs it is refused' },
  },
  {
    name: 'the fingerprint under a key is ignored',
    edits: [
      {
        file: append,
        find: 'usedKey.fingerprint === operation?.fingerprint ?',
        replace: 'usedKey.fingerprint !== undefined ?',
      },
      {
        file: record,
        find: 'usedKey.fingerprint === operation?.fingerprint ?',
        replace: 'usedKey.fingerprint !== undefined ?',
      },
    ],
    test: { file: 'test/http/idempotency.test.ts', pattern: 'the same key for anything else' },
  },
  {
    name: 'the stream is not judged again in the transaction',
    edits: [{ file: record, find: "if (stream.status !== 'open') throw new Problem('stream_not_open');", replace: '' }],
    test: rechecks('a stream that failed meanwhile'),
  },
  {
    name: 'the incident is not judged again in the transaction',
    edits: [{ file: record, find: 'assertOpen(incident);', replace: 'void assertOpen;' }],
    test: rechecks('an incident that was closed meanwhile'),
  },
  {
    name: 'the quota is not judged again in the transaction',
    edits: [{ file: record, find: "throw new Problem('quota_exceeded')", replace: 'void 0' }],
    test: rechecks('a quota that others used up'),
  },
  {
    name: 'a transaction begins deferred',
    edits: [
      {
        file: 'src/platform/metadata/sqlite/group.ts',
        find: "prepare('BEGIN IMMEDIATE')",
        replace: "prepare('BEGIN DEFERRED')",
      },
    ],
    test: rechecks('a write that waited for another process'),
  },
  {
    name: 'staged files of refused uploads stay',
    edits: [
      {
        file: 'src/platform/blobs/local/staging-file.ts',
        find: 'remove ? unlink(this.#path) : undefined',
        replace: 'remove ? undefined : undefined',
      },
    ],
    test: { file: 'test/hostile/cut-clients.test.ts', pattern: 'uploads that are cut off' },
  },
  {
    name: 'a form that is cut off keeps its place in staging',
    edits: [{ file: 'src/http/receive-form.ts', find: 'part?.destroy();', replace: 'void part;' }],
    test: { file: 'test/hostile/cut-clients.test.ts', pattern: 'a form that is cut off' },
  },
  {
    name: 'bytes are served without being compared with their hash',
    edits: [
      {
        file: 'src/platform/blobs/local/reader.thread.ts',
        find: "judged.hash.digest('hex') !== judged.record.sha256Hex",
        replace: "judged.hash.digest('hex') === ''",
      },
    ],
    test: { file: 'test/faults/flipped-bits.test.ts', pattern: 'a damaged blob' },
  },
  {
    name: 'a session never expires',
    edits: [
      {
        file: 'src/features/accounts/identify-session.ts',
        find: 'session.expires_at <= timestamp(Date.now())',
        replace: 'session.expires_at <= timestamp(0)',
      },
    ],
    test: { file: 'test/http/accounts.test.ts', pattern: 'expired or revoked are told alike' },
  },
  {
    name: 'a revoked viewer link still works',
    edits: [
      {
        file: 'src/features/incidents/viewer-tokens/viewer-tokens.store.ts',
        find: 'row.revoked_at === null &&',
        replace: '',
      },
    ],
    test: { file: 'test/races/races.test.ts', pattern: 'a revoked link shows nothing' },
  },
  {
    name: 'a deletion that was begun is not taken up again',
    edits: [
      {
        file: 'src/features/incidents/deletion/deletion.store.ts',
        find: ".where('state', 'in', unfinished)\n    .orderBy",
        replace: ".where('state', '=', 'deletion_pending')\n    .orderBy",
      },
    ],
    test: { file: 'test/kill/kill.test.ts', pattern: 'misleads, failpoints' },
  },
  // What only shows where several nodes share a store.
  {
    name: 'a stream is not held while a chunk is added to it',
    edits: [{ file: record, find: ".forNoKeyUpdate(['media_streams'])", replace: '' }],
    test: { file: 'test/postgres/boundaries.test.ts', pattern: 'chunks against completion' },
  },
  {
    name: 'an account is not held while it is charged',
    edits: [{ file: record, find: ".forNoKeyUpdate(['accounts'])", replace: '' }],
    test: { file: 'test/nodes/nodes.test.ts', pattern: 'a quota is used up and never exceeded' },
  },
  {
    name: 'a commit whose answer was lost counts as done',
    edits: [
      {
        file: 'src/platform/metadata/postgres/attempt.ts',
        find: "return answer.lost ? { state: 'unknown', error: answer }",
        replace: "return answer.lost ? { state: 'committed', output }",
      },
    ],
    test: { file: 'src/platform/metadata/postgres/faults.test.ts', pattern: 'a connection that is lost at the commit' },
  },
  {
    name: 'a lease is taken for the truth: its holder may remove what it made',
    edits: [{ file: append, find: 'return !metadata.shared;', replace: 'return metadata !== undefined;' }],
    test: { file: 'test/nodes/shared-store.test.ts', pattern: 'leaves the bytes to the one that adopted them' },
  },
  {
    name: 'a session is remembered by the node that saw it',
    edits: [
      {
        file: 'src/features/accounts/identify-session.ts',
        find: 'let isSetUp = false;',
        replace: 'let isSetUp = false;\n  const seen: Record<string, ReturnType<typeof sessionHolder>> = {};',
      },
      {
        file: 'src/features/accounts/identify-session.ts',
        find: 'await sessionHolder(read, kind, hash)',
        replace: 'await (seen[String(hash)] ??= sessionHolder(read, kind, hash))',
      },
    ],
    test: { file: 'test/nodes/nodes.test.ts', pattern: 'a session that ends at one is over at the other' },
  },
  {
    name: 'an object is put whatever stands under its name',
    edits: [{ file: 'src/platform/blobs/s3/put-request.ts', find: "? { 'if-none-match': '*' }", replace: '? {}' }],
    test: { file: 'test/s3/contract.test.ts', pattern: 'one name, different bytes' },
  },
  {
    name: 'a part of a resumable upload counts wherever the upload stands',
    edits: [
      {
        file: 'src/features/resumable/resumable.transactions.ts',
        find: ".where('received_bytes', '=', part.start_byte)",
        replace: ".where('received_bytes', '>=', 0)",
      },
    ],
    test: uploadParts('of requests that found the same offset'),
  },
  {
    name: 'each end of a resumable upload has a key of its own',
    edits: [
      {
        file: 'src/features/documents/uploads/document-target.ts',
        find: 'const idempotencyKey = ',
        replace: 'const idempotencyKey = Math.random() + ',
      },
    ],
    test: uploadParts('however many bring it to its end'),
  },
  {
    name: 'each end of the resumable upload of a chunk has a key of its own',
    edits: [
      {
        file: 'src/features/incidents/uploads/chunk-target.ts',
        find: 'return `upload ',
        replace: 'return Math.random() + `upload ',
      },
    ],
    test: { file: 'test/chunk-uploads/chunk-target.test.ts', pattern: 'however many bring an upload to its end' },
  },
  {
    name: 'the offset of an upload is told at its end before anything was made of it',
    edits: [
      {
        file: 'src/features/resumable/resumable.routes.ts',
        find: 'if (isFull(upload)) await finishUpload(',
        replace: 'if (Number.isNaN(upload.byte_size)) await finishUpload(',
      },
    ],
    test: { file: 'test/chunk-uploads/chunk-uploads.test.ts', pattern: 'pending bytes are counted' },
  },
  {
    name: 'the parts of an upload are read without their hashes',
    edits: [
      {
        file: 'src/features/resumable/whole-body.ts',
        find: 'const { pieces } = await blobs.openVerified(part.stored_path, record);',
        replace: 'const { stream: pieces } = await blobs.open(part.stored_path); void record;',
      },
    ],
    test: uploadParts('a part that is not what it was'),
  },
  {
    name: 'a job is ended by whoever has ever claimed it',
    edits: [
      {
        file: 'src/features/jobs/jobs.store.ts',
        find: ".where('id', '=', jobId)\n    .where('fence', '=', fence)",
        replace: ".where('id', '=', jobId)",
      },
    ],
    test: lostClaim,
  },
  {
    name: 'a job that is taken over keeps its fence',
    edits: [
      { file: 'src/features/jobs/jobs.transactions.ts', find: 'fence: job.fence + 1', replace: 'fence: job.fence' },
    ],
    test: lostClaim,
  },
  {
    name: 'a job that runs shows no signs of life',
    edits: [
      {
        file: 'src/features/jobs/held-job.ts',
        find: 'setInterval(() => void this.#renew(), options.leaseMs / 3),',
        replace: '',
      },
    ],
    test: { file: 'src/features/jobs/table-queue.test.ts', pattern: 'a job outlives its lease' },
  },
  {
    name: 'what BullMQ does not hand out is left to BullMQ',
    edits: [{ file: 'src/features/jobs/bullmq/bull-queue.ts', find: 'this.#overdue.start(limited, 1);', replace: '' }],
    test: { file: 'test/jobs/queue-faults.test.ts', pattern: 'without the server of the queue the table is enough' },
  },
  {
    name: 'BullMQ is told of each job once',
    edits: [{ file: 'src/features/jobs/bullmq/bull-queue.ts', find: 'told.clear();', replace: '' }],
    test: { file: 'test/jobs/queue-faults.test.ts', pattern: 'told again of what it has forgotten' },
  },
  {
    name: 'a host is let through for one of its addresses',
    edits: [
      {
        file: 'src/platform/outgoing/outgoing-gate.ts',
        find: 'others.some((address) => isRefused(',
        replace: 'others.every((address) => isRefused(',
      },
    ],
    test: outgoing('a name with a good address and a bad one is refused as a whole'),
  },
  {
    name: 'an address in the place of a name is not judged',
    edits: [
      {
        file: 'src/platform/outgoing/outgoing-gate.ts',
        find: 'if (isIP(address) === 0) return undefined;',
        replace: 'if (address !== undefined) return undefined;',
      },
    ],
    test: outgoing('no spelling of an address of this machine or network gets a connection'),
  },
  {
    name: 'credentials follow a redirect',
    edits: [
      {
        file: 'src/platform/outgoing/outgoing-request.ts',
        find: 'url.origin === request.url.origin ? request.authorization : undefined',
        replace: 'request.authorization',
      },
    ],
    test: outgoing('credentials go to their own origin alone'),
  },
  {
    name: 'sealed credentials open for any place',
    edits: [
      {
        file: 'src/features/cloud/secrets/seal-credentials.ts',
        find: 'JSON.stringify([id, kind, endpoint])',
        replace: 'JSON.stringify([typeof id, typeof kind, typeof endpoint])',
      },
    ],
    test: {
      file: 'src/features/cloud/secrets/seal-credentials.test.ts',
      pattern: 'it opens for its own account, connection, kind and address alone',
    },
  },
  {
    name: 'an import does not look for what an earlier attempt has made',
    edits: [
      {
        file: 'src/features/cloud/import/import-file.ts',
        find: 'if (await isUsedKey(read, ownerId, idempotencyKey)) return',
        replace: 'if ((await isUsedKey(read, ownerId, idempotencyKey)) && number === 0) return',
      },
    ],
    test: { file: 'test/cloud/import.test.ts', pattern: 'an import that is killed in the middle goes on' },
  },
  {
    name: 'what a mirror has written is not compared',
    edits: [
      {
        file: 'src/features/cloud/remote/webdav/webdav-store.ts',
        find: "hash.digest('hex') !== body.sha256Hex || ",
        replace: '',
      },
    ],
    test: {
      file: 'src/features/cloud/remote/webdav/webdav-store.test.ts',
      pattern: 'what is written is read back',
    },
  },
  {
    name: 'the manifest of a capture group is not held against its rows',
    edits: [
      {
        file: 'src/client/bundle/group/verify-group.ts',
        find: 'compareManifest(given, computed, fail);',
        replace: 'void given;',
      },
    ],
    test: tampering('even where the sums were made to fit: another chosen chunk'),
  },
  {
    name: 'the sums of a capture group are not looked at',
    edits: [
      {
        file: 'src/client/bundle/group/verify-group.ts',
        find: 'await checkSums(source, entries, sumsText(computed, manifestSha256), fail);',
        replace: 'void sumsText;',
      },
    ],
    test: tampering('whatever it hits: flip a byte'),
  },
  {
    name: 'a canonical bundle leaves context out',
    edits: [
      {
        file: 'src/kit/evidence/bundle/group-manifest.ts',
        find: '...confirmed.filter(isContext)',
        replace: '...confirmed.filter(() => false)',
      },
    ],
    test: { file: 'test/http/capture-bundles.test.ts', pattern: 'each kind has the bytes that it is for' },
  },
  {
    name: 'a bundle of a capture group begins without looking for its bytes',
    edits: [
      {
        file: 'src/features/incidents/bundles/group-bundle.ts',
        find: 'contained.map(({ row }) => row),',
        replace: '[],',
      },
    ],
    test: { file: 'test/http/capture-bundles.test.ts', pattern: 'make no bundle' },
  },
  ...fanoutDefects,
  ...relayDefects,
];
