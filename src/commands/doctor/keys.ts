import { planRotation } from '../../keys/plan-rotation.ts';
import type { KeySet, SigningKey } from '../../keys/signing-key.ts';
import { createSigningKeyStore } from '../../keys/signing-key-store.ts';
import { OperatorError } from '../../platform/errors.ts';
import { createSecretBox } from '../../platform/secrets/secret-box.ts';
import type { KeySettings } from '../command.ts';
import { createDoctorStore } from './doctor-store.ts';
import { type Check, type Finding, notChecked, seen } from './finding.ts';

const SETS: readonly KeySet[] = ['oidc', 'listnr'];
/** A running server looks every minute. */
const LATE_MS = 10 * 60 * 1000;

export const keysCheck: Check = {
  name: 'keys',
  async run({ database, settings, clock }) {
    if (!database) return notChecked('the database cannot be opened');
    if (!settings) return notChecked('the configuration is wrong');
    if (settings.keys.keyEncryptionKeys.length === 0)
      return notChecked('no server has made its secrets for development here yet');
    const box = createSecretBox(settings.keys.keyEncryptionKeys);
    const store = createSigningKeyStore(database.knex, box);
    const doctor = createDoctorStore(database.knex);
    const findings: (Finding | undefined)[] = [];
    const facts: string[] = [];
    for (const keySet of SETS) {
      const opened = await opening(() => store.list(keySet), `keys.cannot_open`);
      findings.push(...opened.findings);
      if (!opened.found) continue;
      findings.push(...stateFindings(keySet, opened.found, settings.keys, clock.now()));
      facts.push(`${keySet}: ${nextStep(opened.found, settings.keys)}`);
    }
    for (const { instanceId, sealed } of await doctor.sealedUpstreamSecrets())
      findings.push(
        ...(await opening(async () => box.open(sealed, `upstream:${instanceId}`), 'upstream.cannot_open'))
          .findings,
      );
    const older = (await doctor.sealedKeys()).filter((sealed) => !box.isCurrent(sealed)).length;
    const isRotating = settings.keys.keyEncryptionKeys.length > 1;
    return seen([...findings, older > 0 && isRotating ? olderFinding(older) : undefined], facts);
  },
};

async function opening<T>(open: () => Promise<T>, name: string): Promise<{ found?: T; findings: Finding[] }> {
  try {
    return { found: await open(), findings: [] };
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    const remedy =
      'Put the key that sealed it back into KEY_ENCRYPTION_KEY, behind the new one (NEW,OLD), and start the server again. If it is lost, the sealed value is lost, too: make another one.';
    return { findings: [{ name, sentence: error.message, remedy }] };
  }
}

function stateFindings(
  keySet: KeySet,
  keys: readonly SigningKey[],
  { keyRotation }: KeySettings,
  now: Date,
): Finding[] {
  if (!keys.some(({ state }) => state === 'current'))
    return [
      {
        name: 'keys.none',
        sentence: `No key of ${keySet} signs.`,
        remedy: `Start a server, which makes one; or: npx listo keys rotate ${keySet}`,
      },
    ];
  const before = new Date(now.getTime() - LATE_MS);
  const late = [...new Set(keys.map(({ alg }) => alg))].filter(
    (alg) =>
      planRotation(
        keys.filter((key) => key.alg === alg),
        keyRotation,
        before,
      ).length > 0,
  );
  if (late.length === 0) return [];
  return [
    {
      name: 'keys.rotation_late',
      sentence: `A step in the rotation of the ${late.join(' and ')} key of ${keySet} has been due for more than ten minutes.`,
      remedy:
        'Start a server, which does it within a minute. If one runs, look for "a job failed" in its log.',
    },
  ];
}

/** When the next key is published or signs. */
function nextStep(keys: readonly SigningKey[], { keyRotation }: KeySettings): string {
  const next = keys.find(({ state }) => state === 'next');
  if (next?.promoteAfter) return `the next key signs from ${day(next.promoteAfter)}`;
  const { activatedAt } = keys.find(({ state }) => state === 'current') ?? {};
  if (!activatedAt) return 'no key signs';
  const { periodSeconds, publicationSeconds } = keyRotation;
  return `the next key on ${day(new Date(activatedAt.getTime() + (periodSeconds - publicationSeconds) * 1000))}`;
}

function day(date: Date): string {
  return date.toISOString().slice(0, 'yyyy-mm-dd'.length);
}

function olderFinding(count: number): Finding {
  return {
    name: 'keys.sealed_by_older',
    sentence: `${count === 1 ? 'A signing key is' : `${count} signing keys are`} still sealed with an older KEY_ENCRYPTION_KEY.`,
    remedy: 'Seal them with the first one, so that the older can go: npx listo keys reseal',
  };
}
