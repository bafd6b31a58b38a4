import { helpAddress } from '../../../src/http/pages/help-address.ts';

describe('the address of help', () => {
  it.each([
    ['mailto:help@acme.example', 'mailto:help@acme.example?subject=Sign-in%20problem%20(request%20req-1)'],
    [
      'mailto:help@acme.example?body=a%20b',
      'mailto:help@acme.example?body=a%20b&subject=Sign-in%20problem%20(request%20req-1)',
    ],
    [
      'mailto:help@acme.example?Subject=Portal&cc=x@acme.example',
      'mailto:help@acme.example?Subject=Portal%20(request%20req-1)&cc=x@acme.example',
    ],
    ['mailto:help@acme.example?', 'mailto:help@acme.example?subject=Sign-in%20problem%20(request%20req-1)'],
    ['tel:+49-30-1234567', 'tel:+49-30-1234567'],
    ['https://help.example/?subject=a', 'https://help.example/?subject=a'],
  ])('%s names the request where it is a mail: %s', (registered, shown) => {
    expect(helpAddress(registered, 'req-1')).toBe(shown);
  });
});
