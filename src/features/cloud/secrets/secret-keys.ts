import { hkdfSync } from 'node:crypto';

/** Characters. */
export const shortestSecret = 32;

/** One SECRET_KEY: what it is called, and what is made from it. The secret itself stays in here. */
export class SecretKey {
  /** Tells keys apart, and says nothing about them. */
  readonly id: string;
  readonly #secret: Buffer;

  constructor(secret: string) {
    this.#secret = Buffer.from(secret);
    this.id = this.#derive('proofline key id', 8).toString('hex');
  }

  /** A key for AES-256 that is this account's alone. */
  ofAccount(accountId: string): Buffer {
    return this.#derive(`proofline cloud credentials:${accountId}`, 32);
  }

  #derive(info: string, bytes: number): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#secret, '', info, bytes));
  }
}

/** The keys that the operator gave: the one to seal with, and those that something may still be sealed with. */
export class SecretKeys {
  readonly current: SecretKey | undefined;
  readonly #byId: ReadonlyMap<string, SecretKey>;

  constructor({ secretKey, secretKeysOld }: { secretKey: string; secretKeysOld: readonly string[] }) {
    this.current = secretKey === '' ? undefined : new SecretKey(secretKey);
    const old = secretKeysOld.map((one) => new SecretKey(one));
    this.#byId = new Map([...old, ...(this.current === undefined ? [] : [this.current])].map((key) => [key.id, key]));
  }

  byId(id: string): SecretKey | undefined {
    return this.#byId.get(id);
  }
}
