import { once } from 'node:events';
import { existsSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { api, signIn } from '../support/api.ts';
import { type Finding, type Progress, quantile, silently } from '../support/finding.ts';
import { type Random, seeded } from '../support/random.ts';
import { createAccount, scratchFolder, startServer, type TestServer } from '../support/server.ts';
import { type Examined, examine } from './examine.ts';
import { failpointNames } from './failpoints.ts';
import { type WorkedIncident, work } from './workload.ts';

export interface KillOptions {
  /** Kills at each named failpoint, or in all where `at` is random. */
  rounds: number;
  at: 'failpoints' | 'random';
  seed: number;
  progress?: Progress;
}

interface State extends Examined {
  dataDir: string;
  token: string;
  random: Random;
  violations: string[];
  restartMs: number[];
}

const env = { SAFE_DELETION_WORKER_INTERVAL: '100ms' };

export async function killRounds(options: KillOptions): Promise<Finding> {
  const { at, rounds, seed, progress = silently } = options;
  const folder = scratchFolder('kill');
  const dataDir = folder.path;
  await createAccount(dataDir, 'ada', 'admin');
  let server = await startServer({ dataDir, env });
  const { token } = await signIn(server.url, 'ada');
  const state: State = {
    dataDir,
    stored: dataDir,
    token,
    random: seeded(seed),
    violations: [],
    acknowledged: 0,
    liveBytes: 0,
    restartMs: [],
  };
  let done = 0;
  let duringStart = 0;
  try {
    if (at === 'random') {
      for (let round = 1; round <= rounds; round++) {
        const load = work(api(server.url, token), state.random, `${seed}-${round}`, { turns: 50 });
        await new Promise((resolve) => setTimeout(resolve, state.random.between(1, 700)));
        await server.kill();
        server = await recover(state, await load);
        done += 1;
        if (round % 10 === 0) progress(`${round}/${rounds} kills at random, ${state.acknowledged} acknowledged`);
      }
    } else {
      await server.stop();
      for (const name of failpointNames()) {
        for (let round = 1; round <= rounds; round++) {
          const worked = await killAt(state, name, `${seed}-${name}-${round}`);
          if (worked === 'during start') duringStart += 1;
          server = await recover(state, worked === 'during start' ? [] : worked);
          await server.stop();
          done += 1;
        }
        progress(`${rounds} kills at ${name}, ${state.acknowledged} acknowledged in all`);
      }
    }
  } finally {
    await server.kill();
    folder.remove();
  }
  const [p50, p99] = [quantile(state.restartMs, 0.5), quantile(state.restartMs, 0.99)].map(Math.round);
  return {
    fault:
      at === 'random' ? 'kill -9 under load, at any instant' : `kill -9 at ${failpointNames().length} named failpoints`,
    held: 'the same; nothing unconfirmed is shown, retries are accepted, staging is reclaimed, deletion goes on by itself',
    filesystem: 'as the machine has it',
    rounds: done,
    acknowledged: state.acknowledged,
    violations: state.violations,
    seed,
    note: `restart p50 ${p50} ms, p99 ${p99} ms${duringStart > 0 ? `; ${duringStart} killed while starting` : ''}`,
  };
}

/** Runs the load until the failpoint ends the process; a place that the load never reaches fails the round. */
async function killAt(state: State, name: string, round: string): Promise<WorkedIncident[] | 'during start'> {
  // Arrivals are counted by each thread; later ones meet the process in the middle of a batch.
  for (const nth of [state.random.between(1, 5), 2, 1]) {
    const armed = { ...env, PROOFLINE_FAILPOINT: `${name}:${nth}` };
    const server = await startServer({ dataDir: state.dataDir, env: armed }).catch((error: unknown) => {
      if (String(error).includes('SIGKILL')) return undefined;
      throw error;
    });
    // The probe of the disk at start passes some of them.
    if (server === undefined) return 'during start';
    const exited = once(server.process, 'exit');
    const worked = await work(api(server.url, state.token), state.random, `${round}-${nth}`);
    const died = await Promise.race([exited, new Promise((resolve) => setTimeout(() => resolve(undefined), 500))]);
    if (died !== undefined) return worked;
    await server.kill();
    await (await recover(state, worked)).kill();
  }
  throw new Error(`the load never reaches the failpoint ${name}: extend test/kill/workload.ts`);
}

/** Starts again on what the kill left and examines it. */
async function recover(state: State, worked: readonly WorkedIncident[]): Promise<TestServer> {
  const { dataDir, violations } = state;
  ageStaging(dataDir);
  const began = performance.now();
  const server = await startServer({ dataDir, env });
  state.restartMs.push(performance.now() - began);
  const ada = api(server.url, state.token);
  const staged = readdirSync(join(dataDir, 'staging'));
  if (staged.length > 0) violations.push(`staging kept ${staged.length} old files over a restart`);
  for (const incident of worked)
    violations.push(...(await examine(state, ada, incident).catch((error) => [String(error)])));
  const used = (await ada.call('GET', '/v1/account')).body.quota.bytes_used;
  if (used !== state.liveBytes) violations.push(`bytes_used is ${used}, the accepted chunks have ${state.liveBytes}`);
  return server;
}

/** As if the crash had been long ago: the sweep goes by age, since another process may be staging at this moment. */
function ageStaging(dataDir: string): void {
  const staging = join(dataDir, 'staging');
  if (!existsSync(staging)) return;
  const longAgo = new Date(Date.now() - 2 * 3_600_000);
  for (const name of readdirSync(staging)) utimesSync(join(staging, name), longAgo, longAgo);
}
