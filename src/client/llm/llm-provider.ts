/** Names of the providers that are known without being registered; any other registered name will do as well. */
export const LLMProvider = {
  ANTHROPIC: 'anthropic',
  OPENAI: 'openai',
  AZURE: 'azure',
  GROQ: 'groq',
  MISTRAL: 'mistral',
  OPENROUTER: 'openrouter',
  TOGETHER: 'together',
  GEMINI: 'gemini',
  VLLM: 'vllm',
  OLLAMA: 'ollama',
  OPENAI_COMPATIBLE: 'openai-compatible',
} as const;

export type LLMProvider = (typeof LLMProvider)[keyof typeof LLMProvider];
