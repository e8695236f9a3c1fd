import { html } from 'hono/html';
import { ago, type Markup, moment } from '#http/pages/moment.ts';
import type { StaticFiles } from '#http/pages/static-files.ts';
import { tellBytes } from '#http/pages/tell.js';
import { checkinWords, emptyWords, happening, latestArrival, looseParts, streamWords } from './assets/happening.js';
import { captureSections } from './captures/captures.pages.ts';
import type { ViewerTimeline } from './captures/timeline-data.ts';
import { frame } from './frame.pages.ts';
import { type ViewerData, type ViewerStream, warning } from './viewer-data.ts';

/** Reloads by itself only where scripts do not run. Seconds. */
const reloadSeconds = 30;

export function incidentPage(
  files: StaticFiles,
  token: string,
  data: ViewerData,
  timelines: readonly ViewerTimeline[],
  relayUrl: string,
  nowMs: number,
): Markup {
  const now = happening(data, nowMs);
  const label = data.incident.client_label ?? 'Shared incident';
  const open = data.incident.status === 'open';
  const arrival = latestArrival(data);
  return frame(
    files,
    `${now.title}: ${label}`,
    html`<script type="module" src="${files.href('viewer.js')}"></script>
      ${open ? html`<noscript><meta http-equiv="refresh" content="${reloadSeconds}" /></noscript>` : ''}`,
    html`<main id="content" tabindex="-1" data-generated-at="${data.generated_at}" ${relayUrl === '' ? '' : html`data-relay="${relayUrl}"`}>
      <h1>${label}</h1>
      <section class="now" id="now" data-state="${now.state}" aria-labelledby="now-title">
        <h2 id="now-title"><span class="dot" aria-hidden="true"></span><span data-field="title">${now.title}</span></h2>
        <p class="lead" data-field="text">${now.text}</p>
        <dl class="facts">
          <div><dt>Started</dt><dd>${when(data.incident.created_at, nowMs)}</dd></div>
          <div id="arrival" ${arrival === undefined ? 'hidden' : ''}><dt>Last part</dt><dd>${when(arrival ?? data.generated_at, nowMs)}</dd></div>
        </dl>
      </section>
      <p class="warning"><strong>${warning.limit}</strong> ${warning.advice}</p>
      <p class="connection" id="connection" data-state="static">
        <span data-field="text">As of ${moment(data.generated_at)}.${open ? ' Reload the page to see what is new.' : ''}</span>
      </p>
      <p class="relay" id="relay" hidden></p>
      <p class="visually-hidden" id="announcements" role="status"></p>
      ${checkinSection(data, nowMs)} ${streamsSection(data)} ${captureSections(token, data, timelines)}
      ${downloadsSection(token, data)}
    </main>`,
    html`<p>Incident <code>${data.incident.id}</code></p>
      <p>Whoever has the address of this page can see it. Share it only with people you trust.</p>`,
  );
}

function when(at: string, nowMs: number): Markup {
  return html`${ago(at, nowMs)}<span class="exact">${moment(at)}</span>`;
}

function checkinSection(data: ViewerData, nowMs: number): Markup {
  const checkin = data.latest_checkin;
  const words = checkin === undefined ? undefined : checkinWords(checkin);
  const at = checkin?.created_at ?? data.generated_at;
  const row = (name: string, label: string, value: Markup, there: boolean) =>
    html`<div data-row="${name}" ${there ? '' : 'hidden'}><dt>${label}</dt><dd>${value}</dd></div>`;
  return html`<section aria-labelledby="checkin-title" id="checkin">
    <h2 id="checkin-title">Last word from the phone</h2>
    <p data-field="none" ${checkin === undefined ? '' : 'hidden'}>The phone has not reported its state.</p>
    <dl class="facts" ${checkin === undefined ? 'hidden' : ''}>
      ${row('when', 'Reported', when(at, nowMs), true)}
      ${row('battery', 'Battery', html`<span data-field="battery">${words?.battery}</span>`, Boolean(words?.battery))}
      ${row('network', 'Network', html`<span data-field="network">${words?.network}</span>`, Boolean(words?.network))}
      ${row(
        'place',
        'Place',
        html`<span class="coordinates" data-field="place">${words?.place}</span>
          <span class="exact" data-field="accuracy">${words?.accuracy}</span>
          <span class="actions">
            <button type="button" class="quiet" id="copy-place" hidden>Copy<span class="visually-hidden"> coordinates</span></button>
            <a data-field="geo" ${words?.geo ? html`href="${words.geo}"` : 'hidden'}>Open in a map app</a>
          </span>`,
        Boolean(words?.place),
      )}
    </dl>
  </section>`;
}

