import assert from 'node:assert/strict';
import { ingestToken, readerToken } from './token-identity.ts';

/** What one answer was, without what differs by nature: times, ids made here, and what hashes over them come to. */
export interface Heard {
  step: string;
  status: number;
  headers: Record<string, string>;
  body: unknown;
}

interface Step {
  name: string;
  method?: string;
  path: string | ((seen: Seen) => string);
  /** Objects are sent as JSON. */
  body?: unknown;
  token?: string | undefined;
  headers?: Record<string, string> | ((seen: Seen) => Record<string, string>);
  status: number;
  /** Code of the error that is expected. */
  code?: string;
  look?: (answer: Answer, seen: Seen) => void;
}

interface Answer {
  bytes: Uint8Array;
  text: string;
  // What JSON holds is looked at by each step.
  json: Record<string, unknown>;
  headers: Headers;
}

/** What earlier steps leave for later ones. */
type Seen = Map<string, string>;

const mib = 1024 * 1024;
const where = { organization: 'Acme', project: 'Web Shop', service: 'api' };
const at = '/v1/lineage/acme/web-shop/api';
const envelope = (rest: object) => ({ ...where, artifact: { version: 1 }, ...rest });
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const raw = (artifact: string, id: string) =>
  `{"organization":"acme","project":"web-shop","service":"api","run_id":"${id}","artifact":${artifact}}`;
const sized = (bytes: number, id: string) => {
  const around = raw('""', id).length;
  return raw(`"${'x'.repeat(bytes - around)}"`, id);
};

/** The steps in order; each stands on those before it. Bodies have exactly these bytes, so that numbers keep their spelling. */
const firstBody = `{"organization":"Acme","project":"Web Shop","service":"api","run_id":"r1","commit_sha":"abc1234",
 "artifact": {"n": 1.0, "big": 123456789012345678901, "é": "\\u00e9"}, "metadata": {"a": "b"}}`;

