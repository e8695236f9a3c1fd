import { html } from 'hono/html';
import type { AuditLogTable } from '#features/audit/index.ts';
import { type Markup, moment } from '#http/pages/moment.ts';
import { chip, older, table } from '#http/pages/parts.pages.ts';
import { show } from '../frame.pages.ts';
import type { Visit } from '../gate.ts';

const actions: Record<string, string> = {
  'admin.sign_in': 'Signed in to the admin pages',
  'admin.sign_out': 'Signed out of the admin pages',
  'account.sign_in': 'Signed in',
  'account.sign_out': 'Signed out',
  'account.sign_out_everywhere': 'Ended all own sessions',
  'account.refresh_reuse': 'Came with a refresh token that was used before',
  'audit.export': 'Exported the audit',
  'admin.bootstrap': 'Tried the one-time set-up',
  'account.create': 'Created an account',
  'account.change_password': 'Changed the own password',
  'account.reset_password': 'Reset a password',
  'account.revoke_sessions': 'Ended all sessions of an account',
  'account.revoke_session': 'Ended a session',
  'account.set_quota': 'Set a quota',
  'incident.assign_owner': 'Gave an incident to an account',
  'incident.request_deletion': 'Asked for a deletion',
  'incident.deleted': 'Finished a deletion',
  'safety_check.create': 'Began a safety check',
  'safety_check.cancel': 'Cancelled a safety check',
  'safety_check.missed': 'Noted that a safety check was missed',
  'safety_check.resolve': 'Resolved a missed safety check',
  'job.repeat': 'Repeated a parked job',
};

const actors = {
  command_line: 'The command line',
  setup: 'The set-up page',
  server: 'The server',
  link: 'Somebody with a link',
  unknown: 'Nobody known',
} as const;

export interface AuditView {
  rows: readonly AuditLogTable[];
  next_cursor?: string;
  names: ReadonlyMap<string, string>;
  end: { seq: number; hash: string; unchained: number } | undefined;
}

export async function auditPage(visit: Visit, view: AuditView): Promise<Response> {
  return await show(
    visit,
    { title: 'Audit', section: 'audit' },
    html`<p>What changed who may do what, or what is kept. Newest first. Entries cannot be changed here.</p>
      ${chain(view.end)}
      ${table(
        'Audit entries, newest first',
        [
          { label: 'When', cell: ({ at }) => moment(at) },
          { label: 'Who', cell: (row) => who(row, view.names) },
          {
            label: 'What',
            cell: ({ action, outcome }) =>
              html`${actions[action] ?? action}${outcome === 'refused' ? html` ${chip('Refused', 'bad')}` : ''}`,
          },
          { label: 'To what', cell: (row) => subject(row, view.names) },
          { label: 'Detail', cell: ({ detail }) => detail?.replaceAll('_', ' ') ?? '' },
        ],
        view.rows,
      )}
      ${older('/admin/audit', visit.query, view.next_cursor, 'the audit')}`,
  );
}

/** Where the chain ends: what somebody notes down to find later that no entry was changed or taken away. */
function chain(end: AuditView['end']): Markup {
  if (end === undefined) return html``;
  const older = end.unchained === 0 ? '' : ` ${end.unchained} older ones have no hash.`;
  return html`<p>
    ${end.seq} ${end.seq === 1 ? 'entry is' : 'entries are'} in the hash chain.${older} It ends with
    <code>${end.seq}:${end.hash}</code>. Note that down elsewhere; <code>proofline verify --audit --head …</code> then shows that nothing
    before it was changed.
  </p>`;
}

function who({ actor, actor_account_id: id }: AuditLogTable, names: AuditView['names']): Markup {
  if (actor !== 'account') return html`${actors[actor]}`;
  return id === null ? html`An account` : html`<a href="/admin/accounts/${id}">${names.get(id) ?? id}</a>`;
}

function subject({ subject_type, subject_id: id }: AuditLogTable, names: AuditView['names']): Markup {
  if (id === null) return html``;
  if (subject_type === 'account') return html`<a href="/admin/accounts/${id}">${names.get(id) ?? id}</a>`;
  if (subject_type === 'incident') return html`<a href="/admin/incidents/${id}"><code>${id}</code></a>`;
  return html`<code>${id}</code>`;
}
