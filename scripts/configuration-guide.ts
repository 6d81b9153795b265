/** What docs/configuration.md says before its tables. */
export const CONFIGURATION_GUIDE = `# Configuration

One YAML or JSON file, or the same as an object in code: \`createHeadgate\`, \`getLlmManager\` and \`LLMQueue\` take both, the commands take the
file with \`-c\`. \`headgate check config.yaml\` says what is wrong with it, with line and column, and what it was understood as; \`--probe\` calls
every deployment once. This page is generated from the schemas that check it: \`npm run docs\`.

## Models with deployments

\`\`\`yaml
models:
  gpt-4o:
    fallbacks: [gpt-4o-mini]
    deployments:
      - provider: openai                  # openai-1
        api_key: env:OPENAI_KEY_A
        rate_limiters:
          - { type: rpm, limit: 500 }
          - { type: tpm, limit: 30000 }
      - provider: azure                   # azure-1
        base_url: https://your-resource.openai.azure.com/
        api_key: \${AZURE_KEY}
        domain: azure-east                # counted together with what else names it
  gpt-4o-mini:
    deployments:
      - provider: openai                  # openai-2
        api_key: env:OPENAI_KEY_A

domains:
  azure-east:
    rate_limiters: [{ type: tpm, limit: 450000 }]
\`\`\`

A deployment is one key at one endpoint. Without limits they are learned from its answers; without a key, the variable that the provider's SDK reads
is taken, as \`OPENAI_API_KEY\`. The same \`id\` in several models is one deployment: describe it once, then name it.

## Providers with several keys

\`\`\`yaml
providers:
  anthropic:
    api_keys: [env:KEY_A, env:KEY_B]       # anthropic-1, anthropic-2
    models: [claude-3-5-haiku-20241022]    # one for all keys, or one for each
    rate_limits:                           # the same
      - requests_per_minute: 50
        input_tokens_per_minute: 50000
        output_tokens_per_minute: 10000
    settings: { max_tokens: 1024, max_retries: 3 }

pool:
  max_size: 2
\`\`\`

Each key becomes a deployment of its models. One key serves every model that is listed, and one set of limits is then one quota over all of them;
\`models: [[a, b]]\` gives every key both models. What a section leaves out is taken from \`<NAME>_API_KEY\`, \`_MODEL\`, \`_BASE_URL\`, \`_TEMPERATURE\` and
\`_MAX_TOKENS\` (as \`OPENAI_API_KEY\`, \`ANTHROPIC_MODEL\`), the pool's sizes from \`LLM_POOL_MIN_SIZE\` and \`LLM_POOL_MAX_SIZE\`.

## Azure resources, user limits

\`\`\`yaml
azure_open_ai:
  - api_key: env:AZURE_KEY
    api_version: "2024-10-21"
    azure_endpoint: https://your-resource.openai.azure.com/
    azure_oai_models:
      - unique_model_id: gpt-4o            # azure-1
        deployment_name_in_azure: my-gpt-4o
        model_type: chat
        req_per_min: 450
        tokens_per_min: 75000

user_limits:
  max_num_requests_in_time_window: 40
  time_window_in_seconds: 60

scheduler_limits:
  max_queue_size: 1000
  request_timeout_seconds: 300
\`\`\`

The same \`unique_model_id\` at several resources is one model with replicas. All three styles may stand in one file.

## How it is read

- Keys may be written in camelCase or snake_case. An unknown key, and one that stands twice, is an error.
- \`\${NAME}\` anywhere in a text, and \`env:NAME\` as a whole text, is the variable of that name; one that is not set or empty is an error. \`$\${\` is a plain \`\${\`. Inside \`[ ]\` and \`{ }\` YAML wants \`"\${NAME}"\` in quotes.
- YAML 1.2, core schema: \`yes\` is text, there are no merge keys (\`<<\`) and no tags. Anchors and references work. A key without a value counts as left out.
- At most 1 MiB, 10,000 deployments, 32 levels, 200,000 values (references counted as often as they are used).
- Keys are shown as \`sk-…wxyz\` wherever a configuration is printed, logged or turned into JSON, and never in an error.
- Errors are \`InvalidConfiguration\`, a line for each problem: \`config.yaml:12:7: models.gpt-4o.rateLimiters[0].limit: expected a limit, a whole number > 0, not 0\`.

## Every field
`;
