// Compiles the JSON checks and serializers of a route when its first request needs them. Compiling those of all routes at once would be a
// third of the CPU time of a collector's start.
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
