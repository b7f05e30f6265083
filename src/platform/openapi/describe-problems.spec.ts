import { describe, expect, it } from '@jest/globals';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { ProblemCatalog } from '../errors/problem-catalog.js';
import { describeProblems } from './describe-problems.js';

const CATALOG = {
  TEAPOT: { status: 418, title: 'A teapot' },
  KETTLE: { status: 418, title: 'A kettle' },
  VALIDATION_FAILED: { status: 400, title: 'Not valid' },
  MALFORMED_JSON: { status: 400, title: 'Not JSON' },
  UNAUTHENTICATED: { status: 401, title: 'Who?' },
  FORBIDDEN: { status: 403, title: 'Not you' },
  IDENTITY_UNAVAILABLE: { status: 503, title: 'Later' },
  BODY_TOO_LARGE: { status: 413, title: 'Too large' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'What?' },
  IDEMPOTENCY_IN_PROGRESS: { status: 409, title: 'Wait' },
  IDEMPOTENCY_KEY_REUSED: { status: 422, title: 'Again?' },
  INTERNAL_ERROR: { status: 500, title: 'Oh' },
} as unknown as ProblemCatalog;

function described(operation: object): Record<string, { description: string }> {
  const document: OpenAPIObject = {
    openapi: '3.1.0',
    info: { title: '', version: '' },
    paths: { '/tea': { post: { responses: {}, ...operation } } },
  };
  describeProblems(document, CATALOG, {});
  expect(document.components?.schemas).toHaveProperty('Problem');
  expect(document.paths['/tea']?.post).not.toHaveProperty('x-problems');
  return JSON.parse(JSON.stringify(document.paths['/tea']?.post?.responses));
}

describe('describeProblems', () => {
  it('makes one response of the codes of one status, with an example of each', () => {
    const responses = described({ 'x-problems': ['TEAPOT', 'KETTLE'] });

    expect(Object.keys(responses)).toEqual(['418', '500']);
    expect(responses['418']).toMatchObject({
      description: '`TEAPOT`: A teapot\n\n`KETTLE`: A kettle',
      content: {
        'application/problem+json': {
          examples: { TEAPOT: { value: { code: 'TEAPOT', status: 418, instance: '/tea' } }, KETTLE: {} },
        },
      },
    });
  });

  it('adds the codes that follow from the shape of a call', () => {
    expect(Object.keys(described({ parameters: [{ name: 'x', in: 'query' }] }))).toEqual(['400', '500']);
    const keyed = { parameters: [{ name: 'Idempotency-Key', in: 'header' }] };
    expect(Object.keys(described(keyed))).toEqual(['400', '409', '422', '500']);
    expect(Object.keys(described({ security: [{ bearer: [] }] }))).toEqual(['401', '403', '500', '503']);
    expect(Object.keys(described({ requestBody: { content: {} } }))).toEqual(['400', '413', '415', '500']);
  });
});
