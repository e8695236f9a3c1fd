import {
  type ApiDescription,
  exampleOf,
  type Field,
  fieldsOf,
  type JsonSchema,
  type Operation,
} from '#features/reference/index.ts';
import { anchor, code, generated, table } from './markdown.ts';

const intro = `
A running server describes itself: \`GET /reference\` is this page in a form to browse, \`GET /openapi.json\` the same for
programs (OpenAPI 3.1). The tests of the repository hold every answer of the server against that document.

- Sign in with \`POST /v1/auth/login\` and send \`Authorization: Bearer <token>\` with every request.
- A request body is one JSON object of at most 64 KiB with only the fields listed. Uploads have their own limit.
- Times are RFC 3339, in any zone when sent and in UTC when answered. What is absent is left out of answers.
- Listings answer a page and, where there is more, \`next_cursor\`; send it back as \`cursor\`.
- What belongs to another account answers like what does not exist.
- Errors, and what to do about them: [errors.md](errors.md).
`;

const whoMay = { anyone: 'anyone', account: 'signed in', admin: 'administrators' } as const;

export function headingOf({ method, path }: Operation): string {
  return `${method} ${path}`;
}

export function apiPage(api: ApiDescription): string {
  const tags = [...new Set(api.operations.map(({ tag }) => tag))];
  const overview = table(
    ['Operation', 'Purpose', 'For', 'Rate class'],
    api.operations.map((operation) => [
      `[${code(headingOf(operation))}](#${anchor(headingOf(operation))})`,
      operation.summary,
      whoMay[operation.access],
      code(operation.limit ?? 'none'),
    ]),
  );
  const sections = tags.map(
    (tag) =>
      `## ${tag}\n\n${api.operations
        .filter((operation) => operation.tag === tag)
        .map((operation) => entry(operation, api))
        .join('\n')}`,
  );
  return `${generated('API', 'the routes of the server')}${intro}\n${overview}\n\n${sections.join('\n')}\n${objects(api)}`;
}

function entry(operation: Operation, api: ApiDescription): string {
  const { summary, description, parameters, request, successes, errors } = operation;
  const named = parameters.filter((parameter) => parameter.in !== 'path');
  const parts = [
    `### ${headingOf(operation)}`,
    `${summary}.${description === undefined ? '' : ` ${description}`}`,
    ...(named.length === 0
      ? []
      : [
          table(
            ['Parameter', 'In', 'Meaning'],
            named.flatMap((parameter) =>
              fieldsOf({ properties: { [parameter.name]: parameter.schema } }).map(({ name, notes }) => [
                `${code(name)}${parameter.required ? '' : ' (optional)'}`,
                parameter.in,
                [parameter.description ?? '', ...notes].filter((note) => note !== '').join('; '),
              ]),
            ),
          ),
        ]),
    ...(request === undefined ? [] : requestPart(request, api)),
    ...successes.flatMap((success) => successPart(success, api)),
    `Errors: ${errors.map(({ status, codes }) => `${status} ${codes.map(code).join(' ')}`).join('; ')}.`,
  ];
  return `${parts.join('\n\n')}\n`;
}

function requestPart(request: NonNullable<Operation['request']>, api: ApiDescription): string[] {
  const words = [request.mediaType, ...(request.required ? [] : ['may be absent'])].join(', ');
  return [
    `Request body (${words})${request.description === undefined ? '' : `: ${request.description}`}`,
    ...fields(request.schema, api),
  ];
}

function successPart(success: Operation['successes'][number], api: ApiDescription): string[] {
  const isJson = success.mediaType === 'application/json';
  const head = `**${success.status}** ${success.description}${isJson || success.mediaType === undefined ? '' : ` (${code(success.mediaType)})`}`;
  if (!isJson || success.schema === undefined) return [head];
  const others = (success.otherMediaTypes ?? []).map((mediaType) => `Or ${code(mediaType)}.`);
  const example = JSON.stringify(exampleOf(success.schema, api.schemas), null, 2);
  return [head, ...fields(success.schema, api), `\`\`\`json\n${example}\n\`\`\``, ...others];
}

function fields(schema: JsonSchema, { schemas }: ApiDescription): string[] {
  const list = fieldsOf(schemas.resolve(schema));
  return list.length === 0 ? [] : [fieldTable(list)];
}

function fieldTable(list: readonly Field[]): string {
  return table(
    ['Field', 'Type', 'Notes'],
    list.map(({ name, type, component, required, notes }) => [
      `${code(name)}${required ? '' : ' (optional)'}`,
      component === undefined ? type : `[${type.replace('[]', '\\[\\]')}](#${anchor(component)})`,
      notes.join('; '),
    ]),
  );
}

function objects({ schemas }: ApiDescription): string {
  const entries = Object.entries(schemas.components).map(([name, schema]) => {
    const list = fieldsOf(schema);
    const [alone] = fieldsOf({ properties: { value: schema } });
    return `### ${name}\n\n${list.length === 0 ? (alone?.notes.join('; ') ?? '') : fieldTable(list)}\n`;
  });
  return `## Objects\n\n${entries.join('\n')}`;
}
