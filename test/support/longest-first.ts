import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { SECONDS } from './durations.ts';

/**
 * Hands out the files that take longest first. Two workers then end at about the same time; a long file that starts last
 * would leave the other worker idle for as long as it runs.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const seconds = (file: TestSpecification): number => {
      const [, name = ''] = /[\\/]test[\\/](.*)\.test\.ts$/.exec(file.moduleId) ?? [];
      return SECONDS[name.replaceAll('\\', '/')] ?? 0;
    };
    // Files that are not in the table keep the order of their names, so that every run has the same one.
    return [...files].sort((a, b) => seconds(b) - seconds(a) || (a.moduleId < b.moduleId ? -1 : 1));
  }
}
