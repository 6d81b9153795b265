import { listed } from '../../routes/files.ts';
import { idParameter, json, listOf, schemaRef } from '../answers.ts';
import type { Paths, Schema } from '../document-types.ts';
import { failures } from '../errors.ts';
import { queryOf } from '../from-zod.ts';
import { FOR_TENANT } from '../headers.ts';

const TAGS = ['Files and batches'];

export const FILE_SCHEMAS: Readonly<Record<string, Schema>> = {
  File: {
    type: 'object',
    required: ['id', 'object', 'bytes', 'created_at', 'filename', 'purpose', 'status'],
    properties: {
      id: { type: 'string' },
      object: { const: 'file' },
      bytes: { type: 'integer', minimum: 0 },
      created_at: { type: 'integer', description: 'Epoch seconds.' },
      expires_at: { type: 'integer', description: 'Epoch seconds; missing: it stays.' },
      filename: { type: 'string' },
      purpose: { enum: ['batch', 'batch_output'] },
      status: { const: 'processed' },
      status_details: { type: 'null' },
    },
  },
};

const UPLOAD: Schema = {
  type: 'object',
  required: ['purpose', 'file'],
  properties: {
    purpose: { const: 'batch' },
    file: { type: 'string', contentMediaType: 'application/octet-stream', description: 'One call a line, as JSON.' },
  },
};

/** OpenAI's protocol for files, as far as batches need it. */
export const filePaths: Paths = {
  '/v1/files': {
    post: {
      operationId: 'uploadFile',
      tags: TAGS,
      summary: 'Upload the lines of a batch',
      externalDocs: { url: 'https://platform.openai.com/docs/api-reference/files/create' },
      parameters: FOR_TENANT,
      requestBody: { required: true, content: { 'multipart/form-data': { schema: UPLOAD } } },
      responses: { 200: json('The file.', schemaRef('File')), ...failures([400, 401, 403, 408, 413, 503]) },
    },
    get: {
      operationId: 'listFiles',
      tags: TAGS,
      summary: 'The files that are yours',
      parameters: [
        ...FOR_TENANT,
        ...queryOf(listed, {
          after: 'The id behind which the page begins.',
          limit: 'Most files of a page.',
          order: 'By age: the oldest or the newest first.',
          purpose: 'Only those of this purpose.',
        }),
      ],
      responses: { 200: json('A page.', listOf('File')), ...failures([400, 401, 403, 503]) },
    },
  },
  '/v1/files/{id}': {
    get: {
      operationId: 'getFile',
      tags: TAGS,
      summary: 'What is known of a file',
      parameters: [idParameter('file'), ...FOR_TENANT],
      responses: { 200: json('The file.', schemaRef('File')), ...failures([401, 403, 404, 503]) },
    },
    delete: {
      operationId: 'deleteFile',
      tags: TAGS,
      summary: 'Delete a file',
      parameters: [idParameter('file'), ...FOR_TENANT],
      responses: {
        200: json('It is deleted.', {
          type: 'object',
          required: ['id', 'object', 'deleted'],
          properties: { id: { type: 'string' }, object: { const: 'file' }, deleted: { const: true } },
        }),
        ...failures([401, 403, 404, 503]),
      },
    },
  },
  '/v1/files/{id}/content': {
    get: {
      operationId: 'getFileContent',
      tags: TAGS,
      summary: "A file's content",
      parameters: [idParameter('file'), ...FOR_TENANT],
      responses: {
        200: { description: 'Its bytes.', content: { 'application/octet-stream': { schema: {} } } },
        ...failures([401, 403, 404, 503]),
      },
    },
  },
};
