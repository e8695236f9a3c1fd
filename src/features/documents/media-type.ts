/** The type and subtype of a `Content-Type`, in lower case and without its parameters; anything else is just bytes. */
export function plainMediaType(header: string | undefined): string {
  const match = /^[ \t]*([\w!#$&^.+-]{1,100}\/[\w!#$&^.+-]{1,100})[ \t]*(?:;|$)/.exec(header ?? '');
  return match?.[1]?.toLowerCase() ?? 'application/octet-stream';
}
