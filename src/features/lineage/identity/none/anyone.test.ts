import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outcomeOf } from '../testing/identify.ts';
import { anyone } from './anyone.ts';

test('anyone on this machine may do everything', async () => {
  for (const host of ['127.0.0.1:8085', 'localhost:8085', 'LOCALHOST', '[::1]:8085', '127.0.0.1', undefined]) {
    const caller = await outcomeOf(anyone, new Headers(host === undefined ? {} : { Host: host }));
    assert.ok(typeof caller === 'object', host);
    assert.equal(caller.subject, 'anyone');
    assert.equal(caller.may('admin', {}), true);
  }
});

test('pages of other sites are not anyone, also where they reach this machine by a name of their own', async () => {
  for (const headers of [
    { Host: '127.0.0.1:8085', Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' },
    { Host: '127.0.0.1:8085', Origin: 'null' },
    { Host: '127.0.0.1:8085', Origin: 'http://127.0.0.1:3000', 'Sec-Fetch-Site': 'same-site' },
    { Host: 'evil.example:8085' },
    { Host: 'localhost.evil.example' },
    { Host: '127.0.0.1.evil.example:8085' },
    { Host: '192.168.0.7:8085' },
    { Host: '' },
  ])
    assert.equal(await outcomeOf(anyone, new Headers(headers)), 'authentication_required', JSON.stringify(headers));
});
