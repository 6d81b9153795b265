/**
 * Retrieval and answer as one request: it needs an embedding model and a language model, and both are reserved in one step. Neither
 * is held while the other is waited for, and each limit is charged by how many calls the request makes on average.
 */
import { type ChosenLlm, LLMQueue, ModelPreferences, type TelemetryRecord } from 'headgate/client';
import { startSimulator } from 'headgate/simulator';
import { AzureOpenAI } from 'openai';

const limits = [{ type: 'rpm' as const, limit: 60, windowMs: 60_000, mechanism: 'sliding' as const }];
const simulator = await startSimulator({ limits, dialect: 'azure' });
const library = ['Headgates let in as much water as the channel can carry.', 'Herons eat fish.', 'Canals need locks.'];

const azure = ({ apiKey, apiVersion, azureEndpoint, deploymentNameInAzure }: ChosenLlm) =>
  new AzureOpenAI({ apiKey, apiVersion, endpoint: azureEndpoint, deployment: deploymentNameInAzure, maxRetries: 0 });
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);

/** Any object with `processRequest` is an executor. What was chosen comes in the order [embedding, llm]. */
const rag = {
  async processRequest(question: unknown, [embedder, llm]: readonly ChosenLlm[], telemetry: TelemetryRecord) {
    if (embedder === undefined || llm === undefined) throw new Error('RAG needs both models.');
    const input = [String(question), ...library];
    const { data, usage } = await azure(embedder).embeddings.create({ model: '', input });
    const [asked, ...known] = data.map(({ embedding }) => embedding);
    const scores = known.map((vector) => dot(asked ?? [], vector));
    const context = library[scores.indexOf(Math.max(...scores))];
    const messages = [
      { role: 'system' as const, content: `Answer from this: ${context}` },
      { role: 'user' as const, content: String(question) },
    ];
    const answer = await azure(llm).chat.completions.create({ model: '', max_tokens: 16, messages });
    telemetry.embeddingTokens = usage.prompt_tokens;
    telemetry.promptTokens = answer.usage?.prompt_tokens ?? -1;
    telemetry.completionTokens = answer.usage?.completion_tokens ?? -1;
    return { found: context, answer: answer.choices[0]?.message.content, models: [embedder.deploymentId, llm.deploymentId] };
  },
};

const model = (id: string, type: string) => ({ uniqueModelId: id, modelType: type, reqPerMin: 60, tokensPerMin: 100_000 });
const resource = { apiKey: 'any', apiVersion: '2024-10-21', azureEndpoint: simulator.url };
const queue = new LLMQueue({
  llmConfig: { azureOpenAi: [{ ...resource, azureOaiModels: [model('ada', 'embeddings'), model('gpt-4o', 'chat')] }] },
  requestExecutors: { rag },
});
await queue.initiate();

const modelPref = new ModelPreferences({ requireEmbeddingModel: true, numEmbCallsPerReq: 1, numLlmCallsPerReq: 1 });
const question = { reqType: 'rag', requestData: 'What is a headgate?', userId: 'anna', modelPref };
const { statusCode, response } = await queue.executeRequest(question);
console.log(statusCode, response);

await queue.gracefulShutdown();
await simulator.close();
