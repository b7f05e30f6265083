import type { FastifyInstance } from 'fastify';
import findMyWay, { type HTTPMethod } from 'find-my-way';

/** Under which preflights are answered, whatever the path. */
const ANY_PATH = '*';

/** Which methods each path is served under; Fastify itself only says whether a path and a method are. */
export class KnownRoutes {
  private readonly router = findMyWay();
  private readonly methods = new Set<HTTPMethod>();

  /** Knows every route that is added to `fastify` from now on, and whose URL `isMeant`. */
  constructor(fastify: FastifyInstance, isMeant: (url: string) => boolean = () => true) {
    fastify.addHook('onRoute', ({ method, url }) => {
      if (url === ANY_PATH || !isMeant(url)) return;
      for (const each of [method].flat() as HTTPMethod[]) {
        this.methods.add(each);
        this.router.on(each, url, () => undefined);
      }
    });
  }

  /** The methods of the path that was asked for; none where nothing is served under it. */
  methodsOf(path: string): HTTPMethod[] {
    return [...this.methods].filter((method) => this.router.find(method, path) !== null);
  }
}
