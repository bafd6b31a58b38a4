import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hasAlternativeName } from '../../src/clients/certificates/alternative-names.ts';
import {
  type CertificateForm,
  createCertificateReader,
} from '../../src/clients/certificates/certificate-header.ts';
import { createCertificateIssuers } from '../../src/clients/certificates/certificate-issuers.ts';
import { readCertificate } from '../../src/clients/certificates/client-certificate.ts';
import { canonicalName, subjectOf } from '../../src/clients/certificates/distinguished-name.ts';
import { instant } from '../../src/refusals/shown.ts';
import {
  aCertificate,
  CLIENT_USAGE,
  SERVER_USAGE,
  type TestCertificate,
} from '../support/clients/certificates.ts';

const CERTIFICATE = aCertificate();
const BASE64 = CERTIFICATE.der.toString('base64');
const PEM = encodeURIComponent(CERTIFICATE.pem);
const x509Of = (certificate: TestCertificate) => readCertificate(certificate.der).x509;

describe('the header with a client certificate', () => {
  const read = (form: CertificateForm, text: string) =>
    createCertificateReader({ name: 'client-cert', form })({ 'client-cert': text })?.thumbprint;

  it.each<[CertificateForm, string]>([
    ['rfc9440', `:${BASE64}:`],
    ['haproxy', BASE64],
    ['nginx', PEM],
    ['envoy', `Hash=${'a'.repeat(64)};Cert="${PEM}";Subject="CN=a,O=\\"b\\";c";URI=`],
    ['envoy', `By=spiffe://a;cert="${PEM}";Chain="${PEM}${PEM}"`],
  ])('is read in the form of %s', (form, text) => {
    expect(read(form, text)).toBe(CERTIFICATE.thumbprint);
  });

  it('is no certificate where it is empty, and is not read where it is not configured', () => {
    expect(read('nginx', '')).toBe(undefined);
    expect(createCertificateReader(undefined)({ 'client-cert': `:${BASE64}:` })).toBe(undefined);
  });

  const trailing = Buffer.concat([CERTIFICATE.der, Buffer.from('more')]).toString('base64');
  it.each<[CertificateForm, string]>([
    ['rfc9440', BASE64],
    ['rfc9440', `:${BASE64}:, :${BASE64}:`],
    ['rfc9440', `:${BASE64}:;a=b`],
    ['rfc9440', '::'],
    ['rfc9440', ':AAAA:'],
    ['rfc9440', `:${trailing}:`],
    ['rfc9440', `:${BASE64.slice(0, 200)}:`],
    ['rfc9440', `:${'A'.repeat(20_000)}:`],
    ['haproxy', `:${BASE64}:`],
    ['haproxy', `${BASE64}, ${BASE64}`],
    ['haproxy', PEM],
    ['nginx', `${PEM}, ${PEM}`],
    ['nginx', `${PEM}${PEM}`],
    ['nginx', '%'],
    ['nginx', '(null)'],
    ['nginx', `x${PEM}`],
    ['envoy', `Hash=a;Cert="${PEM}",Hash=b;Cert="${PEM}"`],
    ['envoy', `Cert="${PEM}";Cert="${PEM}"`],
    ['envoy', `Cert="${PEM}`],
    ['envoy', `Hash=a`],
    ['envoy', 'Subject="Cert=a"'],
    ['envoy', PEM],
  ])('is refused in the form of %s where it is not one certificate', (form, text) => {
    expect(() => read(form, text)).toThrow(
      'the header with the client certificate has no single certificate',
    );
  });

  it('is refused where a request has two, in whatever spelling', async () => {
    const seen: unknown[] = [];
    const server = createServer((req, res) => {
      try {
        createCertificateReader({ name: 'client-cert', form: 'rfc9440' })(req.headers);
      } catch (error) {
        seen.push((error as Error).message);
      }
      res.end();
    }).listen(0, '127.0.0.1');
    await new Promise((listening) => server.once('listening', listening));
    const { port } = server.address() as AddressInfo;
    await new Promise((done) => {
      const headers = ['Host', 'a', 'Client-Cert', `:${BASE64}:`, 'CLIENT-CERT', `:${BASE64}:`];
      request({ port, host: '127.0.0.1', headers }, (res) => res.resume().once('end', done)).end();
    });
    server.close();
    expect(seen).toEqual(['the header with the client certificate has no single certificate']);
  });
});

