import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolvedChunksAtMost } from '#features/incidents/index.ts';
import type { ViewerData } from '../viewer-data.ts';
import { captureSections } from './captures.pages.ts';
import { viewerGroupJson } from './timeline-data.ts';

const at = '2026-01-02T03:04:05.000Z';
const row = {
  id: 'cgr_1',
  incident_id: 'inc_1',
  capture_source_id: 'phone',
  source_clock_id: null,
  source_timeline_hash: null,
  label: null,
  look_at: null,
  created_at: at,
};

test('of a group that is too large for a timeline the page says so, and never that nothing is confirmed', async () => {
  const shown = async (chunks: number) => {
    const data: ViewerData = {
      incident: { id: 'inc_1', status: 'open', created_at: at, updated_at: at },
      chunk_count_by_media_type: {},
      latest_chunk_by_media_type: {},
      media: [],
      streams: [],
      completed_streams: [],
      capture_groups: [viewerGroupJson(row, chunks)],
      more_capture_groups: false,
      warning: '',
      generated_at: at,
    };
    const [page = ''] = String(await captureSections('token', data, [])).split('<template');
    return page;
  };
  const large = await shown(resolvedChunksAtMost + 1);
  assert.match(large, /50,001 parts are confirmed: too many to be shown as a timeline here/);
  assert.doesNotMatch(large, /Nothing of it/);
  assert.match(large, /download\?kind=partial/);
  const empty = await shown(0);
  assert.match(empty, /Nothing of it is confirmed yet/);
  assert.doesNotMatch(empty, /too many/);
});
