// Checks and writers of JSON, made of a route's schemas when its first request needs them: made of all routes at once they are a third of the
// CPU time of a collector's start.
import { SerializerSelector } from '@fastify/fast-json-stringify-compiler';
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';

/** `make` is called with the first value, once. */
function lazily<Value, Made>(make: () => (value: Value) => Made): (value: Value) => Made {
  let made: ((value: Value) => Made) | undefined;
  return (value) => {
    made ??= make();
    return made(value);
  };
}

export const compilersFactory = {
  buildSerializer: (...given: Parameters<ReturnType<typeof SerializerSelector>>) => {
    const compile = SerializerSelector()(...given);
    return (route: Parameters<typeof compile>[0]) => lazily(() => compile(route));
  },
};

export const lazyValidator: typeof TypeBoxValidatorCompiler = (route) => lazily(() => TypeBoxValidatorCompiler(route));
