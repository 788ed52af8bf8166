import { stderr, stdout } from 'node:process';
import { formatAddress } from '../issue/address.ts';
import type { Resource } from '../fhir/resource.ts';
import { type Issue, textOf } from '../issue/issue.ts';
import { type MessageTrace, traceOf } from '../intake/trace.ts';
import type { OfflineTranslation } from '../intake/translate-offline.ts';
import { messagesOf } from './message-files.ts';
import { openOffline, type Offline } from './offline.ts';
import { takePackages } from './package-words.ts';

/** `chartbridge explain FILE`: what every segment became, or why not. 0 when all are AA. */
export async function explain(words: string[]): Promise<number> {
  const { packages, rest: paths } = takePackages(words);
  if (paths.length === 0) {
    stderr.write('chartbridge explain FILE\n');
    return 2;
  }
  const offline = openOffline(packages);
  let worst = 0;
  for await (const { raw } of messagesOf(paths)) {
    const result = offline.translate(raw);
    if (result.code !== 'AA') worst = 1;
    stdout.write(`${explanationOf(result, offline)}\n`);
  }
  return worst;
}

/** The trace of a message in lines people read. */
export function explanationOf(
  { reading, translation, issues, code }: OfflineTranslation,
  { heldAgainst }: Pick<Offline, 'heldAgainst'>,
): string {
  const trace = traceOf(reading, translation, undefined, code);
  const validation = issues.filter((item) => item.expression !== undefined && item.severity === 'error');
  return [
    `${trace.controlId || '(no control id)'}  ${trace.type}  v${trace.version || '?'}  from ${trace.sender.replace('|', '/')}`,
    line('parse', trace.segments.length > 0 ? 'ok' : 'FAILED', trace.segments.join(' ')),
    line('map', trace.map === '' ? 'NONE' : trace.map, ''),
    ...trace.rows.map(rowLine),
    line('unused', trace.unused.length === 0 ? 'nothing' : trace.unused.join(', '), ''),
    ...(translation === undefined
      ? []
      : [
          line('validate', validation.length === 0 ? 'ok' : 'FAILED', `${translation.made.length} resources`),
          ...translation.made.flatMap(({ resource }) => profileLines(resource, issues, heldAgainst)),
        ]),
    line('answer', code, ''),
    ...issues.map(issueLine),
    '',
  ].join('\n');
}

const line = (step: string, state: string, rest: string) => `${step.padEnd(10)} ${state.padEnd(9)} ${rest}`.trimEnd();

function rowLine(row: MessageTrace['rows'][number]): string {
  const made =
    row.outcome === 'made'
      ? `made      ${row.rowsUsed} of ${row.rows} rows used`
      : `NOT MADE  ${row.reason ?? ''}${row.detail === undefined ? '' : `: ${row.detail}`}`;
  return `  line ${String(row.line).padEnd(4)} ${row.segment.padEnd(9)} ${row.type.padEnd(20)} ${made}`;
}

/** The profiles a resource was held against: those it claims, those the settings want claimed, and those an issue says it misses. */
function profileLines(resource: Resource, issues: readonly Issue[], heldAgainst: Offline['heldAgainst']): string[] {
  const missed = issues.flatMap(({ parameters, expression }) =>
    parameters['profile'] !== undefined && expression?.split(/[.[]/, 1)[0] === resource.resourceType ? [parameters['profile']] : [],
  );
  return [...heldAgainst(resource, [...(resource.meta?.profile ?? []), ...missed])].map(([profile, faults]) => {
    const why = faults.map(({ expression, parameters }) => `${expression ?? ''} ${parameters['rule'] ?? ''}`.trim()).join('; ');
    return `  ${resource.resourceType.padEnd(20)} ${faults.length === 0 ? `meets     ${profile}` : `MISSES    ${profile}: ${why}`}`;
  });
}

function issueLine(item: Issue): string {
  const place = item.at === undefined ? '' : `${formatAddress(item.at)}: `;
  return `  ${item.severity.padEnd(11)} ${item.id}  ${place}${textOf(item)}${item.expression === undefined ? '' : `  (${item.expression})`}`;
}
