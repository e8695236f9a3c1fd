import { ProoflineApiError, ProoflineNetworkError } from '#client/api/api-error.ts';

/** What a recorder tells about its work; with `--json` these are the lines it prints. Holds no secret but the links. */
export type RecorderEvent =
  | {
      readonly event: 'state';
      readonly folder: string;
      readonly key_file: string;
      readonly key_created: boolean;
      readonly resumed: boolean;
    }
  | { readonly event: 'connected'; readonly incident_id: string; readonly stream_id: string }
  | {
      readonly event: 'capture_connected';
      readonly incident_id: string;
      readonly capture_group_id: string;
    }
  | { readonly event: 'staged'; readonly variant?: string; readonly index: number; readonly byte_size: number }
  | {
      readonly event: 'accepted';
      readonly variant?: string;
      readonly index: number;
      readonly byte_size: number;
      readonly how: string;
      readonly attempts: number;
    }
  | {
      readonly event: 'waiting';
      readonly doing: string;
      readonly wait_ms: number;
      readonly code: string;
      readonly reason: string;
    }
  | { readonly event: 'capture_ended'; readonly chunks: number; readonly error?: string }
  /** Given up for lack of room in the state folder; another stream has the moment. */
  | { readonly event: 'dropped'; readonly variant: string; readonly index: number; readonly byte_size: number }
  /** Nothing could be given up for it: this moment is not in the recording, at least not in this variant. */
  | {
      readonly event: 'lost';
      readonly variant: string;
      readonly sequence: number;
      readonly started_at: string;
      readonly ended_at: string;
    }
  | {
      readonly event: 'blocked';
      readonly code: string;
      readonly message: string;
      readonly index?: number;
      readonly variant?: string;
    }
  | { readonly event: 'checkin_missed'; readonly reason: string }
  | { readonly event: 'completed'; readonly variant?: string; readonly chunk_count: number }
  | { readonly event: 'failed'; readonly variant?: string; readonly reason: string }
  /** What the server shows of the capture: counts of moments. */
  | {
      readonly event: 'confirmed';
      readonly moments: number;
      readonly full_quality: number;
      readonly fallback: number;
      readonly with_context: number;
      readonly gaps: number;
    }
  /** Where chunks go from now on: through the relay, or straight to the server. */
  | {
      readonly event: 'relay';
      readonly state: 'used' | 'away' | 'none';
      readonly relay_url?: string;
      readonly reason?: string;
      readonly again_in_ms?: number;
    }
  | { readonly event: 'viewer_link'; readonly url: string; readonly expires_at?: string }
  /** For whoever reads along while it is recorded. */
  | { readonly event: 'live_link'; readonly url: string; readonly expires_at?: string }
  | { readonly event: 'closed' }
  | { readonly event: 'notice'; readonly message: string };

export type Report = (event: RecorderEvent) => void;

/** What an error is called in an event: the server's code, or how the network failed. */
export function codeOf(error: Error): string {
  if (error instanceof ProoflineApiError) return error.code;
  return error instanceof ProoflineNetworkError ? error.reason : 'internal';
}
