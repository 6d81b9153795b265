import ts from 'typescript';

/** One import, re-export, dynamic import or `import('…')` type of a module. */
export interface ImportFact {
  readonly specifier: string;
  /** Erased before it runs: `import type`, `export type … from`, `import('…').Type`. */
  readonly typeOnly: boolean;
  readonly names: readonly string[];
  readonly line: number;
}

/** A name used as a value that no declaration of the file's own explains: `setTimeout`, `Date.now`, `process`. */
export interface NameFact {
  readonly name: string;
  readonly line: number;
}

export interface ModuleFacts {
  readonly imports: readonly ImportFact[];
  readonly names: readonly NameFact[];
}

const GLOBAL_OBJECTS = new Set(['globalThis', 'window', 'self', 'global']);

/** Parses instead of matching text, so that a comment, a string or `clock.setTimeout(…)` is no finding. */
export function readModule(path: string, source: string): ModuleFacts {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  const imports: ImportFact[] = [];
  const names: NameFact[] = [];
  const lineOf = (node: ts.Node): number => file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;

  const visit = (node: ts.Node): void => {
    const found = importOf(node);
    if (found) imports.push({ ...found, line: lineOf(node) });
    else if (isErased(node)) ts.forEachChild(node, visitTypes);
    else {
      const name = valueName(node);
      if (name) names.push({ name, line: lineOf(node) });
      ts.forEachChild(node, visit);
    }
  };
  const visitTypes = (node: ts.Node): void => {
    const found = importOf(node);
    if (found) imports.push({ ...found, line: lineOf(node) });
    ts.forEachChild(node, visitTypes);
  };
  visit(file);
  const own = declaredNames(file);
  return { imports, names: names.filter((use) => !own.has(use.name)) };
}

function isErased(node: ts.Node): boolean {
  if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return true;
  return ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node);
}

function importOf(node: ts.Node): Omit<ImportFact, 'line'> | undefined {
  if (ts.isImportDeclaration(node)) {
    const clause = node.importClause;
    return fact(node.moduleSpecifier, clause?.phaseModifier === ts.SyntaxKind.TypeKeyword, importedNames(clause));
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier) return fact(node.moduleSpecifier, node.isTypeOnly);
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return fact(node.argument.literal, true);
  if (ts.isCallExpression(node)) {
    const isImport = node.expression.kind === ts.SyntaxKind.ImportKeyword;
    const isRequire = ts.isIdentifier(node.expression) && node.expression.text === 'require';
    const argument = node.arguments[0];
    if ((isImport || isRequire) && argument) return fact(argument, false);
  }
  return undefined;
}

function fact(specifier: ts.Node, typeOnly: boolean, names: readonly string[] = []): Omit<ImportFact, 'line'> {
  return { specifier: ts.isStringLiteralLike(specifier) ? specifier.text : `<computed: ${specifier.getText()}>`, typeOnly, names };
}

function importedNames(clause: ts.ImportClause | undefined): readonly string[] {
  const bindings = clause?.namedBindings;
  if (!bindings || !ts.isNamedImports(bindings)) return [];
  return bindings.elements.map((element) => (element.propertyName ?? element.name).text);
}

/** `Date.now`, `Math.random` and `new Date()` by those names; any other identifier in value position by its own. */
function valueName(node: ts.Node): string | undefined {
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length) return 'new Date()';
  if (ts.isPropertyAccessExpression(node)) return memberName(node.expression, node.name.text);
  if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) {
    return memberName(node.expression, node.argumentExpression.text);
  }
  if (ts.isBindingElement(node)) return takenFromGlobal(node);
  if (!ts.isIdentifier(node) || isOnlyAName(node) || isExistenceTest(node)) return undefined;
  return node.text;
}

function memberName(object: ts.Expression, member: string): string | undefined {
  if (!ts.isIdentifier(object)) return undefined;
  return GLOBAL_OBJECTS.has(object.text) ? member : `${object.text}.${member}`;
}

/** `const { setTimeout: later } = globalThis` uses setTimeout under another name. */
function takenFromGlobal(node: ts.BindingElement): string | undefined {
  const from = ts.isVariableDeclaration(node.parent.parent) ? node.parent.parent.initializer : undefined;
  const key = node.propertyName ?? node.name;
  if (!from || !ts.isIdentifier(from) || !ts.isIdentifier(key)) return undefined;
  return memberName(from, key.text);
}

/** `typeof setImmediate === 'function'` asks whether the platform has it and uses nothing. */
function isExistenceTest(node: ts.Identifier): boolean {
  return ts.isTypeOfExpression(node.parent);
}

/** The name of a member, not a use of what it names: `clock.setTimeout`, `{ setTimeout: … }`, `setTimeout(…) { … }`. */
function isOnlyAName(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isBindingElement(parent)) return parent.propertyName === node;
  return (
    (ts.isPropertyAccessExpression(parent) || ts.isPropertyAssignment(parent) || ts.isClassElement(parent) || isObjectMethod(parent)) &&
    parent.name === node
  );
}

function isObjectMethod(node: ts.Node): node is ts.MethodDeclaration | ts.AccessorDeclaration {
  return ts.isMethodDeclaration(node) || ts.isAccessor(node);
}

/** Names the file binds itself: its own `process` parameter is not Node's `process`. */
function declaredNames(file: ts.SourceFile): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (bindsAName(node) && node.name && ts.isIdentifier(node.name)) names.add(node.name.text);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return names;
}

function bindsAName(node: ts.Node): node is ts.Node & { readonly name?: ts.Node } {
  return (
    ts.isVariableDeclaration(node) ||
    ts.isParameter(node) ||
    ts.isBindingElement(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isFunctionExpression(node) ||
    ts.isClassDeclaration(node) ||
    ts.isImportClause(node) ||
    ts.isImportSpecifier(node) ||
    ts.isNamespaceImport(node)
  );
}
