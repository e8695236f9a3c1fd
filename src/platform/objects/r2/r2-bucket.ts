/** Of Cloudflare's R2 binding, what is used here. */
export interface R2Bucket {
  /** Null when `onlyIf` was not met. */
  put(key: string, value: Uint8Array, options: R2PutOptions): Promise<object | null>;
  get(key: string): Promise<(R2Facts & { arrayBuffer(): Promise<ArrayBuffer> }) | null>;
  list(options: R2ListOptions): Promise<R2Page>;
  delete(key: string): Promise<void>;
}

export interface R2PutOptions {
  onlyIf: { etagMatches: string } | { etagDoesNotMatch: '*' };
  /** Of the bytes, hexadecimal: R2 refuses others. */
  sha256: string;
  customMetadata: Record<string, string>;
}

export interface R2Facts {
  /** Without quotes. */
  etag: string;
  size: number;
  customMetadata?: Record<string, string>;
}

export interface R2ListOptions {
  prefix?: string;
  limit: number;
  delimiter?: string;
  startAfter?: string;
  cursor?: string;
}

export interface R2Page {
  objects: { key: string; size: number }[];
  delimitedPrefixes: string[];
  truncated: boolean;
  cursor?: string;
}
