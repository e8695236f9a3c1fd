import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { lineageToken } from './lineage-server.ts';

export interface GitHubIssuer {
  /** What a job with the permission `id-token: write` finds in its environment. */
  readonly env: Record<string, string>;
  readonly asked: { authorization: string | undefined; url: string }[];
  /** Status and body of the answers to come; `count` is that of the requests so far, from 1. */
  answer: (count: number) => { status: number; body: string };
  close(): void;
}

export const requestSecret = 'secret-of-the-job';

/** Gives identity tokens over HTTP as GitHub's runners have it. The token is one that the test's server knows. */
export async function startGitHubIssuer(): Promise<GitHubIssuer> {
  const asked: GitHubIssuer['asked'] = [];
  const server = createServer((request, response) => {
    asked.push({ authorization: request.headers.authorization, url: request.url ?? '' });
    const { body, status } = issuer.answer(asked.length);
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a listening TCP server has one
  const issuer: GitHubIssuer = {
    env: {
      GITHUB_ACTIONS: 'true',
      GITHUB_REPOSITORY: 'Acme-Inc/Shop',
      GITHUB_RUN_ID: '4711',
      GITHUB_RUN_ATTEMPT: '2',
      GITHUB_SHA: 'abcdef',
      ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${port}/token?api-version=2`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestSecret,
    },
    asked,
    answer: () => ({ status: 200, body: JSON.stringify({ value: lineageToken }) }),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
  return issuer;
}
