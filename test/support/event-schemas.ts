import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { readFileSync } from 'node:fs';
import type { CloudEvent } from '../../src/events/cloud-event.js';
import { EVENT_TYPES } from '../../src/events/told-event.js';

/** The schemas of docs/events, by which other systems read what they are told. */
export class EventSchemas {
  private readonly validators: ReadonlyMap<string, ValidateFunction>;

  /** @throws Error unless each type of event has one, without a mistake in it */
  constructor() {
    const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: true, strictTypes: true });
    formats.default(ajv);
    this.validators = new Map(EVENT_TYPES.map((type) => [type, ajv.compile(schemaOf(type))]));
  }

  /** What is wrong with an event by the schema of its type: nothing, if it is as described. */
  problemsOf(event: Pick<CloudEvent, 'type'>): string[] {
    const validate = this.validators.get(event.type);
    if (validate === undefined) return [`there is no schema of ${event.type}`];
    return validate(event) ? [] : (validate.errors ?? []).map((each) => `${each.instancePath} ${each.message}`);
  }
}

function schemaOf(type: string): object {
  const text = readFileSync(new URL(`../../docs/events/${type}.schema.json`, import.meta.url), 'utf8');
  return JSON.parse(text) as object;
}
