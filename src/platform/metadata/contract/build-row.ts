import type { Row } from './transactions.ts';

type Values = Record<string, unknown>;

export const at = '2026-01-02T03:04:05.678Z';
export const hash = (digit: string) => digit.repeat(64);

export const build =
  (table: string, defaults: Values) =>
  (values: Values = {}): Row => ({ table, values: { ...defaults, ...values } });
