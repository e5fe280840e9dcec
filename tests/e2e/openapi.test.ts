import SwaggerParser from '@apidevtools/swagger-parser';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Server } from './support/server';

describe('openapi', () => {
  it('is a valid OpenAPI 3.1 document that names every operation once', async () => {
    const server = await Server.start();
    try {
      const document = await server.expect(200, 'GET', '/openapi.json');
      assert.match(document.openapi, /^3\.1\./);
      const operations: string[] = [];
      for (const path of Object.values<Record<string, { operationId?: string }>>(document.paths)) {
        for (const operation of Object.values(path)) if (operation.operationId) operations.push(operation.operationId);
      }
      assert.ok(operations.length > 20, `only ${operations.length} operations`);
      assert.equal(new Set(operations).size, operations.length);
      await SwaggerParser.validate(document);
    } finally {
      await server.stop();
    }
  });
});
