"""Loads, copies and prefetches by address: how one kernel reads the arrays of many partitions.

A process maps every partition that its node holds, each in arrays of its own. Instead of one call
per partition, kernels take a small table of *base addresses*, one per partition, and load from
``base + index * itemsize``. The caller keeps the arrays alive for as long as the table is in use.

`prefetch` asks the processor for a cache line early. A sampler's reads are random, so nearly every
one misses the cache; asking for them some iterations ahead lets dozens of misses overlap.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic


def _load(typing_context: Any, like: Any, address: Any) -> Any:
    """The value at an address, of the dtype of the array ``like``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer_type = context.get_data_type(signature.return_type).as_pointer()
        return builder.load(builder.inttoptr(arguments[1], pointer_type))

    return like.dtype(like, types.int64), generate


def _loader(dtype: Any) -> Any:
    def load_value(typing_context: Any, address: Any) -> Any:
        """The value of one dtype at an address."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            pointer_type = context.get_data_type(signature.return_type).as_pointer()
            return builder.load(builder.inttoptr(arguments[0], pointer_type))

        return dtype(types.int64), generate

    return load_value


def _prefetch(typing_context: Any, address: Any) -> Any:
    """Ask for a cache line that is read soon, and maybe again; any address is harmless."""
    return types.void(types.int64), _generate_prefetch(locality=3)


def _prefetch_once(typing_context: Any, address: Any) -> Any:
    """Ask for a cache line that is read once: it should push out nothing that is read again."""
    return types.void(types.int64), _generate_prefetch(locality=0)


def _generate_prefetch(locality: int) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        byte_pointer, int32 = ir.IntType(8).as_pointer(), ir.IntType(32)
        function = builder.module.declare_intrinsic(
            "llvm.prefetch",
            (byte_pointer,),
            ir.FunctionType(ir.VoidType(), (byte_pointer, int32, int32, int32)),
        )
        # For reading; how long to keep it; data rather than instructions.
        constants = [ir.Constant(int32, value) for value in (0, locality, 1)]
        builder.call(function, [builder.inttoptr(arguments[0], byte_pointer), *constants])
        return context.get_dummy_value()

    return generate


def _copy_bytes(typing_context: Any, target: Any, source: Any, count: Any) -> Any:
    """Copy bytes from one address to another; the two ranges must not overlap."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        byte_pointer = ir.IntType(8).as_pointer()
        addresses = [builder.inttoptr(address, byte_pointer) for address in arguments[:2]]
        function = builder.module.declare_intrinsic(
            "llvm.memcpy", [byte_pointer, byte_pointer, ir.IntType(64)]
        )
        is_volatile = ir.Constant(ir.IntType(1), 0)
        builder.call(function, [*addresses, arguments[2], is_volatile])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), generate


def _count_ones(typing_context: Any, word: Any) -> Any:
    """How many bits of a 64-bit word are set: one instruction, which NumPy's loops do not use."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), generate


load: Any = intrinsic(_load)
load_uint32: Any = intrinsic(_loader(types.uint32))
load_int64: Any = intrinsic(_loader(types.int64))
prefetch: Any = intrinsic(_prefetch)
prefetch_once: Any = intrinsic(_prefetch_once)
copy_bytes: Any = intrinsic(_copy_bytes)
count_ones: Any = intrinsic(_count_ones)
