import type { ValidationMode } from './write/validation-modes.ts';

/** What an operator may set about the FHIR API. Every limit here is stated in the CapabilityStatement. */
export interface ServeSettings {
  /** What links and fullUrls begin with, without a slash at the end; the Host header is never trusted. Shape: https://fhir.example.org/fhir */
  readonly baseUrl: string;
  /** Units: bytes, after decompression */
  readonly maxBodyBytes: number;
  /** Units: characters of path and query */
  readonly maxUrlLength: number;
  /** Objects and arrays inside one another. */
  readonly maxDepth: number;
  /** Entries of a batch or transaction. */
  readonly maxEntries: number;
  /** Matches on a page when _count is not given. */
  readonly defaultCount: number;
  /** A greater _count is cut to this, and the self link says so. */
  readonly maxCount: number;
  /** Values in all parameters of one search together, those a value set stands for among them. What is no name counts more: see filterSize. */
  readonly maxValues: number;
  /** Parameters of one search. */
  readonly maxParameters: number;
  /** References followed by one chained or _has parameter. */
  readonly maxChain: number;
  /** How often a write is decided anew when others change the same resources. */
  readonly maxAttempts: number;
  /** Whether a conditional delete may delete more than one. */
  readonly multipleDelete: boolean;
  /** What becomes of a write that misses a profile it claims; what is no R4 is refused in every mode. */
  readonly validation: ValidationMode;
  /** The same for single clients, by their id. */
  readonly validationByClient?: ReadonlyMap<string, ValidationMode>;
  /** Whether a file of an export is given only to who logs in. */
  readonly requiresAccessToken?: boolean;
}

/** The settings of an installation that sets nothing but its address. */
export const DEFAULT_SETTINGS: Omit<ServeSettings, 'baseUrl'> = {
  maxBodyBytes: 20 * 1024 * 1024,
  maxUrlLength: 32 * 1024,
  maxDepth: 64,
  maxEntries: 1000,
  defaultCount: 50,
  maxCount: 1000,
  maxValues: 4000,
  maxParameters: 100,
  maxChain: 4,
  maxAttempts: 60,
  multipleDelete: false,
  validation: 'reject',
};
