import type { AuditRecord } from '../../src/audit/audit-record.ts';

/** A record of an app that read a patient. */
export function readRecord(id: string, rest: Partial<AuditRecord> = {}): AuditRecord {
  return {
    id,
    time: '2026-01-02T09:30:00.000Z',
    what: 'read',
    method: 'GET',
    client: 'app',
    peer: '127.0.0.1',
    target: 'Patient/p1',
    outcome: 'success',
    patients: ['p1'],
    ...rest,
  };
}
