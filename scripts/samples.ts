import { writeFileSync } from 'node:fs';
import { acknowledged, convertOffline, sampleNames, samplePath } from '../test/end-to-end/expected.ts';
import { startGatewayProcess } from '../test/end-to-end/gateway.ts';

/** `npm run samples`: writes what every sample is expected to become, from what it becomes now. Read the difference before committing it. */
const gateway = await startGatewayProcess({ DATABASE_URL: 'sqlite::memory:', LOG_LEVEL: 'error' });
for (const name of sampleNames) {
  const [line] = convertOffline(samplePath(name, 'hl7'));
  writeFileSync(samplePath(name, 'bundle.json'), `${JSON.stringify(line?.bundle, null, 2)}\n`);
  writeFileSync(samplePath(name, 'ack.hl7'), await acknowledged(gateway, name));
  console.log(`${line?.ack} ${name}`);
}
await gateway.kill();
