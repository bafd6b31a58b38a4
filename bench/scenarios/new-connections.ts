import { closeEach } from '../load/request.ts';
import { userinfo } from './access-token.ts';
import { listnrClientCredentials } from './listnr.ts';
import type { Scenario } from './scenario.ts';

export const listnrNewConnections = onNewConnections(listnrClientCredentials);
export const userinfoNewConnections = onNewConnections(userinfo);

/** The same requests, each on a connection of its own, as from clients that keep none. */
function onNewConnections({ target: _target, ...scenario }: Scenario): Scenario {
  return {
    ...scenario,
    name: `${scenario.name}-new-connections`,
    title: `${scenario.title}, on new connections`,
    async prepare(workshop, count) {
      const play = await scenario.prepare(workshop, count);
      closeEach(play.requests);
      return play;
    },
  };
}
