/** zod schemas check and fill in params at submit and results on return; their types are the processor's types. */
import { InvalidRequest, QueueManager, type QueueRequest } from 'headgate';
import { z } from 'zod';

const paramsSchema = z.object({
  prompt: z.string().min(1),
  temperature: z.number().min(0).max(2).default(0.7),
  maxTokens: z.int().positive().default(100),
});
const resultSchema = z.object({ text: z.string(), tokensUsed: z.int(), finishReason: z.enum(['stop', 'length']) });

type Params = z.output<typeof paramsSchema>;
type Result = z.output<typeof resultSchema>;

async function callModel({ params }: QueueRequest<Params>): Promise<Result> {
  const text = `${params.prompt} at temperature ${params.temperature}`;
  // A provider that one day answers in another form is an error here, not somewhere down in your program.
  if (params.prompt === 'surprise') return JSON.parse('{ "message": "no text" }');
  return { text, tokensUsed: text.length, finishReason: 'stop' };
}

const manager = new QueueManager<z.input<typeof paramsSchema>, Result>();
manager.registerQueue({ modelId: 'gpt-4o', rateLimit: 60, paramsSchema, resultSchema }, callModel);

const answer = await manager.submitRequest({ modelId: 'gpt-4o', params: { prompt: 'Hello' } });
if (answer.status === 'completed') console.log(`result: ${answer.result.text}, ${answer.result.finishReason}`);

try {
  manager.submit({ modelId: 'gpt-4o', id: 'hot', params: { prompt: 'Hello', temperature: 9 } });
} catch (error) {
  if (error instanceof InvalidRequest) console.log(`refused at submit: ${error.message}`);
}

const surprise = await manager.submitRequest({ modelId: 'gpt-4o', id: 'odd', params: { prompt: 'surprise' } });
if (surprise.status === 'failed') console.log(`refused on return: ${surprise.error}`);

await manager.shutdownAll();
