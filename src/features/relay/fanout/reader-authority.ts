/** Who may read along. The core alone knows. */
export interface ReaderAuthority {
  /**
   * One answer for each, in the same order; any number of readers. Throws relay_core_unavailable where the core cannot be asked, which
   * says nothing of the readers.
   */
  authorise(readers: readonly ReaderClaim[]): Promise<readonly ReaderGrant[]>;
}

export interface ReaderClaim {
  /** The fanout capability, as it was presented. */
  token: string;
  incidentId: string;
  streamId: string;
}

export interface ReaderGrant {
  granted: boolean;
  /** Not granted because the stream has ended. */
  ended?: boolean;
  /** RFC 3339; where granted. */
  expiresAt?: string;
  variantRole?: string;
}