function streamsSection(data: ViewerData): Markup {
  const open = data.incident.status === 'open';
  const loose = looseParts(data);
  return html`<section aria-labelledby="streams-title">
    <h2 id="streams-title">Recordings</h2>
    <p id="no-streams" ${data.streams.length > 0 || loose !== '' ? 'hidden' : ''}>${emptyWords(data).recordings}</p>
    <ul class="streams" id="streams">
      ${data.streams.map((stream) => streamItem(stream, open))}
    </ul>
    <p id="loose-parts" ${loose === '' ? 'hidden' : ''}>${loose}</p>
    <template id="stream-item">${streamItem(undefined, open)}</template>
  </section>`;
}

/** With no stream: the empty shape that the script fills. */
function streamItem(stream: ViewerStream | undefined, incidentOpen: boolean): Markup {
  const words = stream === undefined ? undefined : streamWords(stream, incidentOpen);
  return html`<li data-stream="${stream?.id}" data-state="${stream?.status}">
    <h3 data-field="name">${words?.name}</h3>
    <p class="chip" data-field="state">${words?.state}</p>
    <p class="amount" data-field="amount">${words?.amount}</p>
    <p class="note" data-field="note" ${words?.note ? '' : 'hidden'}>${words?.note}</p>
    <p class="note" data-field="live" hidden></p>
  </li>`;
}

function downloadsSection(token: string, data: ViewerData): Markup {
  const complete = data.completed_streams;
  const bytes = complete.reduce((total, stream) => total + stream.total_bytes, 0);
  return html`<section aria-labelledby="downloads-title">
    <h2 id="downloads-title">Downloads</h2>
    <p id="no-downloads" ${complete.length > 0 ? 'hidden' : ''}>${emptyWords(data).downloads}</p>
    <ul class="downloads" id="downloads">
      <li data-download="all" ${complete.length > 1 ? '' : 'hidden'}>${downloadLink(`${token}/incident/download`, 'Everything that is complete', bytes)}</li>
      ${complete.map(
        (stream) =>
          html`<li data-download="${stream.id}">${downloadLink(`${token}/streams/${stream.id}/download`, streamWords(stream, false).name, stream.total_bytes)}</li>`,
      )}
    </ul>
    <template id="download-item"><li>${downloadLink('', '', 0)}</li></template>
    <details class="how">
      <summary>What the files are, and how to check and open them</summary>
      <p>Each download is a ZIP file with the recording in encrypted parts and a list of what belongs to it. It was encrypted on the phone. This server cannot open it.</p>
      <p>Anybody can check that nothing is missing or was changed:</p>
      <pre><code>proofline verify incident.zip</code></pre>
      <p>Whoever has the key file from the phone can also open it:</p>
      <pre><code>proofline verify incident.zip --key-file key.json --out media</code></pre>
      <p>Neither needs a network. Keep the ZIP file as it is: it is the evidence.</p>
    </details>
  </section>`;
}

function downloadLink(href: string, name: string, bytes: number): Markup {
  return html`<a href="${href}" download
    ><span data-field="name">${name}</span> <span class="size"><span class="visually-hidden">, </span>encrypted ZIP, <span data-field="size">${tellBytes(bytes)}</span></span></a
  >`;
}
