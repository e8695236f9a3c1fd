import { XMLParser } from 'fast-xml-parser';
import { z } from 'zod';
import { Problem } from '#kit/errors.ts';

/** What a server says of one of its resources. */
export interface DavResource {
  /** As it stands there: a path or an address, its names percent-encoded or not. */
  href: string;
  isFolder: boolean;
  byteSize: number | undefined;
  etag: string | undefined;
  modifiedAt: string | undefined;
  mediaType: string | undefined;
}

/** What is asked for, with namespaces, so that servers which know more need not think of it. */
export const propertiesWanted = `<?xml version="1.0" encoding="utf-8"?>
<d:propfind xmlns:d="DAV:"><d:prop><d:resourcetype/><d:getcontentlength/><d:getetag/><d:getlastmodified/><d:getcontenttype/></d:prop></d:propfind>`;

const parser = new XMLParser({
  ignoreAttributes: true,
  removeNSPrefix: true,
  parseTagValue: false,
  // Those that XML itself has: a document that declares its own is not read at all.
  processEntities: { enabled: true, maxEntityCount: 1, maxTotalExpansions: 10_000_000, maxExpandedLength: 100_000_000 },
  // With it come numeric references, which XML has too.
  htmlEntities: true,
  maxNestedTags: 20,
  isArray: (name) => name === 'response' || name === 'propstat',
});

const text = z.string().optional();
const prop = z.object({
  resourcetype: z.unknown().optional(),
  getcontentlength: text,
  getetag: text,
  getlastmodified: text,
  getcontenttype: text,
});
// An element without content is an empty text.
const orEmpty = <T extends z.ZodType>(shape: T) => z.union([shape, z.literal('').transform(() => undefined)]);
const answerShape = z.object({
  multistatus: orEmpty(
    z.object({
      response: z
        .array(
          z.object({
            href: z.string(),
            propstat: z.array(z.object({ status: z.string(), prop: orEmpty(prop) })).optional(),
          }),
        )
        .optional(),
    }),
  ),
});

/** Reads the answer to PROPFIND (RFC 4918, section 14.16). Throws connection_failed when it is none. */
export function readMultistatus(xml: string): DavResource[] {
  // RFC 4918, section 17.7: such a declaration has no place here, and is how bombs are built.
  if (/<!(DOCTYPE|ENTITY)/i.test(xml)) throw new Problem('connection_failed');
  const answer = answerShape.safeParse(parsed(xml));
  if (!answer.success) throw new Problem('connection_failed');
  return (answer.data.multistatus?.response ?? []).flatMap(({ href, propstat = [] }) => {
    const found = propstat.find(({ status }) => /^HTTP\/\S+ 200\b/i.test(status))?.prop;
    if (found === undefined) return [];
    const size = found.getcontentlength;
    return [
      {
        href,
        isFolder: isCollection(found.resourcetype),
        byteSize: size !== undefined && /^\d{1,15}$/.test(size) ? Number(size) : undefined,
        etag: found.getetag === '' ? undefined : found.getetag,
        modifiedAt: timeOf(found.getlastmodified),
        mediaType: found.getcontenttype === '' ? undefined : found.getcontenttype,
      },
    ];
  });
}

function parsed(xml: string): unknown {
  try {
    return parser.parse(xml, true);
  } catch {
    // What the parser says may repeat the answer.
    throw new Problem('connection_failed');
  }
}

function isCollection(resourceType: unknown): boolean {
  return typeof resourceType === 'object' && resourceType !== null && 'collection' in resourceType;
}

function timeOf(httpDate: string | undefined): string | undefined {
  const ms = Date.parse(httpDate ?? '');
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}