export function steps(policy: 'reject' | 'noop'): Step[] {
  const post = (name: string, body: unknown, status: number, code?: string, more: Partial<Step> = {}): Step => ({
    name,
    method: 'POST',
    path: '/v1/artifacts',
    body,
    status,
    ...(code === undefined ? {} : { code }),
    ...more,
  });
  const get = (name: string, path: Step['path'], status: number, more: Partial<Step> = {}): Step => ({
    name,
    path,
    status,
    ...more,
  });
  return [
    get('health', '/healthz', 200, { token: undefined }),
    get('health, verbose', '/healthz?verbose', 200, { token: undefined }),
    get('nothing yet', `${at}/latest`, 404, { code: 'service_not_found' }),
    get('no runs yet', `${at}/runs`, 200),
    get('nobody yet', '/v1/lineage', 200),

    post('without a token', envelope({}), 401, 'authentication_required', { token: undefined }),
    post('with a wrong token', envelope({}), 401, 'authentication_required', { token: 'wrong' }),
    post('by who may only read', envelope({}), 403, 'forbidden', { token: readerToken }),
    post('into another organization', envelope({ organization: 'other' }), 403, 'forbidden'),
    get('from another organization', '/v1/lineage/beta/p/s/runs', 403, { code: 'forbidden', token: readerToken }),

    post('the first', firstBody, 202, undefined, {
      look: ({ headers, json }) => {
        assert.equal(json.location, `${at}/runs/r1`);
        assert.equal(headers.get('location'), `${at}/runs/r1`);
      },
    }),
    post('the first again', firstBody, 200),
    post('the first with other blanks', firstBody.replaceAll('": ', '":\n\t'), 200),
    post('the first with another number', firstBody.replace('1.0', '1.00'), ...conflict(policy)),
    post('the first with more to say', envelope({ run_id: 'r1', diff: {} }), ...conflict(policy)),
    post('without a run id', envelope({}), 202),
    post(
      'with a diff',
      envelope({ run_id: 'r2', commit_sha: 'fff', diff: { impact: 'downstream', added: [1.5] } }),
      202,
    ),
    post('with a summary', envelope({ run_id: 'r3', diff: [{ op: 'add' }], summary: { impact: 'self_only' } }), 202),
    post('with an empty diff', envelope({ run_id: 'r4', diff: [] }), 202),
    post('in another project', envelope({ project: '--B-- side!', run_id: 'r1' }), 202),
    post('in another organization', envelope({ organization: 'BETA', run_id: 'r1' }), 202),
    post('of 10 MiB', sized(10 * mib, 'large'), 202),

    post('without an organization', { ...where, organization: undefined, artifact: 1 }, 400, 'invalid_name'),
    post('a name of nothing', envelope({ service: '?!' }), 400, 'invalid_name'),
    post('a name too long', envelope({ service: 'x'.repeat(65) }), 400, 'invalid_name'),
    post('a name that is a number', envelope({ service: 7 }), 400, 'invalid_request'),
    post('a run id with a slash', envelope({ run_id: 'a/b' }), 400, 'invalid_run_id'),
    post('a run id that is reserved', envelope({ run_id: 'latest.json' }), 400, 'invalid_run_id'),
    post('without an artifact', { ...where }, 400, 'invalid_request'),
    post('an artifact of null', envelope({ artifact: null }), 400, 'invalid_request'),
    post('a time that is none', envelope({ generated_at: 'yesterday' }), 400, 'invalid_request'),
    post('metadata that is no text', envelope({ metadata: { a: 1 } }), 400, 'invalid_request'),
    post('an unknown field', envelope({ extra: 1 }), 400, 'invalid_json'),
    post('nothing at all', '', 400, 'invalid_json'),
    post('torn JSON', raw('{"a":', 'r9').slice(0, -1), 400, 'invalid_json'),
    post('an array', '[]', 400, 'invalid_json'),
    post('a second value', `${raw('1', 'r9')}{}`, 400, 'invalid_json'),
    post('a key twice', raw('{"a":1,"a":2}', 'r9'), 400, 'invalid_json'),
    post('a field twice', raw('1,"artifact":2', 'r9'), 400, 'invalid_json'),
    post('nested too deep', raw(nested(64), 'r9'), 400, 'invalid_json'),
    post('nested as deep as may be', raw(nested(63), 'deep'), 202),
    post('nested absurdly', raw(nested(100_000), 'r9'), 400, 'invalid_json'),
    post(
      'invalid UTF-8',
      new Uint8Array([...new TextEncoder().encode(raw('"', 'r9')), 0xff, 0x22, 0x7d]),
      400,
      'invalid_json',
    ),
    post('a byte order mark', `\ufeff${raw('1', 'r9')}`, 400, 'invalid_json'),
    post('of 10 MiB and a byte', sized(10 * mib + 1, 'r9'), 413, 'request_too_large'),
    post('of 10 MiB and a byte, in pieces', streamed(sized(10 * mib + 1, 'r9')), 413, 'request_too_large'),
    post('in pieces', streamed(raw('"in pieces"', 'pieces')), 202),

    get('another method', '/v1/artifacts', 405, { code: 'method_not_allowed' }),
    get('no such path', '/v1/nothing', 404, { code: 'not_found' }),

    get('the record', `${at}/runs/r1`, 200, {
      look: ({ headers, text }, seen) => {
        assert.ok(text.includes('{"n": 1.0, "big": 123456789012345678901, "é": "\\u00e9"}'), text);
        assert.match(headers.get('repr-digest') ?? '', /^sha-256=:.+:$/);
        seen.set('etag', headers.get('etag') ?? '');
        seen.set('record', text);
      },
    }),
    get('the record, which the caller has', `${at}/runs/r1`, 304, {
      headers: (seen) => ({ 'If-None-Match': seen.get('etag') ?? '' }),
    }),
    get('the record, of which the caller has another', `${at}/runs/r1`, 200, {
      headers: { 'If-None-Match': '"else"' },
    }),
    get('by other spellings of the names', '/v1/lineage/ACME/web%20shop/Api/runs/r1', 200, {
      look: ({ text }, seen) => assert.equal(text, seen.get('record')),
    }),
    get('the record of 10 MiB', `${at}/runs/large`, 200),
    get('a run that is not there', `${at}/runs/none`, 404, { code: 'run_not_found' }),
    get('a run id that is none', `${at}/runs/%2e%2e%2fr1`, 404, { code: 'run_not_found' }),
    get('the latest', `${at}/latest`, 200, {
      look: ({ headers, json }, seen) => {
        assert.equal(json.run_id, 'pieces');
        seen.set('latest', headers.get('etag') ?? '');
      },
    }),
    get('the latest, which the caller has', `${at}/latest`, 304, {
      headers: (seen) => ({ 'If-None-Match': `W/"0", ${seen.get('latest')}` }),
    }),

    get('the runs', `${at}/runs`, 200),
    get('a page of runs', `${at}/runs?limit=2`, 200, { look: ({ json }, seen) => keepCursor(json, seen) }),
    get('the next page', (seen) => `${at}/runs?limit=2&cursor=${seen.get('cursor')}`, 200, {
      look: ({ json }, seen) => keepCursor(json, seen),
    }),
    get('the runs of a commit', `${at}/runs?commit=fff`, 200),
    get('the runs of no day', `${at}/runs?from=2020-01-01&to=2020-12-31`, 200),
    get('a range that is upside down', `${at}/runs?from=2026-02-01&to=2026-01-01`, 400, { code: 'invalid_request' }),
    get('a day that is none', `${at}/runs?from=2026-02-30`, 400, { code: 'invalid_request' }),
    get('a limit that is none', `${at}/runs?limit=0`, 400, { code: 'invalid_request' }),
    get('a cursor that is none', `${at}/runs?cursor=x`, 400, { code: 'invalid_cursor' }),
    get('a name that is none', '/v1/lineage/acme/!/api/runs', 404, { code: 'service_not_found' }),
    get('the diffs', `${at}/diffs`, 200, {
      look: ({ headers, text }) => {
        assert.equal(headers.get('content-type'), 'application/x-ndjson');
        assert.deepEqual(
          text
            .trimEnd()
            .split('\n')
            .map((line) => (JSON.parse(line) as { run_id: string }).run_id),
          ['r2', 'r3'],
        );
      },
    }),
    get('the diffs of no day', `${at}/diffs?to=2020-01-01`, 200),
    get('the changes', `/v1/changes/acme/web-shop/api`, 200),
    get('the changes that touch others', `/v1/changes/acme/web-shop/api?impact=downstream`, 200),
    get('an impact that is none', `/v1/changes/acme/web-shop/api?impact=none`, 400, { code: 'invalid_request' }),
    get('the services', '/v1/lineage', 200),
    get('the services that a reader sees', '/v1/lineage?limit=1', 200, {
      token: readerToken,
      look: ({ json }, seen) => keepCursor(json, seen),
    }),
    get('the next service', (seen) => `/v1/lineage?limit=1&cursor=${seen.get('cursor')}`, 200, { token: readerToken }),
  ];
}

