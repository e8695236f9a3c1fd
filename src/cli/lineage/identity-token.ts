import { readFile } from 'node:fs/promises';
import { ProoflineApiError, ProoflineNetworkError } from '#client/api/api-error.ts';
import { Transport } from '#client/api/transport.ts';
import { patient } from '#client/lineage/patience.ts';
import { object, text } from '#client/shape.ts';
import { persist } from '#client/upload/persist.ts';
import { CommandFailure } from '../command-failure.ts';

export interface TokenFlags {
  readonly tokenFile?: string;
  readonly audience?: string;
}

/** Where a token comes from, told without the token. */
export interface TokenSource {
  readonly name: 'file' | 'environment' | 'gitlab' | 'github';
  /** Whom a token that is made on request is for. */
  readonly audience?: string;
  /** A new one with each call where it is made on request. */
  read(): Promise<string>;
  readonly renewable: boolean;
}

export const tokenVariable = 'STRICTURE_SERVER_INGEST_TOKEN';
/** Of the `id_tokens` of a GitLab job. */
export const gitlabVariable = 'PROOFLINE_ID_TOKEN';

/**
 * What was given by hand goes before the identity that the CI gives. Undefined where there is nothing. Never from the command line
 * itself, where every process of the machine could read it.
 */
export function tokenSource(flags: TokenFlags, env: NodeJS.ProcessEnv, origin: string): TokenSource | undefined {
  const file = flags.tokenFile ?? present(env[`${tokenVariable}_FILE`]);
  if (file !== undefined) return { name: 'file', renewable: false, read: () => fromFile(file) };
  for (const [name, variable] of [
    ['environment', tokenVariable],
    ['gitlab', gitlabVariable],
  ] as const) {
    const token = present(env[variable]);
    if (token !== undefined) return { name, renewable: false, read: async () => checked(token, variable) };
  }
  const [url, secret] = [present(env.ACTIONS_ID_TOKEN_REQUEST_URL), present(env.ACTIONS_ID_TOKEN_REQUEST_TOKEN)];
  if (url === undefined || secret === undefined) return undefined;
  const audience = flags.audience ?? origin;
  return { name: 'github', audience, renewable: true, read: () => fromGitHub(url, secret, audience) };
}

async function fromFile(path: string): Promise<string> {
  const content = await readFile(path, 'utf8').catch(() => {
    throw new CommandFailure('no_input', 'The file of the token cannot be read.', 'See --token-file.');
  });
  return checked(content.trim(), 'the file');
}

const answerShape = object({ value: text });

async function fromGitHub(address: string, secret: string, audience: string): Promise<string> {
  try {
    const url = new URL(address);
    url.searchParams.set('audience', audience);
    const transport = new Transport({ baseUrl: url.origin, token: checked(secret, 'ACTIONS_ID_TOKEN_REQUEST_TOKEN') });
    const call = {
      method: 'GET',
      path: `${url.pathname}${url.search}`,
      headers: { accept: 'application/json' },
    } as const;
    const { value } = await persist(() => transport.json(answerShape, call), patient({ giveUpAfterMs: 60_000 }));
    return checked(value.value, 'GitHub');
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    // Its own words could hold the address, which is a secret too.
    const why =
      error instanceof ProoflineApiError
        ? `it answered ${error.status}`
        : error instanceof ProoflineNetworkError
          ? error.reason
          : 'its address is none';
    throw new CommandFailure(
      'no_token',
      `GitHub gave no identity token: ${why}.`,
      'The job needs "permissions: id-token: write".',
    );
  }
}

/** A token with a line end in it would break the header, and the error would quote it. */
function checked(token: string, origin: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new CommandFailure(
    'no_token',
    `What ${origin} holds is not a token.`,
    'It must be one word of ASCII, without quotes.',
  );
}

function present(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
