import { existsSync } from 'node:fs';
import { GUIDE_FOLDER } from '../src/cli/coverage.ts';
import { examine } from '../src/cli/guide/examine.ts';
import { readGuide } from '../src/cli/guide/read-guide.ts';
import { coveragePage } from '../src/cli/guide/report.ts';
import { readConfig } from '../src/config.ts';
import { readDefinitions } from '../src/start/definitions-file.ts';
import { settings } from '../src/settings.ts';
import { catalogue, type CatalogueEntry } from '../src/issue/catalogue.ts';
import { IssueError } from '../src/issue/issue-error.ts';
import { lastRuns } from '../test/long/figures.ts';
import { reliabilityPage } from '../test/long/page.ts';
import { fhirPage } from './fhir-page.ts';
import { readMappings } from '../src/start/translator.ts';

/** Every generated page: its path and what makes its text. `npm run docs` writes them; a test fails when one is stale. */
export const pages: ReadonlyMap<string, () => string> = new Map([
  ['docs/settings.md', settingsPage],
  ['docs/issues.md', issuesPage],
  ['docs/fhir.md', () => fhirPage(readDefinitions())],
  ['docs/reliability.md', () => reliabilityPage(lastRuns())],
  ...(existsSync(GUIDE_FOLDER) ? ([['docs/coverage.md', coverage]] as const) : []),
]);

/** Needs the tables of the guide, which are not part of the project: without them the page stays as it is. */
function coverage(): string {
  const config = readConfig({});
  if (!config.ok) throw new IssueError(...config.issues);
  return coveragePage(examine(readGuide(GUIDE_FOLDER), readMappings(config.value, readDefinitions())));
}

function settingsPage(): string {
  const rows = Object.entries(settings).map(([name, setting]) => {
    const range =
      'least' in setting
        ? `${setting.least} to ${setting.most}${'or' in setting ? `, or ${setting.or}` : ''}`
        : 'choices' in setting
          ? setting.choices.join(', ')
          : '';
    const unit = 'unit' in setting ? setting.unit : '';
    return `| \`${name}\` | ${setting.default === '' ? '(empty)' : `\`${setting.default}\``} | ${unit} | ${range} | ${setting.what} |`;
  });
  return `# Settings\n\nAll settings are environment variables, read once at start. A wrong one stops the start with its name.\n(Generated from \`src/config.ts\` by \`npm run docs\`.)\n\n| setting | default | unit | may be | what |\n| --- | --- | --- | --- | --- |\n${rows.join('\n')}\n`;
}

function issuesPage(): string {
  const cell = (text: string) => text.replaceAll('|', '\\|');
  const rows = Object.entries<CatalogueEntry>(catalogue).map(
    ([id, entry]) =>
      `| \`${id}\` | ${entry.severity} | ${entry.fhir} | ${entry.http} | ${entry.err3} | ${entry.msa1} | ${entry.retry ? 'yes' : 'no'} | ${cell(entry.text)} | ${cell(entry.help)} |`,
  );
  return `# Issues\n\nEverything Chartbridge can complain about. The id is the same in \`OperationOutcome.issue.details.coding\`, in ERR-5, in the log and in the tests.\n(Generated from \`src/issue/catalogue.ts\` by \`npm run docs\`.)\n\n| id | severity | FHIR code | HTTP | ERR-3 | MSA-1 | retry | text | what to do |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n${rows.join('\n')}\n`;
}
