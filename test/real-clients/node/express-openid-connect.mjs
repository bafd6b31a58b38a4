/** A web application with the lines of a document. It listens at a port of 127.0.0.1. */
import { settings } from './conversation.mjs';

const { application } = await import(settings.document);

const kept = new Map();
const store = {
  get: async (id) => kept.get(id),
  set: async (id, value) => void kept.set(id, value),
  destroy: async (id) => void kept.delete(id),
};
application(store).listen(settings.port, '127.0.0.1');
