import type { Facet } from './facet.ts';

/** Where a container finds its Kerberos ticket. */
export const ticketTarget = '/run/berth/krb5';

/**
 * The user's ticket. The folder is writable, as Hadoop's UserGroupInformation runs `kinit -R` itself; Java reads no KRB5_CONFIG, hence
 * /etc/krb5.conf.
 */
export const ticketFacet: Facet = {
  name: 'ticket',
  compose({ ticket }) {
    if (ticket === undefined) return { part: {}, reason: 'the server has no Kerberos ticket' };
    return {
      part: {
        environment: { KRB5CCNAME: `FILE:${ticketTarget}/krb5cc` },
        mounts: [
          { type: 'bind', source: ticket.folder, target: ticketTarget, readOnly: false },
          { type: 'bind', source: ticket.krb5Conf, target: '/etc/krb5.conf', readOnly: true },
        ],
      },
      reason: "the user's own ticket",
    };
  },
};
