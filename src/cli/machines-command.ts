import { type Command, Option } from 'commander';
import * as machines from '../../machines/index.ts';
import { chartsAsJson, chartsAsMarkdown } from '../observability/mermaid.ts';
import { EXIT } from './exit-codes.ts';

/** `headgate machines`: the state charts as they run. */
export function addMachinesCommand(program: Command, exit: (code: number) => void): void {
  program
    .command('machines')
    .description('print the state charts that Headgate runs on')
    .addOption(new Option('--format <format>', 'pictures or definitions').choices(['mermaid', 'json']).default('mermaid'))
    .action(({ format }: { readonly format: string }) => {
      const charts = Object.values(machines);
      process.stdout.write(format === 'json' ? chartsAsJson(charts) : chartsAsMarkdown(charts));
      exit(EXIT.allCompleted);
    });
}
