import { checkServerIdentity, type DetailedPeerCertificate } from 'node:tls';
import { type Check, type Finding, notChecked, seen } from '../finding.ts';
import { certificateOf, codeOf, type Shown } from './ask.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const SOON_DAYS = 14;

export const tlsCheck: Check = {
  name: 'TLS',
  async run({ issuer, clock }) {
    if (issuer === undefined) return notChecked('the configuration is wrong');
    if (!issuer.startsWith('https:')) return notChecked(`${issuer} is http`);
    let shown: Shown;
    try {
      shown = await certificateOf(issuer);
    } catch (error) {
      return notChecked(`no TLS with ${new URL(issuer).host} (${codeOf(error)})`);
    }
    const { certificate } = shown;
    const host = new URL(issuer).hostname;
    const until = new Date(certificate.valid_to);
    return seen(
      [hostFinding(certificate, host), timeFinding(certificate, clock.now()), trustFinding(shown)],
      [
        `certificate until ${until.toISOString().slice(0, 'yyyy-mm-dd'.length)}`,
        `by ${nameOf(certificate.issuer)}`,
      ],
    );
  },
};

function hostFinding(certificate: DetailedPeerCertificate, host: string): Finding | undefined {
  if (!checkServerIdentity(host, certificate)) return undefined;
  const names = certificate.subjectaltname ?? nameOf(certificate.subject);
  return {
    name: 'tls.other_host',
    sentence: `The certificate is for ${names}, and not for ${host}.`,
    remedy: `Let the proxy show a certificate for ${host}; if there are several, by the name that the client sends (SNI).`,
  };
}

function timeFinding({ valid_from, valid_to }: DetailedPeerCertificate, now: Date): Finding | undefined {
  const [from, until] = [new Date(valid_from), new Date(valid_to)];
  if (until <= now)
    return {
      name: 'tls.expired',
      sentence: `The certificate expired at ${until.toISOString()}. No client and no browser connects.`,
      remedy:
        'Renew it and reload the proxy. If it was renewed already, the proxy still shows the old one: reload it.',
    };
  if (from > now)
    return {
      name: 'tls.not_yet_valid',
      sentence: `The certificate is valid only from ${from.toISOString()} on.`,
      remedy: 'Set the clock of this machine and of the one that made it, or wait.',
    };
  if (until.getTime() - now.getTime() > SOON_DAYS * DAY_MS) return undefined;
  return {
    name: 'tls.expires_soon',
    sentence: `The certificate expires at ${until.toISOString()}.`,
    remedy: 'Renew it. If something should renew it by itself, look why it did not.',
  };
}

/** The rest, when its time and its names are right. */
function trustFinding({ certificate, mistrust }: Shown): Finding | undefined {
  if (mistrust === undefined || /^(CERT_HAS_EXPIRED|CERT_NOT_YET_VALID|ERR_TLS_CERT_ALTNAME)/.test(mistrust))
    return undefined;
  const isAlone = certificate.issuerCertificate === undefined;
  const isSelfSigned = /SELF_SIGNED/.test(mistrust);
  return {
    name: isAlone && !isSelfSigned ? 'tls.chain_incomplete' : 'tls.not_trusted',
    sentence: `This machine does not trust the certificate (${mistrust}): ${
      isSelfSigned
        ? 'nobody but itself signed it, or a signer that is not known.'
        : `its signer, ${nameOf(certificate.issuer)}, is not among those that are known or sent along.`
    }`,
    remedy:
      isAlone && !isSelfSigned
        ? 'Let the proxy send the whole chain: the certificate and all of its signers but the root (fullchain.pem).'
        : 'Use a certificate of a signer that everybody knows. If it is a signer of your own, name its certificate in NODE_EXTRA_CA_CERTS, here and for every client.',
  };
}

function nameOf(subject: DetailedPeerCertificate['subject'] | undefined): string {
  return [subject?.O ?? subject?.CN ?? 'nobody'].flat().join(', ');
}