describe('the subject of a certificate', () => {
  const [C, O, OU, CN, EMAIL] = [
    '2.5.4.6',
    '2.5.4.10',
    '2.5.4.11',
    '2.5.4.3',
    '1.2.840.113549.1.9.1',
  ] as const;
  const certificate = aCertificate({
    subject: [
      [C, 'DE'],
      [O, 'Acme, Inc. + "x" <a>;b\\c'],
      [
        [OU, 'Größe'],
        [CN, ' #1 '],
      ],
      [EMAIL, 'a@b.example'],
      ['1.3.6.1.4.1.99999.1', 'own'],
    ],
  });
  const name =
    '1.3.6.1.4.1.99999.1=own,emailAddress=a@b.example,CN=\\ #1\\ +OU=Größe,O=Acme\\, Inc. \\+ \\"x\\" \\<a\\>\\;b\\\\c,C=DE';

  it.each([
    name,
    name.replace('Größe', 'Gr\\C3\\B6\\C3\\9Fe'),
    name.replace('CN=\\ #1\\ +OU=Größe', 'ou = Größe + cn=\\20\\23\\31\\20'),
    name
      .replace('1.3.6.1.4.1.99999.1=own', '1.3.6.1.4.1.99999.1=#0C036F776E')
      .replaceAll(',C=', ' , 2.5.4.6='),
    name.replace('emailAddress=a@b.example', '1.2.840.113549.1.9.1=#160B6140622E6578616D706C65'),
  ])('is %s', (text) => {
    expect(canonicalName(text)).toBe(subjectOf(x509Of(certificate)));
  });

  it.each([
    name.replace('DE', 'de'),
    name.replace('own', 'owner'),
    name.replace('CN=\\ #1\\ ', 'CN=#1'),
    name.split(',').reverse().join(','),
    name.replace('+OU', ',OU'),
    'C=DE',
    '',
    name.replace('C=DE', 'C=DE,'),
    'CN',
    `${name},CN=`,
  ])('is not %s', (text) => {
    const canonical = canonicalName(text);
    expect(canonical === undefined || canonical !== subjectOf(x509Of(certificate))).toBe(true);
  });

  it('cannot imitate another one with line breaks, signs or invisible spaces in its values', () => {
    const wanted = canonicalName('CN=payroll,O=Acme');
    for (const subject of [
      [[CN, 'Acme\nCN=payroll']],
      [
        [O, 'Acme'],
        [CN, 'payroll\u00a0'],
      ],
      [
        [O, 'Acme'],
        [CN, ' payroll'],
      ],
      [
        [O, 'Acme'],
        [CN, 'payroll\0'],
      ],
      [
        [O, 'Acme'],
        [CN, 'x,CN=payroll'],
      ],
      [[O, 'Acme + CN=payroll']],
      [
        [O, 'Acme'],
        [CN, '#0C07706179726F6C6C'],
      ],
      [
        [
          [O, 'Acme'],
          [CN, 'payroll'],
        ],
      ],
    ] as const) {
      const imitation = subjectOf(x509Of(aCertificate({ subject: subject as never })));
      expect({ subject, same: imitation === wanted }).toEqual({ subject, same: false });
    }
    const right = aCertificate({
      subject: [
        [O, 'Acme'],
        [CN, 'payroll'],
      ],
    });
    expect(subjectOf(x509Of(right))).toBe(wanted);
  });
});

