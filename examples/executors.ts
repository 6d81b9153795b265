/** LLMQueue: requests of users, done by executors by type, each with the deployment that was chosen for it. Here: chat and embedding. */
import { BaseRequestController, type ChosenLlm, LLMError, LLMQueue, ModelPreferences, type TelemetryRecord } from 'headgate/client';
import { startSimulator } from 'headgate/simulator';
import { AzureOpenAI } from 'openai';

const simulator = await startSimulator({ limits: [], dialect: 'azure' });

/** The calls are yours, with whatever SDK you like; limits and choice of deployment are the queue's. */
const azure = ({ apiKey, apiVersion, azureEndpoint, deploymentNameInAzure }: ChosenLlm) =>
  new AzureOpenAI({ apiKey, apiVersion, endpoint: azureEndpoint, deployment: deploymentNameInAzure, maxRetries: 0 });

class ChatExecutor extends BaseRequestController {
  override async processRequest(req: unknown, [llm]: readonly ChosenLlm[], telemetry: TelemetryRecord) {
    if (llm === undefined) throw new LLMError('A chat needs a language model.');
    const body = { model: '', max_tokens: 8, messages: [{ role: 'user' as const, content: String(req) }] };
    const answer = await azure(llm).chat.completions.create(body);
    telemetry.completionTokens = answer.usage?.completion_tokens ?? -1;
    return `${answer.choices[0]?.message.content?.length ? 'an answer' : 'nothing'} from ${llm.deploymentId}`;
  }
}

class EmbeddingExecutor extends BaseRequestController {
  override async processRequest(req: unknown, [model]: readonly ChosenLlm[]) {
    if (model === undefined) throw new LLMError('This needs an embedding model.');
    const { data } = await azure(model).embeddings.create({ model: '', input: String(req) });
    return `${data.length} vector from ${model.deploymentId}`;
  }
}

const models = [
  { uniqueModelId: 'gpt-4o', deploymentNameInAzure: 'my-gpt-4o', modelType: 'chat', reqPerMin: 600, tokensPerMin: 100_000 },
  { uniqueModelId: 'ada', deploymentNameInAzure: 'my-ada', modelType: 'embeddings', reqPerMin: 600, tokensPerMin: 100_000 },
];
const resource = { apiKey: 'any', apiVersion: '2024-10-21', azureEndpoint: simulator.url };
const queue = new LLMQueue({
  llmConfig: { azureOpenAi: [{ ...resource, azureOaiModels: models }] }, // in a file: azure_open_ai, unique_model_id, …
  requestExecutors: { chat: new ChatExecutor() },
});
await queue.initiate();

const chat = await queue.executeRequest({ reqType: 'chat', requestData: 'Hello', userId: 'anna' });
console.log(chat.statusCode, chat.response);

// Executors may come later, and be replaced while the queue runs.
queue.registerRequestExecutors({ embedding: new EmbeddingExecutor() });
const modelPref = new ModelPreferences({ requireLlmModel: false, requireEmbeddingModel: true });
const embedding = await queue.executeRequest({ reqType: 'embedding', requestData: 'Hello', userId: 'anna', modelPref });
console.log(embedding.statusCode, embedding.response);

// What goes wrong has a status code too.
const unknownType = await queue.executeRequest({ reqType: 'picture', requestData: '', userId: 'anna' });
console.log(unknownType.statusCode, unknownType.response);

await queue.gracefulShutdown();
await simulator.close();
