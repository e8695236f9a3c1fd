import type { Command } from 'commander';
import { LineageApi } from '#client/lineage/lineage-api.ts';
import { parseDuration } from '#kit/time.ts';
import { isExposed } from '#recorder/credentials.ts';
import { showDuration } from '#recorder/measures.ts';
import { CommandFailure } from '../command-failure.ts';
import { showName } from '../show-name.ts';
import { gitlabVariable, type TokenFlags, type TokenSource, tokenSource, tokenVariable } from './identity-token.ts';

export interface ServerFlags extends TokenFlags {
  readonly url?: string;
  readonly allowHttp?: boolean;
  readonly giveUpAfter: string;
}

export function withServerOptions(command: Command): Command {
  return command
    .optionsGroup('Server:')
    .option('--url <url>', 'address (or STRICTURE_SERVER_URL)')
    .option('--token-file <file>', `file with a token (or ${tokenVariable}, or ${tokenVariable}_FILE)`)
    .option('--audience <text>', "whom GitHub's identity token is for (default: the server's address without a path)")
    .option('--give-up-after <duration>', 'how long to try again while the server is away', '5m')
    .option('--allow-http', 'send the token over plain HTTP to another machine');
}

export interface KnownServer {
  readonly url: string;
  readonly token: TokenSource | undefined;
}

/** Where to send and as whom, without asking anybody. */
export function knownServer(flags: ServerFlags, env: NodeJS.ProcessEnv): KnownServer {
  const address = flags.url ?? env.STRICTURE_SERVER_URL ?? '';
  if (address === '' || !URL.canParse(address))
    throw new CommandFailure(
      'usage',
      'There is no server address.',
      'Give --url or STRICTURE_SERVER_URL, as https://evidence.example.',
    );
  const url = new URL(address);
  if (url.username !== '' || url.password !== '')
    throw new CommandFailure('usage', 'The server address holds a password.', 'Give a token in --token-file instead.');
  if (isExposed(address) && flags.allowHttp !== true)
    throw new CommandFailure(
      'usage',
      'The address is http: the token could be read on the way.',
      'Use https, or --allow-http where the network is yours.',
    );
  return { url: address, token: tokenSource(flags, env, url.origin) };
}

/** Gets the token, and a client that tells on standard error what it waits for. */
export async function openServer(flags: ServerFlags, env: NodeJS.ProcessEnv): Promise<LineageApi> {
  const { token: source, url } = knownServer(flags, env);
  const giveUpAfterMs = parseDuration(flags.giveUpAfter);
  if (giveUpAfterMs === undefined)
    throw new CommandFailure('usage', '--give-up-after is not a duration.', 'Write it as 30s, 5m or 1h.');
  if (source === undefined && isRemote(url))
    throw new CommandFailure(
      'no_token',
      'There is no token to show to the server.',
      `GitHub: "permissions: id-token: write". GitLab: id_tokens with ${gitlabVariable}. Elsewhere: ${tokenVariable} or --token-file.`,
    );
  const token = await source?.read();
  const api: LineageApi = new LineageApi({
    baseUrl: url,
    ...(token === undefined ? {} : { token }),
    timeoutMs: 60_000,
    patience: {
      giveUpAfterMs,
      onRetry: ({ error, waitMs }) =>
        void process.stderr.write(`${showName(error.message)} Next try in ${showDuration(waitMs, true)}.\n`),
      ...(source?.renewable === true ? { reauthenticate: () => renew(api, source) } : {}),
    },
  });
  return api;
}

/** GitHub's tokens live for minutes; a server that was away for longer is shown a new one. */
async function renew(api: LineageApi, source: TokenSource): Promise<boolean> {
  api.useToken(await source.read());
  return true;
}

function isRemote(url: string): boolean {
  const { hostname } = new URL(url);
  return !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}
