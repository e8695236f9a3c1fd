import type { Form } from '#http/read-form.ts';
import type { ErrorCode } from '#kit/error-codes.ts';
import { isProblem } from '#kit/errors.ts';

/** What somebody typed is not right; says so beside its field. */
export class FieldError extends Error {
  readonly field: string;

  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

const fieldOfCode: Partial<Record<ErrorCode, string>> = {
  invalid_username: 'username',
  username_conflict: 'username',
  invalid_password: 'password',
};

/** By field name. Throws the error again when it belongs to no field. */
export function fieldErrors(error: unknown): Record<string, string> {
  if (error instanceof FieldError) return { [error.field]: error.message };
  const field = isProblem(error) ? fieldOfCode[error.code] : undefined;
  if (field === undefined || !isProblem(error)) throw error;
  return { [field]: error.message };
}

/** A new password that was typed twice. Throws FieldError; its length is the domain's to judge. */
export function passwordOf(form: Form): string {
  const password = form.get('password') ?? '';
  if (password !== form.get('repeat')) throw new FieldError('repeat', 'The two passwords differ.');
  return password;
}
