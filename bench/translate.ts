import { readConfig } from '../src/config.ts';
import { readDefinitions } from '../src/start/definitions-file.ts';
import { parseMessage } from '../src/hl7v2/parse-message.ts';
import { Bug } from '../src/issue/issue-error.ts';
import { readTranslator } from '../src/start/translator.ts';
import { oruMessage } from './corpus.ts';
import { type Figure, ratePerSecond } from './measure.ts';

/** Reading and translating in one thread: an ORU with 30 OBX, and how the cost grows with a message. */
export function translateFigures(): Figure[] {
  const config = readConfig({});
  if (!config.ok) throw new Bug('the default settings are valid');
  const translator = readTranslator(config.value, readDefinitions());
  // As many patients as make no value of a person come twice in a row.
  const texts = Array.from({ length: 200 }, (_, index) => oruMessage(30, index * 7 + 1, index));
  let next = 0;
  const translate = (message: string) => {
    const parsed = parseMessage(message);
    if (parsed.ok) translator.translate(parsed.value);
  };
  const turn = () => texts[next++ % texts.length] ?? '';
  const parse = ratePerSecond(() => parseMessage(turn()));
  const both = ratePerSecond(() => translate(turn()));
  const [short, long] = [1000, 10_000].map((results) => {
    const message = oruMessage(results, 7, 1);
    return results * ratePerSecond(() => translate(message), { rounds: 2, roundMs: 1500 });
  });
  const large = documentMessage(10);
  const growth = heapGrowth(() => translate(large));
  return [
    { name: 'parse, ORU with 30 OBX', value: parse, unit: 'msg/s a core' },
    {
      name: 'parse + map, ORU with 30 OBX',
      value: both,
      unit: 'msg/s a core',
      target: 3000,
      note: `${((100 * both) / parse).toFixed(0)} % of parsing alone`,
    },
    {
      name: 'parse + map, OBX of an ORU with 10,000',
      value: long ?? 0,
      unit: 'OBX/s a core',
      note: `${(((long ?? 0) * 100) / (short ?? 1)).toFixed(0)} % of an ORU with 1,000`,
    },
    {
      name: 'memory taken to parse + map a document of 10 MB',
      value: growth,
      unit: 'MB',
      target: 20,
      note: 'at most, before any is given back',
    },
  ];
}

/** A report with one document. Units: MB of base64 */
function documentMessage(megabytes: number): string {
  return oruMessage(0, 7, 1) + `OBX|1|ED|11526-1^Report^LN||^APPLICATION^PDF^Base64^${'QUJD'.repeat(megabytes * 250_000)}||||||F\r`;
}

/** What a piece of work takes of memory. Units: MB */
function heapGrowth(work: () => void): number {
  const taken = () => {
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = taken();
  work();
  return Math.max(0, taken() - before) / 1e6;
}
