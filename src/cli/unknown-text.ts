import { count, plural } from './format.ts';

/** A field that the contract does not know, a key beside the list of a page, or a fault of values for which null is stored. */
export interface Unknown {
  readonly resource: string;
  readonly field: string;
  readonly records: number;
}

interface Section {
  readonly heading: string;
  readonly lines: readonly string[];
}

type Kind = 'field' | 'page' | 'value';

const HEADINGS: Readonly<Record<Kind, string>> = {
  field: 'Fields that the contract does not know (their values are in raw)',
  page: 'Keys of pages that the contract does not know',
  value: 'Values that mean nothing, stored as null (the original is in raw)',
};

const PAGE = 'page.';

/** A colon separates a field from its fault: no name has one. */
const kindOf = ({ field }: Unknown): Kind =>
  field.includes(': ') ? 'value' : field.startsWith(PAGE) ? 'page' : 'field';

/** More of one kind are counted, not named. */
const NAMED = 50;

/** What is unknown, by kind, with how often each was met. Pure. */
export function unknownSections(fields: readonly Unknown[], { firstTime = false } = {}): readonly Section[] {
  return (Object.keys(HEADINGS) as Kind[]).flatMap((kind) => {
    const found = fields.filter((each) => kindOf(each) === kind);
    if (found.length === 0) return [];
    const lines = found.slice(0, firstTime ? NAMED : found.length).map(({ resource, field, records }) => {
      const name = kind === 'page' ? field.slice(PAGE.length) : field;
      return `  ${resource}.${name} (${plural(records, kind === 'page' ? 'page' : 'record')})`;
    });
    if (found.length > lines.length) lines.push(`  and ${count(found.length - lines.length)} more`);
    return [{ heading: `${HEADINGS[kind]}${firstTime ? ', met for the first time' : ''}`, lines }];
  });
}

/**
 * The new ones by name, the others as a count, so that nothing is repeated every night. Pure.
 *
 * @param all the command that lists all of them
 */
export function unknownNews<Each extends Unknown>(
  fields: readonly Each[],
  isNew: (field: Each) => boolean,
  all: string,
): readonly Section[] {
  const fresh = fields.filter(isNew);
  const older = fields.length - fresh.length;
  const known = { heading: `Unknown to the contract as before: ${count(older)} (${all} lists all)`, lines: [] };
  return [...unknownSections(fresh, { firstTime: true }), ...(older > 0 ? [known] : [])];
}
