import { expect, test } from 'vitest';
import { searchOf } from '../../src/fhir/search-query.ts';
import { header, openRecord } from './record.ts';

test('the digits of a result stay as they were sent, and the same result again is no new version', async () => {
  const record = await openRecord();
  const result = (status: string, id: string) =>
    [
      header('R01', '20260303070000', 'LABSYS|GENHOSP').replace('|*|', `|${id}|`),
      'PID|1||M1^^^GENHOSP^MR||Roe^Ann',
      'OBR|1|P1^A|F1^B|718-7^Hemoglobin^LN|||20260303060000-0500',
      `OBX|1|NM|718-7^Hemoglobin^LN||13.20|g/dL^^UCUM|12.0-16.0|N|||${status}`,
    ].join('\n');
  const stored = async () => {
    const page = await record.store.search(searchOf('Observation', { op: 'and', of: [] }));
    return page.ok ? page.value.matches.map(({ json, version }) => [/"value":(13[^,}]*)/.exec(json)?.[1], version]) : [];
  };
  await record.post(result('P', '1'));
  expect(await stored()).toEqual([['13.20', 1]]);
  await record.post(result('P', '2'));
  expect(await stored()).toEqual([['13.20', 1]]);
  await record.post(result('F', '3'));
  expect(await stored()).toEqual([['13.20', 2]]);
  await record.close();
});