describe('the alternative names of a certificate', () => {
  const certificate = x509Of(
    aCertificate({
      names: [
        { kind: 'dns', value: 'App.example' },
        { kind: 'dns', value: '*.wild.example' },
        { kind: 'email', value: 'Ada@Acme.example' },
        { kind: 'uri', value: 'spiffe://acme/billing' },
        { kind: 'uri', value: 'https://a.example/?b=", DNS:evil.example, URI:"' },
        { kind: 'ip', value: Buffer.from([192, 0, 2, 7]) },
        { kind: 'ip', value: Buffer.from('20010db8000000000000000000000007', 'hex') },
      ],
    }),
  );

  it.each([
    ['dns', 'app.example', true],
    ['dns', '*.wild.example', true],
    ['dns', 'a.wild.example', false],
    ['dns', 'evil.example', false],
    ['dns', 'example', false],
    ['dns', '.example', false],
    ['dns', '', false],
    ['email', 'Ada@acme.example', true],
    ['email', 'ada@acme.example', false],
    ['uri', 'spiffe://acme/billing', true],
    ['uri', 'spiffe://acme/Billing', false],
    ['uri', 'https://a.example/?b=", DNS:evil.example, URI:"', true],
    ['ip', '192.0.2.7', true],
    ['ip', '2001:db8::7', true],
    ['ip', '2001:0DB8:0:0:0:0:0:7', true],
    ['ip', '192.0.2.8', false],
    ['dns', '192.0.2.7', false],
  ] as const)('of the kind %s: %s is %s', (kind, value, has) => {
    expect(hasAlternativeName(certificate, kind, value)).toBe(has);
  });

  it('are none where it has none', () => {
    expect(hasAlternativeName(x509Of(CERTIFICATE), 'dns', 'client')).toBe(false);
  });
});

describe('the issuer of a certificate', () => {
  const subject = [['2.5.4.3', 'Issuer']] as const;
  const issuer = aCertificate({ subject, ca: true });
  const now = new Date();
  const refusalOf = (certificate: TestCertificate, ...issuers: TestCertificate[]) =>
    createCertificateIssuers(issuers.map(x509Of))(readCertificate(certificate.der), now);
  const refusal = (...certificates: Parameters<typeof refusalOf>) => refusalOf(...certificates)?.detail;

  it('is one of those that are configured', () => {
    expect(refusal(aCertificate({ issuer }), issuer)).toBe(undefined);
    expect(refusal(aCertificate({ issuer, usage: CLIENT_USAGE }), aCertificate({ ca: true }), issuer)).toBe(
      undefined,
    );
  });

  it('is none of them for a certificate that only names one', () => {
    const NONE = 'the certificate is of no issuer in CLIENT_CERTIFICATE_CA';
    const other = aCertificate({ subject, ca: true });
    expect(refusal(aCertificate({ issuer: other }), issuer)).toBe(NONE);
    expect(refusal(aCertificate({ subject }), issuer)).toBe(NONE);
    expect(refusal(aCertificate({ issuer }))).toBe(NONE);
    // A client of the issuer is no issuer itself.
    const between = aCertificate({ issuer, subject: [['2.5.4.3', 'Between']] });
    expect(refusal(aCertificate({ issuer: between }), issuer)).toBe(NONE);
  });

  it('must not have expired, and must have made the certificate for clients', () => {
    const expired = aCertificate({ subject, ca: true, until: new Date(now.getTime() - 1000) });
    expect(refusal(aCertificate({ issuer: expired }), expired)).toBe(
      'the issuer of the certificate has expired',
    );
    expect(refusal(aCertificate({ issuer, usage: SERVER_USAGE }), issuer)).toBe(
      'the certificate is not for clients',
    );
  });

  it('is named with the reason of a refusal', () => {
    const expired = aCertificate({ subject, ca: true, until: new Date(now.getTime() - 1000) });
    const came = { issuer: 'CN=Issuer' };
    expect(refusalOf(aCertificate({ issuer }))?.why).toEqual({ reason: 'certificate.issuer_unknown', came });
    expect(refusalOf(aCertificate({ issuer: expired }), expired)?.why).toEqual({
      reason: 'certificate.issuer_expired',
      came,
      expected: { now: instant(now) },
    });
    expect(refusalOf(aCertificate({ issuer, usage: SERVER_USAGE }), issuer)?.why).toEqual({
      reason: 'certificate.not_for_clients',
      came: { extended_key_usage: ['1.3.6.1.5.5.7.3.1'] },
      expected: { extended_key_usage: ['1.3.6.1.5.5.7.3.2', '2.5.29.37.0'] },
    });
  });
});
