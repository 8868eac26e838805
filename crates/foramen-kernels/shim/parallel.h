// Tasks on libtorch's own threads: the shim is not linked to OpenMP, of which a process
// should have one.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/TensorIterator.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <vector>

namespace {

// Tasks 0 to `count`, in a share for each worker. It takes those of its own share in their
// order, of which what went before left much in its cache, and then the last of another's, so
// that none waits long for one whose processor has other work.
class Tasks {
 public:
  Tasks(int64_t count, int64_t workers) : shares_(workers) {
    for (int64_t worker = 0; worker < workers; ++worker) {
      shares_[worker].left = Left{static_cast<uint32_t>(count * worker / workers),
                                  static_cast<uint32_t>(count * (worker + 1) / workers)};
    }
  }

  // The next for a worker; -1 when all are taken.
  int64_t take(int64_t worker) {
    const int64_t own = take(shares_[worker], /*first=*/true);
    if (own >= 0) return own;
    for (Share& share : shares_) {
      const int64_t task = take(share, /*first=*/false);
      if (task >= 0) return task;
    }
    return -1;
  }

 private:
  struct Left {
    uint32_t begin, end;
  };
  struct alignas(64) Share {
    std::atomic<Left> left;
  };

  static int64_t take(Share& share, bool first) {
    Left left = share.left.load(std::memory_order_relaxed);
    while (left.begin < left.end) {
      const Left less =
          first ? Left{left.begin + 1, left.end} : Left{left.begin, left.end - 1};
      if (share.left.compare_exchange_weak(left, less, std::memory_order_relaxed)) {
        return first ? left.begin : less.end;
      }
    }
    return -1;
  }

  std::vector<Share> shares_;
};

// Calls `body` with each of `count` tasks and with room for so many numbers, which a worker
// has for itself. Who does a task, and when, is not told.
template <typename F>
void for_each_task(int64_t count, int64_t numbers, const F& body) {
  const int64_t workers = std::min<int64_t>(count, at::get_num_threads());
  Tasks tasks(count, workers);
  // A loop over a byte for each worker, of which none is looked at.
  const at::Tensor bytes = at::empty({workers}, at::kByte);
  const char* start = static_cast<const char*>(bytes.const_data_ptr());
  auto iterator = at::TensorIterator::borrowing_nullary_op(bytes);
  const auto loop = [&](char** data, const int64_t*, int64_t length) {
    const at::Tensor scratch = at::empty({numbers}, at::kFloat);
    float* room = static_cast<float*>(scratch.mutable_data_ptr());
    const int64_t worker = data[0] - start;
    for (int64_t task; (task = tasks.take(worker)) >= 0;) body(task, room);
  };
  iterator.for_each(loop, /*grain_size=*/1);
}

template <typename F>
void for_each_task(int64_t count, const F& body) {
  for_each_task(count, 0, [&](int64_t task, float*) { body(task); });
}

}  // namespace
