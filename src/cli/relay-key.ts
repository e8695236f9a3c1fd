import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import { relayKeySetShape, relayKeyShape } from '#features/relay-access/index.ts';
import { CommandFailure, runCommand } from './command-failure.ts';

interface Options {
  private: string;
  public: string;
}

export function relayKeyCommand(): Command {
  return new Command('relay')
    .description(
      'Makes a key for a relay: the private half for the relay, the public half into the set that the server reads.',
    )
    .argument('<relay>', 'the id of the relay, like eu-1')
    .requiredOption('--private <file>', 'a new file for SAFE_RELAY_PRIVATE_KEY_FILE of the relay')
    .requiredOption('--public <file>', 'the set of SAFE_RELAY_PUBLIC_KEYS_FILE; made where there is none')
    .addHelpText(
      'after',
      '\nTo change a key: make another for the same relay, give the relay the new private half, then take the old public one out of the set. Both programs read their files again by themselves.\n\nExample:\n  proofline keys relay eu-1 --private eu-1.key.json --public relays.json',
    )
    .action(
      async (relay: string, options: Options) =>
        await runCommand('keys relay', false, () => makeRelayKey(relay, options)),
    );
}

export async function makeRelayKey(relay: string, options: Options): Promise<number> {
  const known = readSet(options.public);
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const publicJwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(publicJwk);
  const checked = relayKeyShape.safeParse({ ...publicJwk, kid, relay });
  if (!checked.success)
    throw new CommandFailure(
      'usage',
      'That cannot be the id of a relay.',
      'Give 1 to 64 letters, digits, dots, underscores or hyphens.',
    );
  const { kty, crv, x } = checked.data;
  const { d } = await exportJWK(privateKey);
  writeNew(options.private, { kty, crv, x, d, kid, relay });
  replace(options.public, { keys: [...known, checked.data] });
  process.stdout.write(`Key ${kid} of relay ${relay}\n`);
  process.stdout.write(`  private  ${options.private}: for the relay, readable by it alone\n`);
  process.stdout.write(`  public   ${options.public}: ${known.length + 1} in the set\n`);
  return 0;
}

function readSet(path: string) {
  if (!existsSync(path)) return [];
  try {
    return relayKeySetShape.parse(JSON.parse(readFileSync(path, 'utf8'))).keys;
  } catch (cause) {
    throw new CommandFailure(
      'data',
      `${path} is not a set of relay keys.`,
      'It was left as it is. Give another file.',
      { cause },
    );
  }
}

function writeNew(path: string, json: object): void {
  try {
    writeFileSync(path, `${JSON.stringify(json)}\n`, { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    const taken = existsSync(path);
    throw new CommandFailure(
      'in_the_way',
      taken ? `${path} exists.` : `${path} cannot be written.`,
      taken ? 'A key is never written over. Give a new name.' : 'Check that its folder exists and is yours to write.',
      { cause },
    );
  }
}

/** At once, so that a server that looks just now finds the whole set, old or new. */
function replace(path: string, json: object): void {
  try {
    writeFileSync(`${path}.new`, `${JSON.stringify(json, undefined, 2)}\n`, { mode: 0o644 });
    renameSync(`${path}.new`, path);
  } catch (cause) {
    throw new CommandFailure(
      'in_the_way',
      `${path} cannot be written.`,
      'The new private key is of no use; remove it.',
      { cause },
    );
  }
}
