import type { ConfirmedChunk } from '#kit/evidence/evidence.ts';

const sha256 = (n: number) => n.toString(16).padStart(64, '0');

/** Parts of two seconds as preview, as sound and with their place, and a master in pieces of ten: 5,760 chunks an hour. */
export function longGroup(name: string, hours: number): ConfirmedChunk[] {
  const began = Date.parse('2026-01-02T00:00:00.000Z');
  const timeOf = (second: number) => new Date(began + second * 1000).toISOString();
  const chunks: ConfirmedChunk[] = [];
  const add = (second: number, seconds: number, values: Pick<ConfirmedChunk, 'role' | 'quality' | 'mediaType'>) => {
    const n = chunks.length;
    chunks.push({
      ...values,
      chunkId: `chk_${name}_${String(n).padStart(8, '0')}`,
      streamId: `str_${name}_${values.role}`,
      segmentId: `${seconds}s-${String(second).padStart(7, '0')}`,
      sequence: seconds === 2 ? second / 2 : 10_000_000 + second / 10,
      startedAt: timeOf(second),
      endedAt: timeOf(second + seconds),
      sha256Hex: sha256(n),
      contextDigest: null,
    });
  };
  for (let second = 0; second < hours * 3600; second += 2) {
    const place = sha256(chunks.length);
    add(second, 2, { role: 'location_context', quality: 'location_context', mediaType: 'location' });
    add(second, 2, { role: 'live_preview', quality: 'adaptive_low_latency', mediaType: 'video' });
    const preview = chunks.at(-1);
    if (preview !== undefined) preview.contextDigest = place;
    add(second, 2, { role: 'audio_priority', quality: 'audio_priority', mediaType: 'audio' });
    if (second % 10 === 0) add(second, 10, { role: 'evidence_master', quality: 'full_quality', mediaType: 'video' });
  }
  return chunks;
}
