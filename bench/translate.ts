import { readConfig } from '../src/config.ts';
import { readDefinitions } from '../src/definitions-file.ts';
import { parseMessage } from '../src/hl7v2/parse-message.ts';
import { Bug } from '../src/issue/issue-error.ts';
import { readTranslator } from '../src/translator.ts';
import { oruMessage } from './corpus.ts';
import { type Figure, ratePerSecond } from './measure.ts';

/** Reading and translating in one thread: an ORU with 30 OBX, and how the cost grows with a message. */
export function translateFigures(): Figure[] {
  const config = readConfig({});
  if (!config.ok) throw new Bug('the default settings are valid');
  const translator = readTranslator(config.value, readDefinitions());
  const text = oruMessage(30, 7, 1);
  const translate = (message: string) => {
    const parsed = parseMessage(message);
    if (parsed.ok) translator.translate(parsed.value);
  };
  const parse = ratePerSecond(() => parseMessage(text));
  const both = ratePerSecond(() => translate(text));
  const [short, long] = [1000, 10_000].map((results) => {
    const message = oruMessage(results, 7, 1);
    return results * ratePerSecond(() => translate(message), { rounds: 2, roundMs: 1500 });
  });
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
  ];
}
