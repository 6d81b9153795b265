/** Folders of src/ by layer, lowest first; machines/ stands beside L1: above the vocabulary, below everything that runs. */
const LAYERS: readonly (readonly string[])[] = [
  ['domain', 'lib'],
  ['limits', 'scheduling', 'config', 'machines'],
  ['providers', 'middleware', 'deployments', 'stores', 'observability', 'simulator', 'testing'],
  ['engine'],
  ['client', 'prometheus'],
  ['gateway', 'watch', 'dashboard'],
  ['cli'],
];

/** Folders that may import exactly these folders; without an entry here: their own and every lower layer. */
const ONLY: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  lib: ['domain'],
  machines: ['domain'],
  simulator: ['domain', 'lib'],
};

/** The package entry hands out the engine and what lies below it; the faces above may use it as a user would. */
const ENTRY = { path: 'src/index.ts', afterLayer: 3 };

interface Place {
  readonly folder: string;
  /** Height: an integer is a layer, the entry lies halfway between two. */
  readonly height: number;
}

export function placeOf(path: string): Place | undefined {
  if (path === ENTRY.path) return { folder: path, height: ENTRY.afterLayer + 0.5 };
  const [top = '', second = ''] = path.split('/');
  const folder = top === 'src' ? second : top;
  const height = LAYERS.findIndex((folders) => folders.includes(folder));
  return height < 0 ? undefined : { folder, height };
}

export function knownFolders(): string {
  return LAYERS.flat().join(', ');
}

/** Why `from` may not import `to`, or undefined when it may. */
export function refusal(from: Place, to: Place): string | undefined {
  if (from.folder === to.folder) return undefined;
  const only = ONLY[from.folder];
  if (only && !only.includes(to.folder)) return `${from.folder} may import ${only.join(' and ') || 'nothing but itself'}`;
  if (only || to.height < from.height) return undefined;
  if (to.height === from.height)
    return `${from.folder} and ${to.folder} are siblings in L${from.height}, and siblings don't import each other`;
  return `${nameOf(from)} lies below ${nameOf(to)}, and imports point down only`;
}

function nameOf(place: Place): string {
  return Number.isInteger(place.height) ? `${place.folder} (L${place.height})` : 'the package entry';
}
