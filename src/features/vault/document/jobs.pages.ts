import { html } from 'hono/html';
import { ago, type Markup } from '#http/pages/moment.ts';
import { chip } from '#http/pages/parts.pages.ts';
import { tellCount } from '#http/pages/tell.js';
import type { Visit } from '../gate.ts';

export interface JobLine {
  id: string;
  kind: string;
  state: 'waiting' | 'running' | 'done' | 'parked';
  attempts: number;
  done: number;
  total: number | undefined;
  /** What came of it, or what is in its way. */
  note: string | undefined;
  at: string;
}

const kinds: Record<string, string> = {
  sniff: 'Finding out what it is',
  text: 'Reading its text',
  ocr: 'Reading its pictures',
  thumbnail: 'Making a small picture',
  topics: 'Suggesting topics',
  import: 'Importing',
  mirror: 'Mirroring',
  purge: 'Deleting for good',
};

const states = {
  waiting: ['Waiting', 'calm'],
  running: ['Running', 'calm'],
  done: ['Done', 'good'],
  parked: ['Did not work', 'care'],
} as const;

/** What the server does with it by itself. */
export function jobList(visit: Visit, jobs: readonly JobLine[]): Markup {
  const unfinished = jobs.some(({ state }) => state !== 'done');
  return html`<section aria-labelledby="jobs">
    <h2 id="jobs">What the server does</h2>
    <details ${unfinished ? 'open' : ''}>
      <summary>${unfinished ? 'Still at work' : `All done: ${tellCount(jobs.length, 'step')}`}</summary>
      <ul class="rows">${jobs.map((job) => jobRow(visit, job))}</ul>
    </details>
  </section>`;
}

export function jobRow(visit: Visit, job: JobLine): Markup {
  const [words, tone] = states[job.state];
  const unfinished = job.state === 'waiting' || job.state === 'running';
  return html`<li ${unfinished ? 'data-working' : ''}>
    <div>
      <p>${kinds[job.kind] ?? job.kind}</p>
      <p class="soft">${ago(job.at, visit.nowMs)}${job.attempts > 1 ? `, ${job.attempts} tries` : ''}</p>
      ${job.note === undefined ? '' : html`<p class="soft">${job.note}</p>`}
      ${job.state === 'running' && job.total !== undefined ? html`<progress max="${job.total}" value="${job.done}" aria-label="${kinds[job.kind] ?? job.kind}">${job.done} of ${job.total}</progress>` : ''}
    </div>
    ${chip(words, tone)}
  </li>`;
}
