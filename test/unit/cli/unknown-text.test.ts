import { describe, expect, test } from 'vitest';
import { unknownNews, unknownSections } from '../../../src/cli/unknown-text.ts';

const field = (name: string, records = 1) => ({ resource: 'patients', field: name, records });
const FIELDS = [
  field('mood', 130),
  field('homeAddress.plus4'),
  field('page.total', 7),
  field('bornOn: is an empty text', 2),
];

describe('what is unknown', () => {
  test('is told by kind: fields, keys of pages, values that null stands for', () => {
    expect(unknownSections(FIELDS)).toEqual([
      {
        heading: 'Fields that the contract does not know (their values are in raw)',
        lines: ['  patients.mood (130 records)', '  patients.homeAddress.plus4 (1 record)'],
      },
      { heading: 'Keys of pages that the contract does not know', lines: ['  patients.total (7 pages)'] },
      {
        heading: 'Values that mean nothing, stored as null (the original is in raw)',
        lines: ['  patients.bornOn: is an empty text (2 records)'],
      },
    ]);
  });

  test('is named when it is new, and counted afterwards', () => {
    const news = unknownNews(FIELDS, ({ field: name }) => name === 'mood', 'status --json');
    expect(news.map(({ heading }) => heading)).toEqual([
      'Fields that the contract does not know (their values are in raw), met for the first time',
      'Unknown to the contract as before: 3 (status --json lists all)',
    ]);
    expect(news.flatMap(({ lines }) => lines)).toEqual(['  patients.mood (130 records)']);
    expect(unknownNews([], () => true, 'x')).toEqual([]);
  });

  test('is cut where it is much, in news only', () => {
    const many = Array.from({ length: 60 }, (_, n) => field(`f${n}`));
    expect(unknownNews(many, () => true, 'x')[0]?.lines.at(-1)).toBe('  and 10 more');
    expect(unknownSections(many)[0]?.lines).toHaveLength(60);
  });
});
