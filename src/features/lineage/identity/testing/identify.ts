import { Problem } from '#kit/errors.ts';
import type { LineageCaller, LineageIdentity } from '../identity.ts';

export const bearer = (token: string) => new Headers({ Authorization: `Bearer ${token}` });

/** The code of the refusal, or the caller. Anything but a Problem is a defect, and thrown. */
export async function outcomeOf(identity: LineageIdentity, headers: Headers): Promise<LineageCaller | string> {
  try {
    return await identity.identify(headers);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return error.code;
  }
}