function conflict(policy: 'reject' | 'noop'): [status: number, code?: string] {
  return policy === 'reject' ? [409, 'run_conflict'] : [200];
}

function streamed(text: string): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      if (sent >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(sent, sent + 256 * 1024));
      sent += 256 * 1024;
    },
  });
}

function keepCursor(json: Record<string, unknown>, seen: Seen): void {
  assert.equal(typeof json.next_cursor, 'string');
  seen.set('cursor', String(json.next_cursor));
}

/** Sends every step to a server that has just begun with nothing, and judges each answer. Returns what was heard, for comparison. */
export async function runScript(base: string, policy: 'reject' | 'noop'): Promise<Heard[]> {
  const seen: Seen = new Map();
  const heard: Heard[] = [];
  for (const step of steps(policy)) heard.push(await perform(base, step, seen));
  return heard;
}

async function perform(base: string, step: Step, seen: Seen): Promise<Heard> {
  const { body, method = 'GET' } = step;
  const path = typeof step.path === 'string' ? step.path : step.path(seen);
  const token = 'token' in step ? step.token : ingestToken;
  const given = typeof step.headers === 'function' ? step.headers(seen) : step.headers;
  const response = await fetch(`${base}${path}`, {
    method,
    headers: { ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }), ...given },
    ...(body === undefined ? {} : bodyOf(body)),
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  const text = new TextDecoder().decode(bytes);
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  const json = isJson && text !== '' ? (JSON.parse(text) as Record<string, unknown>) : {};
  assert.equal(response.status, step.status, `${step.name}: ${text.slice(0, 300)}`);
  if (step.code !== undefined) assert.equal((json.error as { code?: string } | undefined)?.code, step.code, step.name);
  assert.match(response.headers.get('x-request-id') ?? '', /^req_/, step.name);
  step.look?.({ bytes, text, json, headers: response.headers }, seen);
  return {
    step: step.name,
    status: response.status,
    headers: comparable(response.headers),
    body: withoutTimes(isJson ? json : text),
  };
}

function bodyOf(body: unknown): RequestInit {
  if (body instanceof ReadableStream) return { body, duplex: 'half' };
  if (typeof body === 'string' || body instanceof Uint8Array) return { body: body as string | Uint8Array<ArrayBuffer> };
  return { body: JSON.stringify(body) };
}

/** Those of the answer itself; hashes and times only as far as they are there. */
function comparable(headers: Headers): Record<string, string> {
  const byConnection = [
    'connection',
    'date',
    'keep-alive',
    'transfer-encoding',
    'content-encoding',
    'vary',
    'content-length',
  ];
  const byTime = ['etag', 'repr-digest', 'last-modified', 'x-request-id', 'location', 'content-location'];
  const kept = [...headers].filter(([name]) => !byConnection.includes(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, byTime.includes(name) ? 'there' : value]));
}

function withoutTimes(value: unknown): unknown {
  const text = JSON.stringify(value)
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z/g, 'TIME')
    .replace(/run_[0-9a-z]{26}/g, 'RUN')
    .replace(/"sha256":"[0-9a-f]{64}"/g, '"sha256":"HASH"')
    .replace(/"next_cursor":"[^"]+"/g, '"next_cursor":"CURSOR"');
  return JSON.parse(text);
}
