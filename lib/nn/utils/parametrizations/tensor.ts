import { ArgumentError, describe } from '../../../errors';
import { Tensor } from '../../../tensor';
import { checkModuleArgument } from '../parametrize/register';
import { fieldsOf } from '../reparametrize';

/** A module's tensor; throws unless there is one of that name. */
export function tensorOf(op: string, module: unknown, name: unknown): Tensor {
  checkModuleArgument(op, module);
  const t = typeof name === 'string' ? fieldsOf(module)[name] : undefined;
  if (!(t instanceof Tensor))
    throw new ArgumentError(
      `${op}: expected the name of a parameter or a buffer of ${module.constructor.name}, got ${describe(name)}`,
    );
  return t;
}
