import ts from 'typescript';
import { ROOT } from './markdown.ts';

const ENTRIES = [
  'src/index.ts',
  'src/client/index.ts',
  'src/observability/logging.ts',
  'src/simulator/index.ts',
  'src/testing/index.ts',
  'src/watch/index.ts',
];

/** Every name that users can write: what the entries export, with all members and parameters. */
export function publicNames(): ReadonlySet<string> {
  const { options } = ts.parseJsonConfigFileContent(ts.readConfigFile(`${ROOT}tsconfig.json`, ts.sys.readFile).config, ts.sys, ROOT);
  const program = ts.createProgram(
    ENTRIES.map((entry) => ROOT + entry),
    { ...options, noEmit: true },
  );
  const checker = program.getTypeChecker();
  const names = new Set<string>();
  const seen = new Set<ts.Type>();

  const visit = (type: ts.Type): void => {
    if (seen.has(type)) return;
    seen.add(type);
    if (type.isUnionOrIntersection()) for (const part of type.types) visit(part);
    for (const argument of checker.getTypeArguments(type as ts.TypeReference) ?? []) visit(argument);
    for (const signature of [...type.getCallSignatures(), ...type.getConstructSignatures()]) {
      for (const parameter of signature.getParameters()) {
        names.add(parameter.name);
        visit(checker.getTypeOfSymbol(parameter));
      }
      visit(signature.getReturnType());
    }
    for (const property of type.getProperties()) {
      if (!isOurs(property)) continue;
      names.add(property.name);
      visit(checker.getTypeOfSymbol(property));
    }
  };

  for (const entry of ENTRIES) {
    const source = program.getSourceFile(ROOT + entry);
    const module = source && checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${entry} exports nothing.`);
    for (const exported of checker.getExportsOfModule(module)) {
      names.add(exported.name);
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      visit(checker.getTypeOfSymbol(symbol));
      visit(checker.getDeclaredTypeOfSymbol(symbol));
    }
  }
  return names;
}

/** Members of what the language and other packages bring along are not ours to name. */
function isOurs(symbol: ts.Symbol): boolean {
  return (symbol.declarations ?? []).some((declaration) => !declaration.getSourceFile().fileName.includes('/node_modules/'));
}
