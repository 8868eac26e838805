// A loop on libtorch's own threads: the shim is not linked to OpenMP, of which a process
// should have one.
#pragma once

#include <ATen/ATen.h>
#include <ATen/TensorIterator.h>

#include <cstdint>

namespace {

// Calls `body` with ranges, of at least `grain` numbers where there are so many, that
// together are 0 to `count`.
template <typename F>
void for_each_range(int64_t count, int64_t grain, const F& body) {
  const at::Tensor numbers = at::arange(count, at::kLong);
  auto iterator = at::TensorIterator::borrowing_nullary_op(numbers);
  const auto loop = [&](char** data, const int64_t*, int64_t length) {
    const int64_t begin = *reinterpret_cast<const int64_t*>(data[0]);
    body(begin, begin + length);
  };
  iterator.for_each(loop, grain);
}

}  // namespace
