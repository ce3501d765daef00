"""Functions written in LLVM's language: how Numba's code calls them, and phrases that they share.

llvmlite, which comes with Numba, compiles the text; `call` links it into the function that Numba is compiling.
"""

from __future__ import annotations

import llvmlite.binding as llvm
from llvmlite import ir
from numba.core import cgutils


def call(context, builder, name, text, result, arguments):
    """Generate the call of a function that ``text`` defines with ``alwaysinline``."""
    library = context.codegen().create_library(name)
    library.add_llvm_module(llvm.parse_assembly(text))
    library.finalize()
    context.active_code_library.add_linking_library(library)
    kind = ir.FunctionType(result, [argument.type for argument in arguments])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), arguments)


def data_of(context, builder, signature, values, which):
    """Return the addresses of the first elements of some array arguments."""
    return [context.make_array(signature.args[i])(context, builder, values[i]).data for i in which]


def splat(lanes: int, bits: int, name: str, value: str) -> str:
    """Return the text that puts one value into all lanes."""
    kind = f"<{lanes} x i{bits}>"
    return (
        f"  {name}.0 = insertelement {kind} poison, i{bits} {value}, i32 0\n"
        f"  {name} = shufflevector {kind} {name}.0, {kind} poison, <{lanes} x i32> zeroinitializer"
    )


def resize(lanes: int, name: str, value: str, source: int, target: int, wider: str) -> str:
    """Return the text that turns integers of ``source`` bits into such of ``target`` bits."""
    operation = f"trunc <{lanes} x i{source}>" if target < source else f"{wider} <{lanes} x i{source}>"
    same = f"add <{lanes} x i{source}> {value}, zeroinitializer"
    return f"  {name} = " + (same if source == target else f"{operation} {value} to <{lanes} x i{target}>")
