import 'reflect-metadata';

/** As in Nest: a class, or the name under which a value is injected. */
export type Token<T = unknown> = (abstract new (...args: never[]) => T) | string | symbol;

type Constructor = new (...args: unknown[]) => unknown;

/**
 * Puts together the providers of modules, from their own lists and the metadata of their decorators, as Nest's container
 * does, but at once: instances start some four times in a history, and Nest takes longer over it than over the history.
 */
export class Container {
  private readonly instances: Map<Token, unknown>;
  private readonly provided = new Set<Token>();

  /** @param values what is given instead of being built */
  constructor(
    private readonly providers: readonly Token[],
    values: ReadonlyMap<Token, unknown>,
  ) {
    this.instances = new Map(values);
    for (const provider of providers) this.provided.add(provider);
    for (const provider of providers) this.get(provider);
  }

  /** @throws Error for what is neither given nor in the list of providers */
  get<T>(token: Token<T>): T {
    if (!this.instances.has(token)) this.instances.set(token, this.build(token));
    return this.instances.get(token) as T;
  }

  /** Every provider, in the order of the list. */
  all(): object[] {
    return this.providers.map((provider) => this.get(provider) as object);
  }

  private build(token: Token): unknown {
    if (typeof token !== 'function' || !this.provided.has(token)) {
      throw new Error(`nothing is provided for ${nameOf(token)}`);
    }
    return new (token as unknown as Constructor)(...dependenciesOf(token).map((dependency) => this.get(dependency)));
  }
}

const dependencies = new Map<Token, Token[]>();

function dependenciesOf(token: Token): Token[] {
  let known = dependencies.get(token);
  if (known === undefined) dependencies.set(token, (known = readDependencies(token)));
  return known;
}

function readDependencies(token: Token): Token[] {
  const types = (Reflect.getMetadata('design:paramtypes', token) ?? []) as Token[];
  const named = (Reflect.getMetadata('self:paramtypes', token) ?? []) as { index: number; param: Token }[];
  const tokens = [...types];
  for (const { index, param } of named) tokens[index] = param;
  return tokens;
}

function nameOf(token: Token): string {
  return typeof token === 'function' ? token.name : String(token);
}
