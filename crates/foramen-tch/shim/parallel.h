// A loop on libtorch's own threads: the shim is not linked to OpenMP, of which a process
// should have one.
#pragma once

#include <ATen/ATen.h>
#include <ATen/TensorIterator.h>

#include <cstdint>

namespace {

// Calls `body` with ranges, of at least `grain` numbers where there are so many, that
// together are 0 to `count`: places in so many bytes, of which none is looked at.
template <typename F>
void for_each_range(int64_t count, int64_t grain, const F& body) {
  const at::Tensor bytes = at::empty({count}, at::kByte);
  const char* start = static_cast<const char*>(bytes.const_data_ptr());
  auto iterator = at::TensorIterator::borrowing_nullary_op(bytes);
  const auto loop = [&](char** data, const int64_t*, int64_t length) {
    const int64_t begin = data[0] - start;
    body(begin, begin + length);
  };
  iterator.for_each(loop, grain);
}

}  // namespace
