import { html } from 'hono/html';
import { statusOf } from '#http/status.ts';
import { errorCodes } from '#kit/error-codes.ts';
import type { Operation } from './describe-route.ts';
import { exampleOf } from './examples.ts';
import type { JsonSchema } from './json-schema.ts';
import { type ApiDescription, apiVersion } from './openapi-document.ts';
import { registeredCodes } from './route-errors.ts';
import { type Field, fieldsOf } from './schema-fields.ts';

type Markup = ReturnType<typeof html>;

export function referencePage(api: ApiDescription): Markup {
  const tags = [...new Set(api.operations.map(({ tag }) => tag))];
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Proofline API reference</title>
<link rel="stylesheet" href="/reference/style.css">
</head>
<body>
<a class="skip" href="#main">To the content</a>
<header>
<h1>Proofline API</h1>
<p>Version ${apiVersion}. For programs: <a href="/openapi.json">OpenAPI document</a>.</p>
</header>
<nav aria-label="Contents"><details><summary>Contents</summary>
<ul><li><a href="#conventions">Conventions</a></li></ul>
${tags.map((tag) => contents(tag, api.operations))}
<ul><li><a href="#objects">Objects</a></li><li><a href="#errors">Error codes</a></li></ul>
</details></nav>
<main id="main">
${conventions()}
${tags.map((tag) => section(tag, api))}
${objects(api)}
${errorTable(api.operations)}
</main>
</body>
</html>`;
}

function contents(tag: string, operations: readonly Operation[]): Markup {
  return html`<h2>${tag}</h2>
<ul>${operations.filter((operation) => operation.tag === tag).map(({ id, summary }) => html`<li><a href="#${id}">${summary}</a></li>`)}</ul>`;
}

function conventions(): Markup {
  return html`<section id="conventions">
<h2>Conventions</h2>
<p>Sign in with <a href="#post-v1-auth-login">a username and a password</a> and send the token with every request:
<code>Authorization: Bearer …</code>. What belongs to another account answers like what does not exist.</p>
<ul>
<li>A request body is one JSON object of at most 64 KiB with only the fields listed here.</li>
<li>Times are RFC 3339, in any zone when sent and in UTC when answered. What is absent is left out of answers.</li>
<li>Listings answer a page and, when there is more, <code>next_cursor</code>; send it back as <code>cursor</code>.</li>
<li>Every error has the form <code>{"error":{"code":"…","message":"…"}}</code>. Programs read the code: it never changes its meaning.</li>
<li>Repeating is safe. With <code>Retry-After</code>, wait as many seconds first.</li>
<li>Every answer carries <code>X-Request-Id</code>; the server's log knows the request by it.</li>
</ul>
</section>`;
}

function section(tag: string, api: ApiDescription): Markup {
  return html`<section><h2>${tag}</h2>${api.operations.filter((operation) => operation.tag === tag).map((operation) => article(operation, api))}</section>`;
}

const whoMay = { anyone: 'no sign-in', account: 'signed in', admin: 'administrators' } as const;

function article(operation: Operation, api: ApiDescription): Markup {
  const { id, method, path, summary, description, access, limit, parameters, request } = operation;
  return html`<article id="${id}">
<h3><a href="#${id}">${summary}</a></h3>
<p class="route"><span class="method ${method.toLowerCase()}">${method}</span> <code>${path}</code></p>
<p class="facts">${whoMay[access]}${limit === undefined ? '' : html` · rate class <code>${limit}</code>`}</p>
${description === undefined ? '' : html`<p>${prose(description)}</p>`}
${
  parameters.length === 0
    ? ''
    : fieldTable(
        'Parameters',
        parameters.flatMap((parameter) =>
          fieldsOf({
            properties: { [parameter.name]: parameter.schema },
            required: parameter.required ? [parameter.name] : [],
          }).map((field) => ({
            ...field,
            type: `${parameter.in}, ${field.type}`,
            notes: [...(parameter.description === undefined ? [] : [parameter.description]), ...field.notes],
          })),
        ),
      )
}
${request === undefined ? '' : requestPart(request, api)}
${operation.successes.map(
  (success) => html`<h4><span class="status ok">${success.status}</span> ${success.description}</h4>
${success.schema === undefined || success.mediaType !== 'application/json' ? html`<p class="facts">${success.mediaType ?? 'no body'}</p>` : jsonPart(success.schema, api)}
${success.otherMediaTypes === undefined ? '' : html`<p class="facts">or ${success.otherMediaTypes.join(', ')}</p>`}
${headerList(success.headers)}`,
)}
<details><summary>${errorCount(operation)} errors</summary>
<table><thead><tr><th>Status</th><th>Code</th></tr></thead><tbody>
${operation.errors.map(({ status, codes }) => html`<tr><td><span class="status">${status}</span></td><td>${codes.map((code) => html`<a href="#error-${code}"><code>${code}</code></a> `)}</td></tr>`)}
</tbody></table></details>
</article>`;
}

function errorCount({ errors }: Operation): number {
  return errors.reduce((count, { codes }) => count + codes.length, 0);
}

function headerList(headers: Readonly<Record<string, string>>): Markup | string {
  const entries = Object.entries(headers);
  return entries.length === 0
    ? ''
    : html`<p class="facts">${entries.map(([name, words]) => html`<code>${name}</code>: ${words}. `)}</p>`;
}

function requestPart(request: NonNullable<Operation['request']>, api: ApiDescription): Markup {
  const optional = request.required ? '' : ', may be absent';
  return html`<h4>Request body</h4>
<p class="facts">${request.mediaType}${optional}${request.description === undefined ? '' : `. ${request.description}`}</p>
${request.mediaType === 'application/json' ? jsonPart(request.schema, api) : request.schema.properties === undefined ? '' : fieldTable('Fields', fieldsOf(request.schema))}`;
}

function jsonPart(schema: JsonSchema, { schemas }: ApiDescription): Markup {
  const fields = fieldsOf(schemas.resolve(schema));
  return html`${fields.length === 0 ? '' : fieldTable('Fields', fields)}
<details><summary>Example</summary><pre><code>${JSON.stringify(exampleOf(schema, schemas), null, 2)}</code></pre></details>`;
}

function fieldTable(caption: string, fields: readonly Field[]): Markup {
  return html`<table><caption>${caption}</caption>
<thead><tr><th>Name</th><th>Type</th><th>Notes</th></tr></thead>
<tbody>${fields.map(
    ({
      name,
      type,
      component,
      required,
      notes,
    }) => html`<tr><td><code>${name}</code>${required ? '' : html` <span class="optional">optional</span>`}</td>
<td>${component === undefined ? type : html`<a href="#object-${component}">${type}</a>`}</td><td>${prose(notes.join('; '))}</td></tr>`,
  )}</tbody></table>`;
}

function objects({ schemas }: ApiDescription): Markup {
  return html`<section id="objects"><h2>Objects</h2>
${Object.entries(schemas.components).map(
  ([name, schema]) => html`<article id="object-${name}"><h3><a href="#object-${name}">${name}</a></h3>
${
  schema.properties === undefined
    ? html`<p>${fieldsOf({ properties: { value: schema } })
        .flatMap(({ notes }) => notes)
        .join('; ')}</p>`
    : fieldTable('Fields', fieldsOf(schema))
}</article>`,
)}</section>`;
}

function errorTable(operations: readonly Operation[]): Markup {
  const answered = new Set(operations.flatMap(({ errors }) => errors.flatMap(({ codes }) => codes)));
  const shown = registeredCodes().filter(
    (code) => answered.has(code) || code === 'not_found' || code === 'method_not_allowed',
  );
  return html`<section id="errors"><h2>Error codes</h2>
<table><thead><tr><th>Code</th><th>Status</th><th>Meaning</th></tr></thead>
<tbody>${shown.map((code) => html`<tr id="error-${code}"><td><code>${code}</code></td><td><span class="status">${statusOf(errorCodes[code].kind)}</span></td><td>${errorCodes[code].message}</td></tr>`)}</tbody></table>
</section>`;
}

/** Text with `code` in backticks. */
function prose(text: string): (Markup | string)[] {
  return text.split('`').map((part, i) => (i % 2 === 0 ? part : html`<code>${part}</code>`));
}
