import { isIP } from 'node:net';
import { addresses, choice, duration, type Setting, type Settings, text } from '#platform/process/setting.ts';

const proxies: Setting<readonly string[]> = {
  env: 'SAFE_TRUSTED_PROXIES',
  doc: "Addresses or networks of your reverse proxies. Only their X-Forwarded-For is believed, for rate limits, and their X-Forwarded-Proto, for Secure cookies of the admin pages. Empty: nobody's.",
  default: '',
  expected: 'addresses or networks separated by commas, like 127.0.0.1,10.0.0.0/8',
  parse: (value) => {
    const list = value === '' ? [] : value.split(',').map((part) => part.trim());
    const good = list.every((entry) => {
      const [address = '', bits] = entry.split('/');
      const family = isIP(address);
      return (
        family !== 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)))
      );
    });
    return good ? list : undefined;
  },
};

export const serverSettings = {
  mainAddresses: addresses({
    env: 'SAFE_MAIN_BIND_ADDRS',
    aliases: ['SAFE_MAIN_BIND_ADDR', 'SAFE_PRIVATE_BIND_ADDRS', 'SAFE_PRIVATE_BIND_ADDR'],
    doc: 'Where the API (/v1) and the public viewer (/i) listen.',
    default: '127.0.0.1:8080',
  }),
  adminAddresses: addresses({
    env: 'SAFE_ADMIN_BIND_ADDRS',
    aliases: ['SAFE_ADMIN_BIND_ADDR', 'SAFE_PRIVATE_ADMIN_BIND_ADDRS', 'SAFE_PRIVATE_ADMIN_BIND_ADDR'],
    doc: 'Where the admin pages, health and metrics listen. Keep it private.',
    default: '127.0.0.1:8081',
  }),
  dataDir: text({
    env: 'SAFE_DATA_DIR',
    doc: 'The folder that keeps everything: blobs, staging and, unless SAFE_DB_PATH says otherwise, the database.',
    default: './data',
    expected: 'a folder',
    pattern: /./,
  }),
  trustedProxies: proxies,
  shutdownDeadlineMs: duration({
    env: 'SAFE_SHUTDOWN_DEADLINE',
    doc: 'How long running requests may take to finish at shutdown before they are cut.',
    default: '25s',
  }),
  logLevel: choice({
    env: 'SAFE_LOG_LEVEL',
    doc: 'The least serious log line that is written.',
    default: 'info',
    of: ['debug', 'info', 'warn', 'error'],
  }),
} satisfies Settings;
