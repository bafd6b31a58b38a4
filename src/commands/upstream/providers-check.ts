import type { UpstreamProvider } from '../../instances/instance.ts';
import { createInstanceStore, type InstanceStore } from '../../instances/instance-store.ts';
import { OperatorError } from '../../platform/errors.ts';
import { createOutboundFetch } from '../../platform/network/outbound-fetch.ts';
import { createSecretBox } from '../../platform/secrets/secret-box.ts';
import { createDoctorStore } from '../doctor/doctor-store.ts';
import { type Check, type Finding, notChecked, seen } from '../doctor/finding.ts';
import { findingOf } from './outcome.ts';

/** More would take long, and tell customers that somebody asks. */
const MOST = 20;

/** Asks the providers of instances for their discovery documents and keys. Only `instance test` tries credentials. */
export const providersCheck: Check = {
  name: 'providers',
  async run({ database, settings }) {
    if (!database) return notChecked('the database cannot be opened');
    if (!settings || settings.keys.keyEncryptionKeys.length === 0)
      return notChecked('there is no KEY_ENCRYPTION_KEY');
    const instances = createInstanceStore(database.knex, createSecretBox(settings.keys.keyEncryptionKeys));
    const ids = await createDoctorStore(database.knex).providerIds();
    if (ids.length === 0) return notChecked('no instance has a provider of its own');
    const providers: UpstreamProvider[] = [];
    for (const id of ids.slice(0, MOST)) providers.push(...(await opened(instances, id)));
    const fetch = createOutboundFetch(settings.outbound);
    const found = await Promise.all(providers.map((provider) => findingsOf(provider, fetch)));
    return seen(found.flat(), [`${providers.length} of ${ids.length} asked`]);
  },
};

/** The check of the keys tells of a secret that cannot be opened. */
async function opened(instances: InstanceStore, id: string): Promise<UpstreamProvider[]> {
  try {
    const provider = await instances.findUpstreamProvider(id);
    return provider ? [provider] : [];
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return [];
  }
}

async function findingsOf(
  provider: UpstreamProvider,
  fetch: ReturnType<typeof createOutboundFetch>,
): Promise<Finding[]> {
  const { tryProvider } = await import('../../authentication/upstream/try-provider.ts');
  const tried = await tryProvider(provider, { fetch });
  return tried.flatMap(({ why }) => {
    if (!why) return [];
    const { sentence, ...finding } = findingOf(why, provider.instanceId);
    return [{ ...finding, sentence: `The provider of the instance ${provider.instanceId}: ${sentence}` }];
  });
}
