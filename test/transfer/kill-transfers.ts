import { join } from 'node:path';
import { api } from '../support/api.ts';
import { type Finding, type Progress, silently } from '../support/finding.ts';
import { type Random, seeded } from '../support/random.ts';
import { adminPassword, cli, scratchFolder, startServer } from '../support/server.ts';
import {
  differences,
  fillVaried,
  makeVariedStore,
  type Readable,
  readStore,
  type StoreEnvironment,
  startStore,
} from './varied-store.ts';

export interface KillTransferOptions {
  /** Kills at any instant; those at failpoints come on top. */
  random: number;
  seed: number;
  progress?: Progress;
}

/** A command that fills a store: where it is killed, and what it fills. */
export interface FillCommand {
  name: string;
  args: readonly string[];
  env(target: StoreEnvironment): Record<string, string>;
  /** An empty place. */
  fresh(): Promise<StoreEnvironment>;
}

/** The places of a command that fills a store, in the order in which it comes by; each is met on one target, one after the other. */
export const fillFailpoints = [
  'transfer-rows-marked',
  'transfer-blobs-marked',
  'transfer-page-written:3',
  'transfer-rows-copied',
  'transfer-rows-verified',
  'transfer-blob-committed:7',
  'transfer-blobs-copied',
  'transfer-verified',
  'transfer-marked-verified',
  'transfer-blobs-unmarked',
] as const;

export const backupFailpoints = [
  'backup-rows-taken',
  'backup-blob-written:5',
  'backup-blob-named:5',
  'backup-before-name',
  'backup-named',
  'backup-old-unnamed',
  'backup-blob-removed',
] as const;

/** Kills the command until it comes through: on one target at each failpoint, then on new ones at any instant. */
export async function killFills(
  command: FillCommand,
  original: Readable,
  options: KillTransferOptions,
): Promise<Finding> {
  const { random, seed, progress = silently } = options;
  const choice = seeded(seed);
  const found = { kills: 0, stores: 0, violations: [] as string[] };
  const one = await command.fresh();
  for (const failpoint of fillFailpoints) {
    const { code, stdout } = await cli(command.args, { ...command.env(one), PROOFLINE_FAILPOINT: failpoint });
    if (code === null) found.kills += 1;
    else found.violations.push(`${failpoint} was not reached: ${code} ${stdout.slice(-500)}`);
    found.violations.push(...(await servesHalf(one, failpoint)));
    progress(`${failpoint}, ${found.violations.length} broken`);
  }
  found.violations.push(...(await complete(command, one, original, 'after all failpoints')));
  found.stores += 1;
  const last = found.kills + random;
  const began = performance.now();
  const whole = await command.fresh();
  found.violations.push(...(await complete(command, whole, original, 'undisturbed')));
  const longestMs = (performance.now() - began) * 0.6;
  while (found.kills < last) {
    const target = await command.fresh();
    const most = choice.between(1, 4);
    for (let times = 1; times <= most; times++) {
      const { code } = await cli(command.args, command.env(target), '', instant(choice, longestMs));
      if (code !== null) break;
      found.kills += 1;
      if (times === 1) found.violations.push(...(await servesHalf(target, 'at random')));
    }
    found.violations.push(...(await complete(command, target, original, `kill ${found.kills}`)));
    found.stores += 1;
    progress(`${found.kills} kills, ${found.violations.length} broken`);
  }
  return {
    fault: `kill -9 of \`proofline ${command.name}\`, at ${fillFailpoints.length} named failpoints and at any instant`,
    held: 'no server serves a half; the same command goes on; every row and every bundle as in the source',
    filesystem: 'as the machine has it',
    rounds: found.kills,
    acknowledged: found.stores,
    violations: found.violations,
    seed,
  };
}

/** In the first third of its time a command is only starting. */
function instant(choice: Random, longestMs: number): number {
  return choice.between(Math.floor(longestMs * 0.3), Math.ceil(longestMs));
}

async function complete(
  command: FillCommand,
  target: StoreEnvironment,
  original: Readable,
  when: string,
): Promise<string[]> {
  const { code, stdout, stderr } = await cli(command.args, command.env(target));
  // 73 where the kill came after its last step: it is whole, and is not filled twice.
  if (code !== 0 && code !== 73) return [`${when}: the command went on with ${code}: ${stdout}${stderr}`];
  const wrong = differences(await readStore(target), original);
  return wrong.length === 0 ? [] : [`${when}: ${wrong.length} things differ, the first is ${wrong[0]}`];
}

