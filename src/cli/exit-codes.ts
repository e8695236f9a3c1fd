/** Exit codes, as sysexits.h has them where it has one. Listed in docs/operations/cli.md. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  noInput: 66,
  unavailable: 69,
  internal: 70,
  config: 78,
} as const;
