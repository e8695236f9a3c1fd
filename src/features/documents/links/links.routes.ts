import { z } from 'zod';
import { passwordMatches } from '#features/accounts/index.ts';
import { recordAudit } from '#features/audit/index.ts';
import { freeText } from '#http/check.ts';
import { staticFiles } from '#http/pages/static-files.ts';
import type { Peers } from '#http/peers.ts';
import * as reply from '#http/reply.ts';
import { type HttpContext, type Route, route } from '#http/route.ts';
import { statusOf } from '#http/status.ts';
import { isProblem, type Problem } from '#kit/errors.ts';
import type { VaultDeps } from '../add-document.ts';
import { VerifiedRanges } from '../content/verified-ranges.ts';
import { listFolder } from './folder-listing.ts';
import { documentPage, folderPage, linkNoticePage, passwordPage } from './link.pages.ts';
import { isUnlocked, unlockCookie } from './link-cookie.ts';
import { noticeOf } from './link-notice.ts';
import { foldersBetween, isUsedUp, type LinkRow, linkedDocument, linkedFolder } from './links.store.ts';
import { openLink, refusedVisit, visitEntry } from './open-link.ts';
import { sendLinked } from './send-linked.ts';

const shared = (name: string) => new URL(`../../../http/pages/${name}`, import.meta.url);

/** A password and its field. Bytes. */
const maxFormBytes = 8 * 1024;

/** Where in a shared folder, and where in its listing. */
const placeQuery = z.object({ folder: freeText(100).optional(), after: freeText(300).optional() });

/** No script, nothing from elsewhere, and nothing that a search engine keeps. */
const pageHeaders = {
  'Content-Security-Policy':
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'X-Robots-Tag': 'noindex, nofollow',
};