/** A server may start where nothing was begun yet, or where all is done; in between it must refuse, and say why. */
async function servesHalf(target: StoreEnvironment, when: string): Promise<string[]> {
  const server = await startServer(target).catch((error: unknown) => String(error));
  if (typeof server === 'string')
    return server.includes('has not ended') ? [] : [`${when}: the server refused for another reason: ${server}`];
  const account = { username: 'ada', password: adminPassword };
  const { status } = await api(server.url).call('POST', '/v1/auth/login', account);
  await server.stop();
  if (status !== 201) return [];
  const again = await cli(['doctor', '--blobs', '--hash'], { SAFE_DATA_DIR: target.dataDir, ...target.env });
  return again.code === 0 ? [] : [`${when}: a server started on a half`];
}

/** Kills backups while the server is written to. All snapshots that there are must be whole at any time. */
export async function killBackups(options: KillTransferOptions): Promise<Finding> {
  const { random, seed, progress = silently } = options;
  const choice = seeded(seed);
  const folder = scratchFolder('kill-backup');
  const source = { dataDir: join(folder.path, 'source') };
  const backups = join(folder.path, 'backups');
  const violations: string[] = [];
  let kills = 0;
  let snapshots = 0;
  const backup = (env: Record<string, string> = {}, killAfterMs?: number) =>
    cli(['backup', backups, '--keep', '3'], { SAFE_DATA_DIR: source.dataDir, ...env }, '', killAfterMs);
  const look = async (when: string) => {
    const { stdout } = await cli(['restore', backups, '--list'], {});
    for (const line of stdout.split('\n').filter(Boolean)) {
      const name = line.split(' ')[0] ?? '';
      const args = ['restore', backups, '--dry-run', '--snapshot', name];
      const { code, stderr } = await cli(args, { SAFE_DATA_DIR: join(folder.path, 'dry') });
      snapshots += 1;
      if (code !== 0) violations.push(`${when}: snapshot ${name} is not whole: ${stderr}`);
    }
  };
  try {
    await makeVariedStore(source, choice, 3);
    const { server, ada } = await startStore(source);
    try {
      for (const failpoint of backupFailpoints) {
        // There must be something to remove, and something new to copy.
        if (failpoint.startsWith('backup-old') || failpoint.startsWith('backup-blob-removed'))
          await removeSome(backup, ada, choice);
        await fillVaried(ada, choice, 2);
        const { code, stderr } = await backup({ PROOFLINE_FAILPOINT: failpoint });
        if (code === null) kills += 1;
        else violations.push(`${failpoint} was not reached: ${code} ${stderr}`);
        await look(failpoint);
      }
      const last = kills + random;
      while (kills < last) {
        const load = fillVaried(ada, choice, 2);
        const { code } = await backup({}, choice.between(250, 900));
        await load;
        if (code !== null) continue;
        kills += 1;
        if (kills % 4 === 0) await look(`kill ${kills}`);
        progress(`${kills} kills, ${violations.length} broken`);
      }
    } finally {
      await server.stop();
    }
    const original = await readStore(source);
    const done = await backup();
    if (done.code !== 0) violations.push(`the backup at the end: ${done.stderr}`);
    const target = { dataDir: join(folder.path, 'target') };
    const restored = await cli(['restore', backups], { SAFE_DATA_DIR: target.dataDir });
    if (restored.code !== 0) violations.push(`the restore at the end: ${restored.stderr}`);
    else violations.push(...differences(await readStore(target), original).map((name) => `${name} differs`));
  } finally {
    folder.remove();
  }
  return {
    fault: `kill -9 of \`proofline backup\` beside a server under load, at ${backupFailpoints.length} named failpoints and at any instant`,
    held: 'every snapshot that has a name is whole; the next backup goes on; the restored store is the same',
    filesystem: 'as the machine has it',
    rounds: kills,
    acknowledged: snapshots,
    violations,
    seed,
  };
}

/** A deleted incident, and so many snapshots since that the next one lets go of the last that names its blobs. */
async function removeSome(
  backup: () => Promise<unknown>,
  ada: Awaited<ReturnType<typeof startStore>>['ada'],
  choice: Random,
): Promise<void> {
  const { body } = await ada.call('GET', '/v1/incidents?limit=100');
  const victim = body.incidents.find((each: { deletion_state: string }) => each.deletion_state === 'active');
  await ada.call('POST', `/v1/incidents/${victim.id}/deletion`, { allow_open: true });
  for (let n = 0; n < 2; n++) {
    await fillVaried(ada, choice, 1);
    await backup();
  }
}
