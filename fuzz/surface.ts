/** What is public, by the package's type declarations: exports by path, and the members of each class. */
import { existsSync } from 'fs';
import { join } from 'path';
import * as ts from 'typescript';

/** By path (`nn.Linear`): the names of the public members of a class; an empty list for all else. */
export type Surface = Record<string, readonly string[]>;

function isPublic(symbol: ts.Symbol): boolean {
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  return !(symbol.declarations ?? []).some((d) => ts.getCombinedModifierFlags(d) & hidden);
}

/** Null when the package has no declarations. */
export function readSurface(folder: string): Surface | null {
  const file = join(folder, 'index.d.ts');
  if (!existsSync(file)) return null;
  const program = ts.createProgram([file], {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    types: ['node'],
    skipLibCheck: true,
  });
  const checker = program.getTypeChecker();
  const surface: Surface = {};
  const walk = (module: ts.Symbol, prefix: string): void => {
    for (const exported of checker.getExportsOfModule(module)) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      const path = prefix + exported.name;
      surface[path] = [];
      if (symbol.flags & ts.SymbolFlags.ValueModule) walk(symbol, `${path}.`);
      else if (symbol.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface))
        surface[path] = checker
          .getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol))
          .filter(isPublic)
          .map((member) => member.name);
      else if (symbol.flags & ts.SymbolFlags.Variable)
        surface[path] = checker
          .getPropertiesOfType(checker.getTypeOfSymbol(symbol))
          .filter(isPublic)
          .map((member) => member.name);
    }
  };
  const root = checker.getSymbolAtLocation(program.getSourceFile(file)!);
  if (root !== undefined) walk(root, '');
  return surface;
}
