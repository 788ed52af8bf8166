import { test } from 'vitest';
import { openRecord, header } from './record.ts';
const MR = (n: string) => `${n}^^^GENHOSP^MR`;
test('probe', async () => {
  const r = await openRecord();
  const pid = (n: string) => `PID|1||${MR(n)}||Okafor^Ruth||19580917|F`;
  const pv1 = (loc: string, prior = '', end = '', cls = 'I') => {
    const f: string[] = [];
    f[2] = cls;
    f[3] = loc;
    f[6] = prior;
    f[19] = 'V1^^^GENHOSP^VN';
    f[44] = '202603020845';
    f[45] = end;
    return 'PV1|1|' + Array.from({ length: 50 }, (_, i) => f[i + 2] ?? '').join('|');
  };
  const show = async (label: string, m: string) => {
    const a = await r.post(m);
    console.log('=====', label, a.code, a.issues.join(','));
    for (const e of await r.all('Encounter'))
      console.log(JSON.stringify({ status: e['status'], hist: e['statusHistory'], loc: e['location'], period: e['period'] }, null, 0));
  };
  await show('A05', `${header('A05', '20260301080000')}\n${pid('M1')}\n${pv1('4E^412^A', '', '', 'P')}`);
  await show('A01', `${header('A01', '20260302084500')}\n${pid('M1')}\n${pv1('4E^412^A')}`);
  await show('A02', `${header('A02', '20260303084500')}\n${pid('M1')}\n${pv1('CCU^03^1', '4E^412^A')}`);
  await show('A12', `${header('A12', '20260303094500')}\n${pid('M1')}\n${pv1('4E^412^A', 'CCU^03^1')}`);
  await show('A08', `${header('A08', '20260303104500')}\n${pid('M1')}\n${pv1('4E^412^A')}`);
  await show('A03', `${header('A03', '20260304104500')}\n${pid('M1')}\n${pv1('4E^412^A', '', '20260304104500')}`);
  await show('A13', `${header('A13', '20260304114500')}\n${pid('M1')}\n${pv1('4E^412^A', '', '20260304104500')}`);
  await show('A03', `${header('A03', '20260305104500')}\n${pid('M1')}\n${pv1('4E^412^A', '', '20260305104500')}`);
  await show('A40', `${header('A40', '20260306104500')}\n${pid('M2')}\nMRG|${MR('M1')}`);
  for (const e of await r.all('Patient')) console.log(JSON.stringify(e));
  for (const e of await r.all('Provenance')) console.log(JSON.stringify(e));
  console.log(await r.versions());
  await r.close();
});
