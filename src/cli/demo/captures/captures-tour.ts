import { createWriteStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { verifyBundle } from '#client/bundle/verify-bundle.ts';
import { type BundleReport, ProoflineApi, parseKey } from '#client/index.ts';
import { nodeDigest, openZipBundle } from '#recorder/bundle/zip-bundle.ts';
import type { RecorderEvent } from '#recorder/recorder-event.ts';
import { Judge } from '../judge.ts';
import { type LiveFigures, readAlong } from './read-along.ts';
import { runRecorder } from './recorder-process.ts';

export interface CapturesTour {
  url: string;
  account: { username: string; password: string };
  folder: string;
  variants: boolean;
  /** The folder is there afterwards, for the person to look into. */
  stays: boolean;
  /** As a power cut would end it, and started again at the same address. */
  killServer: () => Promise<void>;
  /** With a relay. */
  killRelay?: () => Promise<void>;
  say: (line: string) => void;
}

/** After so many acknowledged chunks: of one stream, or of all variants. */
const deaths = { one: { relay: 3, server: 7 }, variants: { relay: 6, server: 12 } };

/** A recording of some seconds through whatever happens, read along with, and verified. True when all was as it should be. */
export async function tourCaptures(tour: CapturesTour): Promise<boolean> {
  const { account, folder, say, url, variants } = tour;
  const judge = new Judge(say);
  const dies = variants ? deaths.variants : deaths.one;
  const api = new ProoflineApi({ baseUrl: url });
  await api.login(account.username, account.password);
  const [password, places, keyFile] = [
    join(folder, 'password'),
    join(folder, 'places.jsonl'),
    join(folder, 'key.json'),
  ];
  await writeFile(password, account.password, { mode: 0o600 });
  await writeFile(
    places,
    Array.from({ length: 40 }, (_, n) => `{"lat":${52.5163 + n / 1000},"lon":13.3777}\n`).join(''),
  );
  const events: RecorderEvent[] = [];
  const reading = new AbortController();
  let live: Promise<LiveFigures> | undefined;
  const disasters: Promise<void>[] = [];
  const happened = { accepted: 0 };
  const onEvent = (event: RecorderEvent) => {
    events.push(event);
    const incidentId = incidentOf(event);
    if (incidentId !== undefined && tour.killRelay !== undefined) {
      const stream = untilStream(api, incidentId, variants, reading.signal);
      live = stream.then((streamId) => readAlong(api, { incidentId, streamId }, say, reading.signal));
      // Looked at in the end.
      live.catch(() => undefined);
    }
    if (event.event === 'relay') say(`  recorder  ${relayWords(event)}`);
    if (event.event === 'live_link') say(`  Live      ${event.url}   (while it is recorded)`);
    if (event.event !== 'accepted') return;
    happened.accepted += 1;
    if (happened.accepted === dies.relay && tour.killRelay !== undefined) {
      say('  the relay is killed (kill -9) and started again');
      disasters.push(tour.killRelay());
    }
    if (happened.accepted === dies.server) {
      say('  the server is killed (kill -9) and started again');
      disasters.push(tour.killServer());
    }
  };
  const code = await runRecorder(
    [
      ...['--test-pattern', '--duration', '12s', '--segment', '1s', '--server', url, '--username', account.username],
      ...['--password-file', password, '--state', join(folder, 'state'), '--key-file', keyFile, '--link', '--close'],
      ...(variants ? ['--variants', '--context', places] : []),
      ...(tour.killRelay === undefined ? [] : ['--relay', '--live-link']),
    ],
    join(folder, 'recorder.log'),
    onEvent,
  );
  await Promise.all(disasters);
  reading.abort();
  if (code !== 0) throw new Error(`the recorder ended with ${code}; see ${join(folder, 'recorder.log')}`);
  const incidentId = events.map(incidentOf).find((id) => id !== undefined) ?? '';
  const link = events.find((event) => event.event === 'viewer_link');
  say(`\nViewer     ${link?.url}`);
  judge.that(
    `${happened.accepted} chunks acknowledged; the recorder delivered everything`,
    happened.accepted > dies.server,
  );
  if (live !== undefined) {
    const read = variants ? 'live_preview' : undefined;
    const acknowledged = events.flatMap((event) =>
      event.event === 'accepted' && event.variant === read ? [event.index] : [],
    );
    judgeReader(await live, new Set(acknowledged), judge);
  }

  const bundle = join(folder, variants ? 'canonical.zip' : 'incident.zip');
  // The server has been another process since; its rows are the same.
  const again = new ProoflineApi({ baseUrl: url });
  await again.login(account.username, account.password);
  const groupId = events.find((event) => event.event === 'capture_connected')?.capture_group_id;
  const download =
    groupId === undefined
      ? await again.downloadBundle(incidentId)
      : await again.downloadGroupBundle(incidentId, groupId, 'canonical');
  if (download.body === null) throw new Error('the bundle has no body');
  await pipeline(Readable.fromWeb(download.body), createWriteStream(bundle));
  const zip = await openZipBundle(bundle);
  try {
    const key = parseKey(await readFile(keyFile, 'utf8'));
    judgeBundle(bundle, await verifyBundle(zip, { key, digest: nodeDigest }), judge);
  } finally {
    await zip.close();
  }
  say(
    judge.failed === 0 ? '\nEverything was as it should be.' : `\n${judge.failed} of these were not as they should be.`,
  );
  if (tour.stays) say(`Check it yourself, offline:\n  bin/proofline verify ${bundle} --key-file ${keyFile}`);
  return judge.failed === 0;
}

function incidentOf(event: RecorderEvent): string | undefined {
  return event.event === 'connected' || event.event === 'capture_connected' ? event.incident_id : undefined;
}

/** The stream that is read along with: the preview, or the only one. */
async function untilStream(
  api: ProoflineApi,
  incidentId: string,
  variants: boolean,
  signal: AbortSignal,
): Promise<string> {
  for (;;) {
    const { streams } = await api.streams(incidentId, { signal });
    const found = streams.find((stream) => !variants || stream.variant_role === 'live_preview');
    if (found !== undefined) return found.id;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function relayWords(event: Extract<RecorderEvent, { event: 'relay' }>): string {
  if (event.state === 'used') return `sends through the relay, ${event.relay_url}`;
  return event.state === 'none' ? 'is given no relay' : 'finds no relay, and sends straight to the server';
}

function judgeReader(
  { heard, fetchedEarly, disconnects }: LiveFigures,
  acknowledged: ReadonlySet<number>,
  judge: Judge,
): void {
  const early = [...heard.values()].filter((states) => states[0] === 'unconfirmed');
  const confirmed = [...heard].filter(([, states]) => states.includes('confirmed'));
  judge.that(
    `a reader heard of ${heard.size} chunks at the relay, of ${early.length} before they were confirmed; ${fetchedEarly} it fetched that early`,
    early.length > 0 && fetchedEarly > 0,
  );
  judge.that(
    `the ${confirmed.length} that it was told are confirmed the server has; its connection broke ${disconnects} times and went on`,
    confirmed.length > 0 && confirmed.every(([index]) => acknowledged.has(index)),
  );
}

function judgeBundle(path: string, report: BundleReport, judge: Judge): void {
  const { group } = report;
  const chunks = report.streams.reduce((sum, { chunk_count }) => sum + chunk_count, 0);
  const opened = report.streams.reduce((sum, { chunks_decrypted }) => sum + chunks_decrypted, 0);
  for (const { message } of report.failures) judge.that(message, false);
  judge.that(
    `${path} verified offline: ${chunks} chunks, all opened with the key`,
    report.ok && opened === chunks && chunks > 0,
  );
  if (group === undefined) return;
  const chosen = Object.entries(group.chosen).map(([role, count]) => `${count} ${role}`);
  judge.that(
    `${group.segments} moments; the best evidence of each: ${chosen.join(', ')}; computed again from the rows, and the same`,
    report.ok && group.conflicts === 0,
  );
  judge.that(
    `gaps: ${group.gaps.length}; moments without their sealed context: ${group.context_missing.length}`,
    group.gaps.length === 0,
  );
}
