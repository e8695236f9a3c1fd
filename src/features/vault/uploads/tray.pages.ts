import { html } from 'hono/html';
import type { Markup } from '#http/pages/moment.ts';

/** What the script fills while files are on their way; it stays while the page around it changes. */
export function uploadTray(): Markup {
  return html`<section id="tray" class="tray" aria-labelledby="tray-title" hidden>
      <details open>
        <summary><h2 id="tray-title">Uploads</h2><span data-field="summary"></span></summary>
        <div class="tray-acts">
          <button type="button" class="quiet small" data-all="pause" hidden>Pause all</button>
          <button type="button" class="quiet small" data-all="resume" hidden>Go on with all</button>
          <button type="button" class="quiet small" data-all="retry" hidden>Try failed ones again</button>
          <button type="button" class="quiet small" data-all="cancel" hidden>Cancel all</button>
          <button type="button" class="quiet small" data-all="clear" hidden>Clear the list</button>
        </div>
        <ul data-field="items" tabindex="0" aria-label="Files on their way"></ul>
        <p class="soft" data-field="more"></p>
      </details>
      <progress data-field="total" max="1" value="0" aria-label="All uploads"></progress>
    </section>
    <template id="upload-item"><li>
      <p class="name" data-field="name"></p>
      <p class="soft" data-field="state"></p>
      <p class="note" data-field="note"></p>
      <progress max="1" value="0" hidden></progress>
      <div class="tray-acts">
        ${act('pause', 'Pause', 'sending waiting')} ${act('resume', 'Go on', 'paused')}
        ${act('retry', 'Try again', 'failed')} ${act('rename', 'Keep both', 'conflict')}
        ${act('cancel', 'Cancel', 'sending waiting paused failed')} ${act('cancel', 'Leave out', 'conflict')}
      </div>
    </li></template>
    <div class="veil" aria-hidden="true"><p>Drop files and folders to upload them to <strong data-field="into">Files</strong></p></div>`;
}

function act(name: string, label: string, when: string): Markup {
  return html`<button type="button" class="quiet small" data-act="${name}" data-when="${when}">${label}<span class="visually-hidden"></span></button>`;
}

/** On the pages of files: what an earlier visit began and did not finish. */
export function unfinishedUploads(): Markup {
  return html`<section id="unfinished" class="unfinished" aria-labelledby="unfinished-title" hidden>
      <h2 id="unfinished-title">Unfinished uploads</h2>
      <p class="soft">They go on from where they stopped. Where your browser asks for it, choose the same file again.</p>
      <ul></ul>
      <input type="file" id="pick-again" data-upload="again" hidden multiple />
    </section>
    <template id="unfinished-item"><li>
      <span class="name" data-field="name"></span>
      <button type="button" class="small" data-act="again">Go on<span class="visually-hidden"> with this upload</span></button>
      <button type="button" class="quiet small" data-act="forget">Forget it</button>
    </li></template>`;
}
