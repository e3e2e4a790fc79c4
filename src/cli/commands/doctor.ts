import type { Command } from 'commander';
import type { Finding } from '../../app/types.ts';
import { ConfigError, EXIT, type ExitCode } from '../../core/errors.ts';
import { plural } from '../format.ts';
import type { Output } from '../output.ts';
import type { Shell } from '../shell.ts';

export function define(command: Command, shell: Shell): void {
  command.action(
    shell.action(async ({ output, withApp }) => {
      const printer = new Printer(output);
      const print = (finding: Finding) => printer.add(finding);
      const findings = await withApp((app) => app.doctor(print)).catch((error: unknown) => {
        if (!(error instanceof ConfigError)) throw error;
        const settings = { name: 'settings', area: 'settings', ok: false, detail: error.problems.join('; ') } as const;
        print({ ...settings, hint: error.hint ?? null });
        return [{ ...settings, hint: error.hint ?? null }];
      });
      const exitCode = doctorExitCode(findings);
      printer.flush();
      output.data({ ok: exitCode === EXIT.done, exitCode, findings });
      output.line();
      output.line(verdict(findings));
      return exitCode;
    }),
  );
}

/** By what has to be fixed first: settings, sign-in and grants, the database, single lists. */
export function doctorExitCode(findings: readonly Finding[]): ExitCode {
  const wrong = new Set(findings.filter((finding) => finding.ok === false).map((finding) => finding.area));
  if (wrong.has('settings')) return EXIT.usage;
  if (wrong.has('sign-in')) return EXIT.signIn;
  if (wrong.has('database')) return EXIT.unexpected;
  return wrong.has('lists') ? EXIT.partial : EXIT.done;
}

function verdict(findings: readonly Finding[]): string {
  const wrong = findings.filter((finding) => finding.ok === false).length;
  const warnings = findings.filter((finding) => finding.ok === 'warning').length;
  const checks = plural(findings.length, 'check');
  const more = warnings > 0 ? `, ${plural(warnings, 'warning')}` : '';
  return wrong === 0 ? `${checks}: all is well${more}` : `${checks}: ${wrong} to fix${more}`;
}

const MARK = { true: ['green', '✓'], false: ['red', '✗'], warning: ['yellow', '!'] } as const;

/** Prints findings as they come; lists that answer are counted, one line for all of one owner. */
class Printer {
  readonly #output: Output;
  #owner: string | undefined;
  #answering = 0;
  #untried = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  add(finding: Finding): void {
    if (finding.owner !== this.#owner) this.flush();
    this.#owner = finding.owner;
    if (finding.owner === undefined || finding.ok !== true) this.#print(finding);
    else if (finding.detail.startsWith('not tried')) this.#untried += 1;
    else this.#answering += 1;
  }

  flush(): void {
    if (this.#answering + this.#untried > 0) {
      const untried = this.#untried > 0 ? `, ${this.#untried} had nothing to be tried with` : '';
      const detail = `${plural(this.#answering, 'list answers', 'lists answer')}${untried}`;
      this.#print({ name: `lists of ${this.#owner}`, area: 'lists', ok: true, detail, hint: null });
    }
    this.#answering = 0;
    this.#untried = 0;
  }

  #print({ ok, name, detail, hint }: Finding): void {
    const [style, mark] = MARK[`${ok}`];
    this.#output.line(`${this.#output.paint(style, mark)} ${name}: ${detail}`);
    if (hint !== null) this.#output.line(`    → ${hint}`);
  }
}
