/** Where the few things a login must remember are kept, across restarts and processes: documents of the store, handed in. */
export interface Kept {
  get(key: string): Promise<string | undefined>;
  /** Keeps it unless something is kept under the key already; whether it was kept. */
  add(key: string, json: string): Promise<boolean>;
  /** Every key after one, in order. */
  list(after: string, count: number): Promise<{ key: string; json: string }[]>;
  remove(keys: readonly string[]): Promise<void>;
}
