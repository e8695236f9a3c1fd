import { z } from 'zod';
import { auditEntry } from '#features/audit/index.ts';
import type { Caller } from '#http/caller.ts';
import { decodeCursor, pageOf, pageQuery } from '#http/paging.ts';
import * as reply from '#http/reply.ts';
import { type Route, route } from '#http/route.ts';
import { Problem } from '#kit/errors.ts';
import { newId } from '#kit/ids.ts';
import { parseTimestamp, timestamp } from '#kit/time.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { assertNotDeleting, ownIncidentFor } from '../incident-access.ts';
import { missedEntry } from './note-missed.ts';
import { safetyCheckJson, safetyCheckShape } from './safety-checks.json.ts';
import { type SafetyCheckRow, safetyCheckOf, safetyChecksOf } from './safety-checks.store.ts';
import { createSafetyCheckTransaction, endSafetyCheckTransaction } from './safety-checks.transactions.ts';

/** A check holds its incident back from retention, so it has an end in sight. Milliseconds; seconds. */
const furthestDueMs = 31 * 86_400_000;
const longestGraceSeconds = 86_400;

const one = z.object({ safety_check: safetyCheckShape });
const path = '/v1/incidents/:incident_id/safety-checks';
const tag = 'Safety checks';

/** For the owner alone, administrators are no exception: whether somebody is awaited is nobody else's matter. */
export function safetyCheckRoutes(deps: { metadata: Metadata }): Route[] {
  const { metadata } = deps;
  return [
    route({
      method: 'POST',
      path,
      summary: 'Begin a safety check',
      description:
        'Missed once `due_at` and the grace are over and nobody has cancelled it. Nothing is sent to anybody. While it is active, or missed ' +
        'and not resolved, retention leaves the incident alone. One at a time; the same again gets the first.',
      tag,
      access: 'account',
      limit: 'incident_write',
      json: z.strictObject({
        due_at: z.string().max(40).describe('RFC 3339. In the future, at most 31 days'),
        grace_seconds: z
          .number()
          .int()
          .min(0)
          .max(longestGraceSeconds)
          .optional()
          .describe('After due_at. 0 if absent'),
      }),
      responses: {
        201: { description: 'Begun', json: one },
        200: { description: 'It was there already', json: one },
      },
      errors: ['incident_not_found', 'incident_deleting', 'safety_check_exists'],
      handle: async ({ caller, json, param }) => {
        const incident = await ownIncidentFor(metadata.read, caller, param('incident_id'));
        assertNotDeleting(incident);
        const now = Date.now();
        const at = timestamp(now);
        const dueMs = dueMsOf(json.due_at, now);
        const graceSeconds = json.grace_seconds ?? 0;
        const check: SafetyCheckRow = {
          id: newId('sfc', now),
          incident_id: incident.id,
          state: 'active',
          due_at: timestamp(dueMs),
          grace_seconds: graceSeconds,
          overdue_at: timestamp(dueMs + graceSeconds * 1_000),
          created_at: at,
          updated_at: at,
          missed_at: null,
          ended_at: null,
        };
        const audit = entry(caller, check.id, 'safety_check.create', now);
        const made = await metadata.write(createSafetyCheckTransaction, { check, audit });
        return reply.json(made.isNew ? 201 : 200, { safety_check: safetyCheckJson(made.check, at) });
      },
    }),
    route({
      method: 'GET',
      path,
      summary: 'List safety checks',
      tag,
      access: 'account',
      limit: 'incident_read',
      query: pageQuery,
      responses: {
        200: {
          description: 'A page of them, newest first',
          json: z.object({ safety_checks: z.array(safetyCheckShape), next_cursor: z.string().optional() }),
        },
      },
      errors: ['incident_not_found', 'invalid_cursor'],
      handle: async ({ caller, query, param }) => {
        const incident = await ownIncidentFor(metadata.read, caller, param('incident_id'));
        const found = await safetyChecksOf(metadata.read, incident.id, query.limit + 1, decodeCursor(query.cursor));
        const at = timestamp(Date.now());
        const { rows, ...next } = pageOf(found, query.limit);
        return reply.json(200, { safety_checks: rows.map((row) => safetyCheckJson(row, at)), ...next });
      },
    }),
    route({
      method: 'GET',
      path: `${path}/:safety_check_id`,
      summary: 'One safety check',
      description: 'As it is now: it is missed from the moment on at which its time is over.',
      tag,
      access: 'account',
      limit: 'incident_read',
      responses: { 200: { description: 'The check', json: one } },
      errors: ['incident_not_found', 'safety_check_not_found'],
      handle: async ({ caller, param }) => {
        const incident = await ownIncidentFor(metadata.read, caller, param('incident_id'));
        const check = await safetyCheckOf(metadata.read, incident.id, param('safety_check_id'));
        return reply.json(200, { safety_check: safetyCheckJson(check, timestamp(Date.now())) });
      },
    }),
    endRoute(deps, 'cancelled'),
    endRoute(deps, 'resolved'),
  ];
}

function endRoute({ metadata }: { metadata: Metadata }, to: 'cancelled' | 'resolved'): Route {
  const verb = to === 'cancelled' ? 'cancel' : 'resolve';
  return route({
    method: 'POST',
    path: `${path}/:safety_check_id/${verb}`,
    summary: to === 'cancelled' ? 'Cancel a safety check' : 'Resolve a missed safety check',
    description:
      to === 'cancelled'
        ? 'In time, the grace included. Again changes nothing. That one was missed is not taken back: it is resolved.'
        : 'From then on it no longer holds the incident back from retention. Again changes nothing.',
    tag,
    access: 'account',
    limit: 'incident_write',
    responses: { 200: { description: 'The check', json: one } },
    errors: [
      'incident_not_found',
      'incident_deleting',
      'safety_check_not_found',
      to === 'cancelled' ? 'safety_check_not_active' : 'safety_check_not_missed',
    ],
    handle: async ({ caller, param }) => {
      const now = Date.now();
      const incident = await ownIncidentFor(metadata.read, caller, param('incident_id'));
      const checkId = param('safety_check_id');
      const check = await metadata.write(endSafetyCheckTransaction, {
        incidentId: incident.id,
        checkId,
        to,
        at: timestamp(now),
        audit: entry(caller, checkId, `safety_check.${verb}`, now),
        missedAudit: missedEntry(checkId, incident.owner_account_id, now),
      });
      return reply.json(200, { safety_check: safetyCheckJson(check, timestamp(now)) });
    },
  });
}

/** Whole milliseconds, so that times of checks sort as text. Throws invalid_request. */
function dueMsOf(given: string, nowMs: number): number {
  const due = parseTimestamp(given);
  if (due === undefined) throw new Problem('invalid_request', { message: 'due_at: must be an RFC 3339 time' });
  const dueMs = Date.parse(due);
  if (dueMs <= nowMs) throw new Problem('invalid_request', { message: 'due_at: must be in the future' });
  if (dueMs > nowMs + furthestDueMs)
    throw new Problem('invalid_request', { message: 'due_at: must be within 31 days' });
  return dueMs;
}

function entry(caller: Caller, checkId: string, action: string, nowMs: number) {
  return auditEntry(
    {
      actor: 'account',
      actorAccountId: caller.accountId,
      ownerAccountId: caller.accountId,
      action,
      subjectType: 'safety_check',
      subjectId: checkId,
    },
    nowMs,
  );
}
