import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBody } from '../../../src/api/decode.ts';

const latin1 = (text: string) => Buffer.from(text, 'latin1');

describe('decodeBody', () => {
  it('reads UTF-8 with and without a byte order mark, whatever the header claims', () => {
    for (const header of [
      null,
      'application/json',
      'application/json; charset=utf-8',
      'text/plain; charset=iso-8859-1',
    ]) {
      expect(decodeBody(Buffer.from('{"a":"ü €"}'), header)).toBe('{"a":"ü €"}');
    }
    expect(decodeBody(Buffer.from('\ufeff{}'), null)).toBe('{}');
  });

  it.each(['iso-8859-1', 'ISO-8859-1', '"latin1"', 'windows-1252'])('honours charset=%s', (label) => {
    expect(decodeBody(latin1('{"a":"ü"}'), `application/json; charset=${label}`)).toBe('{"a":"ü"}');
  });

  it.each([null, 'application/json', 'application/json; charset=utf-8', 'application/json; charset=klingon'])(
    'refuses ISO-8859-1 that is declared as %s',
    (header) => {
      expect(decodeBody(latin1('{"a":"ü"}'), header)).toBeUndefined();
    },
  );

  it('reads UTF-16 by its mark and refuses half of a pair', () => {
    expect(decodeBody(Buffer.from('\ufeff{"a":"ü"}', 'utf16le'), null)).toBe('{"a":"ü"}');
    expect(decodeBody(Buffer.from([0xff, 0xfe, 0x00, 0xd8]), null)).toBeUndefined();
  });

  it('gives back every text, and never a replacement character that was not sent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const whole = text.toWellFormed().replace(/^\ufeff/, '');
        expect(decodeBody(Buffer.from(whole), null)).toBe(whole);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const text = decodeBody(bytes, null);
        if (text?.includes('\ufffd')) expect(Buffer.from(bytes).includes(Buffer.from('\ufffd'))).toBe(true);
      }),
    );
  });
});
