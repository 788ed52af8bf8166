/** How long a test waits for what must come: for a machine with much else to do. Nothing here is measured. */
export const patience = { testTimeout: 120_000, hookTimeout: 120_000, expect: { poll: { timeout: 60_000, interval: 20 } } };
