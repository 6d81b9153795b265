/** Reads one metric of what a scrape gets: values by their labels, as `model=gpt,tenant=acme`. */
export async function series(metrics: { text(): Promise<string> }): Promise<(name: string) => Record<string, number>> {
  const lines = (await metrics.text()).split('\n');
  return (name) =>
    Object.fromEntries(
      lines.flatMap((line) => {
        const [, found, labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
        return found === name ? [[labels.replaceAll('"', ''), Number(value)]] : [];
      }),
    );
}
