import { bytes, duration, type Settings, secret, type ValuesOf } from '#platform/process/setting.ts';

export const accountSettings = {
  sessionTtlMs: duration({
    env: 'SAFE_SESSION_TTL',
    doc: 'How long a session lasts after login.',
    default: '12h',
    atLeast: '1m',
  }),
  browserSessionTtlMs: duration({
    env: 'SAFE_BROWSER_SESSION_TTL',
    doc: 'How long a session of a browser lasts before its pages renew it.',
    default: '15m',
    atLeast: '1m',
  }),
  browserSignInTtlMs: duration({
    env: 'SAFE_BROWSER_SIGN_IN_TTL',
    doc: 'How long somebody stays signed in with a browser, however often the session is renewed.',
    default: '30d',
    atLeast: '1m',
  }),
  adminSessionTtlMs: duration({
    env: 'SAFE_ADMIN_SESSION_TTL',
    doc: 'How long a sign-in to the admin pages lasts.',
    default: '8h',
    atLeast: '1m',
  }),
  bootstrapSecret: secret({
    env: 'SAFE_AUTH_BOOTSTRAP_SECRET',
    doc: 'One-time secret for the set-up form at /admin/bootstrap. Works only while no administrator exists.',
    expected: 'at least 16 characters',
    minLength: 16,
  }),
  committedQuotaBytes: bytes({
    env: 'SAFE_ACCOUNT_COMMITTED_QUOTA_BYTES',
    doc: 'Bytes of accepted chunks that one account may hold, unless an administrator sets another limit for it. 0: no limit.',
    default: '0',
  }),
} satisfies Settings;

export type AccountConfig = ValuesOf<typeof accountSettings>;
