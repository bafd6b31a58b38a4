import { UndeliveredError } from '../../deliveries/delivery.ts';
import { type Check, notChecked, seen } from './finding.ts';

export const mailCheck: Check = {
  name: 'mail',
  async run({ settings }) {
    if (!settings) return notChecked('the configuration is wrong');
    const { mail } = settings;
    if (!mail) return notChecked('the server sends no mail (SMTP_URL)');
    if (mail.by === 'demo') return notChecked('the demo shows its mail on a page');
    const { checkMailServer } = await import('../../mail/smtp.ts');
    const place = `${mail.server.host}:${mail.server.port}`;
    try {
      await checkMailServer(mail.server);
      return seen([], [`${place} takes the connection`]);
    } catch (error) {
      if (!(error instanceof UndeliveredError)) throw error;
      return seen([
        {
          name: 'mail.server',
          sentence: error.message,
          remedy:
            'Correct the host, port, user or password of SMTP_URL, open the port in the firewall, or renew the certificate of the mail server. The mail that waits is sent by itself afterwards.',
        },
      ]);
    }
  },
};
