import type { Command } from 'commander';
import { ProoflineApi } from '#client/api/api.ts';
import { DocumentsApi } from '#client/documents/documents-api.ts';
import { parseDuration } from '#kit/time.ts';
import { type CredentialFlags, isExposed, readCredentials } from '#recorder/credentials.ts';
import { showDuration } from '#recorder/measures.ts';
import { RecorderError } from '#recorder/recorder-error.ts';
import { CommandFailure } from '../command-failure.ts';
import { showName } from '../show-name.ts';

export interface VaultFlags extends CredentialFlags {
  readonly server?: string;
  readonly allowHttp?: boolean;
  readonly giveUpAfter: string;
}

export function withVaultOptions(command: Command): Command {
  return command
    .optionsGroup('Server:')
    .option('--server <url>', 'address (or PROOFLINE_SERVER) (default: http://127.0.0.1:8080)')
    .option('--username <name>', 'who signs in (or PROOFLINE_USERNAME)')
    .option('--password-file <file>', 'file with the password (or PROOFLINE_PASSWORD)')
    .option('--token-file <file>', 'file with a session token, instead of signing in')
    .option('--give-up-after <duration>', 'how long to try again while the server is away', '15m')
    .option('--allow-http', 'sign in over plain HTTP to another machine');
}

export interface OpenVault {
  readonly api: DocumentsApi;
  /** Ends the session if it was begun here. */
  leave(): Promise<void>;
}

/** Signs in, again if the session runs out meanwhile, and tells on standard error what it waits for. */
export async function openVault(flags: VaultFlags, env: NodeJS.ProcessEnv): Promise<OpenVault> {
  const baseUrl = flags.server ?? env.PROOFLINE_SERVER ?? 'http://127.0.0.1:8080';
  if (!URL.canParse(baseUrl))
    throw new CommandFailure('usage', 'The server address is none.', 'Write it as https://evidence.example.');
  if (isExposed(baseUrl) && flags.allowHttp !== true)
    throw new CommandFailure(
      'usage',
      'The address is http: the password could be read on the way.',
      'Use https, or --allow-http where the network is yours.',
    );
  const giveUpAfterMs = parseDuration(flags.giveUpAfter);
  if (giveUpAfterMs === undefined)
    throw new CommandFailure('usage', '--give-up-after is not a duration.', 'Write it as 30s, 5m or 1h.');
  const credentials = await readCredentials(flags, env).catch((cause: unknown) => {
    if (!(cause instanceof RecorderError)) throw cause;
    throw new CommandFailure(cause.code === 'no_input' ? 'no_input' : 'usage', cause.message, 'See --help.', { cause });
  });
  const signIn = new ProoflineApi({ baseUrl });
  let begun: string | undefined;
  const reauthenticate = async () => {
    if ('token' in credentials) return false;
    begun = (await signIn.login(credentials.username, credentials.password)).token;
    api.useToken(begun);
    return true;
  };
  const api = new DocumentsApi({
    baseUrl,
    timeoutMs: 120_000,
    patience: {
      giveUpAfterMs,
      reauthenticate,
      onRetry: ({ error, waitMs }) =>
        void process.stderr.write(`${showName(error.message)} Next try in ${showDuration(waitMs, true)}.\n`),
    },
  });
  if ('token' in credentials) api.useToken(credentials.token);
  else await reauthenticate();
  return {
    api,
    leave: async () => {
      // Best effort: a session left behind expires by itself.
      if (begun !== undefined) await signIn.logout({ timeoutMs: 3000 }).catch(() => undefined);
    },
  };
}
