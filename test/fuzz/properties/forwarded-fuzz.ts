import fc from 'fast-check';
import { addressReader } from '../../../src/http/records/client-address.ts';
import type { Property } from '../property.ts';
import { text } from '../requests/values.ts';

const hop = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.tuple(fc.ipV4(), fc.nat()).map(([address, port]) => `${address}:${port}`),
  fc.ipV6().map((address) => `"[${address}]:1"`),
  fc.constantFrom('unknown', '', ' ', '::ffff:10.0.0.1', '127.1', '0x7f.1', '[::1', 'fe80::1%eth0'),
  text,
);

/** The client's address is that of the peer or of a hop in front of it, never a text that is no address. */
export const forwardedAddresses: Property = {
  name: 'forwarded addresses',
  property: fc.asyncProperty(
    fc.oneof(fc.ipV4(), fc.ipV6(), text),
    fc.array(hop, { maxLength: 20 }),
    async (peer, hops) => {
      const { address, throughProxy } = addressReader(['10.0.0.0/8', '::/1'])(peer, hops.join(','));
      if (address !== '' && !/^[0-9a-f.:]+$/.test(address)) throw new Error(`${address} is no address`);
      if (!throughProxy && address !== addressReader([])(peer, '').address)
        throw new Error('A peer that is no proxy was believed');
    },
  ),
};
