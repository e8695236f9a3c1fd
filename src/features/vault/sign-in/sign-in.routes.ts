import type { StaticFiles } from '#http/pages/static-files.ts';
import { textOf } from '#http/read-form.ts';
import * as reply from '#http/reply.ts';
import type { Route } from '#http/route.ts';
import { isProblem } from '#kit/errors.ts';
import type { Api } from '../api.ts';
import { type Gate, ownPath } from '../gate.ts';
import { signInPage } from './sign-in.pages.ts';

export function signInRoutes({ gate, api, files }: { gate: Gate; api: Api; files: StaticFiles }): Route[] {
  /** On to a page, with the cookies that an answer of the API sets. */
  const onTo = (location: string, answer: Response): Response => {
    const response = reply.seeOther(location);
    for (const cookie of answer.headers.getSetCookie()) response.headers.append('Set-Cookie', cookie);
    return response;
  };
  return [
    gate.open('/documents/sign-in', 'Sign in', async ({ query }) => {
      const notice = query.has('out')
        ? 'You are signed out.'
        : query.has('ended')
          ? 'Your sign-in has ended.'
          : undefined;
      return reply.page(200, await signInPage(files, { back: ownPath(query.get('back'), '/documents'), notice }));
    }),
    gate.openAct('/documents/sign-in', 'Sign in', 'auth', async ({ c }, form) => {
      const back = ownPath(form.get('back'), '/documents');
      const username = textOf(form, 'username');
      const json = { username, password: form.get('password') ?? '' };
      try {
        return onTo(back, await api.act({ c, caller: undefined }, 'POST', '/v1/auth/browser/login', { json }));
      } catch (error) {
        if (!isProblem(error, 'invalid_credentials') && !isProblem(error, 'https_required')) throw error;
        return reply.page(401, await signInPage(files, { back, username, wrong: error.message }));
      }
    }),
    gate.openAct('/documents/renew', 'Go on with a sign-in', 'refresh', async ({ c }, form) => {
      const answer = await api.act({ c, caller: undefined }, 'POST', '/v1/auth/refresh');
      const back = ownPath(form.get('back'), '/documents');
      return onTo(
        answer.status === 200 ? back : `/documents/sign-in?${new URLSearchParams({ ended: '1', back })}`,
        answer,
      );
    }),
    gate.act('/documents/sign-out', 'Sign out', async (visit) =>
      onTo('/documents/sign-in?out=1', await api.act(visit, 'POST', '/v1/auth/logout')),
    ),
    gate.act('/documents/sign-out-everywhere', 'Sign out everywhere', async (visit) =>
      onTo('/documents/sign-in?out=1', await api.act(visit, 'POST', '/v1/auth/logout-everywhere')),
    ),
  ];
}