/** What a link opens, for whoever has it. Nothing can be changed here. */
export function linkRoutes(deps: VaultDeps & { peers: Peers }): Route[] {
  const { metadata, peers } = deps;
  const { read } = metadata;
  const sending = { metadata, ranges: new VerifiedRanges(deps.blobs) };
  const files = staticFiles('/s/assets', {
    'link.css': [shared('base.css'), new URL('./assets/link.css', import.meta.url)],
    'icon.svg': [shared('icon.svg')],
  });
  const page = async (status: number, markup: Parameters<typeof reply.page>[1] | Promise<string>, headers = {}) =>
    reply.page(status, await markup, { ...pageHeaders, ...headers });
  const refusal = (problem: Problem, headers: Record<string, string>) =>
    page(statusOf(problem.kind), linkNoticePage(files, noticeOf(problem)), {
      ...reply.retryHeader(problem),
      ...headers,
    });
  const cookiesOf = (c: HttpContext) => c.env.incoming.headers.cookie;
  const unlocked = (c: HttpContext, link: LinkRow, nowMs: number) =>
    isUnlocked(link, cookiesOf(c), peers.cameByHttps(c.env.incoming), nowMs);
  /** For content: with no page to ask for a password on, its lack is as good as a wrong link. */
  const entered = async (c: HttpContext, token: string, nowMs: number): Promise<LinkRow> => {
    const link = await openLink(metadata, token, nowMs);
    if (!unlocked(c, link, nowMs)) throw await refusedVisit(metadata, link, 'password', nowMs);
    return link;
  };
  const content = {
    tag: 'Links',
    access: 'anyone' as const,
    limit: 'document_download' as const,
    description:
      'Each GET is one download of the link. A range that does not begin at 0, with the ETag of a download in If-Range, continues that one for up to 24 hours and is not counted. HEAD has the headers alone and is not counted either. A link with a password needs the cookie that `POST /s/{token}` sets.',
    headers: {
      Range: { description: '`bytes=first-last`, `bytes=first-` or `bytes=-last`' },
      'If-Range': { description: 'The ETag of the download that is continued' },
    },
    responses: {
      200: { description: 'All of it', mediaType: 'application/octet-stream', headers: { ETag: 'Of this download' } },
      206: {
        description: 'The range',
        mediaType: 'application/octet-stream',
        headers: { ETag: 'Of this download', 'Content-Range': 'What it is of the whole' },
      },
      304: { description: 'What is at hand is the current one' },
    },
    errors: [
      'share_invalid',
      'version_conflict',
      'range_not_satisfiable',
      'evidence_corrupt',
      'storage_unavailable',
    ] as const,
  };

  return [
    route({
      method: 'GET',
      path: '/s/:token',
      summary: 'The page of a link',
      tag: 'Links',
      access: 'anyone',
      limit: 'viewer_page',
      query: placeQuery,
      responses: { 200: { description: 'What the link is on', mediaType: 'text/html' } },
      errors: ['share_invalid'],
      hidden: true,
      refusal,
      handle: async ({ c, param, query }) => {
        const nowMs = Date.now();
        const token = param('token');
        const link = await openLink(metadata, token, nowMs);
        if (isUsedUp(link)) throw await refusedVisit(metadata, link, 'used up', nowMs);
        if (!unlocked(c, link, nowMs)) return await page(200, passwordPage(files, token, false));
        const markup = await shown(token, link, query, nowMs);
        await recordAudit(metadata, visitEntry(link, { action: 'share.visit' }, nowMs));
        return await page(200, markup);
      },
    }),
    route({
      method: 'POST',
      path: '/s/:token',
      summary: 'Give the password of a link',
      tag: 'Links',
      access: 'anyone',
      limit: 'viewer_password',
      responses: { 303: { description: 'Back to the page, with a cookie that opens it' } },
      errors: ['share_invalid', 'forbidden'],
      hidden: true,
      refusal,
      handle: async ({ c, param, body }) => {
        const nowMs = Date.now();
        const token = param('token');
        const password = new URLSearchParams(new TextDecoder().decode(await body(maxFormBytes))).get('password') ?? '';
        const link = await openLink(metadata, token, nowMs).catch(async (error: unknown) => {
          // A link that opens nothing takes as long to say so.
          if (isProblem(error, 'share_invalid')) await passwordMatches(password, undefined);
          throw error;
        });
        const matches = await passwordMatches(password, link.password_hash ?? undefined);
        if (link.password_hash === null) return reply.seeOther(`/s/${token}`);
        if (!matches) {
          await refusedVisit(metadata, link, 'password', nowMs);
          return await page(statusOf('forbidden'), passwordPage(files, token, true));
        }
        await recordAudit(metadata, visitEntry(link, { action: 'share.unlock' }, nowMs));
        const secure = peers.cameByHttps(c.env.incoming);
        return reply.seeOther(`/s/${token}`, { 'Set-Cookie': unlockCookie(link, secure, nowMs) });
      },
    }),
    route({
      ...content,
      method: 'GET',
      path: '/s/:token/content',
      summary: 'Download the document of a link',
      handle: async ({ c, param }) => {
        const nowMs = Date.now();
        const link = await entered(c, param('token'), nowMs);
        return await sendLinked(c, sending, link, link.document_id ?? '', nowMs);
      },
    }),
    route({
      ...content,
      method: 'GET',
      path: '/s/:token/documents/:document_id/content',
      summary: 'Download a document in the folder of a link',
      handle: async ({ c, param }) => {
        const nowMs = Date.now();
        const link = await entered(c, param('token'), nowMs);
        return await sendLinked(c, sending, link, param('document_id'), nowMs);
      },
    }),
    ...files.routes,
  ];

  async function shown(token: string, link: LinkRow, place: z.output<typeof placeQuery>, nowMs: number) {
    if (link.document_id !== null) {
      const document = await linkedDocument(read, link, link.document_id);
      if (document === undefined) throw await refusedVisit(metadata, link, 'gone', nowMs);
      return await documentPage(files, token, link, document);
    }
    const { folder: wanted, after } = place;
    const folder = await linkedFolder(read, link, wanted ?? link.folder_id ?? '');
    if (folder === undefined) throw await refusedVisit(metadata, link, 'not shared', nowMs);
    const [above, listing] = await Promise.all([foldersBetween(read, link, folder), listFolder(read, folder, after)]);
    return await folderPage(files, token, link, { folder, above, listing, continued: after !== undefined });
  }
}
